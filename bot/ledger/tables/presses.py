"""What was pressed in Slack. A press that is refused is a record like one that is taken."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.ledger.columns import exact, instant


class Press(SQLModel, table=True):
    """One press of one member. ``key`` makes the same press twice one; ``saw`` is the SHA-256 of the message as it was
    shown; ``outcome``: taken or refused, with ``because``."""

    __tablename__ = "press"
    key: str = Field(primary_key=True)
    member: str
    person: str | None = None
    roles: str = ""
    action: str
    about: str = ""
    saw: str = ""
    outcome: str
    because: str = exact()
    at: datetime = instant()
