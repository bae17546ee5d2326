"""What one person asked for and another must approve."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select, update

from bot.errors import NotAllowed
from bot.ledger.tables import Ask, AskStatus
from bot.voice import Voice

NO_ASK = 'there is no request "{number}"; `beadle requests` lists those that wait for a second person.'
NOT_OPEN = "request {number} is {status} already; `beadle requests` lists those that wait for a second person."
SAME_PERSON = "{person} asked for it; another person must approve it."
SAME_ACCOUNT = "a second approval never comes from the account that asked; another person must approve."


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
    """Record what somebody asks for. An open request for the same thing is overtaken by this one."""
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
        reason=reason,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def find(session: Session, number: int) -> Ask:
    """The request of this number. Raises ``NotAllowed`` with what to do when there is none, or it is not open."""
    row = session.get(Ask, number)
    if row is None:
        raise NotAllowed(NO_ASK.format(number=number))
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
    approving = (
        update(Ask)
        .where(col(Ask.id) == ask.id, col(Ask.status) == AskStatus.OPEN)
        .values(
            status=AskStatus.APPROVED,
            second=voice.person.id,
            second_account=voice.account,
            second_roles=voice.roles,
            second_reason=reason,
            second_at=now,
        )
    )
    if session.exec(approving).rowcount != 1:
        raise NotAllowed(NOT_OPEN.format(number=ask.id, status="approved"))
    session.refresh(ask)


def close(session: Session, ask: Ask) -> None:
    """Take an open request back."""
    ask.status = AskStatus.CLOSED
    session.add(ask)
    session.flush()


def waiting(session: Session, kind: str | None = None) -> list[Ask]:
    """What waits for its second person, oldest first."""
    query = select(Ask).where(Ask.status == AskStatus.OPEN).order_by(col(Ask.at))
    return list(session.exec(query.where(Ask.kind == kind) if kind else query).all())
