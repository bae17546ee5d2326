"""What a rule hid and no person has confirmed: it is shown again after a while, or people are told once more."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger import cases
from bot.ledger.cases import SETTLING
from bot.ledger.tables import Act, Case, CaseStatus, Decision, Overdue


def hidden(session: Session, page: str, by: str, before: datetime) -> list[str]:
    """The cases of a page that were hidden so before that time, and of which no person has said anything."""
    settled = (Decision.case_id == Case.case_id, col(Decision.verb).in_(SETTLING))
    spoken = select(Decision.id).where(*settled).exists()
    query = (
        select(Act.case_id)
        .join(Case)
        .where(
            Case.page == page,
            Case.status == CaseStatus.HIDDEN,
            Act.by == by,
            Act.action == "hide",
            Act.done_at <= before,
            ~spoken,
        )
        .order_by(col(Act.done_at))
    )
    return list(session.exec(query).all())


def not_told(session: Session, case_ids: list[str]) -> list[str]:
    """Those of these cases that people were not told of once more."""
    return [each for each in case_ids if session.get(Overdue, each) is None]


def escalate(session: Session, case_id: str, because: str, now: datetime) -> None:
    """Put a hidden case before people once more, first in every list. It stays hidden."""
    session.add(Overdue(case_id=case_id, at=now))
    cases.mark_urgent(session, case_id)
    cases.move(session, case_id, CaseStatus.HIDDEN, because, now)
    session.flush()
