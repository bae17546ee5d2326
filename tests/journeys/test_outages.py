"""The platform is down, limits us, lies or takes its answer back: Beadle says so once, and does less until it mends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.demo import faults, graph_errors
from bot.ledger.tables import CaseStatus
from tests.journeys.conftest import MakeWorld
from tests.journeys.world import World

# Not every POST changes something: the token's own facts are asked for in a batch, so that it stands in no address.
A_WRITE = "is_hidden="


def test_an_outage_is_told_once_when_it_breaks_and_once_when_it_mends(world: World) -> None:
    """However many polls fail: two sentences, one gap in the record, and what was said meanwhile is acted on."""
    world.start()
    world.until_polled()
    world.town.graph.listener.stop()
    world.until_polled()
    violator = world.town.say("This is bullshit, Dana.")
    world.town.graph.listener.start()
    world.until(lambda: world.status(violator) == CaseStatus.HIDDEN, "hidden after the outage")
    world.until(lambda: len(world.notices()) == 2, "told of the end")
    world.until_settled()

    assert world.stop() == 0
    assert [("can't be read" in each, "again" in each) for each in world.notices()] == [(True, False), (False, True)]
    (gap,) = world.gaps()
    assert gap.since is not None
    assert gap.until is not None
    assert gap.since < gap.until
    assert world.journal(violator) == ["preserved", "verified", "hidden", "alerted"]


def test_an_act_that_meets_an_outage_is_done_when_it_is_over(world: World) -> None:
    """The read before the act fails: the case keeps its evidence, the order waits, and no write is lost or doubled."""
    world.town.graph.faults.always(faults.reset(), path=A_WRITE)
    violator = world.town.say("This is bullshit, Dana.")
    world.start()
    world.until_delayed()
    assert world.status(violator) == CaseStatus.SEALED
    assert world.writes(violator) == []

    world.town.graph.faults.clear()
    world.skip_delays()
    world.until(lambda: world.status(violator) == CaseStatus.HIDDEN, "hidden after the outage")
    world.until_settled()

    assert world.stop() == 0
    assert world.journal(violator) == ["preserved", "verified", "hidden", "alerted"]


@pytest.mark.parametrize("code", [4, 32, 80001])
def test_a_limit_of_the_platform_is_waited_out(world: World, code: int) -> None:
    """Each of Facebook's limits: the act waits as long as its header says, and no second try is made before."""
    limited = graph_errors.rate_limited(world.town.page_id, code=code, regain_minutes=12)
    world.town.graph.faults.next(limited, path=A_WRITE)
    violator = world.town.say("This is bullshit, Dana.")

    said = world.once()

    assert said.status == 0, said.printed
    assert "1 orders could not be done now" in said.printed
    assert world.status(violator) == CaseStatus.SEALED
    assert world.writes(violator) == []
    calls = [call for call in world.town.graph.listener.calls if call.method == "POST" and "_" in call.path]
    assert len(calls) == 1
    world.skip_delays()
    assert world.once().status == 0
    assert world.status(violator) == CaseStatus.HIDDEN


def test_an_answer_that_is_lost_after_the_hide_leads_to_no_second_hide(world: World) -> None:
    """The platform hid it and the connection broke: one write has effect, and the receipt says how it stands."""
    world.town.graph.faults.next(faults.lost_answer(), path=A_WRITE, calls=4)
    violator = world.town.say("This is bullshit, Dana.")

    assert world.once().status == 0
    world.skip_delays()
    assert world.once().status == 0

    assert [write.had_effect for write in world.writes(violator)].count(True) == 1
    assert world.status(violator) == CaseStatus.HIDDEN
    assert world.acts(violator) == ["hide"]
    assert len(world.alerts(world.case(violator).case_id)) == 1


def test_an_answer_cut_short_fails_the_poll_and_loses_nothing(world: World) -> None:
    """Half a JSON: the round names the page and its failure; the next one brings everything."""
    violator = world.town.say("This is bullshit, Dana.")
    world.town.graph.faults.always(faults.truncated(), path="published_posts|feed")

    said = world.once()

    assert said.status == 1
    assert "townofmillbrook: could not be read" in said.printed
    assert not world.is_kept(violator)
    world.town.graph.faults.clear()
    assert world.once().status == 0
    assert world.status(violator) == CaseStatus.HIDDEN


def test_a_clock_that_is_wrong_stops_the_hiding_and_is_told(world: World) -> None:
    """Evidence with a wrong time is worth little: the page is unfit, the case waits, nothing is written."""
    world.town.graph.faults.always(
        faults.json_answer(
            200,
            {"id": world.town.page_id, "name": "Town of Millbrook"},
            {"date": "Sat, 01 Feb 2020 10:00:00 GMT"},
        ),
        path=r"/me\?",
    )
    violator = world.town.say("This is bullshit, Dana.")

    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.WAITING
    assert "clock" in world.case(violator).because
    assert world.journal(violator) == ["preserved", "alerted"]
    assert any("clock" in notice for notice in world.notices())


def test_a_dead_token_is_told_once_and_other_pages_go_on(make_world: MakeWorld) -> None:
    """190/463 on one of two pages: `run --once` names it and ends non-zero; the other page's violator is hidden."""
    world = make_world()
    library = world.add_page("millbrooklibrary")
    library.graph.faults.always(graph_errors.token_expired())
    violator = world.town.say("This is bullshit, Dana.")

    said = world.once()
    again = world.once()

    assert (said.status, again.status) == (1, 1)
    assert "millbrooklibrary: could not be read" in said.printed
    assert world.status(violator) == CaseStatus.HIDDEN
    assert len([each for each in world.notices() if "can't be read" in each]) == 1


def test_comments_without_authors_wait_for_a_person_and_bring_no_strike(world: World) -> None:
    """Facebook withholds the names from an app without the permission: words are judged, nobody is charged."""
    world.town.graph.scopes.discard("pages_read_user_content")
    violator = world.town.say("This is bullshit, Dana.")
    assert world.once().status == 0
    assert world.status(violator) == CaseStatus.WAITING
    assert world.journal(violator) == ["preserved", "alerted"]

    said = world.beadle("hide", world.case(violator).case_id, "--as", "noor", "--reason", "A listed word.")
    assert said.status == 0, said.printed
    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.HIDDEN
    assert world.strikes(violator) == []


def test_a_token_that_runs_out_next_week_is_told_and_stops_nothing(world: World) -> None:
    """A warning is no fault: the violator is hidden, and people read once that a new token is needed soon."""
    world.town.graph.token_expires_at = datetime.now(UTC) + timedelta(days=7)
    violator = world.town.say("This is bullshit, Dana.")

    assert world.once().status == 0
    assert world.once().status == 0

    assert world.status(violator) == CaseStatus.HIDDEN
    assert [("ends within 7 days" in each) for each in world.notices()] == [True]
