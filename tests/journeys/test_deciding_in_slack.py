"""From the alert in Slack to the platform and back, with the real daemon on a real socket."""

from __future__ import annotations

from typing import Any

from bot.demo.faults import hang
from bot.ledger.tables import CaseStatus, Decision, Press, Switch
from tests.journeys.world import World

NOOR, GENE, ZED = "U0NOOR", "U0GENE", "U0ZED"


def test_a_press_in_slack_shows_the_comment_again_and_the_message_says_who(world: World) -> None:
    """Alert, press, platform, message, record: the whole way of one reversal."""
    violator = world.town.say("This is bullshit, Dana.")
    world.start()
    case_id = alerted(world, violator, CaseStatus.HIDDEN)

    decide(world, NOOR, case_id, "restore", "It is the name of a band.")
    world.until(lambda: world.status(violator) == CaseStatus.RESTORED, "shown again")
    world.until(lambda: "Noor Haddad" in words(world, case_id), "the message says who")

    assert world.town.wall.find(violator) is not None
    assert [write.verb for write in world.writes(violator)] == ["hide", "unhide"]
    assert world.strikes(violator) == ["void"]
    assert len(world.alerts(case_id)) == 1
    assert "It is the name of a band." in words(world, case_id)
    (decision,) = world.rows(Decision)
    assert (decision.person, decision.door, decision.account) == ("noor", "slack", f"slack:{NOOR}")
    assert len(decision.saw) == 64
    taken = [row for row in world.rows(Press) if row.about == case_id]
    assert {row.person for row in taken} == {"noor"}
    assert world.stop() == 0
    assert world.beadle("verify", "--all").status == 0


def test_a_press_survives_the_death_of_the_daemon(world: World) -> None:
    """What was acknowledged is recorded: killed before the platform was asked, it is done at the next start."""
    violator = world.town.say("This is bullshit, Dana.")
    world.start()
    case_id = alerted(world, violator, CaseStatus.HIDDEN)
    world.town.graph.faults.always(hang(), method="POST")

    decide(world, NOOR, case_id, "restore", "A band.")
    world.until(lambda: world.rows(Decision), "the decision is recorded")
    world.kill()
    assert world.status(violator) == CaseStatus.HIDDEN
    world.town.graph.faults.clear()
    world.start()
    world.until(lambda: world.status(violator) == CaseStatus.RESTORED, "shown again after the restart")

    assert [write.verb for write in world.writes(violator) if write.verb == "unhide"] == ["unhide"]
    assert len(world.rows(Decision)) == 1


def test_what_can_not_be_undone_takes_two_people_in_slack_too(world: World) -> None:
    """Noor asks, and can't approve what she asked for; Gene approves; somebody whom nobody lists decides nothing."""
    violator = world.town.say("This is bullshit, Dana.")
    world.start()
    case_id = alerted(world, violator, CaseStatus.HIDDEN)

    decide(world, ZED, case_id, "remove", "I may not.")
    decide(world, NOOR, case_id, "remove", "It must go.")
    world.until(lambda: len(world.rows(Decision)) == 1, "the removal is asked for")
    world.until(lambda: "hidden.1" in button(world, case_id, "approve"), "the message asks a second person")
    decide(world, NOOR, case_id, "approve", "I again.")
    world.until(lambda: refusals(world) >= 2, "both were refused, and that is on record")
    assert world.status(violator) == CaseStatus.HIDDEN
    decide(world, GENE, case_id, "approve", "Seen too.")
    world.until(lambda: world.status(violator) == CaseStatus.REMOVED, "removed by two")

    assert [row.person for row in world.rows(Decision)] == ["noor", "gene"]
    assert world.town.wall.find(violator) is None


def test_acts_can_be_stopped_everywhere_from_slack(world: World) -> None:
    """One command: what comes afterwards is kept, judged and told, and not hidden; it survives a restart."""
    world.start()
    world.until_polled()

    world.town.slack.command(NOOR, "/beadle", "pause")
    world.until(lambda: world.rows(Switch), "acts are paused")
    violator = world.town.say("This is bullshit, Dana.")
    world.until(lambda: world.status(violator) == CaseStatus.PAUSED, "held back")
    world.kill()
    world.start()
    world.until_polled(2)

    assert world.writes(violator) == []
    world.town.slack.command(NOOR, "/beadle", "resume")
    world.until(lambda: world.status(violator) == CaseStatus.HIDDEN, "hidden once acts go on")


def alerted(world: World, comment_id: str, status: CaseStatus) -> str:
    """The case of a comment, once it stands so and its message shows it."""
    world.until(lambda: world.status(comment_id) == status, f"the case is {status.value}")
    case_id = world.case(comment_id).case_id
    world.until(lambda: button(world, case_id, "restore"), "the message has its buttons")
    world.town.slack.sockets.wait_for(1)
    return case_id


def decide(world: World, user: str, case_id: str, verb: str, reason: str) -> None:
    """Press a button, and fill in the window where one opens."""
    (message,) = world.alerts(case_id)
    slack = world.town.slack
    told = len(slack.ephemerals(user))
    delivered = slack.press(user, world.town.slack_channel, message["ts"], f"case_{verb}")
    assert delivered.acknowledged, delivered.problem
    world.until(lambda: slack.views(user) or len(slack.ephemerals(user)) > told, "a window, or a word to this person")
    if slack.views(user):
        slack.submit(user, slack.views(user)[-1]["id"], {"reason": reason})


def button(world: World, case_id: str, verb: str) -> str:
    """What this button in the message of a case brings back now; empty where there is none."""
    found = world.alerts(case_id)
    blocks = found[0].get("blocks", []) if found else []
    elements = [each for block in blocks for each in block.get("elements", []) if each]
    return next((str(each["value"]) for each in elements if each.get("action_id") == f"case_{verb}"), "")


def refusals(world: World) -> int:
    """How many presses are on record as refused."""
    return sum(row.outcome == "refused" for row in world.rows(Press))


def words(world: World, case_id: str) -> str:
    """All that the message of a case says."""
    return str([_said(each) for each in world.alerts(case_id)])


def _said(part: Any) -> str:
    if isinstance(part, dict):
        return "".join(_said(each) for key, each in part.items() if key not in ("value", "metadata"))
    if isinstance(part, list):
        return "".join(_said(each) for each in part)
    return str(part)
