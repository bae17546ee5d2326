"""A person answers: keep, hide, restore, remove, approve … Their word is final for the revision that they saw.

A decision is a fact and an order in one commit; ``bot.carrying_out`` does it. What can't be undone takes two people,
and two accounts (Hartford Policy 012 xi; FA-11, FA-20). Whichever door it came by, it is asked the same questions here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from bot import authority
from bot.acting import cannot_hide
from bot.authority import Verb
from bot.desk import Desk
from bot.errors import NotAllowed, PolicyError
from bot.ledger import acts, cases, switches
from bot.ledger.cases import File
from bot.ledger.tables import CaseStatus, Decision
from bot.moderation.pack import PolicyPack, ReasonCode
from bot.pages import Mode
from bot.pipeline import Route
from bot.voice import Voice
from connectors.contract import Visibility

_WAITS = frozenset({CaseStatus.WAITING, CaseStatus.PAUSED, CaseStatus.QUARANTINED})
_FROM: dict[Verb, frozenset[CaseStatus]] = {
    Verb.KEEP: _WAITS | {CaseStatus.OPENED, CaseStatus.SEALED},
    Verb.HIDE: _WAITS | {CaseStatus.KEPT, CaseStatus.RESTORED},
    Verb.RESTORE: frozenset({CaseStatus.HIDDEN, CaseStatus.QUARANTINED}),
    Verb.REMOVE: _WAITS | {CaseStatus.HIDDEN, CaseStatus.KEPT, CaseStatus.RESTORED},
    Verb.APPROVE: frozenset({CaseStatus.WAITING, CaseStatus.PAUSED, CaseStatus.HIDDEN}),
    Verb.BY_HAND: _WAITS,
    Verb.ESCALATE: _WAITS | {CaseStatus.HIDDEN, CaseStatus.OPENED, CaseStatus.SEALED},
    Verb.CONTEST: frozenset(CaseStatus),
}
_REVERSES = frozenset({Verb.KEEP, Verb.RESTORE})
"""After these the comment counts against nobody from this moment, even where the platform can't be reached for days."""
_NEEDS_EVIDENCE = frozenset({Verb.HIDE, Verb.REMOVE, Verb.APPROVE})


