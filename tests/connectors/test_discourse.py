"""What is special to Discourse: numbers instead of page marks, soft deletion, topics, and two kinds of limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import Kind, PermissionLost, RateLimited, Unsupported, Visibility
from tests.connectors.asking import comments_of, ids_of, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import NOW, load

RESIDENT = {"id": 2477001, "username": "annr", "name": "Ann Roe"}


@pytest.fixture
def platform() -> str:
    """All questions of this file are for Discourse."""
    return "discourse"


def paths(wire: Any) -> list[str]:
    """What was asked, by method and path."""
    return [f"{request.method} {request.url.path}" for request in wire.asked]


class TestTopics:
    """A topic is a post; what opens a resident's topic is a comment too."""

    def test_the_words_that_open_a_residents_topic_are_a_comment(self, wire: Any, connection: Connection) -> None:
        """They are judged like any other; the topic counts them among its comments."""
        topic = wire.publish(1, by=RESIDENT)

        batches = swept(connection)

        (comment,), (post,) = comments_of(batches), [post for batch in batches for post in batch.posts]
        assert (comment.post_id, comment.text, comment.by_page) == (topic, "Post 1", False)
        assert (post.by_page, post.kind, post.comment_count) == (False, Kind.VISITOR, 1)

    def test_a_topics_opening_is_not_hidden_because_the_topic_would_go(self, wire: Any, connection: Connection) -> None:
        """Deleting the first post deletes the topic with everybody's answers: a person decides that."""
        wire.publish(1, by=RESIDENT)
        (comment,) = comments_of(swept(connection))
        assert connection.hider is not None

        with pytest.raises(Unsupported, match="topic"):
            connection.hider.hide(comment.ref)

        assert wire.journal == []

    def test_a_citys_topic_does_not_count_its_own_words(self, wire: Any, connection: Connection) -> None:
        """The forum counts the opening post; the completeness figure must not."""
        topic = wire.publish(1)
        wire.say(topic, 10)

        (post,) = [post for batch in swept(connection) for post in batch.posts]

        assert (post.by_page, post.comment_count, post.text) == (True, 1, "Topic 1\n\nPost 1")

    def test_other_categories_are_left_alone_and_those_below_are_read(self, wire: Any, connection: Connection) -> None:
        """``/posts.json`` lists the whole forum; the page is one category with its subcategories."""
        wire.say(wire.publish(1, category=1), 10)
        inside = wire.say(wire.publish(2, category=5), 20)
        below = wire.say(wire.publish(3, category=6), 30)

        assert ids_of(swept(connection)) == {inside.comment_id, below.comment_id}

    def test_a_category_that_is_not_shown_is_a_lost_permission(self, wire: Any, clock: Any) -> None:
        """Nothing may be concluded from an empty list of the wrong category."""
        made = connectors.connect("discourse", page_id="77", token=wire.token, clock=clock, **wire.connect)

        with pytest.raises(PermissionLost, match="77"):
            swept(made)

    def test_whispers_and_small_actions_are_no_comments(self, wire: Any, connection: Connection) -> None:
        """Staff's whispers have no public, "closed the topic" has no words."""
        topic = wire.publish(1)
        for number, post_type in ((10, 3), (11, 4)):
            ref = wire.say(topic, number)
            wire.posts[int(ref.comment_id)]["post_type"] = post_type

        assert comments_of(swept(connection)) == []


class TestNumbers:
    """Pages by post number, on servers of two generations."""

    def test_older_forums_that_count_the_mark_in_are_walked_to_the_end(self, wire: Any, connection: Connection) -> None:
        """``before`` was inclusive once: the same post twice is no circle."""
        topic = wire.publish(1)
        refs = {wire.say(topic, 10 + n).comment_id for n in range(7)}
        plain = wire._latest
        wire._latest = lambda before: plain(None if before is None else str(int(before) + 1))

        batches = swept(connection)

        assert ids_of(batches) == refs
        assert not [gap for batch in batches for gap in batch.gaps]

    def test_a_quiet_forum_costs_one_call_a_poll(self, wire: Any, connection: Connection, clock: Any) -> None:
        """The category is known for an hour, and topics are asked for when something happened."""
        topic = wire.publish(1, at=NOW - timedelta(days=60))
        for number in range(12):
            wire.say(topic, number, at=NOW - timedelta(days=50))
        wire.say(topic, 20)
        wire.page = 50
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=1))
        wire.asked.clear()

        swept(connection, cursor)

        assert paths(wire) == ["GET /posts.json"]


