"""What the doctor is told of browser and fonts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evidence import health


def test_a_machine_that_is_set_up_is_told_so(browser: Path) -> None:
    """Which browser, that its sandbox is on, and that the fonts are there."""
    found = (*health.browser_health(browser), *health.font_health())

    assert [each.what for each in found] == ["browser", "sandbox", "fonts"]
    assert all(each.ok for each in found), [each.sentence for each in found]
    assert "Chromium" in found[0].sentence


def test_a_browser_that_is_missing_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install, and what happens until then."""
    monkeypatch.setattr(health, "find_browser", lambda configured: None)

    (found,) = health.browser_health()

    assert not found.ok
    assert "apt-get install chromium-headless-shell" in found.sentence
    assert found.sentence.endswith("Until then evidence is sealed with the card alone.")


def test_a_browser_that_cannot_start_is_told_with_its_reason() -> None:
    """A program that isn't a browser is named, with why it won't do."""
    (found,) = health.browser_health(Path("/bin/true"))

    assert not found.ok
    assert found.sentence.startswith("/bin/true can't be used: ")


def test_missing_fonts_are_told_by_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures full of empty boxes prove nothing; the doctor says which scripts and what to install."""
    monkeypatch.setattr(health, "_has", lambda code: code == "1f621")

    (found,) = health.font_health()

    assert not found.ok
    assert "no font for Chinese, Arabic, Hindi" in found.sentence
    assert "fonts-noto-cjk" in found.sentence
