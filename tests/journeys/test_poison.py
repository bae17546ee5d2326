"""A comment that kills the process is set apart and put away, and takes no neighbour with it."""

from __future__ import annotations

from bot.ledger import hands
from bot.ledger.tables import CaseStatus
from tests.journeys.nursery import KILLED_ITSELF
from tests.journeys.world import World

CAPTURE = "bot.evidence.picture.browser.BrowserCapturer.capture"


def test_a_comment_that_kills_the_process_ends_in_quarantine_where_people_see_it(world: World) -> None:
    """Four crashes on one comment: then it rests, `beadle cases` lists it, and every neighbour is done, once."""
    neighbours = [world.town.say(f"This is bullshit, Dana, number {number}.") for number in range(3)]
    killer = world.town.say("This is bullshit, and its picture kills.")
    neighbours += [world.town.say(f"Bullshit again, Dana, number {number}.") for number in range(3)]
    deadly = {
        "where": CAPTURE,
        "when": "before",
        "about": killer,
        "once": None,
    }

    for _ in range(hands.QUARANTINE):
        world.start(dies=deadly)
        assert world.ended() == KILLED_ITSELF, world.last_words()
    world.start(dies=deadly)
    world.until_settled()
    assert world.stop() == 0

    assert world.status(killer) == CaseStatus.QUARANTINED
    assert "ended the process" in world.case(killer).because
    listed = world.beadle("cases").printed
    assert world.case(killer).case_id in listed
    assert "quarantined" in listed
    assert world.writes(killer) == []
    assert [world.status(each) for each in neighbours] == [CaseStatus.HIDDEN] * len(neighbours)
    assert [world.journal(each).count("hidden") for each in neighbours] == [1] * len(neighbours)
    assert world.witness.unproven == []


def test_a_person_can_still_decide_a_comment_that_rests_in_quarantine(world: World) -> None:
    """Put away is not lost: the person's word is carried out by a process that never touches what killed."""
    killer = world.town.say("This is bullshit, and its picture kills.")
    deadly = {
        "where": CAPTURE,
        "when": "before",
        "about": killer,
        "once": None,
    }
    for _ in range(hands.QUARANTINE):
        assert world.once(dies=deadly).status == KILLED_ITSELF
    assert world.once(dies=deadly).status == 0

    said = world.beadle("keep", world.case(killer).case_id, "--as", "noor", "--reason", "Looked at on the page.")

    assert said.status == 0, said.printed
    assert world.once(dies=deadly).status == 0
    assert world.status(killer) == CaseStatus.KEPT
    assert world.writes(killer) == []
