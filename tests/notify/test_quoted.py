"""Words of strangers can't speak, hide or overflow once they are quoted."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.moderation.verdict import Span
from bot.notify.quoted import MASK, excerpt, one_line, quote, visible, without


def shown(text: str, matched: tuple[Span, ...] = (), private: tuple[Span, ...] = (), limit: int = 2000) -> str:
    """A quotation read aloud."""
    return "".join(piece.text for piece in quote(text, matched, private, limit=limit))


def test_matched_words_stand_apart_from_the_rest() -> None:
    """Each match is a piece of its own, with the words exactly as they stand between the offsets."""
    pieces = quote("you f*ck, you", [Span(4, 8)])

    assert [(piece.text, piece.kind) for piece in pieces] == [
        ("you ", "plain"),
        ("f*ck", "matched"),
        (", you", "plain"),
    ]


def test_private_words_are_masked_and_their_length_is_not_told() -> None:
    """A number of any length becomes the same four dots."""
    assert shown("SSN 078-05-1120.", private=(Span(4, 15),)) == f"SSN {MASK}."
    assert shown("SSN 0780.", private=(Span(4, 8),)) == f"SSN {MASK}."


def test_private_words_are_masked_wherever_they_recur() -> None:
    """The detector marks one place; the same number elsewhere is the same secret."""
    text = "call 203-555-0142 now, 203-555-0142!"

    assert shown(text, private=(Span(5, 17),)) == f"call {MASK} now, {MASK}!"


def test_private_wins_over_matched() -> None:
    """A span that is both is dots, not a highlighted number."""
    pieces = quote("id 123456", [Span(0, 9)], [Span(3, 9)])

    assert [(piece.text, piece.kind) for piece in pieces] == [("id ", "matched"), (MASK, "private")]


def test_spans_may_overlap_be_unordered_and_out_of_range() -> None:
    """Bad offsets never raise and never show more than the text."""
    pieces = quote("abcdef", [Span(4, 99), Span(1, 3), Span(2, 4), Span(-5, 1), Span(5, 5), Span(9, 12)])

    assert "".join(piece.text for piece in pieces) == "abcdef"
    assert {piece.kind for piece in pieces} == {"matched"}


def test_a_long_text_is_cut_and_says_how_much_is_left_out() -> None:
    """The reader knows that there is more and where the whole text is."""
    said = shown("a" * 60_000, limit=1000)

    assert said.startswith("a" * 1000)
    assert said.endswith("… 59,000 more characters, whole text in the case")


def test_a_match_far_down_is_shown_with_its_surroundings() -> None:
    """What the rule saw is in the quotation even when it lies beyond the cut."""
    text = "a" * 30_000 + " f*ck " + "b" * 30_000

    pieces = quote(text, [Span(30_001, 30_005)], limit=1000)

    assert ("f*ck", "matched") in [(piece.text, piece.kind) for piece in pieces]
    assert sum(len(piece.text) for piece in pieces) < 1200


@pytest.mark.parametrize(
    ("hidden", "number"),
    [("\0", "U+0000"), ("\u202e", "U+202E"), ("\u200b", "U+200B"), ("\x1b", "U+001B"), ("\ud83d", "U+D83D")],
)
def test_invisible_characters_are_shown_by_number(hidden: str, number: str) -> None:
    """Direction marks, controls, zero-width and broken characters can be seen and do nothing."""
    assert visible(f"a{hidden}b") == f"a[{number}]b"
    assert visible(f"a{hidden * 9}b") == f"a[{number} ×9]b"


def test_emoji_and_accents_of_real_languages_are_left_alone() -> None:
    """Families, flags, Spanish, Vietnamese, Arabic and Hindi are shown as they were delivered."""
    text = "👨‍👩‍👧 🇺🇸 mañana Tiếng Việt مرحبا हिन्दी क्ष"

    assert visible(text) == text
    assert visible(unicodedata.normalize("NFD", "mañana Việt")) == unicodedata.normalize("NFD", "mañana Việt")


def test_accents_piled_up_are_cut_down() -> None:
    """A character with two hundred marks no longer paints over the lines above it."""
    assert visible("Z" + "\u0335" * 200) == "Z" + "\u0335" * 4


def test_calls_to_everybody_are_broken() -> None:
    """What Slack would read as a mention has a joiner inside, so no program reads it as one."""
    said = visible("<!channel> <@U01> <#C01> @here @Everyone a@hereford.gov")

    assert "<!" not in said
    assert "<@" not in said
    assert "<#" not in said
    assert "@here " not in said
    assert "@Everyone" not in said
    assert "a@hereford.gov" in said


def test_a_name_stays_on_one_line(hostile: str) -> None:
    """Line ends of any kind, tabs and length can't leave the line that a name stands on."""
    line = one_line(hostile, limit=80)

    assert len(line) <= 80
    assert line == " ".join(line.split())
    assert line.encode("utf-8").decode() == line


def test_an_excerpt_is_short_and_masked() -> None:
    """A list shows one line of a comment and none of its private data."""
    said = excerpt("His number:\n203-555-0142 " + "and more " * 50, [Span(12, 24)], limit=60)

    assert said.startswith(f"His number: {MASK} and more")
    assert "0142" not in said
    assert len(said) <= 61
    assert said.endswith("…")


def test_private_words_are_taken_out_of_our_own_sentences() -> None:
    """A reason that repeats the number is masked as the comment is; short fragments leave words whole."""
    assert without("matched 078-05-1120", ["078-05-1120", "a"]) == f"matched {MASK}"


@given(
    text=st.text(max_size=400),
    spans=st.lists(st.tuples(st.integers(-5, 420), st.integers(-5, 420)), max_size=6),
    limit=st.integers(30, 300),
)
def test_any_quotation_can_be_read(text: str, spans: list[tuple[int, int]], limit: int) -> None:
    """Whatever is delivered: no exception, nothing invisible, and UTF-8 can carry it."""
    said = shown(text, tuple(Span(*each) for each in spans), limit=limit)

    assert said.encode("utf-8").decode() == said
    odd = {c for c in said if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Cn", "Co"}}
    assert odd <= {"\n", "\t", "\u200c", "\u200d", "\u2060"}


@given(before=st.text(max_size=200), secret=st.from_regex(r"\A[0-9]{9}\Z"), after=st.text(max_size=200))
def test_no_private_number_is_ever_shown(before: str, secret: str, after: str) -> None:
    """Wherever it stands and however the text is cut, the number isn't in the quotation."""
    text = f"{before} {secret} {after}"
    start = len(before) + 1

    assert secret not in shown(text, (), (Span(start, start + 9),), limit=100)
