"""The questions that every platform's connector is asked: reading, errors, secrets, and what it is to connect."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

import connectors
from connectors import contract
from connectors.connection import Connection
from connectors.contract import CommentRef, ConnectorError, Malformed, RateLimited, Unavailable, Unsupported
from tests.connectors.asking import (
    as_recorded,
    comments_of,
    connect_again,
    errors_of_all_platforms,
    provoked,
    swept,
)
from tests.connectors.wire import FIXTURES


class TestReading:
    """One comment, now."""

    def test_a_reading_has_the_comment_its_post_and_the_answers(self, wire: Any, connection: Connection) -> None:
        """Evidence needs all three."""
        ref = wire.say(wire.publish(1), 10)

        reading = connection.connector.read(ref)

        assert reading.comment is not None
        assert reading.comment.ref == ref
        assert reading.post is not None
        assert reading.post.post_id == reading.comment.post_id
        assert {exchange.status for exchange in reading.exchanges} - wire.none_there == {200}

    def test_a_comment_that_is_gone_is_a_reading_without_comment(self, wire: Any, connection: Connection) -> None:
        """The answer that says so is kept."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)

        reading = connection.connector.read(ref)

        assert reading.comment is None
        assert reading.exchanges

    @pytest.mark.parametrize("place", ["platform", "page"])
    def test_a_comment_of_another_page_is_refused(self, wire: Any, connection: Connection, place: str) -> None:
        """A connection speaks for one page; nothing is sent."""
        ref = wire.say(wire.publish(1), 10)
        foreign = {
            "platform": CommentRef("elsewhere", ref.page_id, ref.comment_id),
            "page": CommentRef(ref.platform, "another", ref.comment_id),
        }
        before = len(wire.asked)

        with pytest.raises(Unsupported):
            connection.connector.read(foreign[place])

        assert len(wire.asked) == before

    @pytest.mark.parametrize("comment_id", ["../me/feed", "1?fields=x", "", "..", "1/likes", "1\n2", "\u0661", "a b"])
    def test_an_id_that_could_steer_the_address_is_refused(
        self, wire: Any, connection: Connection, comment_id: str
    ) -> None:
        """Ids come from outside and stand in paths."""
        with pytest.raises(Malformed):
            connection.connector.read(CommentRef(wire.platform, wire.page_id, comment_id))

        assert wire.asked == []