class TestSoftDeletion:
    """What is hidden leaves the list, but not the forum."""

    def test_a_post_that_somebody_deleted_softly_is_brought_as_hidden(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Not as missing: it is asked for by its number."""
        topic = wire.publish(1)
        ref, _ = wire.say(topic, 10), wire.say(topic, 11)
        cursor = swept(connection)[-1].cursor
        wire.set_hidden(ref, True)
        clock.forward(timedelta(minutes=1))

        batches = swept(connection, cursor)

        found = {comment.ref: comment.visibility for comment in comments_of(batches)}
        assert found[ref] is Visibility.HIDDEN_BY_CITY
        assert batches[-1].every_post

    def test_what_an_author_took_back_is_told_apart_from_what_staff_deleted(
        self, wire: Any, connection: Connection
    ) -> None:
        """And showing it again is not for us."""
        ref = wire.say(wire.publish(1), 10)
        wire.posts[int(ref.comment_id)]["user_deleted"] = True
        assert connection.hider is not None

        reading = connection.connector.read(ref).comment
        with pytest.raises(Unsupported):
            connection.hider.unhide(ref)

        assert reading is not None
        assert reading.visibility is Visibility.DELETED_BY_AUTHOR

    def test_a_post_hidden_by_flags_is_shown_by_the_other_call(self, wire: Any, connection: Connection) -> None:
        """Recovering is for deleted posts only."""
        ref = wire.say(wire.publish(1), 10)
        wire.posts[int(ref.comment_id)]["hidden"] = True
        assert connection.hider is not None

        before = connection.connector.read(ref).comment
        connection.hider.unhide(ref)

        assert before is not None
        assert before.visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER
        assert f"PUT /posts/{ref.comment_id}/unhide.json" in paths(wire)

    def test_not_found_to_a_blind_account_is_a_lost_permission(self, wire: Any, connection: Connection) -> None:
        """Without the moderator role a deleted post looks like none."""
        ref = wire.say(wire.publish(1), 10)
        wire.set_hidden(ref, True)
        wire.staff = False

        with pytest.raises(PermissionLost, match="moderator"):
            connection.connector.read(ref)
        assert not connection.connector.check().ok


class TestWords:
    """What a reader sees."""

    def test_emoji_pictures_are_words_and_uploads_are_attachments(self, wire: Any, connection: Connection) -> None:
        """The forum draws its emoji; a middle finger is still one."""
        ref = wire.say(wire.publish(1), 10)
        wire.posts[int(ref.comment_id)]["cooked"] = load("discourse", "cooked")["cooked"]

        (comment,) = comments_of(swept(connection))

        assert ":fu:" in comment.text
        assert [(each.kind, each.url) for each in comment.attachments] == [
            ("photo", "https://forum.city.example/uploads/default/original/1X/snow.jpeg"),
            ("other", "https://forum.city.example/uploads/short-url/plan.pdf"),
        ]

    def test_markup_that_parsers_stumble_over_is_read(self, wire: Any, connection: Connection) -> None:
        """Anybody may write it; one such post must not end the poll."""
        ref = wire.say(wire.publish(1), 10)
        wire.posts[int(ref.comment_id)]["cooked"] = "<p>you <![x[ scum</p>"

        (comment,) = comments_of(swept(connection))

        assert "scum" in comment.text

    def test_further_accounts_of_the_city_are_its_own(self, wire: Any, clock: Any) -> None:
        """Whoever answers for the city is named in the options."""
        topic = wire.publish(1, by={"id": 9, "username": "Mayor", "name": "The mayor"})
        made = connected(wire, clock, options={"accounts": "mayor, clerk"})

        (post,) = [post for batch in swept(made) for post in batch.posts]

        assert (post.post_id, post.by_page) == (topic, True)


def test_the_inner_limit_says_its_seconds_in_json(wire: Any, connection: Connection, clock: Any) -> None:
    """There is no Retry-After header in that answer."""
    case = next(each for each in load("discourse", "errors") if "application" in each["name"])
    wire.fail(lambda: httpx.Response(429, json=case["body"]), at="read", times=9)

    with pytest.raises(RateLimited) as caught:
        swept(connection)

    assert caught.value.until == NOW + timedelta(seconds=21)


def test_a_silenced_account_is_listed(wire: Any, connection: Connection) -> None:
    """Page after page of the staff's list, each account once."""
    wire.say(wire.publish(1), 10)
    assert connection.blocker is not None
    for way in ("silence", "suspend"):
        connection.blocker.block("2477001", way=way)

    assert [author.author_id for author in connection.blocker.blocked()] == ["2477001"]
