"""Figures of a stretch of time, for the digest and the demo's summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from bot.ledger.tables import (
    Act,
    AlertRow,
    Case,
    CaseStatus,
    CommentRow,
    Decision,
    DigestRow,
    Evidence,
    Revision,
    Strike,
    StrikeStatus,
)
from bot.ledger.verdicts import from_json

_NOTHING_ATTACHED = ("[]", "null")  # as JSON writes an empty list, and none
_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Clause:
    """How a clause was used: cases opened, hidden, waiting for a person."""

    clause: str
    cases: int
    hidden: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in ``[since, until)``; ``waiting`` counts what waits now, however old. ``with_media``: comments and
    edits with something attached, which no detector reads; ``media_alone``: those of them without a word."""

    comments: int
    revisions: int
    clear: int
    cases: int
    hidden: int
    hidden_now: int
    gone: int
    superseded: int
    paused: int
    quarantined: int
    waiting: int
    urgent_waiting: int
    sealed: int
    pictures: int
    alerts: int
    strikes_provisional: int
    strikes_confirmed: int
    clauses: tuple[Clause, ...]
    by_page: dict[str, int]
    with_media: int = 0
    media_alone: int = 0


def figures(session: Session, since: datetime, until: datetime) -> Figures:
    """The figures of a stretch of time."""
    outcomes = _outcomes(session, since, until)
    statuses = _statuses(session, since, until)
    with_media, media_alone = _unread(session, since, until)
    return Figures(
        comments=_count(session, CommentRow.first_seen_at, since, until),
        revisions=sum(outcomes.values()),
        clear=outcomes["clear"],
        cases=sum(statuses.values()),
        hidden=_hides(session, since, until),
        hidden_now=statuses[CaseStatus.HIDDEN.value],
        gone=statuses[CaseStatus.GONE.value],
        superseded=statuses[CaseStatus.SUPERSEDED.value],
        paused=_standing(session, CaseStatus.PAUSED),
        quarantined=_standing(session, CaseStatus.QUARANTINED),
        waiting=_standing(session, CaseStatus.WAITING),
        urgent_waiting=_standing(session, CaseStatus.WAITING, urgent=True),
        sealed=_count(session, Evidence.sealed_at, since, until),
        pictures=session.exec(
            select(func.count())
            .select_from(Evidence)
            .where(Evidence.picture == "proof", Evidence.sealed_at >= since, Evidence.sealed_at < until)
        ).one(),
        alerts=_count(session, AlertRow.at, since, until),
        strikes_provisional=_strikes(session, StrikeStatus.PROVISIONAL),
        strikes_confirmed=_strikes(session, StrikeStatus.CONFIRMED),
        clauses=_clauses(session, since, until),
        by_page=_by_page(session, since, until),
        with_media=with_media,
        media_alone=media_alone,
    )


def decided(session: Session, since: datetime, until: datetime) -> Sequence[Decision]:
    """What people decided in ``[since, until)``."""
    query = select(Decision).where(Decision.at >= since, Decision.at < until).order_by(col(Decision.at))
    return session.exec(query).all()


