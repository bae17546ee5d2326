"""What is Facebook's alone: its fields, its limits, how far back it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx

import connectors
from connectors.connection import Connection
from connectors.contract import (
    Attachment,
    Blocked,
    RateLimited,
    Visibility,
)
from connectors.facebook import Facebook

TOKEN = "EAAK/secret+PageToken=0123"
TOO_MUCH = {"error": {"code": 1, "message": "Please reduce the amount of data you're asking for, then retry"}}


@pytest.fixture
def platform() -> str:
    """Only this one."""
    return "facebook"


def answer(body: Any, status: int = 200, **headers: str) -> Callable[[], httpx.Response]:
    """An answer to hand to ``wire.fail``."""
    return lambda: httpx.Response(status, json=body, headers=headers)


class TestRecordedAnswers:
    """Answers of the recorded shape, read whole."""

    @pytest.fixture
    def polled(self, clock: Any, recorded: Any) -> Iterator[Any]:
        """The last batch of a poll over the recorded pages, and the requests."""
        made = connectors.connect("facebook", page_id="1012", token=TOKEN, clock=clock)
        with respx.mock(base_url="https://graph.facebook.com/v26.0") as router:
            router.get("/1012/published_posts").respond(json=recorded("facebook", "published_posts"))
            router.get("/1012_5501/comments").respond(json=recorded("facebook", "comments_second_page"))
            for empty in ("visitor_posts", "ads_posts", "videos", "video_reels"):
                router.get(f"/1012/{empty}").respond(json={"data": []})
            router.get("/1012").respond(json={"id": "1012", "name": "City of X"})
            (batch,) = made.connector.poll(None)
            yield batch, [call.request for call in router.calls]
        made.close()

    def test_a_reply_with_a_link_card_is_read_whole(self, polled: Any) -> None:
        """Every field of the contract that Facebook delivers."""
        reply = polled[0].comments[0]

        assert str(reply.ref) == "facebook:1012:5501_7710"
        assert (reply.post_id, reply.parent_id) == ("1012_5501", "5501_7702")
        assert reply.posted_at == datetime(2026, 11, 19, 16, 2, 40, tzinfo=UTC)
        assert (reply.author.author_id, reply.author.display_name) == ("2477001", "Ann Roe")
        card = ("link", "https://maps.example.org/routes?sig=a1", "Routes", "https://scontent.example.net/p.jpg?oh=1")
        assert reply.attachments == (Attachment(*card),)
        assert reply.permalink is not None
        assert "reply_comment_id=7710" in reply.permalink
        assert (reply.can_hide, reply.visibility, reply.by_page) == (True, Visibility.VISIBLE, False)

    def test_the_second_page_of_a_thread_is_fetched(self, polled: Any) -> None:
        """The nested "next" has to be followed by itself."""
        assert [comment.ref.comment_id for comment in polled[0].comments] == [
            "5501_7710",
            "5501_7702",
            "5501_7699",
            "5501_7690",
        ]

    def test_a_photo_is_its_own_address(self, polled: Any) -> None:
        """Not the page that shows it, which asks visitors to log in."""
        assert polled[0].comments[3].attachments == (Attachment("photo", "https://scontent.example.net/q.jpg?oh=2"),)

    def test_a_hidden_comment_without_author_is_both(self, polled: Any) -> None:
        """``from`` is absent, not null."""
        hidden = polled[0].comments[2]

        assert hidden.visibility is Visibility.HIDDEN_BY_CITY
        assert hidden.author.unavailable_reason

    def test_a_post_without_comments_is_complete(self, polled: Any) -> None:
        """Graph leaves an empty edge out."""
        assert polled[0].complete_posts == {"1012_5501", "1012_5400"}
        assert [post.post_id for post in polled[0].posts] == ["1012_5501", "1012_5400", "1012"]

    def test_everything_is_asked_for_in_the_platforms_words(self, polled: Any) -> None:
        """Unfiltered, unranked, since the look-back, with the current version, and no token in the address."""
        first, second = polled[1][:2]
        since = int(datetime(2026, 10, 21, 12, 0, tzinfo=UTC).timestamp())

        assert first.url.path == "/v26.0/1012/published_posts"
        nested = f"comments.filter(stream).order(reverse_chronological).live_filter(no_filter).limit(50).since({since})"
        assert nested in str(first.url.params["fields"])
        assert dict(second.url.params) | {"fields": ""} == {
            "filter": "stream",
            "order": "reverse_chronological",
            "live_filter": "no_filter",
            "since": str(since),
            "limit": "50",
            "after": "WTJx",
            "fields": "",
        }
        assert not [request for request in polled[1] if "access_token" in str(request.url)]


class TestLimits:
    """Quotas, and answers that are too large."""

    def test_a_poll_stops_before_the_limit_and_says_until_when(self, wire: Any, connection: Connection) -> None:
        """At 90 % the next page is not asked for."""
        for post in range(5):
            wire.publish(post)
        wire.headers = {"x-app-usage": '{"call_count": 95, "total_time": 1, "total_cputime": 1}'}

        with pytest.raises(RateLimited) as caught:
            list(connection.connector.poll(None))

        assert len(wire.asked) == 1
        assert caught.value.until > datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
        assert isinstance(connection.connector, Facebook)
        assert connection.connector.usage is not None
        assert connection.connector.usage.percent == 95

    def test_what_was_found_is_still_hidden_then(self, wire: Any, connection: Connection) -> None:
        """The last tenth of the quota is kept for it."""
        ref = wire.say(wire.publish(1), 10)
        wire.headers = {"x-app-usage": '{"call_count": 95, "total_time": 1, "total_cputime": 1}'}
        with pytest.raises(RateLimited):
            list(connection.connector.poll(None))
        assert connection.hider

        assert connection.hider.hide(ref).visibility is Visibility.HIDDEN_BY_CITY

    def test_a_refusal_is_obeyed_without_asking_again(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Until the platform's own minutes are over."""
        quota = {"1012": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 17}]}
        wire.fail(answer({"error": {"code": 80001}}, 400, **{"x-business-use-case-usage": json.dumps(quota)}))
        for _ in range(2):
            with pytest.raises(RateLimited) as caught:
                list(connection.connector.poll(None))
        asked_before = len(wire.asked)
        clock.forward(timedelta(minutes=18))
        list(connection.connector.poll(None))

        assert caught.value.until == datetime(2026, 11, 20, 12, 17, tzinfo=UTC)
        assert asked_before == 1

    def test_too_much_data_is_asked_for_in_halves(self, wire: Any, clock: Any) -> None:
        """Until the platform is content; nothing is lost."""
        for post in range(9):
            wire.say(wire.publish(post), post)
        wire.fail(answer(TOO_MUCH, 500), times=2)
        made = connectors.connect("facebook", page_id="1012", token=TOKEN, clock=clock, page_size=8)

        arrived = [comment for batch in made.connector.poll(None) for comment in batch.comments]

        limits = [request.url.params["limit"] for request in wire.asked if "published" in request.url.path]
        assert limits == ["8", "4", "2", "2", "2", "2", "2"]
        assert len(arrived) == 9

    def test_a_post_that_is_always_too_much_costs_a_gap(self, wire: Any, connection: Connection) -> None:
        """The other posts are read."""
        post = wire.publish(1)
        for number in range(5):
            wire.say(post, number)
        good = wire.say(wire.publish(2), 20)
        wire.fail(answer(TOO_MUCH, 500), at="/1012_1/comments", times=99)

        batches = list(connection.connector.poll(None))

        assert good in [comment.ref for batch in batches for comment in batch.comments]
        assert [gap.post_id for batch in batches for gap in batch.gaps] == [post]
        assert batches[-1].complete_posts == {"1012_2"}

    def test_spam_suspicion_stops_writing_at_once(self, wire: Any, connection: Connection) -> None:
        """Error 368 is not tried again."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(answer({"error": {"code": 368}}, 400), at="POST")
        assert connection.hider

        with pytest.raises(Blocked):
            connection.hider.hide(ref)

        assert wire.journal == []


class TestReach:
    """How far back, and how often."""

    def test_old_posts_end_the_sweep_but_a_pinned_one_does_not(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Only a whole page of posts beyond the look-back does."""
        wire.say(wire.publish(1, at=clock.now - timedelta(days=300)), 1)
        wire.say(wire.publish(2, at=clock.now - timedelta(days=200)), 2)
        wire.say(wire.publish(3, at=clock.now - timedelta(days=199)), 3)
        wire.say(wire.publish(4, at=clock.now - timedelta(days=1)), 4)
        wire.say(wire.publish(5, at=clock.now - timedelta(days=400)), 5)

        arrived = [comment.ref.comment_id for batch in connection.connector.poll(None) for comment in batch.comments]

        assert arrived == ["5_5", "4_4", "3_3", "2_2"]

    def test_a_hole_keeps_the_next_sweep_from_forgetting(self, wire: Any, connection: Connection, clock: Any) -> None:
        """What could not be read is looked for again from the same time on; after a week that ends."""
        post = wire.publish(1)
        for number in range(5):
            wire.say(post, number)
        cursor = list(connection.connector.poll(None))[-1].cursor
        wire.fail(answer({"error": {"code": 100, "error_subcode": 33}}, 400), at="/comments", times=2)
        clock.forward(timedelta(hours=3))
        with_a_hole = list(connection.connector.poll(cursor))[-1].cursor
        clock.forward(timedelta(days=20))
        much_later = list(connection.connector.poll(with_a_hole))[-1].cursor

        assert json.loads(with_a_hole)["watermark"] == json.loads(cursor)["watermark"]
        assert json.loads(much_later)["watermark"] == int((clock.now - timedelta(days=7)).timestamp())

    def test_a_huge_thread_comes_in_several_batches(
        self, wire: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Memory stays bounded; the post comes with the first of them."""
        monkeypatch.setattr("connectors._sweep.LARGEST_BATCH", 10)
        post = wire.publish(1)
        for number in range(25):
            wire.say(post, number)
        made = connectors.connect("facebook", page_id="1012", token=TOKEN, clock=clock, page_size=5)

        batches = list(made.connector.poll(None))

        assert [len(batch.comments) for batch in batches] == [10, 10, 5]
        assert [len(batch.posts) for batch in batches] == [1, 0, 1]
        assert len(batches[-1].seen) == 25

    def test_a_thread_that_is_never_whole_does_not_make_every_poll_a_deep_one(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Twice more at once, then in its time: what is broken may stay so for ever."""
        post = wire.publish(1)
        for number in range(5):
            wire.say(post, number)
        wire.fail(answer({"error": {"code": 100, "error_subcode": 33}}, 400), at="/comments", times=99)
        cursor, calls = None, []
        for _ in range(6):
            before = len(wire.asked)
            cursor = list(connection.connector.poll(cursor))[-1].cursor
            calls.append(len(wire.asked) - before)
            clock.forward(timedelta(minutes=1))

        assert calls == [7, 7, 7, 2, 2, 2]
