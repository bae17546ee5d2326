"""The restore drill: could the archive be had back from the second copy alone? Tried, not believed (EV-15)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EvidenceError
from bot.evidence.packing import package as bag
from bot.evidence.storage.copies import Copies
from bot.evidence.storage.entries import SEALING, Entries, Sealed, sealed_by
from bot.evidence.storage.fetch import fetched
from bot.evidence.storage.incidents import Flaw
from bot.evidence.storage.replica import Replica

DRILL = "drill"
_PIECE = re.compile(r"log/entries-(\d{12})-(\d{12})\.jsonl")
_OTHER = re.compile(r"log/(?:[a-z]{1,20}/)?(?!entries-)[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\.[A-Za-z0-9]{1,10}){1,3}")
_ROOTS = re.compile(r"log/([a-z-]+)-[0-9a-f]{12}\.pem")
_MOST = 256 << 20
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Drilled:
    """``count`` of ``total`` copies were downloaded (``size`` bytes). ``lines`` of the log were restored;
    ``log_is_same``: they are those of the archive. ``others``: checkpoints, stamps and keys that came, too."""

    target: str
    count: int
    total: int
    size: int
    lines: int
    log_is_same: bool
    others: int
    flaws: tuple[Flaw, ...]

    @property
    def passed(self) -> bool:
        """Whether everything that was tried could be restored."""
        return not self.flaws and self.log_is_same


def drill(
    archive: Entries, replica: Replica, folder: Path, sample: int | None, progress: Progress = lambda *_: None
) -> Drilled:
    """Restore the log and ``sample`` packages (``None``: all) into a folder, as an archive, and check them.

    What there is to restore is read from the restored log, not from our own; ours is only compared with it, and gets a
    line ``drill``. Where it is empty, as on a new machine, it gets none. Raises ``ReplicaAway``, ``ReplicaRefused``,
    ``EvidenceError``, ``OSError``.
    """
    copies = Copies(archive, replica.target)
    log = _restore_log(replica, folder)
    without = {each.package_id for each in copies.left_out()}
    there = [each for each in _sealed_in(log) if each.package_id not in without]
    chosen = there if sample is None else random.SystemRandom().sample(there, min(sample, len(there)))
    size = 0
    flaws: list[Flaw] = []
    for done, package in enumerate(chosen, start=1):
        target = folder / package.path
        target.parent.mkdir(parents=True, exist_ok=True)
        size += fetched(replica, package.path, target, package.size).size
        flaws += _flaws(target, package)
        progress(done, len(chosen))
    own = _own(archive)
    lines = log.count(b"\n")
    same = not own or (own.startswith(log) and lines >= copies.covered())
    others = _restore_others(replica, folder)
    found = Drilled(replica.target, len(chosen), len(there), size, lines, same, others, tuple(flaws))
    if own:
        _note(archive, found)
    return found


def _note(archive: Entries, found: Drilled) -> None:
    counts = {"count": found.count, "of": found.total, "bytes": found.size, "lines": found.lines}
    outcome = {"log_is_same": found.log_is_same, "flaws": len(found.flaws)}
    archive.note(DRILL, {"target": found.target, **counts, **outcome})


def _sealed_in(log: bytes) -> Iterator[Sealed]:
    for number, line in enumerate(log.splitlines()):
        try:
            facts = json.loads(line)
            if facts["type"] in SEALING:
                yield sealed_by(number, facts)
        except (ValueError, TypeError, KeyError) as error:
            raise EvidenceError(f"Line {number + 1} of the log in the second copy can't be read.") from error


def _flaws(path: Path, package: Sealed) -> Iterator[Flaw]:
    if not path.exists():
        yield Flaw("copy", "missing", package)
        return
    found = bag.digest_of(path)
    if found != package.sha256 or not _opens(path):
        yield Flaw("copy", "altered", package, found)


def _opens(path: Path) -> bool:
    try:
        return not bag.read(path).faults()
    except EvidenceError:
        return False


def _restore_log(replica: Replica, folder: Path) -> bytes:
    """The log put together from its pieces. Pieces may overlap: a crash between a piece and its line in the log makes
    the next one begin at the same place."""
    lines: dict[int, bytes] = {}
    for key in replica.keys("log/entries-"):
        named = _PIECE.fullmatch(key)
        if named is not None:
            with replica.open(key) as body:
                found = body.read(_MOST).split(b"\n")[:-1]
            lines |= zip(range(int(named[1]), int(named[2]) + 1), found, strict=False)
    data = b"".join(lines[number] + b"\n" for number in _without_gap(lines))
    (folder / "log").mkdir(parents=True, exist_ok=True)
    (folder / "log" / "entries.jsonl").write_bytes(data)
    return data


def _without_gap(lines: dict[int, bytes]) -> Iterator[int]:
    number = 0
    while number in lines:
        yield number
        number += 1


def _restore_others(replica: Replica, folder: Path) -> int:
    count = 0
    for key in replica.keys("log/"):
        if _OTHER.fullmatch(key):  # a store may be in other hands: nothing is written outside the folder
            target = folder / (f"log/{named[1]}.pem" if (named := _ROOTS.fullmatch(key)) else key)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)  # of roots that were replaced, one is restored
            fetched(replica, key, target, _MOST)
            count += 1
    return count


def _own(archive: Entries) -> bytes:
    try:
        return (archive.root / "log" / "entries.jsonl").read_bytes()
    except FileNotFoundError:
        return b""
