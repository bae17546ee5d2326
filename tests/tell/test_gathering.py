"""A raid does not drown the channel: cases gather in one living message, and none is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from sqlmodel import Session

from bot.authority import Verb
from bot.ledger import cases
from bot.notify.case_facts import Standing
from bot.notify.slack import SlackUnavailable
from bot.tell.gather import EVERY_S
from connectors.contract import Author
from tests.office import SLUG, voice
from tests.tell.conftest import Desk

ONE = Author("a-one", "Rusty Nail")


def test_the_fourth_case_of_a_post_and_a_clause_joins_one_message(
    open_desk: Callable[[str], Desk], database_url: str
) -> None:
    """Three stand alone, the others are told of together; the ledger knows of each where it is told of."""
    desk = open_desk(database_url)

    said = desk.say(8, whole=True)

    (summary,) = desk.summaries
    assert len(desk.alone) == 3
    assert (summary.kind, summary.total, summary.counts) == ("post", 5, ((Standing.HIDDEN, 5),))
    assert desk.alone | desk.gathered() == set(said)
    assert not desk.alone & desk.gathered()


def test_three_cases_stand_alone(desk: Desk) -> None:
    """A lively evening is no raid."""
    said = desk.say(3)

    assert desk.alone == set(said)
    assert desk.summaries == []


def test_many_comments_of_one_account_under_many_posts_gather_too(desk: Desk) -> None:
    """The account is what they have in common then."""
    for n in range(6):
        desk.say(1, author=ONE, post_id=f"1012_{n}")
    desk.pass_(EVERY_S)

    (summary,) = desk.summaries
    assert (summary.kind, summary.total, summary.author) == ("author", 3, "Rusty Nail")


def test_cases_that_come_slowly_stand_alone(desk: Desk) -> None:
    """More than ten minutes for four of them: each has its message."""
    for _ in range(6):
        desk.say(1)
        desk.pass_(240)

    assert len(desk.alone) == 6


def test_the_message_is_brought_up_to_date_at_most_every_ten_seconds(desk: Desk) -> None:
    """Ten waves in ten seconds: posted once, brought up to date once, and it says all."""
    desk.say(4)
    for _ in range(10):
        desk.say(2)
        desk.office.clock.pass_(1)

    waiting = [order for order in desk.office.later() if "/" not in order.key]
    assert len(waiting) == 1
    assert waiting[0].delay_s <= EVERY_S
    desk.office.work_later()

    assert desk.office.journal.count("gathered") == 2
    assert desk.summaries[0].total == 21


def test_a_case_that_is_decided_changes_the_summary_and_gets_no_message_of_its_own(desk: Desk) -> None:
    """What people did is counted where the case is told of."""
    desk.say(8)
    (first, *_) = sorted(desk.gathered())

    desk.office.review.decide(first, Verb.KEEP, voice(), "An opinion.")
    desk.office.work()
    desk.pass_(EVERY_S)

    assert desk.summaries[0].counts == ((Standing.WAITS, 4), (Standing.KEPT, 1))
    assert first not in desk.alone


def test_a_case_that_becomes_urgent_leaves_and_stands_alone(desk: Desk) -> None:
    """Those on call are called, and the gathering counts one less."""
    desk.say(8)
    (first, *_) = sorted(desk.gathered())

    desk.office.review.decide(first, Verb.ESCALATE, voice(), "Looks like a threat.")
    desk.office.work()
    desk.pass_(EVERY_S)

    alert = desk.office.channel.messages[first][-1]
    assert (alert.urgent, alert.call) == (True, ("U0NOOR",))
    assert desk.summaries[0].total == 4
    assert first not in desk.gathered()


def test_urgent_cases_never_gather(desk: Desk) -> None:
    """However many: a threat is not a figure in a summary."""
    said = desk.say(6, "I will shoot Dana tomorrow, {n}.")

    with Session(desk.office.route.reading) as session:
        assert all(cases.open_file(session, each).case.urgent for each in said)
    assert desk.alone == set(said)
    assert desk.summaries == []


def test_those_on_call_are_called_once_for_a_case(desk: Desk) -> None:
    """A later change of the message calls nobody a second time; a case that turns urgent later calls below it."""
    (urgent,) = desk.say(1, "I will shoot Dana tomorrow, {n}.")
    (plain,) = desk.say(1)
    desk.office.review.decide(urgent, Verb.ESCALATE, voice(), "Please look.")
    desk.office.review.decide(plain, Verb.ESCALATE, voice(), "Please look.")
    desk.office.work()

    assert desk.office.journal.count("called") == 1
    assert desk.office.file(plain).alert is not None
    assert all(desk.office.file(each).alert.called_at for each in (urgent, plain))  # type: ignore[union-attr]


def test_after_half_an_hour_without_a_case_it_is_closed_and_says_so(desk: Desk) -> None:
    """A case that comes afterwards stands alone again."""
    desk.say(6)
    desk.pass_(1700)
    assert not desk.summaries[0].closed
    desk.say(1)
    desk.pass_(1790)
    assert not desk.summaries[0].closed
    desk.pass_(20)
    desk.office.work_later()

    assert desk.summaries[0].closed
    (late,) = desk.say(1)
    assert late in desk.alone


def test_it_takes_no_case_after_its_time_even_if_the_closing_is_late(desk: Desk) -> None:
    """The order to close may wait in a queue; time does not."""
    desk.say(6)
    desk.office.clock.pass_(1801)

    (late,) = desk.say(1)

    assert late in desk.alone


def test_beyond_the_hourly_limit_of_a_channel_cases_gather_by_page(desk: Desk) -> None:
    """Whatever they are about; urgent ones stand alone all the same."""
    desk.wish(alerts_an_hour=2)
    for n in range(5):
        desk.say(1, post_id=f"1012_{n}")

    urgent = desk.say(1, "I will shoot Dana tomorrow, {n}.")
    desk.pass_(EVERY_S)

    (summary,) = desk.summaries
    assert (summary.kind, summary.total) == ("page", 3)
    assert set(urgent) <= desk.alone
    assert len(desk.alone) == 3


def test_what_comes_in_quiet_hours_waits_for_the_morning_in_one_message(desk: Desk) -> None:
    """Nothing is posted at night but what is urgent; in the morning there is one message for all of it."""
    desk.wish(quiet_hours=(time(11, 0), time(14, 0)))
    night = desk.say(2) + desk.say(2, post_id="1012_9")
    urgent = desk.say(1, "I will shoot Dana tomorrow, {n}.")
    desk.pass_(3600)

    assert desk.alone == set(urgent)
    assert desk.summaries == []
    desk.pass_(3600)

    (summary,) = desk.summaries
    assert (summary.kind, summary.total) == ("night", 4)
    assert desk.gathered() == set(night)


def test_every_case_of_the_night_joins_the_one_of_the_morning(desk: Desk) -> None:
    """Hours without a case don't close it before anybody has seen it."""
    desk.wish(quiet_hours=(time(12, 0), time(20, 0)))
    desk.say(1)
    desk.pass_(4 * 3600)
    desk.say(1)
    desk.pass_(4 * 3600)

    assert [summary.total for summary in desk.summaries] == [2]


