"""What a press may not do: twice, too late, in another's name, or on a case that it does not belong to."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.ledger import database
from bot.ledger.tables import CaseStatus
from bot.slack.wire import web_client
from tests.slack.conftest import (
    CORA,
    ELSEWHERE,
    FOREIGN,
    GENE,
    KAI,
    NOOR,
    ROBOT,
    TOKEN,
    ZED,
    MakeScene,
    Scene,
    words,
)

IN_TIME_S = 3.0


def test_a_double_click_is_two_presses_and_one_decision(scene: Scene) -> None:
    """Two payloads side by side: one decides, the other is told that it is recorded."""
    case_id = scene.case()

    first = scene.press(GENE, case_id, "approve", twice=True)

    assert first.acknowledged
    assert first.again.acknowledged
    scene.until(lambda: len(scene.presses()) == 2 and all(each.outcome == "taken" for each in scene.presses()))
    assert [each.verb for each in scene.decisions()] == ["approve"]
    scene.told(GENE, "recorded before")


def test_a_double_click_opens_one_window_alone(scene: Scene) -> None:
    """Nobody fills in the same window twice."""
    case_id = scene.case()

    scene.press(NOOR, case_id, "restore", twice=True)

    scene.window(NOOR)
    scene.until(lambda: len(scene.presses()) == 2)
    assert len(scene.slack.views(NOOR)) == 1


def test_of_two_people_at_once_one_decides_and_the_other_is_told(scene: Scene) -> None:
    """Both have their windows open when both send: one decision stands, and the other hears how it stands now."""
    case_id = scene.case()
    scene.press(NOOR, case_id, "restore")
    scene.press(GENE, case_id, "restore")
    windows = [(user, scene.window(user)["id"]) for user in (NOOR, GENE)]

    with ThreadPoolExecutor(2) as hands:
        sent = list(hands.map(lambda one: scene.slack.submit(one[0], one[1], {"reason": "It is satire."}), windows))

    assert all(each.acknowledged for each in sent)
    scene.until(lambda: scene.status(case_id) == CaseStatus.RESTORED)
    assert len(scene.decisions()) == 1
    told = [words(view["blocks"]) for user in (NOOR, GENE) for view in scene.slack.views(user)]
    assert len(told) == 1
    assert "has changed since you saw it" in told[0]


def test_a_press_on_an_old_message_is_refused_and_the_message_brought_up_to_date(scene: Scene) -> None:
    """What the screen still showed is not how the case stands: the answer says how, and nothing is done."""
    case_id = scene.case()
    old = scene.message(case_id)
    scene.decide(NOOR, case_id, "restore", reason="It is satire.")
    scene.until(lambda: scene.status(case_id) == CaseStatus.RESTORED)
    scene.settle()
    edited = _edited(scene, case_id)

    scene.press(GENE, case_id, "approve", seen=old)

    assert "restored now" in scene.told(GENE, "has changed since")
    assert [each.verb for each in scene.decisions()] == ["restore"]
    assert [(each.outcome, each.person) for each in scene.presses() if each.action == "case_approve"] == [
        ("refused", "gene")
    ]
    scene.until(lambda: _edited(scene, case_id) != edited)
    scene.press(GENE, case_id, "restore", seen=old)
    scene.until(lambda: len(scene.presses()) == 4)
    assert scene.slack.views(GENE) == [], "no window opens for what is no longer so"


def test_an_envelope_that_comes_again_counts_once(scene: Scene) -> None:
    """Slack sends what it saw no acknowledgement of again; it is acknowledged again, and not heard."""
    case_id = scene.case()
    pressed = scene.press(GENE, case_id, "approve")
    scene.until(lambda: scene.presses() and scene.presses()[0].outcome == "taken")
    scene.told(GENE, "Recorded for case")
    told = len(scene.slack.ephemerals(GENE))

    again = scene.slack.replay(pressed)

    assert again.acknowledged
    time.sleep(0.5)
    assert len(scene.presses()) == len(scene.decisions()) == 1
    assert len(scene.slack.ephemerals(GENE)) == told


def test_a_window_that_is_sent_again_by_the_network_counts_once(scene: Scene) -> None:
    """The same submission twice is one decision."""
    case_id = scene.case()
    sent = scene.decide(NOOR, case_id, "escalate", reason="Counsel should see this.")

    assert scene.slack.replay(sent).acknowledged

    scene.until(lambda: scene.decisions())
    time.sleep(0.3)
    assert [each.verb for each in scene.decisions()] == ["escalate"]


def test_whoever_may_not_is_told_why_and_it_is_written_down(scene: Scene) -> None:
    """Unlisted, of another workspace, without the role, without the page: a refused press is a record too."""
    case_id = scene.case()
    reasons = {
        ZED: "not in Beadle's people.yaml",
        FOREIGN: "another Slack workspace",
        CORA: "has no role that may approve",
        KAI: "not among yours",
    }

    for user, sentence in reasons.items():
        assert scene.press(user, case_id, "approve").acknowledged
        scene.told(user, sentence)

    assert scene.decisions() == []
    written = {each.member: each for each in scene.presses()}
    for user, sentence in reasons.items():
        press = written[user.id]
        assert (press.outcome, press.about) == ("refused", case_id)
        assert sentence in press.because


def test_a_bot_decides_nothing_even_where_somebody_listed_it(scene: Scene) -> None:
    """People decide. A bot that presses buttons is refused whatever people.yaml says."""
    case_id = scene.case()
    payloads = scene.slack._payloads
    who = payloads._who
    payloads._who = lambda each: {**who(each), "user": {**who(each)["user"], "is_bot": True}}  # type: ignore[method-assign,assignment]

    scene.press(ROBOT, case_id, "approve")

    scene.told(ROBOT, "Bots decide nothing")
    assert scene.decisions() == []


def test_a_value_that_is_none_of_ours_decides_nothing(scene: Scene) -> None:
    """What a forger could write into a button names no case, or one that the button does not belong to."""
    case_id = scene.case()
    forged: list[dict[str, str]] = [
        {"value": "fa-other|hidden.0"},
        {"value": case_id},
        {"value": f"{case_id}|hidden.0|more"},
        {"value": "<!channel>|hidden.0"},
        {"value": ""},
        {"block_id": "case:fa-other"},
        {"action_id": "case_delete_everything"},
    ]

    for altered in forged:
        assert scene.press(GENE, case_id, "approve", altered=altered).acknowledged

    scene.until(lambda: len(scene.presses()) == len(forged))
    assert {each.outcome for each in scene.presses()} == {"refused"}
    assert all("use /beadle instead" in each.because for each in scene.presses())
    assert scene.decisions() == []


def test_a_button_in_another_pages_channel_is_refused(scene: Scene) -> None:
    """A message elsewhere that names the case is not the case's own."""
    case_id = scene.case()
    button = {"type": "button", "action_id": "case_approve", "value": f"{case_id}|hidden.0", "text": _label("Yes")}
    block = {"type": "actions", "block_id": f"case:{case_id}", "elements": [button]}
    posted = web_client(TOKEN, f"{scene.slack.listener.url}/api/").chat_postMessage(
        channel=ELSEWHERE, text="x", blocks=[block]
    )

    scene.slack.press(GENE, ELSEWHERE, posted["ts"], "case_approve")

    scene.told(GENE, "does not belong to case")
    assert scene.decisions() == []


