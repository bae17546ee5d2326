"""A person answers: keep, hide, restore, remove, approve. Their word is final for the revision that they saw.

A decision is a fact and an order in one commit; a short workflow carries it out. What can't be undone takes two
people, and two accounts of the operating system (Hartford Policy 012 xi; FA-11, FA-20).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, cannot_hide, receipt_facts
from bot.errors import EvidenceError, NotAllowed
from bot.evidence.canonical import utc
from bot.ledger import acts, cases, keep, switches
from bot.ledger.cases import File
from bot.ledger.tables import Act, CaseStatus, Decision, StrikeStatus
from bot.orders import after_act
from bot.pages import Mode
from bot.people import DECIDERS, Person
from bot.pipeline import Route
from connectors.contract import Batch, ConnectorError, Gone, RateLimited, Receipt, Unavailable, Visibility

log = structlog.get_logger(__name__)

Verb = Literal["keep", "hide", "restore", "remove", "approve"]
_RETRY_S = 30.0

_FROM: dict[Verb, frozenset[str]] = {
    "keep": frozenset(
        {
            CaseStatus.OPENED,
            CaseStatus.SEALED,
            CaseStatus.WAITING,
            CaseStatus.PAUSED,
            CaseStatus.QUARANTINED,
        }
    ),
    "hide": frozenset(
        {CaseStatus.WAITING, CaseStatus.PAUSED, CaseStatus.QUARANTINED, CaseStatus.KEPT, CaseStatus.RESTORED}
    ),
    "restore": frozenset({CaseStatus.HIDDEN, CaseStatus.QUARANTINED}),
    "remove": frozenset(
        {
            CaseStatus.WAITING,
            CaseStatus.PAUSED,
            CaseStatus.QUARANTINED,
            CaseStatus.HIDDEN,
            CaseStatus.KEPT,
            CaseStatus.RESTORED,
        }
    ),
    "approve": frozenset({CaseStatus.WAITING, CaseStatus.PAUSED, CaseStatus.HIDDEN}),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was recorded. ``needs_second``: nothing happens until another person approves."""

    decision: int
    case_id: str
    verb: Verb
    needs_second: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Review:
    """Takes people's decisions and carries them out along the same route as the rules' acts."""

    route: Route

    def decide(self, case_id: str, verb: Verb, person: Person, account: str, reason: str) -> Answer:
        """Record a decision and order it. Raises ``NotAllowed`` with what to do instead; then nothing is recorded."""
        now = self.route.clock()
        with Session(self.route.writing) as session, session.begin():
            file = cases.open_file(session, case_id)
            request = _open_request(file)
            self._check(file, verb, person, account, request)
            second = verb == "approve" and request is not None
            row = Decision(
                case_id=case_id,
                verb=verb,
                person=person.id,
                account=account,
                roles=", ".join(sorted(str(role) for role in person.roles)),
                reason=reason,
                at=now,
                second_of=request.id if second and request is not None else None,
            )
            session.add(row)
            session.flush()
            decision = row.id or 0
            if verb == "remove":
                return Answer(decision, case_id, verb, True, _ASK_SECOND.format(case=case_id))
            self.route.orders.place(session, "carry_out", str(decision), 1)
            return Answer(decision, case_id, verb, False, _DONE[verb])

    def pause(self, scope: str, person: Person, reason: str) -> bool:
        """Stop all acts on a page, or on all (``switches.ALL``). ``False`` when they are stopped already."""
        with Session(self.route.writing) as session, session.begin():
            return switches.throw(session, scope, person.id, reason, self.route.clock())

    def resume(self, scope: str, person: Person) -> int | None:
        """Let acts go on. What was held back asks for permission again; how many that are, ``None`` if none paused."""
        with Session(self.route.writing) as session, session.begin():
            if not switches.lift(session, scope, person.id, self.route.clock()):
                return None
            held = cases.by_status(session, CaseStatus.PAUSED, None if scope == switches.ALL else scope)
            for case_id in held:
                self.route.orders.place(session, "act", case_id, cases.next_order(session, case_id))
            return len(held)

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
            newer = [each for each in file.decisions if each.id is not None and each.id > int(decision)]
            paused = switches.thrown(session, file.case.page)
        if newer and any(each.verb != "approve" for each in newer):
            return _done("overtaken", "A later decision stands.", verb)
        if file.case.page not in self.route.desks:
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

    def _check(self, file: File, verb: Verb, person: Person, account: str, request: Decision | None) -> None:
        case = file.case
        if case.page not in self.route.desks:
            raise NotAllowed(f'page "{case.page}" is not in pages.yaml any more; put it back to decide its cases.')
        desk = self.route.desks[case.page]
        if not person.roles & DECIDERS:
            raise NotAllowed(_NO_ROLE.format(person=person.id, roles=", ".join(sorted(DECIDERS))))
        if not person.has(case.page):
            raise NotAllowed(f'{person.id} does not look after the page "{case.page}"; see their pages in people.yaml.')
        if case.status not in _FROM["remove" if verb == "approve" and request is not None else verb]:
            raise NotAllowed(_WRONG_STATUS.format(case=case.case_id, status=case.status, verb=verb))
        if verb in ("hide", "remove", "approve") and desk.withheld is not None:
            raise NotAllowed(desk.withheld)
        if verb in ("hide", "remove", "approve") and file.evidence is None:
            raise NotAllowed(f"case {case.case_id} has no sealed evidence yet; nothing is done without it.")
        if verb in ("hide", "remove", "approve") and desk.page.mode is Mode.OBSERVE:
            raise NotAllowed(
                f'page "{case.page}" is in observe, where nothing is changed on the platform; set its mode to assist.'
            )
        if verb == "approve" and request is not None and account == request.account:
            raise NotAllowed("a second approval never comes from the account that asked; another person must approve.")
        if verb == "approve" and request is not None and person.id == request.person:
            raise NotAllowed(f"{person.id} asked for the removal; another person must approve it.")
        if verb == "keep" and file.comment.visibility == Visibility.HIDDEN_BY_CITY:
            raise NotAllowed(f"the comment of case {case.case_id} is hidden; `beadle restore` shows it again.")
        proposed = verb == "approve" and request is None and case.status != CaseStatus.HIDDEN
        if (verb in ("hide", "restore") or proposed) and desk.hider is None:
            raise NotAllowed(cannot_hide(desk))
        if verb == "remove" and desk.remover is None:
            raise NotAllowed(f"{file.comment.platform} can't remove other people's comments; do it on the platform.")
        if verb == "remove" and request is not None:
            raise NotAllowed(
                f"a removal is asked for already; `beadle approve {case.case_id}` by somebody else does it."
            )

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
        if verb in ("keep", "confirm"):
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
        cases.move(session, row.case_id, _MEANS[verb], _BECAUSE[verb].format(person=row.person), now)
        if verb in _STRIKE:
            acts.strike(
                session,
                row.case_id,
                file.comment.platform,
                file.comment.author_id,
                file.verdict.clause,
                _STRIKE[verb],
                now,
            )


