"""The questions that every platform's connector is asked."""

from __future__ import annotations

import json
import logging
import pickle
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors import contract
from connectors.connection import Connection
from connectors.contract import (
    Action,
    CommentRef,
    ConnectorError,
    Gone,
    Malformed,
    PermissionLost,
    Unavailable,
    Unsupported,
    Visibility,
)

TOKEN = "EAAK/secret+PageToken=0123"
LETTERS_OF_THE_TOKEN = ("secret+PageToken", "secret%2BPageToken", "secret%2bPageToken")

HOSTILE = {
    "html": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "mrkdwn": "<!channel> <https://evil.example|city hall> *bold* `code`",
    "formula": '=HYPERLINK("https://evil.example","refund")',
    "path": "../../etc/passwd\\..\\..",
    "escapes": "\x1b[2J\x1b]0;owned\x07",
    "bidi": "\u202egnihtyna\u2066\u2069\u200b",
    "long": "w" * 60_000,
    "format": "%s %d {0} {token}",
}


def swept(connection: Connection, cursor: str | None = None) -> list[contract.Batch]:
    """All batches of a poll."""
    return list(connection.connector.poll(cursor))


def comments_of(batches: list[contract.Batch]) -> list[contract.Comment]:
    """All comments of all batches."""
    return [comment for batch in batches for comment in batch.comments]


