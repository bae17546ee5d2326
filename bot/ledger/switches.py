"""The emergency switch: stops every act on one page, or on all, until it is lifted. Survives restarts."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger.tables import Switch

ALL = "*"


def thrown(session: Session, page: str) -> Switch | None:
    """The switch that stops acts on this page now, if any."""
    query = select(Switch).where(col(Switch.scope).in_([ALL, page]), col(Switch.lifted_at).is_(None))
    return session.exec(query).first()


def throw(session: Session, scope: str, by: str, reason: str, now: datetime) -> bool:
    """Stop acts. ``False`` when they are stopped already."""
    if _open(session, scope) is not None:
        return False
    session.add(Switch(scope=scope, thrown_at=now, thrown_by=by, reason=reason))
    return True


def lift(session: Session, scope: str, by: str, now: datetime) -> bool:
    """Let acts go on. ``False`` when this switch was not thrown."""
    row = _open(session, scope)
    if row is None:
        return False
    row.lifted_at, row.lifted_by = now, by
    session.add(row)
    return True


def standing(session: Session) -> list[Switch]:
    """Every switch that is thrown now."""
    return list(session.exec(select(Switch).where(col(Switch.lifted_at).is_(None))).all())


def _open(session: Session, scope: str) -> Switch | None:
    return session.exec(select(Switch).where(Switch.scope == scope, col(Switch.lifted_at).is_(None))).first()
