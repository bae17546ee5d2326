"""Listed words in every disguise, and innocent words that only look like a disguise."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.moderation.judge import Judge
from bot.moderation.verdict import Item, Outcome

HERE = Path(__file__).parent
DISGUISES = (HERE / "disguises.txt").read_text(encoding="utf-8").splitlines()

SPACED = [
    "f u c k",
    "F  U  C  K you",
    "f / u / c / k",
    "you f u c k i n g clowns",
    "s h i t",
    "m i e r d a",
]

NO_DISGUISES = (HERE / "no_disguises.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("word", DISGUISES + SPACED)
def test_a_listed_word_is_found_in_every_disguise(judge: Judge, word: str) -> None:
    """Whatever the disguise, a plain obscenity acts, and the span shows it exactly."""
    text = f"Well, {word} that!"
    verdict = judge.judge(Item(text))
    assert verdict.outcome is Outcome.ACT
    spans = [span for finding in verdict.findings if finding.rule_id == "obscene-words" for span in finding.spans]
    assert all(5 < span.start < span.end <= len(text) - 5 for span in spans)


@pytest.mark.parametrize("word", ["fu ck off", "f uck", "s-hit"])
def test_a_word_in_two_pieces_is_a_guess_that_a_person_looks_at(judge: Judge, word: str) -> None:
    """It may be a slip of the finger: it asks, and never acts."""
    assert judge.judge(Item(f"Well, {word} that!")).outcome is Outcome.REVIEW


@pytest.mark.parametrize("word", NO_DISGUISES)
def test_odd_spelling_alone_is_no_disguise(judge: Judge, word: str) -> None:
    """Signs, digits and drawn-out letters in ordinary words flag nothing."""
    assert judge.judge(Item(f"Well, {word} that!")).outcome is Outcome.CLEAR


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What a f*ck, really", ["f*ck"]),
        ("oh SH1T and shit.", ["SH1T", "shit"]),
        ("a f u c k b", ["f u c k"]),
        ("¡Qué m̶i̶e̶r̶d̶a̶!", ["m̶i̶e̶r̶d̶a̶"]),
        ("😀 fuuuck 😀", ["fuuuck"]),
        ("Son.\nsons of bitches, all", ["sons of bitches"]),
    ],
)
def test_a_span_is_the_word_and_nothing_else(judge: Judge, text: str, words: list[str]) -> None:
    """Spans count characters of the original, emoji and marks included."""
    finding = next(f for f in judge.judge(Item(text)).findings if f.rule_id == "obscene-words")
    assert [text[span.start : span.end] for span in finding.spans] == words


def test_a_word_in_a_link_is_not_decoded(judge: Judge) -> None:
    """The letters of an address are no spelling of a word."""
    assert judge.judge(Item("See https://example.com/f.u.c.k-5h1t/a$$hole?x=s.h.i.t now")).outcome is Outcome.CLEAR


def test_a_phrase_does_not_reach_across_sentences(judge: Judge) -> None:
    """The end of one sentence and the beginning of the next are no phrase."""
    assert judge.judge(Item("He has a son. Of a bitch he knows nothing? No.")).outcome is not Outcome.ACT