class TestPolling:
    """Everything, once, to the end."""

    def test_every_comment_of_every_post_arrives_once(self, wire: Any, connection: Connection) -> None:
        """Short pages of posts and of comments are followed to the end; replies and late pages are not lost."""
        refs = [wire.say(wire.publish(post), post * 10 + n) for post in range(5) for n in range(1)]
        crowded = wire.publish(77)
        refs += [wire.say(crowded, 7000 + n) for n in range(7)]

        arrived = [comment.ref for comment in comments_of(swept(connection))]

        assert sorted(map(str, arrived)) == sorted(map(str, refs))

    def test_times_are_aware_and_in_utc(self, wire: Any, connection: Connection) -> None:
        """No naive time and no local time leaves a connector."""
        wire.say(wire.publish(1), 10)

        batches = swept(connection)

        times = [c.posted_at for c in comments_of(batches)] + [p.posted_at for b in batches for p in b.posts]
        assert len(times) == 2
        assert {time.tzinfo for time in times} == {UTC}

    def test_an_empty_page_with_more_behind_it_is_followed(self, wire: Any, connection: Connection) -> None:
        """Platforms filter after paging: a page without rows is not the end."""
        ref = wire.say(wire.publish(1), 10)
        wire.empty_pages = 2

        batches = swept(connection)

        assert [comment.ref for comment in comments_of(batches)] == [ref]
        assert batches[-1].last

    def test_a_repeated_page_mark_ends_the_sweep_with_a_gap(self, wire: Any, connection: Connection) -> None:
        """A platform that turns in a circle is told of, not followed for ever."""
        wire.say(wire.publish(1), 10)
        wire.same_mark = True

        batches = swept(connection)

        assert batches[-1].last
        assert any("twice" in gap.reason for batch in batches for gap in batch.gaps)
        assert batches[-1].complete_posts == frozenset()

    def test_the_cursor_moves_only_with_the_last_batch(self, wire: Any, connection: Connection) -> None:
        """What is stored after a batch in the middle must not skip the rest after a crash."""
        for post in range(5):
            wire.say(wire.publish(post), post)

        *middle, last = swept(connection, "")

        assert middle
        assert {batch.cursor for batch in middle} == {""}
        assert [batch.last for batch in (*middle, last)] == [False] * len(middle) + [True]
        assert last.cursor

    def test_a_sweep_that_breaks_leaves_the_cursor_alone(self, wire: Any, connection: Connection) -> None:
        """An outage in the middle raises; the next poll with the old cursor brings everything."""
        for post in range(5):
            wire.say(wire.publish(post), post)
        first = swept(connection)[-1].cursor
        batches = connection.connector.poll(first)
        next(batches)
        wire.fail(lambda: httpx.Response(503, text="<html>no</html>"), times=3)

        with pytest.raises(Unavailable):
            list(batches)

        assert len(comments_of(swept(connection, first))) == 5

    def test_an_edit_is_a_new_revision_of_the_same_comment(self, wire: Any, connection: Connection) -> None:
        """The reference stays, the digest of what a reader saw changes."""
        ref = wire.say(wire.publish(1), 10, "before")
        (before,) = comments_of(swept(connection))
        wire.edit(ref, "after")

        (after,) = comments_of(swept(connection, swept(connection)[-1].cursor))

        assert before.ref == after.ref == ref
        assert before.revision != after.revision

    def test_the_same_words_are_the_same_revision(self, wire: Any, connection: Connection) -> None:
        """Reading twice does not make two revisions, nor does reading alone instead of in a list."""
        ref = wire.say(wire.publish(1), 10)
        (listed,) = comments_of(swept(connection))

        alone = connection.connector.read(ref).comment

        assert alone is not None
        assert (alone.revision, alone.post_id) == (listed.revision, listed.post_id)

    def test_a_missing_author_is_tolerated_and_explained(self, wire: Any, connection: Connection) -> None:
        """The comment arrives; the author says why there is no id."""
        wire.say(wire.publish(1), 10, **{"from": None})

        (comment,) = comments_of(swept(connection))

        assert comment.author.author_id is None
        assert comment.author.unavailable_reason

    def test_the_citys_own_comment_is_marked(self, wire: Any, connection: Connection) -> None:
        """``by_page`` keeps the city's own words out of moderation."""
        post = wire.publish(1)
        wire.say(post, 10, **{"from": {"id": "1012", "name": "City of X"}})
        wire.say(post, 11)

        by_page = {comment.ref.comment_id: comment.by_page for comment in comments_of(swept(connection))}

        assert by_page == {"1_10": True, "1_11": False}

    def test_a_vanished_comment_shows_by_its_absence(self, wire: Any, connection: Connection) -> None:
        """Its post is complete, its time is covered, and it is not among the seen."""
        post = wire.publish(1)
        stays, goes = wire.say(post, 10), wire.say(post, 11)
        (first,) = (batch for batch in swept(connection) if batch.last)
        gone_at = {c.ref: c.posted_at for c in comments_of(swept(connection))}[goes]
        wire.vanish(goes)

        last = swept(connection, first.cursor)[-1]

        assert post in last.complete_posts
        assert last.complete_since is not None
        assert gone_at >= last.complete_since
        assert last.seen == {stays.comment_id}

    @pytest.mark.parametrize(
        "damage", [{"created_time": "yesterday"}, {"created_time": None}, {"id": "../me"}, {"id": None}]
    )
    def test_one_unreadable_comment_costs_one_gap(
        self, wire: Any, connection: Connection, damage: dict[str, Any]
    ) -> None:
        """The rest of the page is read; the gap names the post."""
        post = wire.publish(1)
        good = wire.say(post, 10)
        wire.say(post, 11, **damage)

        batches = swept(connection)

        assert [comment.ref for comment in comments_of(batches)] == [good]
        assert [gap.post_id for batch in batches for gap in batch.gaps] == [post]

    def test_a_comment_without_id_makes_its_post_incomplete(self, wire: Any, connection: Connection) -> None:
        """What can't be named can't be counted as seen: nothing of that post may be taken for missing."""
        post = wire.publish(1)
        wire.say(post, 11, id=None)

        assert swept(connection)[-1].complete_posts == frozenset()

    @pytest.mark.parametrize("cursor", ["", "{", "null", "[]", '{"watermark": "x"}', '{"watermark": 1e999}', "\x00"])
    def test_a_damaged_cursor_is_read_as_a_first_visit(self, wire: Any, connection: Connection, cursor: str) -> None:
        """Better too much than nothing."""
        ref = wire.say(wire.publish(1), 10)

        assert [comment.ref for comment in comments_of(swept(connection, cursor))] == [ref]

    @pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE.keys())
    def test_hostile_words_arrive_as_they_were_written(self, wire: Any, connection: Connection, words: str) -> None:
        """A connector neither trusts nor launders: text, name and link come through unchanged."""
        wire.say(wire.publish(1), 10, words, **{"from": {"id": "1", "name": words}})

        (comment,) = comments_of(swept(connection))

        assert comment.text == words
        assert comment.author.display_name == words

    def test_characters_that_no_database_stores_are_replaced(self, wire: Any, connection: Connection) -> None:
        """NUL and lone surrogates would stop the page's whole transaction."""
        wire.say(wire.publish(1), 10, "a\x00b\ud83dc")

        (comment,) = comments_of(swept(connection))

        assert comment.text == "a\ufffdb\ufffdc"
        assert json.dumps(comment.raw, ensure_ascii=False).encode()

    def test_a_link_that_is_no_web_address_is_not_passed_on(self, wire: Any, connection: Connection) -> None:
        """The browser that takes pictures is never handed a script or a file."""
        wire.say(wire.publish(1), 10, permalink_url="javascript:alert(1)", attachment={"url": "file:///etc/passwd"})

        (comment,) = comments_of(swept(connection))

        assert comment.permalink is None
        assert comment.attachments[0].url is None


