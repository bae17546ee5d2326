"""Puts together what is handed out: the sealed files of some cases, and all that somebody needs to check them alone.

A BagIt bag. ``entries.jsonl`` is left out of it, since it would show other cases; each package brings the proof that
its line stands under one signed checkpoint. The same archive gives the same bag, but for the date in ``bag-info.txt``.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.errors import EvidenceError
from bot.evidence.chain.checkpoint import Note
from bot.evidence.chain.keys import public_pem
from bot.evidence.chain.log import read_lines
from bot.evidence.proof.inclusion import make_proof
from bot.evidence.proof.lines import LogReading, Sealed, read_log
from bot.evidence.proof.outside import Outside
from bot.evidence.proof.places import LOG as ENTRIES
from bot.evidence.proof.received import LOG, NOTE, PACKAGES, PROOFS
from bot.evidence.proof.seals import Seals, check_seals
from bot.evidence.proof.shelves import check_sealed
from bot.evidence.proof.stamped import ROOTS, check_stamps

LINE = "export"
NO_CASE = "No evidence is sealed for {name}; `beadle cases --all` lists the cases."
RESTRICTED = "{name} is restricted: it may not be handed out, unless the law asks for it; then say --restricted."
NOT_SOUND = "The evidence does not hold, so nothing is handed out: {said} Run `beadle verify --all`."
NOT_COVERED = "The newest checkpoint does not cover {name} yet; run `beadle evidence checkpoint`, then export again."
THERE_ALREADY = "{path} is there already; name a new folder, as nothing is ever written over."
NO_ROOM = "The export takes {size:.0f} MB, and the disk of {path} has too little room for it; name another."
NOT_WRITTEN = "The export can't be written ({why}); nothing was handed out."

_TEMPLATES = Path(__file__).parent / "templates"
_BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PIECE = 1 << 20
_RESERVE = 0.05


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that is ready to be logged and handed out. ``sha256`` is that of its tag manifest: of all of it.

    It lies in ``folder``, under a name of its own, until ``hand_out`` gives it the name that was asked for.
    """

    folder: Path
    target: Path
    ids: tuple[str, ...]
    cases: tuple[str, ...]
    restricted: tuple[str, ...]
    sha256: str
    size: int

    def facts(self, by: str) -> dict[str, object]:
        """What the line of the log says of it: the packages, who handed them out, and the digest of the bag."""
        return {"ids": list(self.ids), "by": by, "bag_sha256": self.sha256, "restricted": list(self.restricted)}

    def hand_out(self) -> Path:
        """Give it its name. Raises ``EvidenceError`` when something came to lie there meanwhile."""
        try:
            self.folder.rename(self.target)
        except OSError as error:
            self.discard()
            raise EvidenceError(THERE_ALREADY.format(path=self.target)) from error
        return self.target

    def discard(self) -> None:
        """Take it away again."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What goes into an export: packages with their supplements, in the order of the log."""

    root: Path
    reading: LogReading
    seals: Seals
    note: Note
    cases: tuple[tuple[str, tuple[Sealed, ...]], ...]

    @property
    def sealed(self) -> list[Sealed]:
        return sorted((each for _, found in self.cases for each in found), key=lambda each: each.number)

    @property
    def restricted(self) -> set[str]:
        names = self.reading.restricted
        return {case for case, found in self.cases if case in names or names & {each.package_id for each in found}}


