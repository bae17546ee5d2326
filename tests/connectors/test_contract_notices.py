"""The questions that every platform's connector is asked about private messages to whoever wrote a comment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.connection import Connection
from connectors.contract import Gone, InDoubt, PermissionLost, Replier, Unavailable, Unsupported

WORDS = "Your comment was hidden under § 3.4.3.A. ¿Cómo apelar? appeals@town.example"


@pytest.fixture
def replier(connection: Connection) -> Replier:
    """The platform's private message."""
    if connection.replier is None:
        pytest.skip("This platform sends no private message.")
    return connection.replier


def test_what_is_said_of_notices_is_what_is_handed_out(connection: Connection) -> None:
    """A platform that says that it has a private reply hands out the hand for it, and no other does."""
    assert (connection.replier is not None) == (connection.connector.capabilities.notice == "private reply")


def test_a_private_message_is_sent_to_the_comment_and_to_nobody_else(
    wire: Any, connection: Connection, replier: Replier
) -> None:
    """The words arrive as they were written, once; they stand in no address."""
    post = wire.publish(1)
    ref = wire.say(post, 10)
    wire.say(post, 11)

    sent = replier.tell_privately(ref, WORDS)

    assert wire.told == [(ref.comment_id, WORDS)]
    assert wire.journal == [f"tell {ref.comment_id}"]
    assert (sent.ref, sent.message_id) == (ref, f"m_{ref.comment_id}")
    assert all("apelar" not in str(request.url) for request in wire.asked)


def test_a_second_message_to_the_same_comment_is_refused(wire: Any, replier: Replier) -> None:
    """The platforms take one; the second is no success and no error that is tried again."""
    ref = wire.say(wire.publish(1), 10)
    replier.tell_privately(ref, WORDS)

    with pytest.raises(Unsupported):
        replier.tell_privately(ref, WORDS)

    assert len(wire.told) == 1


def test_a_lost_answer_never_sends_a_message_twice(wire: Any, connection: Connection, replier: Replier) -> None:
    """Reading settles it where the platform tells; where it doesn't a person looks."""

    def lose() -> None:
        raise httpx.ReadError("connection reset by peer")

    ref = wire.say(wire.publish(1), 10)
    wire.after_write = lose

    if wire.platform == "facebook":
        assert replier.tell_privately(ref, WORDS).message_id is None
    else:
        with pytest.raises(InDoubt):
            replier.tell_privately(ref, WORDS)

    assert len(wire.told) == 1


def test_a_message_that_was_not_taken_is_no_success(wire: Any, replier: Replier) -> None:
    """One attempt; then the caller may try again where it is certain that nothing was sent."""
    ref = wire.say(wire.publish(1), 10)
    wire.fail(lambda: httpx.Response(502, html="<html>Bad gateway</html>"), at="write", times=9)

    with pytest.raises(Unavailable if wire.platform == "facebook" else InDoubt):
        replier.tell_privately(ref, WORDS)

    assert len(wire.faults) == 8
    assert wire.told == []


def test_a_comment_that_is_too_old_gets_no_message(
    wire: Any, connection: Connection, replier: Replier, clock: Any
) -> None:
    """The platform's time is over: nothing is sent, and the sentence says why."""
    ref = wire.say(wire.publish(1), 10)
    within = connection.connector.capabilities.notice_within
    assert within is not None
    clock.forward(within + timedelta(hours=1))

    with pytest.raises(Unsupported, match="days"):
        replier.tell_privately(ref, WORDS)

    assert wire.told == []


def test_a_message_that_is_too_long_is_not_cut(wire: Any, connection: Connection, replier: Replier) -> None:
    """Half a notice would be a wrong one."""
    ref = wire.say(wire.publish(1), 10)
    most = connection.connector.capabilities.notice_most
    assert most is not None

    with pytest.raises(Unsupported):
        replier.tell_privately(ref, "ñ" * (most // 2 + 1))

    assert wire.told == []


def test_nobody_is_written_to_about_the_citys_own_comment_or_a_lost_one(wire: Any, replier: Replier) -> None:
    """The page's own comments have no resident behind them; what is gone can't be answered."""
    post = wire.publish(1)
    own, lost = wire.say(post, 10, by_city=True), wire.say(post, 11)
    wire.vanish(lost)

    with pytest.raises(Unsupported):
        replier.tell_privately(own, WORDS)
    with pytest.raises(Gone):
        replier.tell_privately(lost, WORDS)

    assert wire.told == []


def test_a_missing_permission_to_write_is_named(wire: Any, replier: Replier) -> None:
    """A person learns which one to ask for."""
    ref = wire.say(wire.publish(1), 10)
    error = {"error": {"message": "(#200) Requires permission", "type": "OAuthException", "code": 200}}
    wire.fail(lambda: httpx.Response(403, json=error), at="write")

    with pytest.raises(PermissionLost, match="_mess"):
        replier.tell_privately(ref, WORDS)
