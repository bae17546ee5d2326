"""The architecture as tests: what stands where, how large it may be, and which door leads to which outside library."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

FIXED_BY_THE_DESIGN = {"bot", "connectors", "config", "tests", "pyproject.toml", "Procfile"}
CARRIED_BY_EVERY_REPOSITORY = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks",
    "docs",
    "requirements.lock",
    "training",
}

LONGEST_FILE = 400
ROOMS_WITHOUT_A_NOUN = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "handler", "service"}

# Outside library -> the only places that may import it. import-linter holds the same; this also sees what is imported
# inside a function, what is only imported for types, and doors that are not built yet.
DOORS = {
    "dbos": ("bot/worker.py",),
    "alembic": ("bot/ledger/",),
    "psycopg": ("bot/ledger/", "bot/records/"),
    "sqlite3": ("bot/ledger/", "bot/records/"),
    "playwright": ("bot/evidence/",),
    "typst": ("bot/evidence/", "bot/records/"),
    "boto3": ("bot/evidence/storage/",),
    "botocore": ("bot/evidence/storage/",),
    "slack_sdk": ("bot/notify/", "bot/slack/"),
    "slack_bolt": ("bot/slack/",),
    "smtplib": ("bot/notify/",),
    "imap_tools": ("bot/residents/mailbox.py",),
    "imaplib": ("bot/residents/mailbox.py",),
    "facebook": ("connectors/_graph/api.py",),
    "tweepy": ("connectors/_x/api.py",),
    "googleapiclient": ("connectors/_youtube/channel.py",),
    "httplib2": ("connectors/_httplib2.py",),
    "mastodon": ("connectors/_mastodon/calls.py",),
    "praw": ("connectors/_reddit/calls.py",),
    "feedparser": ("connectors/_feed/entries.py",),
    "oauthlib": ("connectors/_flickr/api.py",),
    "bs4": ("connectors/_values.py",),
    "httpx": (
        "connectors/transport.py",
        "connectors/_deadline.py",
        "connectors/_requests.py",
        "bot/preflight.py",
        "bot/evidence/media/fetch.py",
        "bot/evidence/picture/oembed.py",
    ),
    "requests": ("connectors/_requests.py", "connectors/_graph/api.py"),
    "urllib.request": (),
    "typer": ("bot/cli/",),
    "subprocess": ("bot/evidence/", "bot/demo/"),
    "starlette": ("bot/demo/", "bot/listening.py", "bot/webhooks.py", "bot/slack/receiver.py"),
    "uvicorn": ("bot/demo/", "bot/listening.py"),
    "aiosmtpd": ("bot/demo/",),
}

# Where SQL is written. Everywhere else a session or an engine is only carried on, and a failure of the database caught.
SQL_ROOMS = ("bot/ledger/", "bot/records/")
MAY_BE_CARRIED = {"Session", "Engine", "exc"}


def test_the_top_level_holds_the_rooms_and_what_every_repository_carries() -> None:
    """A newcomer sees the whole house at a glance: nothing else stands at the top level."""
    top = {Path(file).parts[0] for file in _files()}

    assert top <= FIXED_BY_THE_DESIGN | CARRIED_BY_EVERY_REPOSITORY


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    """A module over 400 lines holds two nouns and is to be split."""
    lengths = {file: len(_text(file).splitlines()) for file in _product()}

    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_every_room_and_file_is_named_for_what_it_holds() -> None:
    """No module or package has a name that says nothing, such as utils or helpers."""
    nameless = [file for file in _files(".py") if ROOMS_WITHOUT_A_NOUN & set(re.split(r"[/._-]", file.lower()))]

    assert nameless == []


def test_the_configuration_is_data_only() -> None:
    """A city's clerk may edit everything in config/: there is no Python in it and nothing that runs."""
    files = [file for file in _files() if file.startswith("config/")]
    programs = [file for file in files if file.endswith(".py") or (REPOSITORY / file).stat().st_mode & 0o111]

    assert programs == []


@pytest.mark.parametrize("library", DOORS)
def test_every_outside_library_has_its_own_door(library: str) -> None:
    """A library with effects is imported in its own place only, be it inside a function or for types alone."""
    strangers = [
        f"{file}:{line}"
        for file in _product()
        if not file.startswith(DOORS[library])
        for line, module, _ in _imports(file)
        if module == library or module.startswith(f"{library}.")
    ]

    assert strangers == []


def test_sql_is_written_in_the_ledger_and_in_the_records_only() -> None:
    """Other rooms carry a session or an engine and ask the ledger by name; they neither build nor run a statement."""
    strangers = [
        *(
            f"{file}:{line} imports {name}"
            for file in _carriers()
            for line, module, name in _imports(file)
            if module in {"sqlmodel", "sqlalchemy"} and name not in MAY_BE_CARRIED | {None}
        ),
        *(f"{file}:{line} uses sqlalchemy.{name}" for file in _carriers() for line, name in _sqlalchemy_names(file)),
    ]

    assert strangers == []


def test_the_connectors_have_never_heard_of_the_bot() -> None:
    """``connectors`` is a library of its own: it imports nothing from ``bot``, not even for types."""
    strangers = [
        f"{file}:{line}"
        for file in _product()
        if file.startswith("connectors/")
        for line, module, _ in _imports(file)
        if module.split(".")[0] == "bot"
    ]

    assert strangers == []


@cache
def _files(suffix: str = "") -> list[str]:
    """Every file of the repository, also one that is new, but none that git ignores."""
    command = ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(file for file in set(listed) if file.endswith(suffix) and (REPOSITORY / file).is_file())


def _product() -> list[str]:
    return [file for file in _files(".py") if file.startswith(("bot/", "connectors/"))]


def _carriers() -> list[str]:
    return [file for file in _product() if not file.startswith(SQL_ROOMS)]


def _text(file: str) -> str:
    return (REPOSITORY / file).read_text(encoding="utf-8")


@cache
def _imports(file: str) -> list[tuple[int, str, str | None]]:
    """Line, module and, of ``from module import name``, the name."""
    found: list[tuple[int, str, str | None]] = []
    for node in ast.walk(ast.parse(_text(file))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [(node.lineno, node.module, alias.name) for alias in node.names]
    return found


def _sqlalchemy_names(file: str) -> Iterator[tuple[int, str]]:
    """Attributes of ``import sqlalchemy as sa`` beyond those that may be carried."""
    tree = ast.parse(_text(file))
    aliases = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in {"sqlalchemy", "sqlmodel"}
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, name = node.value.id, node.attr
            if module in aliases and name not in MAY_BE_CARRIED:
                yield node.lineno, name
