"""Fixity: every night a thirtieth of the archive is read from the disk and compared with what was sealed.

Which thirtieth a package belongs to follows from its id alone, so each is read once in thirty nights. A night that was
missed is made up for. What is found wrong is an incident (see ``incidents``), never mended here.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from bot.errors import EvidenceError
from bot.evidence.packing import package as bag
from bot.evidence.storage import durable
from bot.evidence.storage.copying import Copying
from bot.evidence.storage.entries import Entries, Entry, Follower, Sealed
from bot.evidence.storage.fetch import fetched
from bot.evidence.storage.incidents import Flaw, Incidents
from bot.evidence.storage.replica import Replica, ReplicaAway, ReplicaRefused

log = structlog.get_logger(__name__)

FIXITY = "fixity"
PARTS = 30
AT_NIGHT = clock_time(2)
MOST_A_SECOND = 50_000_000
"""Bytes. Slow enough to leave disk and processor to the route, fast enough for a terabyte (33 GB) in eleven minutes."""
SAMPLE = 10
"""How many of the second copies are downloaded whole in a night."""
_CHUNK = 1 << 20
_AGAIN_AFTER = timedelta(minutes=15)


class Stopped(Exception):
    """The process is asked to end; the night's part is read again from its beginning the next time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: how many packages and bytes, and the flaws that were found."""

    count: int
    size: int
    flaws: tuple[Flaw, ...]


class Fixity:
    """Sees to the nightly reading. ``see_to`` does nothing most of the time; when it is due it takes its time."""

    def __init__(
        self,
        archive: Entries,
        incidents: Incidents,
        copying: Copying | None = None,
        timezone: ZoneInfo | None = None,
        at: clock_time = AT_NIGHT,
        most_a_second: float = MOST_A_SECOND,
    ) -> None:
        self._archive, self._incidents, self._copying = archive, incidents, copying
        self._timezone, self._at = timezone or ZoneInfo("UTC"), at
        self._most_a_second = most_a_second
        self._follower = Follower(archive)
        self._packages: list[Sealed] = []
        self._done: set[str] = set()
        self._began: date | None = None
        self._not_before = datetime.min.replace(tzinfo=UTC)

    def due(self, now: datetime) -> tuple[date, ...]:
        """The nights whose part has not been read, oldest first: thirty at most, none before the archive began."""
        self._catch_up()
        if self._began is None:
            return ()
        last = self._night(now)
        first = max(last - timedelta(days=PARTS - 1), self._began + timedelta(days=1))
        nights = (first + timedelta(days=each) for each in range((last - first).days + 1))
        return tuple(night for night in nights if night.isoformat() not in self._done)

    def see_to(self, now: datetime, stop: threading.Event) -> None:
        """Read what is due. Raises ``EvidenceError`` when the log is broken or can't be written."""
        if now < self._not_before:
            return
        try:
            nights = self.due(now)
            for night in nights:
                self._read_part(night, stop)
            if nights:
                self._sample_copies(nights[-1])
        except Stopped:
            return
        except (ReplicaAway, ReplicaRefused) as error:
            log.warning("the second copies could not be sampled", because=error.sentence)
        self._not_before = min(self._next_night(now), now + timedelta(hours=1))

    def _read_part(self, night: date, stop: threading.Event) -> None:
        part = night.toordinal() % PARTS
        mine = [each for each in self._packages if part_of(each.package_id) == part]
        found = read_all(self._archive.root, mine, Pace(self._most_a_second, stop))
        for flaw in found.flaws:
            self._incidents.report(flaw)
        self._note(night, "archive", found, part=part)

    def _sample_copies(self, night: date) -> None:
        if self._copying is None:
            return
        self._copying.retry_left_out()
        copied = self._copying.copies.copied()
        # Not to be foreseen: whoever alters a copy must not know which night it is looked at.
        sample = random.SystemRandom().sample(copied, min(SAMPLE, len(copied)))
        found = compare_copies(self._copying.replica, sample)
        for flaw in found.flaws:
            self._incidents.report(flaw)
        self._note(night, "copy", found, target=self._copying.replica.target)

    def _note(self, night: date, where: str, found: Reading, **more: object) -> None:
        day = night.isoformat()
        facts = {"where": where, "day": day, "count": found.count, "bytes": found.size, "flaws": len(found.flaws)}
        self._archive.note(FIXITY, {**facts, **more}, key=f"{where}/{day}")
        log.info("fixity", **facts)

    def _catch_up(self) -> None:
        with self._follower.lock:
            for entry in self._follower.fresh():
                self._take(entry)

    def _take(self, entry: Entry) -> None:
        if entry.sealed is not None:
            self._packages.append(entry.sealed)
        if self._began is None and "time" in entry.facts:
            self._began = datetime.fromisoformat(entry.facts["time"]).astimezone(self._timezone).date()
        if entry.kind == FIXITY and entry.facts.get("where") == "archive":
            self._done.add(str(entry.facts.get("day")))

    def _night(self, now: datetime) -> date:
        local = now.astimezone(self._timezone)
        return local.date() if local.time() >= self._at else local.date() - timedelta(days=1)

    def _next_night(self, now: datetime) -> datetime:
        begin = datetime.combine(self._night(now) + timedelta(days=1), self._at, self._timezone)
        return begin.astimezone(UTC)


