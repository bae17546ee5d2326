"""The log of the archive: one line of canonical JSON for everything sealed or done, each tied to the line before it.

``prev`` is the SHA-256 of the previous line without its newline (64 zeros in the first), so a shell with ``sha256sum``
can check it. Any process may append; one lock keeps them apart. Nothing personal stands in a line.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from bot.errors import EvidenceError
from bot.evidence.canonical import canonical, sha256, utc
from bot.evidence.chain.index import Index, Place
from bot.evidence.storage import durable

BEGINNING = "0" * 64
_OWN = frozenset({"seq", "prev", "type", "time"})
_CHUNK = 1 << 20

events = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, as read. ``number`` counts from 0; ``offset`` is where it begins in the file, in bytes."""

    number: int
    offset: int
    data: bytes

    @property
    def sha256(self) -> str:
        """What the next line's ``prev`` must be."""
        return sha256(self.data)

    @property
    def facts(self) -> dict[str, Any]:
        """The line's fields. Raises ``ValueError`` for a line that isn't a JSON object."""
        found = json.loads(self.data)
        if not isinstance(found, dict):
            raise ValueError("a line of the log is not an object")
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log, to be published: whoever kept one can tell whether lines were cut off or rewritten."""

    lines: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.lines}:{self.sha256}"


class Log:
    """``log/entries.jsonl`` under an archive. Reads what is new since it last looked; never trusts its memory alone."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "entries.jsonl"
        self._mutex = threading.RLock()
        self._end = 0
        self._lines = 0
        self._last = (0, 0, BEGINNING)
        self.index = Index()

    def head(self) -> Head:
        """How many whole lines there are, and the digest of the last. Raises ``EvidenceError`` on a broken chain."""
        with self._mutex:
            self.catch_up()
            return Head(self._lines, self._last[2])

    @contextmanager
    def writing(self) -> Iterator[Pen]:
        """The lock of the archive, and a pen. A line that a crash tore is kept aside and reported first.

        Raises ``EvidenceError`` when the chain is broken: nothing is added to a log that can't be trusted.
        """
        with durable.disk(), self._mutex:
            durable.make_directory(self._directory)
            with _locked(self._directory / "lock") as lock:
                torn = self.catch_up()
                pen = Pen(self, lock)
                if torn:
                    self._keep_aside(torn, pen)
                yield pen

    def append(self, kind: str, facts: Mapping[str, object], at: datetime, key: str | None = None) -> Line:
        """Add one line. With a ``key``, a second append of the same kind and key adds nothing and returns the first."""
        with self.writing() as pen:
            return pen.append(kind, facts, at, key)

    def line_at(self, place: Place) -> Line:
        """Read one line again from the disk. Raises ``EvidenceError`` when it isn't what it was."""
        with durable.disk():
            data = _read(self._path, place.offset, place.length)
        if sha256(data) != place.sha256:
            raise EvidenceError("A line of the evidence log was changed; run `beadle verify`.", offset=place.offset)
        return Line(place.number, place.offset, data)

    def catch_up(self) -> bytes:
        """Take in the lines that are new since the last look; return what follows the last newline, if anything."""
        with durable.disk(), self._mutex:
            self._still_there()
            rest = b""
            for line in read_lines(self._path, self._end):
                if not line.data.endswith(b"\n"):
                    rest = line.data
                    break
                self._take(Line(self._lines, self._end, line.data[:-1]))
            return rest

    def _take(self, line: Line) -> None:
        try:
            facts = line.facts
        except ValueError as error:
            raise _broken(line.number) from error
        if facts.get("prev") != self._last[2] or facts.get("seq") != line.number:
            raise _broken(line.number)
        self._last = (line.offset, len(line.data), line.sha256)
        self._end = line.offset + len(line.data) + 1
        self._lines += 1
        self.index.add(Place(line.number, line.offset, len(line.data), self._last[2]), facts)

    def _still_there(self) -> None:
        offset, length, digest = self._last
        if length and sha256(_read(self._path, offset, length)) != digest:
            raise EvidenceError("The end of the evidence log was cut or changed; run `beadle verify`.")

    def _keep_aside(self, torn: bytes, pen: Pen) -> None:
        name = f"{self._end:012}-{sha256(torn)[:12]}.part"
        aside = self._directory / "torn"
        durable.make_directory(aside)
        with suppress(FileExistsError):  # a crash after this line and before the next
            durable.write_new(aside / name, torn)
            durable.sync_directory(aside)
        os.truncate(self._path, self._end)
        line = pen.append("torn-line", {"kept_as": f"log/torn/{name}", "size": len(torn), "sha256": sha256(torn)}, None)
        events.warning("a torn line of the evidence log was kept aside", line=line.number, kept_as=name)

    def _write(self, kind: str, facts: Mapping[str, object], at: datetime | None) -> Line:
        if _OWN & set(facts):
            raise ValueError(f"{sorted(_OWN & set(facts))} are set by the log itself")
        time = {} if at is None else {"time": utc(at)}
        data = canonical({**facts, **time, "seq": self._lines, "prev": self._last[2], "type": kind})
        line = Line(self._lines, self._end, data)
        durable.append(self._path, data + b"\n")
        self._take(line)
        return line


class Pen:
    """What whoever holds the lock writes with."""

    def __init__(self, log: Log, lock: _Lock) -> None:
        self._log = log
        self._lock = lock

    @property
    def interrupted(self) -> bool:
        """A holder was killed at work, and what it left has not been made good since."""
        return self._lock.interrupted

    def made_good(self) -> None:
        """Say that what killed holders left has been made good."""
        self._lock.interrupted = False

    def append(self, kind: str, facts: Mapping[str, object], at: datetime | None, key: str | None = None) -> Line:
        """Add one line, through to the disk, or return the one with this ``key``. Raises ``EvidenceError``."""
        if key is None:
            return self._log._write(kind, facts, at)
        place = self._log.index.keyed(kind, key)
        return self._log.line_at(place) if place else self._log._write(kind, {**facts, "key": key}, at)


def read_lines(path: Path, offset: int = 0) -> Iterator[Line]:
    """The lines of a log from ``offset`` on, with their newlines; the last may lack it. No log: no lines."""
    try:
        file = path.open("rb", buffering=_CHUNK)
    except FileNotFoundError:
        return
    with file:
        file.seek(offset)
        for number, data in enumerate(file):
            yield Line(number, offset, data)
            offset += len(data)


class _Lock:
    """The held lock. ``interrupted``: its mark was there already: a holder was killed, and nobody has looked since."""

    def __init__(self, interrupted: bool) -> None:
        self.interrupted = interrupted


@contextmanager
def _locked(path: Path) -> Iterator[_Lock]:
    """Hold the archive. On leaving, the mark inside the lock file is wiped, but never by somebody who found it there
    and made nothing good: the next one would not know that there is something to make good."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        lock = _Lock(interrupted=os.fstat(descriptor).st_size > 0)
        os.pwrite(descriptor, b"held", 0)
        yield lock
        if not lock.interrupted:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return os.pread(file.fileno(), length, offset)
    except FileNotFoundError:
        return b""


def _broken(number: int) -> EvidenceError:
    return EvidenceError(
        f"The evidence log is broken at line {number + 1}; nothing more is sealed or hidden. Run `beadle verify`.",
        line=number + 1,
    )