class TestErrors:
    """Named for what happens next."""

    @pytest.mark.parametrize(("platform", "case"), errors_of_all_platforms())
    def test_each_error_is_named_for_what_happens_next(
        self, wire: Any, connection: Connection, platform: str, case: dict[str, Any]
    ) -> None:
        """The recorded answer becomes the class of the contract, with the answer kept and a sentence for people."""
        with pytest.raises(ConnectorError) as caught:
            provoked(wire, connection, case)

        assert type(caught.value).__name__ == case["expect"]
        assert caught.value.sentence.endswith((".", "."))
        assert caught.value.exchange is not None
        assert caught.value.exchange.status == case["status"]

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(lambda: httpx.Response(200, text='{"data": [{"id": "1'), id="truncated"),
            pytest.param(lambda: httpx.Response(502, html="<html>Bad gateway</html>"), id="a gateway's page"),
            pytest.param(lambda: httpx.Response(200, html="<html>Log in</html>"), id="a portal's page"),
            pytest.param(lambda: httpx.Response(200, content=b""), id="empty"),
            pytest.param(lambda: httpx.Response(200, content=b"\xff\xfe{"), id="not text"),
            pytest.param(lambda: httpx.Response(503, json={}), id="an error without words"),
            pytest.param(lambda: httpx.Response(302, headers={"location": "https://x.example/"}), id="sent away"),
        ],
    )
    def test_half_an_answer_is_no_answer(
        self, wire: Any, connection: Connection, answer: Callable[[], httpx.Response]
    ) -> None:
        """Try again later; nothing is concluded from it."""
        wire.fail(answer, times=99)

        with pytest.raises(Unavailable):
            swept(connection)

    @pytest.mark.parametrize("body", [b"true", b'"x"', b"null", b"[" * 100_000])
    def test_an_answer_of_another_shape_is_kept_for_the_maintainers(
        self, wire: Any, connection: Connection, body: bytes
    ) -> None:
        """It is JSON, but nothing that the platform documents."""
        headers = {"content-type": "application/json"}
        wire.fail(lambda: httpx.Response(200, content=body, headers=headers), at="read", times=99)

        with pytest.raises(Malformed) as caught:
            swept(connection)

        assert caught.value.exchange is not None
        assert caught.value.exchange.body == body

    def test_a_passing_trouble_is_passed_over(self, wire: Any, connection: Connection) -> None:
        """Two failures and an answer are an answer."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(lambda: httpx.Response(502, html="<html></html>"), at="read", times=2)

        assert [comment.ref for comment in comments_of(swept(connection))] == [ref]

    def test_a_connection_that_breaks_is_no_answer(self, wire: Any, connection: Connection) -> None:
        """A reset and a time-out are tried again, a few times, and end."""

        def reset() -> httpx.Response:
            raise httpx.ReadError("connection reset by peer")

        wire.fail(reset, times=99)

        with pytest.raises(Unavailable):
            swept(connection)

        assert len(wire.asked) <= 12

    def test_while_the_platform_asks_to_wait_nothing_is_sent(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """No retry storm: the limit is remembered, and it ends."""
        ref = wire.say(wire.publish(1), 10)
        case = limit_of(wire.platform)
        wire.fail(as_recorded(case), at="read", times=99)
        with pytest.raises(RateLimited) as caught:
            swept(connection)
        wire.faults.clear()
        asked = len(wire.asked)

        with pytest.raises(RateLimited):
            swept(connection)

        assert len(wire.asked) == asked
        clock.now = caught.value.until + timedelta(seconds=1)
        assert ref in [comment.ref for comment in comments_of(swept(connection))]

    def test_an_error_survives_a_durable_engine_without_the_answer(self, wire: Any, connection: Connection) -> None:
        """Pickled and back: class, sentence and facts stay, the platform's words do not."""
        wire.fail(as_recorded(limit_of(wire.platform)), at="read", times=99)
        with pytest.raises(RateLimited) as caught:
            swept(connection)

        revived = pickle.loads(pickle.dumps(caught.value))

        assert (type(revived), str(revived)) == (type(caught.value), str(caught.value))
        assert (revived.until, revived.facts) == (caught.value.until, caught.value.facts)
        assert revived.exchange is None


