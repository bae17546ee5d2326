"""The durable engine as we use it: every trap that was found in it, on both databases (docs/decisions)."""

from __future__ import annotations

import inspect
import json
import re
import sqlite3
import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, SQLAlchemyDatasource
from sqlmodel import Session
from structlog.testing import capture_logs

from bot import worker
from bot.authority import Verb
from bot.errors import ConfigError
from bot.ledger import database, hands
from bot.ledger.tables import CaseStatus, PageRow
from bot.looking import Looking
from bot.pipeline import Route
from bot.worker import Answers, Lapses, Looks, Outbox, Worker
from tests.engine import (
    PATIENCE_S,
    Stages,
    drain,
    for_office,
    place,
    schema_of,
    set_workflow,
    statuses,
    wait_for,
    working,
)
from tests.office import PROFANE, Office, open_office, voice

PHRASE = "quokka marmalade"


@pytest.fixture
def outbox(database_url: str) -> Iterator[Outbox]:
    """Where orders are placed."""
    with closing(Outbox(database_url)) as opened:
        yield opened


@pytest.fixture
def stages(database_url: str) -> Iterator[Stages]:
    """Stages that do nothing yet."""
    with closing(Stages(database_url)) as made:
        yield made


@pytest.fixture
def office(database_url: str, tmp_path: Path, outbox: Outbox) -> Iterator[Office]:
    """The real route with the real outbox."""
    with open_office(database_url, tmp_path) as opened:
        opened.route = replace(opened.route, orders=outbox)
        yield opened


# ── traps 1 and 2: one file, many hands ──────────────────────────────────────────────────────────────────────────────


def test_a_hundred_orders_on_sixty_four_slots_drain_and_lose_no_update(stages: Stages, outbox: Outbox) -> None:
    """With the engine's defaults this hangs for ever on SQLite; and 100 read-modify-writes left 20."""
    place(stages, outbox, [f"c{number}" for number in range(100)])

    with working(stages, outbox, slots=64) as running:
        drain(running, outbox)

    assert stages.counted() == 100
    assert set(statuses(outbox).values()) == {"SUCCESS"}


