"""A rule that acts more than it should stops acting, asks people, and says so once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from scipy import stats
from sqlmodel import Session, select

from bot import brake
from bot.acting import take_leave
from bot.brake import Tempo
from bot.ledger import trust
from bot.ledger.cases import File
from bot.ledger.tables import CaseStatus, Leave, RuleStart
from bot.ledger.trust import NOBODY, What
from bot.moderation.earned import Tally
from bot.pages import Signature
from bot.worker import Outbox
from connectors.contract import Author, Gone, Unavailable
from tests.engine import drain, for_office
from tests.office import KIND, SIGNATURE, SLUG, Office, open_office

RULE = "obscene-words"
BURST = 300
BAD = "This is bullshit, Dana, number {number}."
STRICT: Signature = replace(SIGNATURE, first_day=0.05)


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office in enforce, with the brake of a real page."""
    with open_office(sqlite_url, tmp_path) as opened:
        opened.rearrange(auto_hide=STRICT)
        yield opened


@pytest.fixture
def either(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The same, once on each database."""
    with open_office(database_url, tmp_path) as opened:
        opened.rearrange(auto_hide=STRICT)
        yield opened


def _say(office: Office, bad: int, good: int = 0, first: int = 0) -> None:
    for number in range(good):
        office.platform.say(f"{KIND} {first + number}")
    for number in range(bad):
        office.platform.say(BAD.format(number=first + number))
    office.poll()


def _statuses(office: Office) -> dict[str, int]:
    found = [office.case(case_id).status for case_id in office.all_cases()]
    return {status: found.count(status) for status in sorted(set(found))}


def _whats(office: Office) -> list[tuple[str, str]]:
    with Session(office.route.reading) as session:
        return [(event.rule, event.what) for event in trust.untold(session)]


def _seasoned(office: Office) -> None:
    """The rule's first day is long over: it acted twice on two hundred comments."""
    _say(office, bad=2, good=198)
    office.work()
    office.clock.pass_(timedelta(days=10).total_seconds())


# ── the numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("acts", "checked", "stops"),
    [(1, 1, False), (2, 2, False), (3, 3, True), (3, 59, True), (3, 60, False), (6, 100, True), (5, 100, False)],
)
def test_on_its_first_day_a_rule_stops_at_five_percent_and_more_than_two(acts: int, checked: int, stops: bool) -> None:
    """Both must be passed: two acts never stop it, and a twentieth of the comments doesn't."""
    assert (brake.first_day(Tempo(acts, checked)) is not None) is stops


def test_the_surge_test_is_the_binomial_tail_to_ten_digits() -> None:
    """Written by hand; scipy says the same."""
    for acts, checked, before, checked_before in [(8, 20, 28, 2800), (9, 400, 12, 9000), (30, 31, 1, 5), (8, 9, 0, 10)]:
        tempo = Tempo(acts, checked, before, checked_before)
        share = checked / (checked + checked_before)
        assert brake.chance(tempo) == pytest.approx(stats.binom.sf(acts - 1, acts + before, share), rel=1e-9)


def test_a_surge_against_its_own_rate_stops_a_rule_and_a_busy_hour_does_not() -> None:
    """Eight of twenty after one in a hundred; the same eight among eight hundred are as ever."""
    assert brake.later(Tempo(8, 20, 28, 2800)) is not None
    assert brake.later(Tempo(8, 800, 28, 2800)) is None
    assert brake.later(Tempo(7, 20, 28, 2800)) is None


def test_without_weeks_behind_it_the_share_of_a_first_day_holds() -> None:
    """Nothing was checked before: there is no rate to go by."""
    assert brake.later(Tempo(8, 20)) is not None
    assert brake.later(Tempo(8, 200)) is None


@pytest.mark.parametrize(("agreed", "decided"), [(0, 1), (1, 1), (0, 7), (7, 7), (59, 60), (97, 100), (312, 400)])
def test_the_interval_is_clopper_and_pearsons(agreed: int, decided: int) -> None:
    """Two-sided and exact; scipy says the same."""
    exact = stats.binomtest(agreed, decided).proportion_ci(0.95, "exact")
    assert Tally(agreed, decided).interval == pytest.approx((exact.low, exact.high), abs=1e-9)


# ── on the route ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_a_burst_only_two_get_through_and_the_others_wait_for_people(either: Office) -> None:
    """Three of three in one poll: the third stops the rule, with a sentence, once."""
    office = either
    _say(office, bad=12)
    office.work()

    assert office.writes() == ["hide", "hide"]
    assert _statuses(office) == {CaseStatus.HIDDEN: 2, CaseStatus.WAITING: 10}
    assert _whats(office) == [(RULE, "tripped")]
    because = {office.case(case_id).because for case_id in office.all_cases()}
    assert any("has stopped acting by itself on main and asks people" in each for each in because)
    assert any("was stopped by its brake" in each for each in because)


def test_five_of_a_hundred_are_no_reason_to_stop(office: Office) -> None:
    """The share that is allowed is allowed."""
    _say(office, bad=5, good=95)
    office.work()
    assert _statuses(office) == {CaseStatus.HIDDEN: 5}
    assert _whats(office) == []


def test_what_came_to_nothing_is_not_counted(office: Office) -> None:
    """Comments that were gone before they could be hidden: no act, no leave."""
    _say(office, bad=4)
    office.platform.fail("read", *[Gone("gone")] * 8)
    office.work()
    _say(office, bad=2, first=100)
    office.work()
    assert _whats(office) == []
    assert office.writes() == ["hide", "hide"]


