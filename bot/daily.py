"""What happens once a day: the digest is put together, mailed and kept as a record.

Due when the city's local hour has come and no digest of that local day is kept yet; so a restart, a daylight-saving
change or a night without power sends it once, late rather than never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

import connectors
from bot.app import Beadle
from bot.errors import ConfigError, EvidenceError
from bot.ledger import acts, cases, days, switches, watch
from bot.ledger.cases import Listed
from bot.ledger.tables import CaseStatus, DigestRow, PageRow
from bot.notify import digest
from bot.notify.digest import (
    ClauseDay,
    DecisionLine,
    DigestFacts,
    Offender,
    PageDay,
    WaitingCase,
)
from bot.notify.email import Mailer, MailRefused, MailUnavailable
from bot.notify.quoted import excerpt
from bot.pages import City

log = structlog.get_logger(__name__)

RESTRICTED = (
    "A file on the comment of case {case_id} may show sexual abuse of a child. A person reports it (the NCMEC "
    "CyberTipline, report.cybertip.org, 1-800-843-5678) and copies nothing."
)
_AGAIN_AFTER = timedelta(minutes=5)
_OFFENDERS_FROM = 2
_LISTED_WAITING = 10
_EXCERPT = 90


@dataclass(slots=True)
class Daily:
    """Sees to the digest. ``see_to`` is called every second or so and does nothing most of the time."""

    beadle: Beadle
    _not_before: datetime = field(default=datetime.min.replace(tzinfo=UTC))

    def see_to(self, now: datetime) -> None:
        """Send yesterday's digest if it is due."""
        if self.beadle.mailer is None or now < self._not_before:
            return
        city = self.beadle.configuration.pages.city
        day = due(city, now)
        with Session(self.beadle.route.reading) as session:
            if days.digest(session, day.isoformat()) is not None or not _was_on_duty(session, day, city):
                self._not_before = _next_hour(city, now)
                return
        try:
            send(self.beadle, day, now)
        except (MailUnavailable, MailRefused, ConfigError) as error:
            self._not_before = now + _AGAIN_AFTER
            log.error("the digest could not be sent", day=day.isoformat(), because=error.sentence)


def due(city: City, now: datetime) -> date:
    """The local day that the digest of this moment is about: yesterday, once the city's hour has come."""
    local = now.astimezone(city.timezone)
    return local.date() - timedelta(days=1 if local.time() >= city.digest_hour else 2)


def send(beadle: Beadle, day: date, now: datetime) -> tuple[str, ...]:
    """Mail the digest of a local day and keep it. Raises ``MailUnavailable``, ``MailRefused`` or ``ConfigError``.

    The Message-ID is the day's: where the server took the mail and its answer was lost, the repeat folds into it.
    """
    if beadle.mailer is None:
        raise ConfigError("no mail server is named; set BEADLE_SMTP_URL.")
    facts = gather(beadle, day)
    recipients = tuple(person.email for person in beadle.configuration.people.digest_recipients())
    _send_checkpoint(beadle, beadle.mailer, facts, now)
    mail = digest.mail(facts, beadle.mailer.sender, recipients, now)
    not_taken = beadle.mailer.send(mail)
    made = digest.render(facts)
    with Session(beadle.route.writing) as session, session.begin():
        session.merge(
            DigestRow(
                day=day.isoformat(),
                message_id=str(mail["Message-ID"]),
                recipients=list(recipients),
                subject=made.subject,
                html=made.html,
                text=made.text,
                chain_head=facts.chain_head or "",
                sent_at=now,
            )
        )
    log.info("digest sent", day=day.isoformat(), recipients=len(recipients), not_taken=len(not_taken))
    return recipients


def _send_checkpoint(beadle: Beadle, mailer: Mailer, facts: DigestFacts, now: datetime) -> None:
    """The checkpoint for who keeps the records and gets no digest, before it: one try again is one for both."""
    keepers = tuple(person.email for person in beadle.configuration.people.keepers())
    if not keepers or facts.checkpoint is None:
        return
    try:
        mailer.send(digest.keepsake(facts, mailer.sender, keepers, now))
    except MailRefused as error:
        # A clerk whose address is wrong must not cost the others their digest.
        log.error("the checkpoint could not be mailed", because=error.sentence)


