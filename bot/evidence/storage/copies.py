"""How far the second copy has come. The log itself is the queue: what no ``replicated`` line covers is to be copied.

A ``replicated`` line says: of all lines from ``first`` to ``last``, every package lies at ``target`` (``count`` of
them were put), but for those in ``left_out``: the local file isn't what was sealed, or it may not be copied (EV-20).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from bot.evidence.storage.entries import Entries, Entry, Follower, Sealed

REPLICATED = "replicated"
# These tell of the keeping, not of evidence: by themselves they are no reason for another copy of the log.
_OF_KEEPING = frozenset({REPLICATED, "fixity", "drill"})


@dataclass(frozen=True, slots=True)
class Standing:
    """``copied`` of ``total`` packages and supplements lie at ``target``. ``left_out``: ids that are not to be copied.
    ``oldest``: when the longest waiting one was sealed (RFC 3339), ``None`` when none waits."""

    target: str
    total: int
    copied: int
    left_out: tuple[str, ...]
    oldest: str | None

    @property
    def waiting(self) -> int:
        """How many are still to be copied."""
        return self.total - self.copied - len(self.left_out)


@dataclass(frozen=True, slots=True)
class Batch:
    """The next lines to copy: the packages in them, and the piece of the log, ``begin`` to ``end`` in bytes."""

    first: int
    last: int
    begin: int
    end: int
    packages: tuple[Sealed, ...]


class Copies:
    """The state of one target, made from the log alone. Safe for many threads."""

    def __init__(self, archive: Entries, target: str) -> None:
        self._target = target
        self._follower = Follower(archive)
        self._pending: deque[Entry] = deque()
        self._left_out: dict[str, Sealed] = {}
        self._every: dict[int, Sealed] = {}
        self._covered = 0

    def standing(self) -> Standing:
        """How it stands now. Raises ``EvidenceError`` on a broken log."""
        with self._follower.lock:
            self._catch_up()
            waiting = [entry.sealed.time for entry in self._pending if entry.sealed]
            copied = len(self._every) - len(waiting) - len(self._left_out)
            oldest = waiting[0] if waiting else None
            return Standing(self._target, len(self._every), copied, tuple(self._left_out), oldest)

    def copied(self) -> tuple[Sealed, ...]:
        """Every package that lies at the target, in order."""
        with self._follower.lock:
            self._catch_up()
            without = {entry.number for entry in self._pending} | {each.number for each in self._left_out.values()}
            return tuple(each for each in self._every.values() if each.number not in without)

    def covered(self) -> int:
        """How many lines of the log, from its first, are copied."""
        with self._follower.lock:
            self._catch_up()
            return self._covered

    def left_out(self) -> tuple[Sealed, ...]:
        """What could not be copied: tried again every night."""
        with self._follower.lock:
            self._catch_up()
            return tuple(self._left_out.values())

    def next(self, packages: int, size: int) -> Batch | None:
        """What is to be copied next: at most so many packages, about so many bytes; ``None`` when nothing waits."""
        with self._follower.lock:
            self._catch_up()
            if all(entry.kind in _OF_KEEPING for entry in self._pending):
                return None
            taken = list(_taken(self._pending, packages, size))
            found = tuple(entry.sealed for entry in taken if entry.sealed)
            return Batch(taken[0].number, taken[-1].number, taken[0].offset, taken[-1].end, found)

    def _catch_up(self) -> None:
        for entry in self._follower.fresh():
            self._pending.append(entry)
            if entry.sealed is not None:
                self._every[entry.number] = entry.sealed
            if entry.kind == REPLICATED and entry.facts.get("target") == self._target:
                self._take_off(entry)

    def _take_off(self, entry: Entry) -> None:
        first, last = int(entry.facts["first"]), int(entry.facts["last"])
        self._covered = max(self._covered, last + 1)
        self._left_out = {name: each for name, each in self._left_out.items() if not first <= each.number <= last}
        while self._pending and self._pending[0].number <= last:
            self._pending.popleft()
        without = set(entry.facts.get("left_out", ()))
        for number in range(first, last + 1) if without else ():
            if (each := self._every.get(number)) and each.package_id in without:
                self._left_out[each.package_id] = each


def _taken(pending: Iterable[Entry], packages: int, size: int) -> Iterable[Entry]:
    """From the front, never less than one."""
    for entry in pending:
        if entry.sealed is not None:
            packages, size = packages - 1, size - entry.sealed.size
            if packages < 0:
                return
        yield entry
        if size <= 0:
            return
