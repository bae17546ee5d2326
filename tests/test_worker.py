"""The durable engine as we use it: every trap that was found in it, on both databases (docs/decisions)."""

from __future__ import annotations

import inspect
import json
import re
import sqlite3
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, SQLAlchemyDatasource
from sqlmodel import Session, select
from structlog.testing import capture_logs

from bot import worker
from bot.errors import ConfigError
from bot.ledger import database, hands, watch
from bot.ledger.tables import CaseStatus, InHand, PageRow
from bot.pipeline import Route
from bot.worker import Answers, Outbox, Worker
from tests.office import PROFANE, Office, open_office, person

PATIENCE_S = 60.0
PHRASE = "quokka marmalade"
PAGE = "counted"


@dataclass
class Stages:
    """A route whose stages do as they are told. What is recorded goes into a row that everybody counts up."""

    url: str
    stage: Callable[[str], dict[str, Any]] = lambda key: {"key": key}
    recorded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writing, self.reading = database.ledger_engine(self.url), database.reading_engine(self.url)
        with Session(self.writing) as session, session.begin():
            watch.enrol(session, PAGE, "facebook", "1", self.clock())

    def clock(self) -> datetime:
        return datetime.now(UTC)

    def preserve(self, key: str) -> dict[str, Any]:
        return self.stage(key)

    act = tell = carry_out = preserve

    def record_seal(self, session: Session, key: str, outcome: object) -> None:
        """Read, think a moment, write: the shape that loses updates where a transaction begins too late."""
        row = session.get_one(PageRow, PAGE)
        polls = row.polls
        time.sleep(0.001)
        row.polls = polls + 1
        session.add(row)
        session.flush()
        self.recorded.append(key)

    record_act = record_told = record_carried_out = record_seal

    def case_of(self, decision: str) -> str:
        return decision

    def counted(self) -> int:
        with Session(self.reading) as session:
            return session.get_one(PageRow, PAGE).polls

    def close(self) -> None:
        self.writing.dispose()
        self.reading.dispose()


class Quick(Worker):
    """The worker with shorter waits, and as many slots as a test asks for."""

    slots: int | None = None

    def _config(self) -> DBOSConfig:
        return {**super()._config(), "notification_listener_polling_interval_sec": 0.02}

    def _slots(self) -> dict[str, int]:
        found = super()._slots()
        return found if self.slots is None else dict.fromkeys(found, self.slots)


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


def working(stages: Stages, outbox: Outbox, *, grace_s: int = 4, slots: int | None = None) -> Quick:
    """A worker on these stages."""
    made = Quick(
        stages.url, cast(Route, stages), cast(Answers, stages), outbox, poll_s=0.02, grace_s=grace_s
    )  # fmt: skip
    made.slots = slots
    return made


def for_office(office: Office, url: str, outbox: Outbox) -> Quick:
    """A worker on the real route."""
    return Quick(url, office.route, office.review, outbox, poll_s=0.02)


def place(stages: Stages, outbox: Outbox, keys: list[str], workflow: Any = "preserve", **more: Any) -> None:
    """Order all of these in one transaction."""
    with Session(stages.writing) as session, session.begin():
        for key in keys:
            outbox.place(session, workflow, key, 1, **more)


def drain(running: Worker, outbox: Outbox) -> None:
    """Until nothing is under way; a hang fails instead of hanging the suite."""
    until = time.monotonic() + PATIENCE_S
    running.drain(lambda _: None, lambda: time.monotonic() > until)
    assert outbox.under_way() == 0, "the engine hangs"


def wait_for(what: Callable[[], bool]) -> None:
    """Until it is so."""
    until = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def statuses(outbox: Outbox) -> dict[str, str]:
    """Where every workflow stands, by its id."""
    return {each.workflow_id: each.status for each in outbox._client.list_workflows()}


def set_workflow(url: str, workflow: str, **values: object) -> None:
    """Change the engine's row of a workflow, as a crash or time would have left it."""
    engine = database.ledger_engine(url)
    table = sa.Table("workflow_status", sa.MetaData(), autoload_with=engine, schema=_schema(url))
    with engine.begin() as connection:
        connection.execute(table.update().where(table.c.workflow_uuid == workflow).values(**values))
    engine.dispose()


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
        office.review.decide(case_id, "restore", person(), "noor", f"{PHRASE} is a band")
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
    config = Worker(stages.url, cast(Route, stages), cast(Answers, stages), outbox)._config()

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


# ── trap 5: recovery ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_work_in_flight_at_a_crash_is_taken_up_and_that_of_another_version_is_not(
    stages: Stages, outbox: Outbox, database_url: str
) -> None:
    """A dead process leaves its workflows claimed under its executor id; the next start with the same contract number
    finishes them."""
    place(stages, outbox, ["ours", "other"])
    claimed = {"status": "PENDING", "executor_id": worker.EXECUTOR}
    set_workflow(database_url, "preserve:ours:1", **claimed)
    set_workflow(database_url, "preserve:other:1", **claimed, application_version="0")

    with working(stages, outbox):
        wait_for(lambda: statuses(outbox)["preserve:ours:1"] == "SUCCESS")

    assert stages.recorded == ["ours"]
    assert statuses(outbox)["preserve:other:1"] == "PENDING"


