"""Gatherings: which cases one message tells of together, and what that message still has to say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select, update

from bot.ledger.tables import AlertRow, Case, CommentRow, Gathering, Revision
from bot.ledger.verdicts import from_json
from bot.moderation.verdict import Verdict

QUIET = timedelta(minutes=30)
"""After so long without a new case a gathering takes no more."""


@dataclass(frozen=True, slots=True)
class Alone:
    """What a case that stands alone is about."""

    post_id: str
    author_id: str | None
    clause: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """One of the newest cases of a gathering. ``text`` is a stranger's."""

    case_id: str
    status: str
    author: str | None
    text: str
    verdict: Verdict
    at: datetime


def alone(session: Session, page: str, since: datetime) -> list[Alone]:
    """The cases of a page that got a message of their own since then."""
    query = (
        select(CommentRow.post_id, CommentRow.author_id, AlertRow.clause)
        .select_from(AlertRow)
        .join(Case, col(Case.case_id) == col(AlertRow.case_id))
        .join(Revision, col(Revision.id) == col(Case.revision))
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .where(Case.page == page, col(AlertRow.gathering).is_(None), col(AlertRow.at) >= since)
    )
    return [Alone(*row) for row in session.exec(query).all()]


def count_alone(session: Session, pages: Collection[str], since: datetime) -> int:
    """How many cases of these pages got a message of their own since then."""
    query = (
        select(func.count())
        .select_from(AlertRow)
        .join(Case, col(Case.case_id) == col(AlertRow.case_id))
        .where(col(Case.page).in_(list(pages)), col(AlertRow.gathering).is_(None), col(AlertRow.at) >= since)
    )
    return int(session.exec(query).one())


def taking(session: Session, key: str, now: datetime) -> Gathering | None:
    """The gathering of this key that still takes cases."""
    row = session.exec(select(Gathering).where(Gathering.open_key == key)).first()
    return None if row is None or quiet_until(row) <= now else row


def quiet_until(row: Gathering) -> datetime:
    """When it closes, unless another case comes before."""
    return max(row.last_at, row.due_at) + QUIET


def join(
    session: Session, key: str, case_id: str, page: str, clause: str, now: datetime, due_at: datetime
) -> tuple[Gathering, bool]:
    """A case joins the open gathering of ``key``; with it comes whether that was opened just now."""
    _close_if_quiet(session, key, now)
    opened = _open(session, key, page, clause, now, due_at)
    row = session.exec(select(Gathering).where(Gathering.open_key == key)).one()
    session.add(AlertRow(case_id=case_id, channel="", message="", at=now, gathering=row.id, clause=clause))
    session.exec(update(Gathering).where(col(Gathering.id) == row.id).values(last_at=now))
    touch(session, number_of(row))
    return row, opened


def touch(session: Session, number: int) -> None:
    """Something happened that its message does not say yet."""
    session.exec(update(Gathering).where(col(Gathering.id) == number).values(version=Gathering.version + 1))


def order(session: Session, number: int) -> int | None:
    """The number of the one order to tell; ``None`` when one stands already."""
    free = (col(Gathering.id) == number, col(Gathering.pending).is_(False))
    asking = update(Gathering).where(*free).values(pending=True, orders=Gathering.orders + 1)
    found = session.exec(asking.returning(col(Gathering.orders))).first()
    return None if found is None else int(found[0])


def next_order(session: Session, number: int) -> int:
    """The number of a further order, of those that may stand beside each other."""
    counting = update(Gathering).where(col(Gathering.id) == number).values(orders=Gathering.orders + 1)
    return int(session.exec(counting.returning(col(Gathering.orders))).one()[0])


def find(session: Session, number: int) -> Gathering:
    """A gathering by its number, as it stands in the database now."""
    return session.exec(select(Gathering).where(Gathering.id == number).execution_options(populate_existing=True)).one()


def close(session: Session, number: int, now: datetime) -> None:
    """It takes no more cases. That alone is worth no letter to whoever was told of all by mail."""
    row = find(session, number)
    if row.closed_at is not None:
        return
    told_of_all = row.mailed == row.version
    row.open_key, row.closed_at, row.version = None, now, row.version + 1
    row.mailed = row.version if told_of_all else row.mailed
    session.add(row)
    session.flush()


