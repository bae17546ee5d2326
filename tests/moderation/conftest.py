"""The shipped policy and its judge, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyPack, PolicyShelf

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def shelf() -> PolicyShelf:
    """The shipped policies and word lists."""
    return PolicyShelf.load(CONFIG / "policies")


@pytest.fixture(scope="session")
def pack(shelf: PolicyShelf) -> PolicyPack:
    """Clinton City's policy."""
    return shelf.version("clinton-city", "2024-01")


@pytest.fixture(scope="session")
def judge(shelf: PolicyShelf, pack: PolicyPack) -> Judge:
    """The judge of Clinton City's policy."""
    return Judge(pack, shelf.wordlists)
