"""What is special to Bluesky: sessions, the record that hides, deep threads, dates that authors write themselves."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from atproto import models

from connectors import contract
from connectors.connection import Connection
from connectors.contract import CommentRef, Unavailable, Unsupported, Visibility
from tests.connectors.asking import comments_of, connect_again, ids_of, listed_alone, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import AN_HOUR_AGO, NOW
from tests.connectors.wires.bluesky import DID, GATE, did_of, stamp


@pytest.fixture
def platform() -> str:
    """Bluesky alone."""
    return "bluesky"


class TestSessions:
    """Counted by Bluesky, so kept."""

    def test_one_session_serves_all_calls(self, wire: Any, connection: Connection) -> None:
        """The app password is sent once."""
        wire.say(wire.publish(1), 10)
        swept(connection)
        swept(connection)
        connection.connector.check()

        assert paths(wire).count("com.atproto.server.createSession") == 1

    def test_a_stored_session_is_used_again(self, wire: Any, clock: Any) -> None:
        """What was handed over to be stored opens the next start without the password."""
        stored: list[str] = []
        wire.publish(1)
        first = connected(wire, clock, on_renewed=stored.append)
        swept(first)
        first.close()
        wire.asked.clear()

        made = connect_again(wire, stored[-1])

        assert len(swept(made)) == 1
        assert "com.atproto.server.createSession" not in paths(wire)
        assert set(json.loads(stored[-1])) == {"app_password", "access_jwt", "refresh_jwt"}
        made.close()

    def test_an_access_token_that_ran_out_is_renewed_by_the_refresh_token(self, wire: Any, clock: Any) -> None:
        """Not by the password, of which there are few a day; and nothing that is kept shows either."""
        stored: list[str] = []
        made = connected(wire, clock, on_renewed=stored.append)
        ref = wire.say(wire.publish(1), 10)
        swept(made)
        expired = {"error": "ExpiredToken", "message": "Token has expired"}
        wire.fail(lambda: httpx.Response(400, json=expired), at="getPosts")

        reading = made.connector.read(ref)

        assert reading.comment is not None
        assert paths(wire).count("com.atproto.server.refreshSession") == 1
        assert paths(wire).count("com.atproto.server.createSession") == 1
        assert len(stored) == 2
        assert "eyJ" not in repr(reading.exchanges)
        made.close()

    def test_a_refresh_token_that_is_dead_falls_back_to_the_password(self, wire: Any, connection: Connection) -> None:
        """After months without us."""
        ref = wire.say(wire.publish(1), 10)
        swept(connection)
        wire.sessions = 2

        assert connection.connector.read(ref).comment is not None

        assert paths(wire).count("com.atproto.server.createSession") == 2

    def test_the_session_of_another_account_is_refused(self, wire: Any, connection: Connection) -> None:
        """It would read and hide for somebody else."""
        pair = {"accessJwt": "eyJh.b.c", "refreshJwt": "eyJr.b.c", "did": did_of("1"), "handle": "x.example"}
        wire.fail(lambda: httpx.Response(200, json=pair), at="createSession")

        with pytest.raises(contract.AuthFailed, match="another account"):
            swept(connection)


class TestTheGate:
    """One record for a thread, in the city's own account."""

    def test_who_may_reply_is_kept(self, wire: Any, connection: Connection) -> None:
        """A hide changes one list of the record and nothing else."""
        post = wire.publish(1)
        refs = [wire.say(post, 10), wire.say(post, 11)]
        rule = {"$type": f"{GATE}#mentionRule"}
        kept = {"$type": GATE, "post": post, "createdAt": stamp(NOW), "allow": [rule], "unknown": {"of": "tomorrow"}}
        wire.records = {GATE: {post.rpartition("/")[2]: kept}}
        assert connection.hider is not None

        for ref in refs:
            connection.hider.hide(ref)

        (record,) = wire.records[GATE].values()
        assert record == {**kept, "hiddenReplies": [ref.comment_id for ref in refs]}

    def test_what_is_written_is_right_by_the_lexicon(self, wire: Any, connection: Connection) -> None:
        """The models of the network's own schema take it."""
        post = wire.publish(1)
        ref = wire.say(post, 10)
        assert connection.hider is not None
        connection.hider.hide(ref)

        (record,) = wire.records[GATE].values()
        strict = {"strict_string_format": True}
        read = models.AppBskyFeedThreadgate.Record.model_validate(record, context=strict)

        assert (read.post, read.hidden_replies) == (post, [ref.comment_id])
        assert read.allow is None

    def test_a_change_at_the_same_moment_is_read_again_and_kept(self, wire: Any, connection: Connection) -> None:
        """Somebody hides another reply by hand between our reading and our writing."""
        post = wire.publish(1)
        ours, theirs = wire.say(post, 10), wire.say(post, 11)
        assert connection.hider is not None

        def meanwhile() -> None:
            wire.before_write = None
            wire.set_hidden(theirs, True)

        wire.before_write = meanwhile
        receipt = connection.hider.hide(ours)

        assert receipt.visibility is Visibility.HIDDEN_BY_CITY
        assert wire.is_hidden(ours)
        assert wire.is_hidden(theirs)
        assert len(wire.writes()) == 2

    def test_a_change_again_and_again_is_left_for_later(self, wire: Any, connection: Connection) -> None:
        """Two tries, then the error says that it is tried again."""
        post = wire.publish(1)
        ref, other = wire.say(post, 10), wire.say(post, 11)
        flags = iter((True, False, True, False))
        wire.before_write = lambda: wire.set_hidden(other, next(flags))
        assert connection.hider is not None

        with pytest.raises(Unavailable, match="same moment"):
            connection.hider.hide(ref)

        assert not wire.is_hidden(ref)
        assert len(wire.writes()) == 2

    def test_the_three_hundred_and_first_is_refused(self, wire: Any, connection: Connection) -> None:
        """Nothing is written; the sentence says what else can be done."""
        post = wire.publish(1)
        ref = wire.say(post, 10)
        full = [f"at://{did_of('9')}/app.bsky.feed.post/{number}" for number in range(300)]
        gate = {"$type": GATE, "post": post, "createdAt": stamp(NOW), "hiddenReplies": full}
        wire.records = {GATE: {post.rpartition("/")[2]: gate}}
        assert connection.hider is not None

        with pytest.raises(Unsupported, match="300"):
            connection.hider.hide(ref)

        assert wire.writes() == []

    def test_in_threads_of_others_nothing_is_hidden(self, wire: Any, connection: Connection) -> None:
        """A mention is read, with the post it stands in; hiding it is a matter for people."""
        ref = wire.mention(10, "look at @city.example")
        assert connection.hider is not None

        batches = swept(connection)
        with pytest.raises(Unsupported, match="reported"):
            connection.hider.hide(ref)

        assert ids_of(batches) == {ref.comment_id}
        assert [(post.post_id, post.by_page) for batch in batches for post in batch.posts] == [(ref.comment_id, False)]
        assert wire.writes() == []