@dataclass(frozen=True, slots=True)
class Answer:
    """What was recorded. ``needs_second``: nothing happens until another person approves. ``again``: it was recorded
    before, by the same press."""

    decision: int
    case_id: str
    verb: str
    needs_second: bool
    sentence: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Review:
    """Takes people's decisions on cases. ``pack_of`` finds the policy in force on a page at a time; ``today`` is the
    city's own day."""

    route: Route
    pack_of: Callable[[Desk, datetime], PolicyPack | None]
    today: Callable[[], date]

    def decide(self, case_id: str, verb: Verb, voice: Voice, reason: str, code: str = "") -> Answer:
        """Record a decision and order it. Raises ``NotAllowed`` with what to do instead; then nothing is recorded."""
        now = self.route.clock()
        with Session(self.route.writing) as session, session.begin():
            cases.hold(session, case_id)
            file = cases.open_file(session, case_id)
            before = cases.by_press(session, voice.press)
            if before is not None:
                return _answer(before.id or 0, case_id, Verb(before.verb), again=True)
            request = _open_request(file)
            self._check(file, verb, voice, request)
            second = verb == Verb.APPROVE and request is not None
            if not (code == UNDO and voice.press.startswith(f"{UNDO}:")):
                self._check_code(file, verb, code, request)
            row = _decision(case_id, verb, voice, reason, code, now)
            row.second_of = request.id if second and request is not None else None
            session.add(row)
            session.flush()
            if verb in _REVERSES:
                acts.void(session, case_id, now)
            if verb == Verb.ESCALATE:
                cases.mark_urgent(session, case_id)
            if verb == Verb.REMOVE:
                self.route.orders.place(session, "tell", case_id, cases.next_order(session, case_id))
            else:
                self.route.orders.place(session, "carry_out", str(row.id), 1)
            return _answer(row.id or 0, case_id, verb)

    def pause(self, scope: str, voice: Voice, reason: str) -> bool:
        """Stop all acts on a page, or on all (``switches.ALL``). ``False`` when they are stopped already."""
        self._may(voice, Verb.PAUSE, scope)
        with Session(self.route.writing) as session, session.begin():
            return switches.throw(session, scope, voice.person.id, reason, self.route.clock())

    def resume(self, scope: str, voice: Voice) -> int | None:
        """Let acts go on. What was held back asks for permission again; how many that are, ``None`` if none paused."""
        self._may(voice, Verb.RESUME, scope)
        with Session(self.route.writing) as session, session.begin():
            if not switches.lift(session, scope, voice.person.id, self.route.clock()):
                return None
            held = cases.by_status(session, CaseStatus.PAUSED, None if scope == switches.ALL else scope)
            for case_id in held:
                self.route.orders.place(session, "act", case_id, cases.next_order(session, case_id))
            return len(held)

    def why_not(self, voice: Voice, verb: Verb, desk: Desk | None) -> str | None:
        """Why this person may not do this on this page now; ``None`` if they may."""
        pack = None if desk is None else self.pack_of(desk, self.route.clock())
        page = None if desk is None else desk.page
        return authority.why_not(voice.person, verb, page, pack, self.today())

    def why_not_second(self, voice: Voice, verb: Verb, desk: Desk | None) -> str | None:
        """Why this person may not be the second of two who do this on this page now; ``None`` if they may."""
        pack = None if desk is None else self.pack_of(desk, self.route.clock())
        page = None if desk is None else desk.page
        return authority.why_not_second(voice.person, verb, page, pack, self.today())

    def codes(self, case_id: str, verb: Verb) -> tuple[ReasonCode, ...]:
        """The reasons that whoever decides so on this case must choose from; empty where the policy wants none."""
        with Session(self.route.reading) as session:
            file = cases.open_file(session, case_id)
        return self._codes(file, verb, _open_request(file))

    def _may(self, voice: Voice, verb: Verb, scope: str) -> None:
        """On one page, or on all: to let acts go on everywhere takes somebody who may do so on every page."""
        every = scope == switches.ALL and verb == Verb.RESUME
        desks = list(self.route.desks.values()) if every else [self.route.desks.get(scope)]
        for desk in desks or [None]:
            refused = self.why_not(voice, verb, desk)
            if refused is not None:
                raise NotAllowed(refused)
        if scope != switches.ALL and not voice.person.has(scope):
            raise NotAllowed(authority.NOT_THEIRS.format(person=voice.person.id, page=scope))

    def _codes(self, file: File, verb: Verb, request: Decision | None) -> tuple[ReasonCode, ...]:
        """An approval of what is proposed is a hide, and needs a hide's reason. A second person gave none before."""
        desk = self.route.desks.get(file.case.page)
        pack = None if desk is None else self.pack_of(desk, self.route.clock())
        if pack is None or (verb == Verb.APPROVE and request is not None):
            return ()
        return pack.reasons.get(Verb.HIDE if verb == Verb.APPROVE else verb, ())

    def _check_code(self, file: File, verb: Verb, code: str, request: Decision | None) -> None:
        codes = self._codes(file, verb, request)
        if code == "" and not codes:
            return
        if not codes:
            raise NotAllowed(_NO_CODE.format(verb=_spoken(verb)))
        if code not in {each.id for each in codes}:
            listed = "; ".join(f"{each.id} ({each.says})" for each in codes)
            raise NotAllowed((_WHICH_CODE if code else _NEEDS_CODE).format(verb=_spoken(verb), code=code, codes=listed))

    def _check(self, file: File, verb: Verb, voice: Voice, request: Decision | None) -> None:
        case = file.case
        if case.page not in self.route.desks:
            raise NotAllowed(f'page "{case.page}" is not in pages.yaml any more; put it back to decide its cases.')
        desk = self.route.desks[case.page]
        if verb not in _FROM:
            raise NotAllowed(_NOT_A_DECISION.format(verb=_spoken(verb)))
        self._check_person(desk, verb, voice, request)
        if voice.stand and voice.stand != file.stand:
            raise NotAllowed(_STALE.format(case=case.case_id, how=_how(file)))
        if case.status not in _FROM[Verb.REMOVE if verb == Verb.APPROVE and request is not None else verb]:
            raise NotAllowed(_WRONG_STATUS.format(case=case.case_id, status=case.status, verb=_spoken(verb)))
        _check_evidence(file, verb, desk)
        _check_hands(file, verb, desk, request)

    def _check_person(self, desk: Desk, verb: Verb, voice: Voice, request: Decision | None) -> None:
        second = verb == Verb.APPROVE and request is not None
        refused = self.why_not_second(voice, Verb.REMOVE, desk) if second else self.why_not(voice, verb, desk)
        if refused is not None:
            raise NotAllowed(refused)
        if not second or request is None:
            return
        if voice.account == request.account:
            raise NotAllowed("a second approval never comes from the account that asked; another person must approve.")
        if voice.person.id == request.person:
            raise NotAllowed(f"{voice.person.id} asked for the removal; another person must approve it.")


