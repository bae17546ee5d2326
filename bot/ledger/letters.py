"""Mail on its way: a letter is written down in the commit of what it tells of, and handed over later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from sqlalchemy import ColumnElement, Update, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select, update

from bot.ledger.tables import Letter

_ON_THE_WIRE = SMTP.clone(max_line_length=200)  # at 78 a long subject would begin on its second line, with a blank


@dataclass(frozen=True, slots=True)
class InHand:
    """A letter that one sender has in hand, and nobody else until its lease runs out. ``left``: another had it before
    and never said what became of it."""

    key: str
    kind: str
    message_id: str
    recipients: tuple[str, ...]
    taken: tuple[str, ...]
    mime: bytes
    tries: int
    made_at: datetime
    left: bool = False

    @property
    def to(self) -> tuple[str, ...]:
        """Those who have yet to get it."""
        return tuple(each for each in self.recipients if each not in self.taken)


def put(session: Session, key: str, kind: str, mail: EmailMessage, to: tuple[str, ...], now: datetime) -> bool:
    """Write a letter down, due now. ``False`` when one with this key stands there already: it is not written twice.

    Of two that write the same letter at once, the second waits for the first and then finds it.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Letter).values(
        key=key,
        kind=kind,
        message_id=str(mail["Message-ID"]),
        recipients=list(to),
        mime=mail.as_bytes(policy=_ON_THE_WIRE),
        made_at=now,
        due_at=now,
        tries=0,
        because="",
    )
    return session.execute(row.on_conflict_do_nothing().returning(col(Letter.key))).first() is not None


def next_due(session: Session, now: datetime) -> str | None:
    """The key of the letter that has been due longest and is in nobody's hands."""
    query = select(Letter.key).where(*_due(now), *_in_no_hands(now)).order_by(col(Letter.due_at), col(Letter.key))
    return session.exec(query.limit(1)).first()


def take(session: Session, key: str, who: str, now: datetime, lease: timedelta) -> InHand | None:
    """Take a letter in hand: one statement, so that of two who reach for it one gets it. ``None``: the other did."""
    held = session.exec(select(Letter.held_by).where(Letter.key == key)).first()
    taking = update(Letter).where(
        col(Letter.key) == key, col(Letter.sent_at).is_(None), col(Letter.refused_at).is_(None), *_in_no_hands(now)
    )
    taking = taking.values(held_by=who, held_until=now + lease, tries=Letter.tries + 1)
    if session.exec(taking).rowcount != 1:
        return None
    row = session.get_one(Letter, key)
    session.refresh(row)
    everybody, has = tuple(row.recipients), tuple(row.taken or ())
    left = held is not None
    return InHand(row.key, row.kind, row.message_id, everybody, has, row.mime, row.tries, row.made_at, left)


def sent(session: Session, letter: InHand, taken: Sequence[str], now: datetime, because: str = "") -> None:
    """The server has it. True whoever holds it by now: what is sent is sent."""
    done = update(Letter).where(col(Letter.key) == letter.key, col(Letter.sent_at).is_(None))
    has = [*letter.taken, *taken]
    session.exec(done.values(sent_at=now, taken=has, because=because, held_by=None, held_until=None))


def put_off(session: Session, letter: InHand, who: str, taken: Sequence[str], due_at: datetime, because: str) -> None:
    """Put it back, due later, for those who have yet to get it; unless another has it in hand by now."""
    has = [*letter.taken, *taken]
    later = _still(letter, who).values(due_at=due_at, taken=has, because=because, held_by=None, held_until=None)
    session.exec(later)


def set_aside(session: Session, letter: InHand, who: str, now: datetime, because: str) -> None:
    """A server refused it for good: it waits for a person."""
    session.exec(_still(letter, who).values(refused_at=now, because=because, held_by=None, held_until=None))


def again(session: Session, key: str, now: datetime) -> Letter | None:
    """A person asks for a letter again: due now, unless it was sent or is in somebody's hands."""
    asking = update(Letter).where(col(Letter.key) == key, col(Letter.sent_at).is_(None), *_in_no_hands(now))
    session.exec(asking.values(due_at=now, refused_at=None, held_by=None, held_until=None))
    return find(session, key)


def find(session: Session, key: str) -> Letter | None:
    """The letter of this key."""
    row = session.get(Letter, key)
    if row is not None:
        session.refresh(row)
    return row


def queue(session: Session) -> Sequence[Letter]:
    """What is not sent, in the order in which it is due."""
    query = select(Letter).where(col(Letter.sent_at).is_(None)).order_by(col(Letter.due_at), col(Letter.key))
    return session.exec(query).all()


def last_sent(session: Session, most: int) -> Sequence[Letter]:
    """What was sent last, newest first."""
    query = select(Letter).where(col(Letter.sent_at).is_not(None)).order_by(col(Letter.sent_at).desc())
    return session.exec(query.limit(most)).all()


def of_key(session: Session, beginning: str) -> Sequence[Letter]:
    """The letters whose key begins so, oldest first."""
    query = select(Letter).where(col(Letter.key).startswith(beginning, autoescape=True))
    return session.exec(query.order_by(col(Letter.made_at), col(Letter.key))).all()


def stuck(session: Session, since: datetime) -> tuple[int, int]:
    """How many letters were made before ``since`` and are not sent, and how many are set aside."""
    unsent = select(func.count()).where(col(Letter.sent_at).is_(None))
    waiting = session.exec(unsent.where(Letter.made_at <= since, col(Letter.refused_at).is_(None))).one()
    return waiting, session.exec(unsent.where(col(Letter.refused_at).is_not(None))).one()


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (col(Letter.sent_at).is_(None), col(Letter.refused_at).is_(None), col(Letter.due_at) <= now)


def _in_no_hands(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (or_(col(Letter.held_until).is_(None), col(Letter.held_until) <= now),)


def _still(letter: InHand, who: str) -> Update:
    return update(Letter).where(
        col(Letter.key) == letter.key, col(Letter.held_by) == who, col(Letter.sent_at).is_(None)
    )
