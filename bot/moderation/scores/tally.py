"""Tally: how many words of each class a stretch of text has, six counts to a lane, so that one sum adds them all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MARKS = 30
"""Classes that can be counted: twenty-nine of the lexicon's, and words with a quotation mark."""
_PER_LANE, _BITS = 6, 5


def packed(kinds: NDArray[np.uint8], quoted: NDArray[np.bool_], lanes: int) -> NDArray[np.int32]:
    """One in the five bits that count the class. Sums may wrap: differences of sums don't, and no segment is longer
    than some forty words; who writes one class oftener than thirty-one times counts into the next."""
    packed = np.zeros((len(kinds), lanes), np.uint32)
    at = np.flatnonzero((kinds > 0) & (kinds < MARKS))
    place = kinds[at].astype(np.intp) - 1
    packed[at, place // _PER_LANE] = np.uint32(1) << (_BITS * (place % _PER_LANE)).astype(np.uint32)
    packed[quoted, (MARKS - 1) // _PER_LANE] += np.uint32(1) << np.uint32(_BITS * ((MARKS - 1) % _PER_LANE))
    return packed.view(np.int32)


def counts(packed: NDArray[np.int32]) -> NDArray[np.uint8]:
    """How many words of each class, ``[n, MARKS]``, from the packed lanes of a stretch's sum."""
    lanes = packed.view(np.uint32) if packed.flags.c_contiguous else np.ascontiguousarray(packed).view(np.uint32)
    shifts = (_BITS * np.arange(_PER_LANE)).astype(np.uint32)
    fields = (lanes[:, :, None] >> shifts) & np.uint32((1 << _BITS) - 1)
    return fields.reshape(len(packed), lanes.shape[1] * _PER_LANE)[:, :MARKS].astype(np.uint8)


def count_of(packed: NDArray[np.int32], mark: int) -> NDArray[np.uint32]:
    """How many words of one class, ``[n]``; ``mark`` counts from 0."""
    lane = np.ascontiguousarray(packed[:, mark // _PER_LANE]).view(np.uint32)
    return (lane >> np.uint32(_BITS * (mark % _PER_LANE))) & np.uint32((1 << _BITS) - 1)
