"""Languages: three are read, every other one goes to a person, and who writes little is not suspected."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.moderation.function_words import READ, function_words, telling_words
from bot.moderation.language import Language
from bot.moderation.passage import Passage
from bot.moderation.verdict import Item

HERE = Path(__file__).parent
OTHERS = [line.split(" | ") for line in (HERE / "other_languages.txt").read_text(encoding="utf-8").splitlines()]
CIVIC = [
    line
    for name in ("criticism.txt", "innocents.txt")
    for line in (HERE / name).read_text(encoding="utf-8").splitlines()
]


def language(text: str, told: str | None = None) -> Language:
    """The language of a text as the judge sees it."""
    return Passage(Item(text, lang=told)).language


def test_nineteen_in_twenty_sentences_of_other_languages_go_to_a_person() -> None:
    """Over 27 languages, sentences of seven words and more are told to be none of the three (issue 3, line 3)."""
    found = Counter(code for code, text in OTHERS if not language(text).readable)
    every = Counter(code for code, _ in OTHERS)
    assert len(every) == 27
    assert found.total() >= 0.95 * every.total()


def test_no_other_language_is_mostly_missed() -> None:
    """Catalan, the nearest to Spanish, is the hardest: three fifths at least; each other one four fifths."""
    found = Counter(code for code, text in OTHERS if not language(text).readable)
    every = Counter(code for code, _ in OTHERS)
    low = {code for code, count in every.items() if found[code] < (0.6 if code == "ca" else 0.8) * count}
    assert low == set()


@pytest.mark.parametrize("text", CIVIC)
def test_english_spanish_and_portuguese_are_never_taken_for_another(text: str) -> None:
    """Nobody who writes in a language of the lists is sent to a translator."""
    assert language(text).readable


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("When will you fix the road in front of the school?", "en"),
        ("¿Cuándo van a arreglar la calle frente a la escuela?", "es"),
        ("Quando vocês vão arrumar a rua em frente à escola?", "pt"),
        ("fuсk уоu аll іdіоts at сity hall", "en"),
    ],
)
def test_the_three_are_told_apart(text: str, code: str) -> None:
    """Each has its own; letters of another script inside words are a disguise, not a language."""
    assert language(text) == Language(code, readable=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😀😀😀 12345",
        "LOL",
        "Merci!",
        "Maria Lopez, Juan Perez, Tanya Green, Omar Clark, Luis Santos, Ana Soto",
        "The Théâtre des Beaux-Arts is a great place for the kids",
        "No me gusta the way they handled it pero the mayor said que sí",
        "@Müller_Zürich https://www.straße.de/für/die/und/nicht #ärger see the link",
    ],
)
def test_short_mixed_and_named_texts_are_read(text: str) -> None:
    """Emoji, numbers, names, a foreign name, code-switching between the three, addresses: no person is needed."""
    assert language(text).readable


@pytest.mark.parametrize(
    "text",
    [
        "We really need help with the plow on our street please. Nou bezwen èd tanpri, moun yo pa ka soti lakay yo.",
        "we need help please nou bezwen èd nan katye nou an souple tanpri gen anpil nèj",
        "Please fix the road. 请尽快修好这条路，孩子们上学很危险，谢谢大家",
        "yeh sadak kab theek hogi, do saal se koi nahi sun raha hai bhai",
    ],
)
def test_half_a_comment_in_another_language_goes_to_a_person(text: str) -> None:
    """The half that can be read does not vouch for the half that can't."""
    assert not language(text).readable


def test_what_a_platform_tells_is_believed_where_the_text_leaves_it_open() -> None:
    """One open word is Spanish if the platform says so; a clear English text stays English."""
    assert language("Basura", told="es-MX") == Language("es", readable=True)
    assert language("This is what we were told by the city", told="es").code == "en"


def test_words_that_tell_another_language_belong_to_no_read_one() -> None:
    """No function word of English, Spanish or Portuguese speaks against its own language."""
    read = frozenset[str]().union(*(function_words()[code] for code in READ))
    assert all(words and words.isdisjoint(read) for words in telling_words().values())
    assert not set(READ) & set(telling_words())
