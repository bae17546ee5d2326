"""A hide by a score that nobody confirmed within a day is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, update

from bot.authority import Verb
from bot.lapse import OVERDUE, SHOWN_AGAIN
from bot.ledger import acts, cases, switches
from bot.ledger.tables import Act, CaseStatus
from bot.pages import Unconfirmed
from bot.permission import LENT as CONFIRM_WITHIN
from connectors.contract import Gone, RateLimited, Unavailable, Visibility
from tests.office import SLUG, Office, open_office, person, voice


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def lent(office: Office) -> str:
    """A case that scores alone have hidden."""
    case_id = office.settled_case()
    with Session(office.route.writing) as session, session.begin():
        session.exec(update(Act).where(col(Act.case_id) == case_id).values(by=acts.BY_SCORE))
    return case_id


def _pass(office: Office, time: timedelta) -> None:
    office.clock.pass_(time.total_seconds())


def test_a_day_without_a_word_and_the_comment_is_shown_again(office: Office, lent: str) -> None:
    """Shown, sealed, told, and waiting for a person; the strike is not confirmed."""
    _pass(office, CONFIRM_WITHIN)
    assert office.lapse.order_due() == 1
    office.work()
    file = office.file(lent)

    assert office.writes() == ["hide", "unhide"]
    assert (file.case.status, file.case.because) == (CaseStatus.WAITING, SHOWN_AGAIN.format(what="score", hours=24))
    assert file.comment.visibility == Visibility.VISIBLE
    assert [(act.action, act.by) for act in file.acts] == [("hide", "score"), ("unhide", "lapse")]
    assert office.journal[-1] == "updated"


def test_before_the_day_is_over_nothing_is_taken_back(office: Office, lent: str) -> None:
    """A minute early is too early."""
    _pass(office, CONFIRM_WITHIN - timedelta(minutes=1))
    assert office.lapse.order_due() == 0
    assert office.file(lent).case.status == CaseStatus.HIDDEN


def test_what_a_printed_rule_hid_is_told_once_more_and_stays_hidden(office: Office) -> None:
    """The page says escalate: first in every list, told again, and once only."""
    case_id = office.settled_case()
    _pass(office, timedelta(hours=24))
    told = len(office.channel.messages[case_id])
    assert office.lapse.order_due() == 0
    office.work()
    office.lapse.order_due()
    office.work()

    case = office.file(case_id).case
    assert (case.status, case.urgent, case.because) == (CaseStatus.HIDDEN, True, OVERDUE.format(hours=24))
    assert len(office.channel.messages[case_id]) == told + 1
    assert office.writes() == ["hide"]


def test_a_minute_before_its_time_nothing_is_escalated(office: Office) -> None:
    """The page's own hours count."""
    office.rearrange(unconfirmed=Unconfirmed(timedelta(hours=6), "escalate"))
    case_id = office.settled_case()
    _pass(office, timedelta(hours=5, minutes=59))
    office.lapse.order_due()
    assert not office.file(case_id).case.urgent
    _pass(office, timedelta(minutes=1))
    office.lapse.order_due()
    assert office.file(case_id).case.urgent


def test_where_the_page_says_restore_a_printed_rule_is_taken_back(office: Office) -> None:
    """Shown again with a sentence of its own, and a person is asked."""
    office.rearrange(unconfirmed=Unconfirmed(timedelta(hours=6), "restore"))
    case_id = office.settled_case()
    _pass(office, timedelta(hours=6))
    assert office.lapse.order_due() == 1
    office.work()

    case = office.file(case_id).case
    assert (case.status, case.because) == (CaseStatus.WAITING, SHOWN_AGAIN.format(what="rule", hours=6))
    assert office.writes() == ["hide", "unhide"]


@pytest.mark.parametrize(("hours", "stands"), [(72, 24), (6, 6)])
def test_a_score_is_lent_for_a_day_at_most_whatever_the_page_says(
    office: Office, lent: str, hours: int, stands: int
) -> None:
    """Less where the page says less, and never more."""
    office.rearrange(unconfirmed=Unconfirmed(timedelta(hours=hours), "escalate"))
    _pass(office, timedelta(hours=stands))
    assert office.lapse.order_due() == 1
    office.work()
    assert office.file(lent).case.because == SHOWN_AGAIN.format(what="score", hours=stands)


def test_a_confirmed_hide_is_never_told_of_again(office: Office) -> None:
    """A person has spoken: nothing is overdue."""
    case_id = office.settled_case()
    office.review.decide(case_id, Verb.APPROVE, voice(), "")
    office.work()
    _pass(office, timedelta(days=3))
    office.lapse.order_due()
    assert not office.file(case_id).case.urgent


