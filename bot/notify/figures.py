"""How figures, days and times are said in a mail, and the paper that mails are written on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.notify.facts import ClauseDay
from bot.notify.quoted import one_line

NEVER = "never"

_TEMPLATES = Path(__file__).parent / "templates"


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
    """How long something has waited: ``40 min``, ``5 h``, ``3 days``."""
    minutes = max(int(length.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else plural(minutes // 1440, "day")


def width(count: int, clauses: tuple[ClauseDay, ...]) -> int:
    """How wide a bar is, in per cent of the widest clause. What is there at all can be seen."""
    widest = max((each.total for each in clauses), default=0)
    return max(round(100 * count / widest), 2) if count and widest else 0


@cache
def paper() -> Environment:
    """The templates of all mails, with these filters."""
    words = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words.filters |= {
        "line": one_line,
        "plural": plural,
        "long_day": long_day,
        "short_day": short_day,
        "local": local,
        "age": age,
        "width": width,
    }
    return words


def inlined(html: str) -> str:
    """The styles written onto each element, for mail programs that drop style sheets; media queries stay."""
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    return inliner.inline(html)
