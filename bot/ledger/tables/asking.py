"""What takes two people: asked by one, approved by another."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from bot.ledger.columns import exact, instant, json_value


class AskStatus(StrEnum):
    """An ``OPEN`` one waits for its second person. ``CLOSED``: overtaken, or taken back."""

    OPEN = "open"
    APPROVED = "approved"
    CLOSED = "closed"


class Ask(SQLModel, table=True):
    """Something that a person asked for and that another must approve: a block, a promotion of a rule. ``kind`` is the
    verb; ``subject`` what it is about; ``terms`` what exactly was asked, as JSON. ``second`` is whoever approved it or
    took it back; ``answer`` what came of it, in a sentence; ``press``, ``second_press``: see ``bot.voice``."""

    __tablename__ = "ask"
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str = Field(index=True)
    page: str | None = None
    terms: Any = json_value()
    status: str = Field(default=AskStatus.OPEN, index=True)
    person: str
    account: str
    roles: str
    door: str = "cli"
    saw: str = ""
    press: str | None = Field(default=None, unique=True)
    reason: str = exact()
    at: datetime = instant()
    second: str | None = None
    second_account: str | None = None
    second_roles: str | None = None
    second_door: str | None = None
    second_saw: str | None = None
    second_press: str | None = Field(default=None, unique=True)
    second_reason: str | None = exact(nullable=True)
    second_at: datetime | None = instant(nullable=True)
    answer: str = ""