def test_a_stop_of_all_acts_stops_no_restoring(office: Office, lent: str) -> None:
    """A pause holds back hides and removals, never what shows a comment again."""
    assert office.review.pause(switches.ALL, voice(), "A raid.")
    _pass(office, CONFIRM_WITHIN)
    office.lapse.order_due()
    office.work()
    assert office.file(lent).comment.visibility == Visibility.VISIBLE


def test_a_person_who_confirms_ends_the_lending(office: Office, lent: str) -> None:
    """A confirmed hide never lapses."""
    office.review.decide(lent, Verb.APPROVE, voice(person(), "uid:1"), "")
    office.work()
    _pass(office, CONFIRM_WITHIN * 3)
    assert office.lapse.order_due() == 0
    assert office.file(lent).case.status == CaseStatus.HIDDEN


def test_a_person_who_was_quicker_is_obeyed(office: Office, lent: str) -> None:
    """Ordered, then confirmed before it was taken back: it stays hidden."""
    _pass(office, CONFIRM_WITHIN)
    office.lapse.order_due()
    office.review.decide(lent, Verb.APPROVE, voice(person(), "uid:1"), "")
    office.work()
    assert office.file(lent).case.status == CaseStatus.HIDDEN
    assert office.writes() == ["hide"]


def test_a_word_spoken_in_between_is_carried_out_on_what_stands_now(office: Office, lent: str) -> None:
    """Confirmed between the platform's answer and its record: the comment is hidden again."""
    _pass(office, CONFIRM_WITHIN)
    office.lapse.order_due()
    done = office.lapse.take_back(lent)
    office.review.decide(lent, Verb.APPROVE, voice(person(), "uid:1"), "")
    office.pad.open.clear()
    office.record(office.lapse.record, lent, done)
    office.work()
    assert office.file(lent).case.status == CaseStatus.HIDDEN
    assert office.file(lent).comment.visibility == Visibility.HIDDEN_BY_CITY


def test_ordered_twice_it_is_done_once(office: Office, lent: str) -> None:
    """The second run finds the case decided otherwise and changes nothing."""
    _pass(office, CONFIRM_WITHIN)
    office.lapse.order_due()
    office.work()
    before = office.file(lent)
    office.run("lapse", lent)
    assert office.file(lent).case == before.case
    assert len(office.file(lent).acts) == 2


@pytest.mark.parametrize("slowly", [True, False])
def test_a_platform_that_is_away_is_asked_again(office: Office, lent: str, slowly: bool) -> None:
    """Away or asking for patience: the order comes again; then the comment is shown."""
    _pass(office, CONFIRM_WITHIN)
    until = office.clock() + timedelta(minutes=15)
    away = RateLimited("slowly", until=until) if slowly else Unavailable("away")
    office.platform.fail("unhide", away)
    office.lapse.order_due()
    office.work()
    assert office.file(lent).case.status == CaseStatus.HIDDEN
    office.work_later()
    assert office.file(lent).case.status == CaseStatus.WAITING


def test_a_comment_that_is_gone_is_gone(office: Office, lent: str) -> None:
    """Nothing to show again: the case ends."""
    _pass(office, CONFIRM_WITHIN)
    office.platform.fail("unhide", Gone("gone"))
    office.lapse.order_due()
    office.work()
    assert office.file(lent).case.status == CaseStatus.GONE


def test_no_comment_is_shown_again_before_its_evidence_is_proven(office: Office, lent: str) -> None:
    """A package that is not as it was sealed stops this act as it stops any other."""
    package = office.package(lent)
    package.chmod(0o644)
    package.write_bytes(package.read_bytes()[:-1] + b"!")
    _pass(office, CONFIRM_WITHIN)
    office.lapse.order_due()
    office.work()
    assert office.file(lent).case.status == CaseStatus.HIDDEN
    assert [order.workflow for order in office.later()] == ["lapse"]


def test_a_page_that_left_keeps_the_order(office: Office, lent: str) -> None:
    """Without a desk nothing can be shown; it is tried again when the page is back."""
    _pass(office, CONFIRM_WITHIN)
    office.rearrange(hider=False)
    office.lapse.order_due()
    office.work()
    with Session(office.route.reading) as session:
        assert cases.open_file(session, lent).case.status == CaseStatus.HIDDEN
    assert office.page.slug == SLUG
    assert [order.workflow for order in office.later()] == ["lapse"]
