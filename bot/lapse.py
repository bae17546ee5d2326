"""A hide by a score is lent, not given: one that nobody confirmed within a day is taken back, and a person is asked.

Rules that can be printed stay hidden until a person says otherwise; scores may act only until somebody has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, backoff, receipt_facts
from bot.errors import EvidenceError
from bot.ledger import acts, cases, keep
from bot.ledger.cases import File
from bot.ledger.tables import Act, CaseStatus
from bot.orders import after_act
from bot.pipeline import Route
from connectors.contract import ConnectorError, Gone, RateLimited, Receipt, Unavailable, Visibility

log = structlog.get_logger(__name__)

CONFIRM_WITHIN = timedelta(hours=24)
SHOWN_AGAIN = "Shown again: a score had hidden it, and nobody confirmed that within 24 hours."
_DECIDED = "A person has decided this case."
_GONE = "The comment was gone before it could be shown again."


@dataclass(frozen=True, slots=True)
class Lapse:
    """Finds hides by scores that nobody confirmed, and takes them back."""

    route: Route

    def order_due(self) -> int:
        """Order the taking back of every hide that has lapsed; gives how many stand so. Ordering twice is once."""
        with Session(self.route.writing) as session, session.begin():
            due = acts.unconfirmed(session, acts.BY_SCORE, self.route.clock() - CONFIRM_WITHIN)
            for case_id in due:
                self.route.orders.place(session, "lapse", case_id, 1)
            return len(due)

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
        return _done("done", SHOWN_AGAIN, visibility=receipt.visibility, already_done=receipt.already_done)

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
        after_act(self.route.orders, session, act.act_key, self.route.look_after_s)
        keep.see(session, file.comment, Visibility(done["visibility"]), "lapse", now)
        cases.move(session, case_id, CaseStatus.WAITING, done["because"], now)
        if file.settling:
            # A person spoke while it was being taken back. Their word is final: it is carried out on what stands now.
            decision = str(file.settling[-1].id)
            self.route.orders.place(session, "carry_out", decision, cases.next_order(session, case_id) + 1000)
        self.route.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    def _seal(self, file: File, receipt: Receipt) -> None:
        assert file.evidence is not None
        facts = {**receipt_facts(file, receipt, "lapse"), "because": SHOWN_AGAIN}
        self.route.archive.supplement(file.evidence.package_id, "action:lapse", "action", facts, receipt.exchanges)


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
