"""What is special to TikTok: tokens of a day, forty calls a minute, replies in lists of their own, counts that lag."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import AuthFailed, Exchange, Kind, PermissionLost, Unavailable, Visibility
from tests.connectors.asking import comments_of, ids_of, listed_alone, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import NOW


@pytest.fixture
def platform() -> str:
    """This platform only."""
    return "tiktok"


def paths(wire: Any) -> Counter[str]:
    """How often each path was asked for."""
    return Counter(request.url.path.removeprefix("/open_api/v1.3") for request in wire.asked)


class TestTokens:
    """A day, and then another."""

    def test_a_token_that_ran_out_is_renewed_and_handed_out_for_keeping(self, wire: Any, clock: Any) -> None:
        """The poll goes on; what was received stands in no exchange."""
        kept: list[str] = []
        seen: list[Exchange] = []
        made = connected(wire, clock, on_renewed=kept.append, on_exchange=seen.append)
        ref = wire.say(wire.publish(1), 10)
        wire.access = "something else"

        assert ids_of(swept(made)) == {ref.comment_id}

        (stored,) = map(json.loads, kept)
        assert (stored["access_token"], stored["refresh_token"]) == ("act.second/0123456789", "rft.second/0123456789")
        assert stored["refresh_token_expires_at"] == (NOW + timedelta(days=365)).isoformat()
        assert not [each for each in seen if b"second/0123" in each.body or "second/0123" in repr(each)]
        assert paths(wire)["/tt_user/oauth2/refresh_token/"] == 1
        made.close()

    def test_a_hide_with_a_dead_token_is_sent_once_with_the_new_one(self, wire: Any, connection: Connection) -> None:
        """That the token has run out means that nothing was done."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider
        wire.access = "something else"

        receipt = connection.hider.hide(ref)

        assert wire.journal == [f"hide {ref.comment_id}"]
        assert not [each for each in receipt.exchanges if b"rft." in each.body]

    def test_a_refused_renewal_asks_a_person(self, wire: Any, connection: Connection) -> None:
        """The sentence says where to authorise again."""
        wire.access, wire.refresh = "x", "y"

        with pytest.raises(AuthFailed, match="authorise"):
            swept(connection)

    def test_a_renewal_that_is_not_answered_is_tried_later(self, wire: Any, connection: Connection) -> None:
        """A gateway's page proves nothing about the token."""
        wire.access = "x"
        wire.fail(lambda: httpx.Response(502, html="<html></html>"), at="refresh_token", times=9)

        with pytest.raises(Unavailable):
            swept(connection)

    def test_a_token_of_another_account_is_not_taken_over(self, wire: Any, clock: Any) -> None:
        """It would read and hide on somebody else's videos."""
        kept: list[str] = []
        made = connected(wire, clock, on_renewed=kept.append)
        wire.access, wire.open_id = "x", "another-open-id"

        with pytest.raises(AuthFailed, match="another"):
            swept(made)

        assert kept == []
        made.close()

    def test_the_end_of_the_refresh_token_is_known_ahead(self, wire: Any, clock: Any) -> None:
        """Seven days before, it is said, and what to do."""
        parts = {**json.loads(wire.token), "refresh_token_expires_at": (NOW + timedelta(days=6)).isoformat()}
        made = connectors.connect("tiktok", page_id=wire.page_id, token=json.dumps(parts), clock=clock)

        health = made.connector.check()

        assert health.ok
        assert any("within 7 days" in problem for problem in health.problems)
        made.close()

    def test_a_missing_scope_is_named(self, wire: Any, connection: Connection) -> None:
        """Without hiding it watches; without reading it is blind."""
        wire.scope = "user.info.basic,video.list,comment.list"
        watching = connection.connector.check()
        wire.scope = "user.info.basic,video.list"
        blind = connection.connector.check()

        assert watching.ok
        assert any("comment.list.manage" in problem for problem in watching.problems)
        assert not blind.ok


