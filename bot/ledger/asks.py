"""What one person asked for and another must approve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from bot.errors import NotAllowed
from bot.ledger.cases import SETTLING
from bot.ledger.tables import Ask, AskStatus, Case, CaseStatus, Decision
from bot.voice import Voice

NO_ASK = 'there is no request "{number}"; `beadle requests` lists those that wait for a second person.'
NOT_OPEN = "request {number} is {status} already; `beadle requests` lists those that wait for a second person."
SAME_PERSON = "{person} asked for it; another person must approve it."
SAME_ACCOUNT = "a second approval never comes from the account that asked; another person must approve."

_SETTLED = (CaseStatus.REMOVED, CaseStatus.GONE, CaseStatus.SUPERSEDED, CaseStatus.BY_HAND)


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal that waits for its second person."""

    case_id: str
    page: str
    person: str
    account: str
    reason: str
    at: datetime


def put(
    session: Session,
    kind: str,
    subject: str,
    page: str | None,
    terms: Mapping[str, object],
    voice: Voice,
    reason: str,
    now: datetime,
) -> Ask:
    """Record what somebody asks for. An open request for the same thing is overtaken by this one; the same press
    again is the same request."""
    before = _pressed(session, voice.press)
    if before is not None:
        return before
    overtaken = update(Ask).where(
        col(Ask.kind) == kind, col(Ask.subject) == subject, col(Ask.page) == page, col(Ask.status) == AskStatus.OPEN
    )
    session.exec(overtaken.values(status=AskStatus.CLOSED))
    row = Ask(
        kind=kind,
        subject=subject,
        page=page,
        terms=dict(terms),
        person=voice.person.id,
        account=voice.account,
        roles=voice.roles,
        door=voice.door,
        saw=voice.saw,
        press=voice.press or None,
        reason=reason,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def get(session: Session, number: int) -> Ask:
    """The request of this number, however it stands, and nobody else's until the caller's transaction ends. Raises
    ``NotAllowed`` with what to do when there is none."""
    row = session.exec(select(Ask).where(Ask.id == number).with_for_update()).first()
    if row is None:
        raise NotAllowed(NO_ASK.format(number=number))
    return row


def find(session: Session, number: int) -> Ask:
    """The same, if it is open. Raises ``NotAllowed`` with what to do when it isn't."""
    row = get(session, number)
    if row.status != AskStatus.OPEN:
        raise NotAllowed(NOT_OPEN.format(number=number, status=row.status))
    return row


def second(session: Session, ask: Ask, voice: Voice, reason: str, now: datetime) -> None:
    """Another person approves. Raises ``NotAllowed`` where it is the same one, or the same account.

    One statement changes an open request: of two who approve at once, one is told that it is approved already.
    """
    if voice.person.id == ask.person:
        raise NotAllowed(SAME_PERSON.format(person=voice.person.id))
    if voice.account == ask.account:
        raise NotAllowed(SAME_ACCOUNT)
    _end(session, ask, AskStatus.APPROVED, voice, reason, now)


def take_back(session: Session, ask: Ask, voice: Voice, reason: str, now: datetime) -> None:
    """Take an open request back, or refuse it. It is recorded who did."""
    _end(session, ask, AskStatus.CLOSED, voice, reason, now)


def close(session: Session, ask: Ask) -> None:
    """End an open request that what happened since has overtaken. One that is ended already stays as it is."""
    session.exec(
        update(Ask).where(col(Ask.id) == ask.id, col(Ask.status) == AskStatus.OPEN).values(status=AskStatus.CLOSED)
    )
    session.refresh(ask)


def waiting(session: Session, kind: str | None = None) -> list[Ask]:
    """What waits for its second person, oldest first."""
    query = select(Ask).where(Ask.status == AskStatus.OPEN).order_by(col(Ask.at))
    return list(session.exec(query.where(Ask.kind == kind) if kind else query).all())


def removals(session: Session) -> list[Removal]:
    """The removals that wait for their second person, oldest first: asked for last, and neither approved nor
    overtaken."""
    last = select(func.max(Decision.id)).where(col(Decision.verb).in_(SETTLING)).group_by(col(Decision.case_id))
    query = (
        select(Decision, Case.page)
        .join(Case, col(Case.case_id) == col(Decision.case_id))
        .where(col(Decision.id).in_(last), Decision.verb == "remove", col(Case.status).not_in(_SETTLED))
        .order_by(col(Decision.at))
    )
    return [
        Removal(row.case_id, page, row.person, row.account, row.reason, row.at)
        for row, page in session.exec(query).all()
    ]


def _end(session: Session, ask: Ask, status: AskStatus, voice: Voice, reason: str, now: datetime) -> None:
    ending = (
        update(Ask)
        .where(col(Ask.id) == ask.id, col(Ask.status) == AskStatus.OPEN)
        .values(
            status=status,
            second=voice.person.id,
            second_account=voice.account,
            second_roles=voice.roles,
            second_door=voice.door,
            second_saw=voice.saw,
            second_press=voice.press or None,
            second_reason=reason,
            second_at=now,
        )
    )
    if session.exec(ending).rowcount != 1:
        session.refresh(ask)
        raise NotAllowed(NOT_OPEN.format(number=ask.id, status=ask.status))
    session.refresh(ask)


def _pressed(session: Session, press: str) -> Ask | None:
    return session.exec(select(Ask).where(Ask.press == press)).first() if press else None