def sealed(session: Session, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """(package id, SHA-256) of what was sealed in ``[since, until)``."""
    query = (
        select(Evidence.package_id, Evidence.sha256)
        .where(Evidence.sealed_at >= since, Evidence.sealed_at < until)
        .order_by(col(Evidence.sealed_at))
    )
    return list(session.exec(query).all())


def is_carried_out(session: Session, decision: int) -> bool:
    """Whether a decision has been carried out, or has failed and said so."""
    return session.get_one(Decision, decision).carried_out_at is not None


def digest(session: Session, day: str) -> DigestRow | None:
    """The digest of a local day (``2026-11-21``), if it is written."""
    return session.get(DigestRow, day)


def write_digest(session: Session, row: DigestRow) -> bool:
    """Keep the digest of a day. ``False`` when it is written already: of two writers one writes."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    writing = insert(DigestRow).values(row.model_dump()).on_conflict_do_nothing().returning(col(DigestRow.day))
    return session.execute(writing).first() is not None


def last_digest(session: Session) -> str | None:
    """The last day whose digest is written."""
    return session.exec(select(func.max(DigestRow.day))).one()


def published(session: Session) -> list[tuple[str, str, str]]:
    """(day, SHA-256 of the evidence log's last line, text) of every digest: what was mailed nobody can take back."""
    query = select(DigestRow.day, DigestRow.chain_head, DigestRow.text).order_by(col(DigestRow.day))
    return list(session.exec(query).all())


def display_name(session: Session, platform: str, author_id: str) -> str:
    """The name that an account was last displayed as."""
    query = (
        select(CommentRow.author_name)
        .where(CommentRow.platform == platform, CommentRow.author_id == author_id)
        .order_by(col(CommentRow.posted_at).desc())
    )
    return session.exec(query).first() or "(no name)"


def _count(session: Session, column: object, since: datetime, until: datetime) -> int:
    when = col(column)
    return session.exec(select(func.count()).where(when >= since, when < until)).one()


def _outcomes(session: Session, since: datetime, until: datetime) -> Counter[str]:
    query = (
        select(Revision.outcome, func.count())
        .where(Revision.seen_at >= since, Revision.seen_at < until)
        .group_by(Revision.outcome)
    )
    return Counter(dict(session.exec(query).all()))


def _unread(session: Session, since: datetime, until: datetime) -> tuple[int, int]:
    """How many revisions carry media, and how many of them no words. Words are looked for here: SQL's idea of a blank
    is narrower."""
    attached = cast(col(Revision.attachments), Text)
    query = select(Revision.text).where(
        Revision.seen_at >= since, Revision.seen_at < until, attached.not_in(_NOTHING_ATTACHED), attached.is_not(None)
    )
    texts = session.exec(query.execution_options(yield_per=_AT_A_TIME))
    words = Counter(any(character.isalnum() for character in text) for text in texts)
    return words.total(), words[False]


def _statuses(session: Session, since: datetime, until: datetime) -> Counter[str]:
    query = (
        select(Case.status, func.count()).where(Case.opened_at >= since, Case.opened_at < until).group_by(Case.status)
    )
    return Counter({str(status): count for status, count in session.exec(query).all()})


def _hides(session: Session, since: datetime, until: datetime) -> int:
    query = select(func.count()).where(
        Act.action == "hide", Act.outcome == "done", Act.done_at >= since, Act.done_at < until
    )
    return session.exec(query).one()


def _standing(session: Session, status: CaseStatus, *, urgent: bool | None = None) -> int:
    query = select(func.count()).where(Case.status == status)
    if urgent is not None:
        query = query.where(Case.urgent == urgent)
    return session.exec(query).one()


def _strikes(session: Session, status: StrikeStatus) -> int:
    return session.exec(select(func.count()).where(Strike.status == status)).one()


def _clauses(session: Session, since: datetime, until: datetime) -> tuple[Clause, ...]:
    cases: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    query = (
        select(Case.status, func.coalesce(Case.verdict, Revision.verdict))
        .join(Revision, col(Revision.id) == col(Case.revision))
        .where(Case.opened_at >= since, Case.opened_at < until)
    )
    for status, verdict in session.exec(query).all():
        clause = from_json(verdict).clause
        cases[clause] += 1
        hidden[clause] += status == CaseStatus.HIDDEN
        waiting[clause] += status == CaseStatus.WAITING
    return tuple(Clause(clause, cases[clause], hidden[clause], waiting[clause]) for clause in sorted(cases))


def _by_page(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    query = (
        select(CommentRow.page, func.count())
        .where(CommentRow.first_seen_at >= since, CommentRow.first_seen_at < until)
        .group_by(CommentRow.page)
    )
    return dict(session.exec(query).all())
