"""What is special to YouTube's access: quota units, tokens of an hour, what ``check`` says, where calls go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors._youtube.channel import Channel
from connectors.connection import Connection
from connectors.contract import (
    AuthFailed,
    Malformed,
    QuotaSpent,
    Unavailable,
    Visibility,
)
from tests.connectors.asking import comments_of, ids_of, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import NOW
from tests.connectors.wires.youtube import ACCESS

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


class TestQuota:
    """10,000 units a day, of which a part is kept for acts."""

    def test_polls_stop_before_acts_do(self, wire: Any, clock: Any) -> None:
        """Of 190 units reading may use 133; a hide costs 50, and five for looking before and after."""
        connection = connected(wire, clock, options={"units": "190"}, page_size=100)
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider
        cursor = None
        for _ in range(60):
            try:
                cursor = swept(connection, cursor)[-1].cursor
            except QuotaSpent as error:
                spent = error
                break

        receipt = connection.hider.hide(ref)

        assert "kept for acts" in spent.sentence
        assert spent.until == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        assert receipt.visibility is Visibility.HIDDEN_BY_CITY
        with pytest.raises(QuotaSpent):
            connection.hider.unhide(ref)

    def test_a_spent_quota_is_renewed_at_midnight_in_california(self, wire: Any, connection: Connection) -> None:
        """Not at midnight here, and not in an hour."""
        wire.fail(answered(403, {"error": {"code": 403, "errors": [{"reason": "quotaExceeded"}]}}), at="read")

        with pytest.raises(QuotaSpent) as caught:
            swept(connection)

        assert caught.value.until == datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def test_channels_of_one_project_share_its_quota(self, wire: Any, clock: Any) -> None:
        """It belongs to the Google Cloud project, whose name stands in no key."""
        kept: dict[str, float] = {}

        class Ledger:
            def spent(self, key: str, period: str) -> float:
                return kept.get(key, 0.0)

            def add(self, key: str, period: str, units: float) -> None:
                kept[key] = kept.get(key, 0.0) + units

        for _ in range(2):
            swept(connected(wire, clock, spending=Ledger()))

        (key,) = kept
        assert kept[key] == len(calls(wire, "/youtube/"))
        assert "googleusercontent" not in key

    @pytest.mark.parametrize("units", ["many", "-5", "0", "1e4", ""])
    def test_a_quota_that_is_no_number_is_refused(self, wire: Any, clock: Any, units: str) -> None:
        """At the start, with a sentence."""
        with pytest.raises(ValueError, match="10000"):
            connected(wire, clock, options={"units": units})


class TestTokens:
    """An hour each, for a refresh token that stays."""

    def test_one_token_serves_an_hour(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Fetched when needed, again shortly before it ends."""
        swept(connection)
        clock.forward(timedelta(minutes=50))
        swept(connection)
        first = len(calls(wire, "/token"))
        clock.forward(timedelta(minutes=9))
        swept(connection)

        assert (first, len(calls(wire, "/token"))) == (1, 2)

    def test_a_token_that_is_refused_is_replaced_once(self, wire: Any, connection: Connection) -> None:
        """Google may withdraw it early; the call is then sent again, and its answer counts."""
        ref = wire.say(wire.publish(1), 10)
        swept(connection)
        wire.access = "ya29.another+Token/secret"

        assert connection.connector.read(ref).comment is not None
        assert len(calls(wire, "/token")) == 2

    def test_new_tokens_stand_in_no_answer_that_is_kept(self, wire: Any, clock: Any) -> None:
        """Neither in the exchange of the token itself, nor where YouTube sends one back later."""
        heard: list[Any] = []
        connection = connected(wire, clock, on_exchange=heard.append)
        wire.say(wire.publish(1), 10, f"is {ACCESS} yours?")

        swept(connection)

        assert any("oauth2" in exchange.url for exchange in heard)
        assert ACCESS.encode() not in b"".join(exchange.body.replace(b"\\/", b"/") for exchange in heard)

    @pytest.mark.parametrize(
        ("status", "error", "said"),
        [
            (400, "invalid_grant", "refresh token"),
            (401, "invalid_client", "client_id"),
            (400, "admin_policy_enforced", "administrator"),
        ],
    )
    def test_a_consent_that_ended_says_what_to_do(
        self, wire: Any, connection: Connection, status: int, error: str, said: str
    ) -> None:
        """It is a person's to mend, so it is no passing trouble."""
        wire.token_fault = httpx.Response(status, json={"error": error, "error_description": "x"})

        with pytest.raises(AuthFailed, match=said):
            swept(connection)

        assert len(wire.asked) <= 2

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(503, text="<html>"),
            httpx.Response(500, json={"error": "internal_failure"}),
            httpx.Response(200, json={"expires_in": 3599}),
            httpx.Response(200, json=[]),
            httpx.Response(429, json={"error": "rate_limit_exceeded"}),
        ],
    )
    def test_google_being_down_is_a_passing_trouble(
        self, wire: Any, connection: Connection, answer: httpx.Response
    ) -> None:
        """Nobody is asked for a new consent because of it."""
        wire.token_fault = answer

        with pytest.raises(Unavailable):
            swept(connection)

    def test_another_token_address_is_asked_where_one_is_configured(self, wire: Any, clock: Any) -> None:
        """For a proxy of the city; no other host is."""
        connection = connected(wire, clock, options={"auth_url": "https://oauth2.googleapis.com/other"})

        swept(connection)

        assert [request.url.path for request in wire.asked if request.url.host == "oauth2.googleapis.com"] == ["/other"]


