"""Folding: what a letter looks like is what it is, and every folded character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moderation.passage import words_of
from bot.moderation.text import fold

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("FuCk", "fuck"),
        ("ｆｕｃｋ", "fuck"),
        ("𝓯𝓾𝓬𝓴", "fuck"),
        ("ⓕⓤⓒⓚ", "fuck"),
        ("🅵🆄🅲🅺", "fuck"),
        ("ꜰᴜᴄᴋ", "fuck"),
        ("fυсk", "fuck"),
        ("f\u0336u\u0336c\u0336k\u0336", "fuck"),
        ("f\u200bu\u00adc\u2060k", "fuck"),
        ("f\x00uck", "fuck"),
        ("ñandú N\u0303", "ñandu ñ"),
        ("ﬁne ß ø ł", "fine ss o l"),
    ],
)
def test_every_form_of_a_letter_folds_to_the_plain_letter(written: str, plain: str) -> None:
    """Fonts, look-alikes, accents, invisible characters and case disappear; ñ stays a letter of its own."""
    assert fold(written).text == plain


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_the_way_back_never_runs_backwards_and_stays_inside_the_text(text: str) -> None:
    """Origins never fall, every span is inside the original, and a later span never begins before an earlier one."""
    folded = fold(text)
    assert list(folded.origin) == sorted(folded.origin)
    assert len(folded.origin) == len(folded.text)
    for index in range(len(folded.text)):
        span = folded.span(index, index + 1)
        assert 0 <= span.start < span.end <= len(text)


@given(ANY_TEXT)
@settings(max_examples=200, deadline=None)
def test_every_word_of_a_row_leads_back_to_characters_of_the_text(text: str) -> None:
    """Whatever a phrase matches, whole words of the original are named."""
    words = words_of(fold(text))
    ends = [*words.starts[1:], len(words.row)] if words.starts else []
    for start, end in zip(words.starts, ends, strict=True):
        span = words.span(start, end)
        assert 0 <= span.start < span.end <= len(text)


def test_a_span_covers_the_marks_on_its_last_letter() -> None:
    """A letter's combining marks belong to it, so that a highlight does not cut a grapheme in two."""
    text = "ab\u0301\u0302 c"
    span = fold(text).span(1, 2)
    assert text[span.start : span.end] == "b\u0301\u0302"


def test_a_flag_is_no_part_of_the_word_beside_it() -> None:
    """The letters of a flag do not grow onto a word and hide or make one."""
    assert fold("shit🇺🇸").text == "shit us"
