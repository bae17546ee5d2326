"""Appeals, the holds that they place, and what happened to both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, or_, select, update

from bot.errors import NotAllowed
from bot.ledger.cases import File
from bot.ledger.tables import (
    Act,
    Appeal,
    AppealEvent,
    AppealStatus,
    AppealYear,
    Ask,
    AskStatus,
    Case,
    CommentRow,
    Decision,
    Hold,
    MailLeft,
    Notice,
    NoticeStatus,
    Revision,
    RuleEvent,
)

NO_APPEAL = 'there is no appeal "{number}"; `beadle appeals --all` lists those there are.'

OPEN = (AppealStatus.UNMATCHED, AppealStatus.OPEN)
_LINK = re.compile(r"https?://[^\s<>\"']{6,2000}")
_CASE = re.compile(r"(?<![0-9A-Za-z])[a-z]{2}-[a-z2-7]{12}(?![0-9A-Za-z])", re.IGNORECASE)
_MOST_NAMED = 200
_RESTRICTING = ("hide", "remove", "approve", "by_hand")


@dataclass(frozen=True, slots=True)
class OpenAppeal:
    """An appeal that nobody has answered yet, without anything of the resident's."""

    number: str
    case_id: str | None
    page: str | None
    status: str
    received_at: datetime
    answer_by: datetime
    late: bool
    overdue: bool


def next_number(session: Session, year: int) -> tuple[str, int]:
    """The next number of a year, such as A-2026-0001. Taken in the caller's transaction: one that is rolled back gives
    it back, and two writers wait for each other, so the numbers have no gap."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(AppealYear).values(year=year, last=0).on_conflict_do_nothing())
    counting = update(AppealYear).where(col(AppealYear.year) == year).values(last=AppealYear.last + 1)
    ordinal: int = session.exec(counting.returning(col(AppealYear.last))).one()[0]
    return f"A-{year}-{ordinal:04d}", ordinal


def find(session: Session, number: str) -> Appeal:
    """The appeal of this number. Raises ``NotAllowed`` with what to do when there is none."""
    row = session.get(Appeal, number.strip().upper())
    if row is None:
        raise NotAllowed(NO_APPEAL.format(number=number))
    return row


def hold_still(session: Session, number: str) -> Appeal:
    """The same, and nobody else changes it until the caller's transaction ends."""
    found = find(session, number)
    query = select(Appeal).where(Appeal.number == found.number).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def by_source(session: Session, source: str) -> Appeal | None:
    """The appeal that this mail or form became."""
    return session.exec(select(Appeal).where(Appeal.source == source)).first()


def listed(session: Session, *, everything: bool) -> Sequence[Appeal]:
    """Appeals in the order in which they are due: those that nobody answered, or all."""
    query = select(Appeal).order_by(col(Appeal.answer_by), col(Appeal.number))
    return session.exec(query if everything else query.where(col(Appeal.status).in_(OPEN))).all()


def open_appeals(session: Session, now: datetime) -> list[OpenAppeal]:
    """What waits for an answer, the one that is due first at the top. Safe to be shown anywhere."""
    query = (
        select(Appeal, Case.page)
        .outerjoin(Case, col(Case.case_id) == col(Appeal.case_id))
        .where(col(Appeal.status).in_(OPEN))
        .order_by(col(Appeal.answer_by), col(Appeal.number))
    )
    return [_open(appeal, page, now) for appeal, page in session.exec(query).all()]


def of_case(session: Session, case_id: str) -> Sequence[Appeal]:
    """Every appeal about a case, oldest first."""
    return session.exec(select(Appeal).where(Appeal.case_id == case_id).order_by(col(Appeal.number))).all()


def under_appeal(session: Session) -> frozenset[str]:
    """The cases of which an appeal is open: their strikes are not final (FA-22)."""
    query = select(Appeal.case_id).where(col(Appeal.status).in_(OPEN), col(Appeal.case_id).is_not(None))
    return frozenset(case_id for case_id in session.exec(query).all() if case_id is not None)


