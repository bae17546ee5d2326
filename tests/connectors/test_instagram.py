"""What is special to Instagram: one call for a quiet account, hidden comments that leave the list, counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors._instagram.objects import NAME_ONLY, NO_AUTHOR
from connectors.connection import Connection
from connectors.contract import Kind, PermissionLost, Unsupported, Visibility
from tests.connectors.asking import comments_of, ids_of, listed_alone, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import NOW


@pytest.fixture
def platform() -> str:
    """Only this one."""
    return "instagram"


def calls_of(wire: Any, connection: Connection, cursor: str) -> tuple[int, str]:
    """How many calls one poll took, and its cursor."""
    before = len(wire.asked)
    cursor = swept(connection, cursor)[-1].cursor
    return len(wire.asked) - before, cursor


class TestReading:
    """The platform's own shapes."""

    def test_a_recorded_answer_is_read_whole(
        self, wire: Any, connection: Connection, recorded: Callable[[str, str], Any]
    ) -> None:
        """Kinds, accounts, replies and hidden state as Instagram words them."""
        answer = recorded("instagram", "media")
        wire.fail(lambda: httpx.Response(200, json=answer), at="/media")

        batches = swept(connection)

        (post,) = (post for batch in batches for post in batch.posts)
        spam, reply, nameless = comments_of(batches)
        assert (post.kind, post.comment_count, post.text) == (Kind.REEL, 3, "Leaf pickup")
        assert (spam.author.author_id, spam.author.handle, spam.reaction_count) == ("9051", "deal_bot", 2)
        assert (spam.visibility, reply.visibility) == (Visibility.HIDDEN_BY_CITY, Visibility.VISIBLE)
        assert (reply.parent_id, reply.author.display_name) == (spam.ref.comment_id, "neighbor1")
        assert (reply.author.author_id, reply.author.unavailable_reason) == (None, NAME_ONLY)
        assert nameless.author.unavailable_reason == NO_AUTHOR
        assert batches[-1].complete_posts == {post.post_id}

    def test_less_is_asked_for_when_it_was_too_much(self, wire: Any, clock: Any) -> None:
        """ "Reduce the amount of data" halves the pages until they fit; nothing is left out."""
        made = connected(wire, clock, page_size=20)
        post = wire.publish(1)
        refs = {wire.say(post, 10 + n).comment_id for n in range(9)}
        wire.too_much_above = 3

        assert ids_of(swept(made)) == refs
        made.close()

    def test_a_lost_right_is_not_taken_for_a_deletion(self, wire: Any, connection: Connection) -> None:
        """Graph says "no such object" for both; a second call tells them apart."""
        ref = wire.say(wire.publish(1), 10)
        wire.may_read_comments = False

        with pytest.raises(PermissionLost, match="instagram_manage_comments"):
            connection.connector.read(ref)

    def test_errors_name_instagram(self, wire: Any, connection: Connection) -> None:
        """Whoever reads the sentence looks at the right platform."""
        wire.fail(lambda: httpx.Response(400, json={"error": {"code": 368, "message": "abusive"}}))

        with pytest.raises(Exception, match="Instagram blocked") as caught:
            swept(connection)

        assert "Facebook" not in str(caught.value)