def _check_evidence(file: File, verb: Verb, desk: Desk) -> None:
    if verb not in _NEEDS_EVIDENCE:
        return
    if desk.withheld is not None:
        raise NotAllowed(desk.withheld)
    if file.evidence is None:
        raise NotAllowed(f"case {file.case.case_id} has no sealed evidence yet; nothing is done without it.")
    if desk.page.mode is Mode.OBSERVE:
        raise NotAllowed(
            f'page "{desk.page.slug}" is in observe, where nothing is changed on the platform; set its mode to assist.'
        )


def _check_hands(file: File, verb: Verb, desk: Desk, request: Decision | None) -> None:
    case_id = file.case.case_id
    if verb == Verb.KEEP and file.comment.visibility == Visibility.HIDDEN_BY_CITY:
        raise NotAllowed(f"the comment of case {case_id} is hidden; `beadle restore` shows it again.")
    proposed = verb == Verb.APPROVE and request is None and file.case.status != CaseStatus.HIDDEN
    if (verb in (Verb.HIDE, Verb.RESTORE) or proposed) and desk.hider is None:
        raise NotAllowed(cannot_hide(desk))
    if verb == Verb.REMOVE and desk.remover is None:
        raise NotAllowed(f"{file.comment.platform} can't remove other people's comments; do it on the platform.")
    if verb == Verb.REMOVE and request is not None:
        raise NotAllowed(f"a removal is asked for already; `beadle approve {case_id}` by somebody else does it.")


def in_force(shelf: Callable[[str, datetime], PolicyPack]) -> Callable[[Desk, datetime], PolicyPack | None]:
    """The policy of a page that is in force at a time, from a shelf's ``in_force``; ``None`` before the first."""

    def pack_of(desk: Desk, at: datetime) -> PolicyPack | None:
        try:
            return shelf(desk.page.policy, at)
        except PolicyError:
            return None

    return pack_of


_STALE = "case {case} has changed since you saw it: {how}; look again, then decide."
_IS_NOW = "it is {status} now"
_SAID = "{person} said {verb}, and it is {status} now"
_NOT_A_DECISION = '"{verb}" is nothing that is decided on a case; `beadle --help` lists what is.'
UNDO = "undo"
"""The code of a case that was taken back with all that a rule did (``bot.undoing``), whatever the policy lists."""

_NO_CODE = 'the policy of this page lists no reasons for "{verb}"; leave the code out, and give the reason in words.'
_NEEDS_CODE = 'the policy of this page wants one of its reasons for "{verb}": {codes}.'
_WHICH_CODE = 'the policy of this page has no reason "{code}" for "{verb}"; choose one of: {codes}.'
_ASK_SECOND = "Removal can't be undone, so it takes two people: now somebody else runs `beadle approve {case}`."
_WRONG_STATUS = "case {case} is {status}, so there is nothing to {verb}; `beadle show {case}` tells how it stands."
_DONE: dict[Verb, str] = {
    Verb.KEEP: "Stays up. Nothing acts on these words by rule any more.",
    Verb.HIDE: "Will be hidden.",
    Verb.RESTORE: "Will be shown again; its strike is void.",
    Verb.REMOVE: _ASK_SECOND,
    Verb.APPROVE: "Approved.",
    Verb.BY_HAND: "Recorded as done by hand.",
    Verb.ESCALATE: "Escalated: those in charge are told.",
    Verb.CONTEST: "The rule is contested; the case stands as it stood.",
}


def _answer(decision: int, case_id: str, verb: Verb, again: bool = False) -> Answer:
    return Answer(decision, case_id, verb, verb == Verb.REMOVE, _DONE[verb].format(case=case_id), again)


def _decision(case_id: str, verb: Verb, voice: Voice, reason: str, code: str, now: datetime) -> Decision:
    return Decision(
        case_id=case_id,
        verb=verb,
        person=voice.person.id,
        account=voice.account,
        roles=voice.roles,
        reason=reason,
        code=code,
        door=voice.door,
        saw=voice.saw,
        press=voice.press or None,
        at=now,
    )


def _how(file: File) -> str:
    """How a case stands now, and who spoke last: an order to the platform may still be on its way."""
    status = file.case.status
    last = file.settling[-1] if file.settling else None
    if last is None:
        return _IS_NOW.format(status=status)
    return _SAID.format(person=last.person, verb=_spoken(Verb(last.verb)), status=status)


def _spoken(verb: Verb) -> str:
    return verb.value.replace("_", " ")


def _open_request(file: File) -> Decision | None:
    """A removal that waits for its second person: asked last, and neither approved nor overtaken."""
    last = file.settling[-1] if file.settling else None
    return last if last is not None and last.verb == Verb.REMOVE else None
