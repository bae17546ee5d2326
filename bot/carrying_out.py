"""What a person decided is carried out, along the same route as the rules' acts: proven evidence first.

A decision is a fact and an order in one commit (``bot.review``); this is the short workflow that the order starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, receipt_facts
from bot.errors import EvidenceError
from bot.evidence.canonical import utc
from bot.ledger import acts, cases, keep, switches
from bot.ledger.cases import File
from bot.ledger.tables import Act, CaseStatus, Decision, StrikeStatus
from bot.orders import after_act
from bot.pipeline import Route
from connectors.contract import Batch, ConnectorError, Gone, RateLimited, Receipt, Unavailable, Visibility

log = structlog.get_logger(__name__)

_RETRY_S = 30.0


@dataclass(frozen=True, slots=True)
class CarryingOut:
    """Does what people decided. Every part may run twice."""

    route: Route

    def case_of(self, decision: str) -> str:
        """The case that a decision is about."""
        with Session(self.route.reading) as session:
            return session.get_one(Decision, int(decision)).case_id

    def carry_out(self, decision: str) -> dict[str, Any]:
        """Do what a person decided. May run twice; the second time the platform says that it is done already."""
        with Session(self.route.reading) as session:
            row = session.get_one(Decision, int(decision))
            file = cases.open_file(session, row.case_id)
            verb = _effective(session, row, file)
            newer = [each for each in file.settling if each.id is not None and each.id > int(decision)]
            paused = switches.thrown(session, file.case.page)
        if verb not in _PASSED_ON and any(each.verb != "approve" for each in newer):
            return _done("overtaken", "A later decision stands.", verb)
        if verb in _PASSED_ON and file.evidence is None and file.case.status == CaseStatus.OPENED:
            return _done("later", _NOT_SEALED, verb, retry_s=_RETRY_S)
        if verb in _ASKED and file.case.page not in self.route.desks:
            return _done("later", AWAY.format(page=file.case.page), verb, retry_s=LONGEST_RETRY_S)
        if paused is not None and verb in ("hide", "remove"):
            return _done("later", f"Acts are paused ({paused.scope}).", verb, retry_s=_RETRY_S)
        return self._do(file, row, verb)

    def record_carried_out(self, session: Session, decision: str, done: dict[str, Any]) -> None:
        """What came of it becomes a fact, with the strike that it confirms or voids."""
        now = self.route.clock()
        row = session.get_one(Decision, int(decision))
        file = cases.open_file(session, row.case_id)
        if done["status"] == "later":
            number = cases.next_order(session, row.case_id) + 1000
            self.route.orders.place(session, "carry_out", decision, number, delay_s=done["retry_s"])
            log.warning("a decision waits", case=row.case_id, because=done["because"])
            return
        row.carried_out_at = now
        session.add(row)
        if done["status"] == "overtaken":
            return
        if done["status"] == "failed":
            # What is hidden stays a hidden case, or nobody could restore it.
            hidden = file.case.status == CaseStatus.HIDDEN
            cases.move(session, row.case_id, CaseStatus.HIDDEN if hidden else CaseStatus.WAITING, done["because"], now)
        else:
            self._record(session, file, row, done, now)
        self.route.orders.place(session, "tell", row.case_id, cases.next_order(session, row.case_id))

    def _do(self, file: File, row: Decision, verb: str) -> dict[str, Any]:
        try:
            if verb in ("hide", "remove") and self._reads_otherwise(file):
                return _done("failed", _EDITED, verb)
            receipt = self._ask_platform(file, verb)
            self._seal_decision(file, row, verb, receipt)
        except Gone:
            return _done("done", "The comment is not there any more.", verb, visibility=Visibility.MISSING_UNKNOWN)
        except RateLimited as error:
            wait = max((error.until - self.route.clock()).total_seconds(), 1.0)
            return _done("later", error.sentence, verb, retry_s=wait)
        except Unavailable as error:
            return _done("later", error.sentence, verb, retry_s=_RETRY_S)
        except EvidenceError as error:
            return _done("later", error.sentence, verb, retry_s=_RETRY_S)
        except ConnectorError as error:
            return _done("failed", f"The platform refused: {error.sentence}", verb)
        seen = receipt.visibility if receipt else file.comment.visibility
        return _done("done", "", verb, visibility=seen, already_done=receipt.already_done if receipt else False)

    def _reads_otherwise(self, file: File) -> bool:
        """Whether other words stand there now than those that the person saw. Then those are judged anew."""
        desk = self.route.desks[file.case.page]
        stands = desk.connector.read(file.ref).comment
        if stands is None:
            raise Gone("the comment is not there any more")
        if stands.revision == file.revision.digest:
            return False
        self.route.keep(desk, Batch(comments=(stands,), posts=(), cursor="", last=False))
        return True

    def _ask_platform(self, file: File, verb: str) -> Receipt | None:
        if verb not in _ASKED:
            return None
        desk = self.route.desks[file.case.page]
        assert file.evidence is not None
        self.route.archive.prove_package(file.evidence.package_id, file.evidence.sha256)
        if verb == "remove":
            assert desk.remover is not None
            return desk.remover.remove(file.ref)
        assert desk.hider is not None
        return desk.hider.hide(file.ref) if verb == "hide" else desk.hider.unhide(file.ref)

    def _seal_decision(self, file: File, row: Decision, verb: str, receipt: Receipt | None) -> None:
        if file.evidence is None:
            return
        facts: dict[str, object] = {
            "verb": row.verb,
            "meaning": verb,
            "by": row.person,
            "roles": row.roles,
            "account": row.account,
            "reason": row.reason,
            "code": row.code or None,
            "door": row.door,
            "message_seen": row.saw or None,
            "at": utc(row.at),
            "clauses": list(file.verdict.clauses),
            "policy": f"{file.verdict.policy.slug} {file.verdict.policy.version}",
            "act": None if receipt is None else receipt_facts(file, receipt, row.person),
        }
        self.route.archive.supplement(
            file.evidence.package_id,
            f"decision:{row.id}",
            "restore" if verb == "restore" else "decision",
            facts,
            receipt.exchanges if receipt else (),
        )

    def _record(self, session: Session, file: File, row: Decision, done: dict[str, Any], now: datetime) -> None:
        verb = done["verb"]
        if verb in ("hide", "restore", "remove"):
            keep.see(session, file.comment, Visibility(done["visibility"]), row.person, now)
            if done["visibility"] == Visibility.MISSING_UNKNOWN:
                # Nobody knows who took it away: so it was not this person, and it counts against nobody.
                cases.move(session, row.case_id, CaseStatus.GONE, done["because"], now)
                return
            act = _act(file, row, done, now)
            acts.record(session, act)
            after_act(self.route.orders, session, act.act_key, self.route.look_after_s)
        because = _BECAUSE.get(verb, "").format(person=row.person)
        if verb in _MEANS:
            cases.move(session, row.case_id, _MEANS[verb], because, now)
        elif verb == "escalate" and file.case.status not in cases.FINAL:
            cases.move(session, row.case_id, CaseStatus(file.case.status), because, now)
            cases.mark_urgent(session, row.case_id)
        if verb in _STRIKE and (file.evidence is not None or verb != "by_hand"):
            acts.strike(
                session,
                row.case_id,
                file.comment.platform,
                file.comment.author_id,
                file.verdict.clause,
                _STRIKE[verb],
                now,
            )


_EDITED = "The comment was edited after this decision; the new words are judged anew."
_NOT_SEALED = "The evidence of the case is sealed first; then this is sealed beside it."
_ASKED = frozenset({"hide", "restore", "remove"})
_PASSED_ON = frozenset({"escalate", "contest"})  # these say nothing of what becomes of the comment
_MEANS = {
    "keep": CaseStatus.KEPT,
    "hide": CaseStatus.HIDDEN,
    "confirm": CaseStatus.HIDDEN,
    "restore": CaseStatus.RESTORED,
    "remove": CaseStatus.REMOVED,
    "by_hand": CaseStatus.BY_HAND,
}
_BECAUSE = {
    "keep": "Kept by {person}.",
    "hide": "Hidden by {person}.",
    "confirm": "Hidden by rule, confirmed by {person}.",
    "restore": "Restored by {person}.",
    "remove": "Removed by two people; the second was {person}.",
    "by_hand": "Done by hand on the platform by {person}, who says so.",
    "escalate": "Escalated by {person}: somebody in charge decides.",
}
_STRIKE = {
    "keep": StrikeStatus.VOID,
    "restore": StrikeStatus.VOID,
    "hide": StrikeStatus.CONFIRMED,
    "confirm": StrikeStatus.CONFIRMED,
    "remove": StrikeStatus.CONFIRMED,
    "by_hand": StrikeStatus.CONFIRMED,
}


def _effective(session: Session, row: Decision, file: File) -> str:
    """What a decision means here: an approval does what was proposed, or confirms what a rule did; a keep takes back
    what a rule did while the person was deciding."""
    if row.verb == "keep" and file.case.status == CaseStatus.HIDDEN:
        return "restore"
    if row.verb != "approve":
        return row.verb
    if row.second_of is not None:
        return session.get_one(Decision, row.second_of).verb
    return "confirm" if file.case.status == CaseStatus.HIDDEN else "hide"


def _act(file: File, row: Decision, done: dict[str, Any], now: datetime) -> Act:
    policy = file.verdict.policy
    return Act(
        act_key=f"decision:{row.id}",
        case_id=row.case_id,
        action="unhide" if done["verb"] == "restore" else done["verb"],
        by=row.person,
        clause=file.verdict.clause,
        policy=f"{policy.slug} {policy.version}",
        outcome="done",
        detail=done["because"],
        already_done=done["already_done"],
        done_at=now,
    )


def _done(
    status: str,
    because: str,
    verb: str,
    *,
    visibility: str = "",
    already_done: bool = False,
    retry_s: float = 0.0,
) -> dict[str, Any]:
    return {
        "status": status,
        "because": because,
        "verb": verb,
        "visibility": str(visibility),
        "already_done": already_done,
        "retry_s": retry_s,
    }
