"""What second opinions took of each day's ceiling."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, update

from bot.ledger.tables import OpinionDay


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most calls, and the most millionths of a dollar, of one day."""

    calls: int
    microdollars: int


def reserve(session: Session, day: str, microdollars: int, ceiling: Ceiling) -> bool:
    """Count one call and what it may cost; ``False``, and nothing is counted, where that would pass the ceiling.

    ``day`` is ``YYYY-MM-DD``. Reservations made at the same time see each other.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(OpinionDay).values(day=day, calls=0, microdollars=0).on_conflict_do_nothing())
    counted = (
        update(OpinionDay)
        .where(
            col(OpinionDay.day) == day,
            col(OpinionDay.calls) < ceiling.calls,
            col(OpinionDay.microdollars) + microdollars <= ceiling.microdollars,
        )
        .values(calls=OpinionDay.calls + 1, microdollars=OpinionDay.microdollars + microdollars)
    )
    return session.execute(counted).rowcount == 1  # type: ignore[attr-defined, no-any-return]


def correct(session: Session, day: str, microdollars: int) -> None:
    """Add the difference between what a call cost and what was reserved for it; it may be negative."""
    more = OpinionDay.microdollars + microdollars
    session.execute(update(OpinionDay).where(col(OpinionDay.day) == day).values(microdollars=more))


def spent(session: Session, day: str) -> OpinionDay:
    """What that day took so far."""
    return session.get(OpinionDay, day) or OpinionDay(day=day)
