"""What Beadle did not see of a page: the times when it was blind, what could not be read, and what is missing by the
platform's own count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.ledger.tables import CommentRow, GapRow, PageRow, PostRow, Revision
from connectors.contract import Visibility

_AWAY = (
    Visibility.MISSING_UNKNOWN,
    Visibility.DELETED_BY_CITY,
    Visibility.DELETED_BY_AUTHOR,
    Visibility.REMOVED_BY_PLATFORM,
)


@dataclass(frozen=True, slots=True)
class Blind:
    """A time in which a page, or one post of it, was not seen. ``until`` is ``None`` while it lasts.

    A post that stays unreadable is one line: ``times`` counts how often that was found.
    """

    page: str
    reason: str
    post_id: str | None
    since: datetime | None
    until: datetime | None
    noted_at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class PostSeen:
    """One post: how many comments the platform ``told``, how many ``stand`` in the record, how many are ``gone``."""

    page: str
    post_id: str
    permalink: str | None
    posted_at: datetime
    told: int | None
    stand: int
    gone: int

    @property
    def missing(self) -> int:
        """How many the platform counts that were never seen; 0 where it tells no count."""
        return max((self.told or 0) - self.stand, 0)

    @property
    def share(self) -> float | None:
        """Seen against told, from 0 to 1; ``None`` where the platform tells no count."""
        if self.told is None:
            return None
        return min(self.stand / self.told, 1.0) if self.told else 1.0


def blind(session: Session, page: str | None, since: datetime) -> list[Blind]:
    """Every gap noted since then, the oldest first, and what lasts until now."""
    query = select(GapRow).where(GapRow.noted_at >= since).order_by(col(GapRow.noted_at), col(GapRow.id))
    if page is not None:
        query = query.where(GapRow.page == page)
    found: dict[tuple[object, ...], Blind] = {}
    for row in session.exec(query):
        one = Blind(row.page, row.reason, row.post_id, row.since, row.until, row.noted_at)
        # A blind time of the whole page is a fact of its own; an unreadable post is found again at each sweep.
        key = (row.page, row.reason, row.post_id) if row.post_id else (row.id,)
        found[key] = _longer(found[key], one) if key in found else one
    return [*found.values(), *_lasting(session, page)]


def completeness(session: Session, page: str | None, since: datetime) -> Sequence[PostSeen]:
    """The posts since then, the newest first, with what was seen of each."""
    away = func.count(col(CommentRow.id)).filter(col(CommentRow.visibility).in_(_AWAY))
    query = (
        select(PostRow, func.count(col(CommentRow.id)), away)
        .join(
            CommentRow,
            (col(CommentRow.page) == col(PostRow.page)) & (col(CommentRow.post_id) == col(PostRow.post_id)),
            isouter=True,
        )
        .where(PostRow.posted_at >= since)
        .group_by(col(PostRow.id))
        .order_by(col(PostRow.page), col(PostRow.posted_at).desc())
    )
    if page is not None:
        query = query.where(PostRow.page == page)
    return [
        PostSeen(row.page, row.post_id, row.permalink, row.posted_at, row.comment_count, kept - gone, gone)
        for row, kept, gone in session.exec(query).all()
    ]


def newest_event(session: Session, page: str) -> datetime | None:
    """When the newest comment or post of a page was posted."""
    comment = session.exec(select(func.max(CommentRow.posted_at)).where(CommentRow.page == page)).one()
    post = session.exec(select(func.max(PostRow.posted_at)).where(PostRow.page == page)).one()
    return max((each for each in (comment, post) if each is not None), default=None)


def copies_older_than(session: Session, page: str, moment: datetime) -> int:
    """How many stored copies of a page's comments were made before a moment."""
    query = select(func.count()).select_from(Revision).join(CommentRow)
    return session.exec(query.where(CommentRow.page == page, Revision.seen_at < moment)).one()


def _longer(first: Blind, again: Blind) -> Blind:
    since = first.since or again.since
    return Blind(first.page, first.reason, first.post_id, since, again.until, again.noted_at, first.times + 1)


def _lasting(session: Session, page: str | None) -> list[Blind]:
    query = select(PageRow).where(col(PageRow.failing_since).is_not(None)).order_by(PageRow.slug)
    rows = session.exec(query if page is None else query.where(PageRow.slug == page)).all()
    return [
        Blind(row.slug, row.failure or "", None, row.polled_at or row.failing_since, None, row.failing_since)
        for row in rows
        if row.failing_since is not None
    ]
