"""The route of one comment, stage by stage: what each stage does, does twice, and refuses."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlmodel import Session

from bot import acting
from bot.errors import EvidenceError
from bot.evidence.capture import Capture
from bot.evidence.store import Archive
from bot.ledger.tables import CaseStatus, StrikeStatus
from bot.notify.alerts import Standing
from bot.notify.slack import SlackRefused, SlackUnavailable
from bot.telling import Pictures
from connectors.contract import (
    CommentRef,
    Unavailable,
)
from tests.office import EFFECT, KIND, SLUG, Office, open_office, printer

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


def test_a_strangers_picture_is_made_anew_before_anybody_is_shown_it(office: Office) -> None:
    """Slack gets pixels, small and alone; of a picture that is better not looked at, it gets the rendering."""
    office.camera.sees = Capture("captured", viewport_png=_picture((2_000, 1_000)), comment_text_visible=True)
    good = office.file(office.settled_case())
    office.camera.sees = Capture("captured", viewport_png=b"\x89PNG\r\n\x1a\nno picture", comment_text_visible=True)
    bad = office.file(office.settled_case("Pure bullshit, all of it, every day."))
    pictures = Pictures(office.route.archive, lambda record: b"the rendering")

    small = pictures(good)
    assert small is not None
    assert Image.open(io.BytesIO(small)).size == (1_280, 640)
    assert pictures(bad) == b"the rendering"


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


def _picture(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (20, 60, 90)).save(out, "PNG")
    return out.getvalue()
