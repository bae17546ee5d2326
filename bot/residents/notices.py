"""Notices to accounts (FA-15): drafted with each act, sent by a person's press, sealed as they were sent.

Never in public, never by itself, never twice: what may have arrived is left to a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, backoff
from bot.authority import Verb
from bot.desk import Desk
from bot.errors import EvidenceError, NotAllowed
from bot.evidence.canonical import utc
from bot.ledger import cases, notices, switches
from bot.ledger.cases import File
from bot.ledger.tables import Act, Notice, NoticeStatus
from bot.moderation.pack import PolicyPack
from bot.pages import City
from bot.pipeline import Route
from bot.residents import wording
from bot.review import Review
from bot.voice import Voice
from connectors.contract import (
    ConnectorError,
    Exchange,
    Gone,
    InDoubt,
    RateLimited,
    Unavailable,
    Unsupported,
)

log = structlog.get_logger(__name__)

NO_NOTICE = "nothing was done on the platform in case {case}, so there is nothing to give notice of."
STALE = "case {case} has changed since you saw it; look again, then send."
NOT_DRAFTED = {
    NoticeStatus.NOT_POSSIBLE: "a notice in case {case} is not possible: {because}",
    NoticeStatus.IN_DOUBT: "the notice in case {case} may have arrived, so it is not sent again: {because}",
}
UNDER_WAY = "The notice in case {case} is on its way already."
WAS_SENT = "The notice in case {case} was sent already, on {at:%Y-%m-%d %H:%M} UTC."
ON_ITS_WAY = "The notice is on its way to the account; `beadle notices --all` tells whether it arrived."
AN_EARLIER_TRY = "An earlier try was cut off and may have arrived; look in the page's inbox before you write by hand."
NO_HAND = "The connection to the platform sends no private message."
PAUSED = "Everything is paused ({scope}); the notice waits."

_PAUSED_S = 60.0
_MOST_TRIES = 20
TIRED = "It could not be sent in {tries} tries: {because} Send it again once that is mended."


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice as it would be sent now. ``why_not``: why it can't be sent; then ``text`` may be written by hand."""

    case_id: str
    kind: str
    status: str
    text: str
    languages: tuple[str, ...]
    why_not: str
    shown: str

    @property
    def sha256(self) -> str:
        """The digest of its words."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sending:
    """What was recorded. ``again``: it was on its way before."""

    case_id: str
    act_key: str
    sentence: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Notices:
    """Drafts, takes the press that sends, and sends."""

    route: Route
    review: Review
    city: City
    packs: Sequence[PolicyPack]

    def draft(self, case_id: str) -> Draft:
        """What the account would be told now of what was done last. Raises ``NotAllowed`` where nothing was done."""
        with Session(self.route.reading) as session:
            file = cases.open_file(session, case_id)
            row = _newest(session, case_id)
            act = session.get_one(Act, row.act_key)
        desk = self.route.desks.get(file.case.page)
        text, languages = self._words(file, row, act, row.ordered_at or self.route.clock(), desk)
        why_not = row.because if row.status in NOT_DRAFTED else _withheld(desk)
        return Draft(case_id, row.kind, row.status, text, languages, why_not, wording.quoted(file))

    def send(self, case_id: str, voice: Voice) -> Sending:
        """A person sends the notice. Raises ``NotAllowed`` with what to do instead; then nothing is recorded."""
        with Session(self.route.writing) as session, session.begin():
            cases.hold(session, case_id)
            file = cases.open_file(session, case_id)
            row = _newest(session, case_id)
            self._check(file, row, voice)
            if row.status in (NoticeStatus.ORDERED, NoticeStatus.SENT):
                return Sending(case_id, row.act_key, _already(row), again=True)
            number = notices.order(session, row.act_key, voice, self.route.clock())
            if number is None:
                return Sending(case_id, row.act_key, UNDER_WAY.format(case=case_id), again=True)
            self.route.orders.place(session, "notice", row.act_key, number)
            return Sending(case_id, row.act_key, ON_ITS_WAY)

    # ── the stage

    def case_of(self, act_key: str) -> str | None:
        """The case that a notice is about."""
        with Session(self.route.reading) as session:
            row = session.get(Notice, act_key)
            return None if row is None else row.case_id

    def deliver(self, act_key: str) -> dict[str, Any]:
        """Send it. May run twice: what a first run handed to the platform is not sent a second time."""
        with Session(self.route.reading) as session:
            row = notices.find(session, act_key)
            file = cases.open_file(session, row.case_id)
            act = session.get_one(Act, act_key)
            paused = switches.thrown(session, file.case.page)
        desk = self.route.desks.get(file.case.page)
        if row.status != NoticeStatus.ORDERED:
            return _outcome("overtaken", row.because)
        if desk is None:
            return _outcome("later", AWAY.format(page=file.case.page), retry_s=LONGEST_RETRY_S)
        if paused is not None:
            return _outcome("later", PAUSED.format(scope=paused.scope), retry_s=_PAUSED_S)
        try:
            return self._deliver(file, row, act, desk)
        except EvidenceError as error:
            return _outcome("later", error.sentence, retry_s=backoff(row.failures))

    def record(self, session: Session, act_key: str, done: dict[str, Any]) -> None:
        """What came of it becomes a fact, and people are told of it with the case."""
        status, now = done["status"], self.route.clock()
        row = notices.find(session, act_key)
        if status == "overtaken" or row.status != NoticeStatus.ORDERED:
            return
        if status == "later" and row.failures < _MOST_TRIES:
            row = notices.again(session, act_key, done["because"])
            self.route.orders.place(session, "notice", act_key, row.orders, delay_s=done["retry_s"])
            log.warning("a notice waits", case=row.case_id, because=done["because"])
            return
        if status == "later":
            because = TIRED.format(tries=_MOST_TRIES, because=done["because"])
            notices.settle(session, act_key, NoticeStatus.DRAFTED, because, now)
        else:
            facts = {key: done[key] for key in ("lang", "sha256", "message") if done[key]}
            notices.settle(session, act_key, NoticeStatus(status), done["because"], now, **facts)
        self.route.orders.place(session, "tell", row.case_id, cases.next_order(session, row.case_id))

    # ── inside

    def _check(self, file: File, row: Notice, voice: Voice) -> None:
        case_id, desk = file.case.case_id, self.route.desks.get(file.case.page)
        if desk is None:
            raise NotAllowed(f'page "{file.case.page}" is not in pages.yaml any more; put it back to send its notices.')
        refused = self.review.why_not(voice, Verb.NOTIFY, desk) or _withheld(desk)
        if refused:
            raise NotAllowed(refused)
        if voice.stand and voice.stand != file.stand:
            raise NotAllowed(STALE.format(case=case_id))
        if row.status in NOT_DRAFTED:
            raise NotAllowed(NOT_DRAFTED[NoticeStatus(row.status)].format(case=case_id, because=row.because))

    def _words(
        self, file: File, row: Notice, act: Act, sent_at: datetime, desk: Desk | None
    ) -> tuple[str, tuple[str, ...]]:
        return wording.notice(
            file,
            self.city,
            self.packs,
            kind=row.kind,
            done_at=act.done_at,
            file_by=wording.deadline(sent_at, self.city.appeal_days, self.city.timezone),
            most=None if desk is None else desk.connector.capabilities.notice_most,
        )

    def _deliver(self, file: File, row: Notice, act: Act, desk: Desk) -> dict[str, Any]:
        if desk.replier is None:
            return self._came_to(file, row, NoticeStatus.NOT_POSSIBLE, NO_HAND)
        cut_off = row.tried_at is not None
        if cut_off and not desk.connector.capabilities.notice_told:
            return self._came_to(file, row, NoticeStatus.IN_DOUBT, AN_EARLIER_TRY)
        assert row.ordered_at is not None
        text, languages = self._words(file, row, act, row.ordered_at, desk)
        self._seal(file, row, f"notice:{row.act_key}", {"text": text, "languages": list(languages)})
        with Session(self.route.writing) as session, session.begin():
            notices.try_now(session, row.act_key, self.route.clock())
        said = {"lang": "+".join(languages), "sha256": hashlib.sha256(text.encode()).hexdigest()}
        try:
            reply = desk.replier.tell_privately(file.ref, text)
        except RateLimited as error:
            wait = max((error.until - self.route.clock()).total_seconds(), 1.0)
            return _outcome("later", error.sentence, retry_s=wait)
        except InDoubt as error:
            return self._came_to(file, row, NoticeStatus.IN_DOUBT, error.sentence, _heard(error), **said)
        except (Gone, Unsupported) as error:
            if cut_off:
                return self._came_to(file, row, NoticeStatus.IN_DOUBT, AN_EARLIER_TRY, _heard(error), **said)
            return self._came_to(file, row, NoticeStatus.NOT_POSSIBLE, error.sentence, _heard(error))
        except Unavailable as error:
            return _outcome("later", error.sentence, retry_s=backoff(row.failures))
        except ConnectorError as error:
            # A token or a right is missing: a person mends it and sends again.
            return _outcome(NoticeStatus.DRAFTED, error.sentence)
        return self._came_to(file, row, NoticeStatus.SENT, "", reply.exchanges, message=reply.message_id or "", **said)

    def _came_to(
        self,
        file: File,
        row: Notice,
        status: NoticeStatus,
        because: str,
        exchanges: Sequence[Exchange] = (),
        **said: str,
    ) -> dict[str, Any]:
        facts: dict[str, object] = {
            "notice_state": status.value,
            "notice_state_why": because or None,
            "message": said.get("message"),
        }
        try:
            self._seal(file, row, f"notice:{row.act_key}:{row.orders}:{status}", facts, exchanges)
        except EvidenceError as error:
            # What was sent is sent: it must not go out again because the disk is full.
            log.error("what came of a notice could not be sealed", case=row.case_id, because=error.sentence)
        return _outcome(status, because) | said

    def _seal(
        self, file: File, row: Notice, key: str, more: dict[str, object], exchanges: Sequence[Exchange] = ()
    ) -> None:
        if file.evidence is None:
            return
        facts: dict[str, object] = {
            "kind": row.kind,
            "act": row.act_key,
            "by": row.person,
            "roles": row.roles,
            "account": row.account,
            "door": row.door,
            "message_seen": row.saw or None,
            "ordered_at": None if row.ordered_at is None else utc(row.ordered_at),
        }
        self.route.archive.supplement(file.evidence.package_id, key, "notice", facts | more, exchanges)


def _newest(session: Session, case_id: str) -> Notice:
    row = notices.newest(session, case_id)
    if row is None:
        raise NotAllowed(NO_NOTICE.format(case=case_id))
    return row


def _already(row: Notice) -> str:
    if row.status == NoticeStatus.SENT:
        return WAS_SENT.format(case=row.case_id, at=row.sent_at)
    return UNDER_WAY.format(case=row.case_id)


def _withheld(desk: Desk | None) -> str:
    return "" if desk is None else desk.withheld or ""


def _heard(error: ConnectorError) -> tuple[Exchange, ...]:
    return () if error.exchange is None else (error.exchange,)


def _outcome(
    status: Literal["later", "overtaken"] | NoticeStatus,
    because: str,
    *,
    retry_s: float = 0.0,
    lang: str = "",
    sha256: str = "",
    message: str = "",
) -> dict[str, Any]:
    return {
        "status": str(status),
        "because": because,
        "retry_s": retry_s,
        "lang": lang,
        "sha256": sha256,
        "message": message,
    }
