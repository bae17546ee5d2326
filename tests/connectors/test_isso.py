"""Isso: asked of a real server of the version that is installed, and of its wire."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import AuthFailed, CommentRef, Unsupported, Visibility
from tests.connectors.asking import comments_of, swept
from tests.connectors.conftest import StandingClock, connected, on_wire
from tests.connectors.wire import NOW

PASSWORD = "correct horse battery staple"
# With spaces in it, so as a named part: a bare token has none.
TOKEN = json.dumps({"password": PASSWORD})
CONFIGURATION = """
[general]
dbpath = {folder}/comments.db
host = https://blog.city.example/
max-age = 15m
[admin]
enabled = true
password = {password}
[moderation]
enabled = {moderation}
[server]
listen = http://127.0.0.1:{port}
[guard]
enabled = false
"""


@dataclass
class Server:
    """A running Isso, as its visitors use it."""

    url: str

    def say(self, text: str, uri: str = "/snow/", **more: Any) -> int:
        """A visitor comments; returns the number."""
        body = {"text": text, "title": "Snow & ice", "author": "Ann <Roe>", "email": "ann@x.example", **more}
        answer = httpx.post(f"{self.url}/new", params={"uri": uri}, json=body, trust_env=False)
        answer.raise_for_status()
        return int(answer.json()["id"])

    def published(self, uri: str = "/snow/") -> list[str]:
        """What everybody sees."""
        told = httpx.get(f"{self.url}/", params={"uri": uri, "plain": 1}, trust_env=False).json()
        return [row["text"] for row in told["replies"]]


@pytest.fixture(params=["off"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A real Isso on loopback with its own database; the parameter switches moderation."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = tmp_path / "isso.cfg"
    words = {"folder": tmp_path, "password": PASSWORD, "moderation": request.param, "port": port}
    file.write_text(CONFIGURATION.format(**words))
    command = [sys.executable, "-c", "import isso; isso.main()", "-c", str(file), "run"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TZ": "UTC"}
    ) as process:
        try:
            yield Server(_answering(f"http://127.0.0.1:{port}", process))
        finally:
            process.send_signal(signal.SIGKILL)


def _answering(url: str, process: subprocess.Popen[bytes]) -> str:
    for _ in range(100):
        assert process.poll() is None, "Isso did not start"
        try:
            httpx.get(f"{url}/info", trust_env=False).raise_for_status()
        except httpx.TransportError:
            threading.Event().wait(0.1)
        else:
            return url
    raise AssertionError("Isso does not answer")


@pytest.fixture
def blog(server: Server) -> Iterator[Connection]:
    """A connection to the real server."""
    made = connectors.connect("isso", page_id="cityblog", token=TOKEN, base_url=server.url)
    yield made
    made.close()


def ref(number: int) -> CommentRef:
    """A comment of the real server."""
    return CommentRef("isso", "cityblog", str(number))


class TestARealServer:
    """What the wire claims, seen."""

    def test_a_published_comment_is_read_with_words_account_and_time(self, server: Server, blog: Connection) -> None:
        """The words as typed, the name unescaped, the time exact."""
        number = server.say("plow *my* street & <b>now</b>\nplease")

        (comment,) = comments_of(swept(blog))

        assert comment.ref == ref(number)
        assert comment.text == "plow *my* street & <b>now</b>\nplease"
        assert comment.author.display_name == "Ann <Roe>"
        assert comment.author.author_id
        assert comment.visibility is Visibility.VISIBLE
        assert abs(datetime.now(UTC) - comment.posted_at) < timedelta(seconds=30)
        assert comment.permalink == f"https://blog.city.example/snow/#isso-{number}"

    def test_a_reply_names_its_parent_and_the_thread_its_title(self, server: Server, blog: Connection) -> None:
        """One comment and two replies on one page of the blog."""
        first = server.say("first words")
        replies = {server.say(f"reply {n}", parent=first) for n in range(2)}

        batches = swept(blog)

        parents = {int(each.ref.comment_id): each.parent_id for each in comments_of(batches)}
        assert parents == {first: None, **dict.fromkeys(replies, str(first))}
        (post,) = [post for batch in batches for post in batch.posts]
        assert (post.post_id, post.text, post.comment_count) == ("/snow/", "Snow & ice", 3)
        assert batches[-1].complete_posts == {"/snow/"}

    def test_more_comments_than_a_page_of_the_admin_shows_all_arrive(self, server: Server, blog: Connection) -> None:
        """A hundred and one on as many pages, with a reply to the oldest: the list sorts replies to the end."""
        numbers = [server.say(f"words {n}", uri=f"/{n}/") for n in range(101)]
        numbers.append(server.say("a late reply", uri="/0/", parent=numbers[0]))

        arrived = {int(each.ref.comment_id) for each in comments_of(swept(blog))}

        assert arrived == set(numbers)

    def test_a_quiet_server_is_asked_few_questions(self, server: Server, blog: Connection) -> None:
        """The second poll asks for what waits, what is new, the numbers, and the thread that was just lively."""
        server.say("words")
        cursor = swept(blog)[-1].cursor
        before = blog.calls.count().calls

        swept(blog, cursor)

        assert blog.calls.count().calls - before == 4

    @pytest.mark.parametrize("server", ["on"], indirect=True)
    def test_what_waits_is_read_before_anybody_else_sees_it(self, server: Server, blog: Connection) -> None:
        """The words are judged while they wait; whoever validates them does so in Isso."""
        number = server.say("vile & <i>worse</i>")
        (waiting,) = comments_of(swept(blog))

        alone = blog.connector.read(ref(number)).comment

        assert waiting.visibility is Visibility.HIDDEN_BY_PLATFORM_FILTER
        assert waiting.text == "vile & <i>worse</i>"
        assert waiting.author.unavailable_reason
        assert abs(datetime.now(UTC) - waiting.posted_at) < timedelta(minutes=2)
        assert alone == waiting
        assert server.published() == []

    @pytest.mark.parametrize("server", ["on"], indirect=True)
    def test_what_waits_can_be_deleted(self, server: Server, blog: Connection) -> None:
        """Two people decided so; nothing of it was ever seen."""
        number = server.say("vile")
        assert blog.remover

        receipt = blog.remover.remove(ref(number))

        assert receipt.visibility is Visibility.DELETED_BY_CITY
        assert comments_of(swept(blog)) == []

    def test_a_comment_is_deleted_once(self, server: Server, blog: Connection) -> None:
        """The real server's own key, found on its admin page; the second time there is nothing to do."""
        number, other = server.say("vile"), server.say("fine")
        assert blog.remover

        first, second = blog.remover.remove(ref(number)), blog.remover.remove(ref(number))

        assert (first.already_done, second.already_done) == (False, True)
        assert server.published() == ["fine"]
        assert blog.connector.read(ref(other)).comment is not None

    def test_a_deleted_comment_with_replies_leaves_an_empty_place(self, server: Server, blog: Connection) -> None:
        """Its words are wiped; the place is no comment any more."""
        number = server.say("vile")
        reply = server.say("a reply", parent=number)
        assert blog.remover

        blog.remover.remove(ref(number))

        assert blog.connector.read(ref(number)).comment is None
        last = swept(blog)[-1]
        assert last.seen == {str(reply)}
        assert "/snow/" in last.complete_posts

    def test_no_key_and_no_cookie_is_kept(self, server: Server, blog: Connection) -> None:
        """The admin page is full of keys that delete comments: none is in what the archive gets."""
        number = server.say("vile")
        kept: list[Any] = []
        made = connectors.connect("isso", page_id="cityblog", token=TOKEN, base_url=server.url, on_exchange=kept.append)
        swept(made)
        assert made.remover
        made.remover.remove(ref(number))
        made.close()

        shown = [each for each in kept if "/admin/" in each.url and b"delete_com" in each.body]
        assert shown
        assert all(each.masked for each in shown)
        assert any(each.url.rpartition("/")[2].strip("*") == "" for each in kept if "/delete/" in each.url)
        logins = [each for each in kept if each.url.endswith("/login/")]
        told = [value for each in logins for name, value in each.headers if name in ("set-cookie", "x-set-cookie")]
        assert len(told) == 2
        assert {value.strip("*") for value in told} == {""}

    def test_a_wrong_password_is_told(self, server: Server) -> None:
        """Isso answers with its form again, and status 200."""
        made = connectors.connect("isso", page_id="cityblog", token="wrong-password", base_url=server.url)

        with pytest.raises(AuthFailed):
            swept(made)
        health = made.connector.check()

        assert not health.ok
        assert "[admin]" in health.problems[0]
        made.close()

    def test_a_healthy_server_is_told_to_be_healthy(self, server: Server, blog: Connection) -> None:
        """Password, clock, zone and address of the site."""
        server.say("words")

        health = blog.connector.check()

        assert health.ok
        assert health.problems == ()
        assert health.page_name == "https://blog.city.example"

    def test_a_wrong_time_zone_is_noticed(self, server: Server) -> None:
        """What waits would be filed under wrong hours."""
        server.say("words")
        made = connectors.connect(
            "isso", page_id="cityblog", token=TOKEN, base_url=server.url, options={"timezone": "Asia/Tokyo"}
        )

        health = made.connector.check()

        assert not health.ok
        assert "-9" in health.problems[0]
        made.close()


