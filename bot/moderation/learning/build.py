"""Build: from rows to a model. Three folds of heads give scores of rows that they never saw; from these come the
forest and the calibration; then the heads are learned once more from everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bot.moderation.learning.design import design, seen_often
from bot.moderation.learning.fit import logistic
from bot.moderation.learning.heads import target
from bot.moderation.learning.rows import Rows
from bot.moderation.learning.tails import REVIEWED_AT, calibrate, letters
from bot.moderation.learning.thicket import grow
from bot.moderation.scores.calibration import Calibration
from bot.moderation.scores.classes import Classes
from bot.moderation.scores.features import COLUMNS
from bot.moderation.scores.model import FORESTED, HEADS, KINDS, LANES, Model, widened
from bot.moderation.scores.scorer import Scorer
from bot.moderation.scores.trees import Forest

Floats = NDArray[np.float32]
Tell = Callable[[str], None]
FOLDS = 3
_ASKED = 0.94
"""The share of civic comments whose evidence is too little for a forest to be asked."""
_CLIP = 0.9999
_MOST_TALK = 1500


@dataclass(frozen=True, slots=True)
class Table:
    """Quantised weights: ``steps`` of ``table`` [columns, lanes], and ``bias``."""

    table: NDArray[np.int8]
    steps: Floats
    bias: Floats


def build(rows: Rows, classes: Classes, tell: Tell, weakest: float = 1.0) -> Model:
    """The model that ``rows`` give. ``weakest``: weights under so many steps are left out, for the file's size."""
    tell("features")
    matrix = design(rows.texts, classes)
    kept = seen_often(matrix)
    matrix = sp.csr_matrix(matrix[:, kept])
    civic = _civic(rows)
    half: list[Model] = []
    features: Floats | None = None
    for fold in range(FOLDS):
        table = _table(matrix, kept, rows, rows.fold != fold, tell, f"fold {fold + 1}", weakest)
        half.append(_model(table, classes))
        seen = _segment_features(Scorer(half[-1]), rows.where(rows.fold == fold))
        features = np.zeros((len(rows), seen.shape[1]), np.float32) if features is None else features
        features[rows.fold == fold] = seen
    assert features is not None
    floors = _floors(features[civic])
    tell("forests")
    judged = [_signs(replace(half[fold], floors=floors), features, rows, civic, fold) for fold in range(FOLDS)]
    signs = np.concatenate([sign for sign, _ in judged])
    language = np.concatenate([number for _, number in judged])
    table = _table(matrix, kept, rows, np.ones(len(rows), bool), tell, "all rows", weakest)
    tell("calibration")
    forests = _forests(features, rows, classes)
    scale = calibrate(signs, language)
    return replace(_model(table, classes), forests=forests, floors=floors, scale=scale)


def _floors(civic: Floats) -> Floats:
    return np.quantile(civic[:, : len(HEADS)], _ASKED, axis=0).astype(np.float32)


def _forests(features: Floats, rows: Rows, classes: Classes) -> dict[str, Forest]:
    marks = [len(HEADS) + classes.number(name) - 1 for name in ("group", "slur")]
    named = np.asarray((features[:, marks] > 0).any(axis=1), np.bool_)
    return {head: grow(features, rows, head, named) for head in FORESTED}


def _civic(rows: Rows) -> NDArray[np.bool_]:
    """What calibrates: civic speech, and a part of the plain talk."""
    talk = np.flatnonzero(rows.talk)
    chosen = rows.everyday.copy()
    chosen[talk[np.argsort(rows.fold[talk], kind="stable")][:: max(1, len(talk) // _MOST_TALK)]] = True
    return chosen


def _signs(
    model: Model, features: Floats, rows: Rows, civic: NDArray[np.bool_], fold: int
) -> tuple[Floats, NDArray[np.intp]]:
    """The signs of the fold's civic comments, alone and three together, from heads and a forest of the other folds."""
    others = rows.fold != fold
    scorer = Scorer(replace(model, forests=_forests(features[others], rows.where(others), model.classes)))
    mine = rows.where(civic & ~others)
    texts = list(mine.texts)
    for lang in sorted(set(mine.langs)):
        texts += letters(mine.texts, np.flatnonzero(mine.langs == lang))
    return scorer.signs_of(scorer.vocabulary.batch(texts))


def _segment_features(scorer: Scorer, rows: Rows) -> Floats:
    parts = [scorer.heaviest(rows.texts[start : start + 4096]) for start in range(0, len(rows), 4096)]
    return np.concatenate(parts)


def _table(
    matrix: sp.csr_matrix,
    kept: NDArray[np.intp],
    rows: Rows,
    used: NDArray[np.bool_],
    tell: Tell,
    name: str,
    weakest: float,
) -> Table:
    table = np.zeros((COLUMNS, len(LANES)), np.int8)
    steps, bias = np.zeros(len(LANES), np.float32), np.zeros(len(LANES), np.float32)
    for lane, head in enumerate(LANES):
        tell(f"{name}: {head}")
        goal, weight = target(rows, head)
        mine = used & (weight > 0)
        if not mine.any() or len(set(goal[mine])) < 2:
            bias[lane] = -9
            continue
        few = 12 if head in {"es", "pt"} else 35
        found, bias[lane] = logistic(matrix[mine], goal[mine], weight[mine], steps=few)
        steps[lane] = max(float(np.quantile(np.abs(found), _CLIP)) / 127, 1e-9)
        whole = np.clip(np.rint(found / steps[lane]), -127, 127)
        whole[np.abs(whole) < weakest] = 0
        table[kept, lane] = whole
    return Table(table, np.maximum(steps, 1e-9), bias)


def _model(table: Table, classes: Classes) -> Model:
    flat = Calibration(np.zeros((3, len(KINDS), 2), np.float32), np.zeros(2, np.float32))
    middles = np.array([REVIEWED_AT.get(kind, 3.0) for kind in KINDS], np.float32)
    nowhere = np.zeros(len(HEADS), np.float32)
    return Model(widened(table.table), table.steps, table.bias, classes, {}, nowhere, flat, middles)
