"""One message for many cases: how many, how they stand, and a few words of the newest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from bot.moderation.verdict import Span
from bot.notify import blocks
from bot.notify.alerts import ACCOUNT, CLAUSE, NO_NAME, POLICY, escaped
from bot.notify.blocks import Block, Element, Message
from bot.notify.buttons import all_stop
from bot.notify.case_facts import Standing
from bot.notify.quoted import excerpt, one_line

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

TITLES = {
    "post": "{count:,} more under one post",
    "author": "{count:,} more of one account",
    "page": "{count:,} more than the hourly limit of alerts",
    "night": "{count:,} during quiet hours",
}
HEADING = "{title}: {clause} · {page}"
HEADING_PLAIN = "{title} · {page}"
WHY = {
    "post": "Many comments under one post break the same clause, so they are told of together here.",
    "author": "Many comments of one account break the same clause, so they are told of together here.",
    "page": "There were more alerts in an hour than the city set as the limit, so the others are told of here.",
    "night": "These came during quiet hours. None is urgent: what is urgent is told of at once.",
}
EACH = "Each is judged and listed by itself as ever, and this message is brought up to date."
CLOSED = "Closed: there was no further case for half an hour."
STANDS = {
    Standing.HIDDEN: "{count:,} hidden",
    Standing.WAITS: "{count:,} left up, waiting for a person",
    Standing.NOT_HIDDEN: "{count:,} not hidden",
    Standing.GONE: "{count:,} gone",
    Standing.KEPT: "{count:,} kept up by a person",
    Standing.RESTORED: "{count:,} shown again",
    Standing.REMOVED: "{count:,} removed",
    Standing.CLOSED: "{count:,} closed",
    Standing.BY_HAND: "{count:,} done by hand",
}
NOW = "Now"
OF_CLAUSE = "{clause}: {count:,}"
MORE_CLAUSES = "{count} more clauses"
BY_CLAUSE = "By clause"
TIMES = "From {first} to {last}"
UNDER = "Under the post: "
NEWEST = "The newest"
NOT_QUOTED = "(not quoted here; the case has it)"
QUEUE = "/beadle queue {slug}"
CASES = "beadle cases --page {slug}"
FALLBACK = "{title} on {page}. {cases}"

_MOST_CLAUSES = 5
_EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Example:
    """One of the newest. ``quotable``: its words may stand outside its own case."""

    case_id: str
    author: str | None
    text: str
    stands: Standing
    private: tuple[Span, ...] = ()
    quotable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The facts of a gathering. ``mark`` names it for ever; ``kind`` is post, author, page or night. ``counts`` and
    ``clauses`` are ordered as they are told. ``withheld``: the platform's terms let no words be passed on."""

    mark: str
    kind: str
    page: str
    slug: str
    counts: tuple[tuple[Standing, int], ...]
    clauses: tuple[tuple[str, int], ...]
    opened_at: datetime
    last_at: datetime
    clause_summary: str = ""
    policy: str = ""
    policy_version: str = ""
    post_text: str = ""
    author: str | None = None
    examples: tuple[Example, ...] = ()
    closed: bool = False
    withheld: bool = False
    answers: bool = False
    timezone: tzinfo = UTC

    @property
    def total(self) -> int:
        """How many cases it tells of."""
        return sum(count for _, count in self.counts)


def render_summary(summary: Summary) -> Message:
    """The message of a gathering. Pure."""
    parts = [blocks.header(one_line(_heading(summary))), _facts(summary)]
    if not summary.withheld:
        parts += [*_what_in_common(summary), *_examples(summary)]
    if summary.answers and not summary.closed and summary.kind != "night":
        parts.append(all_stop())
    queue = [QUEUE.format(slug=summary.slug)] if summary.answers else []
    cases = CASES.format(slug=summary.slug)
    line = FALLBACK.format(title=title_of(summary), page=summary.page, cases=cases)
    return Message((*parts, blocks.commands([*queue, cases])), escaped(one_line(line, limit=400)))


def title_of(summary: Summary) -> str:
    """What it is and how much, in a few words of ours."""
    return TITLES[summary.kind].format(count=summary.total)


def _heading(summary: Summary) -> str:
    if summary.kind in ("post", "author") and summary.clauses:
        return HEADING.format(title=title_of(summary), clause=summary.clauses[0][0], page=summary.page)
    return HEADING_PLAIN.format(title=title_of(summary), page=summary.page)


def _facts(summary: Summary) -> Block:
    lines: list[Element] = [blocks.text(f"{NOW}: ", bold=True), blocks.text(stands(summary) + "\n")]
    if len(summary.clauses) == 1:
        lines += [blocks.text(CLAUSE.format(clause=one_line(summary.clauses[0][0])), bold=True)]
        lines += [blocks.text(f"  {one_line(summary.clause_summary)}\n")]
    elif summary.clauses:
        lines += [blocks.text(f"{BY_CLAUSE}: ", bold=True), blocks.text(_by_clause(summary) + "\n")]
    if summary.policy:
        policy = POLICY.format(policy=one_line(summary.policy), version=one_line(summary.policy_version))
        lines.append(blocks.text(policy + "\n"))
    lines += [blocks.text(_times(summary) + "\n"), blocks.text(f"{WHY[summary.kind]} {EACH}", italic=True)]
    if summary.closed:
        lines.append(blocks.text(f"\n{CLOSED}", bold=True))
    return blocks.paragraph(*lines)


def stands(summary: Summary) -> str:
    """How many stand where, in words."""
    return ", ".join(STANDS[standing].format(count=count) for standing, count in summary.counts if count)


def _by_clause(summary: Summary) -> str:
    shown = [OF_CLAUSE.format(clause=one_line(c), count=n) for c, n in summary.clauses[:_MOST_CLAUSES]]
    left = len(summary.clauses) - _MOST_CLAUSES
    return ", ".join([*shown, MORE_CLAUSES.format(count=left)] if left > 0 else shown)


def _times(summary: Summary) -> str:
    first, last = summary.opened_at.astimezone(summary.timezone), summary.last_at.astimezone(summary.timezone)
    until = f"{last:%H:%M %Z}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M %Z}"
    return TIMES.format(first=f"{first:%Y-%m-%d %H:%M}", last=until)


def _what_in_common(summary: Summary) -> list[Block]:
    if summary.kind == "post" and summary.post_text.strip():
        return [blocks.paragraph(blocks.text(UNDER), blocks.text(one_line(summary.post_text), italic=True))]
    if summary.kind == "author":
        return [blocks.paragraph(blocks.text(ACCOUNT), blocks.text(_name(summary.author), bold=True))]
    return []


def _examples(summary: Summary) -> list[Block]:
    rows: Sequence[Sequence[Element]] = [_one(each) for each in summary.examples]
    return [blocks.paragraph(blocks.text(NEWEST, bold=True)), blocks.items(rows)] if rows else []


def _one(each: Example) -> list[Element]:
    said = excerpt(each.text, each.private, limit=_EXCERPT) if each.quotable else NOT_QUOTED
    return [
        blocks.text(f"{each.case_id}, {each.stands.value.replace('_', ' ')}. {ACCOUNT}"),
        blocks.text(_name(each.author), bold=True),
        blocks.text(": "),
        blocks.text(said, italic=not each.quotable),
    ]


def _name(author: str | None) -> str:
    return one_line(author or "", limit=80) or NO_NAME
