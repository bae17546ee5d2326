"""The weekly of a department: its own pages, in two forms that agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.notify.facts import ClauseDay, WaitingCase, WeekFacts
from bot.notify.weekly import mail, render
from tests.notify.reading import FULL, LAST_POLL, QUIET, TREND, Page

WEEK = WeekFacts(
    city="Town of Millbrook",
    department="Public Works",
    begin=date(2026, 11, 16),
    end=date(2026, 11, 22),
    timezone="America/New_York",
    pages=FULL.pages,
    kept=1299,
    hidden=34,
    reversed=3,
    waiting=12,
    urgent_waiting=1,
    oldest=timedelta(days=3),
    clauses=(ClauseDay("3.4.3.A", "Profane language or content", 21, 2, 3),),
    waiting_cases=(
        WaitingCase("fa-bbbbbbbbbbbb", "3.4.3.K", "Violent content", timedelta(minutes=42), True, "burn it down"),
        WaitingCase("fa-cccccccccccc", "3.4.3.L", "Confidential information", timedelta(days=3)),
    ),
    trend=TREND,
)
CALM = replace(
    WEEK, pages=QUIET.pages, kept=0, hidden=0, reversed=0, waiting=0, urgent_waiting=0, oldest=None, clauses=(),
    waiting_cases=(), trend=(),
)  # fmt: skip


@pytest.mark.parametrize(
    "fact",
    [
        "Public Works",
        "Mon 16 Nov 2026 to Sun 22 Nov 2026",
        "1,299",
        "up to 3 days",
        "3 shown again",
        "Profane language or content",
        "burn it down",
        "beadle show fa-cccccccccccc",
        "and 10 more: beadle cases",
        "47 minutes not seen that week",
        "watched since",
        "Times are of America/New_York.",
    ],
)
def test_both_forms_of_the_weekly_say_the_same(fact: str) -> None:
    """Whoever reads plain text misses nothing."""
    made = render(WEEK)

    assert fact in Page(made.html).said
    assert fact in " ".join(made.text.split())


def test_a_quiet_week_says_that_it_was_quiet() -> None:
    """Silence would look like a broken mail server."""
    made = render(CALM)

    assert made.subject == "Public Works, week of Mon 16 Nov 2026: nothing hidden, nothing waiting"
    assert "A quiet week" in made.text
    assert "A quiet week" in Page(made.html).said


def test_the_weekly_of_each_reader_has_a_message_id_of_its_own() -> None:
    """The same week to the same person is the same mail; to another it is another."""
    first, again, other = (mail(WEEK, who, "b@m.example", "x@m.example", LAST_POLL) for who in ("ada", "ada", "bob"))

    assert first.as_bytes() == again.as_bytes()
    assert first["Message-ID"] != other["Message-ID"]


def test_nobody_s_words_break_the_weekly(hostile: str) -> None:
    """Names and excerpts of any shape leave the structure of the page as it is."""
    evil = replace(
        WEEK, city=hostile, department=hostile, waiting_cases=(replace(WEEK.waiting_cases[0], excerpt=hostile or "x"),)
    )
    tame = replace(evil, city="x", department="x", waiting_cases=(replace(WEEK.waiting_cases[0], excerpt="x"),))

    assert [tag for tag, _ in Page(render(evil).html).tags] == [tag for tag, _ in Page(render(tame).html).tags]
    assert len(render(evil).text.splitlines()) == len(render(tame).text.splitlines())
    assert "\u202e" not in render(evil).html + render(evil).text