def test_a_case_that_is_tried_again_is_counted_once(office: Office) -> None:
    """A platform that is away three times makes three tries and one act."""
    _say(office, bad=1)
    office.platform.fail("hide", *[Unavailable("away")] * 3)
    office.work()
    for _ in range(3):
        office.work_later()
    with Session(office.route.reading) as session:
        assert len(session.exec(select(Leave)).all()) == 1
    assert _statuses(office) == {CaseStatus.HIDDEN: 1}


def test_a_reset_lets_it_act_again_and_counts_from_then_on(office: Office) -> None:
    """What tripped it is not held against it twice; the brake is as quick as before."""
    _say(office, bad=4)
    office.work()
    office.clock.pass_(60)
    with Session(office.route.writing) as session, session.begin():
        trust.note(session, SLUG, RULE, What.RESET, "x", "reset", NOBODY, office.clock())
    _say(office, bad=4, first=50)
    office.work()
    assert office.writes() == ["hide"] * 4
    assert [what for _, what in _whats(office)] == ["tripped", "reset", "tripped"]


def test_another_rule_goes_on_acting(office: Office) -> None:
    """The brake is a rule's own."""
    _say(office, bad=3)
    office.work()
    office.platform.say("his ssn 219-09-9999")
    office.poll()
    office.work()
    assert office.writes() == ["hide"] * 3


def test_after_its_first_day_a_surge_stops_it(either: Office) -> None:
    """Eight accounts in an hour, where one comment in a hundred was its rate: seven are hidden."""
    office = either
    _seasoned(office)
    _say(office, bad=12, good=12, first=1000)
    office.work()
    assert office.writes() == ["hide"] * (2 + brake.FEWEST_RECENT - 1)
    assert _whats(office) == [(RULE, "tripped")]


def test_one_account_that_writes_twelve_times_is_no_surge_of_the_rule(office: Office) -> None:
    """It is a person's surge: every one breaks the clause."""
    _seasoned(office)
    for number in range(12):
        office.platform.say(BAD.format(number=2000 + number), author=Author("angry", "Pat"))
    office.poll()
    office.work()
    assert office.writes() == ["hide"] * 14
    assert _whats(office) == []


def test_a_new_version_of_the_policy_has_a_first_day_of_its_own(office: Office) -> None:
    """The start is kept for each digest; the first one's is older than a day by now."""
    _seasoned(office)
    with Session(office.route.writing) as session, session.begin():
        (start,) = [each for each in session.exec(select(RuleStart)).all() if each.rule == RULE]
        session.delete(start)
    _say(office, bad=3, first=3000)
    office.work()
    assert _whats(office) == [(RULE, "tripped")]


@pytest.fixture
def crowd(database_url: str, tmp_path: Path) -> Iterator[tuple[Office, str]]:
    """An office with a real worker's database."""
    with open_office(database_url, tmp_path) as opened:
        opened.rearrange(auto_hide=STRICT)
        yield opened, database_url


def test_acts_that_ask_in_the_same_moment_are_stopped_to_the_last_one(crowd: tuple[Office, str]) -> None:
    """Twelve threads through the real act, of a hundred comments: five are hidden, and it is said once."""
    office, _ = crowd
    for number in range(100):
        office.platform.say(BAD.format(number=number))
    office.poll()
    asked = office.all_cases()[:12]
    for case_id in asked:
        office.run("preserve", case_id)
    together = threading.Barrier(12)

    def act(case_id: str) -> str:
        together.wait(60)
        return office.route.act(case_id)["status"]

    with ThreadPoolExecutor(12) as threads:
        came = list(threads.map(act, asked))

    assert (came.count("done"), came.count("asks")) == (5, 7)
    assert _whats(office) == [(RULE, "tripped")]


def test_of_three_hundred_that_ask_for_leave_together_fifteen_have_it(crowd: tuple[Office, str]) -> None:
    """A twentieth of three hundred, to the last one, however many ask in the same moment."""
    office, _ = crowd
    for number in range(BURST):
        office.platform.say(BAD.format(number=number))
    office.poll()
    files = [office.file(case_id) for case_id in office.all_cases()]

    def ask(file: File) -> bool:
        with Session(office.route.writing) as session, session.begin():
            return take_leave(session, file, office.desk, office.clock()) is None

    with ThreadPoolExecutor(12) as threads:
        had = list(threads.map(ask, files))

    assert (len(had), sum(had)) == (BURST, int(0.05 * BURST))
    assert _whats(office) == [(RULE, "tripped")]


def test_a_burst_through_the_real_engine_is_stopped_like_any_other(crowd: tuple[Office, str]) -> None:
    """The durable engine works on four acts at a time; of twelve, two are hidden and ten ask."""
    office, url = crowd
    outbox = Outbox(url)
    office.route = replace(office.route, orders=outbox)
    for number in range(12):
        office.platform.say(BAD.format(number=number))
    with for_office(office, url, outbox) as running:
        office.poll()
        drain(running, outbox)
    outbox.close()

    assert office.writes() == ["hide", "hide"]
    assert _statuses(office) == {CaseStatus.HIDDEN: 2, CaseStatus.WAITING: 10}
    assert _whats(office) == [(RULE, "tripped")]