def shown(session: Session, number: int, version: int, channel: str, message: str) -> bool:
    """Its message says what was so at ``version``. ``True`` when more has happened since."""
    row = find(session, number)
    row.shown, row.pending, row.failures, row.failing_since = version, False, 0, None
    if message:
        row.channel, row.message = channel, message
    session.add(row)
    session.flush()
    return row.version > version


def not_shown(session: Session, number: int, now: datetime, *, failed: bool) -> Gathering:
    """Its message could not be sent or brought up to date, or it is too early for it."""
    row = find(session, number)
    row.pending = False
    if failed:
        row.failures, row.failing_since = row.failures + 1, row.failing_since or now
    session.add(row)
    session.flush()
    return row


def mailed(session: Session, row: Gathering) -> None:
    """A letter tells of all that it holds."""
    row.mailed = row.version
    session.add(row)
    session.flush()


def failing(session: Session, page: str) -> list[Gathering]:
    """The gatherings of a page of which neither Slack nor a letter has told all."""
    away = (Gathering.page == page, col(Gathering.failing_since).is_not(None))
    query = select(Gathering).where(*away, col(Gathering.mailed) < col(Gathering.version))
    return list(session.exec(query.order_by(col(Gathering.id))).all())


def counts(session: Session, number: int) -> Mapping[str, int]:
    """How many of its cases stand where."""
    query = (
        select(Case.status, func.count())
        .join(AlertRow, col(AlertRow.case_id) == col(Case.case_id))
        .where(AlertRow.gathering == number)
        .group_by(Case.status)
    )
    return {str(status): count for status, count in session.exec(query).all()}


def clauses(session: Session, number: int) -> Mapping[str, int]:
    """How many of its cases are under which clause, the most frequent first."""
    query = select(AlertRow.clause, func.count()).where(AlertRow.gathering == number).group_by(AlertRow.clause)
    found = [(clause, count) for clause, count in session.exec(query).all()]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def first(session: Session, number: int) -> str | None:
    """The id of the case that joined first."""
    query = select(AlertRow.case_id).where(AlertRow.gathering == number)
    return session.exec(query.order_by(col(AlertRow.at), col(AlertRow.case_id)).limit(1)).first()


def newest(session: Session, number: int, limit: int) -> list[Gathered]:
    """Its newest cases, the newest first."""
    query = (
        select(Case, Revision, CommentRow)
        .join(AlertRow, col(AlertRow.case_id) == col(Case.case_id))
        .join(Revision, col(Revision.id) == col(Case.revision))
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .where(AlertRow.gathering == number)
        .order_by(col(CommentRow.posted_at).desc(), col(Revision.id).desc())
        .limit(limit)
    )
    return [
        Gathered(case.case_id, case.status, comment.author_name, said.text, from_json(said.verdict), comment.posted_at)
        for case, said, comment in session.exec(query).all()
    ]


def number_of(row: Gathering) -> int:
    """The number of a gathering that is stored."""
    assert row.id is not None, "a row has its id once it is flushed"
    return row.id


def _close_if_quiet(session: Session, key: str, now: datetime) -> None:
    row = session.exec(select(Gathering).where(Gathering.open_key == key)).first()
    if row is not None and quiet_until(row) <= now:
        close(session, number_of(row), now)


def _open(session: Session, key: str, page: str, clause: str, now: datetime, due_at: datetime) -> bool:
    """Open one, unless it is open: of two that try at once, one does, and neither fails."""
    values = {
        "key": key,
        "open_key": key,
        "page": page,
        "clause": clause,
        "version": 0,
        "shown": 0,
        "mailed": 0,
        "pending": False,
        "orders": 0,
        "failures": 0,
        "due_at": due_at,
        "opened_at": now,
        "last_at": now,
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    made = session.execute(insert(Gathering).values(**values).on_conflict_do_nothing(index_elements=["open_key"]))
    return bool(made.rowcount == 1)  # type: ignore[attr-defined]