@pytest.fixture
def platform() -> str:
    """The tests on the wire are about Isso."""
    return "isso"


class TestTheWire:
    """What a real server does rarely."""

    def test_a_session_that_ended_is_renewed(self, wire: Any, connection: Connection) -> None:
        """The cookie lives for a day, and ends when the server gets another key."""
        wire.say(wire.publish(1), 10)
        cursor = swept(connection)[-1].cursor
        wire.session = f"eyJsb2dnZWQiOnRydWV9.bTDfbA.{'B' * 27}"

        assert swept(connection, cursor)[-1].last
        assert wire.logins == 2

    def test_a_list_in_a_circle_is_a_gap_and_threads_are_read_all_the_same(
        self, wire: Any, connection: Connection
    ) -> None:
        """What could not be listed is told of; each thread comes whole."""
        post = wire.publish(1)
        refs = {wire.say(post, 10 + number).comment_id for number in range(5)}
        wire.same_mark = True

        batches = swept(connection)

        assert any("twice" in gap.reason for batch in batches for gap in batch.gaps)
        assert {comment.ref.comment_id for comment in comments_of(batches)} == refs
        assert not batches[-1].every_post

    def test_keys_of_comments_that_wait_are_masked_in_every_exchange(self, wire: Any, clock: StandingClock) -> None:
        """Whoever reads the archive must not be able to delete."""
        kept: list[Any] = []
        made = connected(wire, clock, on_exchange=kept.append)
        wire.say(wire.publish(1), 10, mode=2)
        swept(made)

        assert any(b"delete_com" in each.body for each in kept)
        assert not [each for each in kept if b"aSDfbA" in each.body]
        made.close()

    def test_words_that_look_like_a_key_are_not_used_as_one(self, wire: Any, connection: Connection) -> None:
        """A comment that quotes the admin page's script is text."""
        ref = wire.say(wire.publish(1), 10, "delete_com(10, '11x.aSDfbA.000000000000000000000000011', 'x')")
        other = wire.say("/1/", 11)
        assert connection.remover

        connection.remover.remove(ref)

        assert wire.journal == ["delete 10"]
        assert connection.connector.read(other).comment is not None

    def test_a_quiet_thread_rests(self, wire: Any, connection: Connection, clock: StandingClock) -> None:
        """Three questions, whatever the number of threads: what waits, what is new, and how many."""
        for number in range(1, 6):
            wire.say(wire.publish(number), number, at=NOW - timedelta(hours=5))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=1))
        before = len(wire.asked)

        swept(connection, cursor)

        assert [request.url.path for request in wire.asked[before:]] == ["/admin/", "/admin/", "/count"]

    def test_a_reply_to_an_old_comment_is_found_by_the_number(
        self, wire: Any, connection: Connection, clock: StandingClock
    ) -> None:
        """Replies stand at the end of Isso's list, far from its first page."""
        post = wire.publish(1)
        first = wire.say(post, 10, at=NOW - timedelta(days=20))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=1))
        reply = wire.say(post, 11, parent=first, at=clock.now)

        assert reply.comment_id in {each.ref.comment_id for each in comments_of(swept(connection, cursor))}

    def test_the_first_comment_that_is_validated_late_is_found(
        self, wire: Any, connection: Connection, clock: StandingClock
    ) -> None:
        """Its number is older than others that were seen; its thread is remembered from when it waited."""
        wire.say(wire.publish(1), 10, mode=2)
        wire.say(wire.publish(2), 11)
        cursor = swept(connection)[-1].cursor
        wire.set_hidden(CommentRef("isso", "cityblog", "10"), False)
        clock.forward(timedelta(minutes=1))

        found = {each.ref.comment_id: each.visibility for each in comments_of(swept(connection, cursor))}

        assert found["10"] is Visibility.VISIBLE

    def test_a_waiting_comment_is_no_missing_one(self, wire: Any, connection: Connection, clock: StandingClock) -> None:
        """It is in another list than its thread; both count."""
        post = wire.publish(1)
        shown, waits = wire.say(post, 10), wire.say(post, 11, mode=2)

        last = swept(connection)[-1]

        assert post in last.complete_posts
        assert last.seen == {shown.comment_id, waits.comment_id}

    def test_a_row_in_another_shape_is_a_gap(self, wire: Any, connection: Connection) -> None:
        """A later Isso may change its page: that is told, not passed over."""
        wire.say(wire.publish(1), 10, mode=2)
        honest = wire._row
        wire._row = lambda row: honest(row).replace("<time>", "<span>").replace("</time>", "</span>")

        batches = swept(connection)

        assert [gap.reason for batch in batches for gap in batch.gaps if "admin page" in gap.reason]
        assert batches[-1].complete_posts == frozenset()

    def test_a_reading_of_a_wiped_comment_finds_none(self, wire: Any, connection: Connection) -> None:
        """The place is left for the replies' sake."""
        ref = wire.say(wire.publish(1), 10)
        wire.say("/1/", 11, parent=ref)
        wire.rows[10].update(mode=4, text="")

        assert connection.connector.read(ref).comment is None


def test_a_time_zone_that_is_none_is_refused_at_once(clock: StandingClock) -> None:
    """A sentence that names the option."""
    with on_wire("isso", clock) as wire, pytest.raises(ValueError, match="timezone"):
        connected(wire, clock, options={"timezone": "Nowhere/City"})


def test_hiding_is_refused_by_having_no_hider(wire: Any, connection: Connection) -> None:
    """Isso's only act wipes the words, so nothing automatic is given to anybody."""
    assert connection.hider is None
    assert connection.remover is not None
    with pytest.raises(Unsupported, match="vaporise"):
        connection.remover.remove(CommentRef("isso", "cityblog", "10"), "vaporise")
