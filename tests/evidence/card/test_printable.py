"""What a stranger's text becomes on paper."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.card.printable import MOST_CHARACTERS, MOST_LINES, excerpt, paragraphs, printable


def test_matched_words_stay_marked_where_they_are() -> None:
    """Marks follow the original characters, even behind one that is printed as its code point."""
    (line,), left_out = paragraphs("\u202ewell damn it", [(6, 10)])

    assert [(run.text, run.hit) for run in line.runs] == [("[U+202E]well ", False), ("damn", True), (" it", False)]
    assert left_out == 0


def test_marks_go_on_over_the_end_of_a_line() -> None:
    """A match over two lines is marked on both."""
    lines, _ = paragraphs("one two\nthree", [(4, 13)])

    assert [[(run.text, run.hit) for run in line.runs] for line in lines] == [
        [("one ", False), ("two", True)],
        [("three", True)],
    ]


@pytest.mark.parametrize(
    ("text", "direction"), [("abc שלום", "ltr"), ("123 שלום abc", "rtl"), ("مرحبا", "rtl"), ("!?", "ltr")]
)
def test_a_line_runs_as_its_first_strong_character_does(text: str, direction: str) -> None:
    """Unicode's own rule for a paragraph, which typst leaves to us."""
    (line,), _ = paragraphs(text)

    assert line.direction == direction


def test_a_tower_of_marks_is_cut() -> None:
    """A hundred accents on one letter would be painted over the lines above."""
    (line,), _ = paragraphs("Z" + "\u0301" * 100 + "algo")

    assert line.runs[0].text == "Z" + "\u0301" * 6 + "[…]" + "algo"


def test_an_emoji_of_many_parts_stays_one() -> None:
    """Families, flags and skin tones are not broken up to make a line break."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
    flag = "\U0001f1fa\U0001f1f8"
    (line,), _ = paragraphs((family + flag) * 20)

    assert line.runs[0].text.replace("\u200b", "") == (family + flag) * 20
    assert all(part.startswith(family[0]) for part in line.runs[0].text.split("\u200b"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("f\u200du\u200cn", "f[U+200D]u[U+200C]n"),
        ("a\ufe0fb .\ufe0f", "a[U+FE0F]b .[U+FE0F]"),
        ("\u200d", "[U+200D]"),
        ("a\u3164\u115f\u034fb", "a[U+3164][U+115F][U+034F]b"),
        ("x\U000e0100\ufe01", "x[U+E0100][U+FE01]"),
        ("hi\U000e0068\U000e0069", "hi[U+E0068][U+E0069]"),
        ("\U0001f3f4\U000e0068\U000e0069\U000e007f", "\U0001f3f4[U+E0068][U+E0069][U+E007F]"),
        ("a\u00adb\ufeffc\u061c", "a[U+00AD]b[U+FEFF]c[U+061C]"),
    ],
)
def test_what_is_hidden_between_letters_is_shown(text: str, shown: str) -> None:
    """Joiners, styles, fillers and tags are painted as nothing: words and whole messages are hidden with them."""
    (line,), _ = paragraphs(text)

    assert line.runs[0].text.replace("\u200b", "") == shown


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: I want
        "\u0915\u094d\u200d\u0937 \u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Hindi, Sinhala
        "\u2764\ufe0f\u200d\U0001f525 1\ufe0f\u20e3 #\ufe0f\u20e3",
        "\U0001f469\U0001f3ff\u200d\U0001f692",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "\u06dd \u0601",  # painted, though Unicode calls them format characters
    ],
)
def test_what_a_script_or_an_emoji_needs_stays(text: str) -> None:
    """Persian, Hindi and Sinhala are misspelt without joiners, and a family would be four people."""
    (line,), _ = paragraphs(text)

    assert line.runs[0].text == text


def test_a_name_is_one_line_of_bounded_length() -> None:
    """A name with line breaks can't make rows of its own on the card."""
    assert printable("a\nb\x85c\u2029d") == "a b c d"
    assert len(printable("x" * 5_000).replace("\u200b", "")) == 301


@given(
    st.text(st.characters(), max_size=400), st.lists(st.tuples(st.integers(-5, 500), st.integers(-5, 500)), max_size=4)
)
def test_no_text_can_be_told_from_what_is_shown(text: str, spans: list[tuple[int, int]]) -> None:
    """For any characters whatsoever: nothing invisible or reordering is left, and it can be encoded."""
    lines, left_out = paragraphs(text, spans)

    shown = "".join(run.text for line in lines for run in line.runs)
    shown.encode("utf-8")
    assert not set(shown) & set(
        "\x00\x1b\r\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u034f\u3164\U000e0100"
    )
    assert left_out == 0


def test_the_limits_hold_and_what_is_left_out_is_counted() -> None:
    """Typst takes seconds and gigabytes for what nobody reads."""
    assert paragraphs("x" * (MOST_CHARACTERS + 7))[1] == 7
    lines, left_out = paragraphs("x\n" * 1_000)
    assert (len(lines), left_out) == (MOST_LINES, 2_000 - 2 * MOST_LINES)


@given(st.text(st.sampled_from("ab \n"), max_size=5_000), st.integers(0, 5_000))
def test_an_excerpt_shows_the_first_match_and_is_short(text: str, start: int) -> None:
    """Wherever the match stands, it is in the excerpt, which fits on half a page."""
    spans = [(min(start, len(text)), min(start + 3, len(text)))]

    first, last = excerpt(text, spans)

    assert first <= spans[0][0] <= last
    assert last - first <= 800
    assert text[first:last].count("\n") <= 10
