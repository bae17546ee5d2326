"""The running process: the route's stages as durable workflows. The only file that knows the durable engine (DBOS).

Facts and orders live in one database, so an order commits with the fact that it follows from. A violator is two short
workflows, ``preserve`` and ``act``; ``tell`` is a third, on a queue of its own, so that Slack never holds up an act.
Nothing is parked: what waits for a person rests in our own tables, and the answer (``carry_out``) starts a new one.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import stamina
import structlog
from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    SQLAlchemyDatasource,
    run_dbos_database_migrations,
)
from dbos import error as engine_error
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from bot.errors import ConfigError
from bot.ledger import cases, database, hands
from bot.ledger.tables import CaseStatus
from bot.orders import Workflow
from bot.outcomes import Told
from bot.pipeline import Route
from bot.tell.gather import CLOSE

log = structlog.get_logger(__name__)
T = TypeVar("T")

VERSION = "1"  # a contract number, raised by hand: the engine's own default is a hash, and an upgrade would strand work
EXECUTOR = "daemon"
_QUEUES: dict[Workflow, str] = {
    "preserve": "evidence",
    "act": "platform",
    "tell": "notify",
    "carry_out": "platform",
    "lapse": "platform",
    "look": "look",
    "gather": "notify",
    "bar": "platform",
    "notice": "platform",
}
_SUSPECTS = "suspect"
_UNDER_WAY = ["ENQUEUED", "PENDING"]
_KILLS = "Work on it ended the process {times} times; look at the log, then decide by hand."
_LONGEST_OUTAGE_WAIT_S = 5.0
_MIGRATES_WITHIN_S = 20.0
_KEEP_FINISHED = timedelta(days=30)


class Answers(Protocol):
    """Carries out what a person decided (``bot.carrying_out``)."""

    def carry_out(self, decision: str) -> dict[str, Any]: ...

    def record_carried_out(self, session: Session, decision: str, done: dict[str, Any]) -> None: ...

    def case_of(self, decision: str) -> str: ...


class Lapses(Protocol):
    """Takes back what a score hid and nobody confirmed (``bot.lapse``)."""

    def take_back(self, case_id: str) -> dict[str, Any]: ...

    def record(self, session: Session, case_id: str, done: dict[str, Any]) -> None: ...


class Looks(Protocol):
    """Looks at the public page after an act (``bot.looking``)."""

    def look(self, order: str) -> Any: ...

    def record(self, session: Session, order: str, seen: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """One more kind of order: what is done for a key, and the transaction that records what came of it. ``case_of``:
    the case that a crash is charged to, where there is one."""

    workflow: Workflow
    do: Callable[[str], Any]
    record: Callable[[Session, str, Any], None]
    case_of: Callable[[str], str | None] = lambda _: None


class Outbox:
    """Places orders inside the caller's transaction. Also used by the command line, beside a running daemon."""

    def __init__(self, url: str) -> None:
        self._engine = database.system_engine(url)
        self._client = DBOSClient(
            system_database_url=None if self._engine is not None else url,
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
        )

    def place(self, session: Session, workflow: Workflow, key: str, number: int, *, delay_s: float = 0.0) -> None:
        """Durable if, and only if, the caller commits. The id makes the same order twice one order."""
        options = EnqueueOptions(
            workflow_name=workflow,
            queue_name=_QUEUES[workflow],
            workflow_id=f"{workflow}:{key}:{number}",
            app_version=VERSION,
        )
        if delay_s > 0:
            options["delay_seconds"] = delay_s
        self._client.enqueue_in_transaction(session, options, key)

    def under_way(self) -> int:
        """How many orders are waiting for a slot or being worked on. Orders for later are not counted, nor looks after
        an act, which nothing waits for."""
        found = self._client.list_workflows(status=_UNDER_WAY, load_input=False, load_output=False)
        return sum(1 for each in found if each.name != "look")

    def delayed(self) -> int:
        """How many orders wait for their time; but for looks after an act and for what is closed when nothing comes any
        more, which nothing waits for."""
        waiting = self._client.list_workflows(status="DELAYED", load_input=False, load_output=False)
        return sum(1 for each in waiting if each.name != "look" and CLOSE not in each.workflow_id)

    def set_apart(self, workflow: str) -> None:
        """Let a suspect go on alone, in the suspects' queue."""
        self._client.resume_workflow(workflow, queue_name=_SUSPECTS)

    def cancel(self, workflow: str) -> None:
        """Take an order back for good."""
        self._client.cancel_workflow(workflow)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.destroy()
        if self._engine is not None:
            self._engine.dispose()


