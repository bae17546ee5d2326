"""The rounds: each page at its pace, none in another's way, an outage told once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot.desk import Desk
from bot.ledger import watch
from bot.rounds import Round as Found
from bot.rounds import Rounds, _Turn, _wait, failures, pace
from connectors.contract import AuthFailed, Batch, PermissionLost, RateLimited, Unavailable
from tests.office import KIND, NOW, PROFANE, SLUG, Office, open_office

PATIENCE_S = 30.0
POLL_EVERY = timedelta(minutes=1)


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def told() -> list[tuple[str, str]]:
    """What people were told: sentence and key."""
    return []


@pytest.fixture
def rounds(office: Office, told: list[tuple[str, str]]) -> Rounds:
    """The rounds of the office's one page."""
    return Rounds(office.route, lambda _, sentence, key: told.append((sentence, key)))


def second_page(office: Office) -> None:
    """A page beside the first, with a platform of its own that fails in a way that nobody foresaw."""

    class Broken:
        platform = "facebook"
        capabilities = office.platform.capabilities

        def poll(self, cursor: str | None) -> Iterator[Batch]:
            raise ZeroDivisionError

    page = replace(office.page, slug="library", page_id="2024", name="Library")
    desk = replace(office.desk, page=page, connector=Broken())  # type: ignore[arg-type]
    office.route = replace(office.route, desks={"library": desk, **office.route.desks})


def test_a_round_counts_what_is_new(office: Office, rounds: Rounds) -> None:
    """Two comments, one case; the second round brings nothing."""
    office.platform.say(KIND)
    office.platform.say(PROFANE)

    assert rounds.once() == [Found(SLUG, comments=2, cases=1)]
    assert rounds.once() == [Found(SLUG)]


def test_a_page_is_enrolled_once_and_keeps_its_cursor(office: Office, rounds: Rounds) -> None:
    """A restart goes on where the last poll ended."""
    rounds.once()
    Rounds(office.route, lambda *_: None)
    with Session(office.route.reading) as session:
        assert watch.cursor(session, SLUG) == "after None"


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends(
    office: Office, rounds: Rounds, told: list[tuple[str, str]]
) -> None:
    """A night without the platform is two sentences, not five hundred; the second says how long nobody looked."""
    rounds.once()
    office.platform.fail("poll", *[Unavailable("The platform does not answer.")] * 3)
    for _ in range(4):
        office.clock.pass_(60)
        rounds.once()

    assert told == [
        ("Town of Millbrook can't be read: The platform does not answer.", "broke"),
        ("Town of Millbrook can be read again. It was blind for 4 minutes.", "mended"),
    ]


@pytest.mark.parametrize(
    ("error", "kind"), [(AuthFailed("Dead."), "token"), (PermissionLost("No."), "permission"), (Unavailable("?"), "Un")]
)
def test_the_log_says_what_kind_of_failure_it_was(office: Office, rounds: Rounds, error: Exception, kind: str) -> None:
    """A dead token is another morning's work than a platform that is down."""
    office.platform.fail("poll", error)
    with capture_logs() as said:
        rounds.once()

    assert [str(line["kind"]).startswith(kind) for line in said if line["log_level"] == "error"] == [True]


def test_what_a_failed_poll_brought_before_it_failed_is_kept(office: Office, rounds: Rounds) -> None:
    """Batches are kept as they come; the cursor moves with each."""
    office.platform.say(KIND)

    def half(cursor: str | None) -> Iterator[Batch]:
        yield Batch(tuple(office.platform.comments.values()), (), "half", last=False)
        raise Unavailable("The connection broke.")

    office.platform.poll = half  # type: ignore[method-assign]

    assert rounds.once() == [Found(SLUG, 1, 0, "The connection broke.")]
    assert len(office.comments()) == 1


def test_a_fault_of_ours_on_one_page_stops_no_other(office: Office) -> None:
    """Also in `run --once`: the broken page is named, the whole one is read."""
    second_page(office)
    office.platform.say(KIND)
    with capture_logs() as said:
        done = Rounds(office.route, lambda *_: None).once()

    assert [found.page for found in failures(done)] == ["library"]
    assert failures(done)[0].failure == "ZeroDivisionError while polling; see the log"
    assert [(found.page, found.comments) for found in done if not found.failure] == [(SLUG, 1)]
    assert [line["page"] for line in said if line["log_level"] == "error"] == ["library"]


def test_the_rounds_go_on_until_they_are_stopped_and_a_page_waits_for_its_time(office: Office) -> None:
    """Within its minute a page is polled once; when its time has come, again; a stop ends it."""
    office.platform.say(KIND)
    ticks: list[datetime] = []
    _until(office, lambda: len(ticks) >= 3 and office.journal == ["poll"], ticks, forward=0)
    _until(office, lambda: office.journal.count("poll") >= 3, ticks, forward=61)

    assert len(ticks) >= 4


def test_a_hung_page_holds_no_other_back(office: Office) -> None:
    """While one page's poll does not come back, the others are polled at their pace."""
    let_go, hung = threading.Event(), threading.Event()
    office.platform.say(KIND)
    second_page(office)

    class Hung:
        platform = "facebook"
        capabilities = office.platform.capabilities

        def poll(self, cursor: str | None) -> Iterator[Batch]:
            hung.set()
            let_go.wait(PATIENCE_S)
            yield from ()

    library = replace(office.route.desks["library"], connector=Hung())  # type: ignore[arg-type]
    office.route = replace(office.route, desks={"library": library, SLUG: office.desk})

    def enough() -> bool:
        found = hung.is_set() and office.journal.count("poll") >= 2
        if found:
            let_go.set()
        return found

    _until(office, enough, [], forward=61)

    assert office.journal.count("poll") >= 2


