"""Segments: the stretches of a comment that are scored apart, so that one bad sentence in a long letter is found.

Every sentence, up to four sentences in a row, windows of long sentences, and a short comment as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]
WHOLE = 40
"""Tokens. Nothing longer is scored in one piece: it would add up its neighbours' words."""
WINDOW, STRIDE = 16, 8
IN_A_ROW = 4
"""Sentences. What is hateful in three short sentences is so in a letter around them too."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Tokens ``[first, last)`` of a batch and the text that each belongs to; every text has one at least, in order."""

    first: Places
    last: Places
    text: Places


def sentences_of(ends: NDArray[np.bool_], starts: Places) -> Places:
    """For each token the number of its sentence, counted through the batch. ``ends``: a sentence ends with it."""
    begins = np.zeros(len(ends) + 1, np.intp)
    begins[1:] = ends
    begins[starts[:-1]] = 1
    return np.cumsum(begins[: len(ends)])


def cut(sentences: Places, starts: Places) -> Segments:
    """The segments of every text of a batch; an empty text gets an empty one."""
    texts = np.arange(len(starts) - 1)
    token_text = np.repeat(texts, np.diff(starts))
    first = np.flatnonzero(np.diff(sentences, prepend=-1)) if len(sentences) else np.zeros(0, np.intp)
    last = np.append(first[1:], len(sentences))[: len(first)]
    owner = token_text[first]
    short = last - first <= WHOLE
    parts = [(first[short], last[short], owner[short])]
    long = last - first > WINDOW
    if long.any():
        parts.append(_windows(first[long], last[long], owner[long]))
    for more in range(1, min(IN_A_ROW, len(first))):
        joint = (owner[more:] == owner[:-more]) & (last[more:] - first[:-more] <= WHOLE)
        parts.append((first[:-more][joint], last[more:][joint], owner[more:][joint]))
    length = np.diff(starts)
    whole = (length <= WHOLE) & ((np.bincount(owner, minlength=len(texts)) > IN_A_ROW) | (length == 0))
    parts.append((starts[:-1][whole], starts[1:][whole], texts[whole]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[2], kind="stable")
    return Segments(*(column[order] for column in columns))


def _windows(first: Places, last: Places, owner: Places) -> tuple[Places, Places, Places]:
    count = np.maximum(1, -(-(last - first - WINDOW) // STRIDE) + 1)
    at = np.repeat(first, count)
    step = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    begin = at + step * STRIDE
    return begin, np.minimum(begin + WINDOW, np.repeat(last, count)), np.repeat(owner, count)
