"""docs/adding-a-platform.md, followed to the letter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
GUIDE = REPOSITORY / "docs" / "adding-a-platform.md"
PATHS = {
    "connectors/guestbook.py",
    "tests/connectors/wires/guestbook.py",
    "tests/connectors/fixtures/guestbook/errors.json",
}


def files_of_the_guide() -> dict[str, str]:
    """The blocks under a line that holds nothing but a path."""
    blocks = re.findall(r"^`([^`\n]+)`\n\n```(?:python|json)\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
    return dict(blocks)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a newcomer has checked out, as far as connectors need it, with the blocks of the guide in their places."""
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("connectors", "tests/connectors"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    page = tmp_path / "docs" / "platforms" / "guestbook.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Guestbook\n")
    for path, text in files_of_the_guide().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def run(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in the copy, with the copy's packages."""
    environment = {**os.environ, "PYTHONPATH": str(place)}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=place, env=environment, capture_output=True, text=True, timeout=300
    )


def test_the_guide_names_its_three_files() -> None:
    """One file and one fixture folder; the wire is how the tests reach it."""
    assert set(files_of_the_guide()) == PATHS


def test_the_new_platform_is_asked_everything_and_answers(copy: Path) -> None:
    """The contract's questions and a bad day, on what the guide prints."""
    done = run(copy, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/connectors", "-k", "guestbook")

    assert done.returncode == 0, done.stdout[-4000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) > 60


def test_the_new_platform_is_written_in_the_style_of_the_house(copy: Path) -> None:
    """Who copies from the guide shall not be stopped by the next check."""
    done = run(copy, "ruff", "check", "connectors/guestbook.py", "tests/connectors/wires/guestbook.py")

    assert done.returncode == 0, done.stdout
