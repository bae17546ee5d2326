"""Trees: a small boosted forest as plain arrays, for what no sum of words says: abuse, a group named, no denial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Forest:
    """``[trees, nodes]`` arrays. A node leads to ``left`` if its feature is at most the threshold, else to ``right``;
    a leaf leads to itself. ``value`` holds the leaves' worth."""

    feature: NDArray[np.int16]
    threshold: Floats
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    value: Floats
    depth: int
    base: float

    def worth(self, features: Floats) -> Floats:
        """The log-odds of each row of ``features``."""
        nodes = self.feature.shape[1]
        root = np.arange(len(self.feature)) * nodes
        feature, threshold = self.feature.ravel(), self.threshold.ravel()
        left, right = (self.left + root[:, None]).ravel(), (self.right + root[:, None]).ravel()
        row = (np.arange(len(features)) * features.shape[1])[:, None]
        flat = features.ravel()
        node = np.broadcast_to(root, (len(features), len(root)))
        for _ in range(self.depth):
            below = flat.take(row + feature.take(node)) <= threshold.take(node)
            node = np.where(below, left.take(node), right.take(node))
        return np.asarray(self.value.ravel().take(node).sum(axis=1) + self.base, np.float32)