class TestReading:
    """One comment, now."""

    def test_a_reading_has_the_comment_its_post_and_the_answers(self, wire: Any, connection: Connection) -> None:
        """Evidence needs all three."""
        ref = wire.say(wire.publish(1), 10)

        reading = connection.connector.read(ref)

        assert reading.comment is not None
        assert reading.post is not None
        assert reading.post.post_id == reading.comment.post_id
        assert {exchange.status for exchange in reading.exchanges} == {200}

    def test_a_comment_that_is_gone_is_a_reading_without_comment(self, wire: Any, connection: Connection) -> None:
        """The answer that says so is kept."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)

        reading = connection.connector.read(ref)

        assert reading.comment is None
        assert reading.exchanges

    @pytest.mark.parametrize("ref", [CommentRef("elsewhere", "1012", "1_1"), CommentRef("facebook", "2", "1_1")])
    def test_a_comment_of_another_page_is_refused(self, wire: Any, connection: Connection, ref: CommentRef) -> None:
        """A connection speaks for one page; nothing is sent."""
        with pytest.raises(Unsupported):
            connection.connector.read(ref)

        assert wire.asked == []

    @pytest.mark.parametrize("comment_id", ["../me/feed", "1?fields=x", "", "..", "1/likes", "1\n2", "\u0661"])
    def test_an_id_that_could_steer_the_address_is_refused(
        self, wire: Any, connection: Connection, comment_id: str
    ) -> None:
        """Ids come from outside and stand in paths."""
        with pytest.raises(Malformed):
            connection.connector.read(CommentRef(wire.platform, "1012", comment_id))

        assert wire.asked == []


class TestHiding:
    """Safe to repeat, and true only when read back."""

    def test_hiding_twice_hides_once(self, wire: Any, connection: Connection) -> None:
        """The second receipt says that it stood so before."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        first, second = connection.hider.hide(ref), connection.hider.hide(ref)

        assert wire.journal == ["POST 1_10 true"]
        assert (first.already_done, second.already_done) == (False, True)
        assert first.visibility is second.visibility is Visibility.HIDDEN_BY_CITY
        assert first.action is Action.HIDE

    def test_a_hidden_comment_can_be_shown_again(self, wire: Any, connection: Connection) -> None:
        """Every act has its reverse, and the poll sees both states."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        connection.hider.hide(ref)
        (hidden,) = comments_of(swept(connection))
        shown = connection.hider.unhide(ref)

        assert hidden.visibility is Visibility.HIDDEN_BY_CITY
        assert (shown.visibility, shown.already_done) == (Visibility.VISIBLE, False)
        assert connection.hider.unhide(ref).already_done

    def test_a_lost_answer_is_resolved_by_reading(self, wire: Any, connection: Connection) -> None:
        """The hide was carried out, the connection broke: one write, and a receipt that says so."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        def lose() -> None:
            raise httpx.ReadError("connection reset by peer")

        wire.after_write = lose

        receipt = connection.hider.hide(ref)

        assert wire.journal == ["POST 1_10 true"]
        assert (receipt.already_done, receipt.visibility) == (False, Visibility.HIDDEN_BY_CITY)

    def test_a_write_that_had_no_effect_is_not_repeated_blindly(self, wire: Any, connection: Connection) -> None:
        """One attempt, then reading, then an error that the caller may act on."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider
        wire.fail(lambda: httpx.Response(500, json={"error": {"code": 2}}), at="POST", times=9)

        with pytest.raises(Unavailable):
            connection.hider.hide(ref)

        assert [request.method for request in wire.asked].count("POST") == 1

    def test_a_success_that_is_not_true_gives_no_receipt(self, wire: Any, connection: Connection) -> None:
        """The platform said yes, the comment still shows: the answer is not believed."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider
        wire.fail(lambda: httpx.Response(200, json={"success": True}), at="POST")

        with pytest.raises(PermissionLost):
            connection.hider.hide(ref)

    def test_the_citys_own_comment_is_not_hidden(self, wire: Any, connection: Connection) -> None:
        """A person is told how; nothing is sent."""
        ref = wire.say(wire.publish(1), 10, can_hide=False, **{"from": {"id": "1012", "name": "City of X"}})
        assert connection.hider

        with pytest.raises(Unsupported):
            connection.hider.hide(ref)

        assert wire.journal == []

    def test_a_comment_that_is_gone_can_not_be_hidden(self, wire: Any, connection: Connection) -> None:
        """``Gone`` is an outcome of its own: the caller records it."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)
        assert connection.hider

        with pytest.raises(Gone):
            connection.hider.hide(ref)

    def test_a_receipt_carries_the_act_and_the_read_back(self, wire: Any, connection: Connection) -> None:
        """The archive shows what was asked and what stood afterwards."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        methods = [exchange.method for exchange in connection.hider.hide(ref).exchanges]

        assert methods == ["GET", "POST", "GET"]


