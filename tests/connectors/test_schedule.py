"""How far back each poll looks, and how long a quiet post rests."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connectors._schedule import FALLING, Look, due_depth, looked_now, rest_after
from connectors._sweep import MOST_LOOKS, Sweep
from connectors.contract import Author, Comment, CommentRef
from tests.connectors.wire import NOW


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)


def test_a_day_of_polls_looks_far_back_seldom() -> None:
    """Every poll two hours, six an hour twelve hours, one an hour two days, one a day a month."""
    cursor, depths = None, []
    for minute in range(0, 24 * 60, 5):
        sweep = Sweep(cursor, now=NOW + timedelta(minutes=minute), first_visit=hours(48))
        depths.append(sweep.depth.back)
        cursor = sweep.last_batch().cursor

    assert depths.count(timedelta(days=30)) == 1
    assert depths.count(hours(48)) == 23
    assert depths.count(hours(12)) == 120
    assert depths.count(hours(2)) == 288 - 144


def test_a_deep_look_counts_for_the_shallower_ones() -> None:
    """What a month back was read needs no second look at two days."""
    looked = looked_now({}, FALLING[-1], NOW)

    assert due_depth(looked, NOW + timedelta(minutes=1)) == FALLING[0]
    assert due_depth(looked, NOW + timedelta(minutes=10)) == FALLING[1]


def test_after_an_outage_a_sweep_looks_back_to_where_it_ended() -> None:
    """Whatever the schedule says."""
    cursor = Sweep(None, now=NOW, first_visit=hours(48)).last_batch().cursor

    sweep = Sweep(cursor, now=NOW + hours(70), first_visit=hours(48))

    assert sweep.since <= NOW


def test_a_sweep_with_holes_looks_as_far_back_again() -> None:
    """And claims nothing about the posts that it did not name complete."""
    first = Sweep(None, now=NOW, first_visit=hours(48))
    first.hole("Nothing could be read.")
    last = first.last_batch(every_post=True)

    again = Sweep(last.cursor, now=NOW + timedelta(minutes=1), first_visit=hours(48))

    assert not last.every_post
    assert again.since <= NOW - hours(48)
    assert [gap.reason for gap in last.gaps] == ["Nothing could be read."]


@pytest.mark.parametrize(
    ("quiet", "rest"), [(0.5, 0), (3, 5 / 60), (24, 0.5), (24 * 5, 3), (24 * 20, 12), (24 * 60, 24)]
)
def test_the_longer_a_post_is_quiet_the_longer_it_rests(quiet: float, rest: float) -> None:
    """From not at all to a day."""
    assert rest_after(NOW - hours(quiet), NOW) == hours(rest)


def test_a_post_with_another_count_is_looked_at_at_once() -> None:
    """The platform's own number says that something happened."""
    look = Look(NOW, 3, NOW - hours(24 * 5))

    assert look.is_due(4, NOW)
    assert not look.is_due(3, NOW + hours(2))
    assert look.is_due(3, NOW + hours(3))


@pytest.mark.parametrize("kept", [None, 3, [], ["x", None, 3], [1, 2], {"at": 1}, [1e999, 0, 0]])
def test_a_damaged_look_is_none(kept: object) -> None:
    """The post is then looked at."""
    assert Look.unpacked(kept) is None


def test_looks_survive_the_cursor_and_the_oldest_fall_out() -> None:
    """A cursor has an end, however many posts a city has."""
    sweep = Sweep(None, now=NOW, first_visit=hours(48))
    for number in range(MOST_LOOKS + 5):
        sweep.looked_at(str(number), number, NOW - timedelta(minutes=number))

    again = Sweep(sweep.last_batch().cursor, now=NOW, first_visit=hours(48))

    assert len(again.looks) == MOST_LOOKS
    assert again.looks["7"] == Look(NOW, 7, NOW - timedelta(minutes=7))
    assert str(MOST_LOOKS + 1) not in again.looks


def said(hours_ago: float, now: datetime) -> Comment:
    """A comment so old."""
    return Comment(CommentRef("x", "1", f"{hours_ago}"), "5", Author("9"), "words", now - hours(hours_ago))


def test_the_first_visit_says_how_far_back_comments_are_brought() -> None:
    """Lists are read a month back, to learn the threads; last month's comments are seen, and nobody is told of them."""
    first = Sweep(None, now=NOW, first_visit=hours(48))
    brought = [first.take(said(47, NOW)), first.take(said(49, NOW))]
    last = first.last_batch()
    tomorrow = NOW + hours(25)
    second = Sweep(last.cursor, now=tomorrow, first_visit=hours(48))

    assert brought == [True, False]
    assert len(last.comments) == 1
    assert last.seen == {"47", "49"}
    assert second.depth == FALLING[-1]
    assert [second.take(said(72, tomorrow)), second.take(said(74, tomorrow))] == [True, False]
    assert second.take(said(75, tomorrow), late=True)


def test_the_first_day_is_forgotten_when_no_sweep_reaches_behind_it() -> None:
    """A cursor carries nothing that is of no use."""
    cursor = Sweep(None, now=NOW, first_visit=hours(48)).last_batch().cursor
    for day in range(1, 60):
        cursor = Sweep(cursor, now=NOW + hours(25 * day), first_visit=hours(48)).last_batch().cursor

    assert "begun" not in cursor
