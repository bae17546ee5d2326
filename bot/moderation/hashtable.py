"""A hash table that is asked many questions at once: 64-bit keys, each with the number of its coming."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FIRST_BITS = 14
_FULL = 0.5

Keys = NDArray[np.uint64]
Numbers = NDArray[np.intp]


class HashTable:
    """Open addressing, linear probing. The keys must be evenly spread already: their upper bits are the address."""

    def __init__(self) -> None:
        self._count = 0
        self._make_room(_FIRST_BITS)

    def __len__(self) -> int:
        return self._count

    def find(self, keys: Keys) -> Numbers:
        """The number of each key, -1 for one that is not there."""
        slots = self._slots_of(keys)
        there = self._keys.take(slots)
        numbers = self._numbers.take(slots)
        unsure = np.flatnonzero(there != keys)
        while unsure.size:
            empty = self._keys.take(slots[unsure]) == 0
            numbers[unsure[empty]] = -1
            unsure = unsure[~empty]
            slots[unsure] = (slots[unsure] + 1) & self._last
            numbers[unsure] = self._numbers.take(slots[unsure])
            unsure = unsure[self._keys.take(slots[unsure]) != keys[unsure]]
        numbers[keys == 0] = 0
        return numbers

    def add(self, keys: Keys) -> None:
        """Give each key the next number. They must be new and different from each other."""
        numbers = np.arange(self._count, self._count + len(keys))
        self._count += len(keys)
        if self._count > _FULL * len(self._keys):
            everything = np.concatenate((self._keys[self._keys != 0], keys))
            known = np.concatenate((self._numbers[self._keys != 0], numbers))
            self._make_room(int(np.ceil(np.log2(self._count / _FULL))) + 1)
            self._put(everything, known)
        else:
            self._put(keys, numbers)

    def _put(self, keys: Keys, numbers: Numbers) -> None:
        slots = self._slots_of(keys)
        while keys.size:
            free = self._keys[slots] == 0
            self._keys[slots[free]] = keys[free]  # where two want one slot, the later has it and the other goes on
            lost = self._keys[slots] != keys
            self._numbers[slots[~lost]] = numbers[~lost]
            keys, numbers, slots = keys[lost], numbers[lost], (slots[lost] + 1) & self._last

    def _slots_of(self, keys: Keys) -> Numbers:
        return (keys >> self._shift).astype(np.intp)

    def _make_room(self, bits: int) -> None:
        self._keys: Keys = np.zeros(1 << bits, np.uint64)
        self._numbers: Numbers = np.zeros(1 << bits, np.intp)
        self._last = (1 << bits) - 1
        self._shift = np.uint64(64 - bits)
