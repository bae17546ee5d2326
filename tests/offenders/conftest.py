"""A town hall for the tests of this room, empty, or with an account that has three strikes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Comment
from tests.offenders.hall import Hall, open_hall


@dataclass(frozen=True)
class Template:
    """A hall after three confirmed strikes, to be copied: sealing three packages takes longer than most tests."""

    folder: Path
    comments: dict[str, Comment]
    messages: dict[str, Any]
    now: datetime
    cases: list[str]


@pytest.fixture
def hall(sqlite_url: str, tmp_path: Path) -> Iterator[Hall]:
    """A town hall on SQLite."""
    with open_hall(sqlite_url, tmp_path) as found:
        yield found


@pytest.fixture
def hall_on_each(database_url: str, tmp_path: Path) -> Iterator[Hall]:
    """A town hall on SQLite, and on PostgreSQL."""
    with open_hall(database_url, tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Three strikes, once for all tests."""
    folder = tmp_path_factory.mktemp("three-strikes")
    shutil.copy(sqlite_template, folder / "beadle.db")
    with open_hall(f"sqlite:///{folder / 'beadle.db'}", folder) as hall:
        cases = hall.violate_thrice()
        hall.office.pad.open.clear()
        return Template(
            folder,
            deepcopy(hall.office.platform.comments),
            dict(hall.office.channel.messages),
            hall.office.clock.now,
            cases,
        )


@pytest.fixture
def struck(template: Template, tmp_path: Path) -> Iterator[Hall]:
    """A hall in which an account has three confirmed strikes. Nobody has been told yet."""
    folder = tmp_path / "hall"
    shutil.copytree(template.folder, folder)
    with open_hall(f"sqlite:///{folder / 'beadle.db'}", folder) as hall:
        hall.office.platform.comments = deepcopy(template.comments)
        hall.office.platform._numbers = count(100)
        hall.office.channel.messages = {key: list(said) for key, said in template.messages.items()}
        hall.office.clock.now = template.now
        hall.cases = list(template.cases)
        yield hall


@pytest.fixture
def ready(struck: Hall) -> Hall:
    """The same with three warnings and counsel's word: all that a block takes, but for two people."""
    struck.prepare()
    return struck
