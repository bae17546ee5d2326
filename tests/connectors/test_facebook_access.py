"""What Facebook lets a token see and do: lost permissions, the check, real sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import AuthFailed, Malformed, PermissionLost, Reading, Unavailable, Unsupported

TOKEN = "EAAK/secret+PageToken=0123"


@pytest.fixture
def platform() -> str:
    """Only this one."""
    return "facebook"


def answer(body: Any, status: int = 200, **headers: str) -> Callable[[], httpx.Response]:
    """An answer to hand to ``wire.fail``."""
    return lambda: httpx.Response(status, json=body, headers=headers)


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

        with pytest.raises(PermissionLost, match="lets this token read the comment but not act on it"):
            connection.hider.hide(ref)

    def test_a_comment_that_may_not_be_hidden_comes_with_its_address(self, wire: Any, connection: Connection) -> None:
        """The person who does it by hand finds it."""
        ref = wire.say(wire.publish(1), 10)
        wire.row(ref)["can_hide"] = False
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
        wire.say(wire.publish(1), 10, author=None)

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
        assert {request.url.host for request in wire.asked} == {"graph.facebook.com"}
        assert loopback.requests == []


class TestHiddenState:
    """Whether a comment is hidden has to be told, or nothing can be proven."""

    def test_without_it_nothing_is_hidden(self, wire: Any, connection: Connection) -> None:
        """A missing flag proves neither: the act is refused before it is sent."""
        ref = wire.say(wire.publish(1), 10)
        del wire.row(ref)["is_hidden"]
        assert connection.hider

        with pytest.raises(PermissionLost, match="MODERATE"):
            connection.hider.hide(ref)

        assert wire.writes() == []

    def test_the_check_tells_it(self, wire: Any, connection: Connection) -> None:
        """Before anything depends on it."""
        del wire.row(wire.say(wire.publish(1), 10))["is_hidden"]

        health = connection.connector.check()

        assert not health.ok
        assert "MODERATE" in health.problems[0]


class TestBanning:
    """``/blocked``: the page's own list is what is believed."""

    def test_the_list_names_whom_the_page_bans(self, wire: Any, connection: Connection) -> None:
        """Page by page, to the end."""
        wire.banned = {str(number): f"Resident {number}" for number in range(130)}
        assert connection.blocker

        listed = list(connection.blocker.blocked())

        assert {author.author_id: author.display_name for author in listed} == wire.banned

    @pytest.mark.parametrize("account", ["1?x=1", "../me", "ann"])
    def test_an_account_that_is_no_number_is_refused(self, wire: Any, connection: Connection, account: str) -> None:
        """Ids come from outside; nothing is sent."""
        assert connection.blocker

        with pytest.raises(Malformed):
            connection.blocker.block(account)

        assert wire.asked == []

    def test_the_page_never_bans_itself(self, wire: Any, connection: Connection) -> None:
        """The city's own comments carry its own id."""
        assert connection.blocker

        with pytest.raises(Unsupported, match="itself"):
            connection.blocker.block("1012")

        assert wire.asked == []

    @pytest.mark.parametrize("told", [{"2477001": False}, {"success": False}, {"success": True}, {"2477001": True}])
    def test_an_answer_that_the_list_does_not_bear_out_is_no_ban(
        self, wire: Any, connection: Connection, told: dict[str, bool]
    ) -> None:
        """Refused in words, or claimed and not done."""
        wire.fail(answer(told), at="write POST /v26.0/1012/blocked")
        assert connection.blocker

        with pytest.raises(PermissionLost):
            connection.blocker.block("2477001")

        assert wire.banned == {}


class TestExpiry:
    """Told 21, 7 and 1 days ahead."""

    @pytest.mark.parametrize(("days", "said"), [(22, None), (20, "within 21 days"), (6, "within 7 days"), (0.5, "day")])
    @pytest.mark.parametrize("what", ["expires_at", "data_access_expires_at"])
    def test_each_step_has_its_sentence(
        self, wire: Any, connection: Connection, clock: Any, days: float, said: str | None, what: str
    ) -> None:
        """For the token, and for the app's access to the page's data."""
        wire.debug["data"][what] = int((clock.now + timedelta(days=days)).timestamp())

        problems = connection.connector.check().problems

        told = [problem for problem in problems if " ends within " in problem]
        assert len(told) == (0 if said is None else 1)
        assert said is None or said in told[0]

    def test_one_that_ended_stops_the_page(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Ninety days without a login end the app's access, whatever the token says of itself."""
        wire.debug["data"]["data_access_expires_at"] = int((clock.now - timedelta(days=1)).timestamp())

        assert not connection.connector.check().ok
