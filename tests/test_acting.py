"""The act by rule: when it may be, what stops it, and what it comes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import acting, permission
from bot.errors import EvidenceError
from bot.evidence.store import Archive
from bot.ledger import switches
from bot.ledger.tables import CaseStatus
from bot.pages import Mode, Signature
from connectors.contract import (
    Author,
    Blocked,
    ConnectorError,
    Gone,
    PermissionLost,
    QuotaSpent,
    RateLimited,
    Unavailable,
    Unsupported,
    Visibility,
)
from tests.office import COARSE, EFFECT, KIND, NOW, PROFANE, SIGNATURE, SLUG, Office, open_office, voice

NUMBER = "his ssn 219-09-9999"


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


# ── permission ───────────────────────────────────────────────────────────────────────────────────────────────────────


ONLY_SPAM = Signature(frozenset({"spam"}), SIGNATURE.signed_by, SIGNATURE.signed_on)


@pytest.mark.parametrize(
    ("page", "text", "because"),
    [
        ({"mode": Mode.OBSERVE}, PROFANE, permission.OBSERVES),
        ({"mode": Mode.ASSIST}, PROFANE, permission.ASSISTS),
        ({"auto_hide": None}, PROFANE, permission.UNSIGNED),
        ({"auto_hide": ONLY_SPAM}, PROFANE, 'rule "obscene-words" is of the category "profanity"'),
        ({}, COARSE, permission.NOTHING_ACTS),
        ({}, "I will kill you all tomorrow", permission.NOTHING_ACTS),
    ],
    ids=["observe", "assist", "unsigned", "signed for another", "review", "threat"],
)
def test_what_may_not_be_hidden_by_rule_waits_for_a_person(
    office: Office, page: dict[str, Any], text: str, because: str
) -> None:
    """Evidence is sealed all the same, people are told, and the platform is asked to change nothing."""
    office.rearrange(**page)
    case_id = office.settled_case(text)
    case = office.case(case_id)

    assert case.status == CaseStatus.WAITING
    assert case.because.startswith(because)
    assert (office.writes(), office.journal[-1]) == ([], "posted")
    assert office.file(case_id).evidence is not None


def test_private_data_is_hidden_under_its_own_signature(office: Office) -> None:
    """A validated number under a list signed for pii alone."""
    office.rearrange(auto_hide=Signature(frozenset({"pii"}), "Dana", SIGNATURE.signed_on))
    case_id = office.settled_case(NUMBER)

    assert office.case(case_id).status == CaseStatus.HIDDEN


def _unfit(office: Office) -> None:
    office.unfit[SLUG] = "the policy can't be read."


def _observe(office: Office) -> None:
    office.rearrange(mode=Mode.OBSERVE)


def _unsign(office: Office) -> None:
    office.rearrange(auto_hide=None)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (_unfit, acting.UNFIT.format(why="the policy can't be read.")),
        (_observe, permission.OBSERVES),
        (_unsign, permission.UNSIGNED),
    ],
)
def test_permission_is_asked_again_at_the_act(office: Office, change: Callable[[Office], None], because: str) -> None:
    """A page that became unfit, or lost its signature, after the order was placed is not acted on."""
    case_id = office.preserved_case()
    change(office)
    office.work()

    assert (office.writes(), office.case(case_id).status) == ([], CaseStatus.WAITING)
    assert office.case(case_id).because == because


@pytest.mark.parametrize("scope", [SLUG, switches.ALL])
def test_a_switch_that_is_thrown_holds_the_act_back_until_it_is_lifted(office: Office, scope: str) -> None:
    """Pausing stops what is under way; resuming asks for permission again, and then it is done."""
    case_id = office.preserved_case()
    office.review.pause(scope, voice(), "we look into something")
    office.work()
    paused = office.case(case_id).status
    office.review.resume(scope, voice())
    office.work()

    assert paused == CaseStatus.PAUSED
    assert (office.writes(), office.case(case_id).status) == (["hide"], CaseStatus.HIDDEN)


def test_a_switch_on_another_page_holds_nothing_back(office: Office) -> None:
    """One page's stop is its own."""
    office.review.pause("another", voice(), "")

    assert office.case(office.settled_case()).status == CaseStatus.HIDDEN


def test_a_switch_that_is_lifted_between_an_act_and_its_record_leaves_nobody_behind(office: Office) -> None:
    """The resume did not see the case paused yet, so the record orders the act again by itself."""
    case_id = office.preserved_case()
    office.review.pause(SLUG, voice(), "")
    outcome = office.route.act(case_id)
    office.review.resume(SLUG, voice())
    office.record(office.route.record_act, case_id, outcome)
    office.work()

    assert office.case(case_id).status == CaseStatus.HIDDEN


