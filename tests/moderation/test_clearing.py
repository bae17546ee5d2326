"""What clears a match: reported, denied, quoted speech, and the words that say it is meant all the same."""

from __future__ import annotations

import pytest

from bot.moderation.detectors.sayings import PHRASES, PhraseParameters
from bot.moderation.passage import Passage
from bot.moderation.verdict import Item
from bot.moderation.wordlists import WordLists

RULE = PhraseParameters(
    sets={"they": ("they", "those people")},
    phrases=("<they> are vermin", "<they> do not deserve to live"),
    unless_before=("says ..2", "not"),
    unless_after=("..1 is hate",),
    unless_quoted=("(slur|wrote)",),
    still=("i agree",),
)


def _found(text: str) -> list[str]:
    detector = PHRASES.build(RULE, WordLists({}))
    return [text[s.start : s.end] for match in detector.find(Passage(Item(text))) for s in match.spans]


def test_a_phrase_that_nothing_clears_stands() -> None:
    """The very words that matched are named."""
    assert _found("Well, they are VERMIN!") == ["they are VERMIN"]


@pytest.mark.parametrize(
    "text",
    [
        "He says that they are vermin",
        "She says loudly and they are vermin",
        "They are vermin is hate",
        '"They are vermin" he wrote on the wall',
        "Somebody wrote 'those people are vermin' here",
    ],
)
def test_what_is_reported_or_quoted_is_let_be(text: str) -> None:
    """Before, after, and in quotation marks of either kind."""
    assert _found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "He says a great many other things. They are vermin",
        "He says what he likes and I tell you they are vermin",
        "They are vermin and nobody in the whole town is hate",
        '"They are vermin"',
        "They are vermin, he wrote",
        'He says "they are vermin" and I agree',
    ],
)
def test_what_is_said_too_far_off_clears_nothing(text: str) -> None:
    """Another sentence, more words between than the phrase allows, no quotation marks, or agreement."""
    assert len(_found(text)) == 1


def test_a_denial_inside_a_match_does_not_clear_it() -> None:
    """The "not" of "do not deserve to live" is part of what is said."""
    assert _found("They do not deserve to live") == ["They do not deserve to live"]


def test_a_row_of_open_quotation_marks_is_read_in_linear_time() -> None:
    """A megabyte of quotation marks that never close ends, and clears nothing."""
    assert _found("\"'a " * 250_000 + ". slur . they are vermin") == ["they are vermin"]


def test_a_megabyte_of_matches_and_reports_is_read_in_linear_time() -> None:
    """Each of forty thousand matches is cleared by its own report, and the one without any stands."""
    assert _found("he says they are vermin. " * 40_000 + "those people are vermin") == ["those people are vermin"]
