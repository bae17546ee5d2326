"""Whole journeys: a town on loopback, the real command in processes of its own, killed where it hurts."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bot.demo.script import Script
from bot.demo.town import Town
from tests.journeys.births import Nursery
from tests.journeys.world import World, settle

NO_BROWSER = "/nonexistent/browser"

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where all processes come from."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def make_world(nursery: Nursery) -> Iterator[MakeWorld]:
    """Worlds, each in a folder that no other run of pytest sweeps away. Without ``browser=True`` none is opened."""
    with ExitStack() as undo:

        def make(*, browser: bool = False, **settings: Any) -> World:
            folder = Path(tempfile.mkdtemp(prefix="beadle-journey-"))
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            town = undo.enter_context(Town(Script.empty(), folder / "town"))
            if not browser:
                settings["BEADLE_BROWSER"] = NO_BROWSER
            world = settle(town, folder, nursery, **settings)
            undo.callback(world.close)
            return world

        yield make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A town with one post, and a Beadle that may hide, without a browser."""
    return make_world()
