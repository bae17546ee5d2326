"""What a rule hid and nobody confirmed in time: it is shown again, or people are told of it once more (FA-19).

A hide by a score is lent, not given: it is taken back within a day at most, whatever the page says. What a rule that
can be printed hid is shown again or passed on to people, as ``unconfirmed`` of the page says. A stop of all acts stops
neither: what shows a comment again is never held up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, backoff, receipt_facts
from bot.errors import EvidenceError
from bot.ledger import acts, cases, keep, unconfirmed
from bot.ledger.cases import File
from bot.ledger.tables import Act, CaseStatus
from bot.orders import after_act
from bot.pages import Page
from bot.permission import lent_for
from bot.pipeline import Route
from connectors.contract import ConnectorError, Gone, RateLimited, Receipt, Unavailable, Visibility

log = structlog.get_logger(__name__)

SHOWN_AGAIN = "Shown again: a {what} had hidden it, and nobody confirmed that within {hours} hours."
OVERDUE = "Hidden by a rule, and nobody confirmed it within {hours} hours: a person decides now."
_DECIDED = "A person has decided this case."
_GONE = "The comment was gone before it could be shown again."


@dataclass(frozen=True, slots=True)
class Lapse:
    """Finds hides that nobody confirmed in time, and takes them back or tells people once more."""

    route: Route

    def order_due(self) -> int:
        """Order the taking back of every hide that has lapsed, and escalate what is overdue; gives how many stand to be
        taken back. Ordering twice is once."""
        with Session(self.route.writing) as session, session.begin():
            due = [case_id for desk in self.route.desks.values() for case_id in self._lapsed(session, desk.page)]
            for case_id in due:
                self.route.orders.place(session, "lapse", case_id, 1)
            for desk in self.route.desks.values():
                self._escalate_overdue(session, desk.page)
            return len(due)

    def _lapsed(self, session: Session, page: Page) -> list[str]:
        now = self.route.clock()
        lent = unconfirmed.hidden(session, page.slug, acts.BY_SCORE, now - lent_for(page))
        if page.unconfirmed.then != "restore":
            return lent
        return lent + unconfirmed.hidden(session, page.slug, acts.BY_RULE, now - page.unconfirmed.after)

    def _escalate_overdue(self, session: Session, page: Page) -> None:
        if page.unconfirmed.then != "escalate":
            return
        now, after = self.route.clock(), page.unconfirmed.after
        overdue = unconfirmed.hidden(session, page.slug, acts.BY_RULE, now - after)
        for case_id in unconfirmed.not_told(session, overdue):
            unconfirmed.escalate(session, case_id, OVERDUE.format(hours=_hours(after)), now)
            self.route.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    def take_back(self, case_id: str) -> dict[str, Any]:
        """Show the comment again. May run twice; the second time the platform says that it is done already."""
        with Session(self.route.reading) as session:
            file = cases.open_file(session, case_id)
        if file.case.status != CaseStatus.HIDDEN or file.settling:
            return _done("overtaken", _DECIDED)
        desk = self.route.desks.get(file.case.page)
        if desk is None or desk.hider is None or file.evidence is None:
            return _done("later", AWAY.format(page=file.case.page), retry_s=LONGEST_RETRY_S)
        try:
            self.route.archive.prove_package(file.evidence.package_id, file.evidence.sha256)
            receipt = desk.hider.unhide(file.ref)
            self._seal(file, receipt)
        except Gone:
            return _done("gone", _GONE)
        except RateLimited as error:
            wait = max((error.until - self.route.clock()).total_seconds(), 1.0)
            return _done("later", error.sentence, retry_s=wait)
        except (Unavailable, EvidenceError) as error:
            return _done("later", error.sentence, retry_s=backoff(file.case.failures))
        except ConnectorError as error:
            log.error("the platform would not show a comment again", case=case_id, because=error.sentence)
            return _done("later", error.sentence, retry_s=LONGEST_RETRY_S)
        return _done("done", self._because(file), visibility=receipt.visibility, already_done=receipt.already_done)

    def record(self, session: Session, case_id: str, done: dict[str, Any]) -> None:
        """What came of it becomes a fact; the case waits for a person, as it would have without the score."""
        if done["status"] == "overtaken":
            return
        file, now = cases.open_file(session, case_id), self.route.clock()
        if done["status"] == "later":
            number = cases.next_order(session, case_id) + 1000
            self.route.orders.place(session, "lapse", case_id, number, delay_s=done["retry_s"])
            log.warning("a hide that lapsed can't be taken back yet", case=case_id, because=done["because"])
            return
        if done["status"] == "gone":
            keep.see(session, file.comment, Visibility.MISSING_UNKNOWN, "lapse", now)
            cases.move(session, case_id, CaseStatus.GONE, done["because"], now)
            return
        act = _act(file, done, now)
        acts.record(session, act)
        acts.void(session, case_id, now)
        after_act(self.route.orders, session, act.act_key, self.route.look_after_s)
        keep.see(session, file.comment, Visibility(done["visibility"]), "lapse", now)
        cases.move(session, case_id, CaseStatus.WAITING, done["because"], now)
        if file.settling:
            # A person spoke while it was being taken back. Their word is final: it is carried out on what stands now.
            decision = str(file.settling[-1].id)
            self.route.orders.place(session, "carry_out", decision, cases.next_order(session, case_id) + 1000)
        self.route.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    def _because(self, file: File) -> str:
        """Why it is shown again. Of a page that has left pages.yaml nothing is asked for, so it has a desk."""
        page, by_score = self.route.desks[file.case.page].page, any(act.by == acts.BY_SCORE for act in file.acts)
        after = lent_for(page) if by_score else page.unconfirmed.after
        return SHOWN_AGAIN.format(what="score" if by_score else "rule", hours=_hours(after))

    def _seal(self, file: File, receipt: Receipt) -> None:
        assert file.evidence is not None
        facts = {**receipt_facts(file, receipt, "lapse"), "because": self._because(file)}
        self.route.archive.supplement(file.evidence.package_id, "action:lapse", "action", facts, receipt.exchanges)


def _hours(after: timedelta) -> int:
    return round(after / timedelta(hours=1))


def _act(file: File, done: dict[str, Any], now: datetime) -> Act:
    policy = file.verdict.policy
    return Act(
        act_key=f"lapse:{file.case.case_id}",
        case_id=file.case.case_id,
        action="unhide",
        by="lapse",
        clause=file.verdict.clause,
        policy=f"{policy.slug} {policy.version}",
        outcome="done",
        detail=done["because"],
        already_done=done["already_done"],
        done_at=now,
    )


def _done(
    status: str, because: str, *, visibility: str = "", already_done: bool = False, retry_s: float = 0.0
) -> dict[str, Any]:
    return {
        "status": status,
        "because": because,
        "visibility": str(visibility),
        "already_done": already_done,
        "retry_s": retry_s,
    }
