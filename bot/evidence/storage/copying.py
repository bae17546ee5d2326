"""The second copy is made here: what was sealed goes to the store in order, is checked there, and is said in the log.

The log is the queue, so nothing is kept that a crash could lose: what was put and not yet said is found there again by
its digest, and said. A store that is away costs nothing but patience.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bot.errors import BeadleError, EvidenceError
from bot.evidence.canonical import sha256
from bot.evidence.packing import package as bag
from bot.evidence.packing.package import digest_of
from bot.evidence.storage import durable
from bot.evidence.storage.copies import REPLICATED, Batch, Copies, Standing
from bot.evidence.storage.entries import Entries, Sealed
from bot.evidence.storage.fetch import fetched
from bot.evidence.storage.incidents import Flaw, Incidents
from bot.evidence.storage.replica import Replica, ReplicaDiffers, Tell, say_nothing

log = structlog.get_logger(__name__)

AT_ONCE = 100
AT_ONCE_BYTES = 64 << 20
FIRST_RETRY = timedelta(seconds=15)
LONGEST_RETRY = timedelta(minutes=15)
BROKE = "The second copy of the evidence is not being made: {why} What is sealed here stays sealed; {waiting} wait."
MENDED = "The second copy of the evidence is being made again; {waiting} waited."
_FOLDERS = ("checkpoints", "keys", "torn", "incidents")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why copying does not go on, as the process that copies last saw it. Times are RFC 3339."""

    sentence: str
    since: str
    tried_at: str


class Copying:
    """Copies to one store. ``tick`` is called again and again, by one thread; it does one bounded batch at most."""

    def __init__(
        self,
        archive: Entries,
        replica: Replica,
        incidents: Incidents,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell: Tell = say_nothing,
    ) -> None:
        self._archive, self._replica, self._incidents = archive, replica, incidents
        self._clock, self._tell = clock, tell
        self._copies = Copies(archive, replica.target)
        self._log = LogFiles(archive.root)
        self._failures = 0
        self._not_before = datetime.min.replace(tzinfo=UTC)

    @property
    def copies(self) -> Copies:
        """What was copied, from the log."""
        return self._copies

    @property
    def replica(self) -> Replica:
        """The store."""
        return self._replica

    def standing(self) -> Standing:
        """How far it has come."""
        return self._copies.standing()

    def tick(self, now: datetime) -> int:
        """Copy the next batch, if any waits and the store isn't known to be away; returns how many were copied."""
        if now < self._not_before:
            return 0
        try:
            done = self._copy_next()
            self._log.copy(self._replica)
        except (BeadleError, OSError) as error:
            self._failed(error, now)
            return 0
        self._went_well()
        return done

    def drain(self, each: Callable[[int], None] = lambda _: None) -> int:
        """Copy until nothing waits or the store fails; returns how many were copied. ``each`` gets each batch's."""
        done = 0
        while copied := self.tick(self._clock()):
            done += copied
            each(copied)
        return done

    def retry_left_out(self) -> int:
        """Try those again that could not be copied, one line each; for the night. Raises as the store does."""
        done = 0
        for each in self._copies.left_out():
            if self._copy(each, report=False):
                self._say(each.number, each.number, 1, ())
                done += 1
        return done

    def _copy_next(self) -> int:
        batch = self._copies.next(AT_ONCE, AT_ONCE_BYTES)
        if batch is None:
            return 0
        without = tuple(each for each in batch.packages if not self._copy(each))
        self._copy_log(batch)
        done = len(batch.packages) - len(without)
        # One line for a batch, not for a package: the log of the copies must not outgrow the log of the evidence.
        self._say(batch.first, batch.last, done, without)
        log.info("evidence copied", packages=done, target=self._replica.target, left_out=len(without))
        return done

    def _copy(self, package: Sealed, report: bool = True) -> bool:
        """``False``: it is not copied: the local file isn't what was sealed, or shows what must not be copied."""
        flaw = local_flaw(self._archive.root, package)
        if flaw is not None:
            if report:
                self._incidents.report(flaw)
            return False
        if self._archive.restricted(package.case_id) and shows_something(self._archive.root / package.path):
            return False
        try:
            self._replica.put_new(package.path, self._archive.root / package.path, package.sha256)
        except ReplicaDiffers as error:
            self._incidents.report(Flaw("copy", "altered", package, str(error.facts.get("found"))))
            return False
        self._check(package)
        return True

    def _check(self, package: Sealed) -> None:
        there = self._replica.stat(package.path)
        found = None if there is None else there.sha256 or fetched(self._replica, package.path).sha256
        if there is None or found != package.sha256 or there.size != package.size:
            self._incidents.report(Flaw("copy", "missing" if there is None else "altered", package, found))

    def _copy_log(self, batch: Batch) -> None:
        """The lines themselves, as a piece of the log: without them the packages would prove nothing."""
        path = self._archive.root / "log" / "entries.jsonl"
        data = _piece(path, batch.begin, batch.end)
        piece = self._archive.root / "incoming" / f"log-{batch.first}-{batch.last}.piece"
        durable.make_directory(piece.parent)
        piece.unlink(missing_ok=True)
        piece.write_bytes(data)
        try:
            self._replica.put_new(segment_key(batch.first, batch.last), piece, sha256(data))
        finally:
            piece.unlink(missing_ok=True)

    def _say(self, first: int, last: int, count: int, without: tuple[Sealed, ...]) -> None:
        facts: dict[str, object] = {"first": first, "last": last, "count": count, "target": self._replica.target}
        if without:
            facts["left_out"] = [each.package_id for each in without]
        self._archive.note(REPLICATED, facts)

    def _failed(self, error: Exception, now: datetime) -> None:
        why = error.sentence if isinstance(error, BeadleError) else f"a file can't be read ({error})."
        self._not_before = now + min(FIRST_RETRY * 2.0 ** min(self._failures, 10), LONGEST_RETRY)
        self._failures += 1
        known = trouble(self._archive.root)
        stamp = now.isoformat()
        _write_trouble(self._archive.root, Trouble(why, known.since if known else stamp, stamp))
        if known is None:  # a restart in an outage says nothing new
            log.error("the second copy is not being made", because=why, waiting=self._waiting())
            self._tell(BROKE.format(why=why, waiting=self._waiting()), "copies-broke")

    def _went_well(self) -> None:
        self._failures = 0
        if trouble(self._archive.root) is None:
            return
        _trouble_path(self._archive.root).unlink(missing_ok=True)
        log.info("the second copy is being made again", waiting=self._waiting())
        self._tell(MENDED.format(waiting=self._waiting()), "copies-mended")

    def _waiting(self) -> str:
        try:
            count = self.standing().waiting
        except EvidenceError:
            return "nobody knows how many"
        return "1 package" if count == 1 else f"{count:,} packages"