class TestHealth:
    """What ``check`` says."""

    def test_another_channels_token_is_named(self, wire: Any, connection: Connection) -> None:
        """The consent was given for a personal channel: the sentence says which, and what to do."""
        wire.owner = "UCsomebodyelse"

        health = connection.connector.check()

        assert not health.ok
        assert "UCsomebodyelse" in health.problems[0]

    def test_a_scope_that_is_missing_is_named(self, wire: Any, connection: Connection) -> None:
        """Without it held comments are not seen."""
        wire.scope = "https://www.googleapis.com/auth/youtube.readonly"

        health = connection.connector.check()

        assert not health.ok
        assert "youtube.force-ssl" in health.problems[0]

    @pytest.mark.parametrize(("days", "said"), [(20, "21 days"), (6, "7 days"), (0.5, "within a day")])
    def test_a_consent_that_ends_is_told_ahead(self, wire: Any, connection: Connection, days: float, said: str) -> None:
        """Google tells it where the consent was given for a time."""
        wire.token_more = {"refresh_token_expires_in": int(days * 86400)}

        health = connection.connector.check()

        assert health.ok
        assert [said in problem for problem in health.problems] == [True]
        assert health.token_expires_at == NOW + timedelta(days=days)

    def test_a_healthy_channel_is_named(self, wire: Any, connection: Connection) -> None:
        """The person who set it up sees that it is theirs."""
        assert connection.connector.check().page_name == "City of X"

    def test_comments_without_a_state_are_a_problem(
        self, wire: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Then nobody could tell which comments are held."""
        wire.say(wire.publish(1), 10)
        monkeypatch.setattr(wire, "_comment", lambda name, told=True: type(wire)._comment(wire, name, told=False))

        health = connection.connector.check()

        assert not health.ok
        assert "moderation status" in health.problems[0]


class TestAddresses:
    """Where calls go."""

    def test_a_channel_id_of_another_shape_is_refused(self, wire: Any, clock: Any) -> None:
        """A handle is no id; the sentence comes before any call."""
        with pytest.raises(Malformed):
            connectors.connect("youtube", page_id="@cityofx", token=wire.token)

        assert wire.asked == []

    def test_an_own_server_takes_the_place_of_googles(self, wire: Any, clock: Any) -> None:
        """The client library's host is replaced, so that a proxy or a test can stand there."""
        connection = connected(wire, clock, base_url="https://oauth2.googleapis.com/api")

        with pytest.raises((Unavailable, Malformed, AuthFailed)):
            swept(connection)

        assert not [request for request in wire.asked if request.url.host == "youtube.googleapis.com"]

    def test_the_client_library_reaches_no_other_host(self, connection: Connection) -> None:
        """What it addresses elsewhere is not sent."""
        channel = connection.connector._channel  # type: ignore[attr-defined]
        assert isinstance(channel, Channel)

        with pytest.raises(Malformed, match="nothing was sent"):
            channel._sdk._http.request("https://evil.example/youtube/v3/comments")

        assert connection.calls.count().calls == 0

    def test_every_thread_is_asked_for_in_few_calls(self, wire: Any, clock: Any) -> None:
        """Forty ids to a call, and no call's address grows so long that the library would make a POST of it."""
        connection = connected(wire, clock, page_size=30)
        post = wire.publish(1)
        for number in range(120):
            wire.say(post, number, at=NOW - timedelta(days=5, minutes=number))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(hours=3, minutes=1))
        cursor = swept(connection, cursor)[-1].cursor
        before = len(wire.asked)
        clock.forward(timedelta(hours=3, minutes=1))

        last = swept(connection, cursor)[-1]

        by_id = [request for request in wire.asked[before:] if "id" in request.url.params]
        assert len([each for each in by_id if each.url.path.endswith("commentThreads")]) == 3
        assert {request.method for request in by_id} == {"GET"}
        assert last.last

    def test_replies_of_a_page_are_each_brought_once(self, wire: Any, connection: Connection) -> None:
        """The few that come with the thread come again in its own list."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        for number in range(5):
            wire.say(post, 20 + number, parent=first)

        arrived = [comment.ref.comment_id for comment in comments_of(swept(connection))]

        assert len(arrived) == len(set(arrived)) == 6
        assert ids_of(swept(connection)) == set(arrived)
