"""Where people comment on a Facebook page beside its newest posts, when each place is read, and what that costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import CommentRef, Exchange, Kind, Unavailable, Unsupported, Visibility
from tests.connectors.asking import comments_of, ids_of, swept
from tests.connectors.wire import NOW

NOT_ON_NEW_PAGES = {"error": {"code": 200, "error_subcode": 2069030, "message": "New Pages Experience"}}
TOO_MUCH = {"error": {"code": 1, "message": "Please reduce the amount of data you're asking for, then retry"}}
BOB = ("2477002", "Bob Day")


@pytest.fixture
def platform() -> str:
    """Only this one."""
    return "facebook"


def answer(body: Any, status: int = 200) -> Callable[[], httpx.Response]:
    """An answer to hand to ``wire.fail``."""
    return lambda: httpx.Response(status, json=body)


def batches_sent(wire: Any) -> list[list[str]]:
    """The addresses in each batch that was sent."""
    bodies = [dict(parse_qsl(each.content.decode())) for each in wire.asked if each.method == "POST"]
    return [[row["relative_url"] for row in json.loads(body["batch"])] for body in bodies if "batch" in body]


def posts_of(batches: list[Any]) -> dict[str, Any]:
    """All posts of all batches, by id."""
    return {post.post_id: post for batch in batches for post in batch.posts}


class TestQuietPage:
    """What a page costs on which nothing happens."""

    def test_a_poll_of_a_quiet_page_is_one_call(self, wire: Any, connection: Connection, clock: Any) -> None:
        """The newest posts with their comments, however many older ones there are; every ten minutes and every hour
        the rest."""
        for number, days in ((1, 60), (2, 30), (3, 1)):
            at = NOW - timedelta(days=days)
            wire.say(wire.publish(number, at=at), 10 + number, at=at + timedelta(hours=1))
        cursor = swept(connection)[-1].cursor
        calls = []
        for _ in range(61):
            clock.forward(timedelta(minutes=1))
            before = len(wire.asked)
            cursor = swept(connection, cursor)[-1].cursor
            calls.append(len(wire.asked) - before)

        assert [calls.count(1), calls.count(3), calls.count(6)] == [55, 5, 1]

    def test_older_posts_are_read_when_facebook_says_that_they_changed(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Within ten minutes, all changed ones in one call; the quiet ones cost none and are not called complete."""
        old = [wire.publish(n, at=NOW - timedelta(days=20 + n)) for n in range(9, 0, -1)]
        for number in range(100, 103):
            wire.publish(number)
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=11))
        refs = {wire.say(post, 500 + n, at=clock.now).comment_id for n, post in enumerate(old[:3])}

        batches = swept(connection, cursor)

        assert ids_of(batches) == refs
        (batch,) = batches_sent(wire)
        assert [address.partition("/")[0] for address in batch] == list(reversed(old[:3]))
        # The page on which the newer posts end is read whole.
        assert batches[-1].complete_posts == {*old[:3], "1012_1", "1012_100", "1012_101", "1012_102"}

    def test_every_hour_all_posts_are_read_whatever_facebook_says(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Edits and deletions move no time: only reading shows them."""
        old = wire.publish(1, at=NOW - timedelta(days=30))
        ref = wire.say(old, 10, "before", at=NOW - timedelta(hours=9))
        cursor = swept(connection)[-1].cursor
        wire.edit(ref, "after")
        clock.forward(timedelta(minutes=61))

        batches = swept(connection, cursor)

        assert [comment.text for comment in comments_of(batches)] == ["after"]
        assert old in batches[-1].complete_posts

    def test_posts_come_with_the_platforms_own_count(self, wire: Any, connection: Connection) -> None:
        """Completeness is computed from it; replies count, and so do comments from before the look-back."""
        post = wire.publish(1, at=NOW - timedelta(days=60))
        first = wire.say(post, 10, at=NOW - timedelta(days=50))
        wire.say(post, 11, parent=first)

        batches = swept(connection)

        assert ids_of(batches) == {"1_11"}
        assert posts_of(batches)[post].comment_count == 2

    def test_what_the_page_says_of_itself_is_read_once_a_day(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """It is a record of the city's too."""
        first = swept(connection)
        clock.forward(timedelta(hours=2))
        second = swept(connection, first[-1].cursor)

        page = posts_of(first)["1012"]
        assert (page.kind, page.text) == (Kind.PAGE, "City of X\n\nSnow, buses, water.")
        assert "1012" not in posts_of(second)


class TestVisitorsPosts:
    """Public words on the city's page, by somebody else."""

    @pytest.fixture
    def post(self, wire: Any) -> str:
        """A visitor's post."""
        made: str = wire.publish(7, edge="visitor_posts", by=BOB, message="you are all thieves")
        return made

    def test_a_visitors_post_is_a_post_and_a_comment(self, wire: Any, connection: Connection, post: str) -> None:
        """Its words are judged; what stands under it is read."""
        reply = wire.say(post, 70)

        batches = swept(connection)

        words = {comment.ref.comment_id: comment for comment in comments_of(batches)}
        assert set(words) == {post, reply.comment_id}
        assert (words[post].text, words[post].author.author_id) == ("you are all thieves", BOB[0])
        assert (words[post].post_id, words[post].by_page, words[post].can_hide) == (post, False, False)
        assert (posts_of(batches)[post].kind, posts_of(batches)[post].by_page) == (Kind.VISITOR, False)

    def test_read_alone_it_is_the_same(self, connection: Connection, post: str) -> None:
        """The same revision and the same post."""
        (listed,) = comments_of(swept(connection))

        reading = connection.connector.read(CommentRef("facebook", "1012", post))

        assert reading.comment is not None
        assert (reading.comment.revision, reading.comment.post_id) == (listed.revision, listed.post_id)
        assert reading.post is not None
        assert (reading.post.kind, reading.post.by_page) == (Kind.VISITOR, False)

    @pytest.mark.parametrize("act", ["hide", "remove"])
    def test_a_person_is_told_how_to_take_it_down(self, wire: Any, connection: Connection, post: str, act: str) -> None:
        """Graph documents acts on comments; on a visitor's post nothing is sent."""
        hand = connection.hider if act == "hide" else connection.remover

        with pytest.raises(Unsupported, match=r"https://www\.facebook\.com/cityofx/posts/7"):
            getattr(hand, act)(CommentRef("facebook", "1012", post))

        assert wire.writes() == []

    def test_one_that_the_city_took_off_the_page_is_hidden(self, wire: Any, connection: Connection, post: str) -> None:
        """As Graph tells it of a post."""
        wire.set_hidden(CommentRef("facebook", "1012", post), True)

        (comment,) = comments_of(swept(connection))

        assert comment.visibility is Visibility.HIDDEN_BY_CITY

    def test_one_that_is_gone_is_missing_with_all_that_stood_under_it(
        self, wire: Any, connection: Connection, clock: Any, post: str
    ) -> None:
        """Within the hour its post is known whole, and nothing of it was seen."""
        wire.say(post, 70)
        cursor = swept(connection)[-1].cursor
        wire.vanish(CommentRef("facebook", "1012", post))
        clock.forward(timedelta(minutes=61))

        last = swept(connection, cursor)[-1]

        assert post in last.complete_posts
        assert last.seen == frozenset()
        assert post not in last.cursor

    def test_one_that_is_only_left_out_of_the_list_is_not_called_missing(
        self, wire: Any, connection: Connection, clock: Any, post: str
    ) -> None:
        """It is looked for by itself before anything is concluded."""
        cursor = swept(connection)[-1].cursor
        wire.lists["visitor_posts"].clear()
        clock.forward(timedelta(minutes=61))

        assert post not in swept(connection, cursor)[-1].complete_posts


class TestPhotosAndVideos:
    """Comments that hang on a photo or a video of its own, not on the post."""

    def test_comments_on_single_photos_of_a_post_are_read(self, wire: Any, connection: Connection) -> None:
        """In one call for all photos; each photo is a post of its own."""
        photos = wire.add_photos(wire.publish(1), (901, 902, 903))
        ref = wire.say(photos[1], 77)

        batches = swept(connection)

        assert ids_of(batches) == {"902_77"}
        assert posts_of(batches)["902"].kind is Kind.PHOTO
        assert [len(batch) for batch in batches_sent(wire)] == [3]
        assert {"901", "902", "903"} <= batches[-1].complete_posts
        reading = connection.connector.read(ref)
        assert reading.comment is not None
        assert reading.comment.post_id == "902"
        assert reading.post is not None
        assert reading.post.permalink == "https://www.facebook.com/photo.php?fbid=902"

    def test_a_quiet_photo_rests(self, wire: Any, connection: Connection, clock: Any) -> None:
        """Each costs a call: the longer nothing happened, the longer."""
        wire.add_photos(wire.publish(1, at=NOW - timedelta(days=3)), (901, 902))
        cursor = swept(connection)[-1].cursor
        for _ in range(6):
            clock.forward(timedelta(minutes=20))
            cursor = swept(connection, cursor)[-1].cursor
        rested = len(batches_sent(wire))
        clock.forward(timedelta(hours=2))
        swept(connection, cursor)

        assert (rested, len(batches_sent(wire))) == (1, 2)

    def test_what_was_said_while_a_photo_rested_is_found(self, wire: Any, connection: Connection, clock: Any) -> None:
        """It is read from its last look on, not from where the sweep begins."""
        photos = wire.add_photos(wire.publish(1, at=NOW - timedelta(days=10)), (901, 902))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=3))
        ref = wire.say(photos[0], 77, at=clock.now)
        found: set[str] = set()
        # The sweep of the last hour came just before the photo had rested; the next looks back for twelve hours only.
        for step in (timedelta(hours=11, minutes=52), timedelta(minutes=30)):
            clock.forward(step)
            batches = swept(connection, cursor)
            cursor = batches[-1].cursor
            found |= ids_of(batches)

        assert found == {ref.comment_id}

    @pytest.mark.parametrize(("edge", "kind"), [("videos", Kind.VIDEO), ("video_reels", Kind.REEL)])
    def test_videos_and_reels_are_read(self, wire: Any, connection: Connection, edge: str, kind: Kind) -> None:
        """Their address comes as a path, and is made whole."""
        ref = wire.say(wire.film(801, edge=edge), 77)

        batches = swept(connection)

        assert ids_of(batches) == {ref.comment_id}
        assert (posts_of(batches)["801"].kind, posts_of(batches)["801"].comment_count) == (kind, 1)
        assert posts_of(batches)["801"].permalink == "https://www.facebook.com/cityofx/videos/801/"
        reading = connection.connector.read(ref)
        assert reading.comment is not None
        assert (reading.comment.post_id, reading.post is None) == ("801", False)

    def test_a_video_that_was_posted_is_read_with_its_post(self, wire: Any, connection: Connection) -> None:
        """Its comments are the post's: twice would be two cases."""
        ref = wire.say(wire.publish(1), 10)
        wire.film(801, post_id="1")

        batches = swept(connection)

        assert ids_of(batches) == {ref.comment_id}
        assert batches_sent(wire) == []

    def test_a_comment_that_is_listed_under_two_ids_arrives_once(self, wire: Any, connection: Connection) -> None:
        """The last part of the id is the comment's own: the post's list wins."""
        wire.say(wire.publish(1), 10)
        wire.say(wire.film(801), 10)

        assert ids_of(swept(connection)) == {"1_10"}

    def test_posts_of_advertisements_are_read(self, wire: Any, connection: Connection) -> None:
        """They stand in no other list; one that does is read once."""
        ad = wire.publish(5, edge="ads_posts")
        both = wire.publish(6)
        wire.lists["ads_posts"].append(wire.nodes[both])
        refs = {wire.say(ad, 50).comment_id, wire.say(both, 60).comment_id}

        batches = swept(connection)

        assert sorted(comment.ref.comment_id for comment in comments_of(batches)) == sorted(refs)
        assert (posts_of(batches)[ad].kind, posts_of(batches)[both].kind) == (Kind.AD, Kind.POST)


