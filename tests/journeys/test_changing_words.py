"""The page does not stand still: between the judging and the act, accounts edit and delete, and people hide."""

from __future__ import annotations

from bot.ledger.tables import CaseStatus
from tests.journeys.world import World


def test_words_that_change_before_the_act_are_judged_anew(world: World) -> None:
    """The old case is superseded without an act; harmless new words stay up."""
    violator = _sealed_but_held(world)
    world.town.edit(violator, "I take it back; sorry, Dana.")

    world.beadle("resume", "--as", "noor")
    assert world.once().status == 0

    assert [case.status for case in world.cases(violator)] == [CaseStatus.SUPERSEDED]
    assert world.writes(violator) == []


def test_words_that_change_for_worse_get_a_case_and_evidence_of_their_own(world: World) -> None:
    """The new words are preserved and hidden in their own case; the old one is superseded."""
    violator = _sealed_but_held(world)
    world.town.edit(violator, "Total bullshit, every word of it.")

    world.beadle("resume", "--as", "noor")
    assert world.once().status == 0

    assert [case.status for case in world.cases(violator)] == [CaseStatus.SUPERSEDED, CaseStatus.HIDDEN]
    assert [write.had_effect for write in world.writes(violator)] == [True]
    assert world.witness.unproven == []


def test_a_comment_that_its_author_deletes_before_the_act_is_gone_with_its_evidence_kept(world: World) -> None:
    """Nothing is written to the platform, and the case tells what stood there."""
    violator = _sealed_but_held(world)
    world.town.vanish(violator)

    world.beadle("resume", "--as", "noor")
    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.GONE
    assert world.journal(violator)[0] == "preserved"
    assert world.writes(violator) == []
    assert world.beadle("verify", "--all").status == 0


def test_a_comment_that_is_gone_before_its_capture_is_sealed_with_the_gap_named(world: World) -> None:
    """The record as polled is sealed, the package says that the comment was gone, and nothing is acted on."""
    violator = world.town.say("This is bullshit, Dana.")
    world.once(dies=_BEFORE_CAPTURE)
    world.town.vanish(violator)

    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.GONE
    assert world.evidence(violator) is not None
    assert "gone when it was read again" in world.sealed_text(violator)
    assert world.writes(violator) == []


def test_a_comment_that_a_person_hid_on_the_platform_is_done_without_a_second_hide(world: World) -> None:
    """Already hidden: the act counts as done and says so; no write has an effect."""
    violator = _sealed_but_held(world)
    world.town.wall.set_hidden(violator, True)

    world.beadle("resume", "--as", "noor")
    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.HIDDEN
    assert [write.had_effect for write in world.writes(violator)].count(True) == 1  # the person's own
    assert world.acts(violator) == ["hide"]


_BEFORE_CAPTURE = {"where": "bot.pipeline.Route.preserve", "when": "before", "about": None, "once": None}


def _sealed_but_held(world: World) -> str:
    """A violator whose evidence is sealed while acts are paused."""
    violator = world.town.say("This is bullshit, Dana.")
    assert world.beadle("migrate").status == 0
    assert world.beadle("pause", "--as", "noor", "--reason", "To see what happens.").status == 0
    assert world.once().status == 0
    assert world.status(violator) == CaseStatus.PAUSED
    assert world.writes(violator) == []
    return violator
