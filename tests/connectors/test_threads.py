"""What is special to Threads: direct replies only, a hide that goes down the thread, names instead of ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors._threads.objects import NO_AUTHOR
from connectors.connection import Connection
from connectors.contract import Hider, PermissionLost, RateLimited, Unsupported, Visibility
from tests.connectors.asking import comments_of, ids_of, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import NOW


@pytest.fixture
def platform() -> str:
    """Only this one."""
    return "threads"


@pytest.fixture
def hider(connection: Connection) -> Hider:
    """The hide."""
    assert connection.hider
    return connection.hider


@pytest.fixture
def approving(wire: Any, clock: Any) -> Iterator[Connection]:
    """A connection that also reads what waits for approval."""
    made = connected(wire, clock, options={"approvals": "yes"})
    yield made
    made.close()


def asked_for(wire: Any, edge: str) -> list[httpx.Request]:
    """The requests for an edge."""
    return [request for request in wire.asked if request.url.path.endswith(f"/{edge}")]


class TestReading:
    """The platform's own shapes."""

    def test_a_recorded_conversation_is_read_whole(
        self, wire: Any, connection: Connection, recorded: Callable[[str, str], Any]
    ) -> None:
        """Names, depths, media and states as Threads words them; a script is no link."""
        wire.say(wire.publish(1), 10)
        answer = recorded("threads", "conversation")
        wire.fail(lambda: httpx.Response(200, json={**answer, "paging": {}}), at="/conversation")

        first, below = comments_of(swept(connection))

        assert (first.author.author_id, first.author.handle, first.parent_id) == ("ann.roe", "ann.roe", None)
        assert (below.parent_id, below.can_hide, below.permalink) == ("1805", False, None)
        assert below.author.unavailable_reason == NO_AUTHOR
        assert below.visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER
        assert [(each.kind, each.preview is not None) for each in first.attachments] == [("photo", True)]

    @pytest.mark.parametrize("number", [3, 4])
    def test_pages_with_cursors_alone_are_followed(self, wire: Any, connection: Connection, number: int) -> None:
        """As the documentation shows them: a full page goes on, one that isn't full ends."""
        wire.pages_tell_next = False
        post = wire.publish(1)
        refs = {wire.say(post, 10 + n).comment_id for n in range(number)}

        batches = swept(connection)

        assert ids_of(batches) == refs
        assert batches[-1].complete_posts == {post}

    def test_a_post_that_was_passed_on_is_none_of_the_citys(self, wire: Any, connection: Connection) -> None:
        """A repost's replies are somebody else's."""
        wire.publish(1)
        wire.posts[-1]["media_type"] = "REPOST_FACADE"

        assert [post for batch in swept(connection) for post in batch.posts] == []

    def test_a_lost_right_is_not_taken_for_a_deletion(self, wire: Any, connection: Connection) -> None:
        """ "No such object" is believed only when the token can still read conversations."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)
        wire.say(wire.posts[0]["id"], 11)
        denied = {"error": {"code": 10, "message": "Application does not have permission for this action"}}
        wire.fail(lambda: httpx.Response(403, json=denied), at="/conversation")

        with pytest.raises(PermissionLost, match="threads_read_replies"):
            connection.connector.read(ref)

    def test_silence_under_an_answered_post_is_a_gap(self, wire: Any, connection: Connection, clock: Any) -> None:
        """A lost permission shows as an empty list: nothing is called missing for it."""
        post = wire.publish(1)
        wire.say(post, 10)
        cursor = swept(connection)[-1].cursor
        wire.may_read_replies = False
        clock.forward(timedelta(minutes=11))

        last = swept(connection, cursor)[-1]

        assert last.complete_posts == frozenset()
        assert [gap.post_id for gap in last.gaps] == [post]

    def test_polls_stop_before_the_limit_and_acts_go_on(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """At ninety per cent what is left is kept for hiding."""
        ref = wire.say(wire.publish(1), 10)
        wire.headers = {"x-app-usage": '{"call_count": 93, "total_time": 10, "total_cputime": 10}'}

        with pytest.raises(RateLimited):
            swept(connection)

        assert hider.hide(ref).visibility is Visibility.HIDDEN_BY_CITY


class TestCost:
    """Conversations are listed when they are due."""

    def test_a_post_without_replies_costs_nothing(self, wire: Any, connection: Connection) -> None:
        """Threads says that nobody answered."""
        post = wire.publish(1)

        last = swept(connection)[-1]

        assert asked_for(wire, "conversation") == []
        assert last.complete_posts == {post}

    def test_a_quiet_post_rests(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Its conversation is listed at once, then ever more rarely; a rest claims nothing."""
        wire.say(wire.publish(1), 10, at=NOW - timedelta(hours=20))
        cursor = swept(connection)[-1].cursor
        rested = []
        for _ in range(4):
            clock.forward(timedelta(minutes=12))
            last = swept(connection, cursor)[-1]
            cursor = last.cursor
            rested.append(last.complete_posts == frozenset())

        assert rested == [True, True, False, True]
        assert len(asked_for(wire, "conversation")) == 2

    @pytest.mark.parametrize(("hours", "minutes"), [(20, (35, 26)), (8, (11, 14, 6))])
    def test_a_rest_hides_no_edit(
        self, wire: Any, connection: Connection, clock: Any, hours: int, minutes: tuple[int, ...]
    ) -> None:
        """A deep sweep wakes what rests; a look after a rest reads as far back as the sweeps that it slept through."""
        ref = wire.say(wire.publish(1, at=NOW - timedelta(days=2)), 10, "before", at=NOW - timedelta(hours=hours))
        cursor = swept(connection)[-1].cursor
        *before, last = minutes
        for step in before:
            clock.forward(timedelta(minutes=step))
            cursor = swept(connection, cursor)[-1].cursor
        wire.edit(ref, "after")
        clock.forward(timedelta(minutes=last))

        assert [comment.text for comment in comments_of(swept(connection, cursor))] == ["after"]

    def test_a_long_conversation_is_read_as_far_back_as_is_due(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """The list is newest first by its documentation: it ends at the first page that is older throughout."""
        post = wire.publish(1, at=NOW - timedelta(days=3))
        for n in range(20):
            wire.say(post, 10 + n, at=NOW - timedelta(hours=60 - n))
        new = wire.say(post, 50, at=NOW - timedelta(minutes=1))
        cursor = swept(connection)[-1].cursor
        before = len(asked_for(wire, "conversation"))
        clock.forward(timedelta(minutes=1))

        last = swept(connection, cursor)[-1]

        assert len(asked_for(wire, "conversation")) - before == 2
        assert last.complete_posts == {post}
        assert new.comment_id in last.seen


class TestHiding:
    """Direct replies to the city's own posts, with all that hangs under them."""

    def test_a_reply_under_a_reply_is_refused_with_advice(self, wire: Any, hider: Hider) -> None:
        """The platform can't; a person is told what can be done."""
        post = wire.publish(1)
        above = wire.say(post, 10)
        below = wire.say(post, 11, parent=above)

        with pytest.raises(Unsupported, match="hide the reply above it"):
            hider.hide(below)

        assert wire.writes() == []

    def test_a_hide_takes_what_hangs_under_it(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """As the capabilities say, and the poll sees it."""
        post = wire.publish(1)
        above = wire.say(post, 10)
        wire.say(post, 11, parent=above)

        hider.hide(above)

        assert {comment.visibility for comment in comments_of(swept(connection))} == {Visibility.HIDDEN_BY_CITY}
        assert "all replies under it" in connection.connector.capabilities.effect

    @pytest.mark.parametrize("word", ["BLOCKED", "RESTRICTED"])
    def test_a_block_of_the_account_hides_and_is_not_lifted(self, wire: Any, hider: Hider, word: str) -> None:
        """The public doesn't see the reply; showing it again is not manage_reply's to do."""
        ref = wire.say(wire.publish(1), 10)
        wire.replies[ref.comment_id]["hide_status"] = word

        assert hider.hide(ref).already_done
        with pytest.raises(Unsupported, match="blocked or restricted"):
            hider.unhide(ref)
        assert wire.writes() == []

    def test_a_cover_is_not_a_hide(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """The platform's own filter shows the reply at a click."""
        ref = wire.say(wire.publish(1), 10)
        wire.replies[ref.comment_id]["hide_status"] = "COVERED"

        (comment,) = comments_of(swept(connection))

        assert comment.visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER
        assert not hider.hide(ref).already_done

    def test_a_hidden_reply_that_left_the_list_is_read_by_its_id(
        self, wire: Any, connection: Connection, hider: Hider, clock: Any
    ) -> None:
        """It is seen, so nobody calls it missing; and it can be shown again."""
        wire.lists_hidden = False
        post = wire.publish(1)
        ref = wire.say(post, 10)
        cursor = swept(connection)[-1].cursor
        hider.hide(ref)
        clock.forward(timedelta(minutes=11))

        batches = swept(connection, cursor)

        assert [comment.visibility for comment in comments_of(batches)] == [Visibility.HIDDEN_BY_CITY]
        assert batches[-1].complete_posts == {post}
        assert hider.unhide(ref).visibility is Visibility.VISIBLE


class TestMentions:
    """Posts of others that name the city."""

    def test_a_mention_arrives_and_can_not_be_hidden(self, wire: Any, connection: Connection, hider: Hider) -> None:
        """It stands under nobody's post but its author's."""
        ref = wire.mention(1, "look, @cityofx")

        (mention,) = comments_of(swept(connection))

        assert (mention.ref, mention.post_id, mention.can_hide) == (ref, ref.comment_id, False)
        with pytest.raises(Unsupported, match="somebody else's post"):
            hider.hide(ref)
        assert wire.writes() == []

    def test_a_mention_under_the_citys_own_post_comes_once(self, wire: Any, connection: Connection) -> None:
        """With its conversation and in the list of mentions: one reply, under its post."""
        post = wire.publish(1)
        ref = wire.say(post, 10, "hello @cityofx")
        wire.mentioned[ref.comment_id] = wire.replies[ref.comment_id]

        assert [(comment.ref, comment.post_id) for comment in comments_of(swept(connection))] == [(ref, post)]

    def test_a_mention_that_only_the_list_tells_is_not_gone(self, wire: Any, connection: Connection) -> None:
        """Another's post may be closed to a read by its id."""
        ref = wire.mention(1, "look, @cityofx")

        reading = connection.connector.read(ref)

        assert reading.comment is not None
        assert reading.comment.text == "look, @cityofx"

    def test_without_the_permission_replies_are_read_all_the_same(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Mentions are tried again a day later; ``check`` says which permission is missing."""
        ref = wire.say(wire.publish(1), 10)
        wire.may_read_mentions = False

        first = swept(connection)
        clock.forward(timedelta(minutes=15))
        second = swept(connection, first[-1].cursor)
        assert len(asked_for(wire, "mentions")) == 1
        clock.forward(timedelta(days=1))
        swept(connection, second[-1].cursor)

        assert ids_of(first) == {ref.comment_id}
        assert len(asked_for(wire, "mentions")) == 2
        assert any("threads_manage_mentions" in problem for problem in connection.connector.check().problems)

    def test_who_does_not_want_mentions_is_not_asked_for_the_right(self, wire: Any, clock: Any) -> None:
        """``mentions: no`` in the page's options."""
        wire.may_read_mentions = False
        made = connected(wire, clock, options={"mentions": "no"})
        wire.mention(1, "look, @cityofx")

        assert ids_of(swept(made)) == set()
        assert made.connector.check().problems == ()
        made.close()


class TestApprovals:
    """Replies that wait until the city lets them through."""

    def test_a_waiting_reply_is_read_where_it_was_asked_for(
        self, wire: Any, connection: Connection, approving: Connection
    ) -> None:
        """Not public, so marked as held back; a read alone says the same."""
        ref = wire.say(wire.publish(1), 10)
        wire.pending.add(ref.comment_id)

        (waiting,) = comments_of(swept(approving))
        alone = approving.connector.read(ref).comment

        assert waiting.visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER
        assert alone == waiting
        assert ids_of(swept(connection)) == set()

    def test_a_waiting_reply_is_left_to_people(self, wire: Any, approving: Connection) -> None:
        """Whether it becomes public is decided in the app."""
        ref = wire.say(wire.publish(1), 10)
        wire.pending.add(ref.comment_id)
        assert approving.hider

        with pytest.raises(Unsupported, match="approval"):
            approving.hider.hide(ref)

        assert wire.writes() == []


class TestHealth:
    """What ``check`` says to do."""

    def test_another_accounts_token_is_refused(self, wire: Any, connection: Connection) -> None:
        """The sentence names whose it is."""
        wire.fail(lambda: httpx.Response(200, json={"id": "99", "username": "other"}), at="/me")

        health = connection.connector.check()

        assert not health.ok
        assert "other (id 99)" in health.problems[0]

    def test_an_empty_list_under_an_answered_post_is_a_problem(self, wire: Any, connection: Connection) -> None:
        """A missing permission shows as silence."""
        wire.say(wire.publish(1), 10)
        wire.may_read_replies = False

        assert any("delivers none" in problem for problem in connection.connector.check().problems)

    def test_accounts_and_hidden_state_must_arrive(self, wire: Any, connection: Connection) -> None:
        """Without the one records name nobody, without the other no hide can be read back."""
        post = wire.publish(1)
        for ref in (wire.say(post, 10, author=None), wire.say(post, 11, by_city=True)):
            wire.replies[ref.comment_id]["hide_status"] = None

        problems = " ".join(connection.connector.check().problems)

        assert "without their accounts" in problems
        assert "can't be read back" in problems
