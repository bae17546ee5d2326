"""The facts of a digest: what stands in it, before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDay:
    """One page. ``polled``: the last poll went well; ``blind_minutes``: the time of the day that was not seen;
    ``since``: when it was enrolled, where that was on this day."""

    name: str
    platform: str
    mode: str
    polled: bool
    last_poll_at: datetime | None
    comments: int
    blind_minutes: int = 0
    paused: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClauseDay:
    """One clause of the policy: what was hidden under it that day, what of that day waits, what was shown again."""

    clause: str
    summary: str
    hidden: int
    waiting: int
    reversed: int = 0

    @property
    def total(self) -> int:
        """Everything that has a bar under this clause."""
        return self.hidden + self.waiting


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """What a person decided. ``role``, not a name: names stay in the ledger."""

    case_id: str
    verb: str
    role: str
    clause: str


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """A case that waits for a person. ``excerpt`` comes from ``quoted.excerpt``; ``None`` where nothing is shown."""

    case_id: str
    clause: str
    summary: str
    age: timedelta
    urgent: bool = False
    excerpt: str | None = None


@dataclass(frozen=True, slots=True)
class Offender:
    """An account with more than one strike, as displayed. Only confirmed strikes count."""

    displayed_as: str
    provisional: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class TrendDay:
    """One day of the trend: comments that came, comments hidden, comments shown again."""

    day: date
    comments: int
    hidden: int
    reversed: int


@dataclass(frozen=True, slots=True)
class Outliers:
    """Of ``taken_down`` comments, how many have a like that was left up (``days`` back)."""

    taken_down: int
    alike: int
    days: int = 7


@dataclass(frozen=True, slots=True)
class MissedDay:
    """A day whose digest could not be written in its time, told in one line of a later mail."""

    day: date
    comments: int
    hidden: int
    reversed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """The facts of one day, ``day`` in the city's ``timezone`` (IANA). Times are aware.

    ``polled`` counts polls, ``judged`` revisions, ``kept`` stored comments, ``left_up`` those with nothing found.
    ``with_media`` counts comments and edits with something attached, which nothing here reads; ``media_alone`` those of
    them without words. ``waiting`` counts all that waits now, however old; ``waiting_cases`` may list fewer;
    ``oldest`` is how long the oldest has waited. ``reversed`` counts what was shown again, ``by_appeal`` and ``lapsed``
    (nobody had confirmed it) those of them.

    ``problems``, ``findings`` (authority), ``proposals``, ``rule_changes``, ``appeals``, ``tokens`` and ``quotas`` are
    sentences that say what to do. ``outliers`` is counted once a week. ``trend`` ends with ``day``. ``missed`` are
    earlier days that no mail told of, ``written_late`` when this one was written, if that was not in its time.

    ``chain_head`` is the hash of the evidence log's last line, ``None`` before the first; ``checkpoint`` is the newest
    checkpoint of the log, whole, and ``stamps`` has a sentence for each time stamp authority. ``second_copy`` says how
    the second copy stands, ``None`` where there is none.
    """

    city: str
    day: date
    timezone: str
    pages: tuple[PageDay, ...]
    polled: int
    judged: int
    kept: int
    hidden: int
    left_up: int
    waiting: int
    urgent_waiting: int
    clauses: tuple[ClauseDay, ...] = ()
    decisions: tuple[DecisionLine, ...] = ()
    waiting_cases: tuple[WaitingCase, ...] = ()
    oldest: timedelta | None = None
    reversed: int = 0
    by_appeal: int = 0
    lapsed: int = 0
    offenders: tuple[Offender, ...] = ()
    proposals: tuple[str, ...] = ()
    rule_changes: tuple[str, ...] = ()
    outliers: Outliers | None = None
    appeals: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    quotas: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    trend: tuple[TrendDay, ...] = ()
    missed: tuple[MissedDay, ...] = ()
    written_late: datetime | None = None
    evidence_verified: int = 0
    evidence_total: int = 0
    chain_head: str | None = None
    checkpoint: str | None = None
    stamps: tuple[str, ...] = ()
    second_copy: str | None = None
    paused: bool = False
    with_media: int = 0
    media_alone: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFacts:
    """The facts of one week, Monday ``begin`` to Sunday ``end``, on the pages of one person."""

    city: str
    department: str
    begin: date
    end: date
    timezone: str
    pages: tuple[PageDay, ...]
    kept: int
    hidden: int
    reversed: int
    waiting: int
    urgent_waiting: int
    oldest: timedelta | None = None
    clauses: tuple[ClauseDay, ...] = ()
    waiting_cases: tuple[WaitingCase, ...] = ()
    trend: tuple[TrendDay, ...] = ()
