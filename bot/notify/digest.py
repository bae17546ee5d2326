"""The daily digest: what happened on the city's pages, readable in a minute on a telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.notify.email import compose, message_id
from bot.notify.quoted import one_line

SUBJECT = "{city} social media, {day}: {what}"
SUBJECT_URGENT = "{count} URGENT"
SUBJECT_HIDDEN = "{count} hidden"
SUBJECT_WAITING = "{count} waiting"
SUBJECT_PROBLEMS = "trouble with {count}"
SUBJECT_QUIET = "nothing hidden, nothing waiting"
SUBJECT_KEEPSAKE = "{city}: evidence checkpoint to keep, {day}"
NEVER = "never"
CHECKPOINT_FILE = "checkpoint.note"

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDay:
    """One page. ``polled``: the last poll went well; ``blind_minutes``: the time of the day that was not seen."""

    name: str
    platform: str
    mode: str
    polled: bool
    last_poll_at: datetime | None
    comments: int
    blind_minutes: int = 0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class ClauseDay:
    """One clause of the policy and what was done under it today."""

    clause: str
    summary: str
    hidden: int
    waiting: int

    @property
    def total(self) -> int:
        """Everything under this clause."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """The facts of one day, ``day`` in the city's ``timezone`` (IANA). Times are aware.

    ``polled`` counts polls, ``judged`` revisions, ``kept`` stored comments, ``left_up`` those with nothing found.
    ``with_media`` counts comments and edits with something attached, which nothing here reads; ``media_alone`` those of
    them without words. ``waiting`` counts all that waits now, however old; ``waiting_cases`` may list fewer.
    ``problems`` are sentences that say what to do. ``chain_head`` is the hash of the evidence log's last line, ``None``
    before the first; ``checkpoint`` is the newest checkpoint of the log, whole, and ``stamps`` has a sentence for each
    time stamp authority. ``second_copy`` says how the second copy stands, ``None`` where there is none.
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
    offenders: tuple[Offender, ...] = ()
    problems: tuple[str, ...] = ()
    evidence_verified: int = 0
    evidence_total: int = 0
    chain_head: str | None = None
    checkpoint: str | None = None
    stamps: tuple[str, ...] = ()
    second_copy: str | None = None
    paused: bool = False
    with_media: int = 0
    media_alone: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest as text: a subject and two bodies that say the same."""

    subject: str
    html: str
    text: str


def render(facts: DigestFacts) -> Digest:
    """The digest of a day. Pure: the same facts give the same bytes."""
    words = _environment()
    html = words.get_template("digest.html.j2").render(facts=facts, zone=ZoneInfo(facts.timezone))
    text = words.get_template("digest.txt.j2").render(facts=facts, zone=ZoneInfo(facts.timezone))
    return Digest(_subject(facts), _inlined(html), text)


def mail(facts: DigestFacts, sender: str, to: tuple[str, ...], now: datetime) -> EmailMessage:
    """The digest as a mail. Its Message-ID is that of the city and the day, so a second sending is the same mail."""
    digest = render(facts)
    return compose(
        sender=sender,
        to=to,
        subject=digest.subject,
        html=digest.html,
        text=digest.text,
        identity=message_id(facts.city, facts.day.isoformat(), sender),
        now=now,
        files=_attached(facts.checkpoint),
    )


def keepsake(facts: DigestFacts, sender: str, to: tuple[str, ...], now: datetime) -> EmailMessage:
    """The checkpoint alone, for who keeps the city's records and gets no digest. Sent twice, it is one mail."""
    words = _environment()
    subject = SUBJECT_KEEPSAKE.format(city=one_line(facts.city, limit=60), day=short_day(facts.day))
    return compose(
        sender=sender,
        to=to,
        subject=one_line(subject),
        html=_inlined(words.get_template("checkpoint.html.j2").render(facts=facts)),
        text=words.get_template("checkpoint.txt.j2").render(facts=facts),
        identity=message_id(facts.city, facts.day.isoformat(), sender, kind="checkpoint"),
        now=now,
        files=_attached(facts.checkpoint),
    )


def _attached(checkpoint: str | None) -> dict[str, bytes]:
    return {CHECKPOINT_FILE: checkpoint.encode()} if checkpoint else {}


def _subject(facts: DigestFacts) -> str:
    parts = [
        SUBJECT_URGENT.format(count=facts.urgent_waiting) if facts.urgent_waiting else "",
        SUBJECT_HIDDEN.format(count=facts.hidden) if facts.hidden else "",
        SUBJECT_WAITING.format(count=facts.waiting) if facts.waiting else "",
        SUBJECT_PROBLEMS.format(count=plural(len(facts.problems), "thing")) if facts.problems else "",
    ]
    what = ", ".join(part for part in parts if part) or SUBJECT_QUIET
    return one_line(SUBJECT.format(city=one_line(facts.city, limit=60), day=short_day(facts.day), what=what))


def plural(count: int, noun: str) -> str:
    """``1 thing``, ``2 things``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def short_day(day: date) -> str:
    """``Sat 21 Nov 2026``."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def long_day(day: date) -> str:
    """``Saturday, 21 November 2026``."""
    return f"{day:%A}, {day.day} {day:%B %Y}"


def local(moment: datetime | None, zone: ZoneInfo, day: date) -> str:
    """A time of the city's clock: ``07:12``, with the date when it is of another day."""
    if moment is None:
        return NEVER
    there = moment.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == day else f"{short_day(there.date())}, {there:%H:%M}"


def age(length: timedelta) -> str:
    """How long a case has waited: ``40 min``, ``5 h``, ``3 days``."""
    minutes = max(int(length.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else plural(minutes // 1440, "day")


def width(count: int, clauses: tuple[ClauseDay, ...]) -> int:
    """How wide a bar is, in per cent of the widest clause. What is there at all can be seen."""
    widest = max((each.total for each in clauses), default=0)
    return max(round(100 * count / widest), 2) if count and widest else 0


@cache
def _environment() -> Environment:
    words = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = {
        "line": one_line,
        "plural": plural,
        "long_day": long_day,
        "local": local,
        "age": age,
        "width": width,
    }
    words.filters.update(filters)
    return words


def _inlined(html: str) -> str:
    """The styles written onto each element, for mail programs that drop style sheets; media queries stay."""
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return inliner.inline(html)
