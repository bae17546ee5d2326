"""The same journeys on PostgreSQL: the same code, the same order, the same end."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from bot.ledger.tables import CaseStatus
from tests.journeys.conftest import MakeWorld
from tests.journeys.raid import assert_done_once, raid
from tests.journeys.world import World

SEED = 20261121


@pytest.fixture
def empty_database(postgres: Any) -> Iterator[str]:
    """A database without a table: the first run makes them."""
    name = f"j{uuid4().hex[:12]}"
    postgres.psql(f"create database {name};")
    yield postgres.get_uri(database=name)
    postgres.psql(f"drop database {name} with (force);")


@pytest.fixture
def world(make_world: MakeWorld, empty_database: str) -> World:
    """A world that keeps its ledger in PostgreSQL."""
    return make_world(url=empty_database)


def test_the_whole_route_runs_on_postgres(world: World) -> None:
    """Preserved, verified, hidden, alerted, once; what is unclear waits."""
    violator = world.town.say("This is bullshit, Dana.")
    unclear = world.town.say("You are a dick, Dana.")

    said = world.once()

    assert said.status == 0, said.printed
    assert world.journal(violator) == ["preserved", "verified", "hidden", "alerted"]
    assert world.status(unclear) == CaseStatus.WAITING
    assert_done_once(world, violator)


def test_ten_kills_on_postgres_lose_nothing_and_do_nothing_twice(world: World) -> None:
    """As on SQLite: killed at random moments of a raid, and started again each time."""
    raid(world, 10, 16, random.Random(SEED))


def test_a_second_daemon_on_one_postgres_says_so_and_leaves(world: World) -> None:
    """One sentence, exit status 1, and the first goes on."""
    world.start()
    world.until_polled()

    second = world.once()

    assert second.status == 1
    assert "another Beadle already runs on this database" in second.printed
    world.until_polled()
    assert world.stop() == 0
