"""What was not seen: gaps, posts that can't be read, and comments that only the platform counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from bot.ledger import keep, sightlines, watch
from bot.ledger.keep import Judged
from bot.ledger.sightlines import Blind, PostSeen
from bot.ledger.spending import SpendingInLedger
from connectors.contract import Batch, Gap
from tests.ledger.test_keep import CLEAR, NOW, PAGE, POST, comment

WEEK_AGO = NOW - timedelta(days=7)


def keep_all(engine: sa.Engine, found: Batch, at: datetime = NOW) -> None:
    with Session(engine) as session, session.begin():
        judged = [Judged(each, CLEAR, "") for each in keep.unknown(session, found.comments)]
        keep.keep(session, PAGE, found, judged, lambda *_: None, at)


def test_an_outage_is_one_line_and_one_that_lasts_has_no_end(engine: sa.Engine) -> None:
    """From the last time that the page was seen, with the reason."""
    later = NOW + timedelta(minutes=30)
    with Session(engine) as session, session.begin():
        watch.seen(session, PAGE, NOW)
        watch.failed(session, PAGE, "No answer.", NOW + timedelta(minutes=1))
        watch.seen(session, PAGE, later)
        watch.failed(session, PAGE, "The token is dead.", later + timedelta(minutes=1))
    with Session(engine) as session:
        found = sightlines.blind(session, PAGE, WEEK_AGO)

        assert found == [
            Blind(PAGE, "No answer.", None, NOW, later, later),
            Blind(PAGE, "The token is dead.", None, later, None, later + timedelta(minutes=1)),
        ]
        assert sightlines.blind(session, "another", WEEK_AGO) == []
        assert [each.until for each in sightlines.blind(session, None, later + timedelta(hours=1))] == [None]


def test_a_post_that_stays_unreadable_is_one_line_that_counts(engine: sa.Engine) -> None:
    """Each sweep finds it again; another post and another reason are lines of their own."""
    gap = Gap("Thread could not be read.", "1012_1", since=NOW - timedelta(hours=2), until=NOW)
    for minutes, gaps in (
        (0, (gap,)),
        (1, (gap, replace(gap, post_id="1012_2"))),
        (2, (replace(gap, reason="Gone."),)),
    ):
        at = NOW + timedelta(minutes=minutes)
        keep_all(engine, Batch((), (), "c", last=True, gaps=tuple(replace(each, until=at) for each in gaps)), at)
    with Session(engine) as session:
        found = sightlines.blind(session, None, WEEK_AGO)

    assert [(each.post_id, each.reason, each.times) for each in found] == [
        ("1012_1", "Thread could not be read.", 2),
        ("1012_2", "Thread could not be read.", 1),
        ("1012_1", "Gone.", 1),
    ]
    assert found[0].until == NOW + timedelta(minutes=1)


def test_a_post_is_as_complete_as_the_platform_counts(engine: sa.Engine) -> None:
    """What is gone is told apart; a post without a count has no share, and an old one is left out."""
    counted = replace(POST, comment_count=4)
    silent = replace(POST, post_id="1012_2", posted_at=NOW - timedelta(hours=1))
    old = replace(POST, post_id="1012_3", posted_at=NOW - timedelta(days=30))
    said = (comment(1), comment(2), comment(3), replace(comment(4), post_id="1012_2"))
    keep_all(engine, Batch(said, (counted, silent, old), "c", last=False), NOW - timedelta(minutes=1))
    gone = Batch(
        said[1:3],
        (),
        "d",
        last=True,
        complete_since=NOW - timedelta(days=1),
        complete_posts=frozenset({POST.post_id}),
        seen=frozenset({"5501_2", "5501_3"}),
    )
    keep_all(engine, gone)
    with Session(engine) as session:
        first, second = sightlines.completeness(session, PAGE, WEEK_AGO)

    assert first == PostSeen(PAGE, "1012_2", None, silent.posted_at, None, stand=1, gone=0)
    assert (second.told, second.stand, second.gone, second.missing, second.share) == (4, 2, 1, 2, 0.5)
    assert (first.missing, first.share) == (0, None)


def test_the_newest_event_and_the_old_copies_of_a_page_are_known(engine: sa.Engine) -> None:
    """Of comments and posts alike; nothing on a page is no event."""
    with Session(engine) as session:
        assert sightlines.newest_event(session, PAGE) is None
    keep_all(engine, Batch((comment(1), comment(2)), (POST,), "c", last=False))
    with Session(engine) as session:
        assert sightlines.newest_event(session, PAGE) == comment(2).posted_at
        assert sightlines.copies_older_than(session, PAGE, NOW) == 0
        assert sightlines.copies_older_than(session, PAGE, NOW + timedelta(seconds=1)) == 2


def test_what_was_spent_of_a_quota_outlives_the_process(engine: sa.Engine) -> None:
    """Each period and key apart; a fraction of a unit counts."""
    before = SpendingInLedger(engine, engine)
    before.add("x:1012:dollars", "2026-11", 0.005)
    before.add("x:1012:dollars", "2026-11", 1.0)
    before.add("x:1012:dollars", "2026-12", 7.0)

    after = SpendingInLedger(engine, engine)
    assert after.spent("x:1012:dollars", "2026-11") == 1.005
    assert after.spent("x:1012:dollars", "2026-12") == 7.0
    assert after.spent("x:2024:dollars", "2026-11") == 0.0
