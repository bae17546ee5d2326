"""Appeals (FA-16, FA-17): taken in by mail, form or clerk, numbered, matched to a case, held, acknowledged.

That something came in, which case it is about and until when it must be answered is bookkeeping, and happens by
itself. What becomes of it never does: ``bot.residents.deciding``.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.evidence.canonical import utc
from bot.ledger import cases, letters, residents
from bot.ledger.cases import File
from bot.ledger.residents import OpenAppeal
from bot.ledger.tables import Appeal, AppealStatus
from bot.notify.email import message_id
from bot.pages import City
from bot.pipeline import Route
from bot.residents import wording
from bot.residents.mailbox import Mail, Mailbox
from bot.residents.received import MOST_BYTES, Enclosed, Left, Received, plain_mail, read_mail
from bot.review import Review
from bot.voice import Voice

log = structlog.get_logger(__name__)

BEADLE = "beadle"
TOO_LARGE = "It has {size} bytes, which is more than is fetched; read it in the mailbox and enter it by hand."
NO_CASE = 'there is no case "{case}"; `beadle cases --all` lists those there are.'
NOTHING_TO_APPEAL = "nothing was hidden or removed in case {case}, so there is nothing to appeal there."
MATCHED = "appeal {number} is about case {case} already; `beadle appeals show {number}` has it."
ANSWERED = "appeal {number} is {status} already; `beadle appeals show {number}` has the answer."
NO_REASON = "say why, in a sentence: --reason is kept with the record."
SUBJECT_RECEIVED = "Your appeal {number} was received"

_MOST_ACKNOWLEDGEMENTS = 3
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """What something that came in became. ``new``: it was not known before."""

    number: str
    case_id: str | None
    new: bool
    late: bool
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Appeals:
    """Takes appeals in. ``sender``: the From address of our letters, ``None`` where the city has no mail server;
    ``folder``: where files that hang on a mail are kept."""

    route: Route
    review: Review
    city: City
    sender: str | None
    folder: Path

    # ── taking in

    def look(self, mailbox: Mailbox) -> int:
        """Take in every unseen mail; how many. A mail is marked as seen once what it became is committed."""
        return mailbox.unseen(MOST_BYTES, self._mail)

    def take_in(self, received: Received, voice: Voice | None = None) -> Taken:
        """Number it, match it, hold the record, acknowledge it: one commit. The same thing twice is one appeal.

        ``voice``: the clerk who enters it. Raises ``NotAllowed``; then nothing is recorded.
        """
        if voice is not None:
            self._may_enter(voice, received.case_id)
        kept = [self._keep(each) for each in received.enclosed]
        try:
            return self._take_in(received, kept, voice)
        except IntegrityError:
            # Somebody else took in the same thing at the same moment; now it is known.
            return self._take_in(received, kept, voice)

    def _take_in(self, received: Received, kept: list[dict[str, object]], voice: Voice | None) -> Taken:
        with Session(self.route.writing) as session, session.begin():
            known = residents.by_source(session, received.source)
            if known is not None:
                return Taken(known.number, known.case_id, False, known.late, known.acknowledged is not None)
            appeal = self._number(session, received, voice)
            appeal.attachments = kept
            session.add(appeal)
            session.flush()
            self._filed(session, appeal, received)
            case_id = received.case_id or residents.named_in(session, f"{received.subject}\n{received.words}")
            if case_id is not None and self._can_be_about(session, case_id, voice):
                self._match(session, appeal, case_id, BEADLE if voice is None else voice.person.id)
            self._acknowledge(session, appeal, received)
            return Taken(appeal.number, appeal.case_id, True, appeal.late, appeal.acknowledged is not None)

    def match(self, number: str, case_id: str, voice: Voice) -> Appeal:
        """A clerk says which case an appeal is about."""
        self._may_enter(voice, case_id)
        with Session(self.route.writing) as session, session.begin():
            appeal = residents.hold_still(session, number)
            if appeal.status != AppealStatus.UNMATCHED:
                sentence = MATCHED if appeal.status == AppealStatus.OPEN else ANSWERED
                raise NotAllowed(sentence.format(number=appeal.number, case=appeal.case_id, status=appeal.status))
            self._can_be_about(session, case_id, voice)
            self._match(session, appeal, case_id, voice.person.id)
            session.flush()
            session.expunge(appeal)
            return appeal

    def set_aside(self, number: str, voice: Voice, reason: str) -> None:
        """A person saw that it is no appeal: an advertisement, or the same thing a second time. Its hold ends."""
        if not reason.strip():
            raise NotAllowed(NO_REASON)
        now = self.route.clock()
        with Session(self.route.writing) as session, session.begin():
            appeal = residents.hold_still(session, number)
            self._may(voice, Verb.DECIDE_APPEAL, self._page(session, appeal.case_id))
            if appeal.status not in residents.OPEN:
                raise NotAllowed(ANSWERED.format(number=appeal.number, status=appeal.status))
            appeal.status, appeal.reason, appeal.closed_at = AppealStatus.SET_ASIDE, reason, now
            appeal.decided_by, appeal.decided_account = voice.person.id, voice.account
            appeal.decided_roles, appeal.decided_at = voice.roles, now
            session.add(appeal)
            facts = {"appeal": "set aside", "number": appeal.number, "by": voice.person.id, "roles": voice.roles}
            residents.note(session, appeal.number, appeal.case_id, "appeal", facts | {"reason": reason}, now)
            if appeal.case_id is not None:
                residents.release_hold(session, appeal.number, appeal.case_id, voice.person.id, now)

    # ── telling

    def waiting(self) -> list[OpenAppeal]:
        """What waits for an answer, without anything of the resident's."""
        with Session(self.route.reading) as session:
            return residents.open_appeals(session, self.route.clock())

    # ── inside

    def _mail(self, mail: Mail) -> bool:
        now = self.route.clock()
        if mail.raw is None:
            left: Received | Left = Left(f"mail:too large:{mail.uid}:{mail.size}", TOO_LARGE.format(size=mail.size))
        else:
            left = read_mail(mail.raw, now, self._own())
        if isinstance(left, Received):
            taken = self.take_in(left)
            log.info("appeal taken in", number=taken.number, case=taken.case_id, new=taken.new)
            return True
        with Session(self.route.writing) as session, session.begin():
            residents.leave_mail(session, left.source, left.because, now)
        log.warning("a mail in the appeals' mailbox is no appeal", because=left.because)
        return True

    def _own(self) -> frozenset[str]:
        sender = (self.sender or "").rpartition("<")[2].strip("<> ").lower()
        return frozenset(each.lower() for each in (sender, self.city.appeals_to or "") if each)

    def _number(self, session: Session, received: Received, voice: Voice | None) -> Appeal:
        now, zone = self.route.clock(), self.city.timezone
        year = now.astimezone(zone).year
        number, ordinal = residents.next_number(session, year)
        return Appeal(
            number=number,
            year=year,
            ordinal=ordinal,
            source=received.source,
            door=received.door,
            status=AppealStatus.UNMATCHED,
            received_at=received.received_at,
            entered_at=now,
            entered_by=None if voice is None else voice.person.id,
            answer_by=wording.deadline(received.received_at, self.city.answer_days, zone),
            contact=received.contact,
            subject=received.subject,
            words=received.words,
        )

    def _filed(self, session: Session, appeal: Appeal, received: Received) -> None:
        """What is sealed of it: when and how it came, and digests. Not who sent it, and none of its words."""
        facts = {
            "appeal": "filed",
            "number": appeal.number,
            "door": appeal.door,
            "received_at": utc(appeal.received_at),
            "answer_by": utc(appeal.answer_by),
            "entered_by": appeal.entered_by,
            "words_sha256": hashlib.sha256(received.words.encode("utf-8", "surrogatepass")).hexdigest(),
            "files": [{"sha256": each.sha256, "bytes": each.size} for each in received.enclosed],
        }
        residents.note(session, appeal.number, None, "appeal", facts, appeal.entered_at)

    def _can_be_about(self, session: Session, case_id: str, voice: Voice | None) -> bool:
        """Whether something was done there that can be appealed. A clerk is told why not; a mail waits for a clerk."""
        if not cases.exists(session, case_id):
            why = NO_CASE.format(case=case_id)
        elif residents.last_restriction(session, case_id) is None:
            why = NOTHING_TO_APPEAL.format(case=case_id)
        else:
            return True
        if voice is not None:
            raise NotAllowed(why)
        return False

    def _match(self, session: Session, appeal: Appeal, case_id: str, by: str) -> None:
        now, act = self.route.clock(), residents.last_restriction(session, case_id)
        assert act is not None
        since = max(act.done_at, residents.told_at(session, act.act_key) or act.done_at)
        appeal.case_id, appeal.status = case_id, AppealStatus.OPEN
        appeal.file_by = wording.deadline(since, self.city.appeal_days, self.city.timezone)
        appeal.late = appeal.received_at > appeal.file_by
        session.add(appeal)
        session.flush()
        residents.give_case(session, appeal.number, case_id)
        facts = {"appeal": "matched", "number": appeal.number, "by": by, "late": appeal.late}
        facts |= {"against": act.act_key, "file_by": utc(appeal.file_by)}
        residents.note(session, appeal.number, case_id, "appeal", facts, now)
        residents.place_hold(session, appeal.number, case_id, by, now)

    def _acknowledge(self, session: Session, appeal: Appeal, received: Received) -> None:
        """Say that it came in, and nothing else. Not to machines, and not without end to one address."""
        now = self.route.clock()
        if not received.address or self.sender is None:
            return
        if residents.acknowledged_since(session, received.contact, now - _A_DAY) >= _MOST_ACKNOWLEDGEMENTS:
            return
        file = None if appeal.case_id is None else cases.open_file(session, appeal.case_id)
        text = wording.letter(
            "received",
            languages(file),
            self.city,
            received=appeal.received_at,
            number=appeal.number,
            case=appeal.case_id,
            late=appeal.late,
            file_by=appeal.file_by or "",
            answer_by=appeal.answer_by,
        )
        key = f"appeal:{appeal.number}:received"
        identity = message_id(self.city.name, appeal.number, self.sender, "received")
        subject = SUBJECT_RECEIVED.format(number=appeal.number)
        mail = plain_mail(self.sender, received.address, subject, text, identity, now)
        mail["Auto-Submitted"] = "auto-replied"
        if self.city.appeals_to:
            mail["Reply-To"] = self.city.appeals_to
        if received.reply_to:
            mail["In-Reply-To"] = mail["References"] = received.reply_to
        letters.put(session, key, "appeal", mail, (received.address,), now)
        appeal.acknowledged = key
        session.add(appeal)
        session.flush()

    def _keep(self, enclosed: Enclosed) -> dict[str, object]:
        """Keep a file under its digest, for its owner alone. A name of a stranger's never becomes a path."""
        facts: dict[str, object] = {"name": enclosed.name, "bytes": enclosed.size, "sha256": enclosed.sha256}
        if enclosed.why_not_kept:
            return facts | {"why_not_kept": enclosed.why_not_kept}
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{enclosed.sha256}.bin"
        if not path.exists():
            part = self.folder / f".{enclosed.sha256}.{os.getpid()}"
            part.touch(mode=0o600)
            part.write_bytes(enclosed.data)
            part.replace(path)
        return facts | {"kept": path.name}

    def _may_enter(self, voice: Voice, case_id: str | None) -> None:
        page = None
        if case_id is not None:
            with Session(self.route.reading) as session:
                page = self._page(session, case_id)
        self._may(voice, Verb.ENTER_APPEAL, page)

    def _may(self, voice: Voice, verb: Verb, page: str | None) -> None:
        refused = self.review.why_not(voice, verb, None if page is None else self.route.desks.get(page))
        if refused is not None:
            raise NotAllowed(refused)

    def _page(self, session: Session, case_id: str | None) -> str | None:
        if case_id is None:
            return None
        if not cases.exists(session, case_id):
            raise NotAllowed(NO_CASE.format(case=case_id))
        return cases.open_file(session, case_id).case.page


def languages(file: File | None) -> tuple[str, ...]:
    """In which languages a letter is written: the comment's, or both."""
    return wording.LANGUAGES if file is None else wording.languages_of(file)


def sentence_of(appeal: OpenAppeal, now: datetime) -> str:
    """One line about an open appeal for a digest or a message: nothing of the resident's stands in it."""
    about = f"case {appeal.case_id}" if appeal.case_id else "no case yet"
    days = abs((appeal.answer_by - now).days if appeal.answer_by >= now else (now - appeal.answer_by).days)
    when = f"overdue by {days} days" if appeal.overdue else f"to be answered within {days} days"
    if days == 0:
        when = "overdue since today" if appeal.overdue else "to be answered today"
    late = ", filed late" if appeal.late else ""
    return f"{appeal.number} ({about}{late}): {when}."