_NO_ROLE = "{person} has no role that decides cases; in people.yaml give them one of: {roles}."
_EDITED = "The comment was edited after this decision; the new words are judged anew."
_ASK_SECOND = "Removal can't be undone, so it takes two people: now somebody else runs `beadle approve {case}`."
_WRONG_STATUS = "case {case} is {status}, so there is nothing to {verb}; `beadle show {case}` tells how it stands."
_DONE: dict[Verb, str] = {
    "keep": "Stays up. Nothing acts on these words by rule any more.",
    "hide": "Will be hidden.",
    "restore": "Will be shown again; its strike is void.",
    "remove": "",
    "approve": "Approved.",
}
_MEANS = {
    "keep": CaseStatus.KEPT,
    "hide": CaseStatus.HIDDEN,
    "confirm": CaseStatus.HIDDEN,
    "restore": CaseStatus.RESTORED,
    "remove": CaseStatus.REMOVED,
}
_BECAUSE = {
    "keep": "Kept by {person}.",
    "hide": "Hidden by {person}.",
    "confirm": "Hidden by rule, confirmed by {person}.",
    "restore": "Restored by {person}.",
    "remove": "Removed by two people; the second was {person}.",
}
_STRIKE = {
    "keep": StrikeStatus.VOID,
    "restore": StrikeStatus.VOID,
    "hide": StrikeStatus.CONFIRMED,
    "confirm": StrikeStatus.CONFIRMED,
    "remove": StrikeStatus.CONFIRMED,
}


def _open_request(file: File) -> Decision | None:
    """A removal that waits for its second person: asked last, and neither approved nor overtaken."""
    last = file.decisions[-1] if file.decisions else None
    return last if last is not None and last.verb == "remove" else None


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