class TestCost:
    """A quiet account is one call a poll."""

    def test_a_poll_of_a_quiet_account_is_one_call(self, wire: Any, clock: Any) -> None:
        """Posts, comments and replies come in one expanded answer."""
        made = connected(wire, clock, page_size=100)
        for number in range(1, 6):
            first = wire.say(wire.publish(number), number * 10)
            wire.say(wire.posts[-1]["id"], number * 10 + 1, parent=first)

        calls, _ = calls_of(wire, made, "")

        assert calls == 1
        made.close()

    def test_older_posts_are_listed_every_ten_minutes(self, wire: Any, clock: Any) -> None:
        """A post that is not among the newest gets its new comment then, and costs nothing in between."""
        made = connected(wire, clock)
        old = wire.publish(1, at=NOW - timedelta(days=9))
        for number in range(2, 5):
            wire.publish(number)
        _, cursor = calls_of(wire, made, "")
        clock.forward(timedelta(minutes=1))
        late = wire.say(old, 10, at=clock.now)

        shallow, cursor = calls_of(wire, made, cursor)
        clock.forward(timedelta(minutes=10))
        deep = swept(made, cursor)

        assert shallow == 1
        assert ids_of(deep) == {late.comment_id}
        made.close()

    def test_a_long_thread_is_walked_again_only_when_its_count_changes(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Instagram tells no order to rely on: all of it or nothing, and what was not walked is not complete."""
        post = wire.publish(1)
        for number in range(9):
            wire.say(post, 10 + number, at=NOW - timedelta(hours=8))
        _, cursor = calls_of(wire, connection, "")
        clock.forward(timedelta(minutes=2))

        before = len(wire.asked)
        quiet = swept(connection, cursor)[-1]
        assert (len(wire.asked) - before, quiet.complete_posts) == (1, frozenset())

        # Ranked low: the newest comment stands on the last page.
        new = wire.say(post, 30, at=clock.now)
        wire.comments = {new.comment_id: wire.comments.pop(new.comment_id), **wire.comments}
        clock.forward(timedelta(minutes=1))
        assert ids_of(swept(connection, quiet.cursor)) == {new.comment_id}

    @pytest.mark.parametrize(("hours", "minutes"), [(20, (35, 26)), (8, (11, 14, 6))])
    def test_a_rest_hides_no_edit(
        self, wire: Any, connection: Connection, clock: Any, hours: int, minutes: tuple[int, ...]
    ) -> None:
        """A deep sweep wakes what rests; a look after a rest reads as far back as the sweeps that it slept through."""
        post = wire.publish(1, at=NOW - timedelta(days=2))
        refs = [wire.say(post, 10 + n, "before", at=NOW - timedelta(hours=hours)) for n in range(5)]
        cursor = swept(connection)[-1].cursor
        *before, last = minutes
        for step in before:
            clock.forward(timedelta(minutes=step))
            cursor = swept(connection, cursor)[-1].cursor
        wire.edit(refs[0], "after")
        clock.forward(timedelta(minutes=last))

        assert "after" in [comment.text for comment in comments_of(swept(connection, cursor))]

    def test_a_comment_that_was_let_through_late_arrives(self, wire: Any, connection: Connection, clock: Any) -> None:
        """A restricted account's comment shows days later, with the time at which it was written."""
        post = wire.publish(1, at=NOW - timedelta(days=6))
        _, cursor = calls_of(wire, connection, "")
        clock.forward(timedelta(minutes=1))
        late = wire.say(post, 10, at=NOW - timedelta(days=5))

        first = swept(connection, cursor)
        again = swept(connection, first[-1].cursor)

        assert (ids_of(first), ids_of(again)) == ({late.comment_id}, set())


class TestHiddenOnes:
    """They may leave the list."""

    def test_a_hidden_comment_that_left_the_list_is_read_by_its_id(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """It is brought as hidden, and its post is complete with it."""
        wire.lists_hidden = False
        post = wire.publish(1)
        ref, other = wire.say(post, 10), wire.say(post, 11)
        cursor = swept(connection)[-1].cursor
        assert connection.hider
        connection.hider.hide(ref)
        clock.forward(timedelta(minutes=1))

        batches = swept(connection, cursor)

        hidden = next(comment for comment in comments_of(batches) if comment.ref == ref)
        assert hidden.visibility is Visibility.HIDDEN_BY_CITY
        assert batches[-1].seen == {ref.comment_id, other.comment_id}
        assert batches[-1].complete_posts == {post}

    def test_it_is_not_asked_for_at_each_poll(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Within ten minutes it counts as seen; after them it is read again, and its end shows."""
        wire.lists_hidden = False
        ref = wire.say(wire.publish(1), 10)
        cursor = swept(connection)[-1].cursor
        wire.set_hidden(ref, True)
        clock.forward(timedelta(minutes=1))
        first, cursor = calls_of(wire, connection, cursor)
        clock.forward(timedelta(minutes=1))

        second, cursor = calls_of(wire, connection, cursor)
        wire.vanish(ref)
        clock.forward(timedelta(minutes=10))
        last = swept(connection, cursor)[-1]

        assert (first, second) == (2, 1)
        assert ref.comment_id not in last.seen
        assert len(last.complete_posts) == 1

    def test_an_old_one_waits_for_the_sweep_that_looks_so_far_back(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """A poll that claims two hours asks for nothing older."""
        wire.lists_hidden = False
        ref = wire.say(wire.publish(1), 10, at=NOW - timedelta(hours=5))
        cursor = swept(connection)[-1].cursor
        wire.set_hidden(ref, True)
        clock.forward(timedelta(minutes=1))

        shallow, cursor = calls_of(wire, connection, cursor)
        clock.forward(timedelta(minutes=10))

        assert shallow == 1
        assert ids_of(swept(connection, cursor)) == {ref.comment_id}

    def test_it_is_shown_again_by_its_stored_id(self, wire: Any, connection: Connection) -> None:
        """No list is needed for the reverse."""
        wire.lists_hidden = False
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider
        connection.hider.hide(ref)

        receipt = connection.hider.unhide(ref)

        assert (receipt.visibility, receipt.already_done) == (Visibility.VISIBLE, False)
        assert listed_alone(connection).ref == ref

    def test_a_post_whose_count_differs_is_not_complete(self, wire: Any, connection: Connection) -> None:
        """Somebody's comment is there and not delivered: nothing may be called missing."""
        post = wire.publish(1)
        wire.say(post, 10)
        wire.restricted = 1

        last = swept(connection)[-1]

        assert last.complete_posts == frozenset()
        assert len(last.seen) == 1

    def test_without_a_memory_nothing_is_called_complete(self, wire: Any, connection: Connection) -> None:
        """A damaged cursor no longer says which comments were listed before."""
        wire.say(wire.publish(1), 10)

        assert swept(connection)[-1].complete_posts
        assert swept(connection, "{")[-1].complete_posts == frozenset()

    def test_the_accounts_own_comment_is_not_removed_either(self, wire: Any, connection: Connection) -> None:
        """The city's own words are records that people look after by hand."""
        ref = wire.say(wire.publish(1), 10, by_city=True)
        assert connection.remover

        with pytest.raises(Unsupported, match="Instagram app"):
            connection.remover.remove(ref)

        assert wire.journal == []


class TestHealth:
    """What ``check`` says to do."""

    def test_a_missing_permission_is_named(self, wire: Any, connection: Connection) -> None:
        """Each with what can't be done without it."""
        wire.scopes = ["instagram_basic", "pages_read_engagement"]

        health = connection.connector.check()

        assert not health.ok
        assert [problem for problem in health.problems if "instagram_manage_comments" in problem]

    @pytest.mark.parametrize(("days", "said"), [(22, None), (20, "21 days"), (6, "7 days"), (0.5, "within a day")])
    def test_the_end_of_a_token_is_told_ahead(
        self, wire: Any, connection: Connection, days: float, said: str | None
    ) -> None:
        """At 21, 7 and 1 days."""
        wire.expires_at = int((NOW + timedelta(days=days)).timestamp())

        problems = connection.connector.check().problems

        assert [said in problem for problem in problems if said] == ([True] if said else [])
        assert len(problems) == (1 if said else 0)

    def test_counted_but_undelivered_comments_are_a_problem(self, wire: Any, connection: Connection) -> None:
        """The permission may be there and the access level not."""
        wire.publish(1)
        wire.restricted = 3

        assert any("delivers none" in problem for problem in connection.connector.check().problems)

    def test_authors_and_hidden_state_must_arrive(self, wire: Any, connection: Connection) -> None:
        """Without the one records name nobody, without the other no hide can be read back."""
        post = wire.publish(1)
        for ref in (wire.say(post, 10, author=None), wire.say(post, 11, by_city=True)):
            wire.comments[ref.comment_id]["hidden"] = None

        problems = " ".join(connection.connector.check().problems)

        assert "without their authors" in problems
        assert "can't be read back" in problems

    def test_another_accounts_token_is_refused(self, wire: Any, clock: Any) -> None:
        """The sentence names whose it is."""
        made = connected(wire, clock, options={"login": "instagram"})
        wire.fail(lambda: httpx.Response(200, json={"user_id": "99", "id": "1", "username": "other"}), at="/me")

        health = made.connector.check()

        assert not health.ok
        assert "other (id 99)" in health.problems[0]
        made.close()

    def test_an_unknown_login_is_refused(self, wire: Any, clock: Any) -> None:
        """A slip in the configuration stops at once."""
        with pytest.raises(ValueError, match="facebook and instagram"):
            connected(wire, clock, options={"login": "myspace"})
