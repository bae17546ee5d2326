"""The route of one comment, stage by stage: what each stage does, does twice, and refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot import acting, permission
from bot.errors import EvidenceError
from bot.evidence.capture import Capture
from bot.evidence.store import Archive
from bot.ledger import switches
from bot.ledger.tables import CaseStatus, StrikeStatus
from bot.notify.alerts import Standing
from bot.notify.slack import SlackRefused, SlackUnavailable
from bot.pages import Mode, Signature
from bot.telling import Pictures
from connectors.contract import (
    Author,
    Blocked,
    CommentRef,
    ConnectorError,
    Gone,
    PermissionLost,
    QuotaSpent,
    RateLimited,
    Unavailable,
    Unsupported,
    Visibility,
)
from tests.office import COARSE, EFFECT, KIND, NOW, PROFANE, SIGNATURE, SLUG, Office, open_office, person, printer

NUMBER = "his ssn 219-09-9999"


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


# ── the whole route ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_violator_is_preserved_before_it_is_hidden_and_told_after(office: Office) -> None:
    """Read, pictured and sealed; read again, hidden; then posted: in this order and no other."""
    case_id = office.settled_case()

    assert office.journal == ["poll", "read", "picture", "read", "hide", "posted"]
    assert office.case(case_id).status == CaseStatus.HIDDEN


def test_at_the_moment_of_the_hide_the_evidence_is_recorded_and_proven(office: Office) -> None:
    """What the platform is asked to change has a row in the ledger and a package on the disk that holds."""
    held: list[bool] = []

    def look(ref: CommentRef) -> None:
        evidence = office.file(office.all_cases()[0]).evidence
        assert evidence is not None
        office.route.archive.prove_package(evidence.package_id, evidence.sha256)
        held.append(True)

    office.platform.before_write = look
    office.settled_case()

    assert held == [True]


def test_an_act_names_clause_version_and_the_words_that_matched(office: Office) -> None:
    """Without the three nobody can answer for an act."""
    file = office.file(office.settled_case())
    (act,) = file.acts
    span = file.verdict.findings[0].spans[0]

    assert (act.clause, act.policy, act.by) == ("3.4.3.A", "clinton-city 2024-01", "rule")
    assert file.revision.text[span.start : span.end] == "bullshit"


def test_a_clear_comment_is_kept_and_nothing_else_happens(office: Office) -> None:
    """Every public comment is a public record; no case, no evidence, no alert follows from praise."""
    office.platform.say(KIND)
    office.poll()
    office.work()

    assert [row.visibility for row in office.comments()] == ["visible"]
    assert (office.all_cases(), office.journal) == ([], ["poll"])


def test_a_poll_that_comes_twice_orders_nothing_twice(office: Office) -> None:
    """Polls overlap; the known comment is left alone."""
    office.open_case()
    again = office.poll()

    assert (again[0].new_comments, again[0].cases) == (0, ())
    assert [order.workflow for order in office.pad.open] == ["preserve"]


def test_stages_hand_on_plain_json_and_never_the_words(office: Office) -> None:
    """What the engine stores is ids and reasons; the comment's words stay in ledger and archive."""
    case_id = office.open_case()
    outcomes = [office.run("preserve", case_id), office.run("act", case_id), office.run("tell", case_id)]

    assert [outcome["status"] for outcome in outcomes] == ["sealed", "done", "told"]
    assert "bullshit" not in json.dumps(outcomes)


# ── each stage twice ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_preserving_twice_seals_one_package(office: Office) -> None:
    """A crash after the seal and before its record leads to the same package, not to a second one."""
    case_id = office.open_case()
    first = office.route.preserve(case_id)
    second = office.route.preserve(case_id)

    assert first["sha256"] == second["sha256"]
    assert len(list((office.route.archive.root / "packages").rglob("*.zip"))) == 1


def test_recording_a_seal_twice_places_one_order_to_act(office: Office) -> None:
    """The second record finds the case past its opening and adds nothing."""
    case_id = office.open_case()
    sealed = office.route.preserve(case_id)
    office.record(office.route.record_seal, case_id, sealed)
    office.record(office.route.record_seal, case_id, sealed)

    assert [order.workflow for order in office.pad.open].count("act") == 1


def test_acting_twice_hides_once_and_the_second_is_told_so(office: Office) -> None:
    """A crash between the hide and its record repeats the hide, which the platform says stood so already."""
    case_id = office.preserved_case()
    office.route.act(case_id)
    outcome = office.run("act", case_id)
    file = office.file(case_id)

    assert outcome["already_done"] is True
    assert (len(file.acts), file.acts[0].already_done) == (1, True)


