"""Escalate, contest, done by hand: what each leaves as it stood, and what of it is sealed. And the policy's reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger import cases
from bot.ledger.tables import CaseStatus, StrikeStatus
from bot.moderation.pack import PolicyPack, ReasonCode
from bot.notify.alerts import Standing
from bot.review import Review
from bot.voice import Voice
from connectors.contract import ArchivePolicy
from tests.deciding import decide, open_plain_office, put
from tests.office import COARSE, Office, person, shelf, voice

DIGEST = "d" * 64


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_plain_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def waiting(office: Office) -> str:
    """A case that waits for a person."""
    return office.settled_case(COARSE)


@pytest.mark.parametrize("verb", ["escalate", "contest", "by_hand", "keep"])
def test_every_word_is_sealed_with_its_door_and_what_was_seen(office: Office, waiting: str, verb: str) -> None:
    """Beside the evidence, once, however often it is carried out."""
    said = Voice(person(), "slack:U0NOOR", "slack", DIGEST, "", "envelope-1")
    answer = office.review.decide(waiting, Verb(verb), said, "because I looked at it")
    office.carrying_out.carry_out(str(answer.decision))
    office.work()
    (facts,) = sealed(office)

    assert (facts["verb"], facts["by"], facts["roles"], facts["reason"]) == (
        verb,
        "noor",
        "sma",
        "because I looked at it",
    )
    assert (facts["account"], facts["door"], facts["message_seen"]) == ("slack:U0NOOR", "slack", DIGEST)
    assert (facts["clauses"], facts["policy"]) == (["3.4.3.A"], "clinton-city 2024-01")


@pytest.mark.parametrize("status", [CaseStatus.WAITING, CaseStatus.HIDDEN])
def test_an_escalation_makes_a_case_urgent_and_leaves_it_where_it_stands(
    office: Office, waiting: str, status: CaseStatus
) -> None:
    """Those in charge find it first in every list; nothing is asked of the platform."""
    put(office, waiting, status)
    decide(office, waiting, "escalate")
    case = office.case(waiting)

    assert (case.urgent, case.status, office.writes()) == (True, status, [])
    assert case.because == "Escalated by noor: somebody in charge decides."
    assert office.channel.messages[waiting][-1].urgent


def test_an_escalation_is_urgent_at_once_and_sealed_once_there_is_evidence(office: Office) -> None:
    """It comes before the seal: the list knows at once, the record follows the package."""
    case_id = office.open_case(COARSE)
    preserve = office.pad.open[:]
    office.pad.open.clear()
    decide(office, case_id, "escalate")

    assert office.case(case_id).urgent
    assert sealed(office) == []
    office.pad.open += preserve
    office.work()
    office.work_later()
    assert [facts["verb"] for facts in sealed(office)] == ["escalate"]
    assert office.case(case_id).status == CaseStatus.WAITING


def test_a_contest_leaves_everything_as_it_stood_and_lists_the_case(office: Office) -> None:
    """It is about the rule: the hide, the strike and the sentence stay; so does when a case was closed."""
    case_id, closed = office.settled_case(), office.settled_case(COARSE)
    decide(office, closed, "keep")
    before = [(each.case.status, each.case.because, each.case.closed_at) for each in files(office, case_id, closed)]
    office.clock.pass_(60)
    decide(office, case_id, "contest")
    decide(office, closed, "contest")
    after = [(each.case.status, each.case.because, each.case.closed_at) for each in files(office, case_id, closed)]
    strike = office.strike(case_id)
    with Session(office.route.reading) as session:
        listed = [each.case_id for each in cases.listed(session, contested=True)]

    assert (after, office.writes()) == (before, ["hide"])
    assert strike is not None
    assert strike.status == StrikeStatus.PROVISIONAL
    assert sorted(listed) == sorted([case_id, closed])


def test_a_contest_is_sealed_although_a_decision_came_after_it(office: Office, waiting: str) -> None:
    """It says nothing of what becomes of the comment, so nothing overtakes it."""
    office.review.decide(waiting, Verb.CONTEST, voice(), "the rule misreads it")
    office.review.decide(waiting, Verb.KEEP, voice(), "stays up")
    office.work()

    assert sorted(facts["verb"] for facts in sealed(office)) == ["contest", "keep"]
    assert office.case(waiting).status == CaseStatus.KEPT


def test_whoever_settles_a_case_is_not_asked_to_look_again_by_an_old_escalation(office: Office, waiting: str) -> None:
    """The keep is carried out first, the escalation after it: the case stays closed, with its own reason."""
    office.review.decide(waiting, Verb.ESCALATE, voice(), "somebody else, please")
    escalation = office.pad.open.pop()
    decide(office, waiting, "keep", "gene")
    office.pad.open.append(escalation)
    office.work()

    assert (office.case(waiting).status, office.case(waiting).because) == (CaseStatus.KEPT, "Kept by gene.")


def test_where_beadle_cannot_hide_a_person_says_that_they_did(office: Office, waiting: str) -> None:
    """The platform is asked nothing; the case is closed, the strike counts, the alert says by hand."""
    office.rearrange(hider=False, remover=False)
    decide(office, waiting, "by_hand")
    file = office.file(waiting)

    assert (file.case.status, file.acts, office.writes()) == (CaseStatus.BY_HAND, (), [])
    assert file.case.because == "Done by hand on the platform by noor, who says so."
    assert file.strike is not None
    assert file.strike.status == StrikeStatus.CONFIRMED
    assert office.channel.messages[waiting][-1].standing == Standing.BY_HAND


def test_where_no_words_may_be_kept_a_word_by_hand_closes_the_case_and_counts_no_strike(office: Office) -> None:
    """Without evidence nothing is held against an account."""
    keeps = replace(office.platform.capabilities, archive=ArchivePolicy("digests", "Town terms 1.2"))
    object.__setattr__(office.platform, "capabilities", keeps)
    case_id = office.settled_case(COARSE)
    decide(office, case_id, "by_hand")
    file = office.file(case_id)

    assert (file.evidence, file.revision.text) == (None, "")
    assert (file.case.status, file.strike, sealed(office)) == (CaseStatus.BY_HAND, None, [])


# ── the policy's reasons ─────────────────────────────────────────────────────────────────────────────────────────────

CODES = {"hide": (ReasonCode("law", "A law bars it."), ReasonCode("form", "Its form is unfit."))}


def review(office: Office) -> Review:
    """The review of an office whose policy lists reasons for a hide."""

    def pack_of(*_: Any) -> PolicyPack:
        return replace(shelf().in_force("clinton-city", office.clock()), reasons=CODES)

    return replace(office.review, pack_of=pack_of)


@pytest.mark.parametrize("verb", ["hide", "approve"])
def test_where_the_policy_lists_reasons_one_of_them_is_given(office: Office, waiting: str, verb: str) -> None:
    """A missing one and an unknown one are refused with the list; a right one stands in the record."""
    asked = review(office)

    with pytest.raises(NotAllowed, match=r"wants one of its reasons for .*: law \(A law bars it\.\); form \(Its form"):
        asked.decide(waiting, Verb(verb), voice(), "why")
    with pytest.raises(NotAllowed, match=r'has no reason "view" for .*; choose one of: law \('):
        asked.decide(waiting, Verb(verb), voice(), "why", "view")
    assert office.file(waiting).decisions == ()
    asked.decide(waiting, Verb(verb), voice(), "why", "form")
    office.work()
    assert office.file(waiting).decisions[0].code == "form"
    assert sealed(office)[0]["code"] == "form"


def test_a_reason_is_asked_for_where_the_policy_lists_some_and_nowhere_else(office: Office, waiting: str) -> None:
    """A door can ask beforehand; a code where none is listed is refused, so that none is made up."""
    asked = review(office)

    assert asked.codes(waiting, Verb.HIDE) == asked.codes(waiting, Verb.APPROVE) == CODES["hide"]
    assert asked.codes(waiting, Verb.KEEP) == ()
    with pytest.raises(NotAllowed, match='lists no reasons for "keep"; leave the code out'):
        asked.decide(waiting, Verb.KEEP, voice(), "why", "law")
    asked.decide(waiting, Verb.REMOVE, voice(), "why")
    assert asked.codes(waiting, Verb.APPROVE) == ()


def sealed(office: Office) -> list[dict[str, Any]]:
    """What was sealed beside the evidence, in the order of the log."""
    lines = [line for line in office.route.archive.lines() if line.facts.get("type") == "supplement"]
    found = [office.route.archive.read(str(line.facts["id"])).record["facts"] for line in lines]
    return [facts for facts in found if isinstance(facts, dict) and "door" in facts]


def files(office: Office, *ids: str) -> list[cases.File]:
    """The files of these cases."""
    return [office.file(each) for each in ids]
