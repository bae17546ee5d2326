"""What happens once a week: who heads a department is mailed what happened on its pages.

On Monday at the hour of the digest, about the week that ended the night before; one letter a person and week, however
often it is tried. After an outage the last whole week alone is told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlmodel import Session

from bot import daybook
from bot.app import Beadle
from bot.daily import hour_of
from bot.ledger import cases, letters, tallies
from bot.notify import weekly
from bot.notify.facts import WeekFacts
from bot.pages import City
from bot.people import People, Person, Role

log = structlog.get_logger(__name__)

_WEEK = timedelta(days=7)
_LISTED_WAITING = 10


@dataclass(slots=True)
class Weekly:
    """Sees to the weeklies. ``see_to`` is called every second or so and does nothing most of the time."""

    beadle: Beadle
    _not_before: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    def see_to(self, now: datetime) -> None:
        """Write the weeklies of the week that is over, and put them in the post, if that is due."""
        if self.beadle.mailer is None or now < self._not_before:
            return
        city = self.beadle.configuration.pages.city
        monday = due(city, now)
        for person in readers(self.beadle.configuration.people):
            write(self.beadle, person, monday, now)
        self._not_before = hour_of(city, monday + 2 * _WEEK)


def readers(people: People) -> tuple[Person, ...]:
    """Who is mailed the weekly: supervisors who look after some pages, not all, and get no daily digest."""
    return tuple(
        each for each in people.people if Role.SUPERVISOR in each.roles and each.pages is not None and not each.digest
    )


def due(city: City, now: datetime) -> date:
    """The Monday of the last whole week that may be told of by now."""
    today = now.astimezone(city.timezone).date()
    monday = today - timedelta(days=today.weekday())
    return monday - (_WEEK if now >= hour_of(city, monday) else 2 * _WEEK)


def key(monday: date, person: Person) -> str:
    """The key of the letter that tells a person of a week."""
    return f"weekly:{monday}:{person.id}"


def write(beadle: Beadle, person: Person, monday: date, now: datetime) -> bool:
    """Write the weekly of one person. ``False``: it is written already, or none of their pages was watched then."""
    assert beadle.mailer is not None
    with Session(beadle.route.reading) as session:
        if letters.find(session, key(monday, person)) is not None:
            return False
    facts = gather(beadle, person, monday)
    if not facts.pages:
        return False
    mail = weekly.mail(facts, person.id, beadle.mailer.sender, person.email, now)
    with Session(beadle.route.writing) as session, session.begin():
        new = letters.put(session, key(monday, person), "weekly", mail, (person.email,), now)
    log.info("weekly written", week=monday.isoformat(), person=person.id, new=new)
    return new


def gather(beadle: Beadle, person: Person, monday: date) -> WeekFacts:
    """The facts of a week on the pages of a person, and what waits there now."""
    city, sunday = beadle.configuration.pages.city, monday + timedelta(days=6)
    since, until = daybook.stretch(monday, city.timezone, 7)
    now, slugs = beadle.route.clock(), person.pages or frozenset()
    with Session(beadle.route.reading) as session:
        tally = tallies.tally(session, since, until, slugs)
        waiting = cases.listed(session, statuses=cases.OPEN_FOR_PEOPLE, pages=slugs, closed=beadle.archive.restricted)
        return WeekFacts(
            city=city.name,
            department=_department(beadle, slugs),
            begin=monday,
            end=sunday,
            timezone=city.timezone.key,
            pages=tuple(daybook.page_days(beadle, session, since, until, slugs)),
            kept=tally.comments,
            hidden=tally.hidden,
            reversed=tally.reversed,
            waiting=tally.waiting,
            urgent_waiting=tally.urgent_waiting,
            oldest=None if tally.oldest is None else now - tally.oldest,
            clauses=daybook.clause_days(beadle, tally),
            waiting_cases=tuple(daybook.waiting_case(beadle, each, now) for each in waiting[:_LISTED_WAITING]),
            trend=daybook.trend(session, sunday, city.timezone, slugs),
        )


def _department(beadle: Beadle, slugs: frozenset[str]) -> str:
    """What the pages name as their department; their own names where they name none."""
    pages = [desk.page for slug, desk in beadle.route.desks.items() if slug in slugs]
    named: Sequence[str] = list(dict.fromkeys(page.department or page.name for page in pages))
    return ", ".join(named)