def export(
    root: Path, names: Sequence[str], target: Path, *, city: str, now: datetime, restricted: bool = False
) -> Exported:
    """Build the export of these cases (or packages) beside ``target``. Nothing is handed out until it is logged.

    ``restricted``: cases that may not be handed out are, all the same. Raises ``EvidenceError``, and leaves nothing.
    """
    choice = _choose(root, names)
    if choice.restricted and not restricted:
        raise EvidenceError(RESTRICTED.format(name=sorted(choice.restricted)[0]))
    if target.exists():
        raise EvidenceError(THERE_ALREADY.format(path=target))
    _require_room(target, sum(each.size for each in choice.sealed))
    folder = target.parent / f".{target.name}.{secrets.token_hex(4)}.part"
    try:
        return _built(choice, folder, target, city, now)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise EvidenceError(NOT_WRITTEN.format(why=error.strerror or error)) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _choose(root: Path, names: Sequence[str]) -> _Choice:
    reading = read_log(root / ENTRIES)
    seals = check_seals(root / "log", reading, Outside())
    flaws = [*reading.flaws, *seals.flaws]
    cases = tuple((case, _of_case(reading, case)) for case in dict.fromkeys(_case(reading, name) for name in names))
    for _, found in cases:
        flaws += [flaw for each in found for flaw in check_sealed(root, reading, each)]
    if flaws:
        raise EvidenceError(NOT_SOUND.format(said=flaws[0].sentence))
    return _Choice(root, reading, seals, _checkpoint(root, reading, seals, cases), cases)


def _case(reading: LogReading, name: str) -> str:
    sealed = reading.sealed.get(name)
    if sealed is not None:
        return sealed.case_id
    if not any(each.case_id == name for each in reading.sealed.values()):
        raise EvidenceError(NO_CASE.format(name=name))
    return name


def _of_case(reading: LogReading, case_id: str) -> tuple[Sealed, ...]:
    return tuple(each for each in reading.sealed.values() if each.case_id == case_id)


def _checkpoint(root: Path, reading: LogReading, seals: Seals, cases: Sequence[tuple[str, tuple[Sealed, ...]]]) -> Note:
    """The newest checkpoint over all of it that is stamped with the time; where none is, the newest over all of it."""
    last = max(each.number for _, found in cases for each in found)
    covering = [note for note in seals.notes if note.checkpoint.size > last]
    if not covering:
        raise EvidenceError(NOT_COVERED.format(name=cases[-1][0]))
    stamps = check_stamps(root / "log", covering, Outside(), reading.times).stamps
    stamped = {stamp.checkpoint for stamp in stamps if stamp.state == "valid"}
    return next((note for note in reversed(covering) if note.checkpoint.size in stamped), covering[-1])


def _require_room(target: Path, size: int) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        usage = shutil.disk_usage(target.parent)
    except OSError as error:
        raise EvidenceError(NOT_WRITTEN.format(why=error.strerror or error)) from error
    if usage.free - size < usage.total * _RESERVE:
        raise EvidenceError(NO_ROOM.format(size=size / 1e6, path=target.parent))


def _built(choice: _Choice, folder: Path, target: Path, city: str, now: datetime) -> Exported:
    folder.mkdir(mode=0o750)
    bag = _Bag(folder)
    for each in choice.sealed:
        if bag.copy(f"{PACKAGES}/{each.package_id}.zip", choice.root / each.path) != each.sha256:
            raise EvidenceError(NOT_SOUND.format(said=f"{each.path} is not what was sealed."))
    _add_proofs(bag, choice)
    _add_log(bag, choice)
    _add_words(bag, choice, city)
    digest = bag.close(city, now)
    return Exported(
        folder=folder,
        target=target,
        ids=tuple(each.package_id for each in choice.sealed),
        cases=tuple(case for case, _ in choice.cases),
        restricted=tuple(sorted(choice.restricted)),
        sha256=digest,
        size=bag.size,
    )


def _add_proofs(bag: _Bag, choice: _Choice) -> None:
    """A proof for each package, and for each line that names a key: whose key signs is part of what is proven."""
    size, history = choice.note.checkpoint.size, choice.seals.keys
    pem = public_pem(next(key for key in reversed(history) if key.line < size).public)
    wanted = {each.number: each.package_id for each in choice.sealed}
    wanted |= {key.line: f"key-{key.key_id}" for key in history if key.line < size}
    for line in read_lines(choice.root / ENTRIES):
        name = wanted.get(line.number)
        if name is not None:
            proof = make_proof(name, line.data[:-1], line.number, choice.reading.tree, choice.note, pem)
            bag.write(f"{PROOFS}/{name}.json", proof)


