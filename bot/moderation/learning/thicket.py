"""Thicket: forests that join the heads into evidence of one category, learned from scores of unseen rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from bot.moderation.learning.heads import ROUGH
from bot.moderation.learning.rows import OWN, TEMPLATES, Rows
from bot.moderation.scores.trees import Forest

Floats = NDArray[np.float32]
_TREES, _LEAVES, _DEPTH = 90, 12, 5


_ABUSED = 0.15
"""The weight of abuse beside a named group that its source doesn't call hate."""
_ROUGH = (*ROUGH, "toxic_spans_civil", "vicomtech_stormfront")


def goal(rows: Rows, head: str, named: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Targets and weights: sources evenly, templates little, other abuse hardly, civic speech much.

    ``named``: a group or a slur is in the row; abuse then counts a little as hate.
    """
    label = rows.label(head)
    weight = (~np.isnan(label)).astype(np.float64)
    weight[np.isin(rows.sources, list(TEMPLATES))] *= 0.5
    weight[np.isin(rows.sources, _ROUGH) & (label == 0)] = 0.02 if head == "hate" else 0.1
    weight[rows.civic] *= 6
    for source in set(rows.sources) - TEMPLATES - {OWN}:
        found = (rows.sources == source) & (label == 1)
        weight[found] *= min(3.0, 800 / max(1, found.sum()))
    weight[(rows.sources == OWN) & (label == 1)] *= 4 if head == "hate" else 10
    target = np.nan_to_num(label)
    if head == "hate":
        abused = named & (target == 0) & ((rows.label("toxic") == 1) | (rows.label("attack") == 1))
        target[abused], weight[abused] = 1, _ABUSED
    return target, weight


def grow(features: Floats, rows: Rows, head: str, named: NDArray[np.bool_]) -> Forest:
    """The forest of a head from all heads' out-of-fold scores."""
    target, weight = goal(rows, head, named)
    used = weight > 0
    learner = HistGradientBoostingClassifier(
        max_iter=_TREES,
        max_leaf_nodes=_LEAVES,
        max_depth=_DEPTH,
        learning_rate=0.1,
        l2_regularization=5,
        early_stopping=False,
        random_state=0,
    )
    with threadpool_limits(1):
        learner.fit(features[used], target[used], sample_weight=weight[used])
    return _as_arrays(learner)


def _as_arrays(learner: HistGradientBoostingClassifier) -> Forest:
    trees = [each[0].nodes for each in learner._predictors]
    most = max(map(len, trees))
    shape = (len(trees), most)
    own = np.tile(np.arange(most, dtype=np.int16), (len(trees), 1))
    feature, left, right = np.zeros(shape, np.int16), own.copy(), own.copy()
    threshold, value = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for place, nodes in enumerate(trees):
        inner = np.flatnonzero(nodes["is_leaf"] == 0)
        feature[place, inner] = nodes["feature_idx"][inner]
        threshold[place, inner] = nodes["num_threshold"][inner]
        left[place, inner] = nodes["left"][inner]
        right[place, inner] = nodes["right"][inner]
        value[place, : len(nodes)] = nodes["value"]
    depth = max(int(nodes["depth"].max()) for nodes in trees)
    return Forest(feature, threshold, left, right, value, depth, float(learner._baseline_prediction.item()))
