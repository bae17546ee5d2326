"""What is special to Mastodon: mentions and threads, ids that are no numbers, private statuses, and no hide at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.connection import Connection
from connectors.contract import Kind, RateLimited, Unsupported
from tests.connectors.asking import comments_of, ids_of, swept
from tests.connectors.wire import NOW, load

BOB = ("2477002", "Bob Day")


@pytest.fixture
def platform() -> str:
    """All questions of this file are for Mastodon."""
    return "mastodon"


def paths(wire: Any) -> list[str]:
    """What was asked for."""
    return [request.url.path for request in wire.asked]


class TestWhatIsAComment:
    """Public, and to the city."""

    @pytest.mark.parametrize("visibility", ["private", "direct", "limited", None])
    def test_what_is_not_public_is_not_taken_at_all(
        self, wire: Any, connection: Connection, visibility: str | None
    ) -> None:
        """Neither kept nor counted nor missed: it is a letter, not a comment."""
        post = wire.publish(1)
        ref = wire.say(post, 10, visibility=visibility)

        batches = swept(connection)

        assert comments_of(batches) == []
        assert not [gap for batch in batches for gap in batch.gaps]
        assert ref.comment_id not in repr(batches)
        with pytest.raises(Unsupported, match="public"):
            connection.connector.read(ref)

    def test_unlisted_is_public(self, wire: Any, connection: Connection) -> None:
        """Everybody can read it; it only stands in no public list."""
        ref = wire.say(wire.publish(1), 10, visibility="unlisted")

        assert ids_of(swept(connection)) == {ref.comment_id}

    def test_a_reply_without_mention_is_found_in_its_thread(self, wire: Any, connection: Connection) -> None:
        """No notification tells of it."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        silent = wire.say(post, 11, parent=first, author=BOB, mentions=False)

        found = {comment.ref: comment for comment in comments_of(swept(connection))}

        assert found[silent].post_id == post
        assert found[silent].parent_id == first.comment_id

    def test_a_bare_mention_is_filed_under_itself(self, wire: Any, connection: Connection) -> None:
        """A resident begins a thread with the city's name: a visitor's post and a comment in one."""
        ref = wire.say("", 10, "@city no")

        batches = swept(connection)
        reading = connection.connector.read(ref)

        (comment,), (post,) = comments_of(batches), [post for batch in batches for post in batch.posts]
        assert comment.post_id == post.post_id == ref.comment_id
        assert (post.by_page, post.kind) == (False, Kind.VISITOR)
        assert reading.comment == comment

    def test_a_bare_mention_that_is_gone_is_missed(self, wire: Any, connection: Connection, clock: Any) -> None:
        """The one list of mentions held it, and it can't be read alone either."""
        goes, stays = wire.say("", 10), wire.say("", 11, author=BOB)
        cursor = swept(connection)[-1].cursor
        wire.vanish(goes)
        clock.forward(timedelta(minutes=61))

        last = swept(connection, cursor)[-1]

        assert goes.comment_id in last.complete_posts
        assert last.seen == {stays.comment_id}

    def test_a_mention_deep_in_somebodys_thread_is_filed_under_its_beginning(
        self, wire: Any, connection: Connection
    ) -> None:
        """One more call finds out where it stands, and none at the next poll."""
        start = wire.say("", 10, mentions=False)
        middle = wire.say("", 11, parent=start, mentions=False, author=BOB)
        deep = wire.say("", 12, parent=middle)

        first = swept(connection)
        asked = sum(path.endswith("/context") for path in paths(wire))
        swept(connection, first[-1].cursor)

        (comment,) = comments_of(first)
        assert (comment.ref, comment.post_id, comment.parent_id) == (deep, start.comment_id, middle.comment_id)
        assert asked == sum(path.endswith("/context") for path in paths(wire)) == 1
        reading = connection.connector.read(deep).comment
        assert reading is not None
        assert reading.post_id == start.comment_id

    def test_warnings_polls_and_descriptions_are_part_of_what_is_seen(self, wire: Any, connection: Connection) -> None:
        """An insult fits into each of them."""
        ref = wire.say(wire.publish(1), 10, "look")
        wire.statuses[ref.comment_id].update(load("mastodon", "status_parts"))

        (comment,) = comments_of(swept(connection))

        assert comment.text == "the mayor\n\nlook\n\nis a crook\nis a thief"
        assert [(each.kind, each.title) for each in comment.attachments] == [("photo", "a rat"), ("link", "News")]
        assert all(each.url and each.url.startswith("https://") for each in comment.attachments)


