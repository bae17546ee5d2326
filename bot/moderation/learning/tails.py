"""Tails: what raw scores mean, from civic speech that the weights were not learned from.

A thousandth of a few thousand comments is a handful. It is counted, and it is extrapolated: the last twentieth is taken
as exponential, and its median excess (a mean would follow one mislabelled row) says how fast rare scores grow rarer.
The lower of the two holds where there are enough comments, the extrapolation where there are not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.moderation.scores.calibration import LANGUAGES, Calibration

Floats = NDArray[np.float32]
_TAIL = 0.05
_START = -float(np.log10(_TAIL))
RARITIES = np.array([0.0, 0.05, 0.3, 0.6, 1.0, _START, 2.0, 3.0, 4.0], np.float32)
ENOUGH = 1000
"""Rows. A language with fewer civic comments stands half way between its own scale and that of all together."""
REVIEWED_AT = {
    "hate": 2.5,
    "profanity": 3.2,
    "sexual": 3.2,
    "spam": 2.8,
    "political": 2.8,
    "threat": 2.7,
    "illegal": 3.1,
    "attack": 3.3,
}
"""Minus log10 of the share of civic comments, long letters among them, that reaches 0.5; three where nothing is said.
The share among single comments is smaller: docs/model-card.md has it as measured."""


def calibrate(signs: Floats, language: NDArray[np.intp]) -> Calibration:
    """Knots per language and column of ``signs`` [n, columns], all of civic comments."""
    knots = np.zeros((len(LANGUAGES), signs.shape[1], len(RARITIES)), np.float32)
    for number in range(len(LANGUAGES)):
        own = signs[language == number]
        for column in range(signs.shape[1]):
            every = _knots(signs[:, column])
            mine = _knots(own[:, column]) if len(own) else every
            knots[number, column] = mine if len(own) >= ENOUGH else (mine + every) / 2
    return Calibration(knots, RARITIES)


def _knots(values: Floats) -> Floats:
    measured = np.quantile(values, 1 - 10 ** -RARITIES[:-2].astype(np.float64))
    start = float(measured[RARITIES[:-2] == np.float32(_START)][0])
    excess = values[values > start] - start
    pace = float(np.median(excess) / np.log(2) * np.log(10)) if len(excess) else 1e-3
    thousandth = start + pace * (3 - _START)
    if len(values) >= ENOUGH:
        thousandth = min(thousandth, float(np.quantile(values, 0.999)))
    knots = np.append(measured, [thousandth, thousandth + pace])
    # Equal scores below the tail are spread by a hair: a map must rise.
    rising = np.maximum.accumulate(knots) + np.arange(len(knots)) * 1e-5
    return np.asarray(rising, np.float32)


def letters(texts: Sequence[str], order: NDArray[np.intp], size: int = 3) -> list[str]:
    """Long comments made of ``size`` comments each, in the given order."""
    picked = [texts[i].strip() for i in order]
    ends = (".", "!", "?", "…")
    whole = [text if text.endswith(ends) else text + "." for text in picked]
    return [" ".join(whole[i : i + size]) for i in range(0, len(whole) - size + 1, size)]
