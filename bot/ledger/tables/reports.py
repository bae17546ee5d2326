"""What people report that no rule found. Who reported it stands in these tables and nowhere else."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.ledger.columns import exact, instant


class CommentReport(SQLModel, table=True):
    """A comment that a person put before people, under a clause. One a case; it opened the case."""

    __tablename__ = "comment_report"
    case_id: str = Field(primary_key=True, foreign_key="cases.case_id")
    clause: str
    person: str
    account: str
    roles: str
    door: str = "cli"
    saw: str = ""
    press: str | None = Field(default=None, unique=True)
    reason: str = exact()
    at: datetime = instant()


class OwnPostReport(SQLModel, table=True):
    """A post of the city's own that somebody says breaks the city's policy. ``post``: its row, where the ledger has it;
    ``place`` is the link or id as it was given."""

    __tablename__ = "own_post_report"
    id: int | None = Field(default=None, primary_key=True)
    page: str = Field(index=True)
    place: str = exact()
    post: int | None = Field(default=None, foreign_key="post.id")
    what: str = exact()
    person: str
    account: str
    roles: str
    door: str = "cli"
    saw: str = ""
    press: str | None = Field(default=None, unique=True)
    at: datetime = instant()
