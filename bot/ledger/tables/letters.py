"""Mail on its way: written in the commit of what it tells of, sent by whoever has it in hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from bot.ledger.columns import exact, instant, json_value


class Letter(SQLModel, table=True):
    """One mail. ``key`` makes the same mail twice one; ``mime`` is the whole message as it goes out. ``taken``: those
    of the recipients for whom the server took it. ``held_until``: in somebody's hands until then. ``refused_at``: set
    aside until a person asks for it again."""

    __tablename__ = "letter"
    key: str = Field(primary_key=True)
    kind: str
    message_id: str
    recipients: Any = json_value()
    taken: Any = json_value()
    mime: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_at: datetime = instant()
    due_at: datetime = instant(index=True)
    tries: int = 0
    held_until: datetime | None = instant(nullable=True)
    held_by: str | None = None
    sent_at: datetime | None = instant(nullable=True)
    refused_at: datetime | None = instant(nullable=True)
    because: str = exact()
