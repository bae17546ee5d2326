"""What is special to YouTube's comments: states in three lists, old threads, videos, bans for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.connection import Connection
from connectors.contract import (
    CommentRef,
    Malformed,
    PermissionLost,
    Unsupported,
    Visibility,
)
from tests.connectors.asking import comments_of, listed_alone, swept
from tests.connectors.wire import NOW
from tests.connectors.wires.youtube import CHANNEL

BAN_OF_ANN = "UC2477001"


@pytest.fixture
def platform() -> str:
    """YouTube only."""
    return "youtube"


def calls(wire: Any, part: str) -> list[httpx.Request]:
    """The requests whose path and query contain ``part``."""
    return [request for request in wire.asked if part in request.url.raw_path.decode()]


def answered(status: int, body: Any) -> Callable[[], httpx.Response]:
    """An answer to be given instead of the platform's."""
    return lambda: httpx.Response(status, json=body)


def bury(wire: Any) -> None:
    """Newer threads, so many that a poll ends before it lists an older one."""
    for number in range(4):
        wire.say("vid00000001", 900 + number, at=NOW - timedelta(days=4))


class TestStates:
    """Published, held, likely spam, rejected."""

    def test_likely_spam_is_the_platforms_own_filter(self, wire: Any, connection: Connection) -> None:
        """Nobody at the city hid it, and the record says so, listed and alone."""
        ref = wire.say(wire.publish(1), 10)
        wire.rows[ref.comment_id]["status"] = "likelySpam"

        alone = connection.connector.read(ref).comment

        assert listed_alone(connection).visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER
        assert alone is not None
        assert alone.visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER

    def test_likely_spam_can_be_published(self, wire: Any, connection: Connection) -> None:
        """A person finds that the filter erred."""
        ref = wire.say(wire.publish(1), 10)
        wire.rows[ref.comment_id]["status"] = "likelySpam"
        assert connection.hider

        receipt = connection.hider.unhide(ref)

        assert (receipt.visibility, wire.journal) == (Visibility.VISIBLE, [f"unhide {ref.comment_id}"])

    def test_a_held_reply_in_a_public_thread_is_seen_to_be_held(self, wire: Any, connection: Connection) -> None:
        """The thread is public, the reply is not; YouTube tells its state in lists only."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        replies = [wire.say(post, 20 + n, parent=first) for n in range(4)]
        wire.set_hidden(replies[1], True)

        alone = connection.connector.read(replies[1]).comment
        listed = {comment.ref: comment.visibility for comment in comments_of(swept(connection))}

        assert alone is not None
        assert alone.visibility is listed[replies[1]] is Visibility.HIDDEN_BY_CITY
        assert {listed[ref] for ref in (first, replies[0], *replies[2:])} == {Visibility.VISIBLE}

    @pytest.mark.parametrize("by_id", [True, False])
    def test_replies_under_a_held_comment_are_neither_missing_nor_rejected(
        self, wire: Any, connection: Connection, clock: Any, by_id: bool
    ) -> None:
        """The public sees them no more than the comment, but nobody acted on them."""
        wire.unpublished_by_id = by_id
        post = wire.publish(1)
        first = wire.say(post, 10)
        replies = [wire.say(post, 20 + n, parent=first) for n in range(4)]
        cursor = swept(connection)[-1].cursor
        assert connection.hider
        connection.hider.hide(first)
        clock.forward(timedelta(minutes=11))

        last = swept(connection, cursor)[-1]
        alone = connection.connector.read(replies[3]).comment

        assert last.every_post
        assert last.seen == {first.comment_id, *(reply.comment_id for reply in replies)}
        assert alone is not None
        assert (alone.visibility, alone.post_id) == (Visibility.VISIBLE, post)

    @pytest.mark.parametrize("status", ["heldForReview", "likelySpam"])
    def test_what_is_not_given_by_id_is_found_in_the_lists(
        self, wire: Any, connection: Connection, status: str
    ) -> None:
        """Whether YouTube gives unpublished comments by id is unproven: a held comment must never count as gone."""
        wire.unpublished_by_id = False
        post = wire.publish(1)
        others = [wire.say(post, 50 + n) for n in range(3)]
        ref = wire.say(post, 10)
        for each in (*others, ref):
            wire.rows[each.comment_id]["status"] = status

        reading = connection.connector.read(ref)

        assert reading.comment is not None
        assert (reading.comment.ref, reading.comment.post_id) == (ref, post)
        assert reading.comment.visibility is not Visibility.VISIBLE

    def test_gone_is_said_only_by_who_may_see_held_comments(self, wire: Any, connection: Connection) -> None:
        """A token that lost its rights finds nothing either, but that is no proof."""
        wire.publish(1)
        ref = CommentRef("youtube", CHANNEL, "Ugx000010AaABAg")
        forbidden = {"error": {"code": 403, "errors": [{"reason": "forbidden", "message": "no"}]}}
        connection.connector.check()
        read = connection.connector.read(ref)
        served = wire.serve

        def without_rights(request: httpx.Request) -> httpx.Response:
            owners = "moderationStatus=heldForReview" in str(request.url)
            return httpx.Response(403, json=forbidden) if owners else served(request)

        wire.serve = without_rights

        assert read.comment is None
        with pytest.raises(PermissionLost):
            connection.connector.read(ref)

    def test_a_rejected_comment_is_not_published_again(self, wire: Any, connection: Connection) -> None:
        """YouTube refuses it, so nothing is sent and a person is told."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.remover
        assert connection.hider
        connection.remover.remove(ref, "reject")

        with pytest.raises(Unsupported, match="rejected"):
            connection.hider.unhide(ref)

        assert wire.journal == [f"reject {ref.comment_id}"]

    def test_a_write_is_answered_without_content(self, wire: Any, connection: Connection) -> None:
        """204, and the truth comes from the read-back."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        receipt = connection.hider.hide(ref)

        (write,) = wire.writes()
        assert write.url.path == "/youtube/v3/comments/setModerationStatus"
        assert dict(write.url.params) | {"alt": ""} == {
            "id": ref.comment_id,
            "moderationStatus": "heldForReview",
            "alt": "",
        }
        assert [exchange.status for exchange in receipt.exchanges if exchange.method == "POST"][-1] == 204


class TestThreads:
    """New replies do not lift an old thread."""

    def test_a_new_reply_under_an_old_thread_is_found(self, wire: Any, connection: Connection, clock: Any) -> None:
        """The thread is far below what a poll lists, but its count of replies is watched."""
        old = wire.say(wire.publish(1, at=NOW - timedelta(days=9)), 10, at=NOW - timedelta(days=5))
        bury(wire)
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(hours=3, minutes=1))
        cursor = swept(connection, cursor)[-1].cursor
        clock.forward(timedelta(hours=3, minutes=1))
        reply = wire.say("vid00000001", 11, at=clock.now - timedelta(minutes=5), parent=old)

        found = {comment.ref: comment for comment in comments_of(swept(connection, cursor))}

        assert old not in found
        assert (found[reply].parent_id, found[reply].post_id) == (old.comment_id, "vid00000001")

    def test_a_reply_that_vanishes_from_an_old_thread_shows(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """A thread that had replies in the time that is looked at is read out again, so the claim holds."""
        post = wire.publish(1, at=NOW - timedelta(days=9))
        old = wire.say(post, 10, at=NOW - timedelta(days=5))
        stays = wire.say(post, 11, at=NOW - timedelta(minutes=90), parent=old)
        goes = wire.say(post, 12, at=NOW - timedelta(minutes=80), parent=old)
        bury(wire)
        cursor = swept(connection)[-1].cursor
        wire.vanish(goes)
        # By its pace alone the thread would rest for five minutes.
        clock.forward(timedelta(minutes=3))

        last = swept(connection, cursor)[-1]

        assert last.every_post
        assert stays.comment_id in last.seen
        assert {old.comment_id, goes.comment_id}.isdisjoint(last.seen)

    def test_a_long_thread_that_rests_costs_no_call(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Its replies are known; but as they were not seen again, nothing is claimed to be missing."""
        post = wire.publish(1)
        first = wire.say(post, 10, at=NOW - timedelta(hours=5))
        for number in range(6):
            wire.say(post, 20 + number, at=NOW - timedelta(hours=4), parent=first)
        cursor = swept(connection)[-1].cursor
        read_before = len(calls(wire, "parentId"))
        clock.forward(timedelta(minutes=11))
        # Looked at eleven minutes ago, quiet for four hours: due after five.
        cursor = swept(connection, cursor)[-1].cursor
        read_then = len(calls(wire, "parentId"))
        clock.forward(timedelta(minutes=4))

        last = swept(connection, cursor)[-1]

        assert read_then > read_before > 0
        assert len(calls(wire, "parentId")) == read_then
        assert not last.every_post

    def test_a_quiet_channel_costs_three_units(self, wire: Any, connection: Connection, clock: Any) -> None:
        """One call for each state; videos are listed every ten minutes only."""
        wire.say(wire.publish(1), 10, at=NOW - timedelta(days=3))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=5))
        before = len(wire.asked)

        swept(connection, cursor)

        assert len(wire.asked) == before + 3
        assert {request.url.params["moderationStatus"] for request in wire.asked[before:]} == {
            "published",
            "heldForReview",
            "likelySpam",
        }

    @pytest.mark.parametrize(
        ("status", "reason"), [(404, "commentNotFound"), (403, "forbidden"), (400, "processingFailure"), (400, "odd")]
    )
    def test_one_thread_that_can_not_be_read_stops_no_other(
        self, wire: Any, connection: Connection, status: int, reason: str
    ) -> None:
        """The rest of the page arrives, and nothing is claimed to be missing."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        for number in range(4):
            wire.say(post, 20 + number, parent=first)
        other = wire.say(post, 11, at=NOW - timedelta(hours=2))
        body = {"error": {"code": status, "errors": [{"reason": reason}]}}
        served = wire.serve
        wire.serve = lambda request: answered(status, body)() if "parentId" in str(request.url) else served(request)

        batches = swept(connection)

        assert {first, other} <= {comment.ref for comment in comments_of(batches)}
        assert batches[-1].last
        assert not batches[-1].every_post

    def test_watched_threads_are_bounded(
        self, wire: Any, connection: Connection, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What falls out of the watch is remembered as a limit to what may be claimed."""
        monkeypatch.setattr("connectors._youtube.sweep.MOST_WATCHED", 2)
        post = wire.publish(1)
        for number in range(4):
            wire.say(post, 10 + number, at=NOW - timedelta(minutes=10 * number))
        first = swept(connection)[-1]
        clock.forward(timedelta(minutes=1))

        second = swept(connection, first.cursor)[-1]

        assert first.every_post
        assert not second.every_post
        assert len(json.loads(second.cursor)["looks"]) == 2

    def test_page_marks_are_never_stored(self, wire: Any, connection: Connection) -> None:
        """They run out; a stored one would end every poll with an error."""
        post = wire.publish(1)
        for number in range(5):
            wire.say(post, 10 + number)

        batches = swept(connection)

        assert calls(wire, "pageToken")
        assert not any("at." in batch.cursor or "pageToken" in batch.cursor for batch in batches)


