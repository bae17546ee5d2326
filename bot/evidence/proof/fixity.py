"""Reading a package once, from its first byte to its last, and finding the digests of the ZIP and of every member.

Bounded in memory whatever the file is. ``hashlib`` lets other threads run meanwhile, so two packages are read at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from bot.evidence.proof import layout as zipped
from bot.evidence.proof.layout import Extent, Layout, StrangeZip
from bot.evidence.proof.report import Kind

MANIFEST, TAGMANIFEST, BAGIT, BAG_INFO = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bagit.txt", "bag-info.txt"
RECORD = "data/record.json"
_PIECE = 1 << 18
_MOST_KEPT = 16 << 20
_PACKAGE_ID = re.compile(r"ev-\d{8}T\d{6}Z-[a-z2-7]{13}")
_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  ([!-~]{1,200})")
_READERS = 2

Asked = TypeVar("Asked")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a bag: of which kind, and a sentence about it."""

    kind: Kind
    sentence: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A package as read: digests of all and of each member, the few members that say what it is, and what is wrong.

    With any ``faults`` the rest is what could be made out. ``kept`` holds the manifests, the tag files and the record.
    """

    top: str = ""
    sha256: str = ""
    size: int = 0
    members: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    faults: tuple[Fault, ...] = ()

    @property
    def record(self) -> dict[str, Any]:
        """The content of ``data/record.json``; empty if it can't be read (then ``faults`` says so)."""
        return record_in(self.kept.get(RECORD, b""))

    @property
    def manifest_sha256(self) -> str:
        """SHA-256 of the payload manifest."""
        return self.members.get(MANIFEST, "")


def read_package(path: Path, *, checksums: bool = True) -> Reading:
    """Read one package. Raises ``OSError``; everything else that is wrong is a fault.

    ``checksums``: also compare the CRC of each member, which matters where no line of a log gives the ZIP's digest.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Reading(faults=(Fault("altered", f"{path.name} is not a file."),))
        return _Pass(path.name, file.readinto, descriptor, status.st_size, checksums).reading()


def in_parallel(work: Callable[[Asked], Found], asked: Iterable[Asked]) -> Iterator[Found]:
    """The answers in the order of the questions, two worked on at a time, few waiting."""
    questions = iter(asked)
    with ThreadPoolExecutor(_READERS) as pool:
        while batch := list(islice(questions, 64)):
            yield from pool.map(work, batch)


def record_in(data: bytes) -> dict[str, Any]:
    """A record from its bytes; empty when they are no JSON object."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def bag_faults(members: Mapping[str, str], kept: Mapping[str, bytes]) -> Iterator[Fault]:
    """What is wrong with a bag: BagIt's manifests against digests of what is there.

    Stricter than RFC 8493: every tag file must stand in the tag manifest, so that nothing in it is unaccounted for.
    """
    payload = {name for name in members if name.startswith("data/")}
    if BAGIT not in members:
        yield Fault("incomplete", f"{BAGIT} is missing; this isn't a BagIt bag.")
    yield from _against(TAGMANIFEST, set(members) - payload - {TAGMANIFEST}, members, kept)
    yield from _against(MANIFEST, payload, members, kept)


def record_faults(top: str, kept: Mapping[str, bytes]) -> Iterator[Fault]:
    """What is wrong with the record of a package whose bag is called ``top``."""
    if not _PACKAGE_ID.fullmatch(top):
        yield Fault("altered", "The bag inside has no id of a package.")
    record = record_in(kept.get(RECORD, b""))
    if not record:
        yield Fault("altered", f"{RECORD} is missing or can't be read.")
    elif record.get("package_id") != top:
        yield Fault("altered", f"{RECORD} is that of another package.")


