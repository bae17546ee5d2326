"""What a city can tell everybody of its moderation: counts and times, nothing of any person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.ledger import cases
from bot.ledger.tables import Act, Appeal, Case, CaseStatus, CommentRow, Decision, Revision
from bot.ledger.verdicts import from_json

_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one case, without its id: where, under which clause, what was done, and when a person decided."""

    page: str
    policy: str
    clause: str
    hidden: bool
    removed: bool
    shown_again: bool
    status: CaseStatus
    opened_at: datetime
    decided_at: datetime | None


def courses(session: Session, since: datetime, until: datetime) -> Iterator[Course]:
    """The course of every case that was opened in ``[since, until)``. Words of residents are not read."""
    done = _acts(session, since)
    decided = _decided(session, since)
    query = (
        select(Case, Revision.verdict)
        .join(Revision, col(Revision.id) == col(Case.revision))
        .where(Case.opened_at >= since, Case.opened_at < until)
        .order_by(col(Case.opened_at), col(Case.case_id))
    )
    for case, stored in session.exec(query.execution_options(yield_per=_AT_A_TIME)):
        verdict, acts = from_json(case.verdict or stored), done.get(case.case_id, frozenset())
        yield Course(
            page=case.page,
            policy=verdict.policy.slug,
            clause=verdict.clause,
            hidden="hide" in acts,
            removed="remove" in acts,
            shown_again="unhide" in acts,
            status=CaseStatus(case.status),
            opened_at=case.opened_at,
            decided_at=decided.get(case.case_id),
        )


def comments_by_page(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """How many visitors' comments were first seen in ``[since, until)``, by page."""
    query = (
        select(CommentRow.page, func.count())
        .where(CommentRow.first_seen_at >= since, CommentRow.first_seen_at < until, col(CommentRow.by_page).is_(False))
        .group_by(CommentRow.page)
    )
    return dict(session.exec(query).all())


def appeals(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """How many appeals were received in ``[since, until)``, by their status now."""
    received = (col(Appeal.received_at) >= since, col(Appeal.received_at) < until)
    query = select(Appeal.status, func.count()).where(*received).group_by(Appeal.status)
    return {str(status): count for status, count in session.exec(query).all()}


def _acts(session: Session, since: datetime) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    query = select(Act.case_id, Act.action).where(Act.done_at >= since, Act.outcome == "done")
    for case_id, action in session.exec(query):
        found.setdefault(case_id, set()).add(action)
    return {case_id: frozenset(actions) for case_id, actions in found.items()}


def _decided(session: Session, since: datetime) -> dict[str, datetime]:
    """When a person first said what becomes of each case."""
    query = (
        select(Decision.case_id, func.min(Decision.at))
        .where(Decision.at >= since, col(Decision.verb).in_(cases.SETTLING))
        .group_by(Decision.case_id)
    )
    return dict(session.exec(query).all())
