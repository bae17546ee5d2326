"""Two words beside each other: the facts of the form ``kill you``, for all tokens of a batch at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.moderation.gathering import Bits, Places
from bot.moderation.grown import Grown
from bot.moderation.lanes import Lanes


class Pairs:
    """Kept in step with a column: ``add`` the words of each new token. ``bits[row]`` are the lanes of a pair."""

    def __init__(self, lanes: Lanes) -> None:
        same: dict[tuple[int, ...], list[list[str]]] = defaultdict(list)
        for fact in lanes.facts:
            if isinstance(fact, str) and " " in fact:
                same[tuple(lanes.places(fact))].append(fact.split(" "))
        split = [pair for pairs in same.values() for pair in pairs]
        self._first = {word: place for place, word in enumerate(dict.fromkeys(first for first, _ in split), 1)}
        self._second = {word: place for place, word in enumerate(dict.fromkeys(second for _, second in split), 1)}
        rows = [(first, second, row) for row, pairs in enumerate(same.values(), 1) for first, second in pairs]
        self._table = _Table(
            np.array([(self._first[first], self._second[second], row) for first, second, row in rows], np.intp).reshape(
                -1, 3
            )
        )
        self.bits: Bits = np.stack([lanes.bits_at(()), *map(lanes.bits_at, same)])
        self._lasts, self._begins = Grown(np.int32), Grown(np.int32)

    def forget(self) -> None:
        """Start again."""
        self._lasts.forget()
        self._begins.forget()
        self._several: dict[int, tuple[list[int], list[int]]] = {}

    def add(self, tokens: Sequence[Sequence[Sequence[str]]]) -> None:
        """For each new token its words, in each way to read them."""
        lasts = [_places(self._first.get(row[-1]) for row in rows if row) for rows in tokens]
        begins = [_places(self._second.get(row[0]) for row in rows if row) for rows in tokens]
        for token, ways in enumerate(zip(lasts, begins, strict=True), len(self._lasts)):
            if max(map(len, ways)) > 1:
                self._several[token] = ways
        self._lasts.add([_SEVERAL if len(each) > 1 else sum(each) for each in lasts])
        self._begins.add([_SEVERAL if len(each) > 1 else sum(each) for each in begins])

    def add_words(self, words: Sequence[str]) -> None:
        """For each new token its one word."""
        self._lasts.add([self._first.get(word, 0) for word in words])
        self._begins.add([self._second.get(word, 0) for word in words])

    def found(self, first: Places, second: Places) -> tuple[NDArray[np.intp], Places]:
        """For tokens that stand beside each other, those that are pairs that count, in order: places, rows of ``bits``.

        A token that can be read in several ways may be in several pairs.
        """
        lasts, begins = self._lasts.rows[first], self._begins.rows[second]
        rows = self._table.rows(np.maximum(lasts, 0), np.maximum(begins, 0))
        unclear = np.flatnonzero((lasts < 0) | (begins < 0))
        places = np.flatnonzero(rows)
        if not unclear.size:
            return places, rows[places]
        more = [(place, row) for place in unclear.tolist() for row in self._rows(int(first[place]), int(second[place]))]
        both = np.array([*zip(places.tolist(), rows[places].tolist(), strict=True), *more], np.intp).reshape(-1, 2)
        order = np.argsort(both[:, 0], kind="stable")
        return both[order, 0], both[order, 1].astype(np.intp)

    def _rows(self, first: int, second: int) -> set[int]:
        lasts = self._several[first][0] if first in self._several else [int(self._lasts.rows[first])]
        begins = self._several[second][1] if second in self._several else [int(self._begins.rows[second])]
        ways = np.array([(last, begin) for last in lasts for begin in begins], np.intp).reshape(-1, 2)
        return set(self._table.rows(ways[:, 0], ways[:, 1]).tolist()) - {0}


class _Table:
    """The row of each pair of numbers, 0 for the many that have none. One bit a pair tells these at once."""

    def __init__(self, pairs: NDArray[np.intp]) -> None:
        size = pairs.max(axis=0, initial=0) + 1
        self._bits = np.zeros((int(size[0]), -(-int(size[1]) // 8)), np.uint8)
        np.bitwise_or.at(self._bits, (pairs[:, 0], pairs[:, 1] >> 3), (1 << (pairs[:, 1] & 7)).astype(np.uint8))
        self._keys = (pairs[:, 0] << 32) + pairs[:, 1]
        order = np.argsort(self._keys)
        self._keys, self._values = self._keys[order], pairs[order, 2]

    def rows(self, first: Places, second: Places) -> NDArray[np.intp]:
        """The rows of pairs; a number of 0 is in none."""
        rows = np.zeros(len(first), np.intp)
        there = np.flatnonzero((self._bits[first, second >> 3] >> (second & 7).astype(np.uint8)) & 1)
        keys = (first[there].astype(np.intp) << 32) + second[there]
        rows[there] = self._values[np.searchsorted(self._keys, keys)]
        return rows


_SEVERAL = -1


def _places(found: Iterable[int | None]) -> list[int]:
    places = [place for place in found if place]
    return sorted(set(places)) if len(places) > 1 else places