def unfinished(session: Session) -> Sequence[Appeal]:
    """Appeals that were decided, and of which something is still to be done."""
    decided = (AppealStatus.UPHELD, AppealStatus.DENIED)
    query = select(Appeal).where(col(Appeal.status).in_(decided), col(Appeal.closed_at).is_(None))
    return session.exec(query.order_by(col(Appeal.number))).all()


def acknowledged_since(session: Session, contact: str, since: datetime) -> int:
    """How many acknowledgements a contact was sent since then."""
    query = select(func.count()).where(
        Appeal.contact == contact, Appeal.entered_at >= since, col(Appeal.acknowledged).is_not(None)
    )
    return int(session.exec(query).one())


# ── the case that it is about ────────────────────────────────────────────────────────────────────────────────────────


def named_in(session: Session, text: str) -> str | None:
    """The one case that a text names, by its id or by the address of its comment; ``None`` for none or several."""
    ids = list(dict.fromkeys(found.lower() for found in _CASE.findall(text)))[:_MOST_NAMED]
    links = [link.rstrip(".,;:!?)]") for link in _LINK.findall(text)][:_MOST_NAMED]
    query = (
        select(Case.case_id)
        .join(Revision, col(Revision.id) == col(Case.revision))
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .where(or_(col(Case.case_id).in_(ids), col(CommentRow.permalink).in_(links)))
        .order_by(col(Case.opened_at).desc())
        .limit(2)
    )
    found = session.exec(query).all()
    return found[0] if len(found) == 1 else None


def last_restriction(session: Session, case_id: str) -> Act | None:
    """The act that an appeal about a case is against: the last hide or removal."""
    query = select(Act).where(Act.case_id == case_id, col(Act.action).in_(("hide", "remove")), Act.outcome == "done")
    return session.exec(query.order_by(col(Act.done_at).desc())).first()


def last_showing(session: Session, case_id: str, since: datetime) -> Act | None:
    """The act by which the comment was shown again after that time."""
    query = select(Act).where(Act.case_id == case_id, Act.action == "unhide", Act.done_at >= since)
    return session.exec(query.order_by(col(Act.done_at).desc())).first()


def told_at(session: Session, act_key: str) -> datetime | None:
    """When the account was told of an act by a notice; ``None`` where it was not."""
    row = session.get(Notice, act_key)
    return row.ordered_at if row is not None and row.status == NoticeStatus.SENT else None


def deciders(session: Session, file: File) -> dict[str, str]:
    """Who took part in what an appeal is against: person or account, with what they did there."""
    found: dict[str, str] = {}
    for said in (each for each in file.decisions if each.verb in _RESTRICTING):
        found[said.person] = found[said.account] = f"decided it ({said.verb.replace('_', ' ')})"
    for earlier in (each for each in of_case(session, file.case.case_id) if each.status == AppealStatus.DENIED):
        for each in (earlier.decided_by, earlier.decided_account):
            if each:
                found.setdefault(each, f"denied {earlier.number}")
    for person, account, second in _promoters(session, file):
        for each in (person, account, second):
            if each:
                found.setdefault(each, "let the rule act alone")
    return found


def _promoters(session: Session, file: File) -> list[tuple[str | None, str | None, str | None]]:
    rules = [finding.rule_id for finding in file.verdict.findings]
    events = select(RuleEvent).where(
        RuleEvent.page == file.case.page, RuleEvent.what == "promoted", col(RuleEvent.rule).in_(rules)
    )
    asks = select(Ask).where(Ask.kind == "promote", Ask.status == AskStatus.APPROVED, col(Ask.subject).in_(rules))
    asked = [row for row in session.exec(asks).all() if row.page in (None, file.case.page)]
    return [
        *((each.person, each.account, each.second) for each in session.exec(events).all()),
        *((each.person, each.account, each.second) for each in asked),
    ]


