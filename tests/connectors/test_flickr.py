"""What is special to Flickr: hourly activity, resting photos, HTML in comments, and whose token it is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import PermissionLost, Unsupported
from tests.connectors.asking import comments_of, ids_of, listed_alone, swept
from tests.connectors.wire import NOW


@pytest.fixture
def platform() -> str:
    """This platform only."""
    return "flickr"


def methods(wire: Any) -> Counter[str]:
    """How often each of Flickr's methods was called."""
    asked = [
        request.url.params if request.method == "GET" else dict(parse_qsl(request.content.decode()))
        for request in wire.asked
    ]
    return Counter(each["method"].removeprefix("flickr.") for each in asked)


def test_recent_activity_is_asked_for_once_an_hour_at_most(wire: Any, connection: Connection, clock: Any) -> None:
    """Flickr's own condition, over as many polls as somebody starts."""
    wire.publish(1)
    cursor = None
    for _ in range(4):
        cursor = swept(connection, cursor)[-1].cursor
        clock.forward(timedelta(minutes=19))

    assert methods(wire)["activity.userPhotos"] == 1
    swept(connection, cursor)
    assert methods(wire)["activity.userPhotos"] == 2


def test_a_quiet_photo_rests(wire: Any, connection: Connection, clock: Any) -> None:
    """Each photo's comments are a call of their own: three weeks old and silent, it is asked for twice a day."""
    wire.publish(1, at=NOW - timedelta(days=21))
    cursor = None
    for _ in range(24):
        cursor = swept(connection, cursor)[-1].cursor
        clock.forward(timedelta(hours=1))

    assert methods(wire)["photos.comments.getList"] == 2


def test_a_resting_photo_that_stirs_is_read_at_once(wire: Any, connection: Connection, clock: Any) -> None:
    """The list of recent activity tells."""
    photo = wire.publish(1, at=NOW - timedelta(days=21))
    cursor = swept(connection)[-1].cursor
    clock.forward(timedelta(hours=1))
    ref = wire.say(photo, 10, at=clock.now - timedelta(minutes=5))

    assert ids_of(swept(connection, cursor)) == {ref.comment_id}


def test_a_photo_older_than_the_list_is_read_when_it_stirs(wire: Any, connection: Connection) -> None:
    """People comment on the parade of two years ago."""
    ref = wire.say(wire.publish(1, at=NOW - timedelta(days=700)), 10)

    batches = swept(connection)

    assert ids_of(batches) == {ref.comment_id}
    assert [post.comment_count for batch in batches for post in batch.posts] == [1]


def test_a_comment_on_an_album_is_told_once(wire: Any, connection: Connection, clock: Any) -> None:
    """It is not read, and that is no secret."""
    event = {"type": "comment", "dateadded": str(int((NOW - timedelta(minutes=9)).timestamp()))}
    wire.albums.append({"type": "photoset", "id": "395", "comments": "1", "activity": {"event": [event]}})

    first = swept(connection)
    clock.forward(timedelta(minutes=61))
    second = swept(connection, first[-1].cursor)

    assert [("395" in gap.reason) for batch in first for gap in batch.gaps] == [True]
    assert [gap for batch in second for gap in batch.gaps] == []


def test_a_circle_in_the_list_of_photos_is_told(wire: Any, connection: Connection) -> None:
    """The contract's question, of the one list of Flickr's that has pages."""
    wire.publish(1)
    wire.same_mark = True

    batches = swept(connection)

    assert batches[-1].last
    assert any("twice" in gap.reason for batch in batches for gap in batch.gaps)


def test_a_photo_that_goes_while_somebody_reads_is_no_trouble(wire: Any, connection: Connection) -> None:
    """It was in the list and is not there any more: nothing is missing, nothing is claimed."""
    gone, stays = wire.publish(1), wire.publish(2)
    ref = wire.say(stays, 10)
    del wire.comments[gone]
    wire.albums.clear()
    wire._activity = lambda asked: wire._ok(items={"item": [], "page": 1, "pages": 1})

    batches = swept(connection)

    assert ids_of(batches) == {ref.comment_id}
    assert gone not in batches[-1].complete_posts
    assert [gap for batch in batches for gap in batch.gaps] == []


