"""The public page hangs or wants a login: the case is sealed with its card, says so, and is acted on all the same."""

from __future__ import annotations

import pytest

from bot.demo.faults import hang
from bot.demo.page import PageMode
from bot.ledger.tables import CaseStatus
from tests.journeys.conftest import MakeWorld


@pytest.mark.parametrize("trouble", ["hangs", "login wall"])
def test_a_page_that_gives_no_picture_holds_up_no_hide(make_world: MakeWorld, trouble: str) -> None:
    """Card only, with the reason in the record; then verified and hidden as ever."""
    world = make_world(browser=True)
    if trouble == "hangs":
        world.town.page.faults.always(hang(), path="/posts/")
    else:
        world.town.page.mode = PageMode.LOGIN_WALL
    violator = world.town.say("This is bullshit, Dana.")

    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.HIDDEN
    assert world.journal(violator) == ["preserved", "verified", "hidden", "alerted"]
    seal = world.evidence(violator)
    assert seal is not None
    assert seal.picture != "proof"
    assert seal.picture_reason != ""
    assert world.beadle("verify", "--all").status == 0
