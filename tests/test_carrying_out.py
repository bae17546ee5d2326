"""What people decided is carried out: once, whatever comes in between, and never without its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.authority import Verb
from bot.errors import EvidenceError
from bot.evidence.store import Archive
from bot.ledger import switches
from bot.ledger.tables import CaseStatus, StrikeStatus
from connectors.contract import Gone, PermissionLost, RateLimited, Unavailable, Visibility
from tests.deciding import decide, open_plain_office
from tests.office import COARSE, KIND, NOW, SLUG, Office, person, voice


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_plain_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def waiting(office: Office) -> str:
    """A case that waits for a person."""
    return office.settled_case(COARSE)


@pytest.fixture
def hidden(office: Office) -> str:
    """A case that a rule has hidden."""
    return office.settled_case()


def test_a_decision_is_carried_out_once_however_often_it_is_tried(office: Office, waiting: str) -> None:
    """A crash between the hide and its record repeats the hide; there is one act, and it says that it stood so."""
    answer = office.review.decide(waiting, Verb.HIDE, voice(), "why")
    office.carrying_out.carry_out(str(answer.decision))
    office.work()
    file = office.file(waiting)

    assert [act.already_done for act in file.acts] == [True]


def test_a_later_decision_overtakes_an_earlier_one_that_was_not_carried_out(office: Office, waiting: str) -> None:
    """The last word stands, whichever is worked on first."""
    office.review.decide(waiting, Verb.HIDE, voice(), "first thought")
    office.review.decide(waiting, Verb.KEEP, voice(person("gene"), "gene"), "second thought")
    office.work()
    file = office.file(waiting)

    assert (file.case.status, office.writes()) == (CaseStatus.KEPT, [])
    assert all(each.carried_out_at is not None for each in file.decisions)


@pytest.mark.parametrize(("by", "verb"), [("noor", "hide"), ("noor", "approve")])
def test_words_that_were_edited_after_the_decision_are_judged_anew(
    office: Office, waiting: str, by: str, verb: Verb
) -> None:
    """The person saw other words: nothing is hidden, the case waits again and says why."""
    office.platform.edit(office.file(waiting).ref, KIND)
    decide(office, waiting, verb, by)
    case = office.case(waiting)

    assert (office.writes(), case.status) == ([], CaseStatus.WAITING)
    assert "edited after this decision" in case.because
    assert office.comments()[0].says == office.platform.comments["5501_1"].revision


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(Unavailable("No answer."), 30.0), (RateLimited("Wait.", until=NOW + timedelta(seconds=90)), 90.0)],
)
def test_a_decision_waits_for_a_platform_that_is_away(
    office: Office, waiting: str, error: Exception, seconds: float
) -> None:
    """It is carried out when the platform is back."""
    office.platform.fail("hide", error)
    decide(office, waiting, "hide")
    waits = [order.delay_s for order in office.later()]
    office.work_later()

    assert (waits, office.case(waiting).status) == ([seconds], CaseStatus.HIDDEN)


def test_a_pause_holds_a_persons_hide_back_but_not_a_restore(office: Office, waiting: str, hidden: str) -> None:
    """The switch stops what takes away; giving back is never stopped."""
    office.review.pause(switches.ALL, voice(), "")
    decide(office, waiting, "hide")
    decide(office, hidden, "restore")

    assert office.writes() == ["hide", "unhide"]
    office.review.resume(switches.ALL, voice())
    office.work_later()
    assert office.case(waiting).status == CaseStatus.HIDDEN


def test_a_refused_hide_waits_again_and_a_refused_restore_stays_a_hidden_case(
    office: Office, waiting: str, hidden: str
) -> None:
    """A hidden comment whose case says "waiting" could be kept, and nobody would ever show it again."""
    lost = PermissionLost("The token may not do this.")
    office.platform.fail("hide", lost)
    decide(office, waiting, "hide")
    office.platform.fail("unhide", lost)
    decide(office, hidden, "restore")

    assert [office.case(case).status for case in (waiting, hidden)] == [CaseStatus.WAITING, CaseStatus.HIDDEN]
    assert office.case(hidden).because == "The platform refused: The token may not do this."
    decide(office, hidden, "restore")
    assert office.case(hidden).status == CaseStatus.RESTORED


def test_a_comment_that_is_gone_is_said_to_be_missing(office: Office, waiting: str) -> None:
    """Somebody else took it away first: done, and nobody is said to have deleted it."""
    office.platform.fail("read", Gone("The comment is not there any more."))
    decide(office, waiting, "hide")

    file = office.file(waiting)

    assert file.comment.visibility == Visibility.MISSING_UNKNOWN
    assert (file.case.status, file.acts, file.strike) == (CaseStatus.GONE, (), None)


def test_a_package_that_does_not_hold_stops_a_persons_hide_too(office: Office, waiting: str) -> None:
    """No act without proven evidence, whoever asks for it."""
    package = office.package(waiting)
    package.chmod(0o644)
    package.write_bytes(b"not a package")
    decide(office, waiting, "hide")

    assert (office.writes(), [order.workflow for order in office.later()]) == ([], ["carry_out"])


def test_a_decision_that_cannot_be_sealed_is_sealed_later(
    office: Office, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk delays; it loses nobody's word."""

    def full(*_: object) -> None:
        raise EvidenceError("The disk is full; make room.")

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "supplement", full)
        decide(office, waiting, "keep")
    assert office.case(waiting).status == CaseStatus.WAITING
    office.work_later()

    assert office.case(waiting).status == CaseStatus.KEPT


def test_a_decision_waits_for_its_page_to_come_back(office: Office, waiting: str) -> None:
    """The page was taken out of pages.yaml between the word and its doing."""
    office.review.decide(waiting, Verb.HIDE, voice(), "why")
    desks = office.route.desks
    office.route = replace(office.route, desks={})
    office.work()
    office.route = replace(office.route, desks=desks)
    office.work_later()

    assert office.case(waiting).status == CaseStatus.HIDDEN


def test_resuming_what_was_not_paused_says_so(office: Office) -> None:
    """None is another answer than nothing held back."""
    assert office.review.resume(SLUG, voice()) is None
    assert office.review.pause(SLUG, voice(), "") is True
    assert office.review.pause(SLUG, voice(), "") is False
    assert office.review.resume(SLUG, voice()) == 0


def test_a_keep_that_crosses_an_act_on_its_way_takes_the_act_back(office: Office) -> None:
    """The platform was already asked when the person spoke: what it did is recorded, and undone."""
    case_id = office.preserved_case()
    done = office.route.act(case_id)
    answer = office.review.decide(case_id, Verb.KEEP, voice(), "Harsh, but it breaks no clause.")
    office.run("carry_out", str(answer.decision))
    office.record(office.route.record_act, case_id, done)
    office.work()
    strike = office.strike(case_id)
    assert office.writes() == ["hide", "unhide"]
    assert office.case(case_id).status == CaseStatus.KEPT
    assert [comment.visibility for comment in office.comments()] == [Visibility.VISIBLE]
    assert strike is not None
    assert strike.status == StrikeStatus.VOID
