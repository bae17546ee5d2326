"""What people do on the platform itself: a comment that we hid and that somebody shows again there stays shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger import acts, cases
from bot.ledger.tables import Case, CaseStatus, CommentRow, Revision
from connectors.contract import Comment, CommentRef, Visibility

SHOWN_THERE = "Somebody showed the comment again on the platform itself; that decision is respected."
_AT_ONCE = 400


def hidden_among(session: Session, comments: Sequence[Comment]) -> set[CommentRef]:
    """Those of these visible comments that the ledger knows to be hidden by the city."""
    visible = {comment.ref.comment_id: comment.ref for comment in comments if comment.visibility is Visibility.VISIBLE}
    found: set[CommentRef] = set()
    ids = sorted(visible)
    for start in range(0, len(ids), _AT_ONCE):
        hidden = select(CommentRow).where(
            col(CommentRow.comment_id).in_(ids[start : start + _AT_ONCE]),
            CommentRow.visibility == Visibility.HIDDEN_BY_CITY,
        )
        for row in session.exec(hidden).all():
            ref = visible[row.comment_id]
            if (row.platform, row.page_id) == (ref.platform, ref.page_id):
                found.add(ref)
    return found


def respect(session: Session, comment: CommentRow, now: datetime) -> list[str]:
    """The hidden cases of a comment that is shown again become restored, and their strikes void. Returns their ids."""
    hidden = (
        select(Case)
        .join(Revision, col(Revision.id) == col(Case.revision))
        .where(Revision.comment == comment.id, Case.status == CaseStatus.HIDDEN)
    )
    restored = [case.case_id for case in session.exec(hidden).all()]
    for case_id in restored:
        cases.move(session, case_id, CaseStatus.RESTORED, SHOWN_THERE, now)
        acts.void(session, case_id, now)
    session.flush()
    return restored
