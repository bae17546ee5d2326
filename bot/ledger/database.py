"""One database for our facts and the engine's orders: engines, migration, and the rule of one daemon.

SQLite (embedded) and PostgreSQL run the same code. On SQLite two things are set by hand, each against a measured trap:
a transaction takes the write lock at its start (SELECT before BEGIN loses updates), and the system engine's pool may
overflow (its connections wait for the lock that our transaction holds while that transaction waits for one of them).
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import event

from bot.errors import ConfigError

OTHER_VERSION = (
    "the database is of another version of Beadle; stop the daemon, then `beadle migrate` brings it up to date "
    "(or install the newer Beadle, if the database is the newer one)."
)
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_MS = 30_000
_LOOK_AGAIN_S = 0.1
_MODE = 0o660  # the people who decide share the daemon's group: they write to its ledger and look whether it runs
_MIGRATION_KEY = zlib.crc32(b"beadle migration")
_DAEMON_KEY = zlib.crc32(b"beadle daemon")


def normalise(url: str) -> str:
    """A database URL with the driver that we bring. Raises ``ConfigError`` for anything but SQLite and PostgreSQL."""
    try:
        found = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigError(
            "BEADLE_DATABASE_URL can't be read as a database URL; write sqlite:////var/lib/beadle/beadle.db "
            "or postgresql://user:password@host/database."
        ) from error
    kind = found.get_backend_name()
    if kind == "sqlite":
        if not found.database or found.database == ":memory:":
            raise ConfigError("BEADLE_DATABASE_URL names an SQLite database in memory; name a file.")
        return found.set(drivername="sqlite").render_as_string(hide_password=False)
    if kind == "postgresql":
        return found.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    raise ConfigError(f'BEADLE_DATABASE_URL names a "{kind}" database; Beadle runs on sqlite or postgresql.')


def is_sqlite(url: str) -> bool:
    """Whether a normalised URL names an SQLite file."""
    return url.startswith("sqlite")


def ledger_engine(url: str) -> sa.Engine:
    """The engine of our own transactions."""
    if not is_sqlite(url):
        return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
    engine = sa.create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _connect_ledger)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reading_engine(url: str) -> sa.Engine:
    """An engine for plain reads, which take no write lock."""
    if not is_sqlite(url):
        return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
    engine = sa.create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _connect_reader)
    return engine


def system_engine(url: str) -> sa.Engine | None:
    """The durable engine's own engine on SQLite; ``None`` lets it make its own on PostgreSQL."""
    if not is_sqlite(url):
        return None
    engine = sa.create_engine(url, hide_parameters=True, pool_size=6, max_overflow=-1)
    event.listen(engine, "connect", _connect_system)
    return engine


def migrate(url: str) -> None:
    """Bring the schema to the newest revision. Safe to run from several processes at once."""
    if is_sqlite(url):
        _make_file(Path(sa.make_url(url).database or ""))
    engine = ledger_engine(url)
    try:
        with _migration_lock(url, engine), engine.connect() as connection:
            command.upgrade(_alembic(connection), "head")
            connection.commit()
    finally:
        engine.dispose()


def _make_file(path: Path) -> None:
    """An empty database that owner and group may write; SQLite by itself would leave the group out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=_MODE, exist_ok=True)


def is_ready(url: str) -> bool:
    """Whether the database is there with our tables of today in it. Raises ``ConfigError`` when it can't be reached."""
    return why_not_ready(url) is None


def why_not_ready(url: str) -> str | None:
    """What is to be done before the database can be used; ``None`` when it can. Raises ``ConfigError`` as above."""
    found = _revision(url)
    if found is None:
        return "there is no database yet; `beadle migrate` makes it, and so does the first `beadle run`."
    return None if found == newest_revision() else OTHER_VERSION


def _revision(url: str) -> str | None:
    if is_sqlite(url) and not Path(sa.make_url(url).database or "").exists():
        return None
    engine = reading_engine(url)
    try:
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table("schema_version"):
                return None
            return connection.execute(sa.text("SELECT version_num FROM schema_version")).scalar()
    except sa.exc.SQLAlchemyError as error:
        raise ConfigError(
            f"the database can't be reached ({type(error).__name__}); check BEADLE_DATABASE_URL and that it runs."
        ) from error
    finally:
        engine.dispose()


@cache
def newest_revision() -> str:
    """The revision of the schema that this version of Beadle works with."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head() or ""


@contextmanager
def one_daemon(url: str, patience_s: float = 1.0) -> Iterator[None]:
    """Hold the place of the only daemon of this database. Raises ``ConfigError`` when another holds it.

    Waits ``patience_s`` seconds first: somebody who only looks whether a daemon runs holds the place for an instant.
    """
    if is_sqlite(url):
        with _file_daemon(url, patience_s):
            yield
    else:
        with _advisory_daemon(url, patience_s):
            yield


def daemon_is_running(url: str) -> bool:
    """Whether some process holds the daemon's place."""
    try:
        with one_daemon(url, patience_s=0.0):
            return False
    except ConfigError:
        return True


@contextmanager
def _file_daemon(url: str, patience_s: float) -> Iterator[None]:
    path = sa.make_url(url).database or ""
    lock = FileLock(f"{path}.lock", timeout=patience_s, mode=_MODE)
    try:
        lock.acquire()
    except Timeout as error:
        raise ConfigError(
            f"another Beadle already runs on {path}; stop that one first, or give this one a database of its own "
            "(BEADLE_DATABASE_URL)."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _advisory_daemon(url: str, patience_s: float) -> Iterator[None]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        if not _takes_place(connection, patience_s):
            raise ConfigError(
                "another Beadle already runs on this database; stop that one first, or give this one a database of "
                "its own (BEADLE_DATABASE_URL)."
            )
        yield


def _takes_place(connection: sa.Connection, patience_s: float) -> bool:
    until = time.monotonic() + patience_s
    while True:
        held = connection.execute(sa.select(sa.func.pg_try_advisory_lock(_DAEMON_KEY))).scalar_one()
        connection.commit()
        if held or time.monotonic() >= until:
            return bool(held)
        time.sleep(_LOOK_AGAIN_S)


@contextmanager
def _migration_lock(url: str, engine: sa.Engine) -> Iterator[None]:
    if is_sqlite(url):
        with FileLock(f"{sa.make_url(url).database}.migration", mode=_MODE):
            yield
        return
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(_MIGRATION_KEY)))
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_MIGRATION_KEY)))


def _alembic(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _connect_ledger(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _connect_reader(connection: Any, _record: Any) -> None:
    # The journal's mode is the writer's to set: two who set it on a new file at once are both told that it is locked,
    # and SQLite does not wait then.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA foreign_keys=ON")


def _connect_system(connection: Any, _record: Any) -> None:
    connection.isolation_level = "IMMEDIATE"
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-500")


def _begin_immediate(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
