"""The database's own traps: locks, migration, the one daemon, and what an error may say."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from bot.errors import ConfigError
from bot.ledger import cases, database, keep
from bot.ledger.keep import Judged
from bot.ledger.tables import Case, CaseStatus, PageRow
from connectors.contract import Author, Batch, Comment, CommentRef
from tests.ledger.conftest import NOW, PAGE
from tests.ledger.test_keep import FOUND

PHRASE = "quokka marmalade"


@pytest.mark.parametrize("make", [database.ledger_engine, database.reading_engine])
def test_sqlite_is_in_wal_and_waits_for_its_lock(sqlite_url: str, make: Callable[[str], sa.Engine]) -> None:
    """Readers and the writer don't stand in each other's way; nobody gives up at once; what is committed is on disk."""
    engine = make(sqlite_url)
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _PRAGMAS}
    engine.dispose()

    assert found == _PRAGMAS


def _system(url: str) -> sa.Engine:
    """The durable engine's own on SQLite; on PostgreSQL it makes its own, and is given ids and reasons alone."""
    return database.system_engine(url) or database.ledger_engine(url)


_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000, "foreign_keys": 1}


def test_the_engines_own_pool_may_overflow_on_sqlite_and_is_its_own_on_postgresql(sqlite_url: str) -> None:
    """A full pool waits for a lock that waits for the pool: the deadlock that the engine's defaults lead into."""
    engine = database.system_engine(sqlite_url)
    assert engine is not None
    pool: Any = engine.pool

    assert pool._max_overflow == -1
    assert database.system_engine("postgresql+psycopg://u@h/d") is None
    engine.dispose()


@pytest.mark.parametrize("make", [database.ledger_engine, database.reading_engine, _system])
def test_an_error_never_repeats_what_was_to_be_stored(database_url: str, make: Callable[[str], sa.Engine]) -> None:
    """A failed statement is logged with its SQL, and without the words that stood in it."""
    engine = make(database_url)
    with engine.connect() as connection, pytest.raises(sa.exc.SQLAlchemyError) as caught:
        connection.execute(sa.text("insert into no_such_table values (:words)"), {"words": PHRASE})
    engine.dispose()

    assert PHRASE not in str(caught.value)
    assert PHRASE not in repr(caught.value)


def test_only_one_daemon_runs_on_a_database_and_the_second_says_so(database_url: str) -> None:
    """Two would act twice; the sentence says what to do, and holds no password."""
    with database.one_daemon(database_url):
        assert database.daemon_is_running(database_url)
        with pytest.raises(ConfigError, match="another Beadle already runs on") as caught, _second(database_url):
            pass

    assert "BEADLE_DATABASE_URL" in caught.value.sentence
    assert "://" not in caught.value.sentence
    assert not database.daemon_is_running(database_url)


def _second(url: str) -> Any:
    return database.one_daemon(url)


def test_the_daemons_place_is_free_again_after_an_error(database_url: str) -> None:
    """A daemon that fell over stands in nobody's way."""

    def fall_over() -> None:
        with database.one_daemon(database_url):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fall_over()

    assert not database.daemon_is_running(database_url)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/deep/down/new.db"
    server = request.getfixturevalue("postgres")
    server.psql("drop database if exists raced with (force);")
    server.psql("create database raced;")
    found: str = server.get_uri(database="raced").replace("postgresql://", "postgresql+psycopg://")
    return found


def test_four_migrations_at_once_on_an_empty_database_all_succeed(empty_url: str) -> None:
    """A release step and several workers start together: one migrates, the others wait, and find it done."""
    program = f"from bot import worker; worker.migrate({empty_url!r})"
    racing = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(4)]
    said = [each.communicate(timeout=120)[1] for each in racing]

    assert [each.returncode for each in racing] == [0, 0, 0, 0], b"\n".join(said).decode()
    assert database.is_ready(empty_url)
    engine = database.reading_engine(empty_url)
    with engine.connect() as connection:
        assert len(connection.execute(sa.text("select * from schema_version")).all()) == 1
    engine.dispose()