def test_a_step_that_was_recorded_is_not_run_again(stages: Stages, outbox: Outbox, database_url: str) -> None:
    """What stands as done before the crash is handed on as it was: the platform is not asked twice for it."""
    asked: list[str] = []
    stages.stage = lambda key: asked.append(key) or {"key": key}  # type: ignore[func-returns-value]
    place(stages, outbox, ["c1"])
    with working(stages, outbox) as running:
        drain(running, outbox)
    set_workflow(database_url, "preserve:c1:1", status="PENDING", executor_id=worker.EXECUTOR)

    with working(stages, outbox):
        wait_for(lambda: statuses(outbox)["preserve:c1:1"] == "SUCCESS")

    assert (asked, stages.counted()) == (["c1"], 1)


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
    assert list(statuses(outbox).values()) == ["ERROR"]
    assert office.journal == [*before, "poll"]


# ── poison, and stopping ─────────────────────────────────────────────────────────────────────────────────────────────


def test_after_a_crash_the_suspect_goes_on_alone_and_the_killer_rests_where_people_see_it(
    office: Office, database_url: str, outbox: Outbox
) -> None:
    """Two crashes: the suspects' queue. Four: quarantine, its order taken back, its neighbours unharmed."""
    killer = office.open_case()
    suspect = office.open_case("What a load of bullshit, the whole budget.")
    neighbour = office.open_case("Bullshit! The whole of it, every single page.")
    _left_in_hand(office, {killer: hands.QUARANTINE - 1, suspect: hands.SUSPECT - 1})

    with for_office(office, database_url, outbox) as running:
        drain(running, outbox)
    queues = {each.workflow_id: each.queue_name for each in outbox._client.list_workflows()}

    assert (queues[f"preserve:{suspect}:1"], queues[f"preserve:{neighbour}:1"]) == ("suspect", "evidence")
    assert [office.case(case).status for case in (killer, suspect, neighbour)] == ["quarantined", "hidden", "hidden"]
    assert office.case(killer).because.startswith("Work on it ended the process 4 times")
    assert statuses(outbox)[f"preserve:{killer}:1"] == "CANCELLED"
    assert _in_hand(office) == {f"preserve:{killer}:1": (False, 4)}


def test_a_stage_that_fails_in_a_way_that_it_should_not_ends_in_quarantine(
    office: Office, database_url: str, outbox: Outbox
) -> None:
    """A fault of ours on one comment is visible, is not tried for ever, and takes no neighbour with it."""
    broken = office.open_case()
    whole = office.open_case("What a load of bullshit, the whole budget.")
    dossier = office.route.dossier

    def fail(*given: Any) -> Any:
        if given[1].case.case_id == broken:
            raise ZeroDivisionError
        return dossier(*given)

    office.route = replace(office.route, dossier=fail)
    with capture_logs() as said, for_office(office, database_url, outbox) as running:
        drain(running, outbox)

    assert [line["log_level"] for line in said if "should not" in line["event"]] == ["error"]
    assert (office.case(broken).status, office.case(whole).status) == (CaseStatus.QUARANTINED, CaseStatus.HIDDEN)
    assert statuses(outbox)[f"preserve:{broken}:1"] == "ERROR"
    assert _in_hand(office) == {}


def test_a_stop_on_request_charges_nobody_and_the_work_goes_on_at_the_next_start(
    stages: Stages, outbox: Outbox
) -> None:
    """A restart at noon is no crash: what was cut off in the grace time is finished, and is nobody's fault."""
    begun, let_go = threading.Event(), threading.Event()

    def hang(key: str) -> dict[str, Any]:
        begun.set()
        let_go.wait(PATIENCE_S)
        return {"key": key}

    stages.stage = hang
    place(stages, outbox, ["c1"])
    with working(stages, outbox, grace_s=0):
        assert begun.wait(PATIENCE_S)
    with Session(stages.writing) as session, session.begin():
        charged = hands.charge(session)
    let_go.set()
    with working(stages, outbox):
        wait_for(lambda: statuses(outbox)["preserve:c1:1"] == "SUCCESS")

    assert charged == []
    assert stages.counted() == 1


def test_the_step_in_hand_is_finished_before_the_worker_leaves(stages: Stages, outbox: Outbox) -> None:
    """Within the grace time a stop waits for what is being done."""
    begun = threading.Event()

    def slow(key: str) -> dict[str, Any]:
        begun.set()
        time.sleep(0.3)
        return {"key": key}

    stages.stage = slow
    place(stages, outbox, ["c1"])
    with working(stages, outbox):
        assert begun.wait(PATIENCE_S)

    assert statuses(outbox) == {"preserve:c1:1": "SUCCESS"}


def test_two_messages_of_one_case_are_never_made_at_once(stages: Stages, outbox: Outbox) -> None:
    """Both would look in the channel, find nothing, and post."""
    inside, most = [0], [0]

    def tell(key: str) -> dict[str, Any]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        inside[0] -= 1
        return {"key": key}

    stages.stage = tell
    with Session(stages.writing) as session, session.begin():
        for number in range(4):
            outbox.place(session, "tell", "c1", number)
    with working(stages, outbox) as running:
        drain(running, outbox)

    assert (most[0], stages.counted()) == (1, 4)


def _left_in_hand(office: Office, crashes: Mapping[str, int]) -> None:
    with Session(office.route.writing) as session, session.begin():
        for case_id, times in crashes.items():
            workflow = f"preserve:{case_id}:1"
            hands.take(session, workflow, case_id, office.clock())
            session.flush()
            session.get_one(InHand, workflow).crashes = times


def _in_hand(office: Office) -> dict[str, tuple[bool, int]]:
    with Session(office.route.reading) as session:
        return {row.workflow: (row.working, row.crashes) for row in session.exec(select(InHand)).all()}


def _schema(url: str) -> str | None:
    return None if database.is_sqlite(url) else "dbos"


def _engine_rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that is the engine's and not ours."""
    engine = database.reading_engine(url)
    metadata = sa.MetaData()
    metadata.reflect(engine, schema=_schema(url))
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