class LogFiles:
    """Checkpoints, time stamps, keys and what else lies under ``log/``: each is copied once, under its own name."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._there: set[str] | None = None
        self._looked: tuple[int, ...] = ()

    def copy(self, replica: Replica) -> None:
        """Copy what is new. Looks at nothing while no folder has changed."""
        folders = [self._root / "log", *(self._root / "log" / each for each in _FOLDERS)]
        # Taken before the look: what comes in between is seen the next time.
        state = tuple(_changed(folder) for folder in folders)
        if state == self._looked:
            return
        if self._there is None:
            self._there = set(replica.keys("log/"))
        for path, key in self._files(folders):
            if key not in self._there:
                replica.put_new(key, path, digest_of(path))
                self._there.add(key)
        self._looked = state

    def _files(self, folders: list[Path]) -> Iterator[tuple[Path, str]]:
        for folder in folders[1:]:
            for path in sorted(folder.glob("*")):
                if path.is_file() and not path.name.endswith((".part", ".tmp")):
                    yield path, f"log/{folder.name}/{path.name}"
        for path in sorted(folders[0].glob("*.pem")):
            # These may be replaced by others of the same name, and no copy ever is.
            yield path, f"log/{path.stem}-{digest_of(path)[:12]}.pem"


def local_flaw(root: Path, package: Sealed) -> Flaw | None:
    """What is wrong with a package on this disk, if anything."""
    try:
        found = digest_of(root / package.path)
    except FileNotFoundError:
        return Flaw("archive", "missing", package)
    except OSError:
        return Flaw("archive", "unreadable", package)
    return None if found == package.sha256 else Flaw("archive", "altered", package, found)


def shows_something(path: Path) -> bool:
    """Whether a package holds media, pictures or the page's traffic. Of a restricted case such a one stays here: a copy
    in a locked bucket could not be taken back (18 U.S.C. 2252A)."""
    return any(
        name.startswith("data/media/") or (name.startswith("data/capture/") and not name.endswith(".json"))
        for name in bag.read(path).members
    )


def segment_key(first: int, last: int) -> str:
    """Where a piece of the log lies: its lines ``first`` to ``last``, counted from 0."""
    return f"log/entries-{first:012}-{last:012}.jsonl"


def trouble(root: Path) -> Trouble | None:
    """Why copying stands still, as whichever process copies has left it; ``None`` while it goes well."""
    try:
        return Trouble(**json.loads(_trouble_path(root).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _write_trouble(root: Path, found: Trouble) -> None:
    # No evidence: a note for `beadle evidence copies`, which runs in another process.
    temp = _trouble_path(root).with_suffix(".tmp")
    with suppress(OSError):
        temp.write_text(json.dumps(asdict(found)))
        os.replace(temp, _trouble_path(root))


def _trouble_path(root: Path) -> Path:
    return root / "copying.json"


def _changed(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _piece(path: Path, begin: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begin)
        data = file.read(end - begin)
    if len(data) != end - begin or not data.endswith(b"\n"):
        raise EvidenceError("The evidence log was cut while it was copied; run `beadle verify`.")
    return data
