"""The daily digest: what happened on the city's pages, readable in a minute on a telephone."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import structlog

from bot.notify import trend
from bot.notify.email import compose, message_id
from bot.notify.facts import DigestFacts, TrendDay
from bot.notify.figures import inlined, local, paper, plural, short_day
from bot.notify.quoted import one_line

log = structlog.get_logger(__name__)

SUBJECT = "{city} social media, {day}: {what}"
SUBJECT_SO_FAR = "{city} social media, {day} so far: {what}"
SUBJECT_URGENT = "{count} URGENT"
SUBJECT_HIDDEN = "{count} hidden"
SUBJECT_WAITING = "{count} waiting"
SUBJECT_PROBLEMS = "trouble with {count}"
SUBJECT_QUIET = "nothing hidden, nothing waiting"
SUBJECT_KEEPSAKE = "{city}: evidence checkpoint to keep, {day}"
LATE = "This was written after its hour, on {when}, and tells what waited then."
AGAIN = "{count} shown again"
BY_APPEAL = "{count} of them after an appeal"
LAPSED = "{count} of them because nobody had confirmed it in time"
OUTLIERS = "Of {taken_down} taken down in the last {days} days, {alike} much like another that was left up."
EVEN_HANDED = "Of {taken_down} taken down in the last {days} days, none is like another that was left up."
CHECKPOINT_FILE = "checkpoint.note"


@dataclass(frozen=True, slots=True)
class Digest:
    """A subject and two bodies that say the same; the picture in the HTML goes by ``picture_id``."""

    subject: str
    html: str
    text: str
    picture: bytes | None = None
    picture_id: str = ""

    @property
    def page(self) -> str:
        """The HTML as a file of its own, with the picture inside."""
        return standalone(self.html, {self.picture_id: self.picture} if self.picture else {})


def render(facts: DigestFacts, *, so_far: bool = False) -> Digest:
    """The digest of a day. Pure: the same facts give the same bytes. ``so_far``: the day is not over."""
    picture = drawn(facts.trend)
    name = picture_id(facts.day) if picture else ""
    words = _words(facts)
    given = {"facts": facts, "zone": ZoneInfo(facts.timezone), "words": words, "picture": name}
    html = paper().get_template("digest.html.j2").render(given)
    text = paper().get_template("digest.txt.j2").render(given)
    return Digest(_subject(facts, so_far=so_far), inlined(html), text, picture, name)


def mail(facts: DigestFacts, sender: str, to: tuple[str, ...], now: datetime) -> EmailMessage:
    """The digest as a mail. Its Message-ID is that of the city and the day, so a second sending is the same mail."""
    identity = message_id(facts.city, facts.day.isoformat(), sender)
    return composed(render(facts), facts, identity, sender, to, now)


def composed(
    made: Digest, facts: DigestFacts, identity: str, sender: str, to: tuple[str, ...], now: datetime
) -> EmailMessage:
    """A digest that is rendered already, as a mail with the newest checkpoint beside it."""
    return compose(
        sender=sender,
        to=to,
        subject=made.subject,
        html=made.html,
        text=made.text,
        identity=identity,
        now=now,
        files=_attached(facts.checkpoint),
        pictures={made.picture_id: made.picture} if made.picture else None,
    )


def keepsake(facts: DigestFacts, sender: str, to: tuple[str, ...], now: datetime) -> EmailMessage:
    """The checkpoint alone, for who keeps the city's records and gets no digest. Sent twice, it is one mail."""
    subject = SUBJECT_KEEPSAKE.format(city=one_line(facts.city, limit=60), day=short_day(facts.day))
    return compose(
        sender=sender,
        to=to,
        subject=one_line(subject),
        html=inlined(paper().get_template("checkpoint.html.j2").render(facts=facts)),
        text=paper().get_template("checkpoint.txt.j2").render(facts=facts),
        identity=message_id(facts.city, facts.day.isoformat(), sender, kind="checkpoint"),
        now=now,
        files=_attached(facts.checkpoint),
    )


