"""Remembers what was spent of the platforms' allowances: a restart gives nothing back."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select, update

from bot.ledger.tables import Spent


def spent_on(session: Session, day: str) -> list[tuple[str, str, float]]:
    """(key, period, units) of every allowance that was drawn upon on a day (``2026-11-21``), or in its month so far."""
    period = col(Spent.period)
    query = select(Spent.key, Spent.period, Spent.units).where((period.startswith(day)) | (period == day[:7]))
    return list(session.exec(query.order_by(col(Spent.key), period)).all())


@dataclass(frozen=True, slots=True)
class SpendingInLedger:
    """``connectors``' ``Spending`` on the ledger. Each call is a short transaction of its own: a quota is spent when
    the platform was asked, whatever becomes of the answer."""

    reading: sa.Engine
    writing: sa.Engine

    def spent(self, key: str, period: str) -> float:
        """The units spent in a period such as ``2026-11-21``."""
        with Session(self.reading) as session:
            row = session.get(Spent, (key, period))
            return row.units if row is not None else 0.0

    def add(self, key: str, period: str, units: float) -> None:
        """Count units. Two that count at once both count."""
        with Session(self.writing) as session, session.begin():
            insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
            session.execute(insert(Spent).values(key=key, period=period, units=0.0).on_conflict_do_nothing())
            more = update(Spent).where(col(Spent.key) == key, col(Spent.period) == period)
            session.execute(more.values(units=Spent.units + units))
