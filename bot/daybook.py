"""The facts of a local day, gathered from the ledger, the archive and the pages: what the digest is made of.

A part that can't be had is said to be missing and costs the others nothing: a digest that tells less is better than
none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

import connectors
from bot import tidings
from bot.app import Beadle
from bot.errors import EvidenceError
from bot.ledger import cases, days, kept, offenders, spending, switches, tallies, trust, watch
from bot.ledger.cases import Listed
from bot.ledger.tables import CaseStatus, PageRow
from bot.ledger.tallies import Tally
from bot.moderation.consistency import Treated, compare
from bot.notify.facts import (
    ClauseDay,
    DecisionLine,
    DigestFacts,
    MissedDay,
    Offender,
    Outliers,
    PageDay,
    TrendDay,
    WaitingCase,
)
from bot.notify.figures import age, short_day
from bot.notify.quoted import excerpt

log = structlog.get_logger(__name__)

RESTRICTED = (
    "A file on the comment of case {case_id} may show sexual abuse of a child. A person reports it (the NCMEC "
    "CyberTipline, report.cybertip.org, 1-800-843-5678) and copies nothing."
)
EXPIRES = "{page}: its token runs out on {day}, in {left}; put in a new one before."
EXPIRED = "{page}: its token ran out on {day}; put in a new one."
SPENT = "{platform}: {units} {what} spent {when}."
NOBODY = "Nobody gets this digest by mail: give somebody in people.yaml the role chief_of_staff."
NOT_TOLD = "{part} can't be told in this digest; the log says why."

TREND_DAYS = 28
_TOLD_WITHIN = timedelta(days=60)
_ALIKE_FROM = 0.8  # much alike: beadle audit consistency lists from 0.5
_OFFENDERS_FROM = 2
_LISTED_WAITING = 10
_EXCERPT = 90
_SUNDAY = 6


def gather(beadle: Beadle, day: date) -> DigestFacts:
    """The facts of a local day, and what waits now."""
    city = beadle.configuration.pages.city
    since, until = stretch(day, city.timezone)
    now = beadle.route.clock()
    proof = beadle.notary.standing()
    told = Told(beadle)
    with Session(beadle.route.reading) as session:
        figures = days.figures(session, since, until)
        tally = tallies.tally(session, since, until)
        waiting = cases.listed(session, statuses=cases.OPEN_FOR_PEOPLE, closed=beadle.archive.restricted)
        sealed = days.sealed(session, since, until)
        return DigestFacts(
            city=city.name,
            day=day,
            timezone=city.timezone.key,
            pages=tuple(page_days(beadle, session, since, until)),
            polled=watch.polls(session, since, until),
            judged=figures.revisions,
            kept=figures.comments,
            hidden=tally.hidden,
            left_up=figures.clear,
            with_media=figures.with_media,
            media_alone=figures.media_alone,
            waiting=tally.waiting,
            urgent_waiting=tally.urgent_waiting,
            oldest=None if tally.oldest is None else now - tally.oldest,
            clauses=clause_days(beadle, tally),
            reversed=tally.reversed,
            lapsed=tally.lapsed,
            by_appeal=tally.by_appeal,
            decisions=tuple(_decisions(session, since, until)),
            waiting_cases=tuple(waiting_case(beadle, each, now) for each in waiting[:_LISTED_WAITING]),
            offenders=tuple(_offenders(beadle, session, now)),
            proposals=told.of("Proposals about accounts", tidings.proposals),
            rule_changes=told.of("What changed in the rules", lambda other: trust.changes(other, since, until)),
            outliers=_outliers(session, until) if day.weekday() == _SUNDAY else None,
            appeals=told.of("Open appeals", lambda other: tidings.appeals(other, now, city.timezone)),
            findings=told.of("Who may decide", lambda _: beadle.staffing()),
            tokens=told.of("When tokens run out", lambda _: _tokens(beadle, now)),
            quotas=told.of("What was spent of allowances", lambda other: _quotas(other, day)),
            trend=trend(session, day, city.timezone),
            problems=(*_problems(beadle, session), *_restricted(beadle, sealed), *proof.problems(now), *told.missing),
            evidence_verified=sum(_holds(beadle, package_id, digest_) for package_id, digest_ in sealed),
            evidence_total=len(sealed),
            chain_head=_head(beadle),
            checkpoint=None if proof.note is None else proof.note.data.decode(),
            stamps=proof.stamps(now),
            second_copy=beadle.keeping.copied(),
            paused=any(switch.scope == switches.ALL for switch in switches.standing(session)),
        )


@dataclass(slots=True)
class Told:
    """Asks each room for its lines. What a room can't say is named instead, and the others go on."""

    beadle: Beadle
    missing: list[str] = field(default_factory=list)

    def of(self, part: str, lines: Callable[[Session], Iterable[str]]) -> tuple[str, ...]:
        """The lines of one part; each is asked in a session of its own, which a failed statement spoils alone."""
        try:
            with Session(self.beadle.route.reading) as session:
                return tuple(lines(session))
        except Exception:
            log.exception("a part of the digest could not be had", part=part)
            self.missing.append(NOT_TOLD.format(part=part))
            return ()


def stretch(day: date, timezone: ZoneInfo, length: int = 1) -> tuple[datetime, datetime]:
    """The instants at which a local day begins and, ``length`` days on, ends: 23, 24 or 25 hours for one."""
    begin, end = (datetime.combine(each, time.min, timezone) for each in (day, day + timedelta(days=length)))
    return begin.astimezone(UTC), end.astimezone(UTC)