def gather(beadle: Beadle, day: date) -> DigestFacts:
    """The facts of a local day, from the ledger, the archive and the pages."""
    city = beadle.configuration.pages.city
    since, until = _day(day, city.timezone)
    now = beadle.route.clock()
    proof = beadle.notary.standing()
    with Session(beadle.route.reading) as session:
        figures = days.figures(session, since, until)
        waiting = cases.listed(session, statuses=cases.OPEN_FOR_PEOPLE, closed=beadle.archive.restricted)
        clauses = tuple(
            ClauseDay(each.clause, beadle.summary_of(each.clause), each.hidden, each.waiting)
            for each in figures.clauses
        )
        sealed = days.sealed(session, since, until)
        return DigestFacts(
            city=city.name,
            day=day,
            timezone=city.timezone.key,
            pages=tuple(_pages(beadle, session, since, until)),
            polled=watch.polls(session, since, until),
            judged=figures.revisions,
            kept=figures.comments,
            hidden=figures.hidden,
            left_up=figures.clear,
            with_media=figures.with_media,
            media_alone=figures.media_alone,
            waiting=figures.waiting + figures.paused + figures.quarantined,
            urgent_waiting=figures.urgent_waiting,
            clauses=clauses,
            decisions=tuple(_decisions(session, since, until)),
            waiting_cases=tuple(_waiting(beadle, each, now) for each in waiting[:_LISTED_WAITING]),
            offenders=tuple(_offenders(session)),
            problems=(*_problems(beadle, session), *_restricted(beadle, sealed), *proof.problems(now)),
            evidence_verified=sum(_holds(beadle, package_id, digest_) for package_id, digest_ in sealed),
            evidence_total=len(sealed),
            chain_head=_head(beadle),
            checkpoint=None if proof.note is None else proof.note.data.decode(),
            stamps=proof.stamps(now),
            second_copy=beadle.keeping.copied(),
            paused=any(switch.scope == switches.ALL for switch in switches.standing(session)),
        )


def _was_on_duty(session: Session, day: date, city: City) -> bool:
    """Whether any page was enrolled before that day ended. A new city gets no digest of a day before Beadle came."""
    until = _day(day, city.timezone)[1]
    return any(row.enrolled_at < until for row in watch.pages(session))


def _day(day: date, timezone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which a local day begins and ends: 23, 24 or 25 hours apart."""
    begin = datetime.combine(day, time.min, timezone)
    end = datetime.combine(day + timedelta(days=1), time.min, timezone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _next_hour(city: City, now: datetime) -> datetime:
    """When the city's hour comes next."""
    local = now.astimezone(city.timezone)
    today = datetime.combine(local.date(), city.digest_hour, city.timezone)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), city.digest_hour, city.timezone)
    return (today if local < today else tomorrow).astimezone(UTC)


def _pages(beadle: Beadle, session: Session, since: datetime, until: datetime) -> Iterator[PageDay]:
    by_page = days.figures(session, since, until).by_page
    rows: dict[str, PageRow] = {row.slug: row for row in watch.pages(session)}
    blind = _blind_minutes(session, since, until)
    for slug, desk in beadle.route.desks.items():
        row = rows.get(slug)
        yield PageDay(
            name=desk.page.name,
            platform=connectors.spoken(desk.page.platform),
            mode=desk.page.mode.value,
            polled=row is not None and row.failing_since is None and row.polled_at is not None,
            last_poll_at=row.polled_at if row else None,
            comments=by_page.get(slug, 0),
            blind_minutes=blind.get(slug, 0),
            paused=switches.thrown(session, slug) is not None,
        )


def _blind_minutes(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    minutes: dict[str, float] = {}
    for gap in watch.gaps(session, since, until):
        if gap.since is not None and gap.until is not None and gap.post_id is None:
            seconds = (min(gap.until, until) - max(gap.since, since)).total_seconds()
            minutes[gap.page] = minutes.get(gap.page, 0.0) + max(seconds, 0.0) / 60
    return {page: round(found) for page, found in minutes.items()}


def _decisions(session: Session, since: datetime, until: datetime) -> Iterator[DecisionLine]:
    for row in days.decided(session, since, until):
        file = cases.open_file(session, row.case_id)
        yield DecisionLine(row.case_id, row.verb, row.roles.replace("_", " "), file.verdict.clauses[0])


def _waiting(beadle: Beadle, case: Listed, now: datetime) -> WaitingCase:
    shown = excerpt(case.text, limit=_EXCERPT) if case.may_be_quoted else None
    clause = case.clauses[0] if case.clauses else ""
    return WaitingCase(case.case_id, clause, beadle.summary_of(clause), now - case.opened_at, case.urgent, shown)


def _offenders(session: Session) -> Iterator[Offender]:
    for platform, standing in acts.repeat_offenders(session, _OFFENDERS_FROM):
        name = days.display_name(session, platform, standing.author_id)
        yield Offender(name, standing.provisional, standing.confirmed)


def _problems(beadle: Beadle, session: Session) -> Iterator[str]:
    for error in beadle.configuration.refused:
        yield error.sentence
    for row in watch.pages(session):
        if row.failing_since is not None and row.slug in beadle.route.desks:
            yield f"{beadle.route.desks[row.slug].page.name} can't be read: {row.failure}"
    yield from beadle.keeping.problems(beadle.route.clock())
    for case_id in cases.by_status(session, CaseStatus.QUARANTINED):
        yield f"Case {case_id} is in quarantine; `beadle show {case_id}` says why."


def _restricted(beadle: Beadle, sealed: Sequence[tuple[str, str]]) -> Iterator[str]:
    for package_id, _ in sealed:
        if beadle.archive.restricted(package_id):
            yield RESTRICTED.format(case_id=beadle.archive.ref(package_id).case_id)


def _head(beadle: Beadle) -> str | None:
    """Where the log ends; ``None`` for one that is broken, which the problems say. The digest goes out all the same."""
    try:
        return beadle.archive.head().sha256
    except EvidenceError:
        return None


def _holds(beadle: Beadle, package_id: str, sha256: str) -> bool:
    try:
        beadle.archive.prove_package(package_id, sha256)
    except EvidenceError:
        return False
    return True
