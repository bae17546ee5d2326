"""A person answers: which verb where, by whom, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import acting
from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger.tables import CaseStatus, StrikeStatus
from bot.notify.alerts import Standing
from bot.pages import Mode
from connectors.contract import Visibility
from tests.deciding import decide, open_plain_office, put
from tests.office import COARSE, EFFECT, Office, person, voice

VERBS = ("keep", "hide", "restore", "remove", "approve", "by_hand", "escalate", "contest")
ALLOWED: dict[str, set[str]] = {
    "opened": {"keep", "escalate", "contest"},
    "sealed": {"keep", "escalate", "contest"},
    "paused": {"keep", "hide", "remove", "approve", "by_hand", "escalate", "contest"},
    "waiting": {"keep", "hide", "remove", "approve", "by_hand", "escalate", "contest"},
    "hidden": {"restore", "remove", "approve", "escalate", "contest"},
    "quarantined": {"keep", "hide", "restore", "remove", "by_hand", "escalate", "contest"},
    "kept": {"hide", "remove", "contest"},
    "restored": {"hide", "remove", "contest"},
    "removed": {"contest"},
    "gone": {"contest"},
    "superseded": {"contest"},
    "by_hand": {"contest"},
}


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


# ── which verb where ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", list(CaseStatus))
def test_each_verb_is_taken_where_it_means_something_and_refused_elsewhere(office: Office, status: CaseStatus) -> None:
    """The table of statuses and verbs; a refusal records nothing."""
    for number, verb in enumerate(VERBS):
        case_id = office.preserved_case(f"{COARSE} number {number}")
        office.pad.open.clear()
        put(office, case_id, status)

        if verb in ALLOWED[status.value]:
            assert office.review.decide(case_id, Verb(verb), voice(), "why").verb == verb
            continue
        with pytest.raises(NotAllowed, match=f"is {status.value}, so there is nothing to {verb.replace('_', ' ')}"):
            office.review.decide(case_id, Verb(verb), voice(), "why")
        assert (office.file(case_id).decisions, office.pad.open) == ((), [])


@pytest.mark.parametrize(
    ("verb", "status", "strike", "writes"),
    [
        ("keep", CaseStatus.KEPT, StrikeStatus.VOID, []),
        ("hide", CaseStatus.HIDDEN, StrikeStatus.CONFIRMED, ["hide"]),
        ("approve", CaseStatus.HIDDEN, StrikeStatus.CONFIRMED, ["hide"]),
    ],
)
def test_what_a_persons_word_does_to_a_waiting_case(
    office: Office, waiting: str, verb: Verb, status: CaseStatus, strike: StrikeStatus, writes: list[str]
) -> None:
    """Status, strike, platform and the alert all follow."""
    decide(office, waiting, verb)
    file = office.file(waiting)

    assert (file.case.status, office.writes()) == (status, writes)
    assert file.strike is not None
    assert file.strike.status == strike
    assert file.decisions[0].carried_out_at is not None
    expected = Standing.KEPT if verb == "keep" else Standing.HIDDEN
    assert office.channel.messages[waiting][-1].standing == expected


def test_a_persons_hide_is_an_act_with_name_clause_and_version(office: Office, waiting: str) -> None:
    """The record tells who did it under which clause, and the visibility is the platform's own answer."""
    decide(office, waiting, "hide")
    file = office.file(waiting)

    assert [(act.action, act.by, act.clause, act.policy) for act in file.acts] == [
        ("hide", "noor", "3.4.3.A", "clinton-city 2024-01")
    ]
    assert file.comment.visibility == Visibility.HIDDEN_BY_CITY
    assert file.case.because == "Hidden by noor."


def test_an_approval_of_what_a_rule_hid_confirms_the_strike_and_touches_nothing(office: Office, hidden: str) -> None:
    """Provisional until a person has looked, confirmed after; the platform is not asked again."""
    strike = office.strike(hidden)
    assert strike is not None
    assert strike.status == StrikeStatus.PROVISIONAL
    decide(office, hidden, "approve")
    file = office.file(hidden)

    assert file.strike is not None
    assert (file.strike.status, file.case.because) == (
        StrikeStatus.CONFIRMED,
        "Hidden by rule, confirmed by noor.",
    )
    assert office.writes() == ["hide"]


def test_restoring_shows_the_comment_again_and_voids_the_strike(office: Office, hidden: str) -> None:
    """The named reverse of a hide."""
    decide(office, hidden, "restore")
    file = office.file(hidden)

    assert office.writes() == ["hide", "unhide"]
    assert (file.case.status, file.comment.visibility) == (CaseStatus.RESTORED, Visibility.VISIBLE)
    assert file.strike is not None
    assert file.strike.status == StrikeStatus.VOID
    assert [act.action for act in file.acts] == ["hide", "unhide"]


def test_a_decision_is_sealed_beside_the_evidence(office: Office, waiting: str) -> None:
    """Who, in which office, from which account, why: a supplement to the package, once."""
    decide(office, waiting, "keep")
    decision = office.file(waiting).decisions[0]
    office.carrying_out.carry_out(str(decision.id))
    sealed = list((office.route.archive.root / "packages").rglob("*.zip"))

    assert len(sealed) == 2


