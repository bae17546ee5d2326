"""The buttons below an alert: what can still be done, to this case as it stands, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.authority import Verb
from bot.demo.blocks import block_errors
from bot.notify.alerts import Alert, Standing, render
from bot.notify.buttons import LABELS
from bot.notify.case_facts import Word

ASKED = Word("remove", "Noor Haddad", "sma", datetime(2026, 11, 21, 12, 30, tzinfo=UTC), "a threat to a child")


def pressable(alert: Alert) -> list[dict[str, Any]]:
    """The buttons of the message, in order."""
    rows = [block for block in render(alert).blocks if block["type"] == "actions"]
    assert len(rows) <= 1
    return [button for row in rows for button in row["elements"]]


def verbs(alert: Alert) -> set[str]:
    """What the buttons do."""
    return {button["action_id"].removeprefix("case_") for button in pressable(alert)}


@pytest.fixture
def answered(alert: Alert) -> Alert:
    """A hidden case in a workspace where presses are received, on a platform that can do everything."""
    return replace(alert, answers=True, stand="hidden.0", can_remove=True, notice=True)


def test_a_press_brings_back_the_case_and_how_it_stood(answered: Alert) -> None:
    """Whoever receives it can tell that the message was old."""
    (row,) = [block for block in render(answered).blocks if block["type"] == "actions"]

    assert row["block_id"] == "case:fa-abcdefghijkl"
    assert {button["value"] for button in row["elements"]} == {"fa-abcdefghijkl|hidden.0"}
    assert block_errors(list(render(answered).blocks)) == []


def test_without_anybody_to_receive_a_press_there_are_no_buttons(alert: Alert) -> None:
    """A button that does nothing would be a promise that is not kept: the commands stand there as before."""
    words = str(render(replace(alert, answers=False)).blocks)

    assert pressable(replace(alert, answers=False)) == []
    assert "beadle restore fa-abcdefghijkl" in words


def test_beside_buttons_one_command_is_left_for_when_they_are_dead(answered: Alert) -> None:
    """The line that shows the case, and no list of verbs."""
    words = str(render(answered).blocks)

    assert "beadle show fa-abcdefghijkl" in words
    assert "beadle restore" not in words


@pytest.mark.parametrize(
    ("standing", "offered"),
    [
        (Standing.HIDDEN, {"restore", "approve", "remove", "notify", "escalate", "contest"}),
        (Standing.WAITS, {"keep", "hide", "remove", "escalate", "contest"}),
        (Standing.NOT_HIDDEN, {"keep", "hide", "remove", "escalate", "contest"}),
        (Standing.KEPT, {"hide", "remove", "contest"}),
        (Standing.RESTORED, {"hide", "remove", "notify", "contest"}),
        (Standing.REMOVED, {"notify", "contest"}),
        (Standing.GONE, {"contest"}),
        (Standing.BY_HAND, {"contest"}),
        (Standing.CLOSED, set()),
    ],
)
def test_each_standing_offers_what_can_be_done_in_it(answered: Alert, standing: Standing, offered: set[str]) -> None:
    """And every standing is in this table."""
    assert verbs(replace(answered, standing=standing)) == offered


@pytest.mark.parametrize("standing", list(Standing))
def test_every_button_is_a_verb_that_people_have(answered: Alert, standing: Standing) -> None:
    """Nothing is offered that no authority knows."""
    assert verbs(replace(answered, standing=standing)) <= {verb.value for verb in Verb}
    assert set(LABELS) <= {verb.value for verb in Verb}


def test_what_the_platform_or_the_page_cannot_do_is_not_offered(answered: Alert) -> None:
    """Where a hide isn't possible a person says that they did it by hand."""
    waits = replace(answered, standing=Standing.WAITS, can_hide=False, can_remove=False, notice=False)

    assert verbs(waits) == {"keep", "by_hand", "escalate", "contest"}
    assert "notify" not in verbs(replace(answered, notice=False))


def test_nothing_that_acts_is_offered_before_the_evidence_is_sealed(answered: Alert) -> None:
    """No evidence, no act, and no button for one."""
    assert verbs(replace(answered, standing=Standing.WAITS, digest=None)) == {"keep", "escalate", "contest"}


def test_a_removal_asks_twice_and_is_red(answered: Alert) -> None:
    """It can't be undone: a dialog says so, and that another person must approve."""
    remove = next(button for button in pressable(answered) if button["action_id"] == "case_remove")

    assert remove["style"] == "danger"
    assert "another person must approve" in remove["confirm"]["text"]["text"]
    assert [b["action_id"] for b in pressable(answered) if b.get("style") == "danger"] == ["case_remove"]


def test_a_removal_that_waits_offers_approval_and_the_way_back(answered: Alert) -> None:
    """Who asked stands there; nobody asks a second time; approving asks once more."""
    pending = replace(answered, request=ASKED)
    approve = pressable(pending)[0]

    assert verbs(pending) == {"approve", "restore", "notify", "escalate", "contest"}
    assert (approve["action_id"], approve["style"]) == ("case_approve", "danger")
    assert "Removal asked for by Noor Haddad (sma): another person approves it" in str(render(pending).blocks)
    assert "beadle approve" in str(render(replace(pending, answers=False)).blocks)


def test_what_a_person_confirmed_is_not_offered_to_be_confirmed_again(answered: Alert) -> None:
    """Once somebody has said that the hide is right, the button has nothing left to say."""
    confirmed = replace(answered, standing=Standing.HIDDEN, words=(replace(ASKED, verb="approve"),))

    assert "approve" in verbs(replace(confirmed, words=()))
    assert "approve" not in verbs(confirmed)
    assert "approve" in verbs(replace(confirmed, request=ASKED))


def test_what_takes_least_away_stands_out(answered: Alert) -> None:
    """Keep and Restore are the green ones; nobody is led to hide."""
    for standing, least in ((Standing.WAITS, "case_keep"), (Standing.HIDDEN, "case_restore")):
        green = [b["action_id"] for b in pressable(replace(answered, standing=standing)) if b.get("style") == "primary"]
        assert green == [least]


@pytest.mark.parametrize("standing", [Standing.HIDDEN, Standing.WAITS, Standing.NOT_HIDDEN])
def test_suspected_abuse_is_never_shown_or_left_up_by_a_press(answered: Alert, standing: Standing) -> None:
    """Neither Keep nor Restore on a restricted case."""
    assert not verbs(replace(answered, standing=standing, restricted=True)) & {"keep", "restore"}
