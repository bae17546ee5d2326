"""What a score rule must show before it may hide by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.moderation.earned import LOWEST_FLOOR, Tally


@pytest.mark.parametrize(
    ("agreed", "decided", "bound"),
    [(58, 58, 0.05 ** (1 / 58)), (59, 59, 0.05 ** (1 / 59)), (10, 10, 0.7411), (95, 100, 0.8977), (0, 5, 0.0)],
)
def test_the_bound_is_the_exact_one(agreed: int, decided: int, bound: float) -> None:
    """The bound is Clopper and Pearson's: with every case agreed it is 0.05 to the power 1/n."""
    assert Tally(agreed, decided).precision_bound == pytest.approx(bound, abs=1e-4)


def test_nothing_decided_is_nothing_earned() -> None:
    """Without decisions there is no trust."""
    assert Tally().precision_bound == 0.0
    assert not Tally().has_earned(LOWEST_FLOOR)


def test_the_floor_of_the_law_holds_whatever_a_pack_says() -> None:
    """59 of 59 passes 0.95 and 58 of 58 does not, even for a pack that would be content with less."""
    assert Tally(59, 59).has_earned(0.5)
    assert not Tally(58, 58).has_earned(0.5)
    assert not Tally(59, 59).has_earned(0.97)


@given(st.integers(1, 400), st.data())
def test_a_disagreement_never_helps(decided: int, data: st.DataObject) -> None:
    """One agreement less lowers the bound, and the bound never passes the plain share."""
    agreed = data.draw(st.integers(1, decided))
    tally, worse = Tally(agreed, decided), Tally(agreed - 1, decided)
    assert worse.precision_bound < tally.precision_bound <= agreed / decided