def test_a_locked_database_is_acknowledged_in_time_and_answered_after(
    make_scene: MakeScene, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the database for long: Slack has its answer in time, and the member is asked to try again."""
    scene = make_scene(sqlite_url, works=False)
    case_id = scene.case()
    monkeypatch.setattr(database, "_BUSY_MS", 200)
    scene.office.route.writing.dispose()

    with _held(sqlite_url):
        pressed = scene.press(GENE, case_id, "approve")
        scene.told(GENE, "try again in a minute")

    assert pressed.acknowledged
    assert scene.decisions() == []
    scene.press(GENE, case_id, "approve")
    scene.until(lambda: scene.decisions())


def test_a_window_that_takes_long_says_its_answer_when_it_is_done(make_scene: MakeScene, sqlite_url: str) -> None:
    """The acknowledgement does not wait for the database: the window first says that, then what came of it."""
    scene = make_scene(sqlite_url, works=False)
    case_id = scene.case()
    scene.press(NOOR, case_id, "escalate")
    window = scene.window(NOOR)["id"]

    with _held(sqlite_url):
        sent = scene.slack.submit(NOOR, window, {"reason": "Counsel should see this."})
        assert "being recorded" in words(scene.window(NOOR))

    assert sent.acknowledged
    assert (sent.after or IN_TIME_S) < IN_TIME_S
    scene.until(lambda: "Recorded for case" in words(scene.window(NOOR)["blocks"]))
    assert [each.verb for each in scene.decisions()] == ["escalate"]


def _edited(scene: Scene, case_id: str) -> object:
    message = scene.message(case_id)
    assert message is not None
    return message.get("edited")


def _label(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


class _held:
    """The database in another's hands."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()
