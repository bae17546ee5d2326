"""A policy may name platforms that are gone, or that no connector reads: it stays a valid policy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.moderation.policy import PolicyShelf

CONFIG = Path(__file__).resolve().parents[2] / "config"
PURPOSE = "forum_purpose: To inform residents about city services, events and decisions, and to let them comment on"
NAMED = ("MySpace", "Delicious", "Second Life", "Snapchat", "Wikipedia", "any internet-based website or forum")


@pytest.mark.parametrize("named", NAMED)
def test_a_policy_that_names_a_platform_without_a_connector_is_valid(tmp_path: Path, named: str) -> None:
    """The words are the city's; what comes from there comes in by hand, under the same rules."""
    shutil.copytree(CONFIG, tmp_path / "config")
    pack = tmp_path / "config" / "policies" / "clinton-city.yaml"
    text = pack.read_text()
    assert PURPOSE in text
    pack.write_text(text.replace(PURPOSE, f"{PURPOSE} {named} and"))

    shelf = PolicyShelf.load(tmp_path / "config" / "policies", tmp_path / "config" / "wordlists", examples=False)

    assert "clinton-city" in shelf.slugs
    assert "clinton-city" not in shelf.refused