class TestServers:
    """Mastodon and its relatives."""

    def test_ids_are_texts(self, wire: Any, connection: Connection) -> None:
        """GoToSocial's are no numbers; nothing may count or compare them."""
        ref = wire.say(wire.publish(1), 10)

        assert not ref.comment_id.isdigit()
        assert connection.connector.read(ref).comment is not None

    def test_pages_are_followed_where_no_link_header_arrives(self, wire: Any, connection: Connection) -> None:
        """Some proxies take it away: a full page then says that more may follow."""
        post = wire.publish(1)
        refs = {wire.say(post, 10 + n, mentions=True).comment_id for n in range(7)}
        wire.with_link = False

        assert ids_of(swept(connection)) == refs

    def test_a_status_that_its_author_hides_from_the_city_is_still_public(
        self, wire: Any, connection: Connection
    ) -> None:
        """Not found with our token, there without one: it is not gone."""
        ref = wire.say(wire.publish(1), 10)
        wire.unseen.add(ref.comment_id)

        reading = connection.connector.read(ref)

        assert reading.comment is not None
        assert [exchange.status for exchange in reading.exchanges][:2] == [404, 200]

    def test_the_end_of_the_wait_is_an_iso_time(self, wire: Any, connection: Connection) -> None:
        """Others write seconds."""
        case = next(each for each in load("mastodon", "errors") if each["name"] == "too many calls")
        wire.fail(lambda: httpx.Response(429, json=case["body"], headers=case["headers"]), at="read", times=9)

        with pytest.raises(RateLimited) as caught:
            swept(connection)

        assert caught.value.until == NOW + timedelta(minutes=4)

    def test_a_token_that_is_the_name_of_a_file_is_still_a_token(
        self, wire: Any, connection: Connection, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Mastodon.py would read the file, and ask the server that it names."""
        (tmp_path / wire.token).write_text("another\nhttps://evil.example\n")
        monkeypatch.chdir(tmp_path)

        assert connection.connector.check().ok


class TestKeepingAway:
    """Only from the city itself, and what was written stays."""

    def test_replies_of_a_blocked_account_are_not_taken_for_missing(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """The server hides them from the city alone."""
        post = wire.publish(1)
        theirs = wire.say(post, 10, mentions=False)
        others = wire.say(post, 11, author=BOB)
        cursor = swept(connection)[-1].cursor
        assert connection.blocker is not None
        connection.blocker.block("2477001", way="block")
        clock.forward(timedelta(minutes=61))

        last = swept(connection, cursor)[-1]

        assert post in last.complete_posts
        assert last.seen == {theirs.comment_id, others.comment_id}

    def test_a_report_needs_the_status_that_it_is_about(self, wire: Any, connection: Connection) -> None:
        """Nothing is sent without it."""
        wire.say(wire.publish(1), 10)
        assert connection.blocker is not None

        with pytest.raises(Unsupported, match="status"):
            connection.blocker.block("2477001", way="report", accept_one_way=True)

        assert wire.journal == []

    def test_a_mute_leaves_the_mentions_readable(self, wire: Any, connection: Connection) -> None:
        """Else the city would be blind for what it has to judge."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.blocker is not None

        connection.blocker.block("2477001", way="mute")

        assert ref.comment_id in ids_of(swept(connection))

    def test_everybody_who_is_kept_away_is_listed_once(self, wire: Any, connection: Connection) -> None:
        """Muted and blocked are two lists."""
        wire.say(wire.publish(1), 10)
        assert connection.blocker is not None
        for way in ("mute", "block"):
            connection.blocker.block("2477001", way=way)

        assert [author.author_id for author in connection.blocker.blocked()] == ["2477001"]


class TestHealth:
    """What `check` says to do."""

    def test_another_accounts_token_is_told(self, wire: Any, connection: Connection) -> None:
        """Its mentions are not the city's."""
        wire._me = lambda: wire.json({"id": "999", "acct": "else"})

        health = connection.connector.check()

        assert not health.ok
        assert "999" in health.problems[0]

    def test_a_filter_that_drops_mentions_is_told(self, wire: Any, connection: Connection) -> None:
        """What is dropped never existed for the city; private letters may be dropped."""
        wire.policy = {"for_new_accounts": "drop", "for_private_mentions": "drop"}

        (problem,) = connection.connector.check().problems

        assert "for_new_accounts" in problem
        assert "for_private" not in problem


def test_quiet_threads_are_not_asked_for_at_each_poll(wire: Any, connection: Connection, clock: Any) -> None:
    """Two calls: the newest own statuses and the newest mentions."""
    wire.say(wire.publish(1, at=NOW - timedelta(hours=5)), 10, at=NOW - timedelta(hours=4))
    cursor = swept(connection)[-1].cursor
    clock.forward(timedelta(minutes=1))
    wire.asked.clear()

    swept(connection, cursor)

    assert paths(wire) == ["/api/v1/accounts/14715/statuses", "/api/v1/notifications"]
