"""Heads: what each one learns, and how much every row counts for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bot.moderation.learning.rows import OWN, TEMPLATES, Rows

Doubles = NDArray[np.float64]
ROUGH = ("davidson", "edos", "hatemojibuild", "toldbr", "offendes", "paradetox")
"""Sources whose negatives hold abuse of other kinds."""
_CIVIC, _OURS, _ROUGH, _HATE = 5.0, 4.0, 0.3, 2.0


def target(rows: Rows, head: str) -> tuple[Doubles, Doubles]:
    """The head's targets, 0 or 1, and each row's weight; 0 where the label is unknown."""
    if head in {"es", "pt"}:
        return (rows.langs == head).astype(np.float64), np.full(len(rows), 0.2)
    label = _abuse(rows) if head == "toxic" else rows.label(head).astype(np.float64)
    weight = (~np.isnan(label)).astype(np.float64)
    label = np.nan_to_num(label)
    weight[rows.civic] *= _CIVIC
    weight[(rows.sources == OWN) & (label == 1)] *= _OURS
    if head in {"hate", "attack"}:
        weight[np.isin(rows.sources, ROUGH) & (label == 0)] *= _ROUGH
    if head == "hate":
        weight[label == 1] *= _HATE
    if head == "toxic":
        weight[np.isin(rows.sources, list(TEMPLATES))] = 0
    return label, weight


def _abuse(rows: Rows) -> Doubles:
    """Abuse of any kind: a row that is hateful or attacks somebody is abusive whatever its source says of it."""
    label = rows.label("toxic").astype(np.float64)
    label[(rows.label("attack") == 1) | (rows.label("hate") == 1)] = 1
    label[(rows.sources == OWN) & np.isnan(label)] = 0
    return label
