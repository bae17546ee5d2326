"""`beadle undo`: all that a rule did by itself since a time is taken back, by a person's word on each case.

What people decided is left as it is. The journal is written first: an undo that a crash cut off is finished by the
daemon, and the same case is never decided twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger import undos
from bot.ledger.tables import UndoRun
from bot.ledger.undos import Trace
from bot.people import People
from bot.review import UNDO, Review
from bot.voice import Voice

log = structlog.get_logger(__name__)

NO_PAGE = 'there is no page "{page}" in pages.yaml; the pages are: {known}.'
LATER = "since must be in the past; {since:%Y-%m-%d %H:%M} UTC is not."
NO_REASON = "say why, in a sentence: it is kept with each case."


@dataclass(frozen=True, slots=True)
class Undoing:
    """Takes back what a rule did. ``people`` finds again whose undo it was that a crash cut off."""

    review: Review
    people: People

    def preview(self, rule: str, page: str | None, since: datetime) -> list[str]:
        """The cases that an undo would take back: hidden by this rule since then, and decided by nobody."""
        return [each.case_id for each in self.traces(rule, page, since) if each.can_be_undone]

    def traces(self, rule: str, page: str | None, since: datetime) -> list[Trace]:
        """All that the rule did by itself since then, oldest first, what can't be taken back among it."""
        self._refuse_unknown(page)
        with Session(self.review.route.reading) as session:
            return undos.traces(session, rule, page, since, self.review.route.clock())

    def undo(
        self,
        rule: str,
        page: str | None,
        since: datetime,
        voice: Voice,
        reason: str,
        each: Callable[[int, int], None] = lambda *_: None,
    ) -> int:
        """Decide to restore each case that can be. How many were decided so; ``each`` is told how many of how many.

        Raises ``NotAllowed`` with what to do instead; then nothing was recorded.
        """
        self._refuse(rule, page, since, voice, reason)
        with Session(self.review.route.writing) as session, session.begin():
            run = undos.begin(session, rule, page, since, voice, reason, self.review.route.clock())
        return self._go_on(run, voice, each)

    def finish_due(self, now: datetime) -> int:
        """Finish what a crash cut off, in the name of the person who began it. How many cases were decided so."""
        with Session(self.review.route.reading) as session:
            runs = undos.cut_off(session, now)
        return sum(self._finish(run) for run in runs)

    def _finish(self, run: UndoRun) -> int:
        person = self.people.find(run.person)
        if person is None:
            log.error("an undo can't be finished: its person is not in people.yaml", undo=run.id, person=run.person)
            return 0
        return self._go_on(run, Voice(person, run.account, run.door, run.saw), lambda *_: None)  # type: ignore[arg-type]

    def _go_on(self, run: UndoRun, voice: Voice, each: Callable[[int, int], None]) -> int:
        route, number = self.review.route, run.id or 0
        with Session(route.reading) as session:
            traces = undos.traces(session, run.rule, run.page, run.since, run.until)
        due = [trace.case_id for trace in traces if trace.can_be_undone]
        decided = 0
        for place, case_id in enumerate(due, start=1):
            decided += self._restore(case_id, replace(voice, press=f"{UNDO}:{number}:{case_id}", stand=""), run.reason)
            each(place, len(due))
        with Session(route.writing) as session, session.begin():
            undos.end(session, number, route.clock())
        log.info("a rule was undone", rule=run.rule, page=run.page, cases=decided)
        return decided

    def _restore(self, case_id: str, voice: Voice, reason: str) -> bool:
        """A person's word on one case. ``False`` where it can't be given by now: somebody was quicker, for instance."""
        try:
            self.review.decide(case_id, Verb.RESTORE, voice, reason, UNDO)
        except NotAllowed as error:
            log.warning("a case was not undone", case=case_id, because=error.sentence)
            return False
        return True

    def _refuse(self, rule: str, page: str | None, since: datetime, voice: Voice, reason: str) -> None:
        if since >= self.review.route.clock():
            raise NotAllowed(LATER.format(since=since))
        if not reason.strip():
            raise NotAllowed(NO_REASON)
        traces = self.traces(rule, page, since)
        slugs = {page} if page is not None else {trace.page for trace in traces}
        concerned = [self.review.route.desks.get(slug) for slug in sorted(slugs)]
        for desk in concerned or [None]:
            for verb in (Verb.UNDO, Verb.RESTORE):
                refused = self.review.why_not(voice, verb, desk)
                if refused is not None:
                    raise NotAllowed(refused)

    def _refuse_unknown(self, page: str | None) -> None:
        desks = self.review.route.desks
        if page is not None and page not in desks:
            raise NotAllowed(NO_PAGE.format(page=page, known=", ".join(sorted(desks)) or "none"))
