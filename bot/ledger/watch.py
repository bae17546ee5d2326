"""The watch on each page: when it was last seen, since when it can't be, and what was missed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from bot.ledger.tables import GapRow, PageRow, PollHour


@dataclass(frozen=True, slots=True)
class Turn:
    """What a poll changed: ``broke`` and ``mended`` are each true once an outage."""

    broke: bool = False
    mended: bool = False
    blind_seconds: float = 0.0


def enrol(session: Session, slug: str, platform: str, page_id: str, now: datetime) -> None:
    """Make sure that the page has its row. A page that moved to another id starts its reading anew."""
    row = session.get(PageRow, slug) or PageRow(slug=slug, platform=platform, page_id=page_id, enrolled_at=now)
    if (row.platform, row.page_id) != (platform, page_id):
        row.platform, row.page_id, row.cursor = platform, page_id, None
    session.add(row)


def cursor(session: Session, slug: str) -> str | None:
    """How far the page has been read."""
    return session.get_one(PageRow, slug).cursor


def rows(session: Session, slugs: Collection[str]) -> dict[str, PageRow]:
    """How far these pages have been read, by slug."""
    found = session.exec(select(PageRow).where(col(PageRow.slug).in_(sorted(slugs)))).all()
    return {row.slug: row for row in found}


def seen(session: Session, slug: str, now: datetime) -> Turn:
    """Note a poll that came to its end. Blind time is written down as a gap when the page is seen again."""
    row = session.get_one(PageRow, slug)
    turn = Turn()
    if row.failing_since is not None:
        since = row.polled_at or row.failing_since
        blind = (now - since).total_seconds()
        reason = row.failure or "the page could not be read"
        session.add(GapRow(page=slug, reason=reason, since=since, until=now, noted_at=now))
        row.blind_seconds += blind
        turn = Turn(mended=True, blind_seconds=blind)
    row.polled_at, row.failing_since, row.failure = now, None, None
    row.polls += 1
    session.add(row)
    _count(session, slug, now).read += 1
    return turn


def failed(session: Session, slug: str, reason: str, now: datetime) -> Turn:
    """Note a poll that failed. Only the first of an outage is news."""
    row = session.get_one(PageRow, slug)
    turn = Turn(broke=row.failing_since is None)
    row.failing_since = row.failing_since or now
    row.failure = reason
    row.polls += 1
    session.add(row)
    _count(session, slug, now).failed += 1
    return turn


def polls(session: Session, since: datetime, until: datetime) -> int:
    """How often pages were read, or tried, in the hours of ``[since, until)``."""
    query = select(func.sum(PollHour.read + PollHour.failed)).where(PollHour.hour >= since, PollHour.hour < until)
    return session.exec(query).one() or 0


def _count(session: Session, slug: str, now: datetime) -> PollHour:
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = session.get(PollHour, (slug, hour)) or PollHour(page=slug, hour=hour)
    session.add(row)
    return row


def pages(session: Session) -> Sequence[PageRow]:
    """Every page that was ever polled."""
    return session.exec(select(PageRow).order_by(PageRow.slug)).all()


def gaps(session: Session, since: datetime, until: datetime) -> Sequence[GapRow]:
    """Blind times and blind posts noted in ``[since, until)``."""
    query = select(GapRow).where(GapRow.noted_at >= since, GapRow.noted_at < until).order_by(col(GapRow.noted_at))
    return session.exec(query).all()
