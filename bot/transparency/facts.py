"""What the page for everybody says: counts by clause and page, times, and where to appeal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from bot.ledger.openness import Course
from bot.ledger.tables import CaseStatus
from bot.moderation.pack import PolicyPack

_WAITS = frozenset(
    {CaseStatus.OPENED, CaseStatus.SEALED, CaseStatus.PAUSED, CaseStatus.WAITING, CaseStatus.QUARANTINED}
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the comments that were looked at. ``left_up``: a person looked, and they stayed."""

    found: int = 0
    hidden: int = 0
    removed: int = 0
    shown_again: int = 0
    left_up: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class ClauseCounts:
    """One clause of a policy that was used, in the policy's own number and our summary of it."""

    clause: str
    summary: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class PageCounts:
    """One page. ``comments``: visitors' comments that were read."""

    name: str
    platform: str
    comments: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Terms:
    """One policy in force: what it is, what its rules judge, and the file that lists all that they look for."""

    title: str
    version: str
    in_force_from: date
    published: str
    judged: tuple[tuple[str, str], ...]
    by_people: tuple[tuple[str, str], ...]
    file: str


@dataclass(frozen=True, slots=True)
class Appeals:
    """What became of the appeals of the period."""

    received: int
    upheld: int
    denied: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFacts:
    """The whole page. ``until`` is its last day. ``median_to_decide``: of the cases that a person decided."""

    city: str
    since: date
    until: date
    policy_url: str | None
    contact: str | None
    appeals_to: str | None
    appeals_url: str | None
    appeal_days: int
    answer_days: int
    comments: int
    counts: Counts
    decided: int
    median_to_decide: timedelta | None
    clauses: tuple[ClauseCounts, ...]
    pages: tuple[PageCounts, ...]
    terms: tuple[Terms, ...]
    appeals: Appeals | None = None
    blocked: int = 0


def counted(courses: Iterable[Course]) -> Counts:
    """The counts of some cases. A comment that was hidden and shown again counts as both."""
    found = list(courses)
    return Counts(
        found=len(found),
        hidden=sum(each.hidden for each in found),
        removed=sum(each.removed for each in found),
        shown_again=sum(each.shown_again for each in found),
        left_up=sum(each.status == CaseStatus.KEPT for each in found),
        waiting=sum(each.status in _WAITS for each in found),
    )


def by_clause(courses: Sequence[Course], summary_of: Callable[[str, str], str]) -> tuple[ClauseCounts, ...]:
    """The counts of each clause, the most used first. ``summary_of`` gets policy and clause."""
    groups: dict[tuple[str, str], list[Course]] = defaultdict(list)
    for course in courses:
        groups[course.policy, course.clause].append(course)
    rows = [ClauseCounts(clause, summary_of(policy, clause), counted(g)) for (policy, clause), g in groups.items()]
    return tuple(sorted(rows, key=lambda row: (-row.counts.found, row.clause)))


def by_page(
    courses: Sequence[Course], comments: Mapping[str, int], pages: Sequence[tuple[str, str, str]]
) -> tuple[PageCounts, ...]:
    """The counts of each page, given as (slug, name, platform), in that order."""
    groups: dict[str, list[Course]] = defaultdict(list)
    for course in courses:
        groups[course.page].append(course)
    return tuple(
        PageCounts(name, platform, comments.get(slug, 0), counted(groups[slug])) for slug, name, platform in pages
    )


def time_to_decide(courses: Iterable[Course]) -> tuple[int, timedelta | None]:
    """How many cases a person decided, and within what time half of them were decided."""
    found = [each.decided_at - each.opened_at for each in courses if each.decided_at is not None]
    return len(found), timedelta(seconds=median(each.total_seconds() for each in found)) if found else None


def terms_of(pack: PolicyPack, file: str, zone_day: Callable[[datetime], date]) -> Terms:
    """What the page says of a policy in force."""
    judged = tuple((each.id, each.summary) for each in pack.clauses if each.judged_by == "rules")
    by_people = tuple((each.id, each.summary) for each in pack.clauses if each.judged_by == "people")
    day = zone_day(pack.effective_at)
    return Terms(pack.title, pack.version, day, pack.published, judged, by_people, file)