def test_a_fault_of_ours_does_not_end_the_rounds(office: Office) -> None:
    """It is tried again, with longer and longer pauses, while the others go on."""
    office.platform.say(KIND)
    second_page(office)
    with capture_logs() as said:
        _until(office, lambda: office.journal.count("poll") >= 2, [], forward=200)

    assert len([line for line in said if line["log_level"] == "error"]) >= 1


@pytest.mark.parametrize(
    ("found", "failed", "wait"),
    [
        (Found(SLUG), 0, 1),
        (Found(SLUG, failure="x"), 1, 2),
        (Found(SLUG, failure="x"), 3, 8),
        (Found(SLUG, failure="x"), 60, 15),
        (Found(SLUG, failure="x", wait=timedelta(minutes=40)), 1, 40),
        (Found(SLUG, failure="x", wait=timedelta(seconds=3)), 1, 1),
    ],
)
def test_a_page_that_fails_is_asked_less_and_less_and_never_before_the_platform_allows(
    found: Found, failed: int, wait: int
) -> None:
    """Doubling up to a quarter of an hour; the platform's own wait stands above ours."""
    assert _wait(POLL_EVERY, found, failed) == timedelta(minutes=wait)


def test_a_rate_limit_names_the_wait(office: Office, rounds: Rounds) -> None:
    """Until when, as the platform's own headers say."""
    office.platform.fail("poll", RateLimited("Wait.", until=NOW + timedelta(minutes=7)))

    assert rounds.once()[0].wait == timedelta(minutes=7)


@pytest.mark.parametrize(
    ("quiet", "minutes"),
    [
        (timedelta(minutes=-5), 1),
        (timedelta(hours=1), 1),
        (timedelta(hours=2), 2),
        (timedelta(days=1), 3),
        (timedelta(days=3), 4),
        (timedelta(days=30), 5),
    ],
)
def test_a_quiet_page_is_read_more_rarely_and_never_below_a_fifth(
    office: Office, quiet: timedelta, minutes: int
) -> None:
    """``poll_every`` is the fastest: its calls are kept for pages on which something happens."""
    found = Found(SLUG, last_event=NOW - quiet)

    assert pace(office.desk, found, NOW) == timedelta(minutes=minutes)


def test_a_page_without_anything_is_the_quietest_and_a_failing_one_has_its_own_pace(office: Office) -> None:
    """What fails is waited for by its failures; a stand-in on this machine has no limits to spare."""
    long_ago = Found(SLUG, last_event=NOW - timedelta(days=30))
    assert pace(office.desk, Found(SLUG), NOW) == 5 * POLL_EVERY
    assert pace(office.desk, replace(long_ago, failure="x"), NOW) == POLL_EVERY

    office.rearrange(base_url="http://127.0.0.1:8080")
    assert pace(office.desk, long_ago, NOW) == POLL_EVERY


def test_a_round_knows_when_something_last_happened(office: Office, rounds: Rounds) -> None:
    """The newest comment or post, and this moment for a change: an edit of old words counts, too."""
    old = office.platform.say(KIND, posted_at=NOW - timedelta(days=3))
    first = rounds.once()[0]
    second = rounds.once()[0]
    office.platform.edit(old.ref, PROFANE)

    assert (first.last_event, second.last_event) == (NOW, NOW - timedelta(days=1))
    assert rounds.once()[0].last_event == NOW


def test_a_woken_page_is_polled_before_its_time_but_not_faster_than_its_platform_allows(office: Office) -> None:
    """A webhook brings the poll forward; a page that wasn't woken keeps to its time."""
    rounds = Rounds(office.route, lambda *_: None)
    stop, seen = threading.Event(), []
    late = threading.Timer(PATIENCE_S, stop.set)
    late.start()

    def tick(now: datetime) -> None:
        seen.append((now - NOW).total_seconds())
        if office.journal == ["poll"] and len(seen) < 100:
            rounds.wake({SLUG, "another"})
            office.clock.pass_(1)
        elif office.journal != ["poll"] and len(seen) > 1:
            stop.set()

    rounds.run(stop, tick)
    late.cancel()

    assert office.journal == ["poll", "poll"]
    assert 5 <= seen[-1] < 60


def test_a_webhook_hurries_no_page_that_was_asked_to_wait(office: Office) -> None:
    """The platform's own wait stands above its own webhook."""
    rounds = Rounds(office.route, lambda *_: None)
    turn = _Turn(office.desk, due=NOW + timedelta(minutes=7), failures=1, started=NOW - timedelta(hours=1))
    rounds.wake({SLUG})
    rounds._wake(turn, NOW)
    assert turn.due == NOW + timedelta(minutes=7)

    turn.failures = 0
    rounds._wake(turn, NOW)
    assert turn.due == NOW


def _until(office: Office, enough: Callable[[], bool], ticks: list[datetime], *, forward: float) -> None:
    """Run the rounds; at each tick ``forward`` seconds pass; stop when it is enough, or fail after some patience."""
    stop = threading.Event()
    late = threading.Timer(PATIENCE_S, stop.set)
    late.start()

    def tick(now: datetime) -> None:
        ticks.append(now)
        if enough():
            stop.set()
        office.clock.pass_(forward)

    told: Callable[[Desk, str, str], None] = lambda *_: None  # noqa: E731
    Rounds(office.route, told).run(stop, tick)
    late.cancel()
    assert enough(), "waited in vain"
