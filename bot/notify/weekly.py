"""The weekly: what happened in a week on the pages of one department, for who heads it."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from bot.notify import trend
from bot.notify.digest import SUBJECT_HIDDEN, SUBJECT_QUIET, SUBJECT_URGENT, SUBJECT_WAITING, Digest, drawn, picture_id
from bot.notify.email import compose, message_id
from bot.notify.facts import WeekFacts
from bot.notify.figures import inlined, paper, short_day
from bot.notify.quoted import one_line

SUBJECT = "{department}, week of {day}: {what}"


def render(facts: WeekFacts) -> Digest:
    """The weekly of some pages. Pure: the same facts give the same bytes."""
    picture = drawn(facts.trend)
    name = picture_id(facts.end, kind="weekly") if picture else ""
    words = {
        "quiet": not (facts.waiting or facts.hidden or facts.reversed),
        "trend": trend.in_words(facts.trend) if facts.trend else "",
    }
    given = {"facts": facts, "zone": ZoneInfo(facts.timezone), "words": words, "picture": name}
    html = paper().get_template("weekly.html.j2").render(given)
    text = paper().get_template("weekly.txt.j2").render(given)
    return Digest(_subject(facts), inlined(html), text, picture, name)


def mail(facts: WeekFacts, reader: str, sender: str, to: str, now: datetime) -> EmailMessage:
    """The weekly as a mail to one person, ``reader`` by their id: the same week gives them the same Message-ID."""
    made = render(facts)
    return compose(
        sender=sender,
        to=(to,),
        subject=made.subject,
        html=made.html,
        text=made.text,
        identity=message_id(facts.city, facts.begin.isoformat(), sender, kind=f"weekly-{reader}"),
        now=now,
        pictures={made.picture_id: made.picture} if made.picture else None,
    )


def _subject(facts: WeekFacts) -> str:
    parts = [
        SUBJECT_URGENT.format(count=facts.urgent_waiting) if facts.urgent_waiting else "",
        SUBJECT_HIDDEN.format(count=facts.hidden) if facts.hidden else "",
        SUBJECT_WAITING.format(count=facts.waiting) if facts.waiting else "",
    ]
    what = ", ".join(part for part in parts if part) or SUBJECT_QUIET
    department = one_line(facts.department, limit=60)
    return one_line(SUBJECT.format(department=department, day=short_day(facts.begin), what=what))
