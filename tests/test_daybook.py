"""The facts of a day: what came, what was done, what waits, what is proven; and what a room can't say is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot import daybook, tidings
from bot.app import Beadle
from bot.authority import Verb
from bot.daybook import gather
from bot.errors import PolicyError
from bot.ledger import cases, watch
from bot.ledger.spending import SpendingInLedger
from bot.ledger.tables import CaseStatus
from bot.preflight import Fit
from bot.restricting import Restricting
from connectors.contract import Attachment, Author, Health, Unavailable
from tests.office import COARSE, KIND, PROFANE, SLUG, Office, open_office, voice
from tests.townhall import enrol, local, put_together

TODAY = date(2026, 11, 21)


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def beadle(office: Office, sqlite_url: str, tmp_path: Path) -> Iterator[Beadle]:
    """The office put together as the daemon has it."""
    with put_together(office, sqlite_url, "smtp://127.0.0.1:1", tmp_path) as made:
        yield made


def test_the_facts_are_those_of_the_day(office: Office, beadle: Beadle) -> None:
    """What came, what was hidden under which clause, what waits, what people decided, what is proven."""
    office.settled_case(COARSE)
    hidden = office.settled_case()
    office.platform.say(KIND)
    office.poll()
    office.review.decide(hidden, Verb.RESTORE, voice(), "a misunderstanding")
    office.work()
    facts = gather(beadle, TODAY)

    assert (facts.kept, facts.judged, facts.left_up, facts.hidden, facts.waiting) == (3, 3, 1, 1, 1)
    assert [(each.clause, each.waiting) for each in facts.clauses] == [("3.4.3.A", 1)]
    assert [(each.verb, each.role, each.clause) for each in facts.decisions] == [("restore", "sma", "3.4.3.A")]
    assert (facts.evidence_verified, facts.evidence_total) == (2, 2)
    assert facts.chain_head == beadle.archive.head().sha256
    assert [(page.name, page.comments) for page in facts.pages] == [("Town of Millbrook", 3)]


def test_the_words_of_private_data_are_not_mailed(office: Office, beadle: Beadle) -> None:
    """A mailbox is no place for what the policy hides; the case is named instead."""
    office.rearrange(auto_hide=None)
    case_id = office.settled_case("his ssn 219-09-9999")
    facts = gather(replace(beadle, route=office.route), TODAY)

    assert [(each.case_id, each.excerpt, each.urgent) for each in facts.waiting_cases] == [(case_id, None, True)]
    assert facts.urgent_waiting == 1


def test_a_day_is_as_long_as_it_is(office: Office, beadle: Beadle) -> None:
    """The last hour of a day of 25 belongs to it; the first after one of 23 does not."""
    for moment in ("2026-11-01T23:30:00", "2026-03-08T23:30:00", "2026-03-09T00:30:00"):
        office.clock.now = local(moment)
        office.platform.say(KIND, posted_at=office.clock.now)
        office.poll()

    assert [gather(beadle, day).kept for day in (date(2026, 11, 1), date(2026, 3, 8), date(2026, 3, 9))] == [1, 1, 1]


def test_blind_minutes_count_only_the_part_of_an_outage_that_lies_in_the_day(office: Office, beadle: Beadle) -> None:
    """An outage over midnight is shared between two mails."""
    with Session(office.route.writing) as session, session.begin():
        watch.seen(session, SLUG, local("2026-11-20T23:00:00"))
        watch.failed(session, SLUG, "No answer.", local("2026-11-20T23:10:00"))
        watch.seen(session, SLUG, local("2026-11-21T00:30:00"))
    day_after = gather(beadle, TODAY)

    assert [page.blind_minutes for page in day_after.pages] == [30]


def test_what_is_wrong_now_is_a_problem_with_what_to_do(office: Office, beadle: Beadle) -> None:
    """A refused page, a blind page, a case in quarantine, a package that does not hold."""
    case_id = office.settled_case()
    office.package(case_id).unlink()
    office.platform.fail("poll", Unavailable("No answer."))
    with Session(office.route.writing) as session, session.begin():
        watch.failed(session, SLUG, "The platform does not answer.", office.clock())
        cases.move(session, case_id, CaseStatus.QUARANTINED, "x", office.clock())
    object.__setattr__(beadle.configuration, "refused", (PolicyError("clinton.yaml:7: vague."),))
    facts = gather(beadle, TODAY)

    assert facts.problems == (
        "clinton.yaml:7: vague.",
        "Town of Millbrook can't be read: The platform does not answer.",
        f"Case {case_id} is in quarantine; `beadle show {case_id}` says why.",
    )
    assert (facts.evidence_verified, facts.evidence_total) == (0, 1)
    assert facts.pages[0].polled is False


def test_a_restricted_case_is_a_problem_whose_words_are_not_mailed(office: Office, beadle: Beadle) -> None:
    """Slack may be off: who reads the digest learns what a person must do, and nothing else of it."""
    case_id = office.settled_case(COARSE)
    before = gather(beadle, TODAY)
    Restricting(office.route, office.review.why_not).restrict(case_id, voice(), "police file 26-118")
    facts = gather(beadle, TODAY)

    assert (before.problems, before.waiting_cases[0].excerpt) == ((), COARSE)
    assert facts.problems == (daybook.RESTRICTED.format(case_id=case_id),)
    assert (facts.waiting_cases[0].excerpt, facts.urgent_waiting) == (None, 1)


def test_pictures_that_nothing_reads_are_counted_for_the_day(office: Office, beadle: Beadle) -> None:
    """With words and without."""
    photo = (Attachment("photo", "https://scontent.example.net/a.jpg"),)
    for text in (KIND, ""):
        office.platform.say(text, attachments=photo)
    office.poll()

    assert (gather(beadle, TODAY).with_media, gather(beadle, TODAY).media_alone) == (2, 1)


def test_accounts_with_two_strikes_are_listed_as_displayed(office: Office, beadle: Beadle) -> None:
    """Only what a person confirmed counts, most first; a void strike counts for nothing."""
    author = Author("a77", "Mallory Reyes")
    first = office.settled_case(author=author)
    second = office.settled_case("More bullshit from the council, as always.", author=author)
    for case_id in (first, second):
        office.review.decide(case_id, Verb.APPROVE, voice(), "a listed word")
    office.work()
    before = gather(beadle, TODAY).offenders
    office.review.decide(first, Verb.RESTORE, voice(), "no")
    office.work()

    assert [(each.displayed_as, each.provisional, each.confirmed) for each in before] == [("Mallory Reyes", 0, 2)]
    assert gather(beadle, TODAY).offenders == ()


def test_a_log_that_was_cut_is_a_problem_in_the_digest_and_does_not_stop_it(office: Office, beadle: Beadle) -> None:
    """The mail says it first, and goes out all the same."""
    office.settled_case()
    beadle.notary.checkpoint(office.clock())
    path = office.route.archive.root / "log" / "entries.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    facts = gather(beadle, TODAY)

    assert any("lines were cut off" in problem for problem in facts.problems)
    assert facts.chain_head is None


def test_what_was_hidden_and_shown_again_stands_under_its_clause(office: Office, beadle: Beadle) -> None:
    """Acts count on the day on which they were done, whatever became of the case since."""
    hidden = office.settled_case(PROFANE)
    office.review.decide(hidden, Verb.RESTORE, voice(), "a misunderstanding")
    office.work()
    facts = gather(beadle, TODAY)

    assert [(each.clause, each.hidden, each.reversed) for each in facts.clauses] == [("3.4.3.A", 1, 1)]
    assert (facts.hidden, facts.reversed, facts.lapsed, facts.by_appeal) == (1, 1, 0, 0)
    assert [(each.comments, each.hidden, each.reversed) for each in facts.trend[-2:]] == [(0, 0, 0), (1, 1, 1)]
    assert gather(beadle, date(2026, 11, 20)).reversed == 0


def test_how_long_the_oldest_has_waited_is_said(office: Office, beadle: Beadle) -> None:
    """Of everything that waits, however long the list is."""
    office.settled_case(COARSE)
    office.clock.pass_(3 * 86_400)

    assert gather(beadle, TODAY).oldest == timedelta(days=3)
    assert [each.age for each in gather(beadle, TODAY).waiting_cases] == [timedelta(days=3)]


def test_a_page_that_came_in_the_middle_of_the_day_says_since_when(office: Office, beadle: Beadle) -> None:
    """What was before nobody saw; a page that came afterwards has no part in the day."""
    enrol(beadle, local("2026-11-21T14:05:00"))
    half = gather(beadle, TODAY).pages
    enrol(beadle, local("2026-11-22T00:00:00"))

    assert [page.since for page in half] == [local("2026-11-21T14:05:00")]
    assert gather(beadle, TODAY).pages == ()


def test_the_trend_is_four_weeks_of_local_days(office: Office, beadle: Beadle) -> None:
    """A comment of the last minute of a day belongs to it, also where the day has 25 hours."""
    for moment in ("2026-11-01T23:59:00", "2026-11-02T00:01:00"):
        office.clock.now = local(moment)
        office.platform.say(KIND, posted_at=office.clock.now)
        office.poll()
    days = gather(beadle, date(2026, 11, 10)).trend

    assert (len(days), days[-1].day) == (28, date(2026, 11, 10))
    assert {day.day: day.comments for day in days if day.comments} == {date(2026, 11, 1): 1, date(2026, 11, 2): 1}
    assert gather(beadle, date(2026, 10, 1)).trend == ()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=11), "Town of Millbrook: its token runs out on Wed 2 Dec 2026, in 11 days; put in a new one"),
        (timedelta(days=-1), "Town of Millbrook: its token ran out on Fri 20 Nov 2026; put in a new one."),
        (timedelta(days=61), None),
    ],
)
def test_a_token_that_runs_out_is_told_weeks_ahead(
    office: Office, beadle: Beadle, left: timedelta, said: str | None
) -> None:
    """As the last check of the page found it."""
    office.clock.now = local("2026-11-21T12:00:00")
    health = Health(ok=True, token_expires_at=office.clock.now + left)
    beadle.fitness._known[SLUG] = Fit(SLUG, (), office.clock.now, health)
    found = gather(beadle, TODAY).tokens

    assert [line.startswith(said or "?") for line in found] == ([True] if said else [])


def test_what_was_spent_of_an_allowance_is_told(office: Office, beadle: Beadle) -> None:
    """Of the day, hours together; of the month so far; of other days nothing."""
    spending = SpendingInLedger(office.route.reading, office.route.writing)
    for key, period, units in (
        ("youtube:abc:units", "2026-11-21", 4120),
        ("youtube:abc:units", "2026-11-20", 9000),
        ("flickr:x:calls", "2026-11-21T08", 10),
        ("flickr:x:calls", "2026-11-21T09", 5),
        ("x:y:dollars", "2026-11", 12.5),
    ):
        spending.add(key, period, units)

    assert gather(beadle, TODAY).quotas == (
        "Flickr: 15 calls spent that day.",
        "X: 12.50 dollars spent November 2026 so far.",
        "YouTube: 4,120 units spent that day.",
    )


def test_even_handedness_is_looked_at_once_a_week(office: Office, beadle: Beadle) -> None:
    """In the digest of a Sunday: of what was taken down, how many have a like that was left up."""
    office.settled_case(PROFANE)
    office.review.decide(office.settled_case(f"{PROFANE} Again."), Verb.RESTORE, voice(), "no")
    office.work()
    sunday, saturday = gather(beadle, date(2026, 11, 22)), gather(beadle, TODAY)

    assert sunday.outliers is not None
    assert (sunday.outliers.taken_down, sunday.outliers.alike) == (1, 1)
    assert saturday.outliers is None


def test_a_room_that_can_not_answer_costs_the_digest_one_line(
    office: Office, beadle: Beadle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A digest that tells less is better than none; what is missing is named and logged."""

    def broken(*_: object) -> Iterator[str]:
        raise RuntimeError("no such table")

    monkeypatch.setattr(tidings, "appeals", broken)
    with capture_logs() as said:
        facts = gather(beadle, TODAY)

    assert facts.problems == ("Open appeals can't be told in this digest; the log says why.",)
    assert [line["event"] for line in said] == ["a part of the digest could not be had"]
