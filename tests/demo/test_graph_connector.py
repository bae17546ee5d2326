"""The Facebook connector on the made-up town's Graph server, over real sockets: the second wire that it is tried on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

import connectors
from bot.demo import faults
from bot.demo.script import Account
from bot.demo.town import Town
from connectors.connection import Connection
from connectors.contract import CommentRef, Kind, Unsupported

BOB = Account("bob", "Bob Day", id="2477002")


class Watch:
    """A clock that goes with the real one, ahead by what it is told."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def watch() -> Watch:
    """The clock of ``page``."""
    return Watch()


@pytest.fixture
def page(town: Town, watch: Watch) -> Iterator[Connection]:
    """The city's connection to the page of the town."""
    made = connectors.connect(
        "facebook", page_id=town.page_id, token=town.page_token, base_url=town.graph_url, clock=watch
    )
    yield made
    made.close()


def test_a_whole_sweep_leaves_no_gap(town: Town, page: Connection) -> None:
    """Posts with their count, a visitor's post as post and as words, replies, and the page's own description."""
    top = town.say("Crews are out.", by=None)
    reply = town.say("plow my street!!", by=BOB, reply_to=top)
    post = town.wall.posts()[0].id
    visitors = town.wall.publish("you are all thieves", by=BOB).id

    batches = list(page.connector.poll(None))

    posts = {each.post_id: each for batch in batches for each in batch.posts}
    assert {comment.ref.comment_id for batch in batches for comment in batch.comments} == {top, reply, visitors}
    assert [gap for batch in batches for gap in batch.gaps] == []
    assert (posts[post].comment_count, posts[visitors].kind, posts[town.page_id].kind) == (2, Kind.VISITOR, Kind.PAGE)
    assert batches[-1].complete_posts >= {post, visitors}


def test_changed_older_posts_are_read_in_one_batch_though_it_runs_out_of_time(
    town: Town, page: Connection, watch: Watch
) -> None:
    """The server leaves one of them without an answer at first: it is asked for again."""
    long_ago = datetime.now(UTC) - timedelta(days=30)
    old = [town.wall.publish(f"Old {n}", at=long_ago + timedelta(minutes=n)).id for n in range(30)]
    cursor = list(page.connector.poll(None))[-1].cursor
    watch.ahead = timedelta(minutes=11)
    said = {town.wall.comment(post, "late", by=BOB).id for post in old[:3]}
    town.graph.faults.next(faults.reset(), path=f"^/{old[1]}/comments")
    before = page.calls.count().calls

    batches = list(page.connector.poll(cursor))

    assert {comment.ref.comment_id for batch in batches for comment in batch.comments} == said
    assert page.calls.count().calls - before == 5, "posts, older posts, two batches, visitors' posts"


def test_an_account_is_banned_and_let_back(town: Town, page: Connection) -> None:
    """The page's own list bears it out, each time."""
    town.say("hello", by=BOB)
    assert page.blocker
    assert BOB.id

    banned, again = page.blocker.block(BOB.id), page.blocker.block(BOB.id)
    listed = [author.display_name for author in page.blocker.blocked()]
    back = page.blocker.unblock(BOB.id)

    assert (banned.kept_away, banned.already_done, again.already_done) == (True, False, True)
    assert listed == ["Bob Day"]
    assert (back.kept_away, town.wall.blocked) == (False, {})


def test_the_check_finds_nothing_to_say(town: Town, page: Connection) -> None:
    """The token's facts come in a batch, so that the token stands in no address."""
    town.say("hello", by=BOB)

    health = page.connector.check()

    assert (health.ok, health.problems) == (True, ())
    assert "pages_manage_engagement" in health.scopes


def test_a_visitors_post_is_left_to_people(town: Town, page: Connection) -> None:
    """Nothing is written."""
    visitors = town.wall.publish("you are all thieves", by=BOB).id
    assert page.hider

    with pytest.raises(Unsupported):
        page.hider.hide(CommentRef("facebook", town.page_id, visitors))

    assert town.graph.journal == ()
