"""The questions that every platform's connector is asked about polling."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import Any

import httpx
import pytest

from connectors.connection import Connection
from connectors.contract import Unavailable, Visibility
from tests.connectors.asking import (
    HOSTILE,
    comments_of,
    ids_of,
    listed_alone,
    swept,
    tells_hidden,
)
from tests.connectors.wire import AN_HOUR_AGO, NOW


class TestEverythingOnce:
    """Nothing lost, nothing twice."""

    def test_every_comment_of_every_post_arrives_once(self, wire: Any, connection: Connection) -> None:
        """Short pages of posts and of comments are followed to the end; replies and late pages are not lost."""
        refs = [wire.say(wire.publish(post), post * 10) for post in range(1, 6)]
        crowded = wire.publish(77)
        refs += [wire.say(crowded, 7000 + n) for n in range(7)]

        arrived = [comment.ref for comment in comments_of(swept(connection))]

        assert sorted(map(str, arrived)) == sorted(map(str, refs))

    def test_replies_arrive_with_their_parent_named(self, wire: Any, connection: Connection) -> None:
        """A thread is read to its leaves."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        replies = [wire.say(post, 20 + n, parent=first) for n in range(6)]

        arrived = {comment.ref: comment for comment in comments_of(swept(connection))}

        assert set(arrived) == {first, *replies}
        assert {arrived[reply].parent_id for reply in replies} == {first.comment_id}

    def test_comments_of_one_second_all_arrive(self, wire: Any, connection: Connection) -> None:
        """Equal times stand on both sides of a page's edge."""
        post = wire.publish(1)
        refs = {wire.say(post, 10 + n, at=AN_HOUR_AGO).comment_id for n in range(7)}

        cursor = swept(connection)[-1].cursor
        refs |= {wire.say(post, 30 + n, at=NOW).comment_id for n in range(5)}

        assert ids_of(swept(connection)) | ids_of(swept(connection, cursor)) >= refs

    def test_a_late_arrival_is_not_lost(self, wire: Any, connection: Connection, clock: Any) -> None:
        """It carries a time from before the last poll, but was not in its answer."""
        post = wire.publish(1)
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=1))
        late = wire.say(post, 11, at=NOW - timedelta(minutes=20))

        assert late.comment_id in ids_of(swept(connection, cursor))

    def test_a_clock_that_goes_ahead_hides_nothing(self, wire: Any, connection: Connection, clock: Any) -> None:
        """The platform's clock is two minutes before ours."""
        post = wire.publish(1)
        early = wire.say(post, 10, at=NOW + timedelta(minutes=2))
        first = swept(connection)
        clock.forward(timedelta(minutes=1))
        later = wire.say(post, 11, at=NOW + timedelta(minutes=2, seconds=30))

        assert ids_of(first) | ids_of(swept(connection, first[-1].cursor)) == {early.comment_id, later.comment_id}

    def test_a_day_without_us_leaves_no_gap(self, wire: Any, connection: Connection, clock: Any) -> None:
        """After an outage the first poll brings all that was said meanwhile."""
        post = wire.publish(1)
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(hours=26))
        refs = {wire.say(post, 10 + n, at=NOW + timedelta(hours=2 * n + 1)).comment_id for n in range(12)}

        assert ids_of(swept(connection, cursor)) >= refs

    def test_what_goes_while_somebody_pages_takes_nothing_with_it(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """A deletion moves the rest of a list up by one: the next poll finds what slipped through."""
        post = wire.publish(1)
        refs = [wire.say(post, 10 + n, at=AN_HOUR_AGO + timedelta(seconds=n)) for n in range(9)]
        newest = refs[-1]

        def go() -> None:
            wire.between_pages = None
            wire.vanish(newest)

        wire.between_pages = go
        first = swept(connection)
        clock.forward(timedelta(minutes=1))
        second = swept(connection, first[-1].cursor)

        assert ids_of(first) | ids_of(second) >= {ref.comment_id for ref in refs[:-1]}

    def test_times_are_aware_and_in_utc(self, wire: Any, connection: Connection) -> None:
        """No naive time and no local time leaves a connector."""
        wire.say(wire.publish(1), 10)

        batches = swept(connection)

        times = [c.posted_at for c in comments_of(batches)] + [p.posted_at for b in batches for p in b.posts]
        assert comments_of(batches)[0].posted_at == AN_HOUR_AGO
        assert {time.tzinfo for time in times} == {UTC}


class TestPages:
    """To the end, and no further."""

    def test_an_empty_page_with_more_behind_it_is_followed(self, wire: Any, connection: Connection) -> None:
        """Platforms filter after paging: a page without rows is not the end."""
        ref = wire.say(wire.publish(1), 10)
        wire.empty_pages = 2

        batches = swept(connection)

        assert [comment.ref for comment in comments_of(batches)] == [ref]
        assert batches[-1].last

    def test_a_repeated_page_mark_ends_the_sweep_with_a_gap(self, wire: Any, connection: Connection) -> None:
        """A platform that turns in a circle is told of, not followed for ever."""
        post = wire.publish(1)
        for number in range(5):
            wire.say(post, 10 + number)
        wire.same_mark = True

        batches = swept(connection)

        assert batches[-1].last
        assert any("twice" in gap.reason for batch in batches for gap in batch.gaps)
        assert batches[-1].complete_posts == frozenset()
        assert not batches[-1].every_post

    def test_the_cursor_moves_only_with_the_last_batch(self, wire: Any, connection: Connection) -> None:
        """What is stored after a batch in the middle must not skip the rest after a crash."""
        for post in range(1, 6):
            wire.say(wire.publish(post), post)

        *middle, last = swept(connection, "")

        assert {batch.cursor for batch in middle} <= {""}
        assert [batch.last for batch in (*middle, last)] == [False] * len(middle) + [True]
        assert last.cursor

    def test_a_sweep_that_breaks_leaves_the_cursor_alone(self, wire: Any, connection: Connection, clock: Any) -> None:
        """An outage in the middle raises; the next poll with the old cursor brings everything."""
        refs = {wire.say(wire.publish(post), post).comment_id for post in range(1, 6)}
        first = swept(connection)
        clock.forward(timedelta(minutes=1))
        wire.fail(lambda: httpx.Response(503, text="<html>no</html>"), at="read", times=99)

        with pytest.raises(Unavailable):
            swept(connection, first[-1].cursor)

        wire.faults.clear()
        clock.forward(timedelta(hours=2))
        assert ids_of(first) == refs
        assert ids_of(swept(connection, first[-1].cursor)) == refs

    @pytest.mark.parametrize("cursor", ["", "{", "null", "[]", '{"watermark": "x"}', '{"watermark": 1e999}', "\x00"])
    def test_a_damaged_cursor_is_read_as_a_first_visit(self, wire: Any, connection: Connection, cursor: str) -> None:
        """Better too much than nothing."""
        ref = wire.say(wire.publish(1), 10)

        assert [comment.ref for comment in comments_of(swept(connection, cursor))] == [ref]

    def test_a_cursor_stays_small(self, wire: Any, connection: Connection, clock: Any) -> None:
        """It is written with every poll."""
        cursor: str | None = None
        for post in range(1, 9):
            wire.say(wire.publish(post), post)
            cursor = swept(connection, cursor)[-1].cursor
            clock.forward(timedelta(minutes=11))

        assert len(cursor or "") < 4096


class TestChanges:
    """Edits, deletions, visibility: looked at again on a falling schedule."""

    def test_an_edit_is_a_new_revision_of_the_same_comment(self, wire: Any, connection: Connection, clock: Any) -> None:
        """The reference stays, the digest of what a reader saw changes."""
        ref = wire.say(wire.publish(1), 10, "before")
        (first,) = (batch for batch in swept(connection) if batch.last)
        before = listed_alone(connection)
        wire.edit(ref, "after")
        clock.forward(timedelta(minutes=11))

        after = listed_alone(connection, first.cursor)

        assert before.ref == after.ref == ref
        assert (before.text, after.text) == ("before", "after")
        assert before.revision != after.revision

    def test_an_edit_of_yesterdays_comment_is_seen_within_the_hour(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """The schedule falls, but it does not end after the first hours."""
        ref = wire.say(wire.publish(1, at=NOW - timedelta(days=2)), 10, "before", at=NOW - timedelta(hours=20))
        cursor = swept(connection)[-1].cursor
        wire.edit(ref, "after")

        found = []
        for _ in range(7):
            clock.forward(timedelta(minutes=10))
            batches = swept(connection, cursor)
            cursor = batches[-1].cursor
            found += [comment.text for comment in comments_of(batches)]

        assert "after" in found

    def test_the_same_words_are_the_same_revision(self, wire: Any, connection: Connection) -> None:
        """Reading twice does not make two revisions, nor does reading alone instead of in a list."""
        ref = wire.say(wire.publish(1), 10)
        listed = listed_alone(connection)

        alone = connection.connector.read(ref).comment

        assert alone is not None
        assert (alone.revision, alone.post_id, alone.author) == (listed.revision, listed.post_id, listed.author)
        assert (alone.posted_at, alone.permalink, alone.by_page) == (
            listed.posted_at,
            listed.permalink,
            listed.by_page,
        )

    def test_a_vanished_comment_shows_by_its_absence(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Its post is complete, its time is covered, and it is not among the seen."""
        post = wire.publish(1)
        stays, goes = wire.say(post, 10), wire.say(post, 11)
        first = swept(connection)
        gone_at = {c.ref: c.posted_at for c in comments_of(first)}[goes]
        wire.vanish(goes)
        clock.forward(timedelta(minutes=61))

        last = swept(connection, first[-1].cursor)[-1]

        assert last.every_post or post in last.complete_posts
        assert last.complete_since is not None
        assert gone_at >= last.complete_since
        assert last.seen == {stays.comment_id}

    def test_what_somebody_hides_on_the_platform_is_noticed(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """And what a person shows again there is noticed too, so that it can be respected."""
        if not tells_hidden(connection.connector):
            pytest.skip("This platform tells nobody which comments are hidden.")
        ref = wire.say(wire.publish(1), 10)
        cursor = swept(connection)[-1].cursor
        wire.set_hidden(ref, True)
        clock.forward(timedelta(minutes=11))
        hidden = connection.connector.read(ref).comment
        wire.set_hidden(ref, False)
        shown = listed_alone(connection, cursor)

        assert hidden is not None
        assert hidden.visibility in (Visibility.HIDDEN_BY_CITY, Visibility.HIDDEN_BY_PLATFORM_FILTER)
        assert shown.visibility is Visibility.VISIBLE


class TestIdentity:
    """An account, or the reason why there is none."""

    def test_a_missing_author_is_tolerated_and_explained(self, wire: Any, connection: Connection) -> None:
        """The comment arrives; the author says why there is no id."""
        wire.say(wire.publish(1), 10, author=None)

        comment = listed_alone(connection)

        assert comment.author.author_id is None
        assert comment.author.unavailable_reason

    def test_the_same_account_has_the_same_id(self, wire: Any, connection: Connection) -> None:
        """Strikes are counted by it; another account has another."""
        post = wire.publish(1)
        ann, again = wire.say(post, 10), wire.say(post, 11)
        bob = wire.say(post, 12, author=("2477002", "Bob Day"))

        ids = {comment.ref: comment.author.author_id for comment in comments_of(swept(connection))}

        assert ids[ann] == ids[again] != ids[bob]
        assert ids[ann]

    def test_the_citys_own_comment_is_marked(self, wire: Any, connection: Connection) -> None:
        """``by_page`` keeps the city's own words out of moderation."""
        post = wire.publish(1)
        own = wire.say(post, 10, by_city=True)
        other = wire.say(post, 11)

        by_page = {comment.ref: comment.by_page for comment in comments_of(swept(connection))}

        assert by_page == {own: True, other: False}


class TestHostileInput:
    """A connector neither trusts nor launders."""

    @pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
    def test_hostile_words_arrive_as_they_were_written(self, wire: Any, connection: Connection, words: str) -> None:
        """Text and name come through unchanged."""
        wire.say(wire.publish(1), 10, words, author=("2477009", words[:200]))

        comment = listed_alone(connection)

        assert comment.text == words
        names = (comment.author.display_name, comment.author.handle)
        assert names == (None, None) if wire.nameless else words[:200] in names

    def test_characters_that_no_database_stores_are_replaced(self, wire: Any, connection: Connection) -> None:
        """NUL and lone surrogates would stop the page's whole transaction."""
        wire.say(wire.publish(1), 10, "a\x00b\ud83dc")

        comment = listed_alone(connection)

        assert comment.text == "a\ufffdb\ufffdc"
        assert json.dumps(comment.raw, ensure_ascii=False).encode()

    @pytest.mark.parametrize("how", ["no id", "bad id", "no time", "bad time"])
    def test_one_unreadable_comment_costs_one_gap(self, wire: Any, connection: Connection, how: str) -> None:
        """The rest of the page is read."""
        post = wire.publish(1)
        good = wire.say(post, 10)
        wire.damage(wire.say(post, 11), how)

        batches = swept(connection)

        assert [comment.ref for comment in comments_of(batches)] == [good]
        assert len([gap for batch in batches for gap in batch.gaps]) == 1

    def test_a_comment_without_id_makes_its_post_incomplete(self, wire: Any, connection: Connection) -> None:
        """What can't be named can't be counted as seen: nothing of that post may be taken for missing."""
        post = wire.publish(1)
        wire.damage(wire.say(post, 11), "no id")

        last = swept(connection)[-1]

        assert post not in last.complete_posts
        assert not last.every_post

    def test_links_are_web_addresses_or_none(self, wire: Any, connection: Connection) -> None:
        """The browser that takes pictures is never handed a script or a file."""
        wire.say(wire.publish(1), 10)

        batches = swept(connection)

        links = [comment.permalink for comment in comments_of(batches)]
        links += [post.permalink for batch in batches for post in batch.posts]
        assert all(link is None or link.startswith(("https://", "http://")) for link in links)