class TestVideos:
    """The city's own posts."""

    def test_videos_come_with_youtubes_own_count(self, wire: Any, connection: Connection) -> None:
        """Completeness is computed from it."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        wire.say(post, 11, parent=first)

        (video,) = (each for batch in swept(connection) for each in batch.posts)

        assert (video.post_id, video.comment_count, video.by_page) == (post, 2, True)
        assert video.permalink == f"https://www.youtube.com/watch?v={post}"
        assert video.text == "Council meeting 1\n\nAgenda below."

    def test_videos_before_the_look_back_are_left_alone(self, wire: Any, connection: Connection) -> None:
        """The list is read no further than needed."""
        for number in range(6):
            wire.publish(10 - number, at=NOW - timedelta(days=200 + number))
        young = wire.publish(99)

        posts = [each.post_id for batch in swept(connection) for each in batch.posts]

        assert posts == [young]
        assert len(calls(wire, "playlistItems")) == 2

    def test_a_channel_without_videos_is_no_error(self, wire: Any, connection: Connection) -> None:
        """YouTube answers that the list is not there."""
        last = swept(connection)[-1]

        assert (last.posts, last.gaps, last.last) == ((), (), True)

    def test_a_comment_without_a_video_stands_on_the_channel(self, wire: Any, connection: Connection) -> None:
        """Listed and alone the same; the post is the channel's own page, and no address is invented."""
        wire.publish(1)
        ref = wire.say("", 10)

        listed, reading = listed_alone(connection), connection.connector.read(ref)

        assert reading.comment is not None
        assert reading.post is not None
        assert listed.post_id == reading.comment.post_id == reading.post.post_id == CHANNEL
        assert listed.permalink is None