class TestPlacesThatAreShut:
    """What Facebook doesn't offer for this page, or not to this token."""

    @pytest.mark.parametrize("error", [NOT_ON_NEW_PAGES, {"error": {"code": 10}}, {"error": {"code": 2500}}])
    def test_a_place_that_is_not_offered_is_told_once_a_day(
        self, wire: Any, connection: Connection, clock: Any, error: Any
    ) -> None:
        """The rest of the page is read, the cursor moves, and the place is tried again on the next day."""
        ref = wire.say(wire.publish(1), 10)
        wire.fail(answer(error, 400), at="visitor_posts", times=99)
        told, cursor = [], None
        for _ in range(5):
            batches = swept(connection, cursor)
            assert ids_of(batches) == {ref.comment_id} if cursor is None else True
            told.append([gap.reason for batch in batches for gap in batch.gaps])
            cursor = batches[-1].cursor
            clock.forward(timedelta(hours=8))

        assert [len(reasons) for reasons in told] == [1, 0, 0, 1, 0]
        assert told[0][0].startswith("Visitors' posts can't be read")

    def test_a_photo_that_can_not_be_seen_is_a_gap_of_its_own(self, wire: Any, connection: Connection) -> None:
        """It doesn't make the whole page be read again and again."""
        photos = wire.add_photos(wire.publish(1), (901, 902))
        ref = wire.say(photos[1], 77)
        del wire.nodes["901"]

        batches = swept(connection)

        assert ids_of(batches) == {ref.comment_id}
        assert [gap.post_id for batch in batches for gap in batch.gaps] == ["901"]
        assert "901" not in batches[-1].complete_posts
        assert json.loads(batches[-1].cursor)["watermark"] == int(NOW.timestamp())


