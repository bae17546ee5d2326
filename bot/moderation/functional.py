"""Which lexemes are function words, and which speak for a language that is not read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.moderation.gathering import Bits
from bot.moderation.grown import Grown
from bot.moderation.language import READ, function_words, read_words, telling_words, words_in

_GLUED = re.compile(r"\d[^\W\d_]|[^\W\d_]\d")  # what the close look at a language cuts off a word
_BITS = 64
_MOST = 255


class FunctionWords:
    """Kept in step with a column. ``rows[lexeme]`` is a row of ``bits``: one bit for each function word that is read.

    ``tells[lexeme]`` counts its words that speak for another language.
    """

    def __init__(self) -> None:
        table = function_words()
        self._places = {word: place for place, word in enumerate(sorted(read_words()))}
        self._width = -(-len(self._places) // _BITS)
        others = frozenset[str]().union(*(words for code, words in table.items() if code not in READ))
        self.masks = [self._bits_of(table[code]) for code in READ]
        self._own = read_words() - others
        self._telling: dict[str, list[str]] = defaultdict(list)
        for code, words in telling_words().items():
            for word in words:
                self._telling[word].append(code)
        self._told: dict[int, set[str]] = {}
        self._rows, self._tells, self._owns = Grown(np.int32), Grown(np.uint8), Grown(np.uint8)
        self._table = Grown(np.uint64, self._width)
        self.forget()

    def forget(self) -> None:
        """Start again."""
        self._rows.forget()
        self._tells.forget()
        self._told.clear()
        self._owns.forget()
        self._table.forget()
        self._numbers: dict[frozenset[str], int] = {frozenset(): 0}
        self._table.add([self._bits_of(())])

    @property
    def rows(self) -> NDArray[np.int32]:
        return self._rows.rows

    @property
    def tells(self) -> NDArray[np.uint8]:
        return self._tells.rows

    @property
    def owns(self) -> NDArray[np.uint8]:
        """Whether the lexeme is a function word that only a read language has."""
        return self._owns.rows

    @property
    def bits(self) -> Bits:
        return self._table.rows

    def add(self, tokens: Sequence[str], rows: Sequence[Sequence[Sequence[str]]]) -> None:
        """For each new lexeme its words, in each way to read them; the first way is as they stand."""
        self._rows.add([self._row(frozenset(self._places.keys() & each[0])) for each in rows])
        said = [
            self._telling.keys() & ({*each[0], *words_in([token])} if _GLUED.search(token) else set(each[0]))
            for token, each in zip(tokens, rows, strict=True)
        ]
        self._remember(said)
        self._tells.add([min(len(words), _MOST) for words in said])
        self._owns.add(np.zeros(len(tokens), np.uint8))  # a link is no word of a language

    def add_words(self, words: Sequence[str]) -> None:
        """For each new lexeme its one word."""
        self._rows.add([self._row(frozenset((word,))) if word in self._places else 0 for word in words])
        said = [{word} if word in self._telling else set() for word in words]
        self._remember(said)
        self._tells.add([len(each) for each in said])
        self._owns.add([word in self._own for word in words])

    def _remember(self, said: Sequence[set[str]]) -> None:
        self._told.update({len(self._tells) + place: words for place, words in enumerate(said) if words})

    def telling(self, lexemes: Iterable[int]) -> int:
        """How many different words speak for that other language for which most of them do."""
        words = set[str]().union(*(self._told.get(lexeme, ()) for lexeme in lexemes))
        return max(Counter(code for word in words for code in self._telling[word]).values(), default=0)

    def _row(self, known: frozenset[str]) -> int:
        if known not in self._numbers:
            self._table.add([self._bits_of(known)])
            self._numbers[known] = len(self._table) - 1
        return self._numbers[known]

    def _bits_of(self, words: Iterable[str]) -> Bits:
        bits = np.zeros(self._width, np.uint64)
        for word in words:
            bits[self._places[word] // _BITS] |= np.uint64(1 << self._places[word] % _BITS)
        return bits