# ── holds ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def held(session: Session, case_id: str) -> tuple[str, ...]:
    """The open matters for which nothing of a case may be disposed of; empty: it is not held."""
    query = select(Hold.matter).where(Hold.case_id == case_id, col(Hold.released_at).is_(None))
    return tuple(session.exec(query.order_by(col(Hold.opened_at))).all())


def place_hold(session: Session, matter: str, case_id: str, by: str, now: datetime) -> None:
    """Hold the record of a case, and write the event down."""
    session.add(Hold(matter=matter, case_id=case_id, opened_at=now, opened_by=by))
    note(session, matter, case_id, "hold", {"hold": "placed", "matter": matter, "by": by}, now)


def release_hold(session: Session, matter: str, case_id: str, by: str, now: datetime) -> None:
    """Release it, because a person decided the matter. Twice is once."""
    open_ones = (col(Hold.matter) == matter, col(Hold.case_id) == case_id, col(Hold.released_at).is_(None))
    if session.exec(update(Hold).where(*open_ones).values(released_at=now, released_by=by)).rowcount:
        note(session, matter, case_id, "hold", {"hold": "released", "matter": matter, "by": by}, now)


# ── what happened ────────────────────────────────────────────────────────────────────────────────────────────────────


def note(
    session: Session, number: str, case_id: str | None, kind: str, facts: Mapping[str, object], now: datetime
) -> None:
    """Write down something that happened, to be sealed with the case. Nothing of the resident's goes in."""
    session.add(AppealEvent(number=number, case_id=case_id, kind=kind, facts=dict(facts), at=now))
    session.flush()


def events(session: Session, number: str) -> Sequence[AppealEvent]:
    """What happened to an appeal, oldest first."""
    return session.exec(select(AppealEvent).where(AppealEvent.number == number).order_by(col(AppealEvent.id))).all()


def give_case(session: Session, number: str, case_id: str) -> None:
    """What happened before the case was known belongs to it too."""
    session.exec(
        update(AppealEvent)
        .where(col(AppealEvent.number) == number, col(AppealEvent.case_id).is_(None))
        .values(case_id=case_id)
    )


def unsealed(session: Session) -> list[tuple[int, str]]:
    """(event, case) of what is to be sealed, in the order in which it happened."""
    query = select(AppealEvent.id, AppealEvent.case_id).where(
        col(AppealEvent.sealed_at).is_(None), col(AppealEvent.case_id).is_not(None)
    )
    found = session.exec(query.order_by(col(AppealEvent.id))).all()
    return [(each, case_id) for each, case_id in found if each is not None and case_id is not None]


def event(session: Session, event_id: int) -> AppealEvent:
    """One of them."""
    return session.get_one(AppealEvent, event_id)


def leave_mail(session: Session, source: str, because: str, now: datetime) -> None:
    """Note that a mail was not taken as an appeal. Twice is once."""
    if session.get(MailLeft, source) is None:
        session.add(MailLeft(source=source, because=because, at=now))
        session.flush()


def mail_left(session: Session, since: datetime) -> Sequence[MailLeft]:
    """The mails that were not taken since then, newest first."""
    query = select(MailLeft).where(MailLeft.at >= since).order_by(col(MailLeft.at).desc())
    return session.exec(query).all()


def is_carried_out(session: Session, decision: int | None) -> bool:
    """Whether what was decided has been done, or there was nothing to do."""
    return decision is None or session.get_one(Decision, decision).carried_out_at is not None


def _open(appeal: Appeal, page: str | None, now: datetime) -> OpenAppeal:
    return OpenAppeal(
        appeal.number,
        appeal.case_id,
        page,
        appeal.status,
        appeal.received_at,
        appeal.answer_by,
        appeal.late,
        appeal.answer_by < now,
    )