def repeated(
    first: bytes | None, page: Digest, identity: str, sender: str, to: tuple[str, ...], at: datetime
) -> EmailMessage:
    """A digest once more, as it was written: the first letter with other readers, or what is kept where none was."""
    if first is None:
        return compose(
            sender=sender, to=to, subject=page.subject, html=page.html, text=page.text, identity=identity, now=at
        )
    mail = message_from_bytes(first, policy=default)
    assert isinstance(mail, EmailMessage)
    mail.replace_header("To", ", ".join(to))
    return mail


def pictures_in(mime: bytes) -> dict[str, bytes]:
    """The pictures inside a mail, by content id."""
    mail = message_from_bytes(mime, policy=default)
    return {
        str(part["Content-ID"]).strip("<>"): part.get_content()
        for part in mail.walk()
        if part["Content-ID"] is not None
    }


def drawn(days: Sequence[TrendDay]) -> bytes | None:
    """The picture, or none: a mail without its picture is better than no mail, whatever the library has against it."""
    if not days:
        return None
    try:
        return trend.draw(days)
    except Exception:
        log.exception("the picture of a digest could not be drawn")
        return None


def picture_id(day: date, kind: str = "trend") -> str:
    """The content id (RFC 2392) of the picture."""
    return f"{kind}.{day.isoformat()}@beadle.invalid"


def standalone(html: str, pictures: dict[str, bytes]) -> str:
    """A mail's HTML as a page of its own: the pictures that it refers to are put inside."""
    for name, data in pictures.items():
        html = html.replace(f"cid:{name}", f"data:image/png;base64,{base64.b64encode(data).decode()}")
    return html


def _attached(checkpoint: str | None) -> dict[str, bytes]:
    return {CHECKPOINT_FILE: checkpoint.encode()} if checkpoint else {}


def _words(facts: DigestFacts) -> dict[str, object]:
    """What both forms say in the same sentences."""
    zone = ZoneInfo(facts.timezone)
    trouble = facts.problems or facts.findings or facts.written_late
    return {
        "quiet": not (trouble or facts.waiting or facts.hidden or facts.reversed or facts.paused),
        "late": LATE.format(when=local(facts.written_late, zone, facts.day)) if facts.written_late else "",
        "again": _again(facts),
        "trend": trend.in_words(facts.trend) if facts.trend else "",
        "outliers": _outliers(facts),
    }


def _again(facts: DigestFacts) -> str:
    if not facts.reversed:
        return ""
    parts = [AGAIN.format(count=f"{facts.reversed:,}")]
    parts += [BY_APPEAL.format(count=f"{facts.by_appeal:,}")] if facts.by_appeal else []
    parts += [LAPSED.format(count=f"{facts.lapsed:,}")] if facts.lapsed else []
    return f"{', '.join(parts)}."


def _outliers(facts: DigestFacts) -> str:
    if facts.outliers is None:
        return ""
    alike = f"{facts.outliers.alike:,} {'is' if facts.outliers.alike == 1 else 'are'}"
    said = OUTLIERS if facts.outliers.alike else EVEN_HANDED
    return said.format(taken_down=f"{facts.outliers.taken_down:,}", days=facts.outliers.days, alike=alike)


def _subject(facts: DigestFacts, *, so_far: bool) -> str:
    trouble = len(facts.problems) + len(facts.findings)
    parts = [
        SUBJECT_URGENT.format(count=facts.urgent_waiting) if facts.urgent_waiting else "",
        SUBJECT_HIDDEN.format(count=facts.hidden) if facts.hidden else "",
        SUBJECT_WAITING.format(count=facts.waiting) if facts.waiting else "",
        SUBJECT_PROBLEMS.format(count=plural(trouble, "thing")) if trouble else "",
    ]
    what = ", ".join(part for part in parts if part) or SUBJECT_QUIET
    subject = SUBJECT_SO_FAR if so_far else SUBJECT
    return one_line(subject.format(city=one_line(facts.city, limit=60), day=short_day(facts.day), what=what))
