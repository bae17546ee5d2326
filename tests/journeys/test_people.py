"""A person's word is final, and what can't be undone takes two of them."""

from __future__ import annotations

from bot.ledger.tables import CaseStatus
from tests.journeys.nursery import ANOTHER_ACCOUNT
from tests.journeys.world import Said, World

GENE = {ANOTHER_ACCOUNT: "gene"}
SAYS_GENE = {"LOGNAME": "gene", "USER": "gene", "LNAME": "gene", "USERNAME": "gene"}


def test_a_removal_takes_two_people_with_two_accounts(world: World) -> None:
    """The account that asked can't approve, not even in another's name; another person's account can."""
    violator = world.town.say("This is bullshit, Dana.")
    assert world.once().status == 0
    case_id = world.case(violator).case_id

    asked = decide(world, "remove", case_id, "noor")
    alone = decide(world, "approve", case_id, "noor")
    disguised = decide(world, "approve", case_id, "gene")
    masked = world.beadle("approve", case_id, "--as", "gene", "--reason", "It is I.", environment=SAYS_GENE)
    assert (asked.status, alone.status, disguised.status, masked.status) == (0, 1, 1, 1)
    assert world.once().status == 0
    assert world.status(violator) == CaseStatus.HIDDEN
    second = world.beadle("approve", case_id, "--as", "gene", "--reason", "Seen too.", environment=GENE)
    assert second.status == 0, second.printed
    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.REMOVED
    assert world.journal(violator) == ["preserved", "verified", "hidden", "alerted", "verified", "removed"]
    assert world.town.wall.find(violator) is None
    assert world.beadle("verify", "--all").status == 0


def test_what_a_person_keeps_stays_up_whatever_the_rules_say(world: World) -> None:
    """Kept while acts were paused: when they go on, and at every later poll, nothing acts on these words."""
    violator = world.town.say("This is bullshit, Dana.")
    assert world.beadle("migrate").status == 0
    assert world.beadle("pause", "--as", "noor", "--reason", "Counsel asked.").status == 0
    assert world.once().status == 0

    said = decide(world, "keep", world.case(violator).case_id, "noor")
    assert said.status == 0, said.printed
    assert world.beadle("resume", "--as", "noor").status == 0
    assert world.once().status == 0
    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.KEPT
    assert world.writes(violator) == []


def test_what_a_person_restores_is_not_hidden_again(world: World) -> None:
    """Hidden by rule, restored by a person beside the running daemon: later polls leave it, and its strike is void."""
    violator = world.town.say("This is bullshit, Dana.")
    world.start()
    world.until(lambda: world.status(violator) == CaseStatus.HIDDEN, "hidden by rule")

    said = decide(world, "restore", world.case(violator).case_id, "noor")
    assert said.status == 0, said.printed
    world.until(lambda: world.status(violator) == CaseStatus.RESTORED, "shown again")
    world.until_polled(2)
    world.until_settled()

    assert world.stop() == 0
    assert [write.verb for write in world.writes(violator)] == ["hide", "unhide"]
    assert not world.town.comment(violator).hidden
    assert world.strikes(violator) == ["void"]
    assert len(world.cases(violator)) == 1


def decide(world: World, verb: str, case_id: str, person: str) -> Said:
    """A decision by the command, from the account that runs the tests."""
    return world.beadle(verb, case_id, "--as", person, "--reason", "Looked at; see the policy.")