class TestThreads:
    """To the leaves, as fast as is allowed."""

    def test_more_than_three_replies_are_fetched_from_their_own_list(self, wire: Any, connection: Connection) -> None:
        """TikTok puts three into the comment."""
        video = wire.publish(1)
        first = wire.say(video, 10)
        refs = {first.comment_id} | {wire.say(video, 20 + n, parent=first).comment_id for n in range(9)}

        assert ids_of(swept(connection)) == refs
        assert paths(wire)["/business/comment/reply/list/"] == 5

    def test_a_few_replies_cost_no_call(self, wire: Any, connection: Connection) -> None:
        """They stand in the comment."""
        video = wire.publish(1)
        first = wire.say(video, 10)
        wire.say(video, 11, parent=first)

        swept(connection)

        assert paths(wire)["/business/comment/reply/list/"] == 0

    def test_a_count_that_lags_delays_and_loses_nothing(self, wire: Any, connection: Connection, clock: Any) -> None:
        """TikTok's figures are up to two days old: a video is looked at by its age too."""
        video = wire.publish(1)
        wire.counted[video] = 0
        cursor = swept(connection)[-1].cursor
        ref = wire.say(video, 10, at=NOW + timedelta(minutes=1))

        clock.forward(timedelta(minutes=31))

        assert ids_of(swept(connection, cursor)) == {ref.comment_id}

    def test_a_thread_too_long_for_a_minute_goes_on_where_it_stopped(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """A hundred pages at thirty-six a minute: three polls, everything once in each, no claim before the end."""
        video = wire.publish(1)
        refs = {wire.say(video, 1000 + n, at=NOW - timedelta(minutes=200 - n)).comment_id for n in range(200)}
        cursor, found, lists = None, set[str](), []
        for _ in range(4):
            before = paths(wire)["/business/comment/list/"]
            batches = swept(connection, cursor)
            cursor = batches[-1].cursor
            found |= ids_of(batches)
            lists.append(paths(wire)["/business/comment/list/"] - before)
            assert len(ids_of(batches)) == len(comments_of(batches))
            assert batches[-1].complete_posts == frozenset()
            clock.forward(timedelta(minutes=1))

        assert found == refs
        assert max(lists) <= 36

    def test_the_video_that_waited_longest_comes_first(self, wire: Any, connection: Connection, clock: Any) -> None:
        """A busy video must not starve the others."""
        busy, quiet = wire.publish(1), wire.publish(2)
        for n in range(150):
            wire.say(busy, 1000 + n, at=NOW - timedelta(minutes=n % 50))
        ref = wire.say(quiet, 10)
        cursor, found = None, set[str]()
        for _ in range(3):
            batches = swept(connection, cursor)
            cursor, found = batches[-1].cursor, found | ids_of(batches)
            clock.forward(timedelta(minutes=1))

        assert ref.comment_id in found

    def test_acts_have_calls_left_when_polls_used_theirs(self, wire: Any, connection: Connection) -> None:
        """Reading before the hide goes through the same list of comments."""
        video = wire.publish(1)
        refs = [wire.say(video, 1000 + n) for n in range(100)]
        assert connection.hider
        swept(connection)

        assert not connection.hider.hide(refs[0]).already_done

    def test_a_pinned_old_video_does_not_end_the_list(self, wire: Any, connection: Connection) -> None:
        """It stands first, however old."""
        for number in (1, 2, 3):
            ref = wire.say(wire.publish(number), 10 * number)
        wire.publish(9, at=NOW - timedelta(days=400))

        assert len(ids_of(swept(connection))) == 3
        assert ref.comment_id in ids_of(swept(connection))

    def test_the_list_of_videos_ends_with_the_old_ones(self, wire: Any, connection: Connection) -> None:
        """Years of videos are not listed at every poll."""
        for number in range(1, 30):
            wire.publish(number, at=NOW - timedelta(days=400))

        swept(connection)

        assert paths(wire)["/business/video/list/"] == 1


class TestShapes:
    """Ids, states, addresses."""

    def test_ids_of_nineteen_digits_stay_exact(self, wire: Any, connection: Connection) -> None:
        """Where they come as numbers, no digit may be rounded away."""
        ref = wire.say(wire.publish(1), 10)
        row = wire._row(ref)
        row["comment_id"] = int(row["comment_id"])

        assert listed_alone(connection).ref == ref

    def test_a_state_that_the_city_did_not_choose_is_the_platforms(self, wire: Any, connection: Connection) -> None:
        """``set_to_friends_only`` is in TikTok's events; a hide by the city it is not."""
        ref = wire.say(wire.publish(1), 10)
        wire._row(ref)["status"] = "FRIENDS_ONLY"

        assert listed_alone(connection).visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER

    def test_a_reply_is_read_and_hidden_by_its_reference_alone(self, wire: Any, connection: Connection) -> None:
        """The reference carries the video, which every call needs."""
        video = wire.publish(1)
        reply = wire.say(video, 11, parent=wire.say(video, 10))
        assert connection.hider

        connection.hider.hide(reply)

        assert wire.is_hidden(reply)
        assert json.loads(wire.writes()[0].content)["video_id"] == video

    def test_a_video_that_is_gone_takes_its_comments_with_it(self, wire: Any, connection: Connection) -> None:
        """The account's own list says so."""
        ref = wire.say(wire.publish(1), 10)
        wire.videos.clear()

        reading = connection.connector.read(ref)

        assert (reading.comment, reading.post) == (None, None)
        assert reading.exchanges

    def test_a_reply_that_the_filter_does_not_find_is_not_called_gone(self, wire: Any, connection: Connection) -> None:
        """A hide of what is gone counts as done, so it is looked for in the list too."""
        video = wire.publish(1)
        reply = wire.say(video, 11, parent=wire.say(video, 10))
        empty = {"code": 0, "message": "OK", "data": {"comments": [], "cursor": 0, "has_more": False}}
        wire.fail(lambda: httpx.Response(200, json=empty), at="/business/comment/list/")

        reading = connection.connector.read(reply)

        assert reading.comment is not None
        assert reading.comment.ref == reply

    def test_a_video_without_readable_comments_is_a_lost_right(self, wire: Any, connection: Connection) -> None:
        """The video is there, so "does not exist" is not believed of its comments."""
        ref = wire.say(wire.publish(1), 10)
        words = {"code": 40002, "message": "The video does not exist.", "data": {}}
        wire.fail(lambda: httpx.Response(200, json=words), at="/business/comment/list/", times=9)

        with pytest.raises(PermissionLost, match="scopes of the token"):
            connection.connector.read(ref)

    def test_a_photo_post_is_told_from_a_video(self, wire: Any, connection: Connection) -> None:
        """By its address."""
        wire.publish(1)
        wire.videos[0]["share_url"] = "https://www.tiktok.com/@cityofx/photo/7203946942000000001"

        (post,) = (post for batch in swept(connection) for post in batch.posts)

        assert post.kind is Kind.PHOTO
        assert isinstance(post.posted_at, datetime)

    def test_an_account_that_can_not_be_one_is_refused(self) -> None:
        """The sentence says where the right one is found."""
        with pytest.raises(ValueError, match="open_id"):
            connectors.connect("tiktok", page_id="../x", token="{}")