class TestRemoving:
    """For good, so with more care."""

    def test_removing_twice_removes_once(self, wire: Any, connection: Connection) -> None:
        """The first receipt is our act; the second only says that nothing is there."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.remover

        first, second = connection.remover.remove(ref), connection.remover.remove(ref)

        assert wire.journal == ["DELETE 1_10"]
        assert (first.already_done, first.visibility) == (False, Visibility.DELETED_BY_CITY)
        assert (second.already_done, second.visibility) == (True, Visibility.MISSING_UNKNOWN)

    def test_a_lost_answer_to_a_removal_is_resolved_by_reading(self, wire: Any, connection: Connection) -> None:
        """One delete, and a receipt."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.remover

        def lose() -> None:
            raise httpx.RemoteProtocolError("server disconnected")

        wire.after_write = lose

        assert connection.remover.remove(ref).visibility is Visibility.DELETED_BY_CITY
        assert wire.journal == ["DELETE 1_10"]


def errors_of_all_platforms() -> list[Any]:
    """Every recorded error of every platform."""
    from pathlib import Path

    folder = Path(__file__).parent / "fixtures"
    return [
        pytest.param(platform, case, id=f"{platform}: {case['name']}")
        for platform in connectors.platforms()
        for case in json.loads((folder / platform / "errors.json").read_text())
    ]


