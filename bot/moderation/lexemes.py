"""What the screen knows of every token: the facts that rules need, its words, digits, single letters, language.

Tokens that differ only in the stops and quotes around one plain word are one lexeme. New ones are taken in many at
once: what can be asked of all of them together is not asked of each.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

from bot.moderation.chunk import Chunk
from bot.moderation.dictated import DIGIT_WORDS
from bot.moderation.following import Following
from bot.moderation.functional import FunctionWords
from bot.moderation.gathering import Bits
from bot.moderation.grown import Grown
from bot.moderation.lanes import Lanes
from bot.moderation.needs import PROSE, Asked, Digits, Fact, Follows, Holds, Scores, Whole
from bot.moderation.pairs import Pairs
from bot.moderation.search import Held
from bot.moderation.tokens import LINE_END, LONGEST

WORD, MONEY, SIGNS = 0, 1, 2
"""Kinds of token: with a word; with none, but with a sign that stands for a letter; other signs, the end of a line."""

_SENTENCE_ENDS = ".?;!"
_APOSTROPHES = re.compile(r"[a-z]+(?:'[a-z]+)+")
_DIGIT = re.compile(r"\d")
_READ_AS_DIGITS = frozenset("oil")
_EVERY_FACT = 1
_MOST_ROWS = 20_000
_MOST = 255

_Rows = Sequence[Sequence[str]]


class Lexemes:
    """A column: ``of[token]`` is the number of the token's lexeme, ``stops[token]`` whether a full stop follows it.

    ``facts[lexeme]`` is a row of ``bits``; row 0 has no fact, and row 1 has all of them.
    """

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._every = frozenset(fact for fact in lanes.facts if not isinstance(fact, Whole | Scores | Digits))
        self._words: frozenset[Fact] = frozenset(
            fact for fact in self._every if isinstance(fact, str) and not fact.endswith("*")
        )
        self._asked = [fact for fact in self._every if isinstance(fact, Asked)]
        self._beginnings = _by_beginning(self._every)
        self._held = Held({fact.characters: fact for fact in self._every if isinstance(fact, Holds)})
        self.follows = [fact for fact in self._every if isinstance(fact, Follows)]
        self.following = Following(self.follows)
        self.pairs = Pairs(lanes)
        self.functional = FunctionWords()
        self._of, self._facts = Grown(np.int32), Grown(np.int32)
        self._stops, self._singles, self._digits = Grown(np.uint8), Grown(np.uint8), Grown(np.uint8)
        self._gaps = Grown(np.uint8)
        self._spoken, self._kinds, self._counts = Grown(np.uint8), Grown(np.uint8), Grown(np.uint8)
        self._bits = Grown(np.uint64, lanes.width)
        self.forget()

    def forget(self) -> None:
        """Start again at id 0."""
        for column in (self._stops, self._singles, self._digits, self._gaps, self._spoken, self._kinds, self._counts):
            column.forget()
        for part in (self._of, self._facts, self._bits, self.following, self.pairs, self.functional):
            part.forget()
        self._numbers: dict[str, int] = {}
        self._known: dict[frozenset[Fact], int] = {frozenset(): 0, self._every: _EVERY_FACT}
        self._bits.add([self._lanes.together(facts) for facts in self._known])

    @property
    def line_end(self) -> int:
        """The number of the end of a line, -1 as long as none was met."""
        return self._numbers.get(LINE_END, -1)

    @property
    def of(self) -> NDArray[np.int32]:
        return self._of.rows

    @property
    def stops(self) -> NDArray[np.uint8]:
        return self._stops.rows

    @property
    def facts(self) -> NDArray[np.int32]:
        return self._facts.rows

    @property
    def bits(self) -> Bits:
        return self._bits.rows

    @property
    def singles(self) -> NDArray[np.uint8]:
        """How many single letters."""
        return self._singles.rows

    @property
    def digits(self) -> NDArray[np.uint8]:
        return self._digits.rows

    @property
    def gaps(self) -> NDArray[np.uint8]:
        """Whether a row of digits ends here: a word without one, and not of letters that are read as digits."""
        return self._gaps.rows

    @property
    def spoken(self) -> NDArray[np.uint8]:
        """How many words for digits."""
        return self._spoken.rows

    @property
    def kinds(self) -> NDArray[np.uint8]:
        return self._kinds.rows

    @property
    def counts(self) -> NDArray[np.uint8]:
        """How many words, a full stop as one."""
        return self._counts.rows

    def learn(self, tokens: Sequence[str]) -> None:
        """Take in new tokens; the first gets the next id."""
        keys = [_key(token) for token in tokens]
        new = [key for key in dict.fromkeys(keys) if key not in self._numbers]
        plain = [key for key in new if _is_plain(key)]
        self._learn_plain(plain)
        self._learn_odd([key for key in new if key not in self._numbers])
        self._of.add([self._numbers[key] for key in keys])
        self._stops.add(
            [token is not key and token[-1] in _SENTENCE_ENDS for key, token in zip(keys, tokens, strict=True)]
        )

    def _learn_plain(self, keys: Sequence[str]) -> None:
        words = [key.replace("'", "") for key in keys]
        said: list[set[Fact]] = [set(self._words.intersection((word,))) for word in words]
        for question in self._asked:
            picked = frozenset(question.among(words))
            for place in (place for place, word in enumerate(words) if word in picked) if picked else ():
                said[place].add(question)
        self._singles.add([_singles_of_plain(key) for key in keys])
        self._digits.add(np.zeros(len(words), np.uint8))
        self._gaps.add([not _READ_AS_DIGITS.issuperset(word) for word in words])
        self._kinds.add(np.full(len(words), WORD, np.uint8))
        self._spoken.add([word in DIGIT_WORDS for word in words])
        self._counts.add(np.ones(len(words), np.uint8))
        self.following.add_words(words)
        self.pairs.add_words(words)
        self.functional.add_words(words)
        for place, fact in self._held.in_each(words):
            said[place].add(fact)
        for facts, word in zip(said, words, strict=True):
            facts.update(self._begun(word))
        self._number(keys)
        self._facts.add([self._row_of(frozenset(facts)) if facts else 0 for facts in said])

    def _learn_odd(self, tokens: Sequence[str]) -> None:
        chunks = [Chunk(token) for token in tokens]
        rows = [chunk.rows for chunk in chunks]
        said = [set(self._beside(each)) for each in rows]
        words = [frozenset(chain.from_iterable(each)) for each in rows]
        every = list(frozenset().union(*words))
        for question in self._asked:
            picked = frozenset(question.among(every))
            for facts, own in zip(said, words, strict=True) if picked else ():
                if not picked.isdisjoint(own):
                    facts.add(question)
            if question.test is None:
                continue
            for facts, chunk in zip(said, chunks, strict=True):
                if question.test(chunk):
                    facts.add(question)
        self._singles.add([min(chunk.singles, _MOST) for chunk in chunks])
        self._digits.add([min(len(_DIGIT.findall(token)), _MOST) for token in tokens])
        self._gaps.add([_breaks_number(token) for token in tokens])
        self._kinds.add([_kind(token) for token in tokens])
        self._spoken.add([min(sum(word in DIGIT_WORDS for word in each[0]), _MOST) for each in rows])
        self._counts.add([min(len(each[0]), _MOST) for each in rows])
        self.following.add(rows)
        self.pairs.add(rows)
        self.functional.add(tokens, rows)
        for place, fact in self._held.in_each(["" if token == LINE_END else token for token in tokens]):
            said[place].add(fact)
        self._number(tokens)
        self._facts.add([self._row(*each) for each in zip(chunks, said, strict=True)])

    def _number(self, keys: Sequence[str]) -> None:
        first = len(self._numbers)
        self._numbers.update(zip(keys, range(first, first + len(keys)), strict=True))

    def _beside(self, rows: _Rows) -> Iterator[Fact]:
        for row in rows:
            for word in row:
                if word in self._words:
                    yield word
                yield from self._begun(word)
        if max(map(len, rows)) > 1:
            for first, second in (pair for row in rows for pair in pairwise(row)):
                if f"{first} {second}" in self._words:
                    yield f"{first} {second}"
            if self.following.within(rows):
                yield from self.follows

    def _begun(self, word: str) -> Iterator[Fact]:
        for beginning in self._beginnings.get(word[:2], ()):
            if word.startswith(beginning):
                yield f"{beginning}*"

    def _row(self, chunk: Chunk, facts: set[Fact]) -> int:
        # Cut, so that what stands behind is not known; or a picture that can be a word or none.
        if len(chunk.text) >= LONGEST or chunk.has_picture:
            return _EVERY_FACT
        return self._row_of(frozenset(facts))

    def _row_of(self, facts: frozenset[Fact]) -> int:
        known = self._known.get(facts)
        if known is None and len(self._bits) < _MOST_ROWS:
            self._bits.add([self._lanes.together(facts)])
            known = self._known[facts] = len(self._bits) - 1
        return _EVERY_FACT if known is None else known


def _key(token: str) -> str:
    if token.isalpha():
        return token
    bare = token.lstrip(PROSE[0]).rstrip(PROSE[1])
    return bare if _is_plain(bare) else token


def _is_plain(word: str) -> bool:
    return (word.isalpha() and word.isascii()) or _APOSTROPHES.fullmatch(word) is not None


def _singles_of_plain(key: str) -> int:
    return len(key) == 1 if key.isalpha() else sum(len(part) == 1 for part in key.split("'"))


def _breaks_number(token: str) -> bool:
    return not _DIGIT.search(token) and not _READ_AS_DIGITS.issuperset(c for c in token if c.isalnum())


def _kind(token: str) -> int:
    if any(map(str.isalnum, token)):
        return WORD
    return MONEY if "$" in token or "@" in token else SIGNS


def _by_beginning(facts: Iterable[Fact]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, str) and fact.endswith("*"):
            table[fact[:2]].append(fact[:-1])
    return table
