"""The grammar of phrases: what each sign means, and what is refused."""

from __future__ import annotations

import pytest

from bot.moderation.passage import words_of
from bot.moderation.phrases import Phrasebook, PhraseError, compile_phrase
from bot.moderation.text import fold


def _found(phrase: str, text: str, sets: dict[str, list[str]] | None = None) -> list[str]:
    words = words_of(fold(text))
    spans = [words.span(hit.start, hit.end) for hit in Phrasebook([phrase], sets).found(words)]
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("kill (you|all of them)", "I'll KILL all of them!", ["KILL all of them"]),
        ("kill (you|all of them)", "I will skill you", []),
        ("[so] very sorry", "very sorry, so very sorry", ["very sorry", "so very sorry"]),
        ("give ..2 money", "give me your money", ["give me your money"]),
        ("give ..2 money", "give me all of your money", []),
        ("give ..2 money", "give me. Your money", []),
        ("threat* made", "threatening things, threats made", ["threats made"]),
        ("earn #", "earn $5,000 or earn nothing", ["earn $5,000"]),
        ("a (b|c (d|e) f) word", "a c e f word", ["a c e f word"]),
        ("you're done", "youre done, you’re done", ["youre done", "you’re done"]),
        ("está aquí", "Esta aqui", ["Esta aqui"]),
    ],
)
def test_a_phrase_finds_what_it_says(phrase: str, text: str, found: list[str]) -> None:
    """Choices, options, gaps, beginnings, numbers; case, accents and apostrophes don't count."""
    assert _found(phrase, text) == found


def test_a_set_stands_for_each_of_its_members() -> None:
    """A named set is a choice written once."""
    assert _found("<pet> bites", "the old cat bites", {"pet": ["dog", "old cat"]}) == ["old cat bites"]


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("..3", '"..3" enumerates nothing: give it at least one whole word that must be there'),
        ("[maybe]", '"[maybe]" enumerates nothing: give it at least one whole word that must be there'),
        ("a ..9 word", 'the gap ..9 in "a ..9 word" is too wide; use at most ..5'),
        ("<who> did", '"<who> did" uses the set "who", which the rule does not have; add it under sets'),
        ("(open word", 'a bracket of "(open word" is not closed; close it'),
        ("word )", '")" in "word )" opens or closes nothing; take it out'),
        ("word (a|)", '"word (a|)" has an empty choice; write a word there or use [word]'),
    ],
)
def test_a_phrase_that_says_nothing_is_refused(phrase: str, message: str) -> None:
    """A phrase that would match everything, or nothing that can be read, is no rule."""
    with pytest.raises(PhraseError) as refused:
        compile_phrase(phrase, {})
    assert str(refused.value) == message


def test_a_phrase_is_found_deep_inside_a_long_text() -> None:
    """Long texts are searched around the cue words only, and lose nothing by it."""
    text = "lorem ipsum dolor " * 400 + "I will bury the hatchet " + "sit amet " * 400 + "bury the hatchet"
    assert _found("bury ..1 hatchet", text) == ["bury the hatchet"] * 2


def test_a_set_may_use_the_sets_before_it() -> None:
    """``<crew>`` is made of ``<kind>``; the words that matched are named."""
    sets = {"kind": ["old", "new"], "crew": ["<kind> [city] crews", "sailors"]}
    assert _found("all <crew>", "All new city crews and all sailors", sets) == ["All new city crews", "all sailors"]


def test_a_set_that_uses_a_later_one_or_itself_is_refused() -> None:
    """So that no set can hold itself."""
    for sets in ({"a": ["<b>"], "b": ["word"]}, {"a": ["<a>"]}):
        with pytest.raises(PhraseError, match="which is written after it; write that one first"):
            compile_phrase("<a> word", sets)


def test_a_long_choice_finds_each_of_its_members() -> None:
    """Members that begin alike, or are the beginning of another, are each found, and nothing else is."""
    members = ["cat", "cats", "catalan", "car", "care", "do", "dog", "dogs", "door", "a cat", "zoo", "zoos", "zen"]
    found = _found("my <pet>", ". ".join(f"my {each}" for each in members), {"pet": members})
    assert found == [f"my {each}" for each in members]
    assert _found("my <pet>", "my ca. my catal. my zo", {"pet": members}) == []
