"""Beadle's list of blocked accounts and the platform's: people also block by hand, and that shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from bot.errors import NotAllowed
from bot.ledger import watch
from bot.ledger.tables import BlockStatus
from bot.offenders.reconciling import Reconciling
from bot.offenders.sheet import find_account
from bot.voice import Voice
from connectors.contract import Author, Unavailable, Unsupported
from tests.offenders.hall import DAY, Hall, supervisor
from tests.office import SLUG, voice

SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def _look(hall: Hall) -> None:
    hall.reconciling.see_to(hall.office.clock())
    hall.see_to()


def test_who_is_blocked_without_a_record_is_found_told_once_and_left_to_people(hall_on_each: Hall) -> None:
    """Found on the first day, the same on the second: one row, one sentence, and nobody is let back by Beadle."""
    hall = hall_on_each
    hall.doorman.away["b7"] = "ban"

    _look(hall)
    _look(hall)
    hall.office.clock.pass_(DAY)
    _look(hall)

    assert [(each.author_id, each.status, each.person) for each in hall.blocks()] == [("b7", "unexplained", "")]
    assert len(hall.told) == 1
    assert hall.sentences()[0].startswith("An account is blocked on Town of Millbrook and nobody recorded it")
    assert (hall.doorman.asked, hall.doorman.away) == ([], {"b7": "ban"})


def test_many_found_at_once_are_one_sentence(hall: Hall) -> None:
    """A page of many years: three hundred blocks by hand are not three hundred messages."""
    hall.doorman.away |= {f"b{number}": "ban" for number in range(300)}

    _look(hall)

    assert (len(hall.blocks()), len(hall.told)) == (300, 1)
    assert hall.sentences()[0].startswith("300 accounts are blocked on Town of Millbrook")


def test_people_explain_a_block_by_hand_with_an_end_or_let_the_account_back(hall: Hall) -> None:
    """It takes who may ask for a block; the end is one that the policy allows; either way it is on record."""
    hall.doorman.away |= {"b7": "ban", "b8": "ban"}
    _look(hall)
    leader = Voice(supervisor(), "sam")
    with pytest.raises(NotAllowed, match="no role"):
        hall.ladder.explain(hall.account("b7"), SLUG, 30, "threats in 2025", voice())
    for days in (0, 366):
        with pytest.raises(NotAllowed, match="1 to 365 days"):
            hall.ladder.explain(hall.account("b7"), SLUG, days, "threats in 2025", leader)

    # No comment of theirs is known: the page's own list is what they are known by.
    b7, b8 = (_listed(hall, each) for each in ("b7", "b8"))
    hall.ladder.explain(b7, SLUG, 30, "threats in 2025", leader)
    hall.ladder.unblock(b8, SLUG, "nobody knows why", leader)
    hall.bar()

    assert [(each.author_id, each.status, each.person) for each in hall.blocks()] == [
        ("b7", "explained", "sam"), ("b8", "lifted", ""),
    ]  # fmt: skip
    assert hall.doorman.away == {"b7": "ban"}
    with pytest.raises(NotAllowed, match="only one that nobody recorded"):
        hall.ladder.explain(b7, SLUG, 30, "again", leader)


def test_a_block_of_ours_that_somebody_lifted_there_is_recorded_as_lifted(ready: Hall) -> None:
    """A person's act on the platform is respected: Beadle blocks nobody anew."""
    ready.block()
    ready.office.clock.pass_(DAY)
    ready.doorman.away.clear()

    _look(ready)
    _look(ready)

    block = ready.blocks()[0]
    assert (block.status, block.lifted_by, ready.doorman.asked) == ("lifted", "platform", ["block m1 ban"])
    assert sum("is not blocked on Town of Millbrook any more" in each for each in ready.sentences()) == 1


def test_a_block_of_ours_that_is_listed_agrees_and_nothing_is_said(ready: Hall) -> None:
    """The usual day."""
    ready.block()
    ready.see_to()
    told = len(ready.told)
    ready.office.clock.pass_(DAY)

    _look(ready)

    assert (ready.blocks()[0].status, len(ready.told)) == ("standing", told)


def test_from_a_list_that_cannot_be_read_nothing_is_concluded_and_it_is_said_once(ready: Hall) -> None:
    """Half a list looks like everybody was lifted. Two days down: one sentence and one gap; up again: one more."""
    ready.block()
    ready.see_to()
    told = len(ready.told)
    for _ in range(2):
        ready.office.clock.pass_(DAY)
        ready.doorman.failures.append(Unavailable("half an answer"))
        _look(ready)

    assert ready.blocks()[0].status == BlockStatus.STANDING
    assert [each for each in ready.sentences()[told:] if "can't be read: half an answer" in each] == [
        ready.sentences()[told]
    ]
    assert ready.listed().failing_since is not None
    with Session(ready.office.route.reading) as session:
        assert [each.reason for each in watch.gaps(session, SINCE, SINCE.replace(year=2100))] == [
            ready.sentences()[told]
        ]

    ready.office.clock.pass_(DAY)
    _look(ready)
    assert ready.sentences()[-1] == "The list of blocked accounts of Town of Millbrook is read again."
    assert (ready.listed().failing_since, ready.blocks()[0].status) == (None, "standing")


@dataclass
class Broken:
    """A hand whose list breaks off in the middle, or that has none."""

    error: Exception

    def block(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("never asked")

    unblock = block

    def blocked(self) -> Iterator[Author]:
        yield Author("b7")
        raise self.error


@pytest.mark.parametrize("error", [Unavailable("broke off"), Unsupported("there is no such list")])
def test_half_a_list_and_no_list_find_nobody(hall: Hall, error: Exception) -> None:
    """What was read before it broke off is no list; where there is none, nothing is wrong either."""
    Reconciling(hall.offenders, {SLUG: Broken(error)}).see_to(hall.office.clock())

    assert hall.blocks() == []
    assert (hall.listed().failing_since is None) == isinstance(error, Unsupported)
    assert hall.listed().read_at is None


def test_a_block_that_is_done_while_the_list_is_read_is_neither_found_nor_lost(ready: Hall) -> None:
    """The list was begun before it and does not hold it; and the other way about for a lift."""
    ready.approve(ready.ask())

    class Slow(Broken):
        def blocked(self) -> Iterator[Author]:
            ready.bar()
            return iter(())

    Reconciling(ready.offenders, {SLUG: Slow(Unavailable(""))}).compare(SLUG)
    assert [each.status for each in ready.blocks()] == ["standing"]

    ready.office.clock.pass_(DAY)
    ready.ladder.unblock(ready.account(), SLUG, "time is over", Voice(supervisor(), "sam"))

    class Late(Broken):
        def blocked(self) -> Iterator[Author]:
            listed = [Author("m1")]
            ready.bar()
            return iter(listed)

    Reconciling(ready.offenders, {SLUG: Late(Unavailable(""))}).compare(SLUG)
    assert [each.status for each in ready.blocks()] == ["lifted"]


def _listed(hall: Hall, author_id: str) -> Any:
    with Session(hall.office.route.reading) as session:
        return find_account(session, author_id, "facebook")
