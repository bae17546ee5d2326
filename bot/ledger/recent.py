"""What an account said on the city's pages lately, lawful or not: nobody is judged by one comment alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger.tables import Case, CommentRow, Revision
from bot.ledger.verdicts import from_json
from bot.moderation.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Comment:
    """One earlier comment, in the words that stand. ``text`` is a stranger's. ``case_id``: where it came to a case."""

    page: str
    posted_at: datetime
    text: str
    visibility: str
    verdict: Verdict
    case_id: str | None


def of_author(session: Session, platform: str, author_id: str | None, besides: int | None, limit: int) -> list[Comment]:
    """The newest comments of an account on one platform, but for one; never joined by name."""
    if author_id is None:
        return []
    query = (
        select(CommentRow, Revision, Case.case_id)
        .join(Revision, (col(Revision.comment) == col(CommentRow.id)) & (col(Revision.digest) == col(CommentRow.says)))
        .outerjoin(Case, col(Case.revision) == col(Revision.id))
        .where(
            CommentRow.platform == platform,
            CommentRow.author_id == author_id,
            CommentRow.id != besides,
        )
        .order_by(col(CommentRow.posted_at).desc(), col(CommentRow.id).desc())
        .limit(limit)
    )
    return [
        Comment(row.page, row.posted_at, said.text, row.visibility, from_json(said.verdict), case_id)
        for row, said, case_id in session.exec(query).all()
    ]