def migrate(url: str) -> None:
    """Bring our schema and the engine's to the newest revision; a lock that passes is waited for."""
    _quieten()
    for attempt in stamina.retry_context(on=OperationalError, attempts=None, timeout=_MIGRATES_WITHIN_S):
        with attempt:
            database.migrate(url)
            run_dbos_database_migrations(url)


def _quieten() -> None:
    """Without a handler of its own the engine adds one, on the console; its INFO lines advertise its vendor."""
    engine = logging.getLogger("dbos")
    if not engine.handlers:
        engine.addHandler(logging.NullHandler())
    engine.setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)


class Worker:
    """Runs the workflows. A context manager: leaving it finishes the step in hand and stops in seconds."""

    def __init__(
        self,
        url: str,
        route: Route,
        answers: Answers,
        lapses: Lapses,
        looks: Looks,
        outbox: Outbox,
        *,
        stages: Sequence[Stage] = (),
        captures: int = 1,
        poll_s: float = 0.25,
        grace_s: int = 4,
    ) -> None:
        self._url, self._route, self._answers, self._lapses = url, route, answers, lapses
        self._looks, self._outbox, self._stages = looks, outbox, tuple(stages)
        self._captures, self._poll_s, self._grace_s = captures, poll_s, grace_s
        self._engine = database.system_engine(url)
        self._telling = threading.Lock()
        self._leaving = False

    def __enter__(self) -> Worker:
        if os.environ.get("DBOS__CLOUD") == "true":
            raise ConfigError("DBOS__CLOUD is set to true; unset it: Beadle runs its engine itself and phones nobody.")
        _quieten()
        self._sort_suspects()
        DBOS(config=self._config())
        self._register()
        DBOS.launch()
        for queue, slots in self._slots().items():
            DBOS.register_queue(queue, worker_concurrency=slots, polling_interval_sec=self._poll_s)
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving = True
        DBOS.destroy(workflow_completion_timeout_sec=self._grace_s, destroy_registry=True)
        self._release()
        if self._engine is not None:
            self._engine.dispose()

    def drain(self, each: Callable[[int], None], until: Callable[[], bool] = lambda: False) -> None:
        """Wait until nothing is under way (or ``until`` says so), calling ``each`` with what is left."""
        while (left := self._outbox.under_way()) and not until():
            each(left)
            time.sleep(self._poll_s)

    def sweep(self, now: datetime) -> int:
        """Forget finished workflows after 30 days. Only successful ones: others may still own checkpoints."""
        before = (now - _KEEP_FINISHED).isoformat()
        found = DBOS.list_workflows(
            status="SUCCESS", completed_before=before, limit=1000, load_input=False, load_output=False
        )
        if found:
            DBOS.delete_workflows([each.workflow_id for each in found])
        return len(found)

    def _config(self) -> DBOSConfig:
        config = DBOSConfig(
            name="beadle",
            application_version=VERSION,
            executor_id=EXECUTOR,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
            max_executor_threads=48,
            enable_otlp=False,
            run_migrations=False,
            notification_listener_polling_interval_sec=0.25,
        )
        if self._engine is not None:
            config["system_database_engine"] = self._engine
        else:
            config["system_database_url"] = self._url
        return config

    def _slots(self) -> dict[str, int]:
        # A queue starts at most its slots at each look, so short work needs more slots than it has hands.
        return {"evidence": self._captures + 3, "platform": 4, "notify": 2, "look": 1, _SUSPECTS: 1}

    def _register(self) -> None:
        route, answers, lapses, looks = self._route, self._answers, self._lapses, self._looks
        facts = SQLAlchemyDatasource.create(
            self._url,
            engine=route.writing,
            serializer=DBOSPortableJSONSerializer(),
            sessionmaker=sessionmaker(class_=Session, expire_on_commit=False),
        )

        def step(name: str, how: Callable[[str], Any], key: str) -> Any:
            return DBOS.run_step({"name": name}, lambda: self._patiently(lambda: how(key)))

        def record(name: str, how: Callable[..., None], key: str, outcome: Any) -> None:
            facts.run_tx_step({"name": name}, lambda: how(facts.sql_session(), key, outcome))

        @DBOS.workflow(name="preserve", max_recovery_attempts=50)
        def preserve(case_id: str) -> None:
            with self._in_hand(case_id):
                sealed = step("preserve", route.preserve, case_id)
                record("record_seal", route.record_seal, case_id, sealed)

        @DBOS.workflow(name="act", max_recovery_attempts=50)
        def act(case_id: str) -> None:
            with self._in_hand(case_id):
                acted = step("act", route.act, case_id)
                record("record_act", route.record_act, case_id, acted)

        @DBOS.workflow(name="tell", max_recovery_attempts=50)
        def tell(case_id: str) -> None:
            with self._in_hand(case_id):
                told = step("tell", self._tell, case_id)
                record("record_told", route.record_told, case_id, told)

        @DBOS.workflow(name="carry_out", max_recovery_attempts=50)
        def carry_out(decision: str) -> None:
            with self._in_hand(answers.case_of(decision)):
                done = step("carry_out", answers.carry_out, decision)
                record("record_carried_out", answers.record_carried_out, decision, done)

        @DBOS.workflow(name="lapse", max_recovery_attempts=50)
        def lapse(case_id: str) -> None:
            with self._in_hand(case_id):
                done = step("take_back", lapses.take_back, case_id)
                record("record_taken_back", lapses.record, case_id, done)

        @DBOS.workflow(name="look", max_recovery_attempts=2)
        def look(order: str) -> None:
            # Not "in hand": a look that fails is nobody's fault, and quarantines no case.
            with _at_leisure(order):
                seen = step("look", looks.look, order)
                record("record_look", looks.record, order, seen)

        for stage in self._stages:
            self._register_stage(stage, step, record)

    def _register_stage(self, stage: Stage, step: Callable[..., Any], record: Callable[..., None]) -> None:
        @DBOS.workflow(name=stage.workflow, max_recovery_attempts=50)
        def work(key: str) -> None:
            case_id = stage.case_of(key)
            with self._in_hand(case_id) if case_id is not None else _at_leisure(key):
                done = step(stage.workflow, stage.do, key)
                record(f"record_{stage.workflow}", stage.record, key, done)

    def _tell(self, case_id: str) -> Told:
        # Two messages of one case at once would both look, find nothing, and both post.
        with self._telling:
            return self._route.tell(case_id)

    @contextmanager
    def _in_hand(self, case_id: str) -> Iterator[None]:
        workflow = DBOS.workflow_id
        assert workflow is not None
        now = self._route.clock()
        with structlog.contextvars.bound_contextvars(case=case_id):
            self._note(lambda session: hands.take(session, workflow, case_id, now))
            try:
                yield
            except engine_error.DBOSException:
                raise  # fenced, cancelled or stopping: the engine's own business, nobody's fault
            except Exception:
                log.exception("a stage failed in a way that it should not", stage=workflow)
                self._note(lambda session: self._quarantine(session, case_id, "A stage failed unexpectedly."))
                raise
            finally:
                self._note(lambda session: hands.put_down(session, workflow))

    def _note(self, what: Callable[[Session], object]) -> None:
        def once() -> None:
            with Session(self._route.writing) as session, session.begin():
                what(session)

        self._patiently(once)

    def _patiently(self, what: Callable[[], T]) -> T:
        """Do it again while the database is locked or away, as the engine does with its own writes: an outage is
        nobody's fault and ends no workflow. A stop ends the waiting; the work is taken up at the next start."""

        def is_outage(error: Exception) -> bool:
            return isinstance(error, OperationalError) and not self._leaving

        for attempt in stamina.retry_context(
            on=is_outage, attempts=None, timeout=None, wait_max=_LONGEST_OUTAGE_WAIT_S
        ):
            with attempt:
                return what()
        raise AssertionError("unreachable")

    def _sort_suspects(self) -> None:
        """Before the engine takes up what was in flight: charge it, set suspects apart, quarantine the worst."""
        with Session(self._route.writing) as session, session.begin():
            charged = hands.charge(session)
            for each in charged:
                if each.crashes >= hands.QUARANTINE:
                    self._quarantine(session, each.case_id, _KILLS.format(times=each.crashes))
        for each in charged:
            if each.crashes >= hands.QUARANTINE:
                self._outbox.cancel(each.workflow)
                log.error("quarantined", case=each.case_id, stage=each.workflow, crashes=each.crashes)
            elif each.crashes >= hands.SUSPECT:
                self._outbox.set_apart(each.workflow)
                log.warning("suspect: goes on alone", case=each.case_id, stage=each.workflow, crashes=each.crashes)

    def _quarantine(self, session: Session, case_id: str, because: str) -> None:
        cases.move(session, case_id, CaseStatus.QUARANTINED, because, self._route.clock())

    def _release(self) -> None:
        """A stop on request is no crash: what was cut off in the grace time is not charged."""
        with Session(self._route.writing) as session, session.begin():
            hands.release(session)


@contextmanager
def _at_leisure(order: str) -> Iterator[None]:
    try:
        yield
    except engine_error.DBOSException:
        raise
    except Exception:
        log.exception("a stage failed in a way that it should not", order=order)