class TestBatches:
    """Many reads in one call."""

    def test_what_ran_out_of_time_is_asked_for_again(self, wire: Any, connection: Connection) -> None:
        """Only that: the others were answered."""
        photos = wire.add_photos(wire.publish(1), range(900, 960))
        refs = {wire.say(photo, 77 + int(photo)).comment_id for photo in photos}
        wire.out_of_time = 3

        assert ids_of(swept(connection)) == refs
        assert [len(batch) for batch in batches_sent(wire)] == [50, 10, 3]

    def test_what_never_gets_time_is_asked_for_alone(self, wire: Any, connection: Connection) -> None:
        """After three rounds."""
        photos = wire.add_photos(wire.publish(1), (901, 902))
        refs = {wire.say(photo, 77 + int(photo)).comment_id for photo in photos}
        wire.out_of_time = 99

        assert ids_of(swept(connection)) == refs
        assert [len(batch) for batch in batches_sent(wire)] == [2, 2, 2]

    def test_an_outage_in_a_batch_is_an_outage(self, wire: Any, connection: Connection) -> None:
        """One part fails, alone and again: nothing is concluded, and the cursor stays where it was."""
        wire.add_photos(wire.publish(1), (901, 902))
        wire.fail(answer({"error": {"code": 2, "is_transient": True}}, 500), at="/902/comments", times=99)

        with pytest.raises(Unavailable):
            swept(connection)

    @pytest.mark.parametrize("body", [[], [None], [1, 2], [{"code": "200"}, {}], {"id": "1012"}])
    def test_an_answer_that_is_no_batch_is_done_without(self, wire: Any, connection: Connection, body: Any) -> None:
        """The same is asked for one by one."""
        photos = wire.add_photos(wire.publish(1), (901, 902))
        refs = {wire.say(photo, 77 + int(photo)).comment_id for photo in photos}
        wire.fail(answer(body), at="POST /v26.0/")

        assert ids_of(swept(connection)) == refs
        assert len(batches_sent(wire)) == 1

    def test_one_that_is_too_much_is_asked_for_alone_and_in_halves(self, wire: Any, connection: Connection) -> None:
        """The others are taken as they came."""
        photos = wire.add_photos(wire.publish(1), (901, 902))
        refs = {wire.say(photos[0], 70 + n).comment_id for n in range(4)} | {wire.say(photos[1], 80).comment_id}
        wire.fail(answer(TOO_MUCH, 500), at="/901/comments")

        assert ids_of(swept(connection)) == refs

    def test_half_a_batch_is_no_batch(self, wire: Any, connection: Connection) -> None:
        """A list that broke off, and one with other answers than questions."""
        wire.add_photos(wire.publish(1), (901, 902))
        wire.fail(lambda: httpx.Response(200, text='[{"code": 200, "bo'), at="POST /v26.0/")

        assert {"901", "902"} <= swept(connection)[-1].complete_posts

    def test_the_token_stands_in_no_batch_that_is_kept(self, wire: Any, clock: Any) -> None:
        """Answers in it are JSON inside JSON, where a slash is escaped twice."""
        kept: list[Exchange] = []
        made = connectors.connect("facebook", page_id="1012", token=wire.token, clock=clock, on_exchange=kept.append)
        photos = wire.add_photos(wire.publish(1), (901, 902))
        wire.say(photos[0], 77, f"you use {wire.token}, don't you?")

        (comment,) = comments_of(swept(made))
        made.connector.check()

        assert comment.text.startswith("you use ***")
        assert comment.text.endswith("***, don't you?")
        bodies = b"".join(exchange.body for exchange in kept)
        assert not [secret for secret in wire.secrets[1:] if secret.encode() in bodies]
        made.close()