def test_a_foreign_writer_that_holds_the_lock_only_delays(sqlite_url: str, tmp_path: Path) -> None:
    """Somebody looks into the file with a tool of their own: nothing fails, all is done after."""
    with closing(Outbox(sqlite_url)) as outbox, closing(Stages(sqlite_url)) as stages:
        begun, locked = threading.Event(), threading.Event()

        def stage(key: str) -> dict[str, Any]:
            begun.set()
            locked.wait(PATIENCE_S)
            return {"key": key}

        stages.stage = stage
        foreign = sqlite3.connect(tmp_path / "beadle.db", isolation_level=None)
        with closing(foreign), working(stages, outbox) as running:
            place(stages, outbox, ["c1"])
            assert begun.wait(PATIENCE_S)
            foreign.execute("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(0.5)
            held = outbox.under_way()
            foreign.execute("COMMIT")
            drain(running, outbox)

        assert (held, stages.counted()) == (1, 1)


def test_a_database_that_is_away_for_a_moment_ends_no_workflow(
    stages: Stages, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of PostgreSQL, or a lock that outlasts SQLite's patience, is nobody's fault: it is tried again."""
    away = ["reading", "taking note"]

    def outage(what: str) -> None:
        if what in away:
            away.remove(what)
            raise sa.exc.OperationalError(what, None, Exception("away"))

    def stage(key: str) -> dict[str, Any]:
        outage("reading")
        return {"key": key}

    def take(*given: Any) -> None:
        outage("taking note")
        real(*given)

    stages.stage, real = stage, hands.take
    monkeypatch.setattr(hands, "take", take)
    place(stages, outbox, ["c1"])

    with working(stages, outbox) as running:
        drain(running, outbox)

    assert (away, statuses(outbox)) == ([], {"preserve:c1:1": "SUCCESS"})


# ── trap 4 and 10: what the engine keeps and says ────────────────────────────────────────────────────────────────────


def test_the_engine_keeps_json_ids_and_never_a_comments_words(
    office: Office, database_url: str, outbox: Outbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """Content lives in ledger and archive alone, where retention reaches it; nothing is a pickle that code could hide
    in; no log line repeats it."""
    author = replace(office.platform.say("x").author, display_name=f"Ms {PHRASE}")
    case_id = office.open_case(f"{PROFANE} {PHRASE}", author=author)
    with for_office(office, database_url, outbox) as running:
        drain(running, outbox)
        office.review.decide(case_id, Verb.RESTORE, voice(), f"{PHRASE} is a band")
        drain(running, outbox)

    kept = _engine_rows(database_url)
    assert office.case(case_id).status == CaseStatus.RESTORED
    assert {"workflow_status", "operation_outputs", "datasource_outputs"} <= set(kept)
    assert PHRASE not in str(kept)
    assert PHRASE not in capfd.readouterr().err
    values = [value for row in kept["workflow_status"] for value in (row["inputs"], row["output"]) if value]
    values += [row["output"] for row in kept["operation_outputs"] if row["output"]]
    assert len(values) >= 8
    assert all(isinstance(json.loads(value), dict | list | str | None) for value in values)


def test_the_config_pins_version_executor_and_serializer_and_buys_nothing(stages: Stages, outbox: Outbox) -> None:
    """A hash as version strands work after an upgrade; another executor id hides it from recovery; the enterprise keys
    start services that phone home."""
    config = Worker(
        stages.url, cast(Route, stages), cast(Answers, stages), cast(Lapses, stages), cast(Looks, stages), outbox
    )._config()

    assert (config["application_version"], config["executor_id"]) == (worker.VERSION, worker.EXECUTOR)
    assert worker.VERSION == "1"
    assert type(config["serializer"]).__name__ == "DBOSPortableJSONSerializer"
    paid = {"conductor_key", "conductor_url", "auto_upgrade", "sharding", "transact_enterprise_key"}
    assert paid <= set(DBOSConfig.__annotations__)
    assert not paid & set(config)
    assert (config["enable_otlp"], config["log_level"]) == (False, "WARNING")


def test_everything_of_the_engine_that_we_lean_on_is_there() -> None:
    """The minor version is pinned, since much of this is young; an upgrade that moves it fails here first."""
    needed: Mapping[Any, set[str]] = {
        DBOS.list_workflows: {"status", "completed_before", "limit", "load_input", "load_output"},
        DBOS.register_queue: {"worker_concurrency", "polling_interval_sec"},
        DBOS.destroy: {"workflow_completion_timeout_sec", "destroy_registry"},
        DBOS.delete_workflows: {"workflow_ids"},
        DBOSClient.resume_workflow: {"workflow_id", "queue_name"},
        DBOSClient.enqueue_in_transaction: {"conn_or_session", "options"},
        DBOSClient.__init__: {"system_database_engine", "serializer", "lazy"},
        SQLAlchemyDatasource.create: {"engine", "serializer", "sessionmaker"},
    }
    missing = {call: names - set(inspect.signature(call).parameters) for call, names in needed.items()}
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))

    assert {call: names for call, names in missing.items() if names} == {}
    assert "dbos>=3.4,<3.5" in project["project"]["dependencies"]


def test_it_refuses_to_run_where_the_environment_hands_it_to_the_vendors_cloud(
    stages: Stages, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That variable would override the configuration and start a connection to the vendor."""
    monkeypatch.setenv("DBOS__CLOUD", "true")

    with pytest.raises(ConfigError, match="unset it"):
        working(stages, outbox).__enter__()


def test_a_look_that_fails_in_a_way_that_it_should_not_is_charged_to_no_case(
    office: Office, database_url: str, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing depends on a look: it ends, the case stands as it stood, and its alert was sent before."""
    case_id = office.open_case()
    monkeypatch.setattr(Looking, "look", lambda *_: 1 // 0)
    office.route = replace(office.route, look_after_s=0.0)
    # Captured, because a console of structlog's own would draw every variable of every frame.
    with capture_logs() as logged, for_office(office, database_url, outbox) as running:
        drain(running, outbox)
        wait_for(lambda: {name.partition(":")[0] for name in statuses(outbox)} >= {"look", "tell"})
        drain(running, outbox)

    assert office.case(case_id).status == CaseStatus.HIDDEN
    assert {name.partition(":")[0]: status for name, status in statuses(outbox).items()}["look"] == "SUCCESS"
    assert office.journal[-1] == "posted"
    assert any(line["event"].startswith("a stage failed") for line in logged)


# ── trap 7: one order once, also after retention ─────────────────────────────────────────────────────────────────────


def test_the_same_order_twice_is_one_and_a_later_one_waits(stages: Stages, outbox: Outbox) -> None:
    """The id makes a repeat nothing; a delayed order is not under way."""
    place(stages, outbox, ["c1"])
    place(stages, outbox, ["c1"])
    place(stages, outbox, ["c2"], delay_s=3600.0)

    with working(stages, outbox) as running:
        drain(running, outbox)

    assert stages.recorded == ["c1"]
    assert (outbox.under_way(), outbox.delayed()) == (0, 1)


def test_a_delayed_order_comes_when_its_time_has_come(stages: Stages, outbox: Outbox) -> None:
    """Nothing sleeps inside a slot meanwhile."""
    place(stages, outbox, ["c1"], delay_s=0.5)

    with working(stages, outbox):
        wait_for(lambda: stages.recorded == ["c1"])

    assert outbox.delayed() == 0


def test_an_order_in_a_transaction_that_fails_does_not_exist(stages: Stages, outbox: Outbox) -> None:
    """Fact and order are one commit, or none."""

    def place_and_fail() -> None:
        with Session(stages.writing) as session, session.begin():
            outbox.place(session, "preserve", "c1", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        place_and_fail()
    assert statuses(outbox) == {}


def test_sweeping_forgets_only_what_succeeded_long_ago_and_nothing_runs_again(
    office: Office, database_url: str, outbox: Outbox
) -> None:
    """The engine's memory of an id is gone after 30 days; our own rows still know that the comment was dealt with."""
    office.open_case()
    with for_office(office, database_url, outbox) as running:
        drain(running, outbox)
        before = list(office.journal)
        set_workflow(database_url, next(iter(statuses(outbox))), status="ERROR")
        soon = running.sweep(datetime.now(UTC) + timedelta(days=29))
        late = running.sweep(datetime.now(UTC) + timedelta(days=31))
        office.poll()
        drain(running, outbox)

    assert (soon, late) == (0, 2)
    assert list(statuses(outbox).values()) == ["ERROR", "DELAYED"], "what is left is the look after the act"
    assert office.journal == [*before, "poll"]


def _engine_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that is the engine's and not ours."""
    engine = database.reading_engine(url)
    metadata = sa.MetaData()
    metadata.reflect(engine, schema=schema_of(url))
    if not database.is_sqlite(url):
        metadata.reflect(engine, only=lambda name, _: re.match("datasource", name) is not None)
    ours = set(PageRow.metadata.tables)
    with engine.connect() as connection:
        found = {
            table.name: [dict(row._mapping) for row in connection.execute(table.select())]
            for table in metadata.sorted_tables
            if table.name not in ours
        }
    engine.dispose()
    return found
