"""One archive and export for the whole session; each test attacks a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.chain.authority import Stamper
from tests.evidence.proof import scene as scenes
from tests.evidence.proof.scene import Scene


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    """A real time stamp authority."""
    return Stamper(tmp_path_factory.mktemp("authority") / "alpha", "Alpha")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    """An authority that the city doesn't trust."""
    return Stamper(tmp_path_factory.mktemp("authority") / "stranger", "Stranger")


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory, authority: Stamper) -> Scene:
    """The archive as the city has it. Never to be changed."""
    return scenes.build(tmp_path_factory.mktemp("scene"), authority)


@pytest.fixture
def scene(untouched: Scene, tmp_path: Path) -> Scene:
    """A copy of it for one test."""
    return untouched.copy_to(tmp_path)
