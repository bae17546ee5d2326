"""A block that two people approved is done once, read back and sealed; whatever goes wrong is said and stops it."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.errors import NotAllowed
from bot.ledger import asks, switches
from bot.ledger.tables import BlockStatus
from bot.voice import Voice
from connectors.contract import PermissionLost, RateLimited, Unavailable
from tests.offenders.hall import DAY, Hall, supervisor
from tests.office import SLUG, voice


def _supplements(hall: Hall) -> list[dict[str, Any]]:
    """The facts of every supplement of the newest case, as they lie on the disk."""
    found = []
    for path in sorted((hall.office.route.archive.root / "packages").rglob("*.zip")):
        with zipfile.ZipFile(path) as package:
            name = next(each for each in package.namelist() if each.endswith("data/record.json"))
            record = json.loads(package.read(name))
        if record.get("kind") == "decision" and record["facts"]["verb"] in ("block", "unblock"):
            found.append(record)
    return sorted(found, key=lambda each: str(each["sealed_at"]))


def test_a_block_is_done_read_back_and_sealed_beside_the_newest_case(ready: Hall) -> None:
    """Who asked, who approved, why, for how long, on which cases under which policy, and the platform's own answer."""
    ready.approve(ready.ask())
    ready.bar()
    ready.see_to()

    (block,) = ready.blocks()
    now = ready.office.clock()
    assert (block.status, block.since, block.until) == ("standing", now, now + timedelta(days=30))
    assert (ready.doorman.asked, ready.doorman.away) == (["block m1 ban"], {"m1": "ban"})
    assert ready.doorman.over == ready.office.file(ready.cases[2]).ref
    (sealed,) = _supplements(ready)
    facts = sealed["facts"]
    assert sealed["case_id"] == ready.cases[2]
    assert (facts["verb"], facts["by"], facts["second"], facts["days"]) == ("block", "sam", "cleo", 30)
    assert (facts["way"], facts["kept_away"], facts["already_done"]) == ("ban", True, False)
    assert {each["case"] for each in facts["rests_on"]} == set(ready.cases)
    assert facts["policies"] == [ready.proposals()[0].events[0]["policy"]]
    assert len(sealed["api"]) == 1
    assert "facebook:m1 is kept away from Town of Millbrook by ban" in ready.sentences()[-1]


def test_the_stage_may_run_twice_and_records_one_block(ready: Hall) -> None:
    """A crash between the platform's yes and the record: the second run finds it done, and seals nothing more."""
    ready.approve(ready.ask())
    key = next(each.key for each in ready.office.pad.open if each.workflow == "bar")
    ready.barring.bar(key)

    done = ready.run(key)
    again = ready.run(key)

    assert (done["status"], done["already_done"], again["status"]) == ("done", True, "moot")
    assert [each.status for each in ready.blocks()] == ["standing"]
    assert len(_supplements(ready)) == 1


@pytest.mark.parametrize("hold", ["platform down", "rate limit", "paused", "evidence"])
def test_what_holds_a_block_back_orders_it_again_and_asks_nothing(ready: Hall, hold: str) -> None:
    """Later, under an order of its own; when it can be, it is done, and it is said when it takes too long."""
    ready.approve(ready.ask())
    package = ready.office.package(ready.cases[0])
    if hold == "platform down":
        ready.doorman.failures.append(Unavailable("no answer"))
    elif hold == "rate limit":
        until = ready.office.clock() + timedelta(seconds=90)
        ready.doorman.failures.append(RateLimited("wait", until=until))
    elif hold == "paused":
        ready.office.review.pause(switches.ALL, voice(), "stop")
    else:
        aside = package.rename(package.with_suffix(".away"))

    done = ready.bar()
    (order,) = [each for each in ready.office.pad.open if each.workflow == "bar"]
    assert (done["status"], ready.doorman.asked, ready.blocks()[0].status) == ("later", [], "ordered")
    assert order.delay_s == {"rate limit": 90.0}.get(hold, 30.0)
    ready.office.clock.pass_(16 * 60)
    ready.see_to()
    assert "is not carried out yet" in ready.sentences()[-1]

    if hold == "paused":
        ready.office.review.resume(switches.ALL, voice())
    if hold == "evidence":
        aside.rename(package)
    ready.bar(at_once=False)
    assert ready.blocks()[0].status == "standing"


def test_a_block_that_the_platform_refuses_is_told_and_put_before_people_again(ready: Hall) -> None:
    """Nobody is kept away, nobody is told otherwise, and the proposal is open."""
    ready.approve(ready.ask())
    ready.doorman.failures.append(PermissionLost("the token may not do this"))

    ready.bar()
    ready.see_to()

    assert (ready.blocks()[0].status, ready.proposals()[0].status) == ("failed", "open")
    assert "could not be done: the token may not do this" in ready.sentences()[-1]
    assert ready.sheet().open_proposal is not None


def test_an_appeal_that_opens_after_the_approval_stops_the_block(ready: Hall) -> None:
    """Asked once more in the step that acts: the strikes are not final, so nothing is done, and people decide anew."""
    ready.approve(ready.ask())
    ready.appealed.add(ready.cases[1])

    ready.bar()

    assert (ready.doorman.asked, ready.blocks()[0].status, ready.proposals()[0].status) == ([], "overtaken", "open")


