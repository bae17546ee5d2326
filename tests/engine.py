"""The durable engine under test: stages that do as they are told, and a worker with shorter waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import sqlalchemy as sa
from dbos import DBOSConfig
from sqlmodel import Session

from bot.ledger import database, watch
from bot.ledger.tables import PageRow
from bot.pipeline import Route
from bot.worker import Answers, Lapses, Looks, Outbox, Stage, Worker
from tests.office import Office

PATIENCE_S = 60.0
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


def working(stages: Stages, outbox: Outbox, *, grace_s: int = 4, slots: int | None = None) -> Quick:
    """A worker on these stages."""
    made = Quick(
        stages.url,
        cast(Route, stages),
        cast(Answers, stages),
        cast(Lapses, stages),
        cast(Looks, stages),
        outbox,
        poll_s=0.02,
        grace_s=grace_s,
    )
    made.slots = slots
    return made


def for_office(office: Office, url: str, outbox: Outbox) -> Quick:
    """A worker on the real route."""
    gathers = office.route.gathers
    stages = (Stage("gather", gathers.tell, gathers.record),)
    parts = (office.route, office.carrying_out, office.lapse, office.looking)
    return Quick(url, *parts, outbox, stages=stages, poll_s=0.02)


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
    table = sa.Table("workflow_status", sa.MetaData(), autoload_with=engine, schema=schema_of(url))
    with engine.begin() as connection:
        connection.execute(table.update().where(table.c.workflow_uuid == workflow).values(**values))
    engine.dispose()


def schema_of(url: str) -> str | None:
    return None if database.is_sqlite(url) else "dbos"
