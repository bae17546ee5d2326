"""The digest says in a minute what happened, in two forms that agree, and nobody's words can break it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.notify.digest import mail, render
from bot.notify.facts import ClauseDay, DecisionLine, DigestFacts, Offender, WaitingCase
from bot.notify.figures import age
from tests.notify.reading import BUSY, LAST_POLL, QUIET, Page


def test_a_quiet_day_says_that_it_was_quiet_and_that_somebody_looked() -> None:
    """Nothing hidden and nothing waiting is news only with the time of the last poll beside it."""
    digest = render(QUIET)

    assert digest.subject == "Town of Millbrook social media, Sat 21 Nov 2026: nothing hidden, nothing waiting"
    for said in (Page(digest.html).said, digest.text):
        assert "A quiet day: nothing hidden, nothing waiting." in said
        assert "0 comments" in said
        assert "last poll 17:30" in said
        assert "No package is sealed yet." in said


@pytest.mark.parametrize(
    ("with_media", "alone", "said"),
    [
        (41, 12, ("41 comments and edits carried a picture", "12 of them had no words at all")),
        (1, 0, ("1 comment carried a picture",)),
        (0, 0, ()),
    ],
)
def test_what_no_detector_reads_is_not_passed_over(with_media: int, alone: int, said: tuple[str, ...]) -> None:
    """A day whose pictures nobody judged must not look like a day that was judged whole."""
    digest = render(replace(QUIET, with_media=with_media, media_alone=alone))

    for piece in said:
        assert piece in Page(digest.html).said
    for form in (Page(digest.html).said, digest.text):
        assert ("carried a picture or other media, which nothing here reads" in form) is bool(with_media)
    assert (f"{alone:>7}  of them without any words" in digest.text) is bool(with_media)


def test_the_subject_says_the_most_pressing_first() -> None:
    """A telephone shows the first words only."""
    assert render(BUSY).subject == (
        "Town of Millbrook social media, Sat 21 Nov 2026: 2 URGENT, 34 hidden, 25 waiting, trouble with 1 thing"
    )


@pytest.mark.parametrize(
    "fact",
    [
        "Saturday, 21 November 2026",
        "1,299",
        "34",
        "1,312 comments and edits",
        "3.4.3.A Profane language or content",
        "fa-bbbbbbbbbbbb",
        "42 min",
        "burn it down",
        "3 days",
        "beadle show fa-cccccccccccc",
        "and 23 more: beadle cases",
        "restored",
        "Supervisor",
        "Rusty Nail",
        "put in a new one.",
        "59 of 59 sealed packages re-read and verified.",
        "9f2c" * 16,
        f"beadle/0123456789abcdef 1204 {'A' * 43}=",
        "beadle verify --all --checkpoint checkpoint.note",
        "tsa.example.org stamped the checkpoint of 1,204 lines, 40 s ago.",
        "Times are of America/New_York.",
    ],
)
def test_both_forms_say_the_same(fact: str) -> None:
    """Whoever reads plain text misses nothing."""
    digest = render(BUSY)

    assert fact in Page(digest.html).said
    assert fact in " ".join(digest.text.split())


def test_every_figure_of_a_bar_stands_beside_it_as_a_number() -> None:
    """The bars are for the eye alone; a screen reader skips them and reads the count."""
    page = Page(render(BUSY).html)

    assert "21 · 2" in page.said
    assert "0 · 5" in page.said
    bars = [attributes for attributes in page.every("table") if attributes.get("aria-hidden")]
    assert len(bars) == 3
    assert [cell["width"] for cell in page.every("td") if "width" in cell] == ["91%", "9%", "22%"]


def test_the_page_is_well_formed_and_fetches_nothing() -> None:
    """Every tag is closed in its turn, every heading of a table has a scope, and nothing remote is asked for."""
    html = render(BUSY).html
    page = Page(html)

    assert page.open == []
    assert page.crossed == []
    assert {cell.get("scope") for cell in page.every("th")} == {"col", "row"}
    assert page.every("html")[0]["lang"] == "en"
    assert not {"img", "script", "link", "iframe", "form"} & {tag for tag, _ in page.tags}
    assert "url(" not in html
    assert "http" not in html
    assert [link["href"] for link in page.every("a")] == ["#waiting"]


def test_styles_are_inlined_and_both_colour_schemes_are_there() -> None:
    """Mail programs that drop style sheets still show it; those that don't show it dark at night."""
    page = Page(render(BUSY).html)

    assert {"name": "color-scheme", "content": "light dark"} in page.every("meta")
    assert "prefers-color-scheme: dark" in render(BUSY).html
    assert all("style" in attributes for attributes in page.every("td") + page.every("h2"))