class TestBans:
    """For people, over one comment, for good."""

    def test_a_ban_rejects_the_comment_and_names_no_list(self, wire: Any, connection: Connection) -> None:
        """One write with both; who is banned is looked up in Studio."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.blocker

        standing = connection.blocker.block(BAN_OF_ANN, over=ref, accept_one_way=True)

        assert (standing.kept_away, wire.journal, wire.banned) == (True, [f"ban {ref.comment_id}"], ["2477001"])
        with pytest.raises(Unsupported, match=r"studio\.youtube\.com"):
            next(connection.blocker.blocked())

    @pytest.mark.parametrize("case", ["no comment", "another's", "the city's", "gone"])
    def test_a_ban_needs_a_comment_of_that_account(self, wire: Any, connection: Connection, case: str) -> None:
        """Nobody is banned by mistake: nothing is written."""
        post = wire.publish(1)
        over = {
            "no comment": None,
            "another's": wire.say(post, 11, author=("2477002", "Bob Day")),
            "the city's": wire.say(post, 12, by_city=True),
            "gone": CommentRef("youtube", CHANNEL, "Ugx999999AaABAg"),
        }[case]
        assert connection.blocker

        with pytest.raises(Unsupported):
            connection.blocker.block(BAN_OF_ANN, over=over, accept_one_way=True)

        assert wire.journal == []

    def test_an_account_of_another_shape_is_refused(self, wire: Any, connection: Connection) -> None:
        """It would stand in no call, but in the record."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.blocker

        with pytest.raises(Malformed):
            connection.blocker.block("@ann", over=ref, accept_one_way=True)

        assert wire.journal == []
