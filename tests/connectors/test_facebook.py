"""What is Facebook's alone: its fields, its limits, its way of hiding that a permission is missing."""

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
    AuthFailed,
    Blocked,
    PermissionLost,
    RateLimited,
    Reading,
    Unavailable,
    Unsupported,
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
        assert [post.post_id for post in polled[0].posts] == ["1012_5501", "1012_5400"]

    def test_everything_is_asked_for_in_the_platforms_words(self, polled: Any) -> None:
        """Unfiltered, unranked, since the look-back, with the current version, and no token in the address."""
        first, second = polled[1]
        since = int(datetime(2026, 11, 18, 12, 0, tzinfo=UTC).timestamp())

        assert first.url.path == "/v26.0/1012/published_posts"
        assert f"comments.filter(stream).order(reverse_chronological).limit(50).since({since})" in str(
            first.url.params["fields"]
        )
        assert dict(second.url.params) | {"fields": ""} == {
            "filter": "stream",
            "order": "reverse_chronological",
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

        assert [request.url.params["limit"] for request in wire.asked] == ["8", "4", "2", "2", "2", "2", "2"]
        assert len(arrived) == 9

    def test_a_post_that_is_always_too_much_costs_a_gap(self, wire: Any, connection: Connection) -> None:
        """The other posts are read."""
        post = wire.publish(1)
        for number in range(5):
            wire.say(post, number)
        good = wire.say(wire.publish(2), 20)
        wire.fail(answer(TOO_MUCH, 500), at="/comments", times=99)

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
        clock.forward(timedelta(days=30))
        much_later = list(connection.connector.poll(with_a_hole))[-1].cursor

        assert with_a_hole == cursor
        assert json.loads(much_later)["watermark"] == int((clock.now - timedelta(days=7)).timestamp())

    def test_a_huge_thread_comes_in_several_batches(
        self, wire: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Memory stays bounded; the post comes with the first of them."""
        monkeypatch.setattr("connectors._facebook_sweep.LARGEST_BATCH", 10)
        post = wire.publish(1)
        for number in range(25):
            wire.say(post, number)
        made = connectors.connect("facebook", page_id="1012", token=TOKEN, clock=clock, comments_per_page=5)

        batches = list(made.connector.poll(None))

        assert [len(batch.comments) for batch in batches] == [10, 10, 5]
        assert [len(batch.posts) for batch in batches] == [1, 0, 0]
        assert len(batches[-1].seen) == 25


class TestLostPermission:
    """Facebook says "no such object" for what it does not let us see."""

    def test_gone_is_not_believed_when_the_token_lost_its_sight(self, wire: Any, connection: Connection) -> None:
        """Evidence must not say "deleted" because an app review ran out."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)
        wire.debug["data"]["scopes"].remove("pages_read_user_content")

        with pytest.raises(PermissionLost, match="pages_read_user_content"):
            connection.connector.read(ref)

    def test_gone_is_not_believed_when_the_token_is_dead(self, wire: Any, connection: Connection) -> None:
        """A person is asked for a new token instead."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)
        wire.debug["data"]["is_valid"] = False

        with pytest.raises(AuthFailed):
            connection.connector.read(ref)

    def test_without_the_tokens_facts_the_page_itself_is_tried(self, wire: Any, connection: Connection) -> None:
        """A page that can't be read either makes "gone" worthless; one that can makes it good."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)
        untold = answer({"error": {"code": 100, "message": "You must provide an app access token"}}, 400)
        wire.fail(untold, at="debug_token")
        wire.fail(answer({"error": {"code": 10}}, 403), at="GET /v26.0/1012")
        with pytest.raises(PermissionLost):
            connection.connector.read(ref)
        wire.fail(untold, at="debug_token")

        reading: Reading = connection.connector.read(ref)

        assert reading.comment is None

    def test_a_refused_write_on_a_readable_comment_is_a_lost_permission(
        self, wire: Any, connection: Connection
    ) -> None:
        """Not "gone": the comment is still there for everybody to read."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(answer({"error": {"code": 100, "error_subcode": 33}}, 400), at="POST")
        assert connection.hider

        with pytest.raises(PermissionLost, match="pages_manage_engagement"):
            connection.hider.hide(ref)

    def test_a_comment_that_may_not_be_hidden_comes_with_its_address(self, wire: Any, connection: Connection) -> None:
        """The person who does it by hand finds it."""
        ref = wire.say(wire.publish(1), 10, can_hide=False)
        assert connection.hider

        with pytest.raises(Unsupported, match="comment_id=10"):
            connection.hider.hide(ref)

    def test_success_false_is_a_refusal(self, wire: Any, connection: Connection) -> None:
        """An answer in words, not only by code."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(answer({"success": False}), at="POST")
        assert connection.hider

        with pytest.raises(PermissionLost):
            connection.hider.hide(ref)


class TestCheck:
    """Sentences that say what to fix."""

    def test_a_good_token_has_nothing_to_say(self, wire: Any, connection: Connection) -> None:
        """Name, permissions and clock are told."""
        wire.say(wire.publish(1), 10)
        wire.headers = {"date": "Fri, 20 Nov 2026 12:00:00 GMT"}

        health = connection.connector.check()

        assert (health.ok, health.problems) == (True, ())
        assert health.page_name == "City of X"
        assert "pages_manage_engagement" in health.scopes
        assert health.token_expires_at is None
        assert health.clock_skew_s is not None
        assert abs(health.clock_skew_s) < 2

    @pytest.mark.parametrize("scope", ["pages_read_engagement", "pages_read_user_content", "pages_manage_engagement"])
    def test_each_missing_permission_is_named(self, wire: Any, connection: Connection, scope: str) -> None:
        """One by one, with what it is for."""
        wire.debug["data"]["scopes"].remove(scope)

        health = connection.connector.check()

        assert not health.ok
        assert [problem for problem in health.problems if scope in problem]

    def test_the_token_of_a_person_is_recognised(self, wire: Any, connection: Connection) -> None:
        """It would see empty lists and no error."""
        wire.debug["data"]["type"] = "USER"

        health = connection.connector.check()

        assert not health.ok
        assert "/me/accounts" in health.problems[0]

    def test_the_token_of_another_page_is_recognised(self, wire: Any, connection: Connection) -> None:
        """With the name of that page."""
        wire.me = {"id": "999", "name": "City of Y"}

        health = connection.connector.check()

        assert not health.ok
        assert "City of Y" in health.problems[0]

    def test_a_wrong_clock_is_told(self, wire: Any, connection: Connection) -> None:
        """Receipts and evidence carry this machine's time."""
        wire.headers = {"date": "Fri, 20 Nov 2026 11:50:00 GMT"}

        health = connection.connector.check()

        assert not health.ok
        assert "NTP" in health.problems[0]

    def test_comments_without_authors_are_told_and_do_not_stop_the_page(
        self, wire: Any, connection: Connection
    ) -> None:
        """Records name an author "when available"; the city must know that none is."""
        wire.say(wire.publish(1), 10, **{"from": None})

        health = connection.connector.check()

        assert health.ok
        assert "Advanced Access" in health.problems[0]

    def test_a_token_that_runs_out_soon_is_told(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Before it happens."""
        wire.debug["data"]["expires_at"] = int((clock.now + timedelta(days=3)).timestamp())

        health = connection.connector.check()

        assert health.ok
        assert health.token_expires_at == clock.now + timedelta(days=3)
        assert "2026-11-23" in health.problems[0]

    @pytest.mark.parametrize(
        "failure",
        [
            pytest.param(answer({"error": {"code": 190, "error_subcode": 460}}, 400), id="dead token"),
            pytest.param(lambda: httpx.Response(502, html="<html></html>"), id="gateway"),
        ],
    )
    def test_what_can_not_be_tried_is_a_problem_and_not_an_exception(
        self, wire: Any, connection: Connection, failure: Any
    ) -> None:
        """Preflight asks every page and prints every answer."""
        wire.fail(failure, times=9)

        health = connection.connector.check()

        assert not health.ok
        assert len(health.problems) == 1


class TestRealSockets:
    """The same connector over a socket."""

    def test_a_hanging_platform_is_unavailable_in_bounded_time(self, loopback: Any) -> None:
        """Three short attempts, then the scheduler's turn."""
        loopback.behaviour = loopback.hang
        made = connectors.connect("facebook", page_id="1012", token=TOKEN, base_url=loopback.url, timeout=0.1)

        with pytest.raises(Unavailable, match="did not answer in time"):
            list(made.connector.poll(None))

        assert len(loopback.requests) == 3

    def test_an_answer_without_content_type_over_a_socket_is_read(self, loopback: Any) -> None:
        """facebook-sdk alone would fail with a KeyError."""
        loopback.behaviour = loopback.send(
            b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{"data":[]}'
        )
        made = connectors.connect("facebook", page_id="1012", token=TOKEN, base_url=loopback.url)

        (batch,) = made.connector.poll(None)

        assert batch.last
        assert f"authorization: bearer {TOKEN}".lower().encode() in loopback.requests[0].lower()
        assert b"access_token" not in loopback.requests[0]

    def test_two_connections_speak_to_two_hosts(self, loopback: Any, wire: Any) -> None:
        """The host is an instance's own: facebook-sdk keeps it in a module constant, which stays untouched."""
        import facebook  # type: ignore[import-untyped, unused-ignore]

        connectors.connect("facebook", page_id="1012", token=TOKEN, base_url=loopback.url)
        list(connectors.connect("facebook", page_id="1012", token=TOKEN).connector.poll(None))

        assert facebook.FACEBOOK_GRAPH_URL == "https://graph.facebook.com/"
        assert len(wire.asked) == 1
        assert loopback.requests == []
