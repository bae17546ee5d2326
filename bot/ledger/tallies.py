"""What was done in a stretch of time, on some pages or on all of them: for the digest, the weekly and their picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import and_, case
from sqlmodel import Session, col, func, select

from bot.ledger.cases import OPEN_FOR_PEOPLE
from bot.ledger.tables import Act, Appeal, AppealStatus, Case, CaseStatus, CommentRow, Revision
from bot.ledger.verdicts import from_json

LAPSE = "lapse"
"""Who an act is by that took back what nobody had confirmed."""


@dataclass(frozen=True, slots=True)
class ClauseTally:
    """One clause: hides and reversals of that time, and what was opened in it and still waits."""

    clause: str
    hidden: int
    waiting: int
    reversed: int


@dataclass(frozen=True, slots=True)
class Tally:
    """``hidden`` and ``reversed`` count acts done in that time, whenever the comment was written; ``lapsed`` those of
    the reversals that nobody had asked for, ``by_appeal`` those after an appeal. ``waiting`` and ``oldest`` (when it
    was opened) are of now."""

    comments: int
    hidden: int
    reversed: int
    lapsed: int
    by_appeal: int
    waiting: int
    urgent_waiting: int
    oldest: datetime | None
    clauses: tuple[ClauseTally, ...]


def tally(session: Session, since: datetime, until: datetime, pages: Collection[str] | None = None) -> Tally:
    """What was done in ``[since, until)``."""
    hidden, again = _acts(session, "hide", since, until, pages), _acts(session, "unhide", since, until, pages)
    waits = _waits(session, since, until, pages)
    waiting, urgent, oldest = _waiting(session, pages)
    names = sorted(hidden.keys() | again.keys() | waits.keys())
    return Tally(
        comments=_days(session, CommentRow, col(CommentRow.first_seen_at), (since, until), pages)[0],
        hidden=hidden.total(),
        reversed=again.total(),
        lapsed=_acts(session, "unhide", since, until, pages, by=LAPSE).total(),
        by_appeal=_by_appeal(session, since, until, pages),
        waiting=waiting,
        urgent_waiting=urgent,
        oldest=oldest,
        clauses=tuple(ClauseTally(name, hidden[name], waits[name], again[name]) for name in names),
    )


def trend(
    session: Session, bounds: Sequence[datetime], pages: Collection[str] | None = None
) -> list[tuple[int, int, int]]:
    """(comments, hides, reversals) between each of these times and the next; one look at each table."""
    comments = _days(session, CommentRow, col(CommentRow.first_seen_at), bounds, pages)
    hides, again = (
        _days(session, Act, col(Act.done_at), bounds, pages, Act.action == action, Act.outcome == "done")
        for action in ("hide", "unhide")
    )
    return list(zip(comments, hides, again, strict=True))


def _days(
    session: Session,
    table: type[CommentRow] | type[Act],
    when: Any,
    bounds: Sequence[datetime],
    pages: Collection[str] | None,
    *which: Any,
) -> list[int]:
    columns = [func.count(case((and_(when >= begin, when < end), 1))) for begin, end in pairwise(bounds)]
    query: Any = select(*columns).select_from(table).where(when >= bounds[0], when < bounds[-1], *which)
    if table is Act and pages is not None:
        query = query.join(Case, col(Case.case_id) == col(Act.case_id)).where(col(Case.page).in_(pages))
    elif pages is not None:
        query = query.where(col(CommentRow.page).in_(pages))
    row = session.exec(query).one()
    return [row] if isinstance(row, int) else list(row)


def _acts(
    session: Session,
    action: str,
    since: datetime,
    until: datetime,
    pages: Collection[str] | None,
    by: str | None = None,
) -> Counter[str]:
    query = select(Act.clause, func.count()).where(
        Act.action == action, Act.outcome == "done", Act.done_at >= since, Act.done_at < until
    )
    if by is not None:
        query = query.where(Act.by == by)
    if pages is not None:
        query = query.join(Case, col(Case.case_id) == col(Act.case_id)).where(col(Case.page).in_(pages))
    return Counter(dict(session.exec(query.group_by(Act.clause)).all()))


def _by_appeal(session: Session, since: datetime, until: datetime, pages: Collection[str] | None) -> int:
    upheld = select(Appeal.case_id).where(col(Appeal.status) == AppealStatus.UPHELD, col(Appeal.case_id).is_not(None))
    query = (
        select(func.count())
        .select_from(Act)
        .where(Act.action == "unhide", Act.outcome == "done", Act.done_at >= since, Act.done_at < until)
    )
    query = query.where(col(Act.case_id).in_(upheld))
    if pages is not None:
        query = query.join(Case, col(Case.case_id) == col(Act.case_id)).where(col(Case.page).in_(pages))
    return session.exec(query).one()


def _waits(session: Session, since: datetime, until: datetime, pages: Collection[str] | None) -> Counter[str]:
    query = (
        select(func.coalesce(Case.verdict, Revision.verdict))
        .select_from(Revision)
        .join(Case, col(Case.revision) == col(Revision.id))
        .where(Case.status == CaseStatus.WAITING, Case.opened_at >= since, Case.opened_at < until)
    )
    if pages is not None:
        query = query.where(col(Case.page).in_(pages))
    return Counter(from_json(verdict).clause for verdict in session.exec(query).all())


def _waiting(session: Session, pages: Collection[str] | None) -> tuple[int, int, datetime | None]:
    query = select(func.count(), func.count(case((col(Case.urgent), 1))), func.min(Case.opened_at)).where(
        col(Case.status).in_(OPEN_FOR_PEOPLE)
    )
    if pages is not None:
        query = query.where(col(Case.page).in_(pages))
    return session.exec(query).one()