def test_what_the_page_wrote_itself_is_never_acted_on_by_rule(office: Office) -> None:
    """The city's own words are a person's business even where a listed word stands in them."""
    case_id = office.settled_case(by_page=True)

    assert (office.writes(), office.case(case_id).because) == ([], acting.OWN)


def test_a_comment_from_before_the_policy_is_kept_and_not_judged(office: Office) -> None:
    """Nobody is held to a rule that was not in force when they wrote; the record is kept all the same."""
    office.platform.say(PROFANE, posted_at=datetime(2023, 12, 31, tzinfo=UTC))
    kept = office.poll()

    assert (kept[0].new_comments, kept[0].cases) == (1, ())


def test_a_page_without_a_hide_waits_for_a_person_unless_a_removal_is_signed(office: Office) -> None:
    """What can't be undone needs a signature of its own."""
    office.rearrange(hider=False)
    unsigned = office.settled_case()
    office.rearrange(hider=False, auto_remove=SIGNATURE)
    signed = office.settled_case("More bullshit from the council, as always.")

    assert office.case(unsigned).status == CaseStatus.WAITING
    assert office.case(signed).status == CaseStatus.REMOVED
    assert office.writes() == ["remove"]


def test_a_platform_without_any_hand_says_what_it_can_do(office: Office) -> None:
    """Where neither hide nor removal is there, the sentence is the platform's own truth."""
    office.rearrange(hider=False, remover=False, auto_remove=SIGNATURE)
    case_id = office.settled_case()

    assert office.case(case_id).because == acting.cannot_hide(office.desk)
    assert EFFECT in acting.cannot_hide(office.desk)


# ── act ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_between_seal_and_act_is_judged_anew_and_the_old_words_are_not_acted_on(office: Office) -> None:
    """What stands there now is not what was judged: the old case is superseded, the kind words are kept."""
    case_id = office.preserved_case()
    office.platform.edit(office.file(case_id).ref, KIND)
    office.work()

    assert (office.writes(), office.case(case_id).status) == ([], CaseStatus.SUPERSEDED)
    assert office.all_cases() == [case_id]


def test_an_edit_to_other_listed_words_opens_a_case_of_its_own(office: Office) -> None:
    """The new revision takes the whole route, with evidence of its own, before anything is hidden."""
    first = office.preserved_case()
    office.platform.edit(office.file(first).ref, "Bullshit, I said, and I say it again.")
    office.work()
    second = next(case for case in office.all_cases() if case != first)

    assert (office.case(first).status, office.case(second).status) == (CaseStatus.SUPERSEDED, CaseStatus.HIDDEN)
    assert office.writes() == ["hide"]


def test_words_that_come_back_while_the_edit_is_recorded_are_acted_on(office: Office) -> None:
    """Edited away for the moment of the act and back again: the case goes on instead of being superseded."""
    case_id = office.preserved_case()
    ref = office.file(case_id).ref
    office.platform.edit(ref, KIND)
    outcome = office.route.act(case_id)
    office.platform.edit(ref, PROFANE)
    office.poll()
    office.record(office.route.record_act, case_id, outcome)
    office.work()

    assert office.case(case_id).status == CaseStatus.HIDDEN


def test_a_comment_that_is_hidden_already_is_done_and_says_so(office: Office) -> None:
    """Somebody hid it on the platform meanwhile: that is the wanted end."""
    case_id = office.preserved_case()
    ref = office.file(case_id).ref
    before = office.platform.comments[ref.comment_id]
    office.platform.comments[ref.comment_id] = replace(before, visibility=Visibility.HIDDEN_BY_CITY)
    office.work()
    file = office.file(case_id)

    assert (file.case.status, file.acts[0].already_done) == (CaseStatus.HIDDEN, True)


@pytest.mark.parametrize("when", ["read", "hide"])
def test_a_comment_that_is_gone_is_done_without_a_strike(office: Office, when: str) -> None:
    """Nobody told us who took it away, so it counts against nobody."""
    case_id = office.preserved_case()
    office.platform.fail(when, Gone("The comment is not there any more."))
    office.work()
    file = office.file(case_id)

    assert (file.case.status, file.strike) == (CaseStatus.GONE, None)
    assert file.comment.visibility == Visibility.MISSING_UNKNOWN


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("Wait.", until=NOW + timedelta(seconds=90)), 90.0),
        (QuotaSpent("Tomorrow.", until=NOW + timedelta(hours=6)), 21_600.0),
        (RateLimited("Now.", until=NOW - timedelta(seconds=5)), 1.0),
        (Unavailable("No answer."), acting.FIRST_RETRY_S),
    ],
)
def test_a_platform_that_asks_for_time_gets_it(office: Office, error: ConnectorError, seconds: float) -> None:
    """The act comes again after the wait that the platform names, or after our own; then it is done."""
    case_id = office.preserved_case()
    office.platform.fail("hide", error)
    office.work()
    waits = [(order.workflow, order.delay_s) for order in office.later()]
    sealed = office.case(case_id)
    office.work_later()

    assert waits == [("act", seconds)]
    assert (sealed.status, sealed.because) == (CaseStatus.SEALED, error.sentence)
    assert office.case(case_id).status == CaseStatus.HIDDEN


