"""Who is kept away from a page, was, or is to be; and when the platform's own list was last read."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger.tables import Block, BlockList, BlockStatus, GapRow

KEPT_AWAY = (BlockStatus.STANDING, BlockStatus.LIFTING, BlockStatus.UNEXPLAINED, BlockStatus.EXPLAINED)
"""The account is kept away now, as far as anybody knows."""

ALIVE = (*KEPT_AWAY, BlockStatus.ORDERED)
LIFTABLE = (BlockStatus.STANDING, BlockStatus.UNEXPLAINED, BlockStatus.EXPLAINED)
DUE = (BlockStatus.STANDING, BlockStatus.EXPLAINED)


def put(session: Session, block: Block) -> Block:
    """Record a block."""
    session.add(block)
    session.flush()
    return block


def find(session: Session, number: int) -> Block:
    """A block by its number. Nobody else changes it until the transaction ends."""
    return session.exec(select(Block).where(Block.id == number).with_for_update()).one()


def read(session: Session, number: int) -> Block:
    """A block by its number, to look at."""
    return session.get_one(Block, number)


def alive(session: Session, page: str, author_id: str) -> Block | None:
    """The block of an account on a page that stands, or is under way."""
    query = select(Block).where(Block.page == page, Block.author_id == author_id, col(Block.status).in_(ALIVE))
    return session.exec(query.with_for_update()).first()


def of_account(session: Session, platform: str, author_id: str) -> list[Block]:
    """Every block of an account, oldest first."""
    query = select(Block).where(Block.platform == platform, Block.author_id == author_id)
    return list(session.exec(query.order_by(col(Block.id))).all())


def of_page(session: Session, page: str, statuses: Collection[str] = ALIVE) -> list[Block]:
    """The blocks of a page that stand so."""
    query = select(Block).where(Block.page == page, col(Block.status).in_(list(statuses)))
    return list(session.exec(query.order_by(col(Block.id))).all())


def standing(session: Session) -> list[Block]:
    """Every account that is kept away now, or is about to be."""
    query = select(Block).where(col(Block.status).in_(ALIVE)).order_by(col(Block.page), col(Block.id))
    return list(session.exec(query).all())


def due(session: Session, now: datetime) -> list[Block]:
    """The blocks whose time is over, and that nobody lifted."""
    query = select(Block).where(col(Block.status).in_(DUE), col(Block.until) <= now)
    return list(session.exec(query.order_by(col(Block.until))).all())


def under_way(session: Session, before: datetime) -> list[Block]:
    """The blocks that were ordered before then and are not done."""
    query = select(Block).where(
        col(Block.status).in_([BlockStatus.ORDERED, BlockStatus.LIFTING]), Block.placed_at < before
    )
    return list(session.exec(query).all())


def untold(session: Session) -> list[Block]:
    """The blocks of which people are still to be told something."""
    return list(session.exec(select(Block).where(Block.say != "").order_by(col(Block.id))).all())


def lists(session: Session) -> dict[str, BlockList]:
    """What is known of each page's own list."""
    return {row.page: row for row in session.exec(select(BlockList)).all()}


def touched(session: Session, page: str, since: datetime) -> list[Block]:
    """The blocks of a page that were done or lifted since then: a list that was begun before may know less."""
    moved = (col(Block.since) >= since) | (col(Block.lifted_at) >= since)
    return list(session.exec(select(Block).where(Block.page == page, moved)).all())


def gap(session: Session, page: str, reason: str, now: datetime) -> None:
    """Write down that the list could not be read: nothing of the page itself was missed."""
    session.add(GapRow(page=page, reason=reason, noted_at=now))


def list_of(session: Session, page: str) -> BlockList:
    """What is known of a page's own list."""
    row = session.get(BlockList, page) or BlockList(page=page, failure="", say="")
    session.add(row)
    return row
