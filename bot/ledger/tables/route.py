"""The tables of the route. One row is one fact; facts are added, hardly ever changed, never deleted by a timer.

Text of residents stands in ``revision`` and ``post_revision`` only, and what they write to the city in ``appeal``, so
that retention knows where to reach.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Float, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.ledger.columns import Instant, exact, instant, json_value


class CaseStatus(StrEnum):
    """Where a case stands. ``PAUSED`` waits for a switch, ``WAITING`` for a person, the last six for nobody."""

    OPENED = "opened"
    SEALED = "sealed"
    PAUSED = "paused"
    WAITING = "waiting"
    HIDDEN = "hidden"
    QUARANTINED = "quarantined"
    KEPT = "kept"
    RESTORED = "restored"
    REMOVED = "removed"
    GONE = "gone"
    SUPERSEDED = "superseded"
    BY_HAND = "by_hand"


class StrikeStatus(StrEnum):
    """Only ``CONFIRMED`` strikes count (FA-22)."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    VOID = "void"


class PageRow(SQLModel, table=True):
    """A page: how far it has been read, and since when it can't be."""

    __tablename__ = "page"
    slug: str = Field(primary_key=True)
    platform: str
    page_id: str
    cursor: str | None = None
    polled_at: datetime | None = instant(nullable=True)
    failing_since: datetime | None = instant(nullable=True)
    failure: str | None = None
    polls: int = 0
    blind_seconds: float = 0.0
    enrolled_at: datetime = instant()


class PostRow(SQLModel, table=True):
    """A post of the city, or of a visitor on the city's page."""

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("page", "post_id"),)
    id: int | None = Field(default=None, primary_key=True)
    page: str
    post_id: str
    posted_at: datetime = instant()
    permalink: str | None = exact(nullable=True)
    by_page: bool = True
    comment_count: int | None = None
    first_seen_at: datetime = instant()


class PostRevision(SQLModel, table=True):
    """What a post said, each time that it said something else."""

    __tablename__ = "post_revision"
    __table_args__ = (UniqueConstraint("post", "digest"),)
    id: int | None = Field(default=None, primary_key=True)
    post: int = Field(foreign_key="post.id")
    digest: str
    text: str = exact()
    raw: Any = json_value()
    seen_at: datetime = instant()