class TestThreads:
    """To the leaves, and with as few calls as it takes."""

    def test_a_thread_deeper_than_ten_levels_is_read_to_its_end(self, wire: Any, connection: Connection) -> None:
        """Bluesky gives ten at once, whatever is asked for."""
        post = wire.publish(1)
        refs: list[CommentRef] = []
        for number in range(24):
            refs.append(wire.say(post, 10 + number, parent=refs[-1] if refs else None))
            wire.unnotified.add(refs[-1].comment_id)

        last = swept(connection)[-1]

        assert {ref.comment_id for ref in refs} == last.seen
        assert last.complete_posts == {post}
        assert last.posts[0].comment_count == 24
        assert paths(wire).count("app.bsky.feed.getPostThread") == 3

    def test_a_quiet_thread_costs_no_call(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Until a notification or its count tells of something."""
        post = wire.publish(1, at=NOW - timedelta(days=5))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=5))
        cursor = swept(connection, cursor)[-1].cursor
        quiet = paths(wire).count("app.bsky.feed.getPostThread")
        ref = wire.say(post, 10, at=NOW + timedelta(minutes=4))

        assert ids_of(swept(connection, cursor)) == {ref.comment_id}
        assert (quiet, paths(wire).count("app.bsky.feed.getPostThread")) == (1, 2)

    def test_a_reply_below_a_post_that_is_not_watched_any_more_is_found(
        self, wire: Any, connection: Connection
    ) -> None:
        """By its notification, and with the post it answers."""
        post = wire.publish(1, at=NOW - timedelta(days=400))
        ref = wire.say(post, 10)
        wire.set_hidden(ref, True)

        batches = swept(connection)

        (comment,) = comments_of(batches)
        assert (comment.ref, comment.visibility) == (ref, Visibility.HIDDEN_BY_CITY)
        assert [each.post_id for batch in batches for each in batch.posts] == [post]

    def test_a_reply_that_a_block_keeps_from_us_is_not_missing(self, wire: Any, connection: Connection) -> None:
        """It is there; alone it can't be read, and that is not the same as gone."""
        post = wire.publish(1)
        ref = wire.say(post, 10)
        wire.severed.add(ref.comment_id)

        last = swept(connection)[-1]

        assert last.seen == {ref.comment_id}
        with pytest.raises(Unsupported, match="blocks"):
            connection.connector.read(ref)

    def test_fewer_replies_than_bluesky_counts_claim_nothing(self, wire: Any, connection: Connection) -> None:
        """Deactivated accounts, or a list cut short: what is not seen is not called missing."""
        post = wire.publish(1)
        ref = wire.say(post, 10)
        wire.children[post].append("at://somebody/else")
        wire.posts["at://somebody/else"] = {**wire.posts[ref.comment_id], "uri": "at://somebody/else"}
        real = wire.serve

        def cut(request: httpx.Request) -> httpx.Response:
            answer: httpx.Response = real(request)
            if "getPostThread" not in request.url.path:
                return answer
            body = answer.json()
            body["thread"]["replies"] = body["thread"]["replies"][:1]
            return httpx.Response(200, json=body)

        wire.serve = cut

        assert swept(connection)[-1].complete_posts == frozenset()


class TestDates:
    """Authors write them; Bluesky's own time is beside it."""

    @pytest.mark.parametrize("written", [NOW - timedelta(days=4000), NOW + timedelta(days=30)])
    def test_a_reply_dated_elsewhere_is_taken_at_bluesky_s_own_time(
        self, wire: Any, connection: Connection, written: Any
    ) -> None:
        """Nobody slips under the look-back by writing an old date."""
        ref = wire.say(wire.publish(1), 10)
        wire.posts[ref.comment_id]["createdAt"] = stamp(written)

        comment = listed_alone(connection)

        assert comment.posted_at == AN_HOUR_AGO + timedelta(seconds=1)

    def test_a_reply_older_than_the_first_look_back_is_seen_and_not_brought(
        self, wire: Any, connection: Connection
    ) -> None:
        """A first visit doesn't open cases over last year's words."""
        post = wire.publish(1, at=NOW - timedelta(days=60))
        old, new = wire.say(post, 10, at=NOW - timedelta(days=59)), wire.say(post, 11)

        batches = swept(connection)

        assert ids_of(batches) == {new.comment_id}
        assert batches[-1].seen == {old.comment_id, new.comment_id}


class TestShapes:
    """Media, labels, names."""

    def test_media_cards_and_quotes_are_attachments(self, wire: Any, connection: Connection) -> None:
        """Web addresses only; a quoted post by its own address."""
        ref = wire.say(wire.publish(1), 10)
        images = [{"fullsize": "https://cdn.bsky.app/a.jpg", "thumb": "javascript:1", "alt": "a plow"}]
        quoted = {"record": {"uri": wire.publish(2), "$type": "app.bsky.embed.record#viewRecord"}}
        embed = {"$type": "app.bsky.embed.recordWithMedia#view", "record": quoted}
        wire.posts[ref.comment_id]["embed"] = {
            **embed,
            "media": {"$type": "app.bsky.embed.images#view", "images": images},
        }

        photo, quote = listed_alone(connection).attachments

        assert (photo.kind, photo.url, photo.title, photo.preview) == (
            "photo",
            "https://cdn.bsky.app/a.jpg",
            "a plow",
            None,
        )
        assert (quote.kind, (quote.url or "")[:33]) == ("link", "https://bsky.app/profile/did:plc:")

    def test_a_label_of_the_network_s_moderation_takes_a_reply_from_sight(
        self, wire: Any, connection: Connection
    ) -> None:
        """One that the author put on does not."""
        post = wire.publish(1)
        taken, own = wire.say(post, 10), wire.say(post, 11)
        wire.posts[taken.comment_id]["labels"] = [{"src": did_of("5"), "val": "!hide"}]
        wire.posts[own.comment_id]["labels"] = [{"src": wire.posts[own.comment_id]["did"], "val": "!hide"}]

        seen = {comment.ref: comment.visibility for comment in comments_of(swept(connection))}

        assert seen == {taken: Visibility.HIDDEN_BY_PLATFORM_FILTER, own: Visibility.VISIBLE}

    def test_a_view_under_another_s_name_is_known_by_its_address(self, wire: Any, connection: Connection) -> None:
        """The account in the address counts; names of another account are not shown beside it."""
        ref = wire.say(wire.publish(1), 10)
        post = wire.posts[ref.comment_id]
        post["did"] = did_of("666")

        author = listed_alone(connection).author

        assert author.author_id == did_of("2477001")
        assert (author.display_name, author.handle) == (None, None)

    def test_our_wire_speaks_as_the_lexicon_says(self, wire: Any, connection: Connection) -> None:
        """What these tests are answered is what the network's own schema allows."""
        ref = wire.say(wire.publish(1), 10)
        exchange = connection.connector.read(ref).exchanges[-1]
        swept(connection)

        answer = models.AppBskyFeedGetPosts.Response.model_validate(json.loads(exchange.body))

        assert [post.author.did for post in answer.posts] == [DID]


def paths(wire: Any) -> list[str]:
    """What was asked, by the names of the calls."""
    return [request.url.path.removeprefix("/xrpc/") for request in wire.asked]
