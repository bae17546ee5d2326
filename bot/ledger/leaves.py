"""Leave to act: a rule takes it for one case, in one transaction with the counting, before the platform is asked.

Two that ask at once wait for each other, so of a burst only as many get through as the brake allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select, update
from sqlmodel.sql.expression import SelectOfScalar

from bot import brake
from bot.brake import Tempo
from bot.ledger import trust
from bot.ledger.cases import File
from bot.ledger.tables import CommentRow, Leave, Revision, RuleStart
from bot.ledger.trust import NOBODY, TRIPPED, What


@dataclass(frozen=True, slots=True)
class Tripped:
    """A rule that may not act any more, by its brake or a person's word, and the sentence."""

    rule: str
    because: str
    just_now: bool = False


def take(session: Session, file: File, rules: Iterable[str], share: float, now: datetime) -> Tripped | None:
    """``None``: these rules have leave to act on this case. Else the rule that stopped, which is recorded; none has.

    A case that has its leave already keeps it, and is counted once. ``share``: of a first day, as the city signed.
    """
    trust.hold(session, file.case.page)
    rules = tuple(rules)
    stopped = trust.stopped(session, file.case.page)
    for rule in rules:
        if rule in stopped:
            return Tripped(rule, stopped[rule])
        why = _why_stop(session, file, rule, share, now)
        if why is not None:
            return _trip(session, file, rule, why, now)
    for rule in rules:
        _grant(session, file, rule, now)
    return None


def give_back(session: Session, case_id: str, now: datetime) -> None:
    """Nothing came of it: the comment was gone, or edited, or the platform refused."""
    unused = update(Leave).where(col(Leave.case_id) == case_id, col(Leave.returned_at).is_(None))
    session.exec(unused.values(returned_at=now))


def _why_stop(session: Session, file: File, rule: str, share: float, now: datetime) -> str | None:
    began = _start(session, file, rule)
    reset = trust.last_reset(session, file.case.page, rule)
    if now - began < brake.FIRST_DAY:
        return brake.first_day(_first_tempo(session, file, rule, max(began, reset or began)), share)
    for stretch in brake.RECENT:
        tempo = _tempo(session, file, rule, stretch, reset, now)
        if (why := brake.later(tempo, share)) is not None:
            return why
    return None


def _start(session: Session, file: File, rule: str) -> datetime:
    """When this rule began to act here under this version; now, where it has not."""
    key = {"page": file.case.page, "rule": rule, "digest": file.verdict.policy.digest}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(RuleStart).values(**key, since=file.revision.seen_at).on_conflict_do_nothing())
    return session.get_one(RuleStart, (key["page"], key["rule"], key["digest"])).since


def _first_tempo(session: Session, file: File, rule: str, since: datetime) -> Tempo:
    acts = _count(session, _acts(file, rule).where(Leave.at >= since)) + 1
    if acts <= brake.FEWEST_ON_FIRST_DAY:
        return Tempo(acts, 0)  # whatever was checked
    judged = col(Revision.verdict)["policy"]["digest"].as_string() == file.verdict.policy.digest
    return Tempo(acts, _count(session, _checked(file.case.page, since).where(judged)))


def _tempo(session: Session, file: File, rule: str, stretch: timedelta, reset: datetime | None, now: datetime) -> Tempo:
    begun = max(now - stretch, reset) if reset is not None else now - stretch
    accounts = _acts(file, rule).where(col(Leave.repeated).is_(False))
    repeated = _is_repeated(session, file, rule, now)
    acts = _count(session, accounts.where(Leave.at >= begun)) + (0 if repeated else 1)
    if repeated or acts < brake.FEWEST_RECENT:
        return Tempo(0, 0)
    back = max(begun - brake.LOOKED_BACK, _first_start(session, file.case.page, rule))
    before = _count(session, accounts.where(Leave.at >= back, Leave.at < begun))
    checked = _count(session, _checked(file.case.page, begun))
    checked_before = _count(session, _checked(file.case.page, back).where(Revision.seen_at < begun))
    return Tempo(acts, checked, before, checked_before, ceil((now - begun) / timedelta(hours=1)))


def _acts(file: File, rule: str) -> SelectOfScalar[int]:
    """The acts of a rule on a page, but for this case's own."""
    query = select(func.count()).select_from(Leave)
    return query.where(
        Leave.page == file.case.page,
        Leave.rule == rule,
        Leave.case_id != file.case.case_id,
        col(Leave.returned_at).is_(None),
    )


def _checked(page: str, since: datetime) -> SelectOfScalar[int]:
    """The comments of a page that were judged since then."""
    query = select(func.count()).select_from(Revision).join(CommentRow, col(CommentRow.id) == col(Revision.comment))
    return query.where(CommentRow.page == page, Revision.seen_at >= since)


def _count(session: Session, query: SelectOfScalar[int]) -> int:
    return session.exec(query).one()


def _first_start(session: Session, page: str, rule: str) -> datetime:
    query = select(RuleStart.since).where(RuleStart.page == page, RuleStart.rule == rule)
    return session.exec(query.order_by(col(RuleStart.since))).first() or datetime.min.replace(tzinfo=UTC)


def _is_repeated(session: Session, file: File, rule: str, now: datetime) -> bool:
    if file.comment.author_id is None:
        return False
    recent = _acts(file, rule).where(Leave.at >= now - brake.REPEATED_WITHIN, Leave.author_id == file.comment.author_id)
    return _count(session, recent) > 0


def _grant(session: Session, file: File, rule: str, now: datetime) -> None:
    row = session.get(Leave, (file.case.case_id, rule))
    if row is None:
        row = Leave(
            case_id=file.case.case_id,
            rule=rule,
            page=file.case.page,
            author_id=file.comment.author_id,
            repeated=_is_repeated(session, file, rule, now),
            at=now,
        )
    row.returned_at = None
    session.add(row)
    session.flush()


def _trip(session: Session, file: File, rule: str, why: str, now: datetime) -> Tripped:
    page, policy = file.case.page, file.verdict.policy
    because = TRIPPED.format(rule=rule, page=page, why=why)
    trust.note(session, page, rule, What.TRIPPED, f"{policy.slug} {policy.version}", because, NOBODY, now)
    return Tripped(rule, because, just_now=True)
