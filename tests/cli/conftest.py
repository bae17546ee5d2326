"""The furnished house of a made-up town, with cases in it, and the real command."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import __main__, log
from bot.demo.home import Home, furnish
from bot.demo.script import Script
from bot.demo.town import Town
from bot.moderation.policy import PolicyShelf
from tests.office import PAGE_ID, SLUG, Office, open_office


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status."""

    out: str
    err: str
    code: int


Beadle = Callable[..., Said]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town with one post and no comment, its servers running."""
    with Town(Script.empty(), tmp_path_factory.mktemp("town")) as running:
        yield running


@pytest.fixture
def home(town: Town, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A configuration of that town and an empty database; the environment points at them."""
    made = furnish(town, tmp_path)
    shutil.copy(sqlite_template, tmp_path / "beadle.db")
    for name, value in made.environment.items():
        if name.startswith("BEADLE_") or name == "MILLBROOK_TOKEN":
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("BEADLE_BROWSER", raising=False)
    return made


@pytest.fixture(autouse=True)
def policies_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same policy files are read once for all commands: each reading runs every example of every rule."""

    def load(policies_folder: Path, wordlists_folder: Path, **more: Any) -> PolicyShelf:
        folders = (policies_folder, wordlists_folder, *(policies_folder.parent / each for each in ("rules", "models")))
        files = sorted(path for folder in folders for path in folder.glob("*"))
        mark = (*(path.read_bytes() for path in files), repr(more).encode())
        if mark not in _SHELVES:
            _SHELVES[mark] = _LOAD(policies_folder, wordlists_folder, **more)
        return _SHELVES[mark]

    monkeypatch.setattr(PolicyShelf, "load", staticmethod(load))


_LOAD = PolicyShelf.load
_SHELVES: dict[tuple[bytes, ...], PolicyShelf] = {}


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """A command sets up the log of its process; here many share one."""
    yield
    root = logging.getLogger()
    for handler in [each for each in root.handlers if type(each.formatter).__module__ == log.__name__]:
        root.removeHandler(handler)
    structlog.reset_defaults()


@pytest.fixture
def beadle(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Beadle:
    """Run the real command in this process."""

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["beadle", *words])
        capfd.readouterr()
        code: object = 0
        try:
            __main__.main()
        except SystemExit as left:
            code = left.code
        out, err = capfd.readouterr()
        return Said(out, err, code if isinstance(code, int) else 0)

    return run


@pytest.fixture
def office(home: Home) -> Iterator[Office]:
    """The same ledger and archive, worked on by a platform of ours; the configuration names its page."""
    for name in ("pages.yaml", "people.yaml"):
        path = home.config / name
        path.write_text(path.read_text("utf-8").replace("townofmillbrook", SLUG), "utf-8")
    pages = home.config / "pages.yaml"
    lines = [
        f'    page_id: "{PAGE_ID}"' if line.strip().startswith("page_id:") else line
        for line in pages.read_text("utf-8").splitlines()
    ]
    pages.write_text("\n".join(lines) + "\n", "utf-8")
    with open_office(home.database_url, home.folder) as opened:
        yield opened
