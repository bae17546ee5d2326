"""A press under an alert: over the socket, to a decision, to the platform, and back into the message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.evidence.canonical import canonical, sha256
from bot.ledger.tables import CaseStatus
from bot.slack.deciding import Deciding
from bot.slack.hall import Doing
from bot.voice import Voice
from connectors.contract import Visibility
from tests.slack.conftest import GENE, NOOR, MakeScene, Scene, words


def test_a_press_restores_the_comment_and_the_message_says_who_and_why(at_work: Scene) -> None:
    """Alert, press, reason, platform, message, record: one journey."""
    scene = at_work
    case_id = scene.case()
    assert scene.status(case_id) == CaseStatus.HIDDEN
    seen = scene.message(case_id)
    assert seen is not None

    pressed = scene.press(NOOR, case_id, "restore")
    sent = scene.fill_in(NOOR, reason="Satire, and about an official.")

    assert pressed.acknowledged
    assert sent.acknowledged
    scene.until(lambda: scene.status(case_id) == CaseStatus.RESTORED)
    scene.until(lambda: "Satire" in words(scene.message(case_id)))
    comment = scene.office.platform.comments[scene.office.file(case_id).comment.comment_id]
    assert comment.visibility is Visibility.VISIBLE
    (decision,) = scene.decisions()
    assert (decision.verb, decision.person, decision.account, decision.door) == (
        "restore",
        "noor",
        "slack:U0NOOR",
        "slack",
    )
    assert decision.saw == sha256(canonical(seen["blocks"]))
    assert "restore" in scene.told(NOOR, case_id)
    assert scene.slack.views(NOOR) == []


def test_one_press_confirms_what_a_rule_hid(scene: Scene) -> None:
    """Approve asks nothing more: who has nothing to add has pressed once."""
    case_id = scene.case()

    scene.press(GENE, case_id, "approve")

    scene.until(lambda: scene.decisions() and scene.decisions()[0].carried_out_at)
    assert [(each.verb, each.person) for each in scene.decisions()] == [("approve", "gene")]
    assert scene.status(case_id) == CaseStatus.HIDDEN


def test_what_is_acknowledged_is_written_down(at_work: Scene) -> None:
    """Slack tells the member that it arrived; a crash in the next instant must not make that untrue."""
    case_id = at_work.case()

    pressed = at_work.press(GENE, case_id, "approve")

    assert pressed.acknowledged
    assert [(each.person, each.outcome) for each in at_work.presses()] == [("gene", "taken")]
    assert [each.verb for each in at_work.decisions()] == ["approve"]


def test_a_removal_takes_another_person_and_another_press(scene: Scene) -> None:
    """Asked for with a reason, refused to the one who asked, approved by a second: then it is gone."""
    case_id = scene.case()
    scene.press(NOOR, case_id, "remove")
    without = scene.fill_in(NOOR, reason="   ")
    assert "without a reason" in without.errors["reason"]

    scene.fill_in(NOOR, reason="A court order of today names it.")
    assert "another person now presses Approve" in scene.told(NOOR, "removal")
    scene.until(lambda: "removal" in words(scene.message(case_id)).lower())
    scene.settle()
    scene.decide(NOOR, case_id, "approve")
    assert "another person must approve" in words(scene.window(NOOR)["blocks"])
    assert scene.status(case_id) == CaseStatus.HIDDEN

    scene.decide(GENE, case_id, "approve", reason="I read the order.")

    scene.until(lambda: scene.status(case_id) == CaseStatus.REMOVED)
    assert [(each.verb, each.person) for each in scene.decisions()] == [("remove", "noor"), ("approve", "gene")]
    assert scene.decisions()[1].second_of == scene.decisions()[0].id


def test_a_policy_with_reason_codes_has_one_chosen(scene: Scene) -> None:
    """Where the policy lists reasons, the window asks for one of them, and the record has its code."""
    scene.office.rearrange(policy="hartford-city-012")
    hall = replace(scene.hall, review=scene.office.review)
    scene.door._deciding = Deciding(hall)
    case_id = scene.case()
    scene.press(NOOR, case_id, "restore")
    window = scene.window(NOOR)

    with pytest.raises(ValueError, match="code"):
        scene.slack.submit(NOOR, window["id"], {"reason": "It reads well."})
    scene.slack.submit(NOOR, window["id"], {"code": "treated-unlike", "reason": "Two like it stand."})

    scene.until(lambda: scene.status(case_id) == CaseStatus.RESTORED)
    assert [(each.code, each.reason) for each in scene.decisions()] == [("treated-unlike", "Two like it stand.")]


def test_the_verb_of_another_part_has_its_button_too(make_scene: MakeScene, sqlite_url: str) -> None:
    """A button whose verb another part brought goes to that part, with the case and the voice."""
    done: list[tuple[str, str]] = []

    def notify(voice: Voice, asked: Sequence[str]) -> str:
        done.append((voice.account, asked[0]))
        return "The notice is on its way."

    scene = make_scene(sqlite_url, works=False, notify=Doing("notify ID", "tell the commenter", notify))
    case_id = scene.case()
    pressed = scene.press(NOOR, case_id, "approve", altered={"action_id": "case_notify"})

    assert pressed.acknowledged
    scene.told(NOOR, "on its way")
    assert done == [("slack:U0NOOR", case_id)]
    assert [(each.action, each.outcome) for each in scene.presses()] == [("case_notify", "taken")]


def test_all_acts_are_stopped_from_slack_and_go_on_again(scene: Scene) -> None:
    """The emergency button asks once; then nothing acts, until somebody says so."""
    scene.slack.open_home(NOOR)
    scene.until(lambda: scene.slack.home(NOOR))

    scene.slack.press_home(NOOR, "pause_all")
    scene.fill_in(NOOR, reason="Something is odd.")

    assert "stopped, on every page" in words(scene.window(NOOR)["blocks"])
    case_id = scene.office.settled_case()
    assert scene.status(case_id) == CaseStatus.PAUSED
    assert "1 held-back" in scene.typed(NOOR, "resume")
    scene.until(lambda: scene.status(case_id) == CaseStatus.HIDDEN)
