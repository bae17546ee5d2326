"""Many small questions, asked of many comments at once: does each have a word of every group that a rule needs?

Each alternative of each rule has one bit in each of a few lanes; the groups that it needs are dealt out to the lanes.
A fact is a row of bits: all the places where it answers a group. The facts of a comment are put together by *or*, the
lanes by *and*; a bit that is left is an alternative that can hold. More groups than lanes: the weakest are not asked,
which is sound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.moderation.gathering import Bits
from bot.moderation.needs import Fact, Group, Needs

_LANES = 4
_BITS = 64


class Lanes:
    """The needs of several rules, by their places."""

    def __init__(self, needs: Sequence[Needs]) -> None:
        flat = [(place, alternative) for place, each in enumerate(needs) for alternative in each]
        self._words = max(-(-len(flat) // _BITS), 1)
        self.width = self._words * _LANES
        self._facts: dict[Fact, list[int]] = defaultdict(list)
        self._of_fact: dict[Fact, Bits] = {}
        self._of_rule = np.zeros((len(needs), self._words), np.uint64)
        self._unasked = np.zeros(self.width, np.uint64)
        for bit, (place, alternative) in enumerate(flat):
            self._of_rule[place, bit // _BITS] |= _bit(bit)
            for lane, group in zip(range(_LANES), (*alternative, *[frozenset[Fact]()] * _LANES), strict=False):
                self._ask(lane * self._words * _BITS + bit, group)

    def _ask(self, place: int, group: Group) -> None:
        if not group:
            self._unasked[place // _BITS] |= _bit(place)
        for fact in group:
            self._facts[fact].append(place)

    @property
    def facts(self) -> Collection[Fact]:
        """Every fact that counts."""
        return self._facts.keys()

    def places(self, fact: Fact) -> Sequence[int]:
        """Where a fact answers a group: places of bits."""
        return self._facts.get(fact, ())

    def together(self, facts: Iterable[Fact]) -> Bits:
        """The bits of several facts at once."""
        return self.bits_at(place for fact in facts for place in self.places(fact))

    def of(self, fact: Fact) -> Bits:
        """The bits of one fact, worked out once."""
        if fact not in self._of_fact:
            self._of_fact[fact] = self.together((fact,))
        return self._of_fact[fact]

    def bits_at(self, places: Iterable[int]) -> Bits:
        """One row with these bits."""
        bits = 0
        for place in places:
            bits |= 1 << place
        return np.frombuffer(bits.to_bytes(self.width * _BITS // 8, "little"), np.uint64)

    def possible(self, bits: Bits) -> NDArray[np.bool_]:
        """For comments (rows) with these bits: which rules (columns) can find anything."""
        lanes = (bits | self._unasked).reshape(len(bits), _LANES, self._words)
        left = np.bitwise_and.reduce(lanes, axis=1)
        any_left = np.flatnonzero(left.any(axis=1))
        possible = np.zeros((len(bits), len(self._of_rule)), np.bool_)
        possible[any_left] = (left[any_left, None, :] & self._of_rule).any(axis=2)
        return possible


def _bit(place: int) -> np.uint64:
    return np.uint64(1 << place % _BITS)
