"""Calibration: from raw scores to 0..1, where 0.5 and 0.9 are stated rates of civic speech.

The middle of the scale is what one civic comment in so many reaches; 0.9 is what a tenth of those reach. Between the
rows that were measured the map is piecewise linear; beyond them it goes on as an exponential tail does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
LANGUAGES = ("en", "es", "pt")
STEEPNESS = float(np.log(9))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Per language and label, ``knots`` raw scores at the ``rarities`` (minus log10 of the share above), rising.

    Shapes: ``knots`` [languages, labels, k], ``rarities`` [k].
    """

    knots: Floats
    rarities: Floats

    def rarity(self, raw: Floats, language: NDArray[np.intp]) -> Floats:
        """How rare raw scores [n, labels] are in civic speech of each row's language, as minus log10."""
        out = np.empty_like(raw)
        for each in np.unique(language):
            rows = np.flatnonzero(language == each)
            for label, knots in enumerate(self.knots[each]):
                given = raw[rows, label]
                slope = (self.rarities[-1] - self.rarities[-2]) / (knots[-1] - knots[-2])
                out[rows, label] = np.interp(given, knots, self.rarities) + np.maximum(given - knots[-1], 0) * slope
        return out


def score(rarity: Floats, middle: Floats) -> Floats:
    """Scores 0..1: 0.5 at the rarity ``middle`` of each label, 0.9 at ten times as rare, 0.1 at a tenth."""
    return np.asarray(1 / (1 + np.exp(-STEEPNESS * np.clip(rarity - middle, -8, 8))), np.float32)