def _add_log(bag: _Bag, choice: _Choice) -> None:
    size, log = choice.note.checkpoint.size, choice.root / "log"
    bag.write(NOTE, choice.note.data)
    for path in sorted((log / "checkpoints").glob(f"{size:012}.*.ts[qr]")):
        bag.copy(f"{LOG}/checkpoint{path.name[12:]}", path)
    for key in choice.seals.keys:
        if key.line < size:
            bag.write(f"{LOG}/keys/{key.key_id}.pub.pem", public_pem(key.public).encode())
    if (log / ROOTS).is_file():
        bag.copy(f"{LOG}/{ROOTS}", log / ROOTS)


def _add_words(bag: _Bag, choice: _Choice, city: str) -> None:
    count = "one comment" if len(choice.cases) == 1 else f"{len(choice.cases)} comments"
    cases = [
        {"id": case, "restricted": case in choice.restricted, "packages": [each.package_id for each in found]}
        for case, found in choice.cases
    ]
    files = [
        {"name": f"{each.package_id}.zip", "sha256": each.sha256, "time": choice.reading.times[each.number][:19]}
        for each in choice.sealed
    ]
    note = choice.note.checkpoint
    stamped = any(name.endswith(".tsr") for name in bag.digests)
    certificate = _words("certificate-draft.txt", files=files, size=note.size, root=note.root.hex(), stamped=stamped)
    bag.write("data/certificate-draft.txt", certificate)
    bag.write("README.txt", _words("README-export.txt", city=city or "THE CITY", count=count, cases=cases))
    bag.write("verify.py", (_TEMPLATES / "verify.py").read_bytes())


def _words(template: str, **values: Any) -> bytes:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  (plain text)
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    return environment.get_template(template).render(values).encode("utf-8", "backslashreplace")


class _Bag:
    """A bag being filled. Keeps the digest of each file as it was written."""

    def __init__(self, folder: Path) -> None:
        self.digests: dict[str, str] = {}
        self.size = 0
        self._folder = folder

    def write(self, name: str, data: bytes) -> None:
        """Add a file."""
        self._put(name, iter([data]))

    def copy(self, name: str, source: Path) -> str:
        """Add a copy of a file; returns the SHA-256 of what was copied."""
        with source.open("rb", buffering=0) as file:
            return self._put(name, iter(lambda: file.read(_PIECE), b""))

    def close(self, city: str, now: datetime) -> str:
        """Write BagIt's own files; returns the digest of the tag manifest."""
        payload = {name for name in self.digests if name.startswith("data/")}
        octets = sum((self._folder / name).stat().st_size for name in payload)
        info = {
            "Bag-Software-Agent": "beadle",
            "Bagging-Date": now.astimezone(UTC).strftime("%Y-%m-%d"),
            "External-Description": "Evidence of public comments, handed out with the proof that it is what was sealed",
            "Payload-Oxum": f"{octets}.{len(payload)}",
            "Source-Organization": " ".join(city.split()) or "not named",
        }
        self.write("bagit.txt", _BAGIT.encode())
        self.write("bag-info.txt", "".join(f"{name}: {value}\n" for name, value in info.items()).encode())
        self.write("manifest-sha256.txt", self._manifest(payload))
        self.write("tagmanifest-sha256.txt", self._manifest(set(self.digests) - payload))
        return self.digests["tagmanifest-sha256.txt"]

    def _manifest(self, names: set[str]) -> bytes:
        return "".join(f"{self.digests[name]}  {name}\n" for name in sorted(names)).encode()

    def _put(self, name: str, pieces: Iterator[bytes]) -> str:
        path = self._folder / name
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                digest.update(piece)
                self.size += file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        self.digests[name] = digest.hexdigest()
        return self.digests[name]
