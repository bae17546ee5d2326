"""A package: one BagIt 1.0 bag (RFC 8493) in one uncompressed ZIP. The same content is always the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import EvidenceError
from bot.evidence.canonical import sha256

_BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_MANIFEST = "manifest-sha256.txt"
_TAGMANIFEST = "tagmanifest-sha256.txt"
_TAGS = frozenset({"bagit.txt", "bag-info.txt", _MANIFEST, "custody.jsonl"})
_NAME = re.compile(r"data/[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*(\.[a-z0-9]+){1,2}|data/README\.txt")
_PACKAGE_ID = re.compile(r"ev-\d{8}T\d{6}Z-[a-z2-7]{13}")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Package:
    """A package as read. ``members`` maps a path inside the bag (``data/record.json``) to its bytes."""

    package_id: str
    members: Mapping[str, bytes]

    @property
    def record(self) -> dict[str, Any]:
        """The content of ``data/record.json``. Raises ``EvidenceError`` when it can't be read."""
        try:
            found = json.loads(self.members["data/record.json"])
        except (KeyError, ValueError) as error:
            raise EvidenceError(f"Package {self.package_id} has no readable record; run `beadle verify`.") from error
        if not isinstance(found, dict):
            raise EvidenceError(f"The record of package {self.package_id} is not an object; run `beadle verify`.")
        return found

    @property
    def manifest_sha256(self) -> str:
        """SHA-256 of the payload manifest: one figure for every file of evidence inside."""
        return sha256(self.members.get(_MANIFEST, b""))

    @property
    def tagmanifest_sha256(self) -> str:
        """SHA-256 of the manifest of the tag files, the payload manifest's among them: a digest of all (EV-06)."""
        return sha256(self.members.get(_TAGMANIFEST, b""))

    @property
    def picture(self) -> bytes | None:
        """The picture of the comment on the public page as PNG, else of the page around it, else ``None``."""
        return self.members.get("data/capture/comment.png") or self.members.get("data/capture/viewport.png")

    def faults(self) -> tuple[str, ...]:
        """What is wrong with the bag, one sentence each. Empty: every file is there, and what the manifests say."""
        payload = {name for name in self.members if name.startswith("data/")}
        tags = set(self.members) - payload - {_TAGMANIFEST}
        strange = sorted(tags - _TAGS)
        return (
            *self._against(_TAGMANIFEST, tags | (_TAGS - {"custody.jsonl"})),
            *self._against(_MANIFEST, payload),
            *(f"{name} doesn't belong into the bag." for name in strange),
        )

    def _against(self, manifest: str, expected: set[str]) -> list[str]:
        lines = _manifest_lines(self.members.get(manifest))
        if lines is None:
            return [f"{manifest} is missing or can't be read."]
        faults = [f"{name} is in {manifest} and not in the bag." for name in sorted(set(lines) - set(self.members))]
        faults += [f"{name} is in the bag and not in {manifest}." for name in sorted(expected - set(lines))]
        for name in sorted(set(lines) & set(self.members)):
            if sha256(self.members[name]) != lines[name]:
                faults.append(f"{name} is not what was sealed.")
        return faults


@dataclass(frozen=True, slots=True)
class Bag:
    """A package that isn't on the disk yet: the ZIP, and the digests of the ZIP and of its two manifests."""

    package_id: str
    data: bytes = field(repr=False)
    sha256: str
    manifest_sha256: str
    tagmanifest_sha256: str


def build(
    package_id: str,
    members: Mapping[str, bytes],
    info: Mapping[str, str],
    at: datetime,
    custody: Callable[[str], bytes] = lambda _: b"",
) -> Bag:
    """The ZIP of a bag with these payload ``members``. ``at`` stamps the files (two-second steps, as ZIP has them).

    ``custody`` makes the tag file of that name from the digest of the payload manifest; without lines there is none.
    """
    for name in members:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name for a member; names never come from a platform")
    manifest = _manifest(members)
    bag = {**members, "bagit.txt": _BAGIT, "bag-info.txt": _bag_info(members, info, at), _MANIFEST: manifest}
    if lines := custody(sha256(manifest)):
        bag["custody.jsonl"] = lines
    bag[_TAGMANIFEST] = _manifest({name: data for name, data in bag.items() if not name.startswith("data/")})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(bag):
            archive.writestr(_entry(f"{package_id}/{name}", at), bag[name])
    data = out.getvalue()
    return Bag(package_id, data, sha256(data), sha256(manifest), sha256(bag[_TAGMANIFEST]))


def read(path: Path) -> Package:
    """Read a package from disk. Raises ``EvidenceError`` for what isn't one of our ZIPs; checks no digest."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _package(path, archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise EvidenceError(f"{path.name} can't be read as a package; run `beadle verify`.", path=str(path)) from error


def digest_of(path: Path) -> str:
    """SHA-256 of a file, read from disk in pieces. Raises ``OSError``."""
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_CHUNK):
            found.update(piece)
    return found.hexdigest()


def _package(path: Path, archive: zipfile.ZipFile) -> Package:
    entries = archive.infolist()
    tops = {entry.filename.partition("/")[0] for entry in entries}
    if len(tops) != 1 or not _PACKAGE_ID.fullmatch(next(iter(tops))):
        raise EvidenceError(f"{path.name} doesn't hold exactly one bag; it isn't a package of ours.", path=str(path))
    members: dict[str, bytes] = {}
    for entry in entries:
        name = entry.filename.partition("/")[2]
        if name in members:
            raise EvidenceError(f"{path.name} holds {name} twice; it was not written by us.", path=str(path))
        if entry.compress_type != zipfile.ZIP_STORED:  # ours never are; a bomb would be
            raise EvidenceError(f"{path.name} is compressed; it was not written by us.", path=str(path))
        members[name] = archive.read(entry)
    return Package(package_id=next(iter(tops)), members=members)


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    moment = at.astimezone(UTC)
    entry = zipfile.ZipInfo(name, (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second))
    entry.create_system = 3
    entry.external_attr = 0o100444 << 16
    return entry


def _manifest(members: Mapping[str, bytes]) -> bytes:
    return "".join(f"{sha256(members[name])}  {name}\n" for name in sorted(members)).encode()


def _manifest_lines(data: bytes | None) -> dict[str, str] | None:
    try:
        lines = (data or b"").decode("ascii").splitlines()
        found = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except ValueError:
        return None
    return found or None


def _bag_info(members: Mapping[str, bytes], info: Mapping[str, str], at: datetime) -> bytes:
    oxum = f"{sum(map(len, members.values()))}.{len(members)}"
    lines = {**info, "Bagging-Date": at.astimezone(UTC).strftime("%Y-%m-%d"), "Payload-Oxum": oxum}
    return "".join(f"{label}: {_one_line(value)}\n" for label, value in sorted(lines.items())).encode()


def _one_line(value: str) -> str:
    """A label's value can't begin another label: anything that isn't printable becomes a space (RFC 8493, 2.2.2)."""
    return "".join(each if each.isprintable() else " " for each in value).strip()
