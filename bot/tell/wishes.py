"""How the city wants to be told: when it is quiet, how much is too much, who is on call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

from bot.notify.email import SENDER
from bot.pages import City
from bot.people import DECIDERS, People, Person, Role
from bot.settings import Settings

_MINUTE = timedelta(minutes=1)
_LONGEST = 2 * 24 * 60


@dataclass(frozen=True, slots=True)
class Wishes:
    """``quiet_hours``: from, to, by the city's clock; ``alerts_an_hour``: the most messages of single cases in one
    channel. ``sender``: the address that mail comes from, ``None`` where no mail is sent. ``answers``: presses in Slack
    are received."""

    city: str = ""
    timezone: tzinfo = UTC
    quiet_hours: tuple[time, time] | None = None
    alerts_an_hour: int = 20
    people: People = field(default_factory=lambda: People(()))
    sender: str | None = None
    answers: bool = False

    def is_quiet(self, now: datetime) -> bool:
        """Whether it is night for whoever is not on call."""
        if self.quiet_hours is None:
            return False
        begin, end = self.quiet_hours
        at = now.astimezone(self.timezone).time()
        return begin <= at < end if begin <= end else at >= begin or at < end

    def morning(self, now: datetime) -> datetime:
        """When the quiet hours end that it is in: ``now`` where it is not quiet."""
        # Minute by minute, not by the end's date and time: that one may not exist, or twice, where clocks are changed.
        at = now.astimezone(UTC)
        if self.is_quiet(at):
            at = at.replace(second=0, microsecond=0)
        for _ in range(_LONGEST):
            if not self.is_quiet(at):
                break
            at += _MINUTE
        return at

    def told_by_mail(self, page: str, *, urgent: bool) -> tuple[str, ...]:
        """The addresses of who looks after a page; of an urgent case also of who is on call there."""
        theirs = [each for each in self.people.people if each.has(page)]
        chosen = [each for each in theirs if Role.SMA in each.roles or (urgent and each.on_call)]
        return _addresses(chosen or [each for each in theirs if each.roles & DECIDERS])


def wishes_of(city: City, people: People, settings: Settings) -> Wishes:
    """What the configuration says of it."""
    return Wishes(
        city=city.name,
        timezone=city.timezone,
        quiet_hours=city.quiet_hours,
        alerts_an_hour=city.alerts_an_hour,
        people=people,
        sender=None if settings.smtp_url is None else settings.mail_from or SENDER,
        # Buttons that nobody listens to would be a promise that is not kept.
        answers=settings.slack_app_token is not None or settings.slack_listen is not None,
    )


def _addresses(people: list[Person]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.email for each in people))