def test_html_is_read_as_a_reader_sees_it(wire: Any, connection: Connection) -> None:
    """A word that tags tear apart is one word to people, and to the judge; links and pictures are attachments."""
    ref = wire.say(wire.publish(1), 10)
    wire._row(ref)["_content"] = 'you sc<b></b>um <a href="https://x.example/a">look</a><img src="javascript:x">'

    comment = listed_alone(connection)

    assert comment.text == "you scum look"
    assert [(each.kind, each.url) for each in comment.attachments] == [
        ("link", "https://x.example/a"),
        ("photo", None),
    ]


def test_html_that_no_parser_takes_does_not_blind_us(wire: Any, connection: Connection) -> None:
    """Whoever writes it would stop the whole page."""
    ref = wire.say(wire.publish(1), 10)
    wire._row(ref)["_content"] = "you <![x[ scum <a href='https://x.example/'>"

    comment = listed_alone(connection)

    assert comment.text == "you <![x[ scum"
    assert [each.url for each in comment.attachments] == ["https://x.example/"]


def test_not_found_under_another_accounts_token_is_no_proof(wire: Any, connection: Connection) -> None:
    """Flickr says "not found" of what the calling account may not see."""
    ref = wire.say(wire.publish(1), 10)
    wire.photos.clear()
    wire.comments.clear()

    assert connection.connector.read(ref).comment is None
    wire.login = "99@N00"
    with pytest.raises(PermissionLost, match="99@N00"):
        connection.connector.read(ref)


def test_whose_token_it_is_and_what_it_may_do_is_told(wire: Any, connection: Connection) -> None:
    """Reading only is a note; another account's token is a fault."""
    wire.perms = "read"
    reading = connection.connector.check()
    wire.login = "99@N00"
    foreign = connection.connector.check()

    assert reading.ok
    assert "write" in reading.problems[0]
    assert (reading.page_name, reading.scopes) == ("City of X", frozenset({"read"}))
    assert not foreign.ok


def test_comments_without_any_account_are_a_fault(wire: Any, connection: Connection) -> None:
    """The law asks for the identity of the poster."""
    wire.say(wire.publish(1), 10, author=None)

    assert not connection.connector.check().ok


def test_the_citys_own_comment_is_not_deleted(wire: Any, connection: Connection) -> None:
    """A person is told how; nothing is written."""
    ref = wire.say(wire.publish(1), 10, by_city=True)
    assert connection.remover

    with pytest.raises(Unsupported):
        connection.remover.remove(ref)

    assert wire.journal == []


def test_each_call_is_signed_anew_and_in_the_header_alone(wire: Any, connection: Connection) -> None:
    """The wire recomputes the signature of reads and writes; here: that no part of it is in an address or a body."""
    ref = wire.say(wire.publish(1), 10)
    assert connection.remover
    connection.remover.remove(ref)

    assert wire.journal == [f"delete {ref.comment_id}"]
    assert not [request for request in wire.asked if "oauth" in str(request.url) or b"oauth_sig" in request.content]
    assert len(wire.nonces) == len(wire.asked)


def test_an_account_that_can_not_be_one_is_refused() -> None:
    """The sentence says which form is right."""
    with pytest.raises(ValueError, match="12345678@N00"):
        connectors.connect("flickr", page_id="cityofx", token="{}")


def test_comments_of_a_thread_come_with_it_to_the_last(wire: Any, connection: Connection) -> None:
    """Flickr documents no pages for a photo's comments: the whole thread is one answer, and is claimed as whole."""
    photo = wire.publish(1)
    refs = {wire.say(photo, 100 + n).comment_id for n in range(80)}

    batches = swept(connection)

    assert {comment.ref.comment_id for comment in comments_of(batches)} == refs
    assert batches[-1].complete_posts == {photo}
