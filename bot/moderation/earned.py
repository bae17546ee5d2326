"""What a score rule must show before it may hide by itself: how often people agreed with it, and how surely.

A score's criteria can't be printed (FA-02), so it earns trust instead: on people's own decisions its precision must be
at or above the pack's floor even at the lower end of what chance allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, log, log1p

LOWEST_FLOOR = 0.95
"""No pack may ask for less."""

USUAL_FLOOR = 0.97

_DOUBT = 0.05
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Tally:
    """How people decided the cases of one rule: ``agreed`` with it in so many of ``decided``."""

    agreed: int = 0
    decided: int = 0

    @property
    def precision_bound(self) -> float:
        """The lower 95 % bound of the rule's precision, 0..1: one-sided, exact (Clopper and Pearson, 1934).

        So many agreements or more would be seen in one case of twenty if the precision were only this.
        """
        return _low(self.agreed, self.decided, _DOUBT)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the rule's precision, 0..1: two-sided, exact (Clopper and Pearson, 1934)."""
        return _low(self.agreed, self.decided), 1.0 - _low(self.decided - self.agreed, self.decided)

    def has_lost(self, floor: float) -> bool:
        """Whether people's decisions rule out that the rule is as good as its floor: all of the interval is below."""
        return self.decided > 0 and self.interval[1] < max(floor, LOWEST_FLOOR)

    def has_earned(self, floor: float) -> bool:
        """Whether a rule with this floor may hide by itself."""
        return self.precision_bound >= max(floor, LOWEST_FLOOR)


def _low(agreed: int, decided: int, doubt: float = _DOUBT / 2) -> float:
    """The lowest precision at which so many agreements or more are not less likely than the doubt."""
    if agreed == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_least(agreed, decided, middle) < doubt else (low, middle)
    return low


def _at_least(agreed: int, decided: int, precision: float) -> float:
    """The chance of so many agreements or more among the decisions, if the precision were this."""
    if precision in (0.0, 1.0):
        return precision
    total = lgamma(decided + 1)
    return sum(
        exp(total - lgamma(k + 1) - lgamma(decided - k + 1) + k * log(precision) + (decided - k) * log1p(-precision))
        for k in range(agreed, decided + 1)
    )