def test_whoever_only_looks_leaves_the_journal_of_a_new_file_as_it_is(tmp_path: Path) -> None:
    """Two who set its mode at once would both be told that the file is locked, and a daemon would not start."""
    path = tmp_path / "new.db"
    path.touch()
    url = database.normalise(f"sqlite:///{path}")

    assert not database.is_ready(url)
    with sqlite3.connect(path) as looked_at:
        assert looked_at.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    database.migrate(url)
    assert database.is_ready(url)
    with sqlite3.connect(path) as written:
        assert written.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_of_an_older_version_is_not_ready_and_says_what_to_do(empty_url: str) -> None:
    """Half-migrated or years old: a command that read it would fall over a column that is not there."""
    assert "`beadle migrate` makes it" in (database.why_not_ready(empty_url) or "")
    database.migrate(empty_url)
    assert database.why_not_ready(empty_url) is None

    engine = database.ledger_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version_num = '0003'"))
    engine.dispose()

    assert not database.is_ready(empty_url)
    assert database.why_not_ready(empty_url) == database.OTHER_VERSION


def test_the_migrated_schema_is_that_of_the_tables(database_url: str) -> None:
    """A column that is in the tables and in no migration would break the first city that upgrades."""
    engine = database.reading_engine(database_url)
    found = sa.inspect(engine)
    columns = {name: {column["name"] for column in found.get_columns(name)} for name in PageRow.metadata.tables}
    engine.dispose()

    assert columns == {name: set(table.columns.keys()) for name, table in PageRow.metadata.tables.items()}


def test_orders_that_are_counted_at_the_same_time_get_numbers_of_their_own(engine: sa.Engine) -> None:
    """Two orders with one number would be one order: the second would silently never be done."""
    case_id = _case(engine)

    def count(_: int) -> int:
        with Session(engine) as session, session.begin():
            return cases.next_order(session, case_id)

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(count, range(40)))

    assert numbers == list(range(1, 41))


def test_counting_an_order_keeps_what_was_changed_before_it(engine: sa.Engine) -> None:
    """The move and the order are one transaction, whichever comes first."""
    case_id = _case(engine)
    with Session(engine) as session, session.begin():
        cases.move(session, case_id, CaseStatus.SEALED, "because", NOW)
        number = cases.next_order(session, case_id)
    with Session(engine) as session:
        case = session.get_one(Case, case_id)

    assert (number, case.orders, case.status, case.because) == (1, 1, "sealed", "because")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:////var/lib/b.db", "sqlite:////var/lib/b.db"),
        ("postgres://u:p@h/d", None),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
        ("mysql://u:p@h/d", None),
        ("not a url", None),
    ],
)
def test_a_database_url_is_brought_to_our_driver_or_refused_in_a_sentence(written: str, meant: str | None) -> None:
    """SQLite in a file or PostgreSQL, nothing else; the password is never repeated."""
    if meant is not None:
        assert database.normalise(written) == meant
        return
    with pytest.raises(ConfigError, match="BEADLE_DATABASE_URL") as caught:
        database.normalise(written)
    assert ":p@" not in caught.value.sentence


def test_a_database_that_cannot_be_reached_says_what_to_check() -> None:
    """No traceback of a driver for a server that is not there."""
    with pytest.raises(ConfigError, match="can't be reached"):
        database.is_ready("postgresql+psycopg://u@127.0.0.1:1/d")


def _case(engine: sa.Engine) -> str:
    comment = Comment(CommentRef("facebook", "1012", "5501_1"), "1012_5501", Author("a1"), "words", NOW)
    batch = Batch((comment,), (), "c1", last=False)
    with Session(engine) as session, session.begin():
        kept = keep.keep(session, PAGE, batch, [Judged(comment, FOUND, "")], lambda *_: None, NOW)
    return kept.cases[0]
