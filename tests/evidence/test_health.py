"""What the doctor is told of browser and fonts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evidence import health
from bot.evidence.card.typecase import FONT_FOLDERS


def test_a_machine_that_is_set_up_is_told_so(browser: Path) -> None:
    """Which browser, that its sandbox is on, and that the fonts are there."""
    found = (*health.browser_health(browser), *health.font_health())

    whats = [each.what for each in found if each.what != "certificates"]  # a machine may have some of its own
    assert whats == ["browser", "sandbox", "fonts", "card fonts"]
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
    monkeypatch.setattr(health, "_has", lambda code: code not in ("6eda", "062a", "0939"))

    found, _ = health.font_health()

    assert not found.ok
    assert "no font for Chinese, Arabic, Hindi" in found.sentence
    assert "fonts-noto-cjk" in found.sentence


def test_a_font_of_the_card_that_is_missing_is_named(tmp_path: Path) -> None:
    """By the name of its file, with the one command that brings it."""
    for font in (each for folder in FONT_FOLDERS for each in folder.iterdir() if each.name != "NotoSansThai-Bold.ttf"):
        (tmp_path / font.name).symlink_to(font)

    _, found = health.font_health([tmp_path])

    assert not found.ok
    assert "missing: NotoSansThai-Bold.ttf; as root: apt-get install fonts-noto-core" in found.sentence


def test_a_font_of_the_card_that_is_another_is_named(tmp_path: Path) -> None:
    """A changed font of the same name and size would set another card: its content is what is compared."""
    for font in (each for folder in FONT_FOLDERS for each in folder.iterdir()):
        (tmp_path / font.name).symlink_to(font)
    changed = tmp_path / "NotoSansThai-Regular.ttf"
    content = changed.read_bytes()
    changed.unlink()
    changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    _, found = health.font_health([tmp_path])

    assert not found.ok
    assert "not the pinned ones: NotoSansThai-Regular.ttf; " in found.sentence
    assert "apt-get install --reinstall" in found.sentence


def test_a_citys_own_certificates_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None were added: no finding. Some were: the browser can be told of them, or it is said what to install."""
    assert health.city_roots(tmp_path) == ()
    (tmp_path / "inspection.crt").write_text("-----BEGIN CERTIFICATE-----")

    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert [(each.what, each.ok) for each in health.city_roots(tmp_path)] == [("certificates", True)]
    monkeypatch.setattr("shutil.which", lambda name: None)
    (found,) = health.city_roots(tmp_path)
    assert not found.ok
    assert "apt-get install libnss3-tools" in found.sentence