def test_the_wait_doubles_with_each_failure_up_to_a_quarter_of_an_hour() -> None:
    """An outage of a night is not met with a call a second."""
    assert [acting.backoff(failures) for failures in (0, 1, 2, 6, 60)] == [15.0, 30.0, 60.0, 900.0, 900.0]


@pytest.mark.parametrize(
    ("error", "because"),
    [
        (PermissionLost("The token may not hide."), "The platform refused: The token may not hide."),
        (Unsupported("Only top-level comments can be hidden."), "Only top-level comments can be hidden."),
    ],
)
def test_a_refusal_of_the_platform_waits_for_a_person(office: Office, error: ConnectorError, because: str) -> None:
    """What another try would not mend is put before people, with the platform's reason."""
    case_id = office.preserved_case()
    office.platform.fail("hide", error)
    office.work()
    file = office.file(case_id)

    assert (file.case.status, file.case.because) == (CaseStatus.WAITING, because)
    assert (file.acts, file.strike, office.later()) == ((), None, [])


def test_a_platform_that_takes_us_for_a_spammer_gets_no_further_write(office: Office) -> None:
    """All acts on the page stop, for every case, until a person lets them go on."""
    first = office.preserved_case()
    office.platform.fail("hide", Blocked("The platform took us for a spammer."))
    office.work()
    second = office.settled_case("More bullshit from the council, as always.")

    assert [office.case(case).status for case in (first, second)] == [CaseStatus.PAUSED, CaseStatus.PAUSED]
    assert office.writes() == []
    office.review.resume(SLUG, voice())
    office.work()
    assert [office.case(case).status for case in (first, second)] == [CaseStatus.HIDDEN, CaseStatus.HIDDEN]


def test_a_package_that_was_tampered_with_stops_the_act_and_says_so(office: Office) -> None:
    """Between seal and act somebody changed a byte: nothing is hidden on the strength of that."""
    case_id = office.preserved_case()
    package = office.package(case_id)
    package.chmod(0o644)
    package.write_bytes(package.read_bytes()[:-1] + b"!")
    office.work()

    assert office.writes() == []
    assert [order.workflow for order in office.later()] == ["act"]
    assert package.stem in office.case(case_id).because


def test_a_package_that_is_missing_stops_the_act(office: Office) -> None:
    """No package, no act."""
    case_id = office.preserved_case()
    office.package(case_id).unlink()
    office.work()

    assert (office.writes(), office.case(case_id).status) == ([], CaseStatus.SEALED)


def test_a_receipt_that_cannot_be_sealed_is_sealed_at_the_next_try(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hide is done but its receipt is not on the disk: the act is not called done before it is."""
    case_id = office.preserved_case()

    def full(*_: object) -> None:
        raise EvidenceError("The disk is full; make room.")

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "supplement", full)
        office.work()
    assert office.case(case_id).status == CaseStatus.SEALED
    office.work_later()

    assert (office.case(case_id).status, office.writes()) == (CaseStatus.HIDDEN, ["hide", "hide"])


def test_an_account_that_the_platform_does_not_name_gets_no_strike(office: Office) -> None:
    """A strike counts against an account; where there is none to name, the hide stands alone."""
    nameless = Author(display_name="Mallory Reyes", unavailable_reason="The platform names no accounts.")
    case_id = office.settled_case(author=nameless)

    assert (office.case(case_id).status, office.strike(case_id)) == (CaseStatus.HIDDEN, None)


def test_earlier_packages_of_the_same_account_are_named_in_the_next(office: Office) -> None:
    """A repeat offender's file shows the ones before."""
    author = Author("a77", "Mallory Reyes")
    first = office.settled_case(author=author)
    office.clock.pass_(60)
    second = office.settled_case("Bullshit again, and again, and again.", author=author)
    evidence = [office.file(case).evidence for case in (first, second)]
    assert evidence[0] is not None
    assert evidence[1] is not None

    assert evidence[0].package_id in json.dumps(office.route.archive.read(evidence[1].package_id).record)
