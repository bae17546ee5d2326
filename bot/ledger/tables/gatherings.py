"""Messages that tell of many cases at once, and what Slack has not been told of yet."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.ledger.columns import exact, instant


class Gathering(SQLModel, table=True):
    """One message for many cases. ``key`` says what they have in common: ``post:…``, ``author:…``, ``page:…`` or
    ``night:…``; ``open_key`` is the same while it takes cases, and empty afterwards, so that only one is open.

    ``version`` counts what happened to it, ``shown`` and ``mailed`` are the versions that people were told of. While
    ``pending`` an order to tell stands. ``due_at``: not to be told before.
    """

    __tablename__ = "gathering"
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(index=True)
    open_key: str | None = Field(default=None, unique=True)
    page: str
    clause: str = ""
    channel: str | None = None
    message: str | None = None
    version: int = 0
    shown: int = 0
    mailed: int = 0
    pending: bool = False
    orders: int = 0
    failures: int = 0
    failing_since: datetime | None = instant(nullable=True)
    due_at: datetime = instant()
    opened_at: datetime = instant()
    last_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)


class Untold(SQLModel, table=True):
    """A case that Slack could not be told of yet: since when, why, and by which letter people heard of it instead."""

    __tablename__ = "untold"
    case_id: str = Field(primary_key=True, foreign_key="cases.case_id")
    page: str = Field(index=True)
    since: datetime = instant()
    because: str = exact()
    letter: str | None = None
