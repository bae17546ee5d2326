"""The mail room: sends the letters that the ledger holds, each once, and says so where it can't.

A letter is claimed by a lease in one statement, sent, and marked as sent. A sender that dies leaves its lease behind;
when that has run out another takes the letter over. So a repeat goes out only where the server had taken the mail and
nobody could write that down, and it goes out under the same Message-ID.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses
from uuid import uuid4

import sqlalchemy as sa
import stamina
import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.ledger import letters
from bot.ledger.letters import InHand
from bot.notify.email import Delivery, Mailer, MailRefused, MailUnavailable
from bot.notify.figures import age, plural
from bot.notify.quoted import one_line

log = structlog.get_logger(__name__)

STUCK = "Mail has not gone out for {age}: {sentence} `beadle mail` lists what waits."
REFUSED = "A mail ({kind}) is refused: {sentence} It is tried again every hour; `beadle mail` lists what waits."
SET_ASIDE = (
    "A mail ({kind}) was refused and is set aside: {sentence} Mend what it names, then `beadle mail retry {key}`; for "
    "a digest whose reader has another address now, `beadle digest --send --again`."
)
NOT_FOR_ALL = "A mail ({kind}) did not reach everybody: {sentence} Correct the address in people.yaml."
MENDED = "Mail goes out again."
TAKEN_BACK = "The mail server refused {addresses}."
LATER = "The mail server asks to try again later for {addresses}."

OUR_OWN = frozenset({"digest", "weekly", "checkpoint", "alert"})
"""The kinds of mail that go to the city's own people."""

LEASE = timedelta(minutes=5)
_PATIENCE_S = LEASE.total_seconds() * 0.8
_WAITS = tuple(timedelta(minutes=each) for each in (1, 5, 15, 60))
_TOLD_FROM = 4  # tries: after twenty minutes
_GIVE_UP = timedelta(days=5)  # RFC 5321 4.5.4.1, for what a server refuses; one that can't be reached is tried for ever
_WRITE_DOWN_WITHIN_S = 60.0
_NOTHING = Delivery(())


@dataclass(frozen=True, slots=True)
class MailRoom:
    """Sends what is due. Any number may work on one ledger. ``tell(sentence, key)`` reaches people by another way."""

    reading: sa.Engine
    writing: sa.Engine
    mailer: Mailer
    clock: Callable[[], datetime]
    tell: Callable[[str, str], None] = lambda *_: None
    who: str = field(default_factory=lambda: f"{os.getpid()}-{uuid4().hex[:8]}")

    def see_to(self, stop: threading.Event | None = None) -> int:
        """Send everything that is due; how many were handed over. ``stop``: begin no other."""
        done = 0
        while stop is None or not stop.is_set():
            with Session(self.reading) as session:
                key = letters.next_due(session, self.clock())
            if key is None:
                return done
            done += self.send(key)
        return done

    def send(self, key: str) -> bool:
        """Send this letter now, unless it is sent or in another's hands. ``True`` when the server took it."""
        with Session(self.writing) as session, session.begin():
            letter = letters.take(session, key, self.who, self.clock(), LEASE)
        if letter is None:
            return False
        if letter.left:
            log.warning("a letter that was left in hand is taken over", letter=key, message=letter.message_id)
        try:
            found = self.mailer.deliver(letter.mime, _sender(letter.mime), letter.to, _PATIENCE_S)
        except MailUnavailable as error:
            return self._put_off(letter, error.sentence)
        except MailRefused as error:
            return self._refused(letter, error.sentence)
        return self._sort_out(letter, found)

    def _sort_out(self, letter: InHand, found: Delivery) -> bool:
        """Each recipient has an answer of its own: who is asked to wait is served later, who is refused is told of."""
        refused = _said(TAKEN_BACK, letter.kind, found.refused)
        if not (found.taken or found.later or letter.taken):
            return self._set_aside(letter, refused)
        if found.later:
            return self._put_off(letter, f"{_said(LATER, letter.kind, found.later)} {refused}".strip(), found)
        self._write_down(lambda session: letters.sent(session, letter, found.taken, self.clock(), refused))
        log.info("mail sent", letter=letter.key, recipients=len(found.taken), refused=len(found.refused))
        if refused:
            self.tell(NOT_FOR_ALL.format(kind=letter.kind, sentence=refused), f"mail-{letter.key}")
        if letter.tries > _TOLD_FROM:
            self.tell(MENDED, "note-mail-mended")
        return True

    def _put_off(self, letter: InHand, because: str, found: Delivery = _NOTHING) -> bool:
        due = self.clock() + _WAITS[min(letter.tries, len(_WAITS)) - 1]
        self._write_down(lambda session: letters.put_off(session, letter, self.who, found.taken, due, because))
        log.warning("mail is tried again later", letter=letter.key, tries=letter.tries)
        if letter.tries >= _TOLD_FROM:
            self.tell(STUCK.format(age=age(self.clock() - letter.made_at), sentence=because), "note-mail-stuck")
        return False

    def _refused(self, letter: InHand, because: str) -> bool:
        """The server won't have it until a person mends something, which may be soon: their settings are its fault."""
        if self.clock() - letter.made_at >= _GIVE_UP:
            return self._set_aside(letter, because)
        due = self.clock() + _WAITS[-1]
        self._write_down(lambda session: letters.put_off(session, letter, self.who, (), due, because))
        log.error("mail is refused", letter=letter.key, tries=letter.tries)
        self.tell(REFUSED.format(kind=letter.kind, sentence=because), "note-mail-refused")
        return False

    def _set_aside(self, letter: InHand, because: str) -> bool:
        self._write_down(lambda session: letters.set_aside(session, letter, self.who, self.clock(), because))
        log.error("mail is set aside", letter=letter.key, tries=letter.tries)
        self.tell(SET_ASIDE.format(kind=letter.kind, key=letter.key, sentence=because), f"mail-{letter.key}")
        return False

    def _write_down(self, what: Callable[[Session], None]) -> None:
        """What the server said is worth some waiting for the database: without it the mail would go out again."""
        for attempt in stamina.retry_context(on=OperationalError, attempts=None, timeout=_WRITE_DOWN_WITHIN_S):
            with attempt, Session(self.writing) as session, session.begin():
                what(session)


def _sender(mime: bytes) -> str:
    """The address that the mail is from; where it bounces to."""
    return getaddresses([str(message_from_bytes(mime, policy=default)["From"])])[0][1]


def _said(sentence: str, kind: str, answers: Mapping[str, int]) -> str:
    """Our own people's addresses are named, for somebody must correct them; a resident's are not."""
    if not answers:
        return ""
    named = [f"{one_line(address, limit=80)} ({code})" for address, code in answers.items()]
    codes = f"{plural(len(answers), 'recipient')} ({', '.join(str(code) for code in sorted(set(answers.values())))})"
    return sentence.format(addresses=", ".join(named) if kind in OUR_OWN else codes)
