"""The questions that every platform's connector is asked about acts. What it can't do is not asked of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.connection import Connection
from connectors.contract import (
    Action,
    Blocker,
    Gone,
    Hider,
    PermissionLost,
    Remover,
    Unavailable,
    Unsupported,
    Visibility,
    Way,
)
from tests.connectors.asking import comments_of, swept, tells_hidden


@pytest.fixture
def hider(connection: Connection) -> Hider:
    """The platform's hide."""
    if connection.hider is None:
        pytest.skip("This platform can't hide.")
    return connection.hider


@pytest.fixture
def remover(connection: Connection) -> Remover:
    """The platform's removals."""
    if connection.remover is None:
        pytest.skip("This platform removes nothing.")
    return connection.remover


@pytest.fixture
def blocker(connection: Connection) -> Blocker:
    """The platform's ways to keep an account away."""
    if connection.blocker is None:
        pytest.skip("This platform keeps nobody away.")
    return connection.blocker


def lose() -> None:
    """The write was carried out, its answer is lost."""
    raise httpx.ReadError("connection reset by peer")


class TestHiding:
    """Safe to repeat, and true only when read back."""

    def test_hiding_twice_hides_once(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """The second receipt says that it stood so before, where the platform tells."""
        ref = wire.say(wire.publish(1), 10)

        first, second = hider.hide(ref), hider.hide(ref)

        assert wire.is_hidden(ref)
        assert first.visibility is second.visibility is Visibility.HIDDEN_BY_CITY
        assert first.action is Action.HIDE
        if tells_hidden(connection.connector):
            assert wire.journal == [f"hide {ref.comment_id}"]
            assert (first.already_done, second.already_done) == (False, True)

    def test_a_hidden_comment_can_be_shown_again(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """Every act has its reverse, and reading sees both states."""
        ref = wire.say(wire.publish(1), 10)

        hider.hide(ref)
        hidden = connection.connector.read(ref).comment
        shown = hider.unhide(ref)

        assert not wire.is_hidden(ref)
        assert (shown.visibility, shown.action) == (Visibility.VISIBLE, Action.UNHIDE)
        if tells_hidden(connection.connector):
            assert hidden is not None
            assert hidden.visibility is Visibility.HIDDEN_BY_CITY
            assert hider.unhide(ref).already_done
        assert [comment.ref for comment in comments_of(swept(connection))] == [ref]

    def test_a_hidden_comment_is_not_taken_for_missing(
        self, wire: Any, connection: Connection, hider: Hider, clock: Any
    ) -> None:
        """It may leave the list of what the public sees, but we know where it went."""
        post = wire.publish(1)
        ref, other = wire.say(post, 10), wire.say(post, 11)
        cursor = swept(connection)[-1].cursor
        hider.hide(ref)
        clock.forward(timedelta(minutes=61))

        last = swept(connection, cursor)[-1]

        assert other.comment_id in last.seen
        claims = last.every_post or post in last.complete_posts
        assert ref.comment_id in last.seen or not claims

    def test_a_lost_answer_is_resolved_by_reading(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """The hide was carried out, the connection broke: one write, and a receipt that says so."""
        ref = wire.say(wire.publish(1), 10)
        wire.after_write = lose

        if tells_hidden(connection.connector):
            receipt = hider.hide(ref)
            assert (receipt.already_done, receipt.visibility) == (False, Visibility.HIDDEN_BY_CITY)
        else:
            with pytest.raises(Unavailable):
                hider.hide(ref)

        assert wire.journal == [f"hide {ref.comment_id}"]

    def test_a_write_that_had_no_effect_is_not_repeated_blindly(self, wire: Any, hider: Hider) -> None:
        """One attempt, then reading, then an error that the caller may act on."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(lambda: httpx.Response(502, html="<html>Bad gateway</html>"), at="write", times=9)

        with pytest.raises(Unavailable):
            hider.hide(ref)

        assert len(wire.faults) == 8
        assert not wire.is_hidden(ref)

    def test_the_citys_own_comment_is_not_hidden(self, wire: Any, hider: Hider) -> None:
        """A person is told how; nothing is written."""
        ref = wire.say(wire.publish(1), 10, by_city=True)

        with pytest.raises(Unsupported):
            hider.hide(ref)

        assert wire.journal == []

    def test_a_comment_that_is_gone_can_not_be_hidden(self, wire: Any, hider: Hider) -> None:
        """``Gone`` is an outcome of its own: the caller records it."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)

        with pytest.raises(Gone):
            hider.hide(ref)

    def test_a_receipt_carries_the_act_and_the_read_back(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """The archive shows what stood before, what was asked, and what stood afterwards."""
        ref = wire.say(wire.publish(1), 10)
        asked = len(wire.asked)

        receipt = hider.hide(ref)

        sent = wire.asked[asked:]
        assert len(receipt.exchanges) == len(sent)
        writes = [position for position, request in enumerate(sent) if not wire.is_read(request)]
        assert writes[0] > 0
        if tells_hidden(connection.connector):
            assert writes[-1] < len(sent) - 1


class TestRemoving:
    """People's, so with more care."""

    def test_removing_twice_removes_once(self, wire: Any, connection: Connection, remover: Remover) -> None:
        """The first receipt is our act; the second only says that it stands so."""
        for position, way in enumerate(connection.connector.capabilities.remove_ways):
            ref = wire.say(wire.publish(10 + position), 100 + position)
            before = len(wire.journal)

            first, second = remover.remove(ref, way.name), remover.remove(ref, way.name)

            assert len(wire.journal) == before + 1
            assert (first.already_done, first.visibility) == (False, Visibility.DELETED_BY_CITY)
            assert second.already_done
            assert first.action is Action.REMOVE

    def test_a_lost_answer_to_a_removal_is_resolved_by_reading(self, wire: Any, remover: Remover) -> None:
        """One write, and a receipt."""
        ref = wire.say(wire.publish(1), 10)
        wire.after_write = lose

        assert remover.remove(ref).visibility is Visibility.DELETED_BY_CITY
        assert len(wire.journal) == 1

    def test_a_way_that_the_platform_has_not_is_refused(self, wire: Any, remover: Remover) -> None:
        """The sentence says which there are; nothing is sent."""
        ref = wire.say(wire.publish(1), 10)
        asked = len(wire.asked)

        with pytest.raises(Unsupported):
            remover.remove(ref, "vaporise")

        assert len(wire.asked) == asked


class TestBlocking:
    """People's, always."""

    @pytest.fixture
    def ways(self, connection: Connection) -> tuple[Way, ...]:
        """The platform's ways, each."""
        return connection.connector.capabilities.block_ways

    def test_an_account_is_kept_away_and_let_back(
        self, wire: Any, connection: Connection, blocker: Blocker, ways: tuple[Way, ...]
    ) -> None:
        """What can be taken back is; twice is once where the platform tells."""
        ref = wire.say(wire.publish(1), 10)
        (comment,) = comments_of(swept(connection))
        account = comment.author.author_id or ""
        for way in (way for way in ways if way.reversible):
            blocked = blocker.block(account, way=way.name, over=ref)
            written = len(wire.journal)
            again = blocker.block(account, way=way.name, over=ref)
            back = blocker.unblock(account, way=way.name)

            assert (blocked.author_id, blocked.way, blocked.kept_away) == (account, way.name, True)
            assert back.kept_away is False
            assert len(wire.journal) > written
            assert again.kept_away

    def test_what_can_not_be_taken_back_needs_to_be_accepted(
        self, wire: Any, connection: Connection, blocker: Blocker, ways: tuple[Way, ...]
    ) -> None:
        """Without that nothing is sent."""
        ref = wire.say(wire.publish(1), 10)
        (comment,) = comments_of(swept(connection))
        account = comment.author.author_id or ""
        for way in (way for way in ways if not way.reversible):
            asked = len(wire.asked)
            with pytest.raises(Unsupported):
                blocker.block(account, way=way.name, over=ref)
            assert len(wire.asked) == asked

            assert blocker.block(account, way=way.name, over=ref, accept_one_way=True).kept_away
            with pytest.raises(Unsupported):
                blocker.unblock(account, way=way.name)

    def test_nobody_is_never_kept_away(self, wire: Any, blocker: Blocker) -> None:
        """A comment without an account gives none to act on."""
        with pytest.raises(Unsupported):
            blocker.block("", accept_one_way=True)

        assert wire.asked == []

    def test_who_may_not_is_told_so(self, wire: Any, connection: Connection, blocker: Blocker) -> None:
        """A refusal is no success."""
        ref = wire.say(wire.publish(1), 10)
        (comment,) = comments_of(swept(connection))
        wire.fail(lambda: httpx.Response(502, html="<html></html>"), at="write", times=9)
        way = connection.connector.capabilities.block_ways[0]

        with pytest.raises((Unavailable, PermissionLost)):
            blocker.block(comment.author.author_id or "", way=way.name, over=ref, accept_one_way=True)

        assert wire.journal == []
