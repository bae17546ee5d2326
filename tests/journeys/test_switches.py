"""Modes, switches and stops: what holds Beadle back holds it back, and what it held back is not lost."""

from __future__ import annotations

import time

from bot.demo.faults import hang
from bot.ledger.tables import CaseStatus
from tests.journeys.conftest import MakeWorld
from tests.journeys.world import World

STOPS_WITHIN_S = 30.0


def test_a_page_in_observe_is_never_written_to(make_world: MakeWorld) -> None:
    """Everything is read, judged, preserved and told; nothing is changed, whatever a person asks for."""
    world = make_world(mode="observe")
    violator = world.town.say("This is bullshit, Dana.")
    unclear = world.town.say("You are a dick, Dana.")

    assert world.once().status == 0
    refused = world.beadle("hide", world.case(violator).case_id, "--as", "noor", "--reason", "A listed word.")
    assert world.once().status == 0

    assert refused.status == 1
    assert "set its mode to assist" in refused.printed
    assert world.journal(violator) == world.journal(unclear) == ["preserved", "alerted"]
    # The one POST that reads: what the platform knows of the token is asked for in a batch, with the token in its body.
    writes = [call for call in world.town.graph.listener.calls if call.method != "GET" and call.path != "/v26.0/"]
    assert writes == []


def test_a_page_in_assist_hides_only_what_a_person_approved(make_world: MakeWorld) -> None:
    """Two violators wait; one is approved, and only that one is hidden, with a confirmed strike."""
    world = make_world(mode="assist")
    approved = world.town.say("This is bullshit, Dana.")
    waiting = world.town.say("More bullshit from you.")
    assert world.once().status == 0
    assert world.writes(approved) == world.writes(waiting) == []

    said = world.beadle("approve", world.case(approved).case_id, "--as", "noor", "--reason", "A listed word.")
    assert said.status == 0, said.printed
    assert world.once().status == 0

    assert world.journal(approved) == ["preserved", "alerted", "verified", "hidden"]
    assert world.strikes(approved) == ["confirmed"]
    assert world.status(waiting) == CaseStatus.WAITING
    assert world.writes(waiting) == []


def test_pause_stops_acts_while_the_daemon_runs_and_resume_has_them_done(world: World) -> None:
    """A switch thrown beside a running daemon holds from its next act on; lifted, what was held back is done once."""
    world.start()
    world.until_polled()
    assert world.beadle("pause", world.town.page_slug, "--as", "noor", "--reason", "Counsel asked.").status == 0
    violator = world.town.say("This is bullshit, Dana.")
    world.until(lambda: world.status(violator) == CaseStatus.PAUSED, "held back, with its evidence")
    world.until_settled()
    assert world.writes(violator) == []
    assert world.evidence(violator) is not None

    assert world.beadle("resume", world.town.page_slug, "--as", "noor").status == 0
    world.until(lambda: world.status(violator) == CaseStatus.HIDDEN, "done when acts go on")
    world.until_settled()

    assert world.stop() == 0
    assert [write.had_effect for write in world.writes(violator)] == [True]
    assert len(world.alerts(world.case(violator).case_id)) == 1


def test_a_stop_on_request_ends_well_and_loses_nothing(world: World) -> None:
    """SIGTERM in the middle of a raid: exit status 0, nobody is charged with a crash, the next run does the rest."""
    violators = [world.town.say(f"This is bullshit, Dana, number {number}.") for number in range(12)]
    world.start()
    world.until(lambda: CaseStatus.HIDDEN in world.standing(), "the raid is being worked on")

    began = time.monotonic()
    assert world.stop() == 0
    assert time.monotonic() - began < STOPS_WITHIN_S  # generous: a stop that waits for all work would take for ever
    assert not world.charged(1)
    assert world.once().status == 0

    assert [world.status(each) for each in violators] == [CaseStatus.HIDDEN] * len(violators)
    assert [write.had_effect for each in violators for write in world.writes(each)].count(True) == len(violators)


def test_a_platform_that_hangs_does_not_keep_the_daemon_on_duty(world: World) -> None:
    """A poll in flight is left behind: its cursor has not moved, and the next run brings what it would have brought."""
    world.start()
    world.until_polled()
    world.town.graph.faults.always(hang(seconds=60))
    late = world.town.say("This is bullshit, Dana.")
    world.until(lambda: any(call.fault for call in world.town.graph.listener.calls), "the hung platform is asked")
    status = world.stop()
    world.town.graph.faults.clear()
    assert status == 0
    assert "left a poll that hung" in world.log.read_text("utf-8")
    assert world.once().status == 0
    assert world.status(late) == CaseStatus.HIDDEN


def test_a_second_daemon_on_one_database_says_so_and_leaves(world: World) -> None:
    """One sentence that says what to do, exit status 1, and the first goes on."""
    world.start()
    world.until_polled()

    second = world.once()

    assert second.status == 1
    assert "another Beadle already runs on" in second.printed
    assert "stop that one first" in second.printed
    assert "Traceback" not in second.printed
    world.until_polled()
    assert world.stop() == 0
