"""What residents are told, from the templates beside this file: in English, in Spanish, or in both where unsure.

All that comes from outside is neutralised here, and the commenter's words are quoted in one short line at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.ledger.cases import File
from bot.moderation.pack import PolicyPack
from bot.moderation.verdict import PolicyRef
from bot.notify.quoted import excerpt, one_line
from bot.pages import City
from connectors import spoken

LANGUAGES = ("en", "es")
BETWEEN = "\n\n* * *\n\n"
NOWHERE = {"en": "at city hall", "es": "en el ayuntamiento"}
WRITE_TO = {"en": "write to {place}", "es": "escriba a {place}"}
FILL_IN = {"en": "fill in {place}", "es": "rellene {place}"}
AND = {"en": " or ", "es": " o "}

_TEMPLATES = Path(__file__).parent / "templates"
_NEVER_QUOTED = frozenset({"sexual", "abuse"})
_EXCERPT = 90
_CLAUSE_WORDS = 300
_SHORT_WORDS = 90


def languages_of(file: File) -> tuple[str, ...]:
    """In which languages whoever wrote a comment is told: its own, or all where that is not sure."""
    return (file.verdict.lang,) if file.verdict.lang in LANGUAGES else LANGUAGES


def quoted(file: File) -> str:
    """One line of the comment, private data masked; nothing of what is sexual or abusive."""
    findings = file.verdict.findings
    if _NEVER_QUOTED & {finding.category for finding in findings}:
        return ""
    private = [span for finding in findings if finding.category == "pii" for span in finding.spans]
    return excerpt(file.revision.text, private, limit=_EXCERPT).replace('"', "'")


def clause_words(packs: Sequence[PolicyPack], policy: PolicyRef, clause: str) -> str:
    """What a clause is about, in the version of the policy by which it was judged, as a sentence."""
    for pack in packs:
        if (pack.slug, pack.version) == (policy.slug, policy.version):
            found = next((each.summary for each in pack.clauses if each.id == clause), "")
            return found if not found or found.endswith(".") else f"{found}."
    return ""


def notice(
    file: File,
    city: City,
    packs: Sequence[PolicyPack],
    *,
    kind: str,
    done_at: datetime,
    file_by: datetime,
    most: int | None = None,
) -> tuple[str, tuple[str, ...]]:
    """The words of a notice and their languages. Longer than ``most`` bytes, it is said more briefly, then in one
    language alone; never cut."""
    languages = languages_of(file)
    tries = [(languages, False), (languages, True), (languages[:1], False), (languages[:1], True)]
    text = ""
    for spoken_in, short in tries:
        told = [_notice(file, city, packs, kind, done_at, file_by, language, short) for language in spoken_in]
        text, languages = BETWEEN.join(told), spoken_in
        if most is None or len(text.encode()) <= most:
            break
    return text, languages


def _notice(
    file: File,
    city: City,
    packs: Sequence[PolicyPack],
    kind: str,
    done_at: datetime,
    file_by: datetime,
    language: str,
    short: bool,
) -> str:
    clause = file.verdict.clause
    words = clause_words(packs, file.verdict.policy, clause) or clause
    return _rendered(
        f"notice.{language}.txt.j2",
        city=city.name,
        platform=spoken(file.comment.platform),
        kind=kind,
        posted=local_time(file.comment.posted_at, city.timezone, language),
        done=local_time(done_at, city.timezone, language),
        file_by=local_day(file_by, city.timezone, language),
        excerpt="" if short else quoted(file),
        clause=one_line(clause),
        words=one_line(words, limit=_SHORT_WORDS if short else _CLAUSE_WORDS),
        where=where_to_appeal(city, language),
        case=file.case.case_id,
        policy_url=city.policy_url or "",
        short=short,
    )


def letter(name: str, languages: Sequence[str], city: City, **facts: object) -> str:
    """A letter of this name. A time is written out in the city's own zone, a day (``…_by``) without its hour."""

    def said(language: str) -> str:
        shown = {key: _shown(key, value, city.timezone, language) for key, value in facts.items()}
        return _rendered(f"{name}.{language}.txt.j2", city=city.name, contact=city.contact or "", **shown)

    return BETWEEN.join(said(language) for language in languages) + "\n"


def where_to_appeal(city: City, language: str) -> str:
    """How an appeal reaches the city, as part of a sentence."""
    ways = []
    if city.appeals_to:
        ways.append(WRITE_TO[language].format(place=city.appeals_to))
    if city.appeals_url:
        ways.append(FILL_IN[language].format(place=city.appeals_url))
    if not ways and city.contact:
        ways.append(WRITE_TO[language].format(place=city.contact))
    return AND[language].join(ways) or WRITE_TO[language].format(place=f"{city.name} {NOWHERE[language]}")


def deadline(start: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The last moment of the day that is so many days after ``start`` in the city; a weekend moves it to Monday."""
    last = start.astimezone(zone).date() + timedelta(days=days)
    last += timedelta(days=max(7 - last.weekday(), 0) if last.weekday() >= 5 else 0)
    midnight = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    return midnight.astimezone(start.tzinfo) - timedelta(seconds=1)


def local_time(at: datetime, zone: ZoneInfo, language: str) -> str:
    """``21 November 2026, 7:00 AM EST``; ``21 de noviembre de 2026, 7:00 EST``."""
    local = at.astimezone(zone)
    hour = format_time(local, "h:mm a" if language == "en" else "H:mm", locale=language)
    return f"{local_day(at, zone, language)}, {hour} {local.tzname()}".replace("\u202f", " ")


def local_day(at: datetime, zone: ZoneInfo, language: str) -> str:
    """``21 November 2026``, ``21 de noviembre de 2026``."""
    return format_date(at.astimezone(zone).date(), "d MMMM y" if language == "en" else "long", locale=language)


def _shown(key: str, value: object, zone: ZoneInfo, language: str) -> object:
    if isinstance(value, datetime):
        return local_day(value, zone, language) if key.endswith("_by") else local_time(value, zone, language)
    return value


def _rendered(template: str, **facts: object) -> str:
    return _environment().get_template(template).render(**facts).strip()


@cache
def _environment() -> Environment:
    # Plain text for mail and private messages: HTML's escapes would only stand in the reader's way.
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
    )
