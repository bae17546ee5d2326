"""Misspellings that a listed word may hide in: swapped and dropped letters, other letters of the same sound, reversed.

All of these are guesses: they ask for a person and never for more. Each is worked out once from the lists, so that
finding one is a look into a table; whatever is an ordinary word of English, Spanish or Portuguese (``ordinary.txt``)
is left out, so that ``spin``, ``arroz`` and ``mother`` stay what they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from bot.moderation.ordinary import known_words
from bot.moderation.passage import Words
from bot.moderation.search import Search, places_of
from bot.moderation.wordlists import Entry

SHORTEST = 4
_SHORTEST_DROPPED = 5
_SHORTEST_REVERSED_PHRASE = 8
_LONGEST_TWICE = 6

# Written so, said the same in English, Spanish or Portuguese; or looking the same.
_SOUNDS_TEXT = """
ck>k ck>q ck>cc ck>x ck>kk c>k qu>k k>c k>q ph>f f>ph v>b b>v z>s s>z ss>zz ss>s sh>sch sh>ch ch>sh ch>tch tch>ch
ll>y y>ll y>i i>y i>ee i>l l>i u>oo u>v u>w o>u u>o oo>u e>i i>e er>a er>ah er>uh ing>in ing>en tt>t ñ>ny ñ>ni ñ>nh ñ>n
j>h h>j g>j rr>r a>ah a>aa a>u ie>ye ll>li lh>li nh>ni x>ch ch>x ã>an o>oh w>v gg>g nn>n pp>p cc>c u>n n>u p>d
"""
_SOUNDS = tuple(tuple(pair.split(">")) for pair in _SOUNDS_TEXT.split())
_VOWELS = frozenset("aeiou")


class Misspelt:
    """The misspellings of some entries, and the words of entries of several backwards."""

    def __init__(self, entries: Iterable[Entry], phrases: Iterable[Entry]) -> None:
        entries = tuple(entries)
        self._whole = {word: entry for entry in entries for word in guesses(entry.stem)}
        self._parts = {part: entry for entry in entries for part in _of_open(entry)}
        self._phrases = {part: entry for entry in phrases for part in _backwards(entry)}
        self._search = Search((*self._parts, *self._phrases))

    @property
    def phrases(self) -> Collection[Entry]:
        """The phrases backwards."""
        return self._phrases.keys()

    def among(self, words: Sequence[str]) -> set[str]:
        """Of plain words those that could be misspellings."""
        return (self._whole.keys() & words) | self._search.among(words)

    def entry(self, word: str) -> Entry | None:
        """The entry that a word misspells, if any."""
        return self._whole.get(word) or next((entry for entry, _, _ in self._held(f" {word}")), None)

    def found(self, words: Words) -> Iterator[tuple[Entry, int, int]]:
        """Every misspelt entry with its place in the row."""
        yield from self._held(words.row)
        for word in self._whole.keys() & words.vocabulary:
            for at in places_of(word, words.row):
                yield self._whole[word], at + 1, at + 1 + len(word)

    def _held(self, row: str) -> Iterator[tuple[Entry, int, int]]:
        for part, start, end in self._search.places(row):
            if row[start:end] not in known_words():
                yield self._parts.get(part) or self._phrases[part], start, end


def guesses(word: str) -> frozenset[str]:
    """Every way in which ``word`` (folded, no blanks) is guessed at. Empty for a short word."""
    if len(word) < SHORTEST:
        return frozenset()
    made = {*_swapped(word), *_dropped(word), *_crossed_out(word), *_sounded(word), word[::-1]}
    return frozenset(guess for guess in made if len(guess) >= SHORTEST) - known_words() - {word}


def _of_open(entry: Entry) -> Iterator[Entry]:
    """The guesses at an entry that goes on, as entries that go on; few, for they are looked for inside other words."""
    if (entry.open_left and entry.open_right) or ((entry.open_left or entry.open_right) and len(entry.stem) > SHORTEST):
        yield Entry(entry.stem[::-1], entry.open_right, entry.open_left)
        for word in {*_swapped(entry.stem), *_crossed_out(entry.stem)} - {entry.stem}:
            yield Entry(word, entry.open_left, entry.open_right)


def _backwards(entry: Entry) -> Iterator[Entry]:
    if len(entry.stem) >= _SHORTEST_REVERSED_PHRASE:
        yield Entry(entry.stem[::-1], entry.open_right, entry.open_left)


def _swapped(word: str) -> Iterator[str]:
    for i in range(len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def _dropped(word: str) -> Iterator[str]:
    if len(word) >= _SHORTEST_DROPPED:
        yield from (word[:i] + word[i + 1 :] for i in range(1, len(word)))


def _crossed_out(word: str) -> Iterator[str]:
    """``fxck``: a vowel crossed out."""
    yield from (word[:i] + "x" + word[i + 1 :] for i in range(1, len(word) - 1) if word[i] in _VOWELS)
    yield "".join("x" if i and letter in _VOWELS else letter for i, letter in enumerate(word))


def _sounded(word: str) -> Iterator[str]:
    for once in _respelled(word):
        yield once
        yield from _respelled(once) if len(word) <= _LONGEST_TWICE else ()


def _respelled(word: str) -> Iterator[str]:
    for letters, other in _SOUNDS:
        at = word.find(letters)
        while at >= 0:
            yield word[:at] + other + word[at + len(letters) :]
            at = word.find(letters, at + 1)
