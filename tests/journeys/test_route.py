"""The whole route in the order that never bends."""

from __future__ import annotations

from bot.ledger.tables import CaseStatus
from tests.journeys.conftest import MakeWorld


def test_a_listed_word_is_preserved_then_verified_then_hidden_then_alerted(make_world: MakeWorld) -> None:
    """One violator goes the whole way; criticism stays up; what a person must decide waits, with its evidence."""
    world = make_world(browser=True)
    obscene = world.town.say("This is bullshit, Dana.")
    critical = world.town.say("The mayor is a disgrace and should resign.")
    unclear = world.town.say("You are a dick, Dana.")

    said = world.once()

    assert said.status == 0, said.printed
    assert world.journal(obscene) == ["preserved", "verified", "hidden", "alerted"]
    assert world.town.comment(obscene).hidden
    assert world.status(critical) is None
    assert world.is_kept(critical)
    assert world.status(unclear) == CaseStatus.WAITING
    assert world.journal(unclear) == ["preserved", "alerted"]
    seal = world.evidence(obscene)
    assert seal is not None
    assert seal.picture == "proof"
    assert world.strikes(obscene) == ["provisional"]
    assert world.beadle("verify", "--all").status == 0
