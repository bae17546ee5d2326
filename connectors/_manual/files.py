"""Opens what people put into an inbox: CSV, JSON and ZIP files from anywhere. Hostile until read to the end.

Nothing is unpacked to disk, no path out of an archive is used, and every size has a bound that does not rest on what
the file says of itself.
"""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

LARGEST_FILE = 200 * 1024 * 1024
LARGEST_MEMBER = 50 * 1024 * 1024
# zipfile never delivers more of an entry than the archive says that it has.
LARGEST_UNPACKED = 500 * 1024 * 1024
MOST_MEMBERS = 20_000
# Text packs to a tenth, seldom to a fiftieth. More is a bomb.
MOST_GROWTH = 200
GROWTH_COUNTS_FROM = 1024 * 1024
LONGEST_FIELD = 1024 * 1024

READ = (".csv", ".json")
ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar")
# Parts of platforms' own exports in which no comments stand.
PASSED_OVER = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp4", ".mov", ".mp3", ".txt", ".css", ".js", ".svg", ".pdf")

NOT_READ = "{name} is no file that Beadle reads; save it as .csv or .json (UTF-8), or as a .zip of those."
TOO_LARGE = "{name} has more than {limit} megabytes; split it and import the parts."
NOT_TEXT = "{name} is neither UTF-8 nor UTF-16; save it again as UTF-8."
NOT_JSON = "{name} is no JSON (line {line}: {why}); export it again."
NOT_CSV = "{name} is no CSV that can be read (line {line}: {why}); quote texts that hold commas, quotes or line breaks."
EMPTY = "{name} is empty; export it again."
NOT_ZIP = "{name} is no ZIP that can be read; pack it again."
LOCKED = "{name} in the archive is behind a password; pack the archive again without one."
NESTED = "{name} is an archive inside the archive and was not opened; unpack it and import what it holds."
BAD_PATH = "An entry of the archive has a path that leads out of it ({name}); nothing of the archive was read."
TOO_MANY = "The archive has more than {most} entries; import its folder of comments alone."
BOMB = "{name} in the archive unpacks to far more than it should; nothing of the archive was read."
HTML_EXPORT = "{name} is the form for people; ask the platform for its export as JSON and import that."
NOTHING_IN = "{name} holds no .csv or .json file with comments; ask the platform for its export as JSON."


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not taken, and what would be right. ``line`` is the line, or the number of the entry in JSON."""

    file: str
    line: int | None
    why: str

    @property
    def sentence(self) -> str:
        """For whoever imported the file."""
        return f"{self.file}, line {self.line}: {self.why}" if self.line else f"{self.file}: {self.why}"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file: each with its line. ``columns`` are given for CSV only."""

    name: str
    rows: list[tuple[int, Any]]
    columns: tuple[str, ...] | None


class Refused(Exception):
    """A whole file can't be taken; the message says what would be right."""


def content_of(path: Path) -> bytes:
    """A file's bytes. A link is not followed: it may lead to what nobody meant to import. Errors: ``Refused``."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused(NOT_READ.format(name=path.name)) from error
    with os.fdopen(handle, "rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise Refused(TOO_LARGE.format(name=path.name, limit=LARGEST_FILE >> 20))
    return content


def tables_of(name: str, content: bytes) -> Iterator[Table | Refusal]:
    """The tables of a file, an archive's one after the other. Errors: ``Refused`` for the whole file."""
    if not content:
        raise Refused(EMPTY.format(name=name))
    if name.lower().endswith(".zip"):
        yield from _archive(name, content)
    elif name.lower().endswith(READ):
        yield _table(name, content)
    else:
        raise Refused(NOT_READ.format(name=name))


def _archive(name: str, content: bytes) -> Iterator[Table | Refusal]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            _check(members)
            found = False
            for info in members:
                told = _member(archive, info)
                found = found or isinstance(told, Table)
                if told is not None:
                    yield told
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Refused(NOT_ZIP.format(name=name)) from error
    if not found:
        yield Refusal(name, None, NOTHING_IN.format(name=name))


def _check(members: list[zipfile.ZipInfo]) -> None:
    """The whole is looked at before a part is read."""
    if len(members) > MOST_MEMBERS:
        raise Refused(TOO_MANY.format(most=MOST_MEMBERS))
    if sum(info.file_size for info in members if info.filename.lower().endswith(READ)) > LARGEST_UNPACKED:
        raise Refused(TOO_LARGE.format(name="What the archive holds", limit=LARGEST_UNPACKED >> 20))
    for info in members:
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in info.orig_filename or ":" in info.filename[:3]:
            raise Refused(BAD_PATH.format(name=info.filename[:80]))
        if info.file_size > GROWTH_COUNTS_FROM and info.file_size > MOST_GROWTH * max(info.compress_size, 1):
            raise Refused(BOMB.format(name=info.filename[:80]))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Table | Refusal | None:
    name = info.filename[:200]
    lower = name.lower()
    if lower.endswith(ARCHIVES):
        return Refusal(name, None, NESTED.format(name=name))
    if lower.endswith((".html", ".htm")) and "comment" in lower:
        return Refusal(name, None, HTML_EXPORT.format(name=name))
    if not lower.endswith(READ):
        known = lower.endswith((*PASSED_OVER, ".html", ".htm")) or "." not in PurePosixPath(lower).name
        return None if known else Refusal(name, None, NOT_READ.format(name=name))
    if info.flag_bits & 0x1:
        return Refusal(name, None, LOCKED.format(name=name))
    with archive.open(info) as file:
        content = file.read(LARGEST_MEMBER + 1)
    if len(content) > LARGEST_MEMBER:
        return Refusal(name, None, TOO_LARGE.format(name=name, limit=LARGEST_MEMBER >> 20))
    try:
        return _table(name, content)
    except Refused as error:
        return Refusal(name, None, str(error))


def _table(name: str, content: bytes) -> Table:
    text = _text(name, content)
    return _json(name, text) if name.lower().endswith(".json") else _csv(name, text)


def _text(name: str, content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(NOT_TEXT.format(name=name)) from error


def _json(name: str, text: str) -> Table:
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(NOT_JSON.format(name=name, line=error.lineno, why=error.msg)) from error
    except (RecursionError, ValueError) as error:
        raise Refused(NOT_JSON.format(name=name, line=1, why="it is nested too deep")) from error
    listed = told.get("comments") if isinstance(told, dict) and isinstance(told.get("comments"), list) else told
    rows = listed if isinstance(listed, list) else [listed]
    return Table(name, list(enumerate(rows, 1)), None)


def _csv(name: str, text: str) -> Table:
    first = text.partition("\n")[0]
    # Spreadsheets write what their language's comma leaves free.
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(LONGEST_FIELD)
    try:
        columns = tuple(column.strip().lower() for column in next(reader, []))
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Refused(NOT_CSV.format(name=name, line=reader.line_num, why=error)) from error
    return Table(name, list(rows), columns)