class TestErrors:
    """Named for what happens next."""

    @pytest.mark.parametrize(("platform", "case"), errors_of_all_platforms())
    def test_each_error_is_named_for_what_happens_next(
        self, wire: Any, connection: Connection, platform: str, case: dict[str, Any]
    ) -> None:
        """The recorded answer becomes the class of the contract, with the answer kept and a sentence for people."""
        wire.say(wire.publish(1), 10)
        wire.fail(lambda: httpx.Response(case["status"], json=case["body"]), times=9)

        with pytest.raises(ConnectorError) as caught:
            swept(connection)

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
        wire.fail(answer, times=9)

        with pytest.raises(Unavailable):
            swept(connection)

    @pytest.mark.parametrize("body", [b"[]", b"true", b'"x"', b"null", b"[" * 100_000])
    def test_an_answer_of_another_shape_is_kept_for_the_maintainers(
        self, wire: Any, connection: Connection, body: bytes
    ) -> None:
        """It is JSON, but nothing that the platform documents."""
        wire.fail(lambda: httpx.Response(200, content=body, headers={"content-type": "application/json"}), times=9)

        with pytest.raises(Malformed) as caught:
            swept(connection)

        assert caught.value.exchange is not None
        assert caught.value.exchange.body == body

    def test_a_passing_trouble_is_passed_over(self, wire: Any, connection: Connection) -> None:
        """Two failures and an answer are an answer."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(lambda: httpx.Response(502, html="<html></html>"), times=2)

        assert [comment.ref for comment in comments_of(swept(connection))] == [ref]

    def test_an_answer_without_content_type_is_read(self, wire: Any, connection: Connection) -> None:
        """What counts is the body."""
        body = json.dumps({"data": []}).encode()
        wire.fail(lambda: httpx.Response(200, content=body))

        assert swept(connection)[-1].last

    def test_an_error_survives_a_durable_engine_without_the_answer(self, wire: Any, connection: Connection) -> None:
        """Pickled and back: class, sentence and facts stay, the platform's words do not."""
        wire.fail(lambda: httpx.Response(400, json={"error": {"code": 80001}}))
        with pytest.raises(contract.RateLimited) as caught:
            swept(connection)

        revived = pickle.loads(pickle.dumps(caught.value))

        assert (type(revived), str(revived)) == (contract.RateLimited, str(caught.value))
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
        refs = [wire.say(post, n, f"you use {TOKEN}, don't you?") for n in range(5)]
        wire.fail(lambda: httpx.Response(400, json={"error": {"code": 190, "message": f"Bad {TOKEN}"}}), at="/1_4")

        kept = [repr(swept(connection)), repr(connection), repr(connection.connector), repr(connection.hider)]
        kept += [repr(connection.connector.read(refs[0])), repr(connection.connector.check())]
        with pytest.raises(contract.AuthFailed) as caught:
            connection.connector.read(refs[4])
        kept += [repr(caught.value), repr(caught.value.facts), repr(caught.value.exchange), caplog.text]
        kept += [repr(cause) for cause in (caught.value.__cause__, caught.value.__context__)]

        assert not [text for text in kept for letters in LETTERS_OF_THE_TOKEN if letters in text]
        assert all(TOKEN in request.headers["authorization"] for request in wire.asked)

    def test_the_mask_keeps_the_length_and_says_how_often(self, wire: Any, connection: Connection) -> None:
        """Offsets in the archived answer stay true, and nobody takes asterisks for the platform's words."""
        ref = wire.say(wire.publish(1), 10, f"<{TOKEN}>")

        reading = connection.connector.read(ref)

        exchange = reading.exchanges[0]
        assert reading.comment is not None
        assert set(reading.comment.text) == {"<", "*", ">"}
        assert len(exchange.body) == int(exchange.header("content-length") or 0)
        assert exchange.masked == 1

    @pytest.mark.parametrize("token", ["EAAK\u00e9abcdefgh", "EAAKabc def", "", "EAAKabc\x00defgh"])
    def test_a_token_that_can_not_be_one_is_refused_without_quoting_it(self, wire: Any, token: str) -> None:
        """Further down, the HTTP library's error would print it."""
        with pytest.raises(contract.AuthFailed) as caught:
            connectors.connect(wire.platform, page_id="1012", token=token)

        assert token == "" or token not in repr(caught.value)

    def test_white_space_around_a_token_does_no_harm(self, wire: Any) -> None:
        """Files end with a newline."""
        made = connectors.connect(wire.platform, page_id="1012", token=f"  {TOKEN}\n")

        assert made.connector.check().ok
        assert {request.headers["authorization"] for request in wire.asked} == {f"Bearer {TOKEN}"}


class TestConnecting:
    """What a caller is handed is what it may do."""

    def test_nothing_is_sent_by_connecting(self, wire: Any, connection: Connection) -> None:
        """A connection is an intention."""
        assert wire.asked == []
        assert connection.calls.count().calls == 0

    def test_readers_can_not_write(self, connection: Connection) -> None:
        """Authority is a thing of its own: the connector has no act, the hider no removal."""
        acts = {"hide", "unhide", "remove", "block", "unblock"}

        assert acts.isdisjoint(dir(connection.connector))
        assert (acts - {"hide", "unhide"}).isdisjoint(dir(connection.hider))
        assert (acts - {"remove"}).isdisjoint(dir(connection.remover))

    def test_an_unknown_platform_is_refused_by_name(self) -> None:
        """The sentence lists what there is."""
        with pytest.raises(ValueError, match="facebook"):
            connectors.connect("friendster", page_id="1", token="EAAKabcdefgh")

    def test_calls_are_counted_by_status(self, wire: Any, connection: Connection) -> None:
        """Answers by HTTP status, failures by kind."""

        def broken() -> httpx.Response:
            raise httpx.ReadTimeout("slow")

        wire.fail(lambda: httpx.Response(502, text="no"))
        wire.fail(broken)
        swept(connection)

        assert dict(connection.calls.count().by_status) == {"502": 1, "ReadTimeout": 1, "200": 1}

    def test_a_poll_looks_back_over_the_last_cursor(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Edits and late arrivals of two days are read again."""
        wire.publish(1)
        cursor = swept(connection)[-1].cursor
        started = clock.now
        clock.forward(timedelta(hours=5))

        last = swept(connection, cursor)[-1]

        assert last.complete_since is not None
        assert abs(last.complete_since - (started - timedelta(hours=48))) <= timedelta(seconds=1)
