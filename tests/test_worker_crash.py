"""Crashes, poison and stops: who is charged, what goes on alone, and what is taken up again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select
from structlog.testing import capture_logs

from bot import worker
from bot.ledger import hands
from bot.ledger.tables import CaseStatus, InHand
from bot.worker import Outbox
from tests.engine import (
    PATIENCE_S,
    Stages,
    drain,
    for_office,
    place,
    set_workflow,
    statuses,
    wait_for,
    working,
)
from tests.office import Office, open_office


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