class CommentRow(SQLModel, table=True):
    """A comment. What it says stands in its revisions; ``says`` is the digest of the one that stands now."""

    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("platform", "page_id", "comment_id"),
        Index("comment_by_page", "page", "posted_at"),
        Index("comment_by_author", "platform", "author_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    page: str
    platform: str
    page_id: str
    comment_id: str
    post_id: str
    parent_id: str | None = None
    author_id: str | None = None
    author_name: str | None = exact(nullable=True)
    author_handle: str | None = exact(nullable=True)
    author_unavailable: str | None = None
    by_page: bool = False
    posted_at: datetime = instant()
    permalink: str | None = exact(nullable=True)
    visibility: str = "visible"
    says: str = ""
    first_seen_at: datetime = instant()


class Revision(SQLModel, table=True):
    """What a comment said, each time that it said something else, and how it was judged."""

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("comment", "digest"),
        Index("revision_by_fingerprint", "fingerprint", "seen_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    comment: int = Field(foreign_key="comment.id")
    digest: str
    text: str = exact()
    attachments: Any = json_value()
    edited_at: datetime | None = instant(nullable=True)
    seen_at: datetime = instant(index=True)
    fingerprint: str = ""
    raw: Any = json_value()
    outcome: str
    verdict: Any = json_value()


class Sighting(SQLModel, table=True):
    """A change in who could see a comment. ``by``: poll, act, or a person's id."""

    __tablename__ = "sighting"
    id: int | None = Field(default=None, primary_key=True)
    comment: int = Field(foreign_key="comment.id", index=True)
    visibility: str
    at: datetime = instant()
    by: str


class Case(SQLModel, table=True):
    """A revision that is not clear. ``case_id`` is the idempotency key everywhere; ``orders`` counts the orders placed
    for it, so that each has an id of its own; ``because`` says why it stands where it stands. ``verdict`` takes the
    place of the revision's own where a person reported what no rule had found."""

    __tablename__ = "cases"
    case_id: str = Field(primary_key=True)
    page: str = Field(index=True)
    revision: int = Field(foreign_key="revision.id", unique=True)
    status: str = Field(default=CaseStatus.OPENED, index=True)
    outcome: str
    urgent: bool = False
    because: str = ""
    orders: int = 0
    failures: int = 0
    verdict: Any = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    opened_at: datetime = instant(index=True)
    closed_at: datetime | None = instant(nullable=True)


class Evidence(SQLModel, table=True):
    """A sealed and verified package. No row, no act."""

    __tablename__ = "evidence"
    case_id: str = Field(primary_key=True, foreign_key="cases.case_id")
    package_id: str
    path: str
    sha256: str
    manifest_sha256: str
    picture: str = "none"
    picture_reason: str = ""
    sealed_at: datetime = instant()


class Act(SQLModel, table=True):
    """Something asked of the platform, and what became of it. ``act_key`` makes a repeat the same act."""

    __tablename__ = "act"
    act_key: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="cases.case_id", index=True)
    action: str
    by: str
    clause: str
    policy: str
    outcome: str
    detail: str = ""
    already_done: bool = False
    done_at: datetime = instant()


class Decision(SQLModel, table=True):
    """A person's word on a case. ``second_of`` names the decision that it approves; ``door``, ``saw`` and ``press`` are
    those of ``bot.voice``, ``code`` is the reason code where the policy wants one."""

    __tablename__ = "decision"
    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(foreign_key="cases.case_id", index=True)
    verb: str
    person: str
    account: str
    roles: str
    reason: str = exact()
    at: datetime = instant()
    second_of: int | None = Field(default=None, foreign_key="decision.id", unique=True)
    door: str = "cli"
    saw: str = ""
    press: str | None = Field(default=None, unique=True)
    code: str = ""
    carried_out_at: datetime | None = instant(nullable=True)


class Strike(SQLModel, table=True):
    """One confirmed-or-not violation of one account on one platform. One a case (FA-22, FA-24)."""

    __tablename__ = "strike"
    __table_args__ = (Index("strike_by_author", "platform", "author_id"),)
    case_id: str = Field(primary_key=True, foreign_key="cases.case_id")
    platform: str
    author_id: str
    clause: str
    status: str = StrikeStatus.PROVISIONAL
    at: datetime = instant()


class AlertRow(SQLModel, table=True):
    """How people were told of a case: by the message of its own, or as one of many, in that of its ``gathering``; then
    ``channel`` and ``message`` are empty. ``called_at``: when those on call were called."""

    __tablename__ = "alert"
    case_id: str = Field(primary_key=True, foreign_key="cases.case_id")
    channel: str
    message: str
    at: datetime = instant()
    gathering: int | None = Field(default=None, foreign_key="gathering.id", index=True)
    clause: str = ""
    called_at: datetime | None = instant(nullable=True)


class DigestRow(SQLModel, table=True):
    """The digest of one local day, kept as a record. Its letter (``letter``) says when it was sent; a day that a later
    day's mail told of has that mail's ``message_id`` and no recipients."""

    __tablename__ = "digest"
    day: str = Field(primary_key=True)
    message_id: str
    recipients: Any = json_value()
    subject: str
    html: str = exact()
    text: str = exact()
    chain_head: str
    made_at: datetime = instant()


class Switch(SQLModel, table=True):
    """A stop of all acts: on one page, or on every page (``scope`` ``*``). Open while ``lifted_at`` is empty."""

    __tablename__ = "switch"
    id: int | None = Field(default=None, primary_key=True)
    scope: str
    thrown_at: datetime = instant()
    thrown_by: str
    reason: str = ""
    lifted_at: datetime | None = instant(nullable=True)
    lifted_by: str | None = None


class GapRow(SQLModel, table=True):
    """When, where and why a page was not seen."""

    __tablename__ = "gap"
    id: int | None = Field(default=None, primary_key=True)
    page: str = Field(index=True)
    reason: str
    post_id: str | None = None
    since: datetime | None = instant(nullable=True)
    until: datetime | None = instant(nullable=True)
    noted_at: datetime = instant()


class PollHour(SQLModel, table=True):
    """How often a page was read in one hour (UTC), and how often that failed."""

    __tablename__ = "poll_hour"
    page: str = Field(primary_key=True)
    hour: datetime = Field(sa_column=Column(Instant, primary_key=True))
    read: int = 0
    failed: int = 0


class InHand(SQLModel, table=True):
    """A case that a workflow has in hand. A row left behind by a dead process is a crash charged to that case."""

    __tablename__ = "in_hand"
    workflow: str = Field(primary_key=True)
    case_id: str
    crashes: int = 0
    working: bool = True
    since: datetime = instant()


class OpinionDay(SQLModel, table=True):
    """What second opinions took of one day's ceiling (``YYYY-MM-DD``, UTC): calls, and millionths of a dollar."""

    __tablename__ = "opinion_day"
    day: str = Field(primary_key=True)
    calls: int = 0
    microdollars: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))


class Spent(SQLModel, table=True):
    """What was spent of a platform's allowance in one period (``2026-11``, ``2026-11-21`` or ``2026-11-21T08``)."""

    __tablename__ = "spending"
    key: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    units: float = Field(default=0.0, sa_column=Column(Float, nullable=False))
