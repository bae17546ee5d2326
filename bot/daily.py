"""What happens once a day: the digest is written, kept as a record and put in the post.

Due when the city's local hour has come and no digest of that local day is written yet. Facts, record and letter are
one transaction: whoever comes second finds them, and a crash leaves all of them or none. Sending is the mail room's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import structlog
from sqlmodel import Session

from bot import daybook
from bot.app import Beadle
from bot.errors import ConfigError
from bot.ledger import days, letters, watch
from bot.ledger.tables import DigestRow, Letter
from bot.notify import digest
from bot.notify.digest import Digest
from bot.notify.email import Mailer, message_id
from bot.notify.facts import DigestFacts
from bot.pages import City

log = structlog.get_logger(__name__)

NO_MAIL = "no mail server is named; set BEADLE_SMTP_URL."
SENT_ALREADY = (
    "The digest of {day} was sent on {when:%Y-%m-%d %H:%M} UTC; `--send --again` sends it once more, under the same "
    "Message-ID."
)
IN_HAND = "The digest of {day} is being sent just now; `beadle mail` shows what becomes of it."
NOT_YET = "{day} has not begun; there is nothing to tell of it."
NOT_ON_DUTY = "No page was watched on {day}; there is nothing to tell of it."

_LATE = timedelta(hours=1)
_LONGEST_GAP = timedelta(days=400)
_BEFORE_THE_FIRST = timedelta(days=14)  # longer ago there was no mail, rather than an outage


@dataclass(slots=True)
class Daily:
    """Sees to the digest. ``see_to`` is called every second or so and does nothing most of the time."""

    beadle: Beadle
    _not_before: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    def see_to(self, now: datetime) -> None:
        """Write the digest of the day that is over, and put it in the post, if that is due."""
        if self.beadle.mailer is None or now < self._not_before:
            return
        city = self.beadle.configuration.pages.city
        day = due(city, now)
        with Session(self.beadle.route.reading) as session:
            done = days.digest(session, day.isoformat()) is not None
            on_duty = daybook.was_on_duty(session, day, city.timezone)
        if not done and on_duty:
            write(self.beadle, day, now)
        self._not_before = hour_of(city, day + timedelta(days=2))


def due(city: City, now: datetime) -> date:
    """The local day that the digest of this moment is about: yesterday, once the city's hour has come."""
    today = now.astimezone(city.timezone).date()
    return today - timedelta(days=1 if now >= hour_of(city, today) else 2)


def hour_of(city: City, day: date) -> datetime:
    """The instant of the city's hour on a local day.

    An hour that comes twice is the first of the two; one that the clock leaps over comes as long after midnight as on
    other days (RFC 5545 3.3.5). So every local day has one.
    """
    return datetime.combine(day, city.digest_hour, city.timezone).astimezone(UTC)


def write(beadle: Beadle, day: date, now: datetime) -> bool:
    """Write the digest of a day that is over: record and letter in one transaction. ``False``: it is written already.

    Days before it that have none, because nothing ran, get their records too, and a line each in this one's mail.
    """
    mailer = _mailer(beadle)
    missed = _missed(beadle, day)
    facts = replace(
        daybook.gather(beadle, day),
        missed=tuple(daybook.in_a_line(beadle, each) for each in missed),
        written_late=now if now - hour_of(beadle.configuration.pages.city, day + timedelta(days=1)) > _LATE else None,
    )
    to = tuple(person.email for person in beadle.configuration.people.digest_recipients())
    if not to:
        facts = replace(facts, trend=())  # a picture lives in the letter alone
    made, identity = digest.render(facts), message_id(facts.city, day.isoformat(), mailer.sender)
    rows = [_row(facts, made, identity, to, now), *(_late_row(beadle, each, identity, now) for each in missed)]
    keepers = tuple(person.email for person in beadle.configuration.people.keepers())
    with Session(beadle.route.writing) as session, session.begin():
        if not days.write_digest(session, rows[0]):
            return False
        for row in rows[1:]:
            days.write_digest(session, row)
        if to:
            mail = digest.composed(made, facts, identity, mailer.sender, to, now)
            letters.put(session, key(day), "digest", mail, to, now)
        if keepers and facts.checkpoint is not None:
            keepsake = digest.keepsake(facts, mailer.sender, keepers, now)
            letters.put(session, f"checkpoint:{day}", "checkpoint", keepsake, keepers, now)
    log.info("digest written", day=day.isoformat(), recipients=len(to), missed=len(missed))
    return True


def key(day: date) -> str:
    """The key of the letter that is the digest of a day."""
    return f"digest:{day}"


