"""The ZIP of a package, byte by byte: which member lies where, and that nothing hides between them.

Our packages are a small part of what ZIP allows: stored, no comments, no extra fields, no encryption, one member after
the other and then the directory. Whatever differs was not written by us. (A common reader forgives: it finds the
directory from the end and skips what lies before, between and after.)
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s4B4H3L5H2L")
_LOCAL_SIZE = 30
_DESCRIBED = slice(6, 32)  # from "version needed" to "extra length": the same 26 bytes as in the header
_ENTRY_MARK, _LOCAL_MARK, _END_MARK = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
_UTF8_NAMES = 0x800
_LINK = 0o120000
_NAME = re.compile(rb"[!-~]{1,200}")
MOST_MEMBERS = 4096
_LARGEST_DIRECTORY = MOST_MEMBERS * (_ENTRY.size + 200)


class StrangeZip(Exception):
    """The file isn't laid out as a package is. The message is the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """One member: its name in the bag, where its header and its content begin, how long it is (bytes).

    ``described`` is what the directory says of it, in the form in which the header must say it again.
    """

    name: str
    header: int
    start: int
    size: int
    crc: int
    described: bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """``top`` is the one folder that holds the bag; ``members`` are in the order in which they lie in the file."""

    top: str
    members: tuple[Extent, ...]
    directory: int


def tail_size(size: int) -> int:
    """How many bytes from the end of a file of this size ``layout`` needs at most."""
    return min(size, _LARGEST_DIRECTORY + _END.size)


def end_of(tail: bytes, size: int) -> tuple[int, int, int]:
    """(where the directory begins, its length, how many members) from the last bytes of the file."""
    if len(tail) < _END.size or not tail[-_END.size :].startswith(_END_MARK):
        raise StrangeZip("has no directory of a ZIP at its end, or something follows it")
    _, disk, first, here, count, length, start, comment = _END.unpack(tail[-_END.size :])
    if disk or first or comment or here != count:
        raise StrangeZip("has a directory that was not written by us")
    if not 0 < count <= MOST_MEMBERS or start + length + _END.size != size or length > _LARGEST_DIRECTORY:
        raise StrangeZip("has a directory that doesn't fit the file")
    return start, length, count


def layout(directory: bytes, start: int, count: int) -> Layout:
    """The members that the directory names, each directly after the one before it. Raises ``StrangeZip``."""
    found: list[Extent] = []
    names: set[str] = set()
    tops: set[str] = set()
    at = due = 0
    for _ in range(count):
        entry, name, at = _entry(directory, at)
        top, _, inside = name.partition("/")
        if inside in names:
            raise StrangeZip(f"holds {inside} twice; it was not written by us")
        if entry.header != due:
            raise StrangeZip(f"hides bytes before {inside or name}")
        tops.add(top)
        names.add(inside)
        found.append(entry)
        due = entry.start + entry.size
    if at != len(directory) or due != start:
        raise StrangeZip("hides bytes between its members and its directory")
    if len(tops) != 1:
        raise StrangeZip("doesn't hold exactly one bag; it isn't a package of ours")
    return Layout(tops.pop(), tuple(found), start)


def check_header(header: bytes, extent: Extent, top: str) -> None:
    """What stands before a member must say what the directory says, to the byte. Raises ``StrangeZip``."""
    if header != _LOCAL_MARK + extent.described + f"{top}/{extent.name}".encode():
        raise StrangeZip(f"says two things about {extent.name}: its header isn't what the directory says")


def _entry(directory: bytes, at: int) -> tuple[Extent, str, int]:
    if len(directory) - at < _ENTRY.size:
        raise StrangeZip("has a directory that breaks off")
    fields = _ENTRY.unpack_from(directory, at)
    mark, flags, method, crc, packed, size = fields[0], fields[5], fields[6], fields[9], fields[10], fields[11]
    length, extra, comment, outside, header = fields[12], fields[13], fields[14], fields[17], fields[18]
    described = directory[at + _DESCRIBED.start : at + _DESCRIBED.stop]
    if mark != _ENTRY_MARK:
        raise StrangeZip("has a directory that breaks off")
    after = at + _ENTRY.size + length
    name = _name(directory[at + _ENTRY.size : after])
    if method != 0 or packed != size:
        raise StrangeZip("is compressed; it was not written by us")
    if flags & ~_UTF8_NAMES or extra or comment:
        raise StrangeZip(f"says more about {name} than we ever write")
    if outside >> 16 & 0o170000 == _LINK:
        raise StrangeZip(f"holds a link, {name}; packages hold files only")
    inside = name.partition("/")[2]
    return Extent(inside, header, header + _LOCAL_SIZE + length, size, crc, described), name, after


def _name(raw: bytes) -> str:
    if not _NAME.fullmatch(raw):
        raise StrangeZip("holds a file with a name that we never give")
    name = raw.decode("ascii")
    parts = name.split("/")
    if len(parts) < 2 or any(part in ("", ".", "..") for part in parts) or "\\" in name or ":" in name:
        raise StrangeZip("names a file outside its bag")
    return name