def test_recording_an_act_twice_makes_one_act_and_one_strike(office: Office) -> None:
    """An act has a key, a case has one strike."""
    case_id = office.preserved_case()
    outcome = office.route.act(case_id)
    office.record(office.route.record_act, case_id, outcome)
    office.record(office.route.record_act, case_id, outcome)
    file = office.file(case_id)

    assert len(file.acts) == 1
    assert file.strike is not None
    assert file.strike.status == StrikeStatus.PROVISIONAL


def test_an_act_that_comes_after_the_case_is_closed_changes_nothing(office: Office) -> None:
    """A late order finds the case otherwise and asks the platform nothing."""
    case_id = office.settled_case()
    before = list(office.journal)
    outcome = office.run("act", case_id)

    assert outcome["because"] == acting.OTHERWISE
    assert (office.journal, office.case(case_id).status) == (before, CaseStatus.HIDDEN)


def test_telling_twice_posts_once_and_then_brings_up_to_date(office: Office) -> None:
    """One case, one message."""
    case_id = office.settled_case()
    office.run("tell", case_id)

    assert office.journal[-2:] == ["posted", "updated"]


def test_an_alert_whose_answer_was_lost_is_found_and_not_posted_again(office: Office) -> None:
    """Slack took the message and the answer never came: the next try looks in the channel first."""
    office.channel.lost = [SlackUnavailable("Slack did not answer.")]
    case_id = office.settled_case()
    office.work_later()

    assert [what for what in office.journal if what in {"posted", "updated"}] == ["posted", "updated"]
    assert office.file(case_id).alert is not None


# ── preserve ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_evidence_that_cannot_be_sealed_is_tried_again_and_nothing_is_hidden(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: no package, no order to act; later it goes on by itself."""

    def full(*_: object) -> None:
        raise EvidenceError("The disk is full; make room.")

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "seal", full)
        case_id = office.settled_case()

    assert (office.writes(), office.case(case_id).because) == ([], "The disk is full; make room.")
    assert [(order.workflow, order.delay_s) for order in office.later()] == [("preserve", 30.0)]
    office.work_later()
    assert office.case(case_id).status == CaseStatus.HIDDEN


def test_a_platform_that_is_down_does_not_stop_the_sealing(office: Office) -> None:
    """What was read at the poll is sealed; the package says that the comment could not be read again."""
    office.platform.fail("read", Unavailable("The platform does not answer."))
    case_id = office.preserved_case()
    evidence = office.file(case_id).evidence
    assert evidence is not None
    record = office.route.archive.read(evidence.package_id).record

    assert "could not be read again at capture" in json.dumps(record)


@pytest.mark.parametrize(
    ("seen", "picture", "reason"),
    [
        (Capture("captured", viewport_png=b"\x89PNG", comment_text_visible=False, reason="not there"), "kept", "not"),
        (Capture("blocked", "A login wall stands before the page."), "none", "A login wall"),
    ],
)
def test_the_record_says_what_the_picture_is_worth(office: Office, seen: Capture, picture: str, reason: str) -> None:
    """A picture without the comment's words in it is kept, but never called proof."""
    if seen.viewport_png:
        seen = replace(seen, viewport_png=_one_pixel())
    office.camera.sees = seen
    evidence = office.file(office.preserved_case()).evidence

    assert evidence is not None
    assert evidence.picture == picture
    assert evidence.picture_reason.startswith(reason)


def test_a_comment_that_is_gone_at_capture_is_sealed_without_a_picture(office: Office) -> None:
    """What was seen at the poll is preserved; there is nothing to picture and nothing to hide."""
    case_id = office.open_case()
    office.platform.vanish(office.file(case_id).ref)
    office.work()

    assert "picture" not in office.journal
    assert (office.case(case_id).status, office.writes()) == (CaseStatus.GONE, [])
    assert office.file(case_id).evidence is not None


def test_a_page_that_left_the_configuration_is_waited_for(office: Office) -> None:
    """A mistake in pages.yaml parks the page's cases; nothing is quarantined, nothing is lost."""
    case_id = office.open_case()
    desks, office.route = office.route.desks, replace(office.route, desks={})
    office.work()
    assert office.case(case_id).because == acting.AWAY.format(page=SLUG)
    office.route = replace(office.route, desks=desks)
    office.work_later()

    assert office.case(case_id).status == CaseStatus.HIDDEN


@pytest.mark.parametrize("stage", ["act", "tell"])
def test_an_order_for_a_page_that_left_the_configuration_comes_again_later(office: Office, stage: Any) -> None:
    """Also where the mistake is made while a case is under way."""
    case_id = office.preserved_case()
    office.pad.open.clear()
    office.route = replace(office.route, desks={})
    office.run(stage, case_id)

    assert [(order.workflow, order.delay_s) for order in office.pad.open] == [(stage, acting.LONGEST_RETRY_S)]