def test_an_urgent_case_at_night_goes_out_at_once_and_by_mail(desk: Desk) -> None:
    """Whoever is on call may not look at Slack at three in the morning."""
    desk.wish(quiet_hours=(time(11, 0), time(14, 0)))

    (urgent,) = desk.say(1, "I will shoot Dana tomorrow, {n}.")

    (letter,) = desk.letters()
    assert letter["To"] == "noor@millbrook.example"
    assert letter["Subject"].startswith("URGENT")
    assert urgent in letter["Subject"]
    assert "quiet hours" in letter.as_string()


def test_a_lost_answer_leads_to_no_second_message(desk: Desk) -> None:
    """Posted, and the answer lost, in the middle of a raid: the case is not also told of in the gathering."""
    desk.office.channel.lost = [SlackUnavailable("The answer is lost.")]
    desk.say(1)
    said = desk.say(8)

    desk.pass_(600)

    assert len(desk.alone) == 4
    assert not desk.alone & desk.gathered()
    assert len(said) + 1 == len(desk.alone | desk.gathered())
    assert desk.untold() == set()


def test_a_gathering_that_could_not_be_posted_is_posted_later_once(desk: Desk) -> None:
    """The cases are in it already; only its message waits."""
    desk.say(3)
    desk.office.channel.failures = [SlackUnavailable("Slack can't be reached.")]
    desk.say(5)
    assert desk.summaries == []

    desk.pass_(60)

    assert [summary.total for summary in desk.summaries] == [5]
    assert [row.pending for row in desk.gatherings()] == [False]


@pytest.mark.parametrize("twice", ["tell", "gather"])
def test_a_stage_that_runs_twice_adds_nothing(desk: Desk, twice: str) -> None:
    """Its outcome is recorded twice, as after a crash between the two."""
    desk.say(6)
    key = sorted(desk.gathered())[0] if twice == "tell" else "1"

    desk.office.run(twice, key)  # type: ignore[arg-type]
    desk.office.run(twice, key)  # type: ignore[arg-type]
    desk.pass_(EVERY_S)

    assert [summary.total for summary in desk.summaries] == [3]
    assert len(desk.alone | desk.gathered()) == 6


def test_what_may_not_be_quoted_is_not_quoted_in_a_summary(desk: Desk) -> None:
    """Private data stands in no message but its own, masked."""
    desk.wish(alerts_an_hour=0)
    desk.say(2, "Kind words about bullshit, {n}.")
    desk.say(1, "This is bullshit. Her SSN is 078-05-1120, call 203-555-0142 {n}.")

    shown = str([example for summary in desk.summaries for example in summary.examples])

    assert "078-05-1120" not in shown
    assert "Kind words" in shown


def test_a_gathering_of_the_past_tells_nothing_of_another_page(desk: Desk) -> None:
    """It is a page's own: its name and its slug stand in it."""
    desk.say(5)

    assert (desk.summaries[0].slug, desk.summaries[0].page) == (SLUG, "Town of Millbrook")
    assert desk.summaries[0].opened_at <= desk.summaries[0].last_at + timedelta()
