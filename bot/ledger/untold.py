"""What Slack could not be told of yet, and whether people heard of it by mail instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger.tables import Untold


def note(session: Session, case_id: str, page: str, because: str, now: datetime) -> Untold:
    """Slack could not be told of this case, for the first time or once more."""
    row = session.get(Untold, case_id) or Untold(case_id=case_id, page=page, since=now, because="")
    row.because = because
    session.add(row)
    session.flush()
    return row


def told(session: Session, case_id: str) -> None:
    """Slack was told: there is nothing to make up for any more."""
    row = session.get(Untold, case_id)
    if row is not None:
        session.delete(row)


def is_late(session: Session, case_id: str) -> bool:
    """Whether an earlier try failed, so that its message may stand in the channel without our knowing."""
    return session.get(Untold, case_id) is not None


def unmailed(session: Session, page: str) -> list[str]:
    """The ids of a page's cases of which neither Slack nor a letter has told anybody, oldest first."""
    query = select(Untold.case_id).where(Untold.page == page, col(Untold.letter).is_(None))
    return list(session.exec(query.order_by(col(Untold.since), col(Untold.case_id))).all())


def mailed(session: Session, case_ids: Sequence[str], letter: str) -> None:
    """A letter tells of these."""
    for case_id in case_ids:
        row = session.get(Untold, case_id)
        if row is not None:
            row.letter = letter
            session.add(row)
    session.flush()
