"""A package holds one comment: the platform is asked for that one alone, over its real wire."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors
from bot.demo.script import Account
from bot.demo.town import Town
from bot.evidence.store import Archive
from connectors.connection import Connection
from connectors.contract import CommentRef
from tests.evidence.conftest import PlainPrinter, dossier

NEIGHBOURS = ("Thank you for plowing.", "When is the library open?", "Obrigada pela resposta!")


@pytest.fixture
def page(town: Town) -> Iterator[Connection]:
    """The city's connection to the page of the town."""
    made = connectors.connect("facebook", page_id=town.page_id, token=town.page_token, base_url=town.graph_url)
    yield made
    made.close()


def test_no_neighbours_comment_is_sealed_with_a_comment(town: Town, page: Connection, tmp_path: Path) -> None:
    """Under a busy post, with a reply below and a parent above: neither their words nor their names are sealed."""
    parent = town.say(NEIGHBOURS[0], by=Account("nina", "Nina Neighbour", id="2477001"))
    ours = town.say("This is complete bullshit.", by=Account("mallory", "Mallory Reyes", id="2477002"), reply_to=parent)
    town.say(NEIGHBOURS[1], by=Account("ola", "Ola Neighbour", id="2477003"), reply_to=parent)
    town.say(NEIGHBOURS[2], by=Account("pat", "Pat Neighbour", id="2477004"))
    reading = page.connector.read(CommentRef("facebook", town.page_id, ours))
    assert reading.comment is not None

    archive = Archive(tmp_path / "archive", PlainPrinter(), reserve=0.0)
    case = dossier(comment=reading.comment, post=reading.post, exchanges=reading.exchanges, spans=((17, 25),))
    members = dict(archive.read(archive.seal(case, None).package_id).members)
    members["unpacked"] = gzip.decompress(members["data/api/api.warc.gz"])

    assert b"complete bullshit" in members["unpacked"]
    assert len(reading.exchanges) == 2, "the comment, and its post"
    for name, data in members.items():
        for word in (*NEIGHBOURS, "Neighbour", "2477001", "2477003", "2477004"):
            assert word.encode() not in data, f"{word} in {name}"


def test_the_figures_that_the_platform_delivers_are_on_record(town: Town, page: Connection) -> None:
    """How many replies a comment had is delivered with it; the address of a profile is not."""
    top = town.say("Crews are out.")
    town.say("plow my street!!", reply_to=top)
    comment = page.connector.read(CommentRef("facebook", town.page_id, top)).comment

    assert comment is not None
    assert (comment.reply_count, comment.reaction_count, comment.author.profile_url) == (1, None, None)
