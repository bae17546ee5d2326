"""The beadle's rounds: every page is polled when its time comes, outside the durable engine.

A poll is repeatable and its cursor is kept with its comments, so nothing about it needs to be durable. One page that
hangs or fails never stops another; an outage is told once when it begins and once when it ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from bot import fields
from bot.desk import Desk
from bot.ledger import sightlines, watch
from bot.pipeline import Route
from connectors.contract import AuthFailed, ConnectorError, PermissionLost, RateLimited

log = structlog.get_logger(__name__)

POLLS = "poll"
_AT_ONCE = 8
_GRACE_S = 3.0
_LONGEST_WAIT = timedelta(minutes=15)

# A page that has been quiet so long is read so many times more rarely than `poll_every`, which is the fastest.
_PACES = (
    (timedelta(hours=2), 1),
    (timedelta(hours=12), 2),
    (timedelta(days=2), 3),
    (timedelta(days=7), 4),
)
_SLOWEST = 5


@dataclass(frozen=True, slots=True)
class Round:
    """One poll of one page. ``failure`` is the sentence that says why it did not come to its end; ``last_event``: when
    something was last posted there, or changed."""

    page: str
    comments: int = 0
    cases: int = 0
    failure: str | None = None
    wait: timedelta | None = None
    last_event: datetime | None = field(default=None, compare=False)


@dataclass(slots=True)
class _Turn:
    desk: Desk
    due: datetime
    failures: int = 0
    started: datetime | None = None
    running: Future[Round] | None = field(default=None, repr=False)


class Rounds:
    """Polls pages. ``tell`` gets one sentence and a key when a page breaks or mends."""

    def __init__(self, route: Route, tell: Callable[[Desk, str, str], None]) -> None:
        self._route, self._tell = route, tell
        self._woken: set[str] = set()
        self._lock = threading.Lock()
        with Session(route.writing) as session, session.begin():
            for desk in route.desks.values():
                watch.enrol(session, desk.page.slug, desk.page.platform, desk.page.page_id, route.clock())

    def once(self, each: Callable[[Round], None] = lambda _: None) -> list[Round]:
        """Poll every page once, several at a time."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=POLLS) as pool:
            done = []
            for found in pool.map(self._poll_whatever_comes, self._route.desks.values()):
                each(found)
                done.append(found)
            return done

    def wake(self, pages: Collection[str]) -> None:
        """Poll these pages as soon as their platform's least pace allows, by their slugs: something happened there."""
        with self._lock:
            self._woken.update(pages)

    def run(self, stop: threading.Event, tick: Callable[[datetime], None]) -> None:
        """Poll each page at its pace until ``stop``. ``tick`` is called about once a second; it must not block.

        A poll that hangs when ``stop`` comes is left behind after some seconds: its cursor has not moved.
        """
        turns = [_Turn(desk, self._route.clock()) for desk in self._route.desks.values()]
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=POLLS)
        try:
            while not stop.is_set():
                now = self._route.clock()
                for turn in turns:
                    self._take_turn(pool, turn, now)
                tick(now)
                stop.wait(_pause(turns, self._route.clock()))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            wait([turn.running for turn in turns if turn.running is not None], timeout=_GRACE_S)

    def poll(self, desk: Desk) -> Round:
        """Poll one page to its end, and note how it went."""
        comments = cases = changes = 0
        slug = desk.page.slug
        try:
            for kept in self._route.ingest(desk):
                comments += kept.new_comments
                changes += kept.new_revisions
                cases += len(kept.cases)
        except ConnectorError as error:
            sentence = _sentence(desk, error)
            self._failed(desk, error, sentence)
            pause = error.until - self._route.clock() if isinstance(error, RateLimited) else None
            return Round(slug, comments, cases, sentence, pause)
        self._seen(desk)
        if comments:
            log.info("polled", page=slug, comments=comments, cases=cases)
        return Round(slug, comments, cases, last_event=self._last_event(desk, changed=changes > 0))

    def _take_turn(self, pool: ThreadPoolExecutor, turn: _Turn, now: datetime) -> None:
        if turn.running is not None and turn.running.done():
            found, turn.running = turn.running.result(), None
            turn.failures = turn.failures + 1 if found.failure else 0
            turn.due = now + _wait(pace(turn.desk, found, now), found, turn.failures)
        self._wake(turn, now)
        if turn.running is None and now >= turn.due:
            turn.started = now
            turn.running = pool.submit(self._poll_whatever_comes, turn.desk)

    def _wake(self, turn: _Turn, now: datetime) -> None:
        """Bring a woken page forward. A page that fails, or was asked to wait, keeps to its time."""
        slug = turn.desk.page.slug
        with self._lock:
            if slug not in self._woken or turn.running is not None or turn.failures:
                return
            self._woken.discard(slug)
        least = turn.desk.connector.capabilities.least_poll
        turn.due = min(turn.due, max(now, (turn.started or now - least) + least))

    def _last_event(self, desk: Desk, *, changed: bool) -> datetime | None:
        if changed:
            return self._route.clock()
        with Session(self._route.reading) as session:
            return sightlines.newest_event(session, desk.page.slug)

    def _poll_whatever_comes(self, desk: Desk) -> Round:
        try:
            return self.poll(desk)
        except Exception as error:
            # A fault of ours on one page must not end the rounds of all others: it is said, and tried again later.
            log.exception("a poll failed in a way that it should not", page=desk.page.slug)
            return Round(desk.page.slug, failure=f"{type(error).__name__} while polling; see the log")

    def _seen(self, desk: Desk) -> None:
        with Session(self._route.writing) as session, session.begin():
            turn = watch.seen(session, desk.page.slug, self._route.clock())
        if turn.mended:
            minutes = round(turn.blind_seconds / 60, 1)
            log.info("page can be read again", page=desk.page.slug, blind_minutes=minutes)
            self._tell(desk, f"{desk.page.name} can be read again. It was blind for {minutes:g} minutes.", "mended")

    def _failed(self, desk: Desk, error: ConnectorError, sentence: str) -> None:
        with Session(self._route.writing) as session, session.begin():
            turn = watch.failed(session, desk.page.slug, sentence, self._route.clock())
        if turn.broke:
            log.error("page can't be read", page=desk.page.slug, because=sentence, **_facts(error))
            self._tell(desk, f"{desk.page.name} can't be read: {sentence}", "broke")


