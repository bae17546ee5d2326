"""The resident's side: notices and appeals."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.ledger.columns import exact, instant, json_value


class NoticeStatus(StrEnum):
    """A ``DRAFTED`` notice waits for a person to send it. ``IN_DOUBT``: it may have arrived, a person looks."""

    DRAFTED = "drafted"
    ORDERED = "ordered"
    SENT = "sent"
    NOT_POSSIBLE = "not possible"
    IN_DOUBT = "in doubt"
    OVERTAKEN = "overtaken"


class AppealStatus(StrEnum):
    """``UNMATCHED``: no case is found for it yet. ``SET_ASIDE``: a person saw that it is no appeal."""

    UNMATCHED = "unmatched"
    OPEN = "open"
    UPHELD = "upheld"
    DENIED = "denied"
    SET_ASIDE = "set aside"


class Notice(SQLModel, table=True):
    """A notice that is owed for one act. ``kind``: hidden, removed, restored. Its words stand in the sealed supplement
    and nowhere else; ``sha256`` is theirs. ``tried_at``: when it was handed to the platform, before any answer."""

    __tablename__ = "notice"
    act_key: str = Field(primary_key=True, foreign_key="act.act_key")
    case_id: str = Field(foreign_key="cases.case_id", index=True)
    kind: str
    status: str = Field(default=NoticeStatus.DRAFTED, index=True)
    because: str = exact()
    drafted_at: datetime = instant()
    lang: str = ""
    person: str | None = None
    account: str | None = None
    roles: str | None = None
    door: str | None = None
    saw: str | None = None
    orders: int = 0
    failures: int = 0
    ordered_at: datetime | None = instant(nullable=True)
    tried_at: datetime | None = instant(nullable=True)
    sent_at: datetime | None = instant(nullable=True)
    sha256: str | None = None
    message: str | None = exact(nullable=True)


class AppealYear(SQLModel, table=True):
    """The last number that was given to an appeal in one year."""

    __tablename__ = "appeal_year"
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int = 0


class Appeal(SQLModel, table=True):
    """What a resident asks to be looked at again. ``source`` makes the same mail or form twice one appeal. ``contact``,
    ``subject`` and ``words`` are the resident's and are shown to those who deal with it only."""

    __tablename__ = "appeal"
    __table_args__ = (UniqueConstraint("year", "ordinal"),)
    number: str = Field(primary_key=True)
    year: int
    ordinal: int
    source: str = Field(unique=True)
    door: str
    status: str = Field(default=AppealStatus.OPEN, index=True)
    case_id: str | None = Field(default=None, foreign_key="cases.case_id", index=True)
    received_at: datetime = instant()
    entered_at: datetime = instant()
    entered_by: str | None = None
    file_by: datetime | None = instant(nullable=True)
    late: bool = False
    answer_by: datetime = instant()
    contact: str = exact()
    subject: str = exact()
    words: str = exact()
    attachments: Any = json_value()
    acknowledged: str | None = None
    decided_by: str | None = None
    decided_account: str | None = None
    decided_roles: str | None = None
    decided_at: datetime | None = instant(nullable=True)
    reason: str | None = exact(nullable=True)
    decision: int | None = Field(default=None, foreign_key="decision.id")
    told: str | None = None
    closed_at: datetime | None = instant(nullable=True)


class Hold(SQLModel, table=True):
    """While it is open nothing of the case is disposed of. ``matter``: why, as the number of an appeal."""

    __tablename__ = "hold"
    __table_args__ = (UniqueConstraint("matter", "case_id"),)
    id: int | None = Field(default=None, primary_key=True)
    matter: str
    case_id: str = Field(foreign_key="cases.case_id", index=True)
    opened_at: datetime = instant()
    opened_by: str
    released_at: datetime | None = instant(nullable=True)
    released_by: str | None = None


class AppealEvent(SQLModel, table=True):
    """Something that happened to an appeal or a hold, to be sealed with its case: no contact, no words of the resident.
    ``kind`` is that of the supplement."""

    __tablename__ = "appeal_event"
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(foreign_key="appeal.number", index=True)
    case_id: str | None = None
    kind: str
    facts: Any = json_value()
    at: datetime = instant()
    sealed_at: datetime | None = instant(nullable=True)


class MailLeft(SQLModel, table=True):
    """A mail in the appeals' mailbox that was not taken as an appeal, and why. Nothing of what it says."""

    __tablename__ = "mail_left"
    source: str = Field(primary_key=True)
    because: str
    at: datetime = instant()