class Pace:
    """Lets so many bytes a second through, and ends the reading when ``stop`` is set."""

    def __init__(
        self, most_a_second: float, stop: threading.Event, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._stop, self._monotonic = most_a_second, stop, monotonic
        self._begun, self._read = monotonic(), 0

    def take(self, size: int) -> None:
        """Wait until so many more bytes may be read. Raises ``Stopped``."""
        self._read += size
        ahead = self._read / self._most - (self._monotonic() - self._begun)
        if self._stop.wait(ahead) if ahead > 0 else self._stop.is_set():
            raise Stopped


def part_of(package_id: str) -> int:
    """Which of the thirty parts a package belongs to: 0 to 29."""
    return int(hashlib.sha256(package_id.encode()).hexdigest()[:8], 16) % PARTS


def read_all(root: Path, packages: Iterable[Sealed], pace: Pace) -> Reading:
    """Read packages from the disk and compare each with its line and its manifests."""
    count = size = 0
    flaws: list[Flaw] = []
    for package in packages:
        flaws += _flaws(root, package, pace)
        count, size = count + 1, size + package.size
    return Reading(count, size, tuple(flaws))


def compare_copies(replica: Replica, packages: Iterable[Sealed]) -> Reading:
    """Download second copies whole and compare each with its line. Raises ``ReplicaAway`` and ``ReplicaRefused``."""
    count = size = 0
    flaws: list[Flaw] = []
    for package in packages:
        got = fetched(replica, package.path, most=package.size)
        if got.sha256 != package.sha256:
            flaws.append(Flaw("copy", "missing" if got.sha256 is None else "altered", package, got.sha256))
        count, size = count + 1, size + got.size
    return Reading(count, size, tuple(flaws))


def _flaws(root: Path, package: Sealed, pace: Pace) -> Iterator[Flaw]:
    try:
        found = _digest(root / package.path, pace)
    except FileNotFoundError:
        yield Flaw("archive", "missing", package)
        return
    except OSError:
        yield Flaw("archive", "unreadable", package)
        return
    if found != package.sha256 or not _is_whole(root / package.path):
        yield Flaw("archive", "altered", package, found)


def _digest(path: Path, pace: Pace) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        durable.forget_pages(file.fileno())  # memory may hold what the disk has lost
        while piece := file.read(_CHUNK):
            digest.update(piece)
            pace.take(len(piece))
    return digest.hexdigest()


def _is_whole(path: Path) -> bool:
    try:
        return not bag.read(path).faults()
    except EvidenceError:
        return False
