"""Which cases are in hand right now, so that an item that kills the process is found and set apart.

The engine restarts whatever was in flight at a crash, the killer and its neighbours alike, and can't tell them apart.
So each workflow notes its case before it works and strikes the note when it ends, well or with an error. A note that
is still there at the next start is a crash charged to that case: after ``SUSPECT`` of them it works alone, in the
suspects' queue, and after ``QUARANTINE`` it rests until a person looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from bot.ledger.tables import InHand

SUSPECT = 2
QUARANTINE = 4


@dataclass(frozen=True, slots=True)
class Charged:
    """A workflow that was in hand when the process died, and how often that has happened."""

    workflow: str
    case_id: str
    crashes: int


def take(session: Session, workflow: str, case_id: str, now: datetime) -> None:
    """Note that this workflow begins to work on this case."""
    row = session.get(InHand, workflow) or InHand(workflow=workflow, case_id=case_id, since=now)
    row.working, row.since = True, now
    session.add(row)


def put_down(session: Session, workflow: str) -> None:
    """Strike the note: the work ended, so nothing is charged any more."""
    row = session.get(InHand, workflow)
    if row is not None:
        session.delete(row)


def charge(session: Session) -> list[Charged]:
    """At start: charge every note that a dead process left, once, and say which they are."""
    left = session.exec(select(InHand).where(InHand.working)).all()
    for row in left:
        row.working = False
        row.crashes += 1
        session.add(row)
    return [Charged(row.workflow, row.case_id, row.crashes) for row in left]


def release(session: Session) -> None:
    """At an orderly stop: what was cut off in the grace time is no crash, and nobody is charged for it."""
    for row in session.exec(select(InHand).where(InHand.working)).all():
        row.working = False
        session.add(row)
