"""Features: what the model sees in tokens, as numbers into a table of weights. The same in training and in judging.

A token gives itself and its pieces of two to five characters; neighbours give pairs; words of the lexicon's classes
give the skeleton of their sentence ("group - are - demeaned"), whatever stands between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

BITS = 20
BUCKETS = 1 << BITS
SKELETON_BITS = 16
COLUMNS = BUCKETS + (1 << SKELETON_BITS)
"""Rows of the table of weights: hashed pieces and pairs first, skeletons after them."""

SIZES = (2, 3, 4, 5)
PIECES = 1.0

U64 = NDArray[np.uint64]
_M = np.uint64(0x9E3779B97F4A7C15)
_C1 = np.uint64(0xBF58476D1CE4E5B9)
_C2 = np.uint64(0x94D049BB133111EB)
_BEGIN, _END = "\x02", "\x03"
with np.errstate(over="ignore"):
    _POWERS = np.cumprod(np.full(128, _M, np.uint64), dtype=np.uint64)


def mix(h: U64) -> U64:
    """SplitMix64's finaliser: every bit of the number decides every bit of the answer."""
    h = (h ^ (h >> np.uint64(30))) * _C1
    h = (h ^ (h >> np.uint64(27))) * _C2
    return h ^ (h >> np.uint64(31))


def bucket(h: U64, bits: int = BITS) -> NDArray[np.intp]:
    """The place of a mixed number in a table of ``2 ** bits`` rows."""
    return (h >> np.uint64(64 - bits)).astype(np.intp)


def token_features(
    spelt: Sequence[Sequence[str]],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], U64]:
    """Of distinct tokens, given as their forms: which token, which column, what value; and each one's number in pairs.

    A form such as ``<group>`` is a name and has no pieces.
    """
    words = [form for each in spelt for form in each]
    owner = np.repeat(np.arange(len(spelt)), [len(each) for each in spelt])
    text = "".join(f"{_BEGIN}{word}{_END}" for word in words)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, words), np.intp, len(words)) + 2
    starts = np.cumsum(lengths) - lengths
    place = np.repeat(np.arange(len(words)), lengths)
    inside = np.arange(len(codes)) - starts[place]
    whole = mix(np.add.reduceat(codes * _POWERS[inside % 128], starts)) if words else np.zeros(0, np.uint64)
    named = np.fromiter((word[:1] == "<" for word in words), np.bool_, len(words))
    rows, columns = [np.arange(len(words))], [bucket(mix(whole + np.uint64(1)))]
    for size in SIZES:
        at = np.flatnonzero((inside + size <= lengths[place]) & ~named[place])
        h = np.full(len(at), size, np.uint64)
        for step in range(size):
            h = h * _M + codes[at + step]
        rows.append(place[at])
        columns.append(bucket(mix(h)))
    pieces = np.concatenate(rows[1:])
    count = np.bincount(owner[pieces], minlength=len(spelt)).astype(np.float32)
    variants = np.bincount(owner, minlength=len(spelt)).astype(np.float32)
    values = np.concatenate([1 / variants[owner], PIECES / np.sqrt(np.maximum(count[owner[pieces]], 1))])
    first = np.searchsorted(owner, np.arange(len(spelt)))
    return owner[np.concatenate(rows)], np.concatenate(columns), values.astype(np.float32), whole[first]


def pair_features(numbers: U64, sentences: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Of the tokens of a batch in order (their numbers, the sentence of each): positions and columns of word pairs.

    A pair stands at its last word, and never reaches over the end of a sentence.
    """
    for gap in (1, 2):
        if len(numbers) <= gap:
            return
        at = np.flatnonzero(sentences[gap:] == sentences[:-gap]) + gap
        h = mix(numbers[at - gap] * _M + numbers[at] + np.uint64(gap))
        yield at, bucket(h)


def skeleton_features(
    kinds: NDArray[np.uint8], places: NDArray[np.intp], sentences: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp] | slice, NDArray[np.intp]]]:
    """Runs of one to four classed words of a sentence, whatever words stand between: which of them ends it, its column.

    Of the classed words alone, in order: ``kinds``, their ``places`` in the batch, and their ``sentences``.
    """
    if not len(kinds):
        return
    h = kinds.astype(np.uint64)
    near, back = np.zeros(len(kinds), np.uint64), np.zeros(len(kinds), np.uint64)
    joined = sentences[1:] == sentences[:-1]
    near[1:] = np.where(joined, np.minimum(np.diff(places), 4), 0)
    back[1:] = np.where(joined, h[:-1], 0)
    pair = h + (back << np.uint64(8))
    yield slice(None), _skeleton(h, 1)
    yield slice(None), _skeleton(pair, 2)
    yield slice(None), _skeleton(pair + (near << np.uint64(16)), 5)
    for length in (3, 4):
        at = np.flatnonzero(sentences[length - 1 :] == sentences[: 1 - length]) + length - 1
        run = np.zeros(len(at), np.uint64)
        for step in range(length):
            run = (run << np.uint64(8)) + h[at - step]
        yield at, _skeleton(run, length)


def _skeleton(h: U64, salt: int) -> NDArray[np.intp]:
    return BUCKETS + bucket(mix(h * _M + np.uint64(salt)), SKELETON_BITS)
