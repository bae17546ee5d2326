"""What is special to LinkedIn's comments: a bell for the page, names that need encoding, terms of 48 hours."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.connection import Connection
from connectors.contract import (
    CommentRef,
    Malformed,
    PermissionLost,
    Unsupported,
    Visibility,
)
from tests.connectors.asking import HOSTILE, comments_of, listed_alone, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import NOW
from tests.connectors.wires.linkedin import ORG_URN, ORGANIZATION

DENIED = {"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": "Not enough permissions"}


@pytest.fixture
def platform() -> str:
    """LinkedIn only."""
    return "linkedin"


def paths(wire: Any, start: int = 0) -> list[str]:
    """What was asked, as it stood on the wire, without the queries."""
    return [request.url.raw_path.decode().partition("?")[0] for request in wire.asked[start:]]


def answered(status: int, body: Any) -> Callable[[], httpx.Response]:
    """An answer to be given instead of the platform's."""
    return lambda: httpx.Response(status, json=body)


class TestBells:
    """Notifications say which posts to read."""

    def test_a_quiet_page_costs_one_call(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Whatever the number of its posts."""
        for number in range(5):
            wire.say(wire.publish(number), 10 + number, at=NOW - timedelta(days=2))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=30))
        before = len(wire.asked)

        swept(connection, cursor)

        assert paths(wire, before) == ["/rest/organizationalEntityNotifications"]

    def test_a_bell_reads_its_post_and_no_other(self, wire: Any, connection: Connection, clock: Any) -> None:
        """With the replies of the comments that have some."""
        posts = [wire.publish(number, at=NOW - timedelta(days=3)) for number in range(3)]
        first = wire.say(posts[0], 10, at=NOW - timedelta(days=2))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=30))
        reply = wire.say(posts[0], 11, at=clock.now - timedelta(minutes=1), parent=first)
        before = len(wire.asked)

        batches = swept(connection, cursor)

        assert [comment.ref for comment in comments_of(batches)] == [first, reply]
        assert batches[-1].complete_posts == {posts[0]}
        assert paths(wire, before)[1:] == [
            "/rest/socialActions/urn%3Ali%3Ashare%3A9000/comments",
            "/rest/socialActions/urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A7000%2C10%29/comments",
        ]

    def test_names_are_encoded_and_brackets_are_not(self, wire: Any, connection: Connection) -> None:
        """Rest.li 2.0 refuses it the other way round."""
        swept(connection)

        query = wire.asked[0].url.raw_path.decode().partition("?")[2]

        assert "actions=List(COMMENT,COMMENT_EDIT,COMMENT_DELETE,ADMIN_COMMENT)" in query
        assert f"organizationalEntity={ORG_URN.replace(':', '%3A')}" in query
        assert "timeRange=(start:" in query

    def test_a_bell_that_names_only_the_activity_is_understood(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """The activity was seen with a comment of the post; the comment keeps its one id."""
        wire.names_post = False
        post, other = wire.publish(1, at=NOW - timedelta(days=3)), wire.publish(2, at=NOW - timedelta(days=3))
        wire.say(post, 10, at=NOW - timedelta(days=2))
        wire.say(other, 20, at=NOW - timedelta(days=2))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=30))
        new = wire.say(post, 11, at=clock.now - timedelta(minutes=1))
        before = len(wire.asked)

        found = [comment.ref for comment in comments_of(swept(connection, cursor))]

        assert new in found
        assert not [path for path in paths(wire, before) if "9002" in path]

    def test_a_bell_of_an_unknown_activity_reads_every_post(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Better too much than nothing."""
        wire.names_post = False
        posts = [wire.publish(number, at=NOW - timedelta(days=3)) for number in range(3)]
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=30))
        new = wire.say(posts[1], 11, at=clock.now - timedelta(minutes=1))

        batches = swept(connection, cursor)

        assert [comment.ref for comment in comments_of(batches)] == [new]
        assert batches[-1].complete_posts == set(posts)

    def test_a_post_without_a_bell_is_read_again_now_and_then(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Posts that are not public never ring."""
        post = wire.publish(1)
        wire.say(post, 10, at=NOW - timedelta(hours=2))
        cursor = swept(connection)[-1].cursor
        silent = wire.say(post, 11, at=NOW + timedelta(minutes=5))
        wire.bells.clear()
        found = []
        for _ in range(7):
            clock.forward(timedelta(hours=1))
            batches = swept(connection, cursor)
            cursor = batches[-1].cursor
            found.append(silent in [comment.ref for comment in comments_of(batches)])

        assert found.index(True) == 5
        assert found.count(True) == 1

    def test_posts_come_with_the_count_of_comments_and_replies(self, wire: Any, connection: Connection) -> None:
        """As LinkedIn tells both."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        wire.say(post, 11)
        wire.say(post, 12, parent=first)

        (told,) = (each for batch in swept(connection) for each in batch.posts)

        assert (told.post_id, told.comment_count, told.by_page) == (post, 3, True)

    def test_a_post_that_is_gone_takes_its_look_with_it(self, wire: Any, connection: Connection, clock: Any) -> None:
        """It is no error, and no claim is made about its comments."""
        post = wire.publish(1)
        wire.say(post, 10)
        cursor = swept(connection)[-1].cursor
        wire.posts.clear()
        wire.rows.clear()
        clock.forward(timedelta(minutes=30))

        last = swept(connection, cursor)[-1]

        assert (last.last, last.complete_posts, last.gaps) == (True, frozenset(), ())
        assert "looks" not in json.loads(last.cursor)

    def test_a_short_page_is_not_the_end_while_the_total_says_more(self, wire: Any, connection: Connection) -> None:
        """Rows are filtered after paging, and not every answer links to the next page."""
        post = wire.publish(1)
        refs = [wire.say(post, 10 + number, at=NOW - timedelta(minutes=number)) for number in range(5)]
        served = wire.serve

        def filtered(request: httpx.Request) -> httpx.Response:
            answer: httpx.Response = served(request)
            if not request.url.path.endswith("/comments"):
                return answer
            body = answer.json()
            body["paging"]["links"] = []
            rows = body["elements"][1:] if request.url.params["start"] == "0" else body["elements"]
            return httpx.Response(200, json=body | {"elements": rows})

        wire.serve = filtered

        assert [comment.ref for comment in comments_of(swept(connection))] == refs[1:]

    @pytest.mark.parametrize("status", [403, 400])
    def test_one_post_that_can_not_be_read_stops_no_other(self, wire: Any, connection: Connection, status: int) -> None:
        """Such as one that is only shown as an advertisement: a gap with its name, and no claim."""
        odd, good = wire.publish(1), wire.publish(2)
        wire.say(odd, 10)
        ref = wire.say(good, 11)
        wire.fail(answered(status, DENIED | {"status": status}), at="read GET /rest/socialActions/urn:li:share:9001")

        batches = swept(connection)

        assert [comment.ref for comment in comments_of(batches)] == [ref]
        assert [gap.post_id for batch in batches for gap in batch.gaps] == [odd]
        assert batches[-1].complete_posts == {good}


class TestComments:
    """What a comment is made of."""

    def test_an_account_is_a_number_and_no_name(self, wire: Any, connection: Connection) -> None:
        """Names fall under the 24-hour rule and are not asked for."""
        wire.say(wire.publish(1), 10)

        author = listed_alone(connection).author

        assert author.author_id == "urn:li:person:2477001"
        assert (author.display_name, author.handle, author.profile_url) == (None, None, None)

    @pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
    def test_hostile_words_come_through_unchanged(self, wire: Any, connection: Connection, words: str) -> None:
        """Neither trusted nor laundered."""
        wire.say(wire.publish(1), 10, words)

        assert listed_alone(connection).text == words

    def test_a_reply_is_read_alone_by_its_reference(self, wire: Any, connection: Connection) -> None:
        """LinkedIn finds it under the comment that it answers only, so the id names that too."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        reply = wire.say(post, 11, parent=first)

        found = connection.connector.read(reply).comment

        assert found is not None
        assert (found.ref, found.parent_id, found.post_id) == (reply, first.comment_id, post)
        assert found.permalink == (
            "https://www.linkedin.com/feed/update/urn:li:activity:7001"
            "?commentUrn=urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A7001%2C11%29"
        )

    def test_gone_is_not_said_where_the_post_may_not_be_seen(self, wire: Any, connection: Connection) -> None:
        """ "Not found" and a lost right look alike at the comment; the post tells them apart."""
        post = wire.publish(1)
        ref = wire.say(post, 10)
        wire.vanish(ref)
        wire.fail(answered(403, DENIED), at="read GET /rest/posts")

        with pytest.raises(PermissionLost, match="ADMINISTRATOR"):
            connection.connector.read(ref)

        assert connection.connector.read(ref).comment is None

    @pytest.mark.parametrize(
        "comment_id",
        ["10", "share:9001:10", "person:1:activity:7001:10", "share:x:activity:7001:10", "share:1:a:1:1:1:1"],
    )
    def test_an_id_of_another_shape_is_refused(self, wire: Any, connection: Connection, comment_id: str) -> None:
        """Nothing is sent."""
        with pytest.raises(Malformed):
            connection.connector.read(CommentRef("linkedin", ORGANIZATION, comment_id))

        assert wire.asked == []


class TestTerms:
    """48 hours, unless counsel recorded why longer."""

    def test_without_a_legal_basis_digests_only(self, wire: Any, clock: Any) -> None:
        """Nothing can be deleted either, and people read what would be needed."""
        connection = connected(wire, clock, options={})

        able = connection.connector.capabilities

        assert (able.archive.keep, able.remove_ways, connection.remover) == ("digests", (), None)
        assert "48 hours" in able.archive.terms
        assert "legal basis" in able.by_hand

    def test_with_a_legal_basis_the_whole_and_its_citation(self, connection: Connection) -> None:
        """The citation stands where the archive's terms are shown."""
        able = connection.connector.capabilities

        assert able.archive.keep == "whole"
        assert "Gov. Code 7920" in able.archive.terms
        assert [way.name for way in able.remove_ways] == ["delete"]

    def test_blank_words_are_no_legal_basis(self, wire: Any, clock: Any) -> None:
        """A field that was left empty decides nothing."""
        connection = connected(wire, clock, options={"legal_basis": "  "})

        assert connection.connector.capabilities.archive.keep == "digests"

    def test_nobody_is_hidden_or_kept_away(self, connection: Connection) -> None:
        """LinkedIn has neither."""
        assert (connection.hider, connection.blocker) == (None, None)


class TestDeleting:
    """For people."""

    def test_a_reply_is_deleted_under_its_comment_as_the_page(self, wire: Any, connection: Connection) -> None:
        """The actor is the organization, not the member behind the token."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        reply = wire.say(post, 11, parent=first)
        assert connection.remover

        receipt = connection.remover.remove(reply)

        (write,) = wire.writes()
        assert write.url.raw_path.decode() == (
            "/rest/socialActions/urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A7001%2C10%29/comments/11"
            f"?actor={ORG_URN.replace(':', '%3A')}"
        )
        assert receipt.visibility is Visibility.DELETED_BY_CITY
        assert connection.connector.read(first).comment is not None

    def test_the_citys_own_comment_is_left_to_people(self, wire: Any, connection: Connection) -> None:
        """Nothing is written."""
        ref = wire.say(wire.publish(1), 10, by_city=True)
        assert connection.remover

        with pytest.raises(Unsupported):
            connection.remover.remove(ref)

        assert wire.journal == []

    def test_a_page_that_may_not_delete_says_what_to_do(self, wire: Any, connection: Connection) -> None:
        """Whether LinkedIn allows it for members' comments is unproven."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(answered(403, DENIED), at="write")
        assert connection.remover

        with pytest.raises(PermissionLost, match="ADMINISTRATOR"):
            connection.remover.remove(ref)