def failures(done: Sequence[Round]) -> list[Round]:
    """The rounds that did not come to their end."""
    return [each for each in done if each.failure]


def pace(desk: Desk, found: Round, now: datetime) -> timedelta:
    """How soon a page is read again: at ``poll_every`` while something happens, ever more rarely when it is quiet.

    What stands in for a platform on this machine has no limits to spare.
    """
    poll_every = desk.page.poll_every
    if found.failure or fields.is_loopback(desk.page.base_url):
        return poll_every
    return poll_every * _SLOWEST if found.last_event is None else slowed(poll_every, now - found.last_event)


def slowed(poll_every: timedelta, quiet: timedelta) -> timedelta:
    """The pause of a page on which nothing has happened for so long: one to five times its fastest."""
    return poll_every * next((times for limit, times in _PACES if quiet < limit), _SLOWEST)


def _wait(poll_every: timedelta, found: Round, failures_in_a_row: int) -> timedelta:
    if found.wait is not None:
        return max(found.wait, poll_every)
    doubled: timedelta = poll_every * (1 << min(failures_in_a_row, 6))
    return min(doubled, max(_LONGEST_WAIT, poll_every))


def _pause(turns: Sequence[_Turn], now: datetime) -> float:
    soonest = min((turn.due for turn in turns if turn.running is None), default=now + timedelta(seconds=1))
    return min(max((soonest - now).total_seconds(), 0.05), 1.0)


def _sentence(desk: Desk, error: ConnectorError) -> str:
    """What went wrong; for a dead token with the file and line that say where a new one goes."""
    at = desk.page.token_at if isinstance(error, AuthFailed) else ""
    return f"{at}: {error.sentence}" if at else error.sentence


def _facts(error: ConnectorError) -> dict[str, object]:
    kind = "token" if isinstance(error, AuthFailed) else "permission" if isinstance(error, PermissionLost) else None
    return {"kind": kind} if kind else {"kind": type(error).__name__}
