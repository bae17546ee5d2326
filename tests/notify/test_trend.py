"""The picture of four weeks: small, the same each time, and said in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO

import pytest
from PIL import Image

from bot.notify.facts import TrendDay
from bot.notify.trend import HEIGHT, WIDTH, draw, in_words
from tests.notify.reading import TREND

NOTHING = tuple(TrendDay(each.day, 0, 0, 0) for each in TREND)
HUGE = tuple(TrendDay(each.day, 10**7, 10**6, 10**6) for each in TREND)


@pytest.mark.parametrize("days", [TREND, NOTHING, HUGE, TREND[:1]], ids=["usual", "nothing", "huge", "one day"])
def test_the_picture_is_small_and_the_same_bytes_each_time(days: tuple[TrendDay, ...]) -> None:
    """At most 30 kB, twice as fine as it is shown, nothing in it of when and by what it was made."""
    made = draw(days)
    opened = Image.open(BytesIO(made))

    assert made == draw(days)
    assert len(made) <= 30_000
    assert opened.size == (2 * WIDTH, 2 * HEIGHT)
    assert opened.info.keys() <= {"dpi", "transparency"}


def test_another_day_is_another_picture() -> None:
    """What is drawn are the figures."""
    more = (*TREND[:-1], replace(TREND[-1], hidden=TREND[-1].hidden + 9))

    assert draw(more) != draw(TREND)


def test_the_paper_is_opaque_so_that_it_is_legible_by_night() -> None:
    """Dark ink on light paper, whatever stands around it."""
    corner = Image.open(BytesIO(draw(TREND))).convert("RGBA").getpixel((3, 3))

    assert isinstance(corner, tuple)
    assert min(corner) > 230


def test_the_words_say_what_the_picture_shows() -> None:
    """From when to when, how many, the worst day."""
    days = [
        TrendDay(date(2026, 11, 1) + timedelta(days=each), 10 + each, 5 if each == 2 else 0, 1) for each in range(4)
    ]

    assert in_words(days) == (
        "From 1 November to 4 November: 10 to 13 comments a day, 13 on the last; 5 hidden in all, most on 3 November "
        "(5); 4 shown again."
    )
    assert "nothing hidden, 0 shown again" in in_words(NOTHING)
