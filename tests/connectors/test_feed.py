"""What is special to feeds: hostile XML, a short memory, and the question whether something changed at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import AuthFailed, Malformed, Unavailable, Unsupported
from tests.connectors.asking import comments_of, ids_of, listed_alone, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import AN_HOUR_AGO, FIXTURES, NOW

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "'
    + "a" * 50_000
    + '">]><rss version="2.0"><channel><item><title>'
    + "&a;" * 50_000
    + "</title></item></channel></rss>"
)


@pytest.fixture
def platform() -> str:
    """This platform only."""
    return "feed"


@pytest.fixture
def site_alone(wire: Any, clock: Any) -> Connection:
    """The comment feed without the posts' feed."""
    return connected(wire, clock, options={})


def answered(text: str | bytes) -> Callable[[], httpx.Response]:
    """An answer with this body."""
    return lambda: httpx.Response(200, content=text)


class TestMemory:
    """A feed holds its newest comments and forgets the others."""

    def test_an_unchanged_feed_is_not_delivered_again(self, wire: Any, site_alone: Connection) -> None:
        """The server's own tag is sent back."""
        wire.say(wire.publish(1), 10)

        cursor = swept(site_alone)[-1].cursor
        again = comments_of(swept(site_alone, cursor))

        assert again == []
        assert wire.asked[-1].headers["if-none-match"]
        assert dict(site_alone.calls.count().by_status) == {"200": 1, "304": 1}

    def test_a_tag_that_could_break_a_header_is_not_kept(self, wire: Any, site_alone: Connection) -> None:
        """It comes from outside and would be sent back."""
        wire.tags = False
        wire.headers = {"etag": "x" * 5000, "last-modified": "Fri, 20 Nov 2026 11:00:00 GMT"}
        wire.say(wire.publish(1), 10)

        swept(site_alone, swept(site_alone)[-1].cursor)

        assert "if-none-match" not in wire.asked[-1].headers
        assert wire.asked[-1].headers["if-modified-since"] == "Fri, 20 Nov 2026 11:00:00 GMT"

    def test_what_was_pushed_out_between_two_polls_is_told(self, wire: Any, site_alone: Connection, clock: Any) -> None:
        """Between the newest that we knew and the oldest that is left, there may have been others."""
        post, wire.holds = wire.publish(1), 3
        wire.say(post, 1, at=NOW - timedelta(minutes=30))
        cursor = swept(site_alone)[-1].cursor
        for n in range(5):
            wire.say(post, 10 + n, at=NOW - timedelta(minutes=10 - n))
        clock.forward(timedelta(minutes=5))

        gaps = [gap.reason for batch in swept(site_alone, cursor) for gap in batch.gaps]

        assert len(gaps) == 1
        assert "11:30 and 2026-11-20 11:52" in gaps[0]

    def test_a_feed_that_reaches_back_far_enough_has_no_gap(self, wire: Any, site_alone: Connection) -> None:
        """Not even when the newest that we knew was deleted."""
        post = wire.publish(1)
        wire.say(post, 1, at=NOW - timedelta(minutes=40))
        newest = wire.say(post, 2, at=NOW - timedelta(minutes=30))
        cursor = swept(site_alone)[-1].cursor
        wire.vanish(newest)
        wire.say(post, 3, at=NOW - timedelta(minutes=1))

        assert [gap for batch in swept(site_alone, cursor) for gap in batch.gaps] == []

    def test_nothing_is_ever_claimed_to_be_complete(self, wire: Any, connection: Connection) -> None:
        """What is not in a feed is not gone."""
        wire.say(wire.publish(1), 10)

        last = swept(connection)[-1]

        assert (last.complete_posts, last.every_post) == (frozenset(), False)

    def test_a_comment_that_the_feed_no_longer_reaches_is_not_called_gone(
        self, wire: Any, connection: Connection
    ) -> None:
        """A person looks at the page; one that is missing among older ones is gone."""
        post, wire.holds = wire.publish(1), 1
        old, gone = wire.say(post, 1, at=NOW - timedelta(hours=5)), wire.say(post, 2, at=NOW - timedelta(hours=3))
        wire.say(post, 3)

        with pytest.raises(Unsupported, match="newest"):
            connection.connector.read(old)
        wire.holds = 9
        wire.vanish(gone)
        assert connection.connector.read(gone).comment is None

    def test_a_posts_own_feed_reaches_further_than_the_sites(self, wire: Any, connection: Connection) -> None:
        """On a busy day the site's feed holds the last two of six."""
        wire.holds = 2
        posts = [wire.publish(number) for number in range(3)]
        refs = {wire.say(posts[n // 2], n).comment_id for n in range(6)}

        batches = swept(connection)

        assert ids_of(batches) == refs
        assert len(comments_of(batches)) == 6
        assert sorted(post.comment_count or 0 for batch in batches for post in batch.posts) == [2, 2, 2]

    def test_a_posts_own_feed_is_read_when_its_count_changes(self, wire: Any, connection: Connection) -> None:
        """Quiet posts cost no call."""
        post = wire.publish(1, at=NOW - timedelta(days=40))
        cursor = swept(connection)[-1].cursor
        asked = len(wire.asked)
        cursor = swept(connection, cursor)[-1].cursor
        assert len(wire.asked) == asked + 2
        wire.say(post, 10)

        swept(connection, cursor)

        assert str(wire.asked[-1].url).endswith("/post-1/feed/")

    def test_a_comment_feed_on_another_site_is_not_opened(self, wire: Any, connection: Connection) -> None:
        """A feed's words do not send us anywhere."""
        wire.publish(1)
        wire.posts[0]["link"] = "https://evil.example/x/"

        gaps = [gap.reason for batch in swept(connection) for gap in batch.gaps]

        assert len(gaps) == 1
        assert {request.url.host for request in wire.asked} == {"blog.cityofx.example"}


class TestHostileXml:
    """Bounded, never fetched, never silent."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_an_entity_bomb_does_not_go_off(self, wire: Any, connection: Connection, encoding: str) -> None:
        """Gigabytes in a page: refused before it is parsed, in any encoding that is read."""
        wire.fail(answered(BOMB.encode(encoding)), times=9)

        with pytest.raises(Malformed, match="entities"):
            swept(connection)

    def test_the_words_of_a_comment_are_no_declaration(self, wire: Any, connection: Connection) -> None:
        """Or whoever writes them would blind us."""
        wire.say(wire.publish(1), 10, 'what is <!DOCTYPE x [<!ENTITY a "b">]> for?')

        assert "<!ENTITY" in listed_alone(connection).text

    @pytest.mark.parametrize(
        "body",
        [
            "https://blog.cityofx.example/other",
            "/etc/passwd",
            "",
            "<rss version='2.0'><channel><item><title>cut",
            "<html><head><title>Log in</title></head></html>",
        ],
    )
    def test_what_is_no_feed_is_no_answer(self, wire: Any, connection: Connection, body: str) -> None:
        """An address or a file name in its place is opened by nobody."""
        wire.fail(answered(body), times=99)

        with pytest.raises(Unavailable):
            swept(connection)

        assert {str(request.url) for request in wire.asked} == {"https://blog.cityofx.example/feed/"}

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (b"<?xml version='1.0'?><sitemap><loc>https://x.example/</loc></sitemap>", "neither RSS nor Atom"),
            (b"<?xml version='1.0' encoding='cp037'?><rss version='2.0'/>", "encoding"),
            (b"<?xml version='1.0'?><rss version='2.0'><channel>" + b" " * 6_000_000 + b"</channel></rss>", "bytes"),
        ],
    )
    def test_what_must_not_be_parsed_is_kept(self, wire: Any, connection: Connection, body: bytes, why: str) -> None:
        """With a sentence for whoever looks after the site."""
        wire.fail(answered(body), times=9)

        with pytest.raises(Malformed, match=why) as caught:
            swept(connection)

        assert caught.value.exchange is not None

    def test_a_feed_with_a_careless_sign_is_read_all_the_same(self, wire: Any, site_alone: Connection) -> None:
        """A bare ampersand is no XML, and on half of the web."""
        wire.say(wire.publish(1), 10, "salt and sand")
        text = wire.serve(httpx.Request("GET", wire.base_url)).text
        wire.fail(answered(text.replace("salt and sand", "salt & sand").replace("Ann Roe", "Ann & Roe")))

        comment = listed_alone(site_alone)

        assert comment.text == "salt & sand"
        assert comment.author.display_name == "Ann & Roe"


class TestShapes:
    """WordPress, Blogger, and settings."""

    def test_a_blogger_feed_is_read(self, wire: Any, site_alone: Connection) -> None:
        """Atom: the edit's time, the page without its mark of the comment, the words as a reader sees them."""
        wire.fail(answered((FIXTURES / "feed" / "blogger.xml").read_bytes()), times=2)

        comment = listed_alone(site_alone)

        assert comment.text == 'no way,\nnot "again"'
        assert comment.posted_at == AN_HOUR_AGO == datetime(2026, 11, 20, 11, tzinfo=UTC)
        assert comment.edited_at == AN_HOUR_AGO + timedelta(minutes=10)
        assert (comment.author.display_name, comment.author.author_id) == ("Ann Roe", None)
        assert comment.permalink == "https://cityofx.blogspot.com/2026/11/snow.html?showComment=1795175000000#c33"
        assert site_alone.connector.read(comment.ref).comment == comment

    def test_an_id_is_plain_and_stays_the_same(self, wire: Any, connection: Connection) -> None:
        """Whatever the words become."""
        ref = wire.say(wire.publish(1), 10)
        wire.edit(ref, "other words")

        assert listed_alone(connection).ref == ref
        assert re.fullmatch(r"1795172400-[0-9a-f]{24}", ref.comment_id)

    def test_without_the_posts_feed_a_reading_has_no_post(self, wire: Any, site_alone: Connection) -> None:
        """None is invented."""
        ref = wire.say(wire.publish(1), 10)

        reading = site_alone.connector.read(ref)

        assert reading.comment is not None
        assert reading.post is None

    def test_an_empty_feed_is_told_and_is_no_fault(self, wire: Any, connection: Connection) -> None:
        """There is nothing to look at."""
        health = connection.connector.check()

        assert health.ok
        assert "no comments" in health.problems[0]

    def test_a_token_is_refused(self) -> None:
        """Whoever stores one believes that it is used."""
        with pytest.raises(AuthFailed, match="none"):
            connectors.connect("feed", page_id="blog", token="user:password", base_url="https://x.example/feed/")

    def test_an_address_is_needed(self) -> None:
        """Each city has its own."""
        with pytest.raises(ValueError, match="base_url"):
            connectors.connect("feed", page_id="blog", token="none")
