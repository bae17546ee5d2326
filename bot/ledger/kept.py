"""Every kept comment once more, oldest first, with how it was judged: for judging again and for comparing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.ledger.tables import Case, CommentRow, PostRevision, PostRow, Revision
from bot.ledger.verdicts import WITHHELD, from_json
from bot.moderation.verdict import Verdict

_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class KeptRevision:
    """One revision of one comment as the ledger holds it. ``status`` is that of its case, ``None`` without one."""

    comment_id: str
    page: str
    author_id: str | None
    posted_at: datetime
    text: str
    post: str | None
    fingerprint: str
    has_media: bool
    by_page: bool
    visibility: str
    verdict: Verdict
    case_id: str | None
    status: str | None


def count(session: Session, pages: Collection[str], since: datetime | None) -> int:
    """How many revisions ``revisions`` would give."""
    query = select(func.count()).select_from(Revision).join(CommentRow).where(col(CommentRow.page).in_(pages))
    if since is not None:
        query = query.where(CommentRow.posted_at >= since)
    return session.exec(query).one()


def revisions(session: Session, pages: Collection[str], since: datetime | None) -> Iterator[KeptRevision]:
    """Every revision of the comments on these pages that were posted since then, in the order of posting.

    Read a thousand at a time: a million comments take no more memory than these. What was judged and not kept, because
    the platform's terms allow digests only, is left out: it can't be judged again.
    """
    query = (
        select(Revision, CommentRow, Case)
        .join(CommentRow, col(Revision.comment) == col(CommentRow.id))
        .join(Case, col(Case.revision) == col(Revision.id), isouter=True)
        .where(col(CommentRow.page).in_(pages))
        .order_by(col(CommentRow.posted_at), col(Revision.id))
    )
    if since is not None:
        query = query.where(CommentRow.posted_at >= since)
    posts: dict[tuple[str, str], str | None] = {}
    for revision, comment, case in session.exec(query.execution_options(yield_per=_AT_A_TIME)):
        if _is_withheld(revision):
            continue
        where = (comment.page, comment.post_id)
        if where not in posts:
            posts[where] = _post_text(session, *where)
        yield _kept(revision, comment, case, posts[where])
        session.expunge(revision)


def _is_withheld(revision: Revision) -> bool:
    return any(finding["reason"] == WITHHELD for finding in revision.verdict["findings"])


def _kept(revision: Revision, comment: CommentRow, case: Case | None, post: str | None) -> KeptRevision:
    return KeptRevision(
        comment_id=comment.comment_id,
        page=comment.page,
        author_id=comment.author_id,
        posted_at=comment.posted_at,
        text=revision.text,
        post=post,
        fingerprint=revision.fingerprint,
        has_media=bool(revision.attachments),
        by_page=comment.by_page,
        visibility=comment.visibility,
        verdict=from_json(revision.verdict),
        case_id=case.case_id if case else None,
        status=case.status if case else None,
    )


def _post_text(session: Session, page: str, post_id: str) -> str | None:
    query = (
        select(PostRevision.text)
        .join(PostRow)
        .where(PostRow.page == page, PostRow.post_id == post_id)
        .order_by(col(PostRevision.id).desc())
    )
    return session.exec(query).first()