def test_a_seal_that_is_recorded_after_its_page_left_keeps_the_evidence(office: Office) -> None:
    """The package is a fact even while nobody knows the page; its order comes again."""
    case_id = office.open_case()
    sealed = office.route.preserve(case_id)
    office.pad.open.clear()
    office.route = replace(office.route, desks={})
    office.record(office.route.record_seal, case_id, sealed)

    assert office.file(case_id).evidence is not None
    assert [order.workflow for order in office.later()] == ["preserve"]


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
    office.review.pause(scope, person(), "we look into something")
    office.work()
    paused = office.case(case_id).status
    office.review.resume(scope, person())
    office.work()

    assert paused == CaseStatus.PAUSED
    assert (office.writes(), office.case(case_id).status) == (["hide"], CaseStatus.HIDDEN)


def test_a_switch_on_another_page_holds_nothing_back(office: Office) -> None:
    """One page's stop is its own."""
    office.review.pause("another", person(), "")

    assert office.case(office.settled_case()).status == CaseStatus.HIDDEN


def test_a_switch_that_is_lifted_between_an_act_and_its_record_leaves_nobody_behind(office: Office) -> None:
    """The resume did not see the case paused yet, so the record orders the act again by itself."""
    case_id = office.preserved_case()
    office.review.pause(SLUG, person(), "")
    outcome = office.route.act(case_id)
    office.review.resume(SLUG, person())
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

    assert office.case(case_id).because == acting.CANT.format(platform="facebook", effect=EFFECT)


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
    office.review.resume(SLUG, person())
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


# ── tell ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_slack_nobody_is_told_and_nothing_fails(office: Office) -> None:
    """A city may do without; the case stands as it does."""
    office.route = replace(office.route, notifier=None)
    case_id = office.settled_case()

    assert (office.case(case_id).status, office.file(case_id).alert) == (CaseStatus.HIDDEN, None)
    assert office.later() == []


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (SlackUnavailable("Slack asks to wait.", retry_after=7.0), 7.0),
        (SlackUnavailable("Slack does not answer."), acting.FIRST_RETRY_S),
        (SlackRefused("The token is not Slack's.", code="invalid_auth"), acting.LONGEST_RETRY_S),
    ],
)
def test_an_alert_that_cannot_be_sent_is_sent_later_and_the_case_keeps_its_reason(
    office: Office, error: Exception, seconds: float
) -> None:
    """Slack's trouble is not why a comment was hidden, so it does not take the place of that."""
    office.channel.failures = [error]
    case_id = office.settled_case()
    waits = [(order.workflow, order.delay_s) for order in office.later()]
    office.work_later()

    assert waits == [("tell", seconds)]
    assert office.case(case_id).because == acting.DONE
    assert office.channel.messages[case_id][0].because == acting.DONE


def test_an_alert_is_built_from_the_case_as_it_stands(office: Office) -> None:
    """Clause, words, standing, effect and strikes are in it; what was found is marked."""
    case_id = office.settled_case(NUMBER)
    (alert,) = office.channel.messages[case_id]

    assert (alert.standing, alert.effect, alert.urgent) == (Standing.HIDDEN, EFFECT, True)
    assert [clause for clause, _ in alert.clauses] == ["3.4.3.L"]
    assert [alert.text[span.start : span.end] for span in alert.private] == ["219-09-9999"]
    assert (alert.strikes, alert.strikes_provisional) == (0, 1)


def test_the_picture_of_an_alert_comes_from_the_sealed_package(office: Office) -> None:
    """Where there was no screenshot it is the rendering; before the seal there is none; a broken package has none."""
    pictures = Pictures(office.route.archive, printer().png)
    before = office.file(office.open_case())
    case_id = office.settled_case("Pure bullshit, all of it, every day.")
    shown = pictures(office.file(case_id))
    office.package(case_id).unlink()

    assert shown is not None
    assert shown.startswith(b"\x89PNG")
    assert (pictures(before), pictures(office.file(case_id))) == (None, None)


def test_orders_of_a_transaction_that_fails_do_not_exist(office: Office) -> None:
    """The record and its order are one commit."""
    case_id = office.open_case()
    sealed = office.route.preserve(case_id)
    office.pad.open.clear()

    def record_and_fail() -> None:
        with Session(office.route.writing) as session, session.begin():
            office.route.record_seal(session, case_id, sealed)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        record_and_fail()
    assert (office.pad.open, office.file(case_id).evidence) == ([], None)


def _one_pixel() -> bytes:
    return base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
    )
