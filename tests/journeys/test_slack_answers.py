"""People answer in Slack while the real daemon is on duty: the line, the verbs of every part, and doctor's word."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from bot.demo.slack import SlackUser
from bot.ledger.tables import CaseStatus, CommentRow, Decision, Press, Revision
from bot.ledger.verdicts import from_json
from tests.journeys.conftest import MakeWorld
from tests.journeys.world import World

NOOR = SlackUser("U0NOOR", "Noor Haddad", "noor.haddad@millbrook.example")
GENE = SlackUser("U0GENE", "Gene Kowalczyk", "gene.kowalczyk@millbrook.example")


@pytest.fixture
def answering(make_world: MakeWorld) -> World:
    """A daemon on duty whose line to Slack is open."""
    world = make_world()
    world.town.slack.users.extend(
        user for user in (NOOR, GENE) if user.id not in {each.id for each in world.town.slack.users}
    )
    more = {"BEADLE_SLACK_APP_TOKEN": world.town.slack_app_token}
    world.home = replace(world.home, environment={**world.home.environment, **more})
    world.start()
    assert world.town.slack.sockets.wait_for(1, 60.0), world.last_words()
    return world


def test_a_press_in_slack_reaches_the_platform_through_the_daemon(answering: World) -> None:
    """Hidden by rule, told in Slack, restored by a press there, shown on the page, written down."""
    world = answering
    violator = world.town.say("This is bullshit, Dana.")
    world.until(lambda: world.cases(violator) and world.alerts(world.case(violator).case_id), "an alert")
    case_id = world.case(violator).case_id
    world.until(lambda: world.status(violator) == CaseStatus.HIDDEN, "hidden")
    world.until(lambda: not world.outbox.under_way(), "settled")
    (message,) = world.alerts(case_id)

    world.town.slack.press(NOOR, world.town.slack_channel, message["ts"], "case_restore")
    world.until(lambda: world.town.slack.views(NOOR), "a window")
    world.town.slack.submit(NOOR, world.town.slack.views(NOOR)[-1]["id"], {"reason": "It is about the plow."})

    world.until(lambda: world.status(violator) == CaseStatus.RESTORED, "restored")
    world.until(lambda: "It is about the plow." in str(world.alerts(case_id)[0]["blocks"]), "the message says why")
    assert [write.verb for write in world.writes(violator)] == ["hide", "unhide"]
    (decision,) = world.rows(Decision)
    assert (decision.person, decision.door, decision.account) == ("noor", "slack", "slack:U0NOOR")
    assert {press.outcome for press in world.rows(Press)} == {"asked", "taken"}


def test_the_verbs_of_every_part_answer_in_slack(answering: World) -> None:
    """Requests, rules, accounts, notices and appeals: each part's own answer, and its own refusal."""
    world, page = answering, answering.town.page_slug
    violator = world.town.say("This is bullshit, Dana.")
    world.until(lambda: world.status(violator) == CaseStatus.HIDDEN, "hidden")
    world.until(lambda: not world.outbox.under_way(), "settled")
    (comment,) = world.rows(CommentRow)
    account = comment.author_id
    rule = from_json(world.rows(Revision)[0].verdict).findings[0].rule_id

    assert "Nothing waits" in _typed(world, GENE, "requests")
    assert "no rule" in _typed(world, GENE, f"promote no-such-rule {page} because").lower()
    assert "no request" in _typed(world, NOOR, "approve R-99 because")
    assert "Would be restored: 1." in _typed(world, GENE, f"undo-rule {rule} {page} 24h")
    assert "is no time" in _typed(world, GENE, f"undo-rule {rule} {page} yesterday")
    assert "strikes" in _typed(world, NOOR, f"offender {account}")
    assert "has no role" in _typed(world, NOOR, f"unblock {account} {page} because")
    assert "No appeal waits" in _typed(world, NOOR, "appeals")
    assert "write it like this" in _typed(world, NOOR, "notify")

    assert "Being restored: 1." in _typed(world, GENE, f"undo-rule {rule} {page} 24h it was wrong")
    world.until(lambda: world.status(violator) == CaseStatus.RESTORED, "restored")


def test_doctor_looks_at_the_answers_in_slack(answering: World) -> None:
    """It says that people can answer, and opens no line of its own."""
    lines = answering.town.slack.sockets.open

    said = answering.beadle("doctor")

    assert "Socket Mode can be opened" in said.printed
    assert "may answer, and nobody else" in said.printed
    assert answering.town.slack.sockets.open == lines


def _typed(world: World, user: SlackUser, text: str) -> str:
    slack = world.town.slack
    before = len(slack.ephemerals(user))
    assert slack.command(user, "/beadle", text).acknowledged
    until = time.monotonic() + 30
    while len(slack.ephemerals(user)) == before:
        assert time.monotonic() < until, f"no answer to {text}: {world.last_words()}"
        time.sleep(0.02)
    return str(slack.ephemerals(user)[-1]["text"])