def test_nothing_acts_by_rule_on_words_that_a_person_has_decided(office: Office) -> None:
    """Their word is final for this revision: a late order finds it and asks the platform nothing."""
    case_id = office.preserved_case()
    late = office.pad.open[:]
    office.pad.open.clear()
    put(office, case_id, CaseStatus.WAITING)
    decide(office, case_id, "keep")
    put(office, case_id, CaseStatus.SEALED)
    office.pad.open = late
    outcome = office.route.act(case_id)

    assert (outcome["because"], office.writes()) == (acting.DECIDED, [])


# ── removal: two people ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [CaseStatus.WAITING, CaseStatus.HIDDEN, CaseStatus.QUARANTINED, CaseStatus.RESTORED])
def test_a_removal_takes_a_second_person(office: Office, waiting: str, status: CaseStatus) -> None:
    """Asked by one, nothing happens; approved by another, it is done. From wherever it may be asked for."""
    put(office, waiting, status)
    asked = decide(office, waiting, "remove")
    before = office.writes()
    decide(office, waiting, "approve", "gene")
    file = office.file(waiting)

    assert (asked.needs_second, before) == (True, [])
    assert "somebody else runs `beadle approve" in asked.sentence
    assert (office.writes(), file.case.status) == (["remove"], CaseStatus.REMOVED)
    assert file.decisions[1].second_of == file.decisions[0].id


@pytest.mark.parametrize(
    ("second", "account", "refusal"),
    [
        ("noor", "gene", "noor asked for the removal; another person must approve it"),
        ("gene", "noor", "a second approval never comes from the account that asked"),
        ("noor", "noor", "a second approval never comes from the account that asked"),
    ],
)
def test_the_second_is_another_person_on_another_account(
    office: Office, waiting: str, second: str, account: str, refusal: str
) -> None:
    """Neither the same person elsewhere nor somebody else at the same desk."""
    decide(office, waiting, "remove")

    with pytest.raises(NotAllowed, match=refusal):
        decide(office, waiting, "approve", who=person(second), account=account)
    assert office.writes() == []


def test_a_removal_is_asked_for_once(office: Office, waiting: str) -> None:
    """A second asking is told what is missing."""
    decide(office, waiting, "remove")

    with pytest.raises(NotAllowed, match="by somebody else does it"):
        decide(office, waiting, "remove", "gene")


def test_a_removal_that_was_overtaken_cannot_be_approved_any_more(office: Office, waiting: str) -> None:
    """Somebody kept the comment after the removal was asked for: that is the last word."""
    decide(office, waiting, "remove")
    decide(office, waiting, "keep", "gene")

    with pytest.raises(NotAllowed, match="nothing to approve"):
        decide(office, waiting, "approve", "gene")
    assert office.writes() == []


# ── what may be done there ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", ["hide", "remove", "approve"])
def test_in_observe_a_person_changes_nothing_either(office: Office, waiting: str, verb: Verb) -> None:
    """Observe means observe; the sentence says which mode to set."""
    office.rearrange(mode=Mode.OBSERVE)

    with pytest.raises(NotAllowed, match="set its mode to assist"):
        decide(office, waiting, verb)
    decide(office, waiting, "keep")
    assert office.case(waiting).status == CaseStatus.KEPT


@pytest.mark.parametrize("verb", ["hide", "remove", "approve"])
def test_without_sealed_evidence_nothing_is_asked_of_the_platform(office: Office, verb: Verb) -> None:
    """A case that could not be preserved can be kept, and nothing else."""
    case_id = office.open_case(COARSE)
    put(office, case_id, CaseStatus.WAITING)

    with pytest.raises(NotAllowed, match="no sealed evidence yet"):
        decide(office, case_id, verb)


def test_what_the_platform_cannot_do_is_refused_with_its_own_truth(office: Office, waiting: str, hidden: str) -> None:
    """No decision is recorded that could never be carried out."""
    office.rearrange(hider=False, remover=False)

    with pytest.raises(NotAllowed, match=EFFECT):
        decide(office, waiting, "hide")
    with pytest.raises(NotAllowed, match="choose Hide there"):
        decide(office, waiting, "approve")
    with pytest.raises(NotAllowed, match=EFFECT):
        decide(office, hidden, "restore")
    with pytest.raises(NotAllowed, match="do it on the platform"):
        decide(office, waiting, "remove")


def test_a_case_that_is_not_there_and_a_page_that_left_are_told_plainly(office: Office, waiting: str) -> None:
    """One sentence each, with what to do."""
    with pytest.raises(NotAllowed, match="`beadle cases --all` lists"):
        decide(office, "fa-nothere", "keep")
    office.route = replace(office.route, desks={})
    with pytest.raises(NotAllowed, match="put it back to decide its cases"):
        decide(office, waiting, "keep")


def test_a_hidden_comment_is_not_kept_but_restored(office: Office, hidden: str) -> None:
    """A case that was quarantined after its hide must not be closed as kept while nobody can see the comment."""
    put(office, hidden, CaseStatus.QUARANTINED)

    with pytest.raises(NotAllowed, match="`beadle restore` shows it again"):
        decide(office, hidden, "keep")
    decide(office, hidden, "restore")
    assert office.platform.comments[office.file(hidden).ref.comment_id].visibility == Visibility.VISIBLE