class TestSecrets:
    """The token is nowhere but on the wire."""

    def test_the_token_stands_nowhere_that_is_kept(
        self, wire: Any, connection: Connection, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not in exchanges, values, representations, errors or log lines, even when the platform sends it back."""
        caplog.set_level(logging.DEBUG)
        post = wire.publish(1)
        refs = [wire.say(post, 10 + n, f"you use {wire.secrets[0]}, don't you?") for n in range(3)]

        kept = [repr(swept(connection)), repr(connection), repr(connection.connector), repr(connection.hider)]
        kept += [repr(connection.connector.read(refs[0])), repr(connection.connector.check())]
        kept += [repr(connection.remover), repr(connection.blocker)]
        wire.fail(lambda: httpx.Response(401, json={"error": {"message": f"Bad {wire.secrets[0]}"}}), times=99)
        with pytest.raises(ConnectorError) as caught:
            connection.connector.read(refs[1])
        kept += [repr(caught.value), repr(caught.value.facts), repr(caught.value.exchange), caplog.text]
        kept += [repr(cause) for cause in (caught.value.__cause__, caught.value.__context__)]

        assert wire.asked
        assert not [secret for text in kept for secret in wire.secrets if secret in text]

    def test_no_address_carries_the_token(self, wire: Any, connection: Connection) -> None:
        """Addresses are written into the logs of proxies."""
        ref = wire.say(wire.publish(1), 10)
        swept(connection)
        connection.connector.read(ref)
        connection.connector.check()

        addresses = [str(request.url) for request in wire.asked]

        secrets = {
            spelled for secret in wire.secrets for spelled in (secret, quote(secret, safe=""), quote_plus(secret))
        }
        assert addresses
        assert not [secret for address in addresses for secret in secrets if secret in address]

    @pytest.mark.parametrize("token", ["EAAK\u00e9abcdefgh", "EAAKabc def\nx", "", "EAAKabc\x00defgh", "{", "{}"])
    def test_a_token_that_can_not_be_one_is_refused_without_quoting_it(self, wire: Any, token: str) -> None:
        """Further down, the HTTP library's error would print it."""
        with pytest.raises(contract.AuthFailed) as caught:
            connect_again(wire, token)

        assert token in ("", "{", "{}") or token not in repr(caught.value)

    def test_white_space_around_a_token_does_no_harm(self, wire: Any) -> None:
        """Files end with a newline."""
        wire.say(wire.publish(1), 10)
        made = connect_again(wire, f"  {wire.token}\n")

        assert made.connector.check().ok, made.connector.check().problems

        made.close()


class TestHealth:
    """What ``check`` finds out."""

    def test_a_healthy_page_is_told_to_be_healthy(self, wire: Any, connection: Connection) -> None:
        """Nothing stands in the way of acting."""
        wire.say(wire.publish(1), 10)

        health = connection.connector.check()

        assert health.ok
        assert not health.problems

    def test_a_dead_token_is_a_problem_and_not_an_exception(self, wire: Any, connection: Connection) -> None:
        """Whoever looks after the page reads what to do."""
        case = next(each for each in recorded_errors(wire.platform) if each["expect"] == "AuthFailed")
        wire.fail(as_recorded(case), times=99)

        health = connection.connector.check()

        assert not health.ok
        assert all(problem.endswith((".", ".")) for problem in health.problems)

    def test_a_platform_that_is_down_is_a_problem_and_not_an_exception(self, wire: Any, connection: Connection) -> None:
        """Blind is not healthy."""
        wire.fail(lambda: httpx.Response(503, text="<html>no</html>"), times=99)

        health = connection.connector.check()

        assert not health.ok
        assert health.problems


class TestConnecting:
    """What a caller is handed is what it may do."""

    def test_nothing_is_sent_by_connecting(self, wire: Any, connection: Connection) -> None:
        """A connection is an intention."""
        assert wire.asked == []
        assert connection.calls.count().calls == 0

    def test_authority_is_what_the_capabilities_say(self, connection: Connection) -> None:
        """The connector has no act, the hider no removal, and nobody has what the platform can't do."""
        acts = {"hide", "unhide", "remove", "block", "unblock"}
        can = connection.connector.capabilities

        assert acts.isdisjoint(dir(connection.connector))
        assert (acts - {"hide", "unhide"}).isdisjoint(dir(connection.hider))
        assert (acts - {"remove"}).isdisjoint(dir(connection.remover))
        assert (connection.hider is None) == (can.hide == "none")
        assert (connection.remover is None) == (not can.remove_ways)
        assert (connection.blocker is None) == (not can.block_ways)

    def test_every_call_is_counted(self, wire: Any, connection: Connection) -> None:
        """Answers by HTTP status, failures by kind; as many as were asked."""

        def broken() -> httpx.Response:
            raise httpx.ReadTimeout("slow")

        wire.say(wire.publish(1), 10)
        wire.fail(lambda: httpx.Response(502, text="no"), at="read")
        wire.fail(broken, at="read")
        swept(connection)

        by_status = dict(connection.calls.count().by_status)
        assert by_status.pop("502") == by_status.pop("ReadTimeout") == 1
        assert connection.calls.count().calls == len(wire.asked)

    def test_every_request_has_a_time_limit(self, wire: Any, connection: Connection) -> None:
        """No call may hang for ever."""
        ref = wire.say(wire.publish(1), 10)
        swept(connection)
        connection.connector.read(ref)

        limits = [request.extensions.get("timeout") for request in wire.asked]

        assert limits
        assert all(limit and all(isinstance(wait, int | float) for wait in limit.values()) for limit in limits)


def test_an_unknown_platform_is_refused_by_name() -> None:
    """The sentence lists what there is."""
    with pytest.raises(ValueError, match="facebook"):
        connectors.connect("friendster", page_id="1", token="EAAKabcdefgh")


def recorded_errors(platform: str) -> list[dict[str, Any]]:
    """The platform's recorded errors."""
    cases: list[dict[str, Any]] = json.loads((FIXTURES / platform / "errors.json").read_text())
    return cases


def limit_of(platform: str) -> dict[str, Any]:
    """The platform's words for "too many calls"."""
    cases = recorded_errors(platform)
    limits = [case for case in cases if case["expect"] == "RateLimited" and case.get("on", "read") == "read"]
    return limits[0]