def test_one_person_lifts_a_block_and_it_is_read_back_and_sealed(ready: Hall) -> None:
    """By the same stage; a member without the right is refused, and twice is once."""
    ready.block()
    ready.office.clock.pass_(DAY)
    with pytest.raises(NotAllowed, match="no role"):
        ready.ladder.unblock(ready.account(), SLUG, "time is over", voice())

    said = ready.ladder.unblock(ready.account(), SLUG, "time is over", Voice(supervisor(), "sam"))
    with pytest.raises(NotAllowed, match="is not kept away"):
        ready.ladder.unblock(ready.account(), SLUG, "time is over", Voice(supervisor(), "sam"))
    ready.bar()
    ready.see_to()

    block = ready.blocks()[0]
    assert said == "It will be lifted on the platform, read back and recorded."
    assert (block.status, block.lifted_by, block.lifted_because) == ("lifted", "sam", "time is over")
    assert ready.doorman.away == {}
    assert [(each["facts"]["verb"], each["facts"]["kept_away"]) for each in _supplements(ready)] == [
        ("block", True), ("unblock", False),
    ]  # fmt: skip
    assert "is lifted, by sam" in ready.sentences()[-1]


def test_a_lift_that_the_platform_refuses_leaves_the_block_standing_and_says_so(ready: Hall) -> None:
    """People are told what to do by hand; the block is not called lifted."""
    ready.block()
    ready.ladder.unblock(ready.account(), SLUG, "time is over", Voice(supervisor(), "sam"))
    ready.doorman.failures.append(PermissionLost("the token may not do this"))

    ready.bar()
    ready.see_to()

    assert (ready.blocks()[0].status, ready.doorman.away) == ("standing", {"m1": "ban"})
    assert "could not be lifted: the token may not do this" in ready.sentences()[-1]


def test_a_block_whose_time_is_over_is_told_every_day_and_lifted_by_nobody_but_a_person(ready: Hall) -> None:
    """Once a day, however often it is looked at."""
    ready.block()
    ready.see_to()
    before = len(ready.told)
    ready.office.clock.pass_(30 * DAY)
    for _ in range(3):
        ready.see_to()
    ready.office.clock.pass_(DAY)
    ready.see_to()

    said = [sentence for sentence in ready.sentences()[before:] if "was to end on" in sentence]
    assert len(said) == 2
    assert "`beadle unblock facebook:m1 --page main`" in said[0]
    assert (ready.doorman.away, ready.blocks()[0].status) == ({"m1": "ban"}, "standing")


def test_a_way_that_cannot_be_taken_back_takes_a_yes_and_is_lifted_by_hand(ready: Hall) -> None:
    """The yes goes with the order; when it ends, Beadle says what a person has to do."""
    ready.approve(ready.ask("report", one_way=True))
    ready.bar()
    said = ready.ladder.unblock(ready.account(), SLUG, "time is over", Voice(supervisor(), "sam"))

    assert ready.doorman.asked == ["block m1 report one way"]
    assert said.startswith("Recorded as lifted. Beadle can't lift it there; do it by hand now:")
    assert ready.blocks()[0].status == BlockStatus.LIFTED


def test_where_the_platform_cannot_people_decide_the_same_way_and_do_it_by_hand(struck: Hall) -> None:
    """No hand is asked; the decision, its end and its grounds are on record and sealed."""
    can = replace(struck.office.platform.capabilities, block="manual", block_ways=())
    struck.office.platform.capabilities = can
    struck.prepare()
    with pytest.raises(NotAllowed, match="Beadle can't keep anybody away on facebook"):
        struck.ask()

    said = struck.approve(struck.ask("by-hand"))
    struck.bar()
    struck.see_to()

    assert "do it by hand now" in said
    assert (struck.doorman.asked, struck.blocks()[0].status) == ([], "standing")
    assert [each["facts"]["way"] for each in _supplements(struck)] == ["by-hand"]
    assert "do it by hand: open the comment on the page" in struck.sentences()[-1]


def test_a_page_that_left_the_configuration_keeps_the_order_for_later(ready: Hall) -> None:
    """Nothing is asked of a page that Beadle does not have."""
    ready.approve(ready.ask())
    ready.office.route = replace(ready.office.route, desks={})

    assert ready.bar()["status"] == "later"
    assert ready.doorman.asked == []


def test_the_order_and_the_approval_commit_together_or_not_at_all(ready: Hall) -> None:
    """The transaction of an approval fails after the order was placed: neither is there."""
    number = ready.ask()

    with pytest.raises(RuntimeError):
        _approve_and_fail(ready, number)

    assert (ready.blocks(), [each for each in ready.office.pad.open if each.workflow == "bar"]) == ([], [])
    assert ready.proposals()[0].status == "open"


def _approve_and_fail(hall: Hall, number: int) -> None:
    with Session(hall.office.route.writing) as session, session.begin():
        ask = asks.find(session, number)
        ask.second = "cleo"
        hall.barring.approved(session, ask)
        raise RuntimeError("the power went")
