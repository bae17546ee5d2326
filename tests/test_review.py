"""A person answers: which verb where, by whom, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot import acting
from bot.authority import Verb
from bot.errors import EvidenceError, NotAllowed
from bot.evidence.store import Archive
from bot.ledger import cases, switches
from bot.ledger.tables import CaseStatus, StrikeStatus
from bot.notify.alerts import Standing
from bot.pages import Mode
from bot.people import Role
from connectors.contract import Gone, PermissionLost, RateLimited, Unavailable, Visibility
from tests.office import COARSE, EFFECT, KIND, NOW, SLUG, Office, open_office, person, voice

VERBS = ("keep", "hide", "restore", "remove", "approve", "by_hand", "escalate")
ALLOWED: dict[str, set[str]] = {
    "opened": {"keep", "escalate"},
    "sealed": {"keep", "escalate"},
    "paused": {"keep", "hide", "remove", "approve", "by_hand", "escalate"},
    "waiting": {"keep", "hide", "remove", "approve", "by_hand", "escalate"},
    "hidden": {"restore", "remove", "approve", "escalate"},
    "quarantined": {"keep", "hide", "restore", "remove", "by_hand", "escalate"},
    "kept": {"hide", "remove"},
    "restored": {"hide", "remove"},
    "removed": set(),
    "gone": set(),
    "superseded": set(),
    "by_hand": set(),
}


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def waiting(office: Office) -> str:
    """A case that waits for a person."""
    return office.settled_case(COARSE)


@pytest.fixture
def hidden(office: Office) -> str:
    """A case that a rule has hidden."""
    return office.settled_case()


def decide(office: Office, case_id: str, verb: str, by: str = "noor", **more: Any) -> Any:
    """A person decides, and what follows by itself is done."""
    who = more.get("who", person(by))
    answer = office.review.decide(case_id, Verb(verb), voice(who, more.get("account", by)), "because I looked at it")
    office.work()
    return answer


def put(office: Office, case_id: str, status: CaseStatus) -> None:
    """Set where a case stands."""
    with Session(office.route.writing) as session, session.begin():
        cases.move(session, case_id, status, "for the test", NOW)


# ── which verb where ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", list(CaseStatus))
def test_each_verb_is_taken_where_it_means_something_and_refused_elsewhere(
    office: Office, status: CaseStatus, verb: str
) -> None:
    """The table of statuses and verbs; a refusal records nothing."""
    case_id = office.preserved_case(COARSE)
    office.pad.open.clear()
    put(office, case_id, status)

    if verb in ALLOWED[status.value]:
        assert office.review.decide(case_id, Verb(verb), voice(), "why").verb == verb
        return
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


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", list(Role))
def test_only_the_offices_that_decide_may_decide(office: Office, waiting: str, role: Role) -> None:
    """A clerk, counsel or custodian reads; they don't moderate."""
    may = role in {Role.SMA, Role.SUPERVISOR, Role.COORDINATOR, Role.CHIEF_OF_STAFF}
    who = person("kim", role)

    if may:
        assert decide(office, waiting, "keep", who=who).decision
    else:
        with pytest.raises(NotAllowed, match="has no role that may keep"):
            decide(office, waiting, "keep", who=who)


def test_a_person_decides_on_their_own_pages_only(office: Office, waiting: str) -> None:
    """Somebody of the library's page has no say here."""
    with pytest.raises(NotAllowed, match='does not look after the page "main"'):
        decide(office, waiting, "keep", who=person("kim", pages=frozenset({"library"})))


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


# ── carrying out ─────────────────────────────────────────────────────────────────────────────────────────────────────


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