def _against(
    manifest: str, expected: set[str], members: Mapping[str, str], kept: Mapping[str, bytes]
) -> Iterator[Fault]:
    if manifest not in members:
        yield Fault("incomplete", f"{manifest} is missing.")
        return
    lines = manifest_lines(kept.get(manifest, b""))
    if not lines:
        yield Fault("altered", f"{manifest} can't be read.")
    for name in sorted(set(lines) - set(members)):
        yield Fault("incomplete", f"{name} is in {manifest} and not in the bag.")
    for name in sorted(expected - set(lines)):
        yield Fault("altered", f"{name} is in the bag and not in {manifest}.")
    for name in sorted(set(lines) & set(members)):
        if lines[name] != members[name]:
            yield Fault("altered", f"{name} is not what was sealed.")


def manifest_lines(data: bytes) -> dict[str, str]:
    """Name → digest, as a manifest has them; empty if it isn't one, or names a file twice."""
    found: dict[str, str] = {}
    for line in data.decode("ascii", "replace").splitlines():
        parts = _MANIFEST_LINE.fullmatch(line)
        if parts is None or parts[2] in found:
            return {}
        found[parts[2]] = parts[1]
    return found


class _Pass:
    """One pass over one file."""

    def __init__(
        self, name: str, read: Callable[[memoryview], int | None], descriptor: int, size: int, checksums: bool
    ) -> None:
        self._name, self._read, self._descriptor, self._size = name, read, descriptor, size
        self._checksums = checksums
        self._members: dict[str, str] = {}
        self._kept: dict[str, bytes] = {}
        self._faults: list[Fault] = []

    def reading(self) -> Reading:
        try:
            found = self._layout()
        except StrangeZip as error:
            return Reading(sha256=self._rest(), size=self._size, faults=(Fault("altered", f"{self._name} {error}."),))
        digest = self._digests(found)
        faults = (*self._faults, *bag_faults(self._members, self._kept), *record_faults(found.top, self._kept))
        return Reading(found.top, digest, self._size, self._members, self._kept, faults)

    def _layout(self) -> Layout:
        length = zipped.tail_size(min(self._size, 1 << 16))
        tail = os.pread(self._descriptor, length, self._size - length)
        start, size, count = zipped.end_of(tail, self._size)
        directory = tail[start - self._size : start - self._size + size] if self._size - start <= length else b""
        return zipped.layout(directory or os.pread(self._descriptor, size, start), start, count)

    def _digests(self, found: Layout) -> str:
        whole = hashlib.sha256()
        buffer = memoryview(bytearray(_PIECE))
        for member in found.members:
            header = b"".join(self._pieces(member.start - member.header, buffer, whole))
            try:
                zipped.check_header(header, member, found.top)
            except StrangeZip as error:
                self._fault(f"{self._name} {error}.")
            self._take(member, buffer, whole)
        for _ in self._pieces(self._size - found.directory, buffer, whole):
            pass
        return whole.hexdigest()

    def _take(self, member: Extent, buffer: memoryview, whole: hashlib._Hash) -> None:
        own, crc, kept = hashlib.sha256(), 0, bytearray()
        keeps = (member.name == RECORD or not member.name.startswith("data/")) and member.size <= _MOST_KEPT
        for piece in self._pieces(member.size, buffer, whole):
            own.update(piece)
            if self._checksums:
                crc = zlib.crc32(piece, crc)
            if keeps:
                kept += piece
        self._members[member.name] = own.hexdigest()
        if keeps:
            self._kept[member.name] = bytes(kept)
        if self._checksums and crc != member.crc:
            self._fault(f"The checksum of {member.name} in the ZIP is not that of its content.")

    def _pieces(self, length: int, buffer: memoryview, whole: hashlib._Hash) -> Iterator[memoryview]:
        """The next bytes of the file, into the digest of the whole and to the caller. A short file ends early."""
        left = length
        while left > 0:
            count = self._read(buffer[: min(left, _PIECE)]) or 0
            if not count:
                self._fault(f"{self._name} was cut while it was read.")
                return
            piece = buffer[:count]
            whole.update(piece)
            left -= count
            yield piece

    def _rest(self) -> str:
        whole, buffer = hashlib.sha256(), memoryview(bytearray(_PIECE))
        for _ in self._pieces(self._size, buffer, whole):
            pass
        return whole.hexdigest()

    def _fault(self, sentence: str) -> None:
        self._faults.append(Fault("altered", sentence))
