"""The log as the rooms below it see it: lines to read, in order, and a way to add one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bot.errors import EvidenceError
from bot.evidence.storage.shelf import path_of

SEALING = frozenset({"package", "package-recovered", "supplement"})
_ID = re.compile(r"ev-\d{8}T\d{6}Z-[a-z2-7]{13}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Line(Protocol):
    """One line of the log: ``offset`` in bytes, ``data`` without its newline."""

    @property
    def offset(self) -> int: ...
    @property
    def data(self) -> bytes: ...
    @property
    def facts(self) -> dict[str, Any]: ...


class Entries(Protocol):
    """An archive (``bot.evidence.store``), as far as keeping it needs it. Raises ``EvidenceError``."""

    @property
    def root(self) -> Path: ...
    def lines(self, offset: int = 0) -> Iterator[Line]: ...
    def note(self, kind: str, facts: Mapping[str, object], key: str | None = None) -> None: ...
    def restricted(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Sealed:
    """A package or supplement as its line has it. ``path`` is relative to the archive; ``size`` in bytes."""

    number: int
    package_id: str
    path: str
    sha256: str
    size: int
    time: str
    case_id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that was read: ``end`` is where the next begins (bytes)."""

    number: int
    kind: str
    offset: int
    end: int
    facts: Mapping[str, Any]

    @property
    def sealed(self) -> Sealed | None:
        """What the line sealed. Raises ``EvidenceError`` for one that no archive of ours could have written."""
        return sealed_by(self.number, self.facts) if self.kind in SEALING else None


class Follower:
    """Reads the log line by line, each once; remembers how far it came."""

    def __init__(self, archive: Entries) -> None:
        self._archive = archive
        self._offset = 0
        self.lock = threading.RLock()

    def fresh(self) -> Iterator[Entry]:
        """The lines that are new since the last call. To be used up, by one thread at a time (``lock``)."""
        for line in self._archive.lines(self._offset):
            facts = line.facts
            self._offset = line.offset + len(line.data) + 1
            yield Entry(int(facts["seq"]), str(facts.get("type")), line.offset, self._offset, facts)


def sealed_by(number: int, facts: Mapping[str, Any]) -> Sealed:
    """The package that a line of the log names. Raises ``EvidenceError`` when id, path and digest aren't ours."""
    package_id, path, digest = (str(facts.get(name)) for name in ("id", "path", "sha256"))
    if not (_ID.fullmatch(package_id) and path == path_of(package_id) and _DIGEST.fullmatch(digest)):
        raise EvidenceError(f"Line {number + 1} of the evidence log names no package of ours; run `beadle verify`.")
    size, time, case_id = int(facts.get("size", 0)), str(facts.get("time")), str(facts.get("case_id"))
    return Sealed(number, package_id, path, digest, size, time, case_id)
