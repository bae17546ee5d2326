"""Tells people, once, what changed in what rules may do alone. What Slack does not take is told when it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlmodel import Session

from bot.ledger import trust
from bot.ledger.tables import RuleEvent
from bot.notify.slack import SlackRefused, SlackUnavailable
from bot.pipeline import Route

log = structlog.get_logger(__name__)


class Channel(Protocol):
    """Says one plain sentence in a channel, once for each key."""

    def say(self, channel: str | None, text: str, key: str) -> object: ...


@dataclass(frozen=True, slots=True)
class Proclaiming:
    """Says what is not said yet. Without Slack the log and the digest have it."""

    route: Route
    slack: Channel | None

    def see_to(self) -> int:
        """Tell what people have not been told; how many sentences were told now."""
        with Session(self.route.reading) as session:
            waiting = trust.untold(session)
        return sum(self._tell(event) for event in waiting)

    def _tell(self, event: RuleEvent) -> bool:
        desk = self.route.desks.get(event.page)
        if self.slack is not None and desk is not None:
            try:
                self.slack.say(desk.page.slack_channel, event.because, f"rule:{event.id}")
            except (SlackUnavailable, SlackRefused) as error:
                log.warning("a change of a rule can't be told yet", page=event.page, because=error.sentence)
                return False
        log.warning("what a rule may do has changed", page=event.page, rule=event.rule, what=event.what)
        with Session(self.route.writing) as session, session.begin():
            trust.told(session, event.id or 0, self.route.clock())
        return True
