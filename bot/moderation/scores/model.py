"""The model as values: what the weights file holds, and how a stretch of text is scored with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.moderation.pack import CATEGORIES
from bot.moderation.scores.calibration import Calibration, score
from bot.moderation.scores.classes import Classes
from bot.moderation.scores.features import COLUMNS
from bot.moderation.scores.tally import count_of, counts
from bot.moderation.scores.trees import Forest

HEADS = ("profanity", "hate", "sexual", "threat", "spam", "political", "illegal", "attack", "toxic")
"""What the table of weights is learned for. ``toxic`` is no category: beside a named group it is evidence of hate."""
LANES = (*HEADS, "es", "pt")
KINDS = HEADS[:-1]
"""The categories that are scored, in the order of the signs."""
FORESTED = ("hate", "sexual", "spam", "political")
"""Categories whose sign is a forest's, where their head sees enough for the forest to be asked."""
_PLACES = [CATEGORIES.index(kind) for kind in KINDS]
WIDTH = 16
"""Lanes of a row in memory: those of the model, then counts of words by class."""
SHORTEST = 4
MOST_COUNTED = 4
NAMELESS = 1.0
"""Log-odds. What hate loses where neither a group nor a slur is named."""
UNASKED = np.float32(-16.0)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """``table`` [columns, ``WIDTH``] in steps of ``steps`` [lanes], nought beyond the lanes; ``bias`` [lanes].

    ``floors`` [heads] is the least evidence for which a forest is asked; ``middles`` [kinds] is the rarity scored 0.5.
    """

    table: NDArray[np.int8]
    steps: Floats
    bias: Floats
    classes: Classes
    forests: Mapping[str, Forest]
    floors: Floats
    scale: Calibration
    middles: Floats

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays for the weights file; ``of`` is the way back."""
        forests = {
            f"{head}_{name}": np.asarray(getattr(forest, name))
            for head, forest in self.forests.items()
            for name in Forest.__slots__
        }
        return forests | {
            "table": np.ascontiguousarray(self.table[:, : len(LANES)].T),
            "steps": self.steps,
            "bias": self.bias,
            "classes": np.frombuffer(self.classes.text.encode(), np.uint8),
            "floors": self.floors,
            "knots": self.scale.knots,
            "rarities": self.scale.rarities,
            "middles": self.middles,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Model:
        """The model in a weights file. Raises ``KeyError`` or ``ValueError`` for one that is not of this shape."""
        lanes = arrays["table"]
        if lanes.shape != (len(LANES), COLUMNS) or lanes.dtype != np.int8:
            raise ValueError("the table of weights has another shape")
        return cls(
            widened(lanes.T),
            arrays["steps"],
            arrays["bias"],
            Classes.parse(arrays["classes"].tobytes().decode()),
            {head: _forest(arrays, head) for head in FORESTED},
            arrays["floors"],
            Calibration(arrays["knots"], arrays["rarities"]),
            arrays["middles"],
        )

    def raw(self, sums: NDArray[np.int32], lengths: NDArray[np.intp], fine: int) -> Floats:
        """Log-odds [n, lanes] of stretches from their sums in steps. Long ones are tempered by the root of length."""
        norm = 1 / np.sqrt(np.maximum(lengths, SHORTEST)).astype(np.float32)
        return np.asarray(sums * (self.steps / fine) * norm[:, None] + self.bias, np.float32)

    def forest_features(self, raw: Floats, words: NDArray[np.uint8], language: NDArray[np.intp]) -> Floats:
        """The forest's view: every head, the words by class, and the language."""
        tongue = language[:, None] == np.arange(3)
        return np.hstack([raw[:, : len(HEADS)], np.minimum(words, MOST_COUNTED), tongue]).astype(np.float32)

    def sign_rows(self, raw: Floats, tally: NDArray[np.int32], language: NDArray[np.intp]) -> Floats:
        """The signs [n, ``KINDS``] of stretches, uncalibrated; ``tally`` holds their words by class, packed."""
        signs = raw[:, : len(KINDS)].copy()
        enough = raw[:, : len(HEADS)] > self.floors
        enough[:, HEADS.index("hate")] |= enough[:, HEADS.index("toxic")] | (count_of(tally, self.slur) > 0)
        for head, forest in self.forests.items():
            lane = HEADS.index(head)
            asked = np.flatnonzero(enough[:, lane])
            signs[:, lane] = UNASKED + np.clip(raw[:, lane], -4, 4)
            if len(asked):
                view = self.forest_features(raw[asked], counts(tally[asked]), language[asked])
                signs[asked, lane] = np.maximum(forest.worth(view), UNASKED + 4)
        named = (count_of(tally, self.group) > 0) | (count_of(tally, self.slur) > 0)
        signs[:, HEADS.index("hate")] -= np.where(named, 0, NAMELESS)
        return signs

    @property
    def group(self) -> int:
        """Where groups are counted."""
        return self.classes.number("group") - 1

    @property
    def slur(self) -> int:
        """Where slurs are counted."""
        return self.classes.number("slur") - 1

    def scores(self, signs: Floats, language: NDArray[np.intp]) -> Floats:
        """Scores 0..1, [n, 9] in the order of ``CATEGORIES``, from the texts' signs. Private data stays 0."""
        rare = self.scale.rarity(signs, language)
        out = np.zeros((len(signs), len(CATEGORIES)), np.float32)
        out[:, _PLACES] = score(rare, self.middles)
        return out


def widened(lanes: NDArray[np.int8]) -> NDArray[np.int8]:
    """The weights [columns, lanes] with nought up to ``WIDTH`` lanes: rows of sixteen bytes."""
    wide = np.zeros((len(lanes), WIDTH), np.int8)
    wide[:, : lanes.shape[1]] = lanes
    return wide


def _forest(arrays: Mapping[str, NDArray[Any]], head: str) -> Forest:
    feature, threshold, left, right, value, depth, base = (arrays[f"{head}_{name}"] for name in Forest.__slots__)
    return Forest(feature, threshold, left, right, value, int(depth.item()), float(base.item()))
