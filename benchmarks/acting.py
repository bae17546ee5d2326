"""How fast violators are preserved, verified and hidden by the real daemon, and what memory that takes."""

from __future__ import annotations

import itertools
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from memory import Watch
from sqlmodel import Session, select

from bot.demo.home import Home, furnish
from bot.demo.script import Script
from bot.demo.town import Town
from bot.evidence.proof.verify import verify_archive
from bot.ledger import database, watch
from bot.ledger.tables import Case, CommentRow, Evidence, Revision

_POSTS = 4
_TICK_S = 0.2
_PATIENCE_S = 90.0
Tick = Callable[[int, int], None]


class BenchmarkError(Exception):
    """A figure could not be taken. The sentence ends with what the daemon said last."""


@dataclass(frozen=True, slots=True)
class Hiding:
    """Violators that were posted, and what came of them. Delays are in seconds: from the moment at which the comment
    was first seen in the platform's answer to the arrival of the call that hides it. Memory is in bytes."""

    violators: int
    hidden: int
    proven_before: int
    pictures: int
    seconds: float
    median_s: float
    p95_s: float
    daemon_memory: int
    browser_memory: int
    archive_as_sealed: bool

    @property
    def per_minute(self) -> float:
        """From the first look at the first one to the last one's hide."""
        return self.hidden / self.seconds * 60


@dataclass(frozen=True, slots=True)
class _Fate:
    seen: datetime
    sealed: datetime
    hidden: datetime
    picture: str


def measure(texts: Sequence[str], count: int, folder: Path, tick: Tick, *, pause_s: float = 0.0, **more: str) -> Hiding:
    """Post ``count`` violators, ``pause_s`` apart, under a running daemon, and wait until all are hidden.

    ``more`` are environment variables of the daemon. Raises ``BenchmarkError``.
    """
    with Town(Script.empty(), folder / "town") as town:
        home = furnish(town, folder, **{"BEADLE_DATABASE_URL": f"sqlite:///{folder}/beadle.db", **more})
        url = database.normalise(home.environment["BEADLE_DATABASE_URL"])
        posts = [town.publish(f"Notice number {each} of the town.").id for each in range(_POSTS)]
        with _daemon(home, url) as daemon, Watch(daemon.pid) as memory:
            for number, text in enumerate(itertools.islice(itertools.cycle(texts), count)):
                town.say(text, by=f"Visitor {number}", post=posts[number % _POSTS])
                time.sleep(pause_s)
                tick(len(town.wall.journal), count)
            _until_hidden(town, count, daemon, home, tick)
            memory.look()
        hidden = {write.comment_id: write.at for write in town.wall.journal if write.verb == "hide"}
    fates = _fates(url, hidden)
    return _reckon(fates, count, memory, verify_archive(home.archive).exit_code == 0)


@contextmanager
def _daemon(home: Home, url: str) -> Iterator[subprocess.Popen[bytes]]:
    daemon = home.beadle("run", log=home.folder / "daemon.log")
    try:
        until = time.monotonic() + _PATIENCE_S
        while not _has_polled(url):
            _refuse_dead(daemon, home, until)
            time.sleep(_TICK_S)
        yield daemon
    finally:
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(timeout=30)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _has_polled(url: str) -> bool:
    if not database.is_ready(url):
        return False
    engine = database.reading_engine(url)
    try:
        with Session(engine) as session:
            return any(row.polls for row in watch.pages(session))
    except sa.exc.OperationalError:
        return False  # the daemon is just making its tables
    finally:
        engine.dispose()


def _until_hidden(town: Town, count: int, daemon: subprocess.Popen[bytes], home: Home, tick: Tick) -> None:
    seen, until = 0, time.monotonic() + _PATIENCE_S
    while len(town.wall.journal) < count:
        if len(town.wall.journal) > seen:
            seen, until = len(town.wall.journal), time.monotonic() + _PATIENCE_S
        _refuse_dead(daemon, home, until)
        tick(seen, count)
        time.sleep(_TICK_S)
    tick(count, count)


def _refuse_dead(daemon: subprocess.Popen[bytes], home: Home, until: float) -> None:
    if daemon.poll() is None and time.monotonic() < until:
        return
    said = (home.folder / "daemon.log").read_text("utf-8", "replace").strip().splitlines()
    raise BenchmarkError(f"the daemon ended, or did nothing for {_PATIENCE_S:g} s; it said: {said[-1:]}")


def _fates(url: str, hidden: dict[str, datetime]) -> list[_Fate]:
    engine = database.reading_engine(url)
    query = (
        select(CommentRow.comment_id, CommentRow.first_seen_at, Evidence.sealed_at, Evidence.picture)
        .join(Revision, Revision.comment == CommentRow.id)  # type: ignore[arg-type]
        .join(Case, Case.revision == Revision.id)  # type: ignore[arg-type]
        .join(Evidence, Evidence.case_id == Case.case_id)  # type: ignore[arg-type]
    )
    try:
        with Session(engine) as session:
            rows = session.exec(query).all()
    finally:
        engine.dispose()
    return [
        _Fate(seen.astimezone(UTC), sealed.astimezone(UTC), hidden[key], picture)
        for key, seen, sealed, picture in rows
        if key in hidden
    ]


def _reckon(fates: Sequence[_Fate], count: int, memory: Watch, archive_as_sealed: bool) -> Hiding:
    delays = sorted((fate.hidden - fate.seen).total_seconds() for fate in fates)
    return Hiding(
        violators=count,
        hidden=len(fates),
        proven_before=sum(fate.sealed < fate.hidden for fate in fates),
        pictures=sum(fate.picture == "proof" for fate in fates),
        seconds=(max(fate.hidden for fate in fates) - min(fate.seen for fate in fates)).total_seconds(),
        median_s=statistics.median(delays),
        p95_s=delays[min(round(0.95 * len(delays)), len(delays) - 1)],
        daemon_memory=memory.own,
        browser_memory=memory.below,
        archive_as_sealed=archive_as_sealed,
    )