def by_hand(beadle: Beadle, day: date, now: datetime, *, again: bool = False) -> Letter | None:
    """Send the digest of a day because a person asks; the letter comes back, ``None`` where nobody is to get it.

    Of a day that is not over, what there is so far goes out, as a mail of its own that is no record.
    Raises ``ConfigError`` when it was sent already and ``again`` is not asked for.
    """
    city, mailer = beadle.configuration.pages.city, _mailer(beadle)
    today = now.astimezone(city.timezone).date()
    if day > today:
        raise ConfigError(NOT_YET.format(day=day))
    with Session(beadle.route.reading) as session:
        if not daybook.was_on_duty(session, day, city.timezone):
            raise ConfigError(NOT_ON_DUTY.format(day=day))
    if day == today:
        return _post(beadle, _so_far(beadle, mailer, day, now))
    write(beadle, day, now)
    with Session(beadle.route.reading) as session:
        known = letters.of_key(session, key(day))
    sent = next((each.sent_at for each in known if each.sent_at is not None), None)
    if sent is not None and not again:
        raise ConfigError(SENT_ALREADY.format(day=day, when=sent))
    waits = next((each for each in known if each.sent_at is None), None)
    if waits is None:
        return _post(beadle, _again(beadle, mailer, day, now))
    if waits.held_until is not None and waits.held_until > now:
        raise ConfigError(IN_HAND.format(day=day))
    with Session(beadle.route.writing) as session, session.begin():
        letters.again(session, waits.key, now)
    return _post(beadle, waits.key)


def _missed(beadle: Beadle, day: date) -> Sequence[date]:
    """The days before this one, since the last that has a digest, that have none."""
    timezone = beadle.configuration.pages.city.timezone
    with Session(beadle.route.reading) as session:
        last = days.last_digest(session)
        began = min((row.enrolled_at for row in watch.pages(session)), default=None)
    if began is None:
        return ()
    if last is None:
        first = max(began.astimezone(timezone).date(), day - _BEFORE_THE_FIRST)
    else:
        first = max(date.fromisoformat(last) + timedelta(days=1), day - _LONGEST_GAP)
    return [first + timedelta(days=each) for each in range(max((day - first).days, 0))]


def _row(facts: DigestFacts, made: Digest, identity: str, to: Sequence[str], now: datetime) -> DigestRow:
    return DigestRow(
        day=facts.day.isoformat(),
        message_id=identity,
        recipients=list(to),
        subject=made.subject,
        html=made.html,
        text=made.text,
        chain_head=facts.chain_head or "",
        made_at=now,
    )


def _late_row(beadle: Beadle, day: date, told_in: str, now: datetime) -> DigestRow:
    """The record of a day whose mail is a line in a later one's."""
    facts = replace(daybook.gather(beadle, day), trend=(), written_late=now)
    return _row(facts, digest.render(facts), told_in, (), now)


def _so_far(beadle: Beadle, mailer: Mailer, day: date, now: datetime) -> str:
    facts, to = daybook.gather(beadle, day), _readers(beadle)
    identity = message_id(facts.city, f"{now:%Y-%m-%dT%H%M%S}", mailer.sender, kind="digest-so-far")
    mail = digest.composed(digest.render(facts, so_far=True), facts, identity, mailer.sender, to, now)
    found = f"digest-so-far:{now:%Y-%m-%dT%H:%M:%S}"
    with Session(beadle.route.writing) as session, session.begin():
        letters.put(session, found, "digest", mail, to, now)
    return found


def _again(beadle: Beadle, mailer: Mailer, day: date, now: datetime) -> str:
    """What is kept of that day, to who gets the digest now, under the Message-ID of that day."""
    to = _readers(beadle)
    with Session(beadle.route.writing) as session, session.begin():
        row = days.digest(session, day.isoformat())
        assert row is not None
        first = letters.find(session, key(day))
        identity = message_id(beadle.configuration.pages.city.name, day.isoformat(), mailer.sender)
        kept = Digest(row.subject, row.html, row.text)
        mime = first.mime if first is not None else None
        mail = digest.repeated(mime, kept, identity, mailer.sender, to, row.made_at)
        found = f"{key(day)}:again:{len(letters.of_key(session, f'{key(day)}:again:')) + 1}"
        letters.put(session, found, "digest", mail, to, now)
    return found


def _post(beadle: Beadle, found: str) -> Letter | None:
    assert beadle.mail_room is not None
    beadle.mail_room.send(found)
    with Session(beadle.route.reading) as session:
        return letters.find(session, found)


def _readers(beadle: Beadle) -> tuple[str, ...]:
    to = tuple(person.email for person in beadle.configuration.people.digest_recipients())
    if not to:
        raise ConfigError(daybook.NOBODY)
    return to


def _mailer(beadle: Beadle) -> Mailer:
    if beadle.mailer is None:
        raise ConfigError(NO_MAIL)
    return beadle.mailer
