"""Off-topic rank: orders a queue, decides nothing."""

from __future__ import annotations

import pytest

from bot.moderation.topic import nearness

POST = "Snow plows will clear the side streets tonight. Please move parked cars before 10 pm."


def test_comments_on_the_posts_subject_rank_above_others() -> None:
    """Who speaks of plows and parked cars is nearer to the post on plowing than who sells sofas."""
    on, off = nearness(["My street was never plowed and parked cars block it", "Two sofas for sale, like new"], POST)
    assert on > off == 0.0


def test_the_post_itself_is_as_near_as_can_be() -> None:
    """The same words are 1, whatever their case."""
    assert nearness([POST.upper()], POST) == [pytest.approx(1.0)]


def test_texts_without_content_words_are_zero() -> None:
    """Emoji, numbers and small words say nothing on the subject; an empty queue has no ranks."""
    assert nearness(["", "😀😀", "the and of", "12345"], POST) == [0.0, 0.0, 0.0, 0.0]
    assert nearness([], POST) == []
    assert nearness(["plows"], "") == [0.0]


def test_agreeing_and_opposing_comments_rank_alike() -> None:
    """Praise and blame of the same thing are equally near: the rank knows words, no opinion."""
    praise, blame = nearness(["The plows are great tonight", "The plows are awful tonight"], POST)
    assert praise == pytest.approx(blame)
