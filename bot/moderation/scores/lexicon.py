"""Lexicon: what the model knows of every token, found out once and remembered beside the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.moderation.scores.classes import Classes
from bot.moderation.scores.features import pair_features, skeleton_features, token_features
from bot.moderation.scores.forms import ends_sentence
from bot.moderation.scores.model import WIDTH
from bot.moderation.scores.tally import packed

FINE = 64
"""Steps of a token's worth to one step of a weight."""
QUOTES = ('"', "“", "”", "«", "»", "'")
_FIRST_ROOM = 4096


class Lexicon:
    """A column of the vocabulary: each token's worth in every lane, its number in pairs, class, and full stop.

    ``table`` [columns, ``WIDTH``] holds the weights in whole steps, nought beyond the ``lanes``; it is not copied.
    """

    def __init__(self, table: NDArray[np.int8], lanes: int, classes: Classes) -> None:
        self._lanes = lanes
        self._table = table.view(np.complex128).ravel()
        self._classes = classes
        self.forget()

    def forget(self) -> None:
        """Start again at id 0."""
        self._known = 0
        self._room(_FIRST_ROOM, fresh=True)

    def learn(self, tokens: Sequence[str]) -> None:
        """Weigh new tokens; the first gets the next id."""
        spelt = [self._classes.spell(token) for token in tokens]
        owner, column, value, numbers = token_features([forms for forms, _ in spelt])
        lanes = self._lanes
        worth = np.empty((len(tokens), lanes), np.float64)
        weights = self._rows(column)[:, :lanes] * (value * FINE)[:, None]
        for lane in range(lanes):
            worth[:, lane] = np.bincount(owner, weights[:, lane], len(tokens))
        at = slice(self._known, self._known + len(tokens))
        self._room(at.stop)
        kinds = np.fromiter((kind for _, kind in spelt), np.uint8, len(tokens))
        self._worth[at, :lanes] = np.rint(worth)
        quoted = np.fromiter((token[:1] in QUOTES or token[-1:] in QUOTES for token in tokens), np.bool_, len(tokens))
        self._worth[at, lanes:] = packed(kinds, quoted, WIDTH - lanes)
        self._numbers[at] = numbers
        self._kinds[at] = kinds
        self._ends[at] = [ends_sentence(token) for token in tokens]
        self._known = at.stop

    def ends(self, ids: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Does a sentence end with the token?"""
        return self._ends[ids]

    def worth(self, ids: NDArray[np.intp], sentences: NDArray[np.intp]) -> NDArray[np.int32]:
        """What every place of a batch adds to every lane, and to the counts of classes: ``[n, WIDTH]``.

        A place adds its token, and the pairs and skeletons that end with it.
        """
        joint = np.zeros((len(ids), WIDTH), np.int16)
        for at, column in pair_features(self._numbers[ids], sentences):
            joint[at] += self._rows(column)
        kinds = self._kinds[ids]
        classed = np.flatnonzero(kinds)
        runs = np.zeros((len(classed), WIDTH), np.int16)
        for which, column in skeleton_features(kinds[classed], classed, sentences[classed]):
            runs[which] += self._rows(column)
        joint[classed] += runs
        worth = self._worth[ids]
        worth += np.multiply(joint, FINE, dtype=np.int32)
        return worth

    def _rows(self, column: NDArray[np.intp]) -> NDArray[np.int8]:
        # Sixteen lanes of one byte are taken as one number of sixteen bytes: a look-up instead of sixteen.
        return self._table.take(column).view(np.int8).reshape(-1, WIDTH)

    def _room(self, size: int, fresh: bool = False) -> None:
        if fresh:
            self._worth = np.zeros((size, WIDTH), np.int32)
            self._numbers = np.zeros(size, np.uint64)
            self._kinds = np.zeros(size, np.uint8)
            self._ends = np.zeros(size, np.bool_)
        elif size > len(self._kinds):
            more = max(size, 2 * len(self._kinds)) - len(self._kinds)
            self._worth = np.pad(self._worth, ((0, more), (0, 0)))
            self._numbers = np.pad(self._numbers, (0, more))
            self._kinds = np.pad(self._kinds, (0, more))
            self._ends = np.pad(self._ends, (0, more))
