"""The stage that tells: it decides where a case is told of, posts or brings up to date, and looks before it posts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, backoff
from bot.desk import Desk
from bot.ledger import cases, gatherings, untold
from bot.ledger.cases import File
from bot.ledger.tables import AlertRow
from bot.notify.alerts import Alert
from bot.notify.case_facts import CALLS_FOR_PEOPLE
from bot.notify.slack import MessageRef, SlackRefused, SlackUnavailable
from bot.notify.summaries import Summary
from bot.orders import Orders
from bot.outcomes import Told, told
from bot.tell.by_mail import LATE_AFTER, ByMail
from bot.tell.gather import order_close, order_now
from bot.tell.place import place_of
from bot.tell.wishes import Wishes

log = structlog.get_logger(__name__)

NO_SLACK = "Slack is not configured."
_NO_OUTAGE_S = 60.0
_SHORTEST_WAIT_S = 15.0


class Notifier(Protocol):
    """Tells people of a case, once, and of many cases in one message."""

    def find(self, case_id: str, channel: str | None = None) -> MessageRef | None: ...

    def recall(self, case_id: str, channel: str | None = None) -> MessageRef | None: ...

    def post(self, alert: Alert, picture: bytes | None, channel: str | None = None) -> MessageRef: ...

    def update(self, ref: MessageRef, alert: Alert) -> None: ...

    def call(self, ref: MessageRef, alert: Alert) -> None: ...

    def gather(self, summary: Summary, channel: str | None = None, ref: MessageRef | None = None) -> MessageRef: ...


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells of one case. Every part may run twice; the second run finds what the first one posted."""

    desks: Mapping[str, Desk]
    reading: sa.Engine
    notifier: Notifier | None
    orders: Orders
    alert: Callable[[Desk, File, Session], Alert]
    picture: Callable[[File], bytes | None]
    clock: Callable[[], datetime]
    wishes: Wishes
    mail: ByMail

    def tell(self, case_id: str) -> Told:
        """Post the case's message or bring it up to date, or say which gathering tells of it."""
        if self.notifier is None:
            return told("off", NO_SLACK)
        with Session(self.reading) as session:
            file = cases.open_file(session, case_id)
            desk = self.desks.get(file.case.page)
            if desk is None:
                return told("later", AWAY.format(page=file.case.page), retry_s=LONGEST_RETRY_S)
            late = untold.is_late(session, case_id)
            joined = self._gathers(session, file, desk, late)
            if joined is not None:
                return joined
            alert = self.alert(desk, file, session)
        try:
            return self._post_or_update(file, desk, alert, self.notifier)
        except SlackUnavailable as error:
            wait = error.retry_after or backoff(file.case.failures)
            down = error.retry_after is None or error.retry_after > _NO_OUTAGE_S
            return told("later", error.sentence, retry_s=wait, down=down)
        except SlackRefused as error:
            log.error("Slack refused an alert", case=case_id, because=error.sentence)
            return told("later", error.sentence, retry_s=LONGEST_RETRY_S, down=True)

    def record(self, session: Session, case_id: str, outcome: Told) -> None:
        """The message, or the place in a gathering, becomes a fact; what could not be sent becomes a later order."""
        cases.hold(session, case_id)
        if outcome["status"] == "later":
            self._later(session, case_id, outcome)
        elif outcome["status"] == "gathers":
            self._gather(session, case_id, outcome)
        elif outcome["status"] == "told":
            self._told(session, case_id, outcome)
        else:
            self.mail.urgent(session, case_id, outcome["because"], self.clock())

    # ── where it is told of ──────────────────────────────────────────────────────────────────────────────────────

    def _gathers(self, session: Session, file: File, desk: Desk, late: bool) -> Told | None:
        """The gathering that tells of this case; ``None`` when it has, or gets, a message of its own."""
        if file.alert is not None:
            stays = file.alert.gathering is not None and not file.case.urgent
            return told("gathers") if stays else None
        now = self.clock()
        place = place_of(session, file, desk, self.desks, self.wishes, now)
        if place is None or self._stands_already(file, desk, late):
            return None
        due_at = place.due_at.isoformat()
        return told("gathers", clause=file.verdict.clause, gathering=place.key, due_at=due_at)

    def _stands_already(self, file: File, desk: Desk, late: bool) -> bool:
        """Whether a message was posted for it that we don't know of: the answer was lost, or the process died."""
        assert self.notifier is not None
        look = self.notifier.find if late else self.notifier.recall
        try:
            return look(file.case.case_id, desk.page.slack_channel) is not None
        except (SlackUnavailable, SlackRefused):
            return False

    def _post_or_update(self, file: File, desk: Desk, alert: Alert, notifier: Notifier) -> Told:
        ref, channel = _own_message(file), desk.page.slack_channel
        ref = ref or notifier.find(file.case.case_id, channel)
        calls = bool(alert.urgent and alert.call)
        if ref is None:
            ref = notifier.post(alert, self.picture(file) if alert.shows_picture else None, channel)
        else:
            notifier.update(ref, alert)
            called = file.alert is not None and file.alert.called_at is not None
            calls = calls and not called and alert.standing in CALLS_FOR_PEOPLE
            if calls:
                notifier.call(ref, alert)
        return told("told", channel=ref.channel, message=ref.ts, clause=file.verdict.clause, called=calls)

    # ── what became of it ────────────────────────────────────────────────────────────────────────────────────────

    def _told(self, session: Session, case_id: str, outcome: Told) -> None:
        now, row = self.clock(), session.get(AlertRow, case_id)
        left = row.gathering if row is not None else None
        if row is None:
            row = AlertRow(case_id=case_id, channel="", message="", at=now, clause=outcome.get("clause", ""))
        if left is not None or not row.message:
            row.channel, row.message, row.gathering = outcome["channel"], outcome["message"], None
        if outcome.get("called") and row.called_at is None:
            row.called_at = now
        session.add(row)
        session.flush()
        if left is not None:
            # It became urgent and stands alone now, so that message counts one less.
            gatherings.touch(session, left)
            order_now(self.orders, session, left)
        untold.told(session, case_id)
        if self.wishes.is_quiet(now):
            self.mail.urgent(session, case_id, "", now)

    def _gather(self, session: Session, case_id: str, outcome: Told) -> None:
        now, row = self.clock(), session.get(AlertRow, case_id)
        if row is None:
            page, due_at = cases.page_of(session, case_id), datetime.fromisoformat(outcome["due_at"])
            key, clause = outcome["gathering"], outcome["clause"]
            gathering, opened = gatherings.join(session, key, case_id, page, clause, now, due_at)
            number = gatherings.number_of(gathering)
            if opened:
                order_close(self.orders, session, gathering, now)
            order_now(self.orders, session, number, wait_s=(due_at - now).total_seconds())
        elif row.gathering is not None:
            gatherings.touch(session, row.gathering)
            order_now(self.orders, session, row.gathering)
        untold.told(session, case_id)

    def _later(self, session: Session, case_id: str, outcome: Told) -> None:
        now, case = self.clock(), cases.open_file(session, case_id).case
        case.failures += 1
        session.add(case)
        delay = outcome["retry_s"]
        if outcome.get("down"):
            since = untold.note(session, case_id, case.page, outcome["because"], now).since
            delay = self._make_up(session, case_id, case.page, since, outcome, now)
        self.orders.place(session, "tell", case_id, cases.next_order(session, case_id), delay_s=delay)
        log.warning("will try again", case=case_id, stage="tell", in_seconds=round(delay), because=outcome["because"])

    def _make_up(
        self, session: Session, case_id: str, page: str, since: datetime, outcome: Told, now: datetime
    ) -> float:
        """Urgent cases go by mail at once, the others when Slack was away for long; the seconds to the next try."""
        self.mail.urgent(session, case_id, outcome["because"], now)
        left = (since + LATE_AFTER - now).total_seconds()
        if self.wishes.sender is None:
            return outcome["retry_s"]
        if left <= 0:
            self.mail.all_of(session, page, outcome["because"], now)
            return outcome["retry_s"]
        return min(outcome["retry_s"], max(left, _SHORTEST_WAIT_S))


def _own_message(file: File) -> MessageRef | None:
    if file.alert is None or file.alert.gathering is not None:
        return None
    return MessageRef(channel=file.alert.channel, ts=file.alert.message)
