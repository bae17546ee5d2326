"""What takes two people: one asks for it, another approves it, and then it is done, in one transaction.

Each kind of request (a block, a promotion of a rule) has a function of its own that does it. A removal is a decision on
a case and waits there (``bot.review``); it is listed here beside the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.authority import Verb
from bot.desk import Desk
from bot.errors import NotAllowed
from bot.ledger import asks
from bot.ledger.asks import Removal
from bot.ledger.tables import Ask, AskStatus
from bot.review import Review
from bot.voice import Voice

NOBODY_DOES_IT = "request R-{number} is for a {kind}, which this version of Beadle can't do; nothing was changed."
PAGE_AWAY = 'page "{page}" is not in pages.yaml any more; put it back, or take the request back.'
NOT_YOURS = "only {person}, who asked for it, or whoever may be its second person can take request R-{number} back."
TAKEN_BACK = "Request R-{number} is taken back; nothing was done."
APPROVED = "Approved."

Approved = Callable[[Session, Ask], str]
"""Does what was asked for, in the caller's transaction, and says so in a sentence."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a second person. ``name`` is what `beadle approve` takes: ``R-12``, or the id of a case."""

    name: str
    what: str
    subject: str
    page: str | None
    person: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Requests:
    """Lists what takes two people, and takes the second one's word. ``kinds``: what does each kind of request."""

    review: Review
    kinds: Mapping[str, Approved]

    def waiting(self) -> list[Waiting]:
        """What waits for its second person, removals too, oldest first."""
        with Session(self.review.route.reading) as session:
            found = [_removal(each) for each in asks.removals(session)]
            found += [_request(each) for each in asks.waiting(session)]
        return sorted(found, key=lambda each: each.at)

    def approve(self, number: int, voice: Voice, reason: str) -> str:
        """Be the second person; what was asked for is done in the same transaction. The same press again gives the
        same answer. Raises ``NotAllowed`` with what to do instead; then nothing was recorded."""
        route = self.review.route
        with Session(route.writing) as session, session.begin():
            ask = asks.get(session, number)
            if voice.press and ask.second_press == voice.press:
                return ask.answer
            ask = asks.find(session, number)
            self._check_second(ask, voice)
            do = self.kinds.get(ask.kind)
            if do is None:
                raise NotAllowed(NOBODY_DOES_IT.format(number=number, kind=ask.kind))
            asks.second(session, ask, voice, reason, route.clock())
            ask.answer = do(session, ask) or APPROVED
            session.add(ask)
            return ask.answer

    def withdraw(self, number: int, voice: Voice, reason: str = "") -> str:
        """Take a request back: whoever asked, or whoever may be its second person and refuses."""
        route = self.review.route
        with Session(route.writing) as session, session.begin():
            ask = asks.get(session, number)
            if voice.press and ask.second_press == voice.press and ask.status == AskStatus.CLOSED:
                return TAKEN_BACK.format(number=number)
            ask = asks.find(session, number)
            if voice.person.id != ask.person and self._why_not_second(ask, voice) is not None:
                raise NotAllowed(NOT_YOURS.format(person=ask.person, number=number))
            asks.take_back(session, ask, voice, reason, route.clock())
        return TAKEN_BACK.format(number=number)

    def _check_second(self, ask: Ask, voice: Voice) -> None:
        if ask.page is not None and ask.page not in self.review.route.desks:
            raise NotAllowed(PAGE_AWAY.format(page=ask.page))
        refused = self._why_not_second(ask, voice)
        if refused is not None:
            raise NotAllowed(refused)

    def _why_not_second(self, ask: Ask, voice: Voice) -> str | None:
        """On the request's page. What concerns no single page takes somebody who may do so on each."""
        desks = self.review.route.desks
        concerned: list[Desk | None] = [*desks.values()] if ask.page is None else [desks.get(ask.page)]
        refusals = (self.review.why_not_second(voice, Verb(ask.kind), desk) for desk in concerned or [None])
        return next((each for each in refusals if each is not None), None)


def number_of(written: str) -> int | None:
    """The number of a request as people write it (``R-12``, ``r12``); ``None`` for anything else, such as a case."""
    digits = written.strip().upper().removeprefix("R").removeprefix("-")
    is_request = written.strip().upper().startswith("R") and digits.isascii() and digits.isdigit()
    return int(digits) if is_request and len(digits) < _LONGEST_NUMBER else None


_LONGEST_NUMBER = 10


def _removal(found: Removal) -> Waiting:
    return Waiting(found.case_id, "remove", found.case_id, found.page, found.person, found.reason, found.at)


def _request(ask: Ask) -> Waiting:
    return Waiting(f"R-{ask.id}", ask.kind, ask.subject, ask.page, ask.person, ask.reason, ask.at)
