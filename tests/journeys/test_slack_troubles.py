"""Slack is down or loses its answers: acts go on, and in the end there is one message for each case."""

from __future__ import annotations

from bot.demo import faults
from bot.demo.slack import ratelimited
from bot.ledger.tables import AlertRow, CaseStatus
from tests.journeys.world import World


def test_slack_that_is_down_holds_up_no_act_and_is_told_later_once(world: World) -> None:
    """The comment is hidden with Slack away; when it is back, the case has one message."""
    world.town.slack.faults.always(faults.reset())
    violator = world.town.say("This is bullshit, Dana.")

    assert world.once().status == 0
    assert world.status(violator) == CaseStatus.HIDDEN
    assert world.alerts(world.case(violator).case_id) == []
    world.town.slack.faults.clear()
    assert world.skip_delays() == 1
    assert world.once().status == 0

    assert world.journal(violator) == ["preserved", "verified", "hidden", "alerted"]


def test_an_answer_of_slack_that_is_lost_leads_to_no_second_message(world: World) -> None:
    """Posted, and the answer lost: the next try finds the message instead of posting again."""
    world.town.slack.faults.next(faults.lost_answer(), path="chat.postMessage")
    violator = world.town.say("This is bullshit, Dana.")

    assert world.once().status == 0
    world.skip_delays()
    assert world.once().status == 0

    case_id = world.case(violator).case_id
    (message,) = world.alerts(case_id)
    assert {row.case_id: row.message for row in world.rows(AlertRow)} == {case_id: message["ts"]}


def test_a_limit_of_slack_is_waited_out(world: World) -> None:
    """429 with Retry-After: the alert is put off, not dropped."""
    world.town.slack.faults.next(ratelimited(30), path="chat.postMessage")
    violator = world.town.say("This is bullshit, Dana.")

    assert world.once().status == 0
    assert world.alerts(world.case(violator).case_id) == []
    assert world.skip_delays() == 1
    assert world.once().status == 0

    assert len(world.alerts(world.case(violator).case_id)) == 1
