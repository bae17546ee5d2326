"""Words written in pieces: ``fu ck``, ``mi erda``, ``sh`` over ``it``. Always a guess: blanks do divide words.

A piece that is no ordinary word gives them away: ``put a`` is two words, ``pu ta`` is none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from bot.moderation.needs import Asked, Follows, Needs
from bot.moderation.ordinary import ordinary_words
from bot.moderation.passage import Words
from bot.moderation.search import Search
from bot.moderation.wordlists import Entry

_SHORTEST_PIECE = 2
_SHOWN = 3
_TELLING_LETTERS = frozenset("bfgjkpvwz")  # seldom alone; s, d, t, m and their like follow an apostrophe


class Pieces:
    """Listed words found across the blanks between their pieces."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        entries = tuple(entries)
        self._search = Search(entries)
        self._beginnings = _beginnings(entries)
        # A piece that is itself listed is found as itself; and what follows it is its neighbour's.
        pieces = frozenset(_pieces(entry.stem for entry in entries)) - {entry.stem for entry in entries}
        self._telling = pieces - ordinary_words() | (_TELLING_LETTERS & {entry.stem[0] for entry in entries})

    def needs(self, name: str) -> Needs:
        """A telling piece, and a piece that the next word goes on with."""
        told = Asked(f"{name}: a piece", self._telling.intersection)
        return ((frozenset((told,)), frozenset((Follows(name, self._beginnings),))),)

    def could_hold(self, word: str) -> bool:
        """Could ``word`` be a piece? Among the pieces of a split word one at least is told so."""
        return word in self._telling

    def found(self, words: Words) -> Iterator[tuple[Entry, int, int]]:
        """Every entry that neighbouring words make together, with its first and last place in the folded text."""
        if self._telling.isdisjoint(words.vocabulary):
            return
        row = words.row.replace(" ", "")
        begins = [start - i for i, start in enumerate(words.starts)]
        bounds = [*begins, len(row)]
        for entry, start, end in self._search.anywhere(row):
            first, last = bisect_right(begins, start) - 1, bisect_left(begins, end) - 1
            whole = bounds[last + 1] == end
            if first < last and begins[first] == start and (whole or entry.open_right):
                known = [row[bounds[i] : bounds[i + 1]] for i in range(first, last + whole)]
                if not self._telling.isdisjoint(known):
                    yield entry, words.edges[first][0], words.edges[last][1]


def _beginnings(entries: Iterable[Entry]) -> Mapping[str, frozenset[str]]:
    """For each first piece of an entry, how it can go on."""
    table: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for end in range(1, len(entry.stem)):
            table[entry.stem[:end]].update(_ways(entry.stem[end:], entry.open_right))
    return {piece: frozenset(ways) for piece, ways in table.items()}


def _ways(rest: str, is_open: bool) -> Iterator[str]:
    """Pieces of one and two letters; three letters of longer ones; what is left of an entry that goes on."""
    yield from (rest[:length] for length in (1, 2, 3) if len(rest) >= length)
    if is_open and len(rest) < _SHOWN:
        yield f"{rest}*"


def _pieces(stems: Iterable[str]) -> Iterator[str]:
    for stem in stems:
        for start in range(len(stem)):
            for end in range(start + _SHORTEST_PIECE, len(stem) + (start > 0)):
                yield stem[start:end]
