"""From what is known of tokens to what is known of texts: bits put together, numbers added up."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Bits: TypeAlias = NDArray[np.uint64]
Flags: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.integer[Any]]

_MOST_STEPS = 64
_FEW_TEXTS = 4


def gathered(table: Bits, rows: Places, starts: Places) -> Bits:
    """For each text the rows of its tokens, put together by *or*. Row 0 of ``table`` is empty."""
    telling = np.flatnonzero(rows)
    bounds = np.searchsorted(telling, starts)
    counts = np.diff(bounds)
    bits = np.zeros((len(counts), table.shape[1]), np.uint64)
    chosen = rows[telling]
    if len(counts) <= _FEW_TEXTS:
        _one_by_one(bits, table, chosen, bounds, np.flatnonzero(counts))
        return bits
    order = np.argsort(-counts, kind="stable")
    left = counts[order]
    for step in range(min(int(left[0]) if len(left) else 0, _MOST_STEPS)):
        order = order[: np.searchsorted(-left, -step)]
        left = left[: len(order)]
        bits[order] |= table.take(chosen[bounds[order] + step], axis=0)
    _one_by_one(bits, table, chosen, bounds, np.flatnonzero(counts > _MOST_STEPS))
    return bits


def _one_by_one(bits: Bits, table: Bits, chosen: Places, bounds: Places, texts: Places) -> None:
    for text in texts.tolist():
        rows = chosen[bounds[text] : bounds[text + 1]]
        rows = np.unique(rows) if len(rows) > _MOST_STEPS else rows  # the work is bounded by what is known, not said
        bits[text] = np.bitwise_or.reduce(table.take(rows, axis=0), axis=0)


def sums(numbers: NDArray[np.uint8] | Flags, starts: Places) -> NDArray[np.intp]:
    before = np.zeros(len(numbers) + 1, np.intp)
    np.cumsum(numbers, out=before[1:])
    return before[starts[1:]] - before[starts[:-1]]
