"""How much of a day no detector could read: what hung on comments as pictures, videos and stickers."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from bot.ledger import days
from connectors.contract import Attachment
from tests.ledger.test_keep import NOW, batch, comment, keep_batch

PHOTO = (Attachment("photo", "https://scontent.example.net/a.jpg"),)
LINK = (Attachment("link", "https://x.example/", "Look", "https://scontent.example.net/p.jpg"),)


def test_media_are_counted_with_words_and_without(engine: sa.Engine) -> None:
    """On both databases; signs that say nothing are no words."""
    keep_batch(engine, batch(comment(1, "plain"), comment(2, ""), comment(3, "what a sunset", attachments=PHOTO)))
    keep_batch(
        engine, batch(comment(4, "", attachments=PHOTO), comment(5, " \n\u200b\u2060 \U0001f621", attachments=LINK))
    )
    keep_batch(engine, batch(comment(6, "ж", attachments=PHOTO)))

    assert _unread(engine) == (4, 2)


def test_only_the_asked_for_day_counts(engine: sa.Engine) -> None:
    """By when we saw it, as every other figure of the digest."""
    keep_batch(engine, batch(comment(1, "", attachments=PHOTO)), at=NOW - timedelta(days=1))
    keep_batch(engine, batch(comment(2, "", attachments=PHOTO)), at=NOW)

    assert _unread(engine) == (1, 1)


def test_an_edit_that_adds_a_picture_is_counted(engine: sa.Engine) -> None:
    """Each revision is judged, so each is counted."""
    keep_batch(engine, batch(comment(1, "look")))
    keep_batch(engine, batch(comment(1, "look", attachments=PHOTO)))

    assert _unread(engine) == (1, 0)


@pytest.mark.parametrize("kind", ["none", "a list of none"])
def test_a_day_without_media_is_nought(engine: sa.Engine, kind: str) -> None:
    """A ledger of an older version may hold no list at all."""
    keep_batch(engine, batch(comment(1)))
    if kind == "none":
        with engine.begin() as connection:
            connection.execute(sa.text("update revision set attachments = null"))

    assert _unread(engine) == (0, 0)


def _unread(engine: sa.Engine) -> tuple[int, int]:
    with Session(engine) as session:
        found = days.figures(session, NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    return found.with_media, found.media_alone
