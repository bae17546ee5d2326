"""What becomes of an appeal (FA-16): a person other than the first decides, in writing; nothing decides by itself.

A decision is one commit: the appeal, and where it is upheld the order to show the comment again and the void strike.
What follows from it (the letter once the platform shows the comment, the end of the hold, the seals) is done by
``finish``, which looks at what stands and may run as often as it likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.authority import Verb
from bot.errors import EvidenceError, NotAllowed
from bot.evidence.canonical import utc
from bot.ledger import acts, cases, letters, residents
from bot.ledger.cases import File
from bot.ledger.tables import Appeal, AppealStatus, CaseStatus, Decision
from bot.moderation.pack import PolicyPack
from bot.notify.email import message_id
from bot.notify.quoted import one_line, visible
from bot.pages import City
from bot.pipeline import Route
from bot.residents import wording
from bot.residents.appeals import ANSWERED, NO_REASON, languages
from bot.residents.received import is_address, plain_mail
from bot.review import Review
from bot.voice import Voice
from connectors.contract import Visibility

log = structlog.get_logger(__name__)

NOT_MATCHED = "nobody has said yet which case appeal {number} is about; `beadle appeals match {number} --case ID` does."
NOT_OTHER = "{person} can't answer appeal {number}, having taken part in what it is against ({why}); another must."
AWAY = 'page "{page}" is not in pages.yaml any more; put it back to answer its appeals.'
UPHELD = "Upheld. The comment will be shown again and its strike is void; the answer is written once it is seen."
UPHELD_NOTHING = "Upheld. Its strike is void. Nothing is hidden by Beadle there now; the answer says so."
DENIED = "Denied. The decision stands; the written answer is on its way."
DENIED_BY_HAND = "Denied. The decision stands. No address is known: tell the person, `beadle appeals show {number}`."
ALREADY = "Recorded before: appeal {number} is {status}."
SUBJECT = "The answer to your appeal {number}"
ROLES = "an officer of the city"
BY_HAND = "by hand"

_NOT_SHOWN = {
    CaseStatus.REMOVED: "It was removed from the platform for good before your appeal was decided.",
    CaseStatus.GONE: "It is not on the platform any more, and it was not the city that took it away then.",
    CaseStatus.BY_HAND: "It was hidden on the platform by hand, and the city shows it again there by hand.",
}
_NOT_HIDDEN = "It is not hidden by the city now."


@dataclass(frozen=True, slots=True)
class Answered:
    """What was recorded. ``again``: it was recorded before."""

    number: str
    status: str
    sentence: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Deciding:
    """Takes people's decisions on appeals, and finishes what follows from them."""

    route: Route
    review: Review
    city: City
    packs: Sequence[PolicyPack]
    sender: str | None

    def decide(self, number: str, *, uphold: bool, voice: Voice, reason: str) -> Answered:
        """Record a decision and order what follows. Raises ``NotAllowed``; then nothing is recorded."""
        wanted = AppealStatus.UPHELD if uphold else AppealStatus.DENIED
        with Session(self.route.writing) as session, session.begin():
            appeal = residents.hold_still(session, number)
            if appeal.status == wanted and appeal.decided_by == voice.person.id:
                sentence = ALREADY.format(number=appeal.number, status=appeal.status)
                return Answered(appeal.number, appeal.status, sentence, again=True)
            file = self._file(session, appeal)
            self._check(session, appeal, file, voice, reason)
            self._decided(session, appeal, wanted, voice, reason)
            sentence = self._uphold(session, appeal, file, voice) if uphold else self._deny(session, appeal, file)
            self._note(session, appeal, voice, reason)
            return Answered(appeal.number, wanted, sentence)

    def finish(self, now: datetime) -> None:
        """Do what follows from decisions, and seal what happened. Called every minute or so; twice is once."""
        with Session(self.route.reading) as session:
            open_ones = [each.number for each in residents.unfinished(session)]
        for number in open_ones:
            with Session(self.route.writing) as session, session.begin():
                self._finish(session, residents.hold_still(session, number), now)
        self._seal()

    def why_not_other(self, session: Session, appeal: Appeal, file: File, voice: Voice) -> str | None:
        """What this person, or this account, had to do with what the appeal is against; ``None``: nothing."""
        took_part = residents.deciders(session, file)
        return took_part.get(voice.person.id) or took_part.get(voice.account)

    # ── deciding

    def _file(self, session: Session, appeal: Appeal) -> File:
        if appeal.status not in residents.OPEN:
            raise NotAllowed(ANSWERED.format(number=appeal.number, status=appeal.status))
        if appeal.case_id is None:
            raise NotAllowed(NOT_MATCHED.format(number=appeal.number))
        cases.hold(session, appeal.case_id)
        return cases.open_file(session, appeal.case_id)

    def _check(self, session: Session, appeal: Appeal, file: File, voice: Voice, reason: str) -> None:
        desk = self.route.desks.get(file.case.page)
        if desk is None:
            raise NotAllowed(AWAY.format(page=file.case.page))
        refused = self.review.why_not(voice, Verb.DECIDE_APPEAL, desk)
        if refused is not None:
            raise NotAllowed(refused)
        why = self.why_not_other(session, appeal, file, voice)
        if why is not None:
            raise NotAllowed(NOT_OTHER.format(person=voice.person.id, number=appeal.number, why=why))
        if not reason.strip():
            raise NotAllowed(NO_REASON)

    def _decided(self, session: Session, appeal: Appeal, status: AppealStatus, voice: Voice, reason: str) -> None:
        appeal.status, appeal.reason, appeal.decided_at = status, reason, self.route.clock()
        appeal.decided_by, appeal.decided_account, appeal.decided_roles = voice.person.id, voice.account, voice.roles
        session.add(appeal)
        session.flush()

    def _uphold(self, session: Session, appeal: Appeal, file: File, voice: Voice) -> str:
        now = self.route.clock()
        acts.void(session, file.case.case_id, now)
        if file.case.status != CaseStatus.HIDDEN and file.comment.visibility != Visibility.HIDDEN_BY_CITY:
            return UPHELD_NOTHING
        # A person's decision like any other: final for these words, carried out with the same care, and sealed.
        row = Decision(
            case_id=file.case.case_id,
            verb="restore",
            person=voice.person.id,
            account=voice.account,
            roles=voice.roles,
            reason=f"{appeal.number} upheld: {appeal.reason}",
            door=voice.door,
            saw=voice.saw,
            press=f"appeal:{appeal.number}",
            at=now,
        )
        session.add(row)
        session.flush()
        appeal.decision = row.id
        session.add(appeal)
        self.route.orders.place(session, "carry_out", str(row.id), 1)
        return UPHELD

    def _deny(self, session: Session, appeal: Appeal, file: File) -> str:
        self._close(session, appeal, file, None, "")
        return DENIED if appeal.told != BY_HAND else DENIED_BY_HAND.format(number=appeal.number)

    def _note(self, session: Session, appeal: Appeal, voice: Voice, reason: str) -> None:
        assert appeal.decided_at is not None
        facts = {
            "appeal": appeal.status,
            "number": appeal.number,
            "by": voice.person.id,
            "roles": voice.roles,
            "account": voice.account,
            "reason": reason,
            "decided_at": utc(appeal.decided_at),
            "decision": appeal.decision,
        }
        residents.note(session, appeal.number, appeal.case_id, "appeal", facts, appeal.decided_at)

    # ── finishing

    def _finish(self, session: Session, appeal: Appeal, now: datetime) -> None:
        """The letter, once the comment is seen again or it is certain that it won't be; and the end of the hold."""
        if appeal.closed_at is not None or appeal.case_id is None or appeal.decided_at is None:
            return
        if not residents.is_carried_out(session, appeal.decision):
            return
        file = cases.open_file(session, appeal.case_id)
        shown = None
        if appeal.decision is not None:
            act = residents.last_showing(session, appeal.case_id, appeal.decided_at)
            shown = act.done_at if act is not None else None
            if shown is None and file.case.status == CaseStatus.HIDDEN:
                return  # the platform refused; a person sees it in the case and in the list of appeals
        why_not = "" if shown else _NOT_SHOWN.get(CaseStatus(file.case.status), _NOT_HIDDEN)
        self._close(session, appeal, file, shown, why_not)
        facts = {"appeal": "answered", "number": appeal.number, "shown_at": None if shown is None else utc(shown)}
        residents.note(session, appeal.number, appeal.case_id, "appeal", facts | {"told": _how(appeal)}, now)

    def _close(self, session: Session, appeal: Appeal, file: File, shown: datetime | None, why_not: str) -> None:
        now = self.route.clock()
        appeal.told = self._write(session, appeal, file, shown, why_not, now) or BY_HAND
        appeal.closed_at = now
        session.add(appeal)
        session.flush()
        # A person decided the matter: that, and nothing else, ends its hold.
        residents.release_hold(session, appeal.number, file.case.case_id, appeal.decided_by or "", now)

    def _write(
        self, session: Session, appeal: Appeal, file: File, shown: datetime | None, why_not: str, now: datetime
    ) -> str | None:
        if self.sender is None or not is_address(appeal.contact):
            return None
        key = f"appeal:{appeal.number}:answer"
        identity = message_id(self.city.name, appeal.number, self.sender, "answer")
        subject = SUBJECT.format(number=appeal.number)
        text = self.answer(appeal, file, shown, why_not)
        mail = plain_mail(self.sender, appeal.contact, subject, text, identity, now)
        mail["Auto-Submitted"] = "no"
        if self.city.appeals_to:
            mail["Reply-To"] = self.city.appeals_to
        letters.put(session, key, "appeal", mail, (appeal.contact,), now)
        return key

    def answer(self, appeal: Appeal, file: File, shown: datetime | None = None, why_not: str = "") -> str:
        """The written outcome."""
        policy, clause = file.verdict.policy, file.verdict.clause
        return wording.letter(
            "outcome",
            languages(file),
            self.city,
            number=appeal.number,
            case=file.case.case_id,
            upheld=appeal.status == AppealStatus.UPHELD,
            decided=appeal.decided_at,
            roles=_office(appeal),
            shown=shown or "",
            why_not_shown=why_not,
            clause=one_line(clause),
            policy=one_line(f"{policy.slug} {policy.version}"),
            words=one_line(wording.clause_words(self.packs, policy, clause) or clause, limit=300),
            reason=visible(appeal.reason or ""),
        )

    def _seal(self) -> None:
        """Seal what happened with the case that it is about. What can't be sealed now is sealed later."""
        with Session(self.route.reading) as session:
            waiting = residents.unsealed(session)
        for event_id, case_id in waiting:
            try:
                self._seal_one(event_id, case_id)
            except EvidenceError as error:
                log.error("an appeal could not be sealed; it is tried again", case=case_id, because=error.sentence)
                return

    def _seal_one(self, event_id: int, case_id: str) -> None:
        with Session(self.route.reading) as session:
            event = residents.event(session, event_id)
            file = cases.open_file(session, case_id)
            facts = {**event.facts, "at": utc(event.at)}
        if file.evidence is not None:
            key = f"appeal:{event.number}:{event_id}"
            self.route.archive.supplement(file.evidence.package_id, key, event.kind, facts)
        with Session(self.route.writing) as session, session.begin():
            done = residents.event(session, event_id)
            done.sealed_at = self.route.clock()
            session.add(done)


def _office(appeal: Appeal) -> str:
    """In which office it was decided: an office answers, not a name."""
    return (appeal.decided_roles or "").replace("_", " ") or ROLES


def _how(appeal: Appeal) -> str:
    return "no letter: no address or no mail server" if appeal.told == BY_HAND else "by letter"
