"""What rules may do alone, and who said so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from bot.ledger.columns import Instant, exact, instant


class RuleEvent(SQLModel, table=True):
    """Something that changed what a rule may do alone on a page. ``what``: promoted, demoted, fell, tripped or reset;
    nobody's ``person`` where the ledger itself did it. ``because`` is the sentence that people are told, ``told_at``
    when they were."""

    __tablename__ = "rule_event"
    __table_args__ = (Index("rule_event_of_rule", "page", "rule"),)
    id: int | None = Field(default=None, primary_key=True)
    page: str
    rule: str
    what: str
    policy: str
    person: str | None = None
    account: str | None = None
    roles: str = ""
    second: str | None = None
    reason: str = exact()
    because: str = exact()
    at: datetime = instant(index=True)
    told_at: datetime | None = instant(nullable=True)


class RuleStart(SQLModel, table=True):
    """When a rule first had leave to act on a page under one version of its policy: the ``seen_at`` of that comment,
    so that the comments which came with it count as checked."""

    __tablename__ = "rule_start"
    page: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    since: datetime = Field(sa_column=Column(Instant, nullable=False))


class Leave(SQLModel, table=True):
    """A rule's leave to act on one case, taken before the platform is asked, so that a burst can't slip through.
    ``returned_at``: nothing came of it, and it is not counted. ``repeated``: the rule had acted on the same account
    within the hour."""

    __tablename__ = "rule_leave"
    __table_args__ = (Index("rule_leave_of_rule", "page", "rule", "at"),)
    case_id: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    page: str
    author_id: str | None = None
    repeated: bool = False
    at: datetime = instant()
    returned_at: datetime | None = instant(nullable=True)


class Overdue(SQLModel, table=True):
    """A hide by rule that nobody confirmed in time, and that people were told of once more."""

    __tablename__ = "overdue"
    case_id: str = Field(primary_key=True, foreign_key="cases.case_id")
    at: datetime = instant()


class UndoRun(SQLModel, table=True):
    """The journal of taking back what a rule did: written before the first case, closed after the last. ``cases`` is
    how many were decided so."""

    __tablename__ = "undo_run"
    id: int | None = Field(default=None, primary_key=True)
    rule: str
    page: str | None = None
    since: datetime = instant()
    until: datetime = instant()
    person: str
    account: str
    door: str = "cli"
    saw: str = ""
    reason: str = exact()
    at: datetime = instant()
    done_at: datetime | None = instant(nullable=True)
    cases: int = 0
