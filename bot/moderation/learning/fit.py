"""Fit: one logistic regression with a quadratic penalty, on weighted rows. The same rows give the same weights."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize

Doubles = NDArray[np.float64]


def logistic(
    rows: sp.csr_matrix, target: Doubles, weight: Doubles, strength: float = 1.0, steps: int = 35
) -> tuple[NDArray[np.float32], float]:
    """Weights and bias. ``strength`` is the penalty's inverse; ``steps`` stops it early, which is a penalty too."""
    columns = rows.shape[1]
    turned = rows.T
    sign = 2 * target - 1

    def loss(point: Doubles) -> tuple[float, Doubles]:
        # Single precision for the two products: they are nine tenths of the work.
        margin = -sign * (rows @ point[:columns].astype(np.float32) + point[columns])
        value = float(weight @ np.logaddexp(0, margin) + 0.5 / strength * (point[:columns] @ point[:columns]))
        pull = -sign * weight / (1 + np.exp(-margin))
        return value, np.append(turned @ pull.astype(np.float32) + point[:columns] / strength, pull.sum())

    found = minimize(
        loss, np.zeros(columns + 1), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 6}
    ).x
    return found[:columns].astype(np.float32), float(found[columns])