def test_nobody_s_words_become_markup_or_template(hostile: str) -> None:
    """Names, excerpts and sentences of any shape leave the structure of the page as it is."""
    evil = replace(
        BUSY,
        city=hostile,
        problems=(hostile,),
        pages=(replace(QUIET.pages[0], name=hostile, mode=hostile),),
        clauses=(ClauseDay("3.4.3.A", hostile, 1, 1),),
        waiting_cases=(WaitingCase("fa-bbbbbbbbbbbb", "3.4.3.K", hostile, timedelta(), False, hostile or "x"),),
        offenders=(Offender(hostile, 2, 2),),
        decisions=(DecisionLine("fa-aaaaaaaaaaaa", hostile, hostile, "3.4.3.A"),),
    )
    tame = replace(
        evil,
        city="x",
        problems=("x",),
        pages=(replace(evil.pages[0], name="x", mode="x"),),
        clauses=(ClauseDay("3.4.3.A", "x", 1, 1),),
        waiting_cases=(WaitingCase("fa-bbbbbbbbbbbb", "3.4.3.K", "x", timedelta(), False, "x"),),
        offenders=(Offender("x", 2, 2),),
        decisions=(DecisionLine("fa-aaaaaaaaaaaa", "x", "x", "3.4.3.A"),),
    )

    digest = render(evil)

    assert [tag for tag, _ in Page(digest.html).tags] == [tag for tag, _ in Page(render(tame).html).tags]
    assert len(digest.text.splitlines()) == len(render(tame).text.splitlines())
    assert len(digest.html) < 60_000
    assert "\0" not in digest.html + digest.text
    assert "\x1b" not in digest.html + digest.text
    assert "\u202e" not in digest.html + digest.text
    assert "49" not in digest.subject


def test_a_stranger_s_words_are_isolated_from_the_direction_of_the_rest() -> None:
    """Arabic or Hebrew in a name can't turn the figures around it."""
    page = Page(render(BUSY).html)

    assert len(page.every("bdi")) == len([w for w in BUSY.waiting_cases if w.excerpt]) + len(BUSY.offenders)


def test_a_pause_is_said_before_anything_else() -> None:
    """A bot that hides nothing says so, and a paused day is never called quiet."""
    digest = render(replace(QUIET, paused=True))

    for said in (Page(digest.html).said, " ".join(digest.text.split())):
        assert "paused" in said.lower()
        assert "beadle resume" in said
        assert "quiet" not in said


def test_a_page_that_was_not_seen_is_not_passed_over() -> None:
    """A failed poll, a blind time and a poll of another day are told with the page."""
    old = replace(QUIET.pages[0], polled=False, blind_minutes=47, last_poll_at=LAST_POLL - timedelta(days=1))
    never = replace(old, name="Library", last_poll_at=None)

    for said in (
        render(replace(QUIET, pages=(old, never))).text,
        Page(render(replace(QUIET, pages=(old, never))).html).said,
    ):
        assert "the last poll failed" in said.lower()
        assert "47 minutes not seen" in said
        assert "last poll Fri 20 Nov 2026, 17:30" in said
        assert "last poll never" in said


def test_evidence_that_does_not_verify_is_the_loudest_line() -> None:
    """58 of 59 isn't a figure among figures; it says what to do before anything else."""
    digest = render(replace(BUSY, evidence_verified=58))

    for said in (Page(digest.html).said, digest.text):
        assert "nly 58 of 59 sealed packages" in said.replace("ONLY", "Only")
        assert "beadle verify" in said
        assert "re-read and verified." not in said


def test_times_are_of_the_city_s_clock() -> None:
    """The same moment is another hour in another city, over a change of the clocks too."""
    summer = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
    page = replace(QUIET.pages[0], last_poll_at=summer)

    assert "last poll 22:00" in render(replace(QUIET, day=date(2026, 6, 30), pages=(page,))).text
    assert "last poll 11:00" in render(replace(QUIET, day=date(2026, 7, 1), pages=(page,), timezone="Asia/Tokyo")).text


@pytest.mark.parametrize(
    ("waited", "said"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_waiting_times_are_short(waited: timedelta, said: str) -> None:
    """Minutes, then hours, then days."""
    assert age(waited) == said


def test_no_page_at_all_is_said_so() -> None:
    """A bot that watches nothing doesn't report a quiet day in silence."""
    digest = render(replace(QUIET, pages=()))

    assert "No page is watched" in digest.text
    assert "No page is watched" in Page(digest.html).said


def test_accounts_are_never_called_authors() -> None:
    """An account is displayed as a name; who wrote is another question (EV-18)."""
    digest = render(BUSY)

    assert "ccount displayed as" in digest.html
    assert "Account displayed as Rusty Nail" in digest.text
    assert "wrote" not in digest.html + digest.text


def test_the_same_facts_give_the_same_mail() -> None:
    """Subject, both forms and Message-ID are the same bytes each time."""

    def written(facts: DigestFacts) -> Any:
        return mail(facts, "beadle@millbrook.example", ("chief@millbrook.example",), LAST_POLL).as_bytes()

    assert written(BUSY) == written(replace(BUSY))
    assert written(BUSY) != written(QUIET)
