"""Listed words that are hidden: what is certain, what is a guess and goes to a person, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moderation.detectors.words import ListedWords, WordListParameters
from bot.moderation.guesses import guesses
from bot.moderation.lexicon import Lexicon
from bot.moderation.ordinary import known_words, ordinary_words
from bot.moderation.passage import Passage
from bot.moderation.text import fold
from bot.moderation.verdict import Item
from bot.moderation.wordlists import Entry, WordList, WordLists

LISTS = WordLists.load(Path(__file__).parents[2] / "config" / "wordlists").by_name
OBSCENE = tuple(LISTS[f"obscene.{lang}@2"] for lang in ("en", "es", "pt"))
COARSE = (*(LISTS[f"coarse.{lang}@2"] for lang in ("en", "es", "pt")), LISTS["signs.en@1"])
LEXICON = Lexicon(OBSCENE)
COARSE_LEXICON = Lexicon(COARSE)

CERTAIN = [
    "₣Ʉ₵₭",
    "ᖴᑌᑕK",
    "ꮪhit",
    "(f)(u)(c)(k)",
    "⒡⒰⒞⒦",
    "f\ufe0fu\ufe0fc\ufe0fk",
    "f\U000e0041uck",
    "f" + "\u0301\u0302\u0303\u0304" * 3 + "uck",
    "\u202ekcuf\u202c",
    "f\nu\nc\nk",
    "F  U  C  K   Y  O  U",
    "5.h.1.t",
    "h1jo de put4",
    "bull\u200bshit",
]
GUESSED = [
    "sh💩t",
    "sh🤬tting",
    "bu llshit",
    "mi erda",
    "sh\nit\n",
    "bullshti",
    "miedra",
    "caarlho",
    "gilipoyaz",
    "elohssa",
    "atup ed ojih",
    "ʞɔnɟ",
    "ohlarac",
    "moth***cker",
    "bull****it",
    "sh-t",
    "5|-|!+",
    "shi.+",
    "c-r-lho",
    "fnck",
    "bullshxt",
]
LEFT_ALONE = [
    "spin the arroz, travel to the beach and count the sheet",
    "tihs is a typo, htis too",
    "put a sign here, put.a dot",
    "it s hit or miss",
    "Fuchs Street, the county, the Niger river",
    "wh*re *re th* c*ty c**nc*l m*mb*rs t*d*y",
    "we wan+ to re@d",
    "a b c d e f g",
    "start at a road, t a r d e",
    "no\nme\nto\nca",
    "🔫💀 🐒🍌 🐍 lovely day at the zoo 🐵",
    "El perro come arroz, la mirada de mi hermana",
    "https://example.com/fu-ck/5h1t",
]


def _hits(text: str, lexicon: Lexicon = LEXICON) -> list[tuple[str, bool]]:
    return [(text[hit.span.start : hit.span.end], hit.certain) for hit in lexicon.hits(Passage(Item(text)))]


@pytest.mark.parametrize("word", CERTAIN)
def test_the_same_letters_written_otherwise_are_certain(word: str) -> None:
    """Fonts, invisible signs, columns and turned directions leave no doubt which word a reader sees."""
    text = f"Well, {word} that!"
    hits = _hits(text)
    assert any(certain for _, certain in hits)
    assert all("Well" not in shown and "that" not in shown for shown, _ in hits)


@pytest.mark.parametrize("word", GUESSED)
def test_what_only_resembles_a_listed_word_is_a_guess(word: str) -> None:
    """Misspelt, in pieces, backwards, on its head, masked by pictures: found, and never certain."""
    hits = _hits(f"Well, they say\n{word}\nall of that!")
    assert hits
    assert not any(certain for _, certain in hits)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_ordinary_text_is_not_guessed_at(text: str) -> None:
    """Words, typing slips, addresses and pictures that only resemble a listed word are nothing."""
    assert _hits(text) == []
    assert _hits(text, COARSE_LEXICON) == []


@pytest.mark.parametrize(
    ("text", "shown"), [("ok 🖕🏽 you", "🖕🏽"), ("eat 💩 now", "eat 💩"), ("a 🐂💩 plan", "🐂💩")]
)
def test_a_picture_is_found_as_a_word(text: str, shown: str) -> None:
    """A listed picture counts alone or among the words of an entry, and the span holds its colour."""
    assert (shown, True) in _hits(text, COARSE_LEXICON)


def test_a_guess_asks_for_a_person_and_a_certain_word_does_not_cite_it() -> None:
    """The detector marks guesses as unsure, and leaves them out beside a word that is certain."""
    detector = ListedWords(OBSCENE, WordListParameters(lists=tuple(each.name for each in OBSCENE)))
    guessed = list(detector.find(Passage(Item("what bullshti"))))
    both = list(detector.find(Passage(Item("what bullshti, fuck"))))
    assert [(match.sure, match.score < 1) for match in guessed] == [(False, True)]
    assert [(match.sure, match.spans[0].start) for match in both] == [(True, 15)]


def test_a_guess_is_never_an_ordinary_word() -> None:
    """Nothing that is known stands among the misspellings of a listed word, and nothing shorter than four letters."""
    made = frozenset[str]().union(*(guesses(entry.stem) for listed in OBSCENE for entry in listed.entries))
    assert "fukc" in made
    assert not made & known_words()
    assert min(map(len, made)) == 4


def test_ordinary_words_are_folded_and_sorted_apart_from_listed_ones() -> None:
    """The file can be read by anybody: plain letters, and what is listed elsewhere is marked so."""
    assert {"spin", "arroz", "county"} <= ordinary_words()
    assert "fuck" not in ordinary_words()
    assert all(fold(word).text == word for word in known_words())


WORDS = st.sampled_from(["mierda", "bullshit", "gilipollas", "caralho", "asshole"])
SIGNS = st.sampled_from(["", "", "", ".", "*", "-", " ", "\u200b", "\u0301", "\n", "|"])


@given(WORDS, st.data())
@settings(max_examples=150, deadline=None)
def test_spans_cover_the_letters_of_the_word(word: str, data: st.DataObject) -> None:
    """Whatever stands between the letters, a span begins and ends in the hidden word, never in its neighbours."""
    hidden = "".join(letter + data.draw(SIGNS) for letter in word[:-1]) + word[-1]
    text = f"Aquí, {hidden}, sim"
    for hit in LEXICON.hits(Passage(Item(text))):
        assert 6 <= hit.span.start < hit.span.end <= 6 + len(hidden)
        assert fold(text[hit.span.start]).text in {*word, ""} | {" ", "\n"}


@given(st.text(alphabet=st.sampled_from("fuckshit-*.|_ \n@1+(<)ʞɔɟ\u202e\u202c🖕💩₴🇫\u0301\ud800"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_searched(text: str) -> None:
    """Every span is inside the text and is not empty, and a search twice finds the same."""
    hits = list(LEXICON.hits(Passage(Item(text))))
    assert hits == list(LEXICON.hits(Passage(Item(text))))
    assert all(0 <= hit.span.start < hit.span.end <= len(text) for hit in hits)


@pytest.mark.parametrize("piece", ["f***k ", "fu ck ", "sh\nit\n", "ʞɔnɟ ", "1|", "a-b-", "\u202ekcuf ", "₴ⱨł₮ ", "🖕"])
def test_a_wall_of_signs_is_searched_to_its_end(piece: str) -> None:
    """Long hostile texts end, with spans inside them."""
    text = piece * (20_000 // len(piece))
    assert all(hit.span.end <= len(text) for hit in LEXICON.hits(Passage(Item(text))))


def test_an_entry_in_its_own_language_is_decoded_there_only() -> None:
    """``porra`` is a festive cake or a bet in Spanish: hidden or not, it counts in Portuguese alone."""
    listed = WordList("x.pt@1", "pt", (Entry("porra", own_language_only=True),), (), "")
    lexicon = Lexicon((listed,))
    assert _hits("isso não pode, que p0rra é essa", lexicon) == [("p0rra", True)]
    assert _hits("esto no puede ser, la p0rra de hoy", lexicon) == []
