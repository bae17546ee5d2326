"""While Slack is away, people hear of cases by mail: of urgent ones at once, of the others after ten minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.desk import Desk
from bot.ledger import cases, gatherings, letters, untold
from bot.ledger.cases import File
from bot.notify.alert_mail import AlertMail, compose_alert
from bot.notify.alerts import Alert
from bot.notify.case_facts import CALLS_FOR_PEOPLE
from bot.tell.many import Summing
from bot.tell.wishes import Wishes

KIND = "alert"
LATE_AFTER = timedelta(minutes=10)
"""So long is Slack waited for with what is not urgent, and so far apart are the mails of one page."""

_MOST_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class ByMail:
    """Writes letters in the caller's transaction; whoever has the mail in hand sends them."""

    desks: Mapping[str, Desk]
    alert: Callable[[Desk, File, Session], Alert]
    wishes: Wishes
    summing: Summing

    def urgent(self, session: Session, case_id: str, because: str, now: datetime) -> None:
        """One letter for an urgent case that still calls for people, however often this is asked."""
        file = cases.open_file(session, case_id)
        desk = self.desks.get(file.case.page)
        if not file.case.urgent or desk is None:
            return
        alert = self.alert(desk, file, session)
        if alert.standing in CALLS_FOR_PEOPLE:
            key = f"{KIND}:{case_id}"
            self._write(session, key, desk, AlertMail(self.wishes.city, desk.page.name, because, (alert,)), now)
            untold.mailed(session, [case_id], key)

    def all_of(self, session: Session, page: str, because: str, now: datetime) -> None:
        """One letter for all of a page that nobody was told of; at most one in ten minutes."""
        desk, waiting = self.desks.get(page), untold.unmailed(session, page)
        failing = gatherings.failing(session, page)
        if desk is None or not (waiting or failing):
            return
        mail = AlertMail(
            self.wishes.city,
            desk.page.name,
            because,
            tuple(self.alert(desk, cases.open_file(session, each), session) for each in waiting[:_MOST_AT_ONCE]),
            tuple(self.summing(session, row, desk) for row in failing),
            more=max(len(waiting) - _MOST_AT_ONCE, 0),
        )
        key = f"{KIND}:{page}:{int(now.timestamp() // LATE_AFTER.total_seconds())}"
        if self._write(session, key, desk, mail, now):
            untold.mailed(session, waiting, key)
            for row in failing:
                gatherings.mailed(session, row)

    def _write(self, session: Session, key: str, desk: Desk, mail: AlertMail, now: datetime) -> bool:
        to = self.wishes.told_by_mail(desk.page.slug, urgent=mail.is_urgent)
        if self.wishes.sender is None or not to:
            return False
        return letters.put(session, key, KIND, compose_alert(mail, self.wishes.sender, to, key, now), to, now)
