"""Accounts: what is proposed to people about one, what they said, and who is kept away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.ledger.columns import exact, instant, json_value


class ProposalStatus(StrEnum):
    """``OPEN`` waits for people. ``VOID``: a reversal took its ground; ``LAPSED``: time did."""

    OPEN = "open"
    DECLINED = "declined"
    BLOCKED = "blocked"
    VOID = "void"
    LAPSED = "lapsed"


class BlockStatus(StrEnum):
    """``ORDERED`` and ``LIFTING`` are under way. ``UNEXPLAINED``: found on the platform, and nobody recorded it."""

    ORDERED = "ordered"
    STANDING = "standing"
    LIFTING = "lifting"
    LIFTED = "lifted"
    FAILED = "failed"
    OVERTAKEN = "overtaken"
    UNEXPLAINED = "unexplained"
    EXPLAINED = "explained"


class Proposal(SQLModel, table=True):
    """An account whose strikes reached the threshold, put before people. ``events`` are those that counted when it was
    last looked at; the other figures are those of the mildest policy among them. ``say``: what people are still to
    be told."""

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("platform", "author_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    platform: str
    author_id: str
    number: int
    page: str
    status: str = Field(default=ProposalStatus.OPEN, index=True)
    events: Any = json_value()
    total: int
    threshold: int
    warnings: int
    block_days: int
    opened_at: datetime = instant()
    changed_at: datetime = instant()
    expires_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)
    because: str = exact()
    say: str = exact()


class AccountWord(SQLModel, table=True):
    """What a person said of an account, or did about it: a warning given, counsel's word, no action, an explanation.
    ``how`` and ``given_on`` are a warning's."""

    __tablename__ = "account_word"
    __table_args__ = (Index("account_word_by_author", "platform", "author_id"),)
    id: int | None = Field(default=None, primary_key=True)
    platform: str
    author_id: str
    page: str
    verb: str
    proposal: int | None = Field(default=None, foreign_key="proposal.id")
    person: str
    account: str
    roles: str
    door: str = "cli"
    saw: str = ""
    press: str | None = Field(default=None, unique=True)
    reason: str = exact()
    how: str = exact()
    given_on: str = ""
    at: datetime = instant()


class Block(SQLModel, table=True):
    """An account that is kept away from a page, was, or is to be. Nobody's is for ever: ``until`` says when it is to be
    lifted. ``orders`` counts the orders placed for it; ``told_on``: the last day on which it was said to be overdue."""

    __tablename__ = "account_block"
    __table_args__ = (Index("account_block_by_author", "platform", "author_id"),)
    id: int | None = Field(default=None, primary_key=True)
    platform: str
    author_id: str
    page: str = Field(index=True)
    way: str = ""
    status: str = Field(index=True)
    proposal: int | None = Field(default=None, foreign_key="proposal.id")
    ask: int | None = Field(default=None, foreign_key="ask.id")
    case_id: str | None = Field(default=None, foreign_key="cases.case_id")
    days: int | None = None
    accept_one_way: bool = False
    person: str = ""
    second: str = ""
    reason: str = exact()
    placed_at: datetime = instant()
    since: datetime | None = instant(nullable=True)
    until: datetime | None = instant(nullable=True)
    lifted_at: datetime | None = instant(nullable=True)
    lifted_by: str = ""
    lifted_because: str = exact()
    because: str = exact()
    orders: int = 0
    say: str = exact()
    told_on: str = ""


class BlockList(SQLModel, table=True):
    """When a page's list of blocked accounts was last read to its end, and since when it can't be."""

    __tablename__ = "block_list"
    page: str = Field(primary_key=True)
    tried_on: str = ""
    read_at: datetime | None = instant(nullable=True)
    failing_since: datetime | None = instant(nullable=True)
    failure: str = exact()
    say: str = exact()
