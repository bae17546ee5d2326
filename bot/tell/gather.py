"""The stage that keeps the one message of many cases up to date, and closes it when nothing comes any more.

Its orders are of two kinds: ``12``, tell what gathering 12 holds, of which one stands at a time; and ``12/close``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, backoff
from bot.desk import Desk
from bot.ledger import gatherings
from bot.ledger.tables import Gathering
from bot.notify.slack import MessageRef, SlackRefused, SlackUnavailable
from bot.notify.summaries import Summary
from bot.orders import Orders
from bot.tell.by_mail import LATE_AFTER, ByMail
from bot.tell.many import Summing

if TYPE_CHECKING:
    from bot.tell.stage import Notifier

log = structlog.get_logger(__name__)

EVERY_S = 10.0
"""The message is brought up to date at most so often."""

CLOSE = "/close"


def order_now(orders: Orders, session: Session, number: int, *, wait_s: float = 0.0) -> None:
    """Order that people are told of a gathering, unless that is ordered already."""
    order = gatherings.order(session, number)
    if order is not None:
        since_said = EVERY_S if gatherings.find(session, number).message else 0.0
        orders.place(session, "gather", str(number), order, delay_s=max(wait_s, since_said))


def order_close(orders: Orders, session: Session, row: Gathering, now: datetime) -> None:
    """Order that a gathering is closed when nothing has come for long enough."""
    number = gatherings.number_of(row)
    wait = max((gatherings.quiet_until(row) - now).total_seconds(), 1.0)
    order = gatherings.next_order(session, number)
    orders.place(session, "gather", f"{number}{CLOSE}", order, delay_s=wait)


@dataclass(frozen=True, slots=True)
class Gathers:
    """Tells of gatherings. ``summing`` puts the facts of one together, ``mail`` is written while Slack is away."""

    desks: Mapping[str, Desk]
    reading: sa.Engine
    notifier: Notifier | None
    orders: Orders
    clock: Callable[[], datetime]
    summing: Summing
    mail: ByMail
    # Two that post the same gathering at once would both look, find nothing, and both post.
    lock: Lock = field(default_factory=Lock)

    def tell(self, key: str) -> dict[str, Any]:
        """Post the message of a gathering, or bring it up to date. May run twice; the second run finds the message."""
        if key.endswith(CLOSE):
            return _done("closing")
        with self.lock:
            with Session(self.reading) as session:
                row = gatherings.find(session, int(key))
                desk = self.desks.get(row.page)
                if desk is None:
                    return _done("later", AWAY.format(page=row.page), retry_s=LONGEST_RETRY_S)
                early = (row.due_at - self.clock()).total_seconds()
                if early > 0:
                    return _done("early", retry_s=early)
                summary = self.summing(session, row, desk)
            if not summary.total and not row.message:
                return _done("shown", version=row.version)
            return self._say(row, desk, summary)

    def record(self, session: Session, key: str, done: dict[str, Any]) -> None:
        """What was shown becomes a fact; what came since is ordered, and what could not be sent is ordered again."""
        number, now = int(key.removesuffix(CLOSE)), self.clock()
        if done["status"] == "closing":
            self._close(session, number, now)
        elif done["status"] == "shown":
            if gatherings.shown(session, number, done["version"], done["channel"], done["message"]):
                order_now(self.orders, session, number, wait_s=EVERY_S)
        else:
            row = gatherings.not_shown(session, number, now, failed=done["down"])
            if row.failing_since is not None and row.failing_since + LATE_AFTER <= now:
                self.mail.all_of(session, row.page, done["because"], now)
            order_now(self.orders, session, number, wait_s=done["retry_s"])

    def _say(self, row: Gathering, desk: Desk, summary: Summary) -> dict[str, Any]:
        if self.notifier is None:
            return _done("shown", version=row.version)
        known = MessageRef(row.channel, row.message) if row.channel and row.message else None
        try:
            ref = self.notifier.gather(summary, desk.page.slack_channel, known)
        except SlackUnavailable as error:
            return _done("later", error.sentence, retry_s=error.retry_after or backoff(row.failures), down=True)
        except SlackRefused as error:
            log.error("Slack refused the message of a gathering", gathering=row.id, because=error.sentence)
            return _done("later", error.sentence, retry_s=LATE_AFTER.total_seconds(), down=True)
        return _done("shown", version=row.version, channel=ref.channel, message=ref.ts)

    def _close(self, session: Session, number: int, now: datetime) -> None:
        row = gatherings.find(session, number)
        if row.closed_at is not None:
            return
        if gatherings.quiet_until(row) > now:
            order_close(self.orders, session, row, now)
            return
        gatherings.close(session, number, now)
        order_now(self.orders, session, number)


def _done(
    status: str,
    because: str = "",
    *,
    version: int = 0,
    channel: str = "",
    message: str = "",
    retry_s: float = 0.0,
    down: bool = False,
) -> dict[str, Any]:
    return {
        "status": status,
        "because": because,
        "version": version,
        "channel": channel,
        "message": message,
        "retry_s": retry_s,
        "down": down,
    }
