"""kill -9, anywhere: nothing is lost, nothing is hidden before its evidence, nothing is done twice."""

from __future__ import annotations

import pytest

from tests.journeys.nursery import KILLED_ITSELF
from tests.journeys.raid import assert_done_once
from tests.journeys.world import World

STEPS = [
    ("after", "bot.ledger.keep.keep"),  # inside its transaction
    ("after", "bot.pipeline.Route.keep"),
    ("before", "bot.evidence.store.Archive.seal"),
    ("after", "bot.evidence.store.Archive.seal"),
    ("after", "bot.pipeline.Route.record_seal"),  # inside its transaction
    ("before", "bot.pipeline.Route.act"),
    ("before", "connectors._hands.SafeHider.hide"),
    ("after", "connectors._hands.SafeHider.hide"),
    ("after", "bot.evidence.store.Archive.supplement"),
    ("after", "bot.pipeline.Route.record_act"),  # inside its transaction
    ("before", "bot.notify.slack.SlackNotifier.post"),
    ("after", "bot.notify.slack.SlackNotifier.post"),
    ("after", "bot.pipeline.Route.record_told"),  # inside its transaction
]


@pytest.mark.parametrize(("when", "where"), STEPS, ids=[f"{when} {where}" for when, where in STEPS])
def test_a_crash_at_any_step_changes_nothing_about_the_end(world: World, when: str, where: str) -> None:
    """The process dies once at the named point; the next one does the rest, and no part of it twice."""
    violator = world.town.say("This is bullshit, Dana.")
    died = world.once(dies={"where": where, "when": when, "about": None, "once": None})
    assert died.status == KILLED_ITSELF, died.printed

    assert world.once().status == 0

    assert_done_once(world, violator)
    assert world.journal(violator)[-1] == "alerted"
    assert world.beadle("verify", "--all").status == 0