def was_on_duty(session: Session, day: date, timezone: ZoneInfo) -> bool:
    """Whether any page was enrolled before that day ended. A new city gets no digest of a day before Beadle came."""
    until = stretch(day, timezone)[1]
    return any(row.enrolled_at < until for row in watch.pages(session))


def in_a_line(beadle: Beadle, day: date) -> MissedDay:
    """A day whose digest is told of in a later one."""
    with Session(beadle.route.reading) as session:
        tally = tallies.tally(session, *stretch(day, beadle.configuration.pages.city.timezone))
    return MissedDay(day, tally.comments, tally.hidden, tally.reversed)


def trend(
    session: Session, last: date, timezone: ZoneInfo, pages: Collection[str] | None = None
) -> tuple[TrendDay, ...]:
    """The four weeks that end with a day; none where nothing came in all of them, which is no picture."""
    every = [last - timedelta(days=back) for back in reversed(range(TREND_DAYS))]
    bounds = [stretch(day, timezone)[0] for day in (*every, last + timedelta(days=1))]
    found = tallies.trend(session, bounds, pages)
    if not any(any(each) for each in found):
        return ()
    return tuple(TrendDay(day, *each) for day, each in zip(every, found, strict=True))


def clause_days(beadle: Beadle, tally: Tally) -> tuple[ClauseDay, ...]:
    """What was done under each clause."""
    return tuple(
        ClauseDay(each.clause, beadle.summary_of(each.clause), each.hidden, each.waiting, each.reversed)
        for each in tally.clauses
    )


def page_days(
    beadle: Beadle, session: Session, since: datetime, until: datetime, slugs: Collection[str] | None = None
) -> Iterator[PageDay]:
    """Each page of that time; one that came later has no part in it."""
    by_page = days.figures(session, since, until).by_page
    rows: dict[str, PageRow] = {row.slug: row for row in watch.pages(session)}
    blind = _blind_minutes(session, since, until)
    for slug, desk in beadle.route.desks.items():
        row = rows.get(slug)
        if (row is not None and row.enrolled_at >= until) or (slugs is not None and slug not in slugs):
            continue
        yield PageDay(
            name=desk.page.name,
            platform=connectors.spoken(desk.page.platform),
            mode=desk.page.mode.value,
            polled=row is not None and row.failing_since is None and row.polled_at is not None,
            last_poll_at=row.polled_at if row else None,
            comments=by_page.get(slug, 0),
            blind_minutes=blind.get(slug, 0),
            paused=switches.thrown(session, slug) is not None,
            since=row.enrolled_at if row is not None and row.enrolled_at > since else None,
        )


def waiting_case(beadle: Beadle, case: Listed, now: datetime) -> WaitingCase:
    """A case that waits, with as much of its words as may be shown."""
    shown = excerpt(case.text, limit=_EXCERPT) if case.may_be_quoted else None
    clause = case.clauses[0] if case.clauses else ""
    return WaitingCase(case.case_id, clause, beadle.summary_of(clause), now - case.opened_at, case.urgent, shown)


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


def _offenders(beadle: Beadle, session: Session, now: datetime) -> Iterator[Offender]:
    for standing in offenders.standings(session, now, beadle.offenders.court, at_least=_OFFENDERS_FROM):
        name = days.display_name(session, standing.platform, standing.author_id)
        yield Offender(name, standing.provisional, standing.total)


def _outliers(session: Session, until: datetime) -> Outliers | None:
    """Once a week, of what was posted in it: how many comments were taken down whose like was left up (FA-10)."""
    since = until - timedelta(days=7)
    pages = [row.slug for row in watch.pages(session)]

    def treated() -> Iterator[Treated]:
        for each in kept.revisions(session, pages, since):
            yield Treated(each.comment_id, each.page, each.text, each.verdict, each.status, each.case_id)

    report = compare(treated, 1, _ALIKE_FROM)
    return Outliers(report.acted, len(report.comparisons)) if report.acted else None


def _tokens(beadle: Beadle, now: datetime) -> Iterator[str]:
    timezone = beadle.configuration.pages.city.timezone
    for slug, desk in beadle.route.desks.items():
        found = beadle.fitness.known(slug)
        until = found.health.token_expires_at if found is not None and found.health is not None else None
        if until is not None and until - now <= _TOLD_WITHIN:
            said = EXPIRES if until > now else EXPIRED
            day = short_day(until.astimezone(timezone).date())
            yield said.format(page=desk.page.name, day=day, left=age(until - now))


def _quotas(session: Session, day: date) -> Iterator[str]:
    found: dict[tuple[str, str, str], float] = defaultdict(float)
    for key, period, units in spending.spent_on(session, day.isoformat()):
        platform, what = key.partition(":")[0], key.rpartition(":")[2]
        found[platform, what, f"{day:%B %Y} so far" if len(period) == len("2026-11") else "that day"] += units
    for (platform, what, when), units in sorted(found.items()):
        said = f"{units:,.2f}".removesuffix(".00")
        yield SPENT.format(platform=connectors.spoken(platform), units=said, what=what, when=when)


def _problems(beadle: Beadle, session: Session) -> Iterator[str]:
    for error in beadle.configuration.refused:
        yield error.sentence
    if not beadle.configuration.people.digest_recipients():
        yield NOBODY
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
