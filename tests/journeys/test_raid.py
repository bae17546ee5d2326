"""kill -9 at random moments of a raid, browser and all; the long form is ``make long``."""

from __future__ import annotations

import random

import pytest

from tests.journeys.conftest import MakeWorld
from tests.journeys.raid import raid

SEED = 20261121


def test_kills_at_random_moments_lose_nothing_and_do_nothing_twice(make_world: MakeWorld) -> None:
    """The daemon is killed twelve times during a raid, browser and all, and started again each time."""
    raid(make_world(browser=True), kills=12, violators=24, chance=random.Random(SEED))


@pytest.mark.long
def test_fifty_kills_lose_nothing_and_do_nothing_twice(make_world: MakeWorld) -> None:
    """The same fifty times over forty violators."""
    raid(make_world(browser=True), kills=50, violators=40, chance=random.Random(SEED))
