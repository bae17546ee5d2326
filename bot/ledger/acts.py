"""Acts and strikes: what was asked of a platform, and what that counts for."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger import notices, proposals
from bot.ledger.cases import SETTLING
from bot.ledger.tables import Act, Decision, Strike, StrikeStatus

BY_RULE = "rule"
"""A rule that can be printed acted."""

BY_SCORE = "score"
"""Only scores asked for it: a person confirms it within a day, or it is taken back."""


def record(session: Session, act: Act) -> bool:
    """Store an act once, and the notice that it owes. ``False`` when the same act stands there already."""
    if session.get(Act, act.act_key) is not None:
        return False
    session.add(act)
    session.flush()
    notices.owe(session, act)
    return True


def strike(
    session: Session,
    case_id: str,
    platform: str,
    author_id: str | None,
    clause: str,
    status: StrikeStatus,
    now: datetime,
) -> None:
    """Put or move the one strike of a case. An account that the platform does not name gets none.

    Where a person's last word was that the comment stands, it is void, whatever is asked: an act that was on its way
    to the platform while they spoke counts against nobody.
    """
    if author_id is None:
        return
    row = session.get(Strike, case_id) or Strike(
        case_id=case_id, platform=platform, author_id=author_id, clause=clause, at=now
    )
    row.status = StrikeStatus.VOID if _spoken_for(session, case_id) else status
    session.add(row)
    session.flush()
    if row.status == StrikeStatus.VOID:
        proposals.recount(session, platform, author_id, now)


def void(session: Session, case_id: str, now: datetime) -> None:
    """Take the strike of a case back, with all that rests on it, in the caller's transaction (FA-22)."""
    row = session.get(Strike, case_id)
    if row is None or row.status == StrikeStatus.VOID:
        return
    row.status = StrikeStatus.VOID
    session.add(row)
    session.flush()
    proposals.recount(session, row.platform, row.author_id, now)


def _spoken_for(session: Session, case_id: str) -> bool:
    settled = select(Decision.verb).where(Decision.case_id == case_id, col(Decision.verb).in_(SETTLING))
    return session.exec(settled.order_by(col(Decision.id).desc())).first() in _STANDS


_STANDS = ("keep", "restore")
