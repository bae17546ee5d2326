"""Which words can go on with which: the fact ``Follows`` for all tokens of a batch at once.

The next word counts by its first three letters, so that one look into a table of bits answers for a pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.moderation.gathering import Places
from bot.moderation.grown import Grown
from bot.moderation.needs import Follows

_SHOWN = 3
_SIZE = 32
_OTHER, _NO_LETTER = 27, 0
_ANY: int = _SIZE**_SHOWN
_BITS = 64
_WIDTH = _ANY // _BITS + 1


class Following:
    """Kept in step with a column: ``add`` the words of each new token. All facts are asked as one, which is sound."""

    def __init__(self, facts: Iterable[Follows]) -> None:
        self._asked = tuple(facts)
        self._firsts = frozenset[str]().union(*(fact.ways for fact in self._asked))
        self._first, self._second = Grown(np.int32), Grown(np.uint16)
        self._table = Grown(np.uint64, _WIDTH)
        self.forget()

    def forget(self) -> None:
        """Start again."""
        for column in (self._first, self._second, self._table):
            column.forget()
        self._numbers: dict[frozenset[str], int] = {frozenset(): 0}
        self._table.add(np.zeros((1, _WIDTH), np.uint64))

    def add(self, tokens: Sequence[Sequence[Sequence[str]]]) -> None:
        """For each new token its words, in each way to read them."""
        self._first.add([self._row(row[-1] for row in rows if row) for rows in tokens])
        self._second.add([_begins([row[0] for row in rows if row]) for rows in tokens])

    def add_words(self, words: Sequence[str]) -> None:
        """For each new token its one word."""
        self._first.add([self._row((word,)) if word in self._firsts else 0 for word in words])
        self._second.add([_place(word[:_SHOWN]) for word in words])

    def within(self, rows: Iterable[Sequence[str]]) -> bool:
        """Does a word of one token go on with the next?"""
        pairs = (pair for row in rows for pair in pairwise(row))
        return any(self._answers(self._row((first,)), _begins([second])) for first, second in pairs)

    def places(self, first: Places, second: Places) -> NDArray[np.intp]:
        """Of pairs of tokens, those where the second can go on with the first."""
        rows = self._first.rows[first]
        asking = np.flatnonzero(rows)
        begins = self._second.rows[second[asking]].astype(np.intp)
        bits = self._table.rows[rows[asking], begins // _BITS] >> (begins % _BITS).astype(np.uint64)
        answered: NDArray[np.intp] = asking[(bits & np.uint64(1)) != 0]
        return answered

    def _answers(self, row: int, begin: int) -> bool:
        return bool(int(self._table.rows[row, begin // _BITS]) >> begin % _BITS & 1)

    def _row(self, words: Iterable[str]) -> int:
        known_words = self._firsts.intersection(words)
        if not known_words:
            return 0
        ways = frozenset(way for word in known_words for fact in self._asked for way in fact.ways.get(word, ()))
        known = self._numbers.get(ways)
        if known is None:
            self._table.add([_bits_of(ways)])
            known = self._numbers[ways] = len(self._table) - 1
        return known


def _begins(words: Sequence[str]) -> int:
    """The place of a word in the table. What can be read in several ways may go on with anything."""
    if not words:
        return 0
    if len(words) > 1 and len(set(words)) > 1:
        return _ANY
    return _place(words[0][:_SHOWN])


def _bits_of(ways: Iterable[str]) -> NDArray[np.uint64]:
    places = {_ANY}
    for way in ways:
        begins = way.rstrip("*")
        span = _SIZE ** (_SHOWN - len(begins)) if way.endswith("*") else 1
        places.update(range(_place(begins), _place(begins) + span))
    bits = np.zeros(_WIDTH, np.uint64)
    for place in places:
        bits[place // _BITS] |= np.uint64(1 << place % _BITS)
    return bits


@lru_cache(maxsize=50_000)
def _place(begins: str) -> int:
    """Where words that begin with these letters are, three or all that they have."""
    first, second, third = (_letter(begins[i]) if i < len(begins) else _NO_LETTER for i in range(_SHOWN))
    return (first * _SIZE + second) * _SIZE + third


def _letter(character: str) -> int:
    """1 to 26, and 27 for every other letter or digit."""
    return ord(character) - ord("a") + 1 if "a" <= character <= "z" else _OTHER
