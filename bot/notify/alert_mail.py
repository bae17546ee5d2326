"""The alert by mail, for when Slack is away: the same facts, masked and neutralised in the same way, in two forms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.notify.alerts import (
    ACCOUNT,
    BY_TERMS,
    NO_NAME,
    NO_WORDS,
    POLICY,
    RESTRICTED,
    SHOW,
    TITLES,
    URGENT,
    WITHHELD,
    because,
    reasons,
)
from bot.notify.case_facts import Alert
from bot.notify.email import compose
from bot.notify.quoted import one_line, quote
from bot.notify.summaries import Summary, stands, title_of

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

SUBJECT_ONE = "{urgent}{title} on {page}, case {case_id}"
SUBJECT_MANY = "{count:,} cases on {page} that Slack was not told of"
BY_NIGHT = "It is quiet hours in {city}, so this comes by mail as well as in Slack."
AWAY = "Slack was not told: {because}"
MORE = "and {more:,} more cases; `beadle cases` lists all."

_TEMPLATES = Path(__file__).parent / "templates"
_QUOTE = 600


@dataclass(frozen=True, slots=True)
class AlertMail:
    """Cases and gatherings of one page. ``because``: why Slack was not told, empty where it was. ``more``: how many
    further cases there are."""

    city: str
    page: str
    because: str
    alerts: tuple[Alert, ...]
    summaries: tuple[Summary, ...] = ()
    more: int = 0

    @property
    def is_urgent(self) -> bool:
        """Whether one of the cases is."""
        return any(alert.urgent for alert in self.alerts)

    @property
    def count(self) -> int:
        """How many cases it tells of."""
        return len(self.alerts) + self.more + sum(each.total for each in self.summaries)


@dataclass(frozen=True, slots=True)
class _Line:
    """One case, made fit to be read."""

    title: str
    clauses: tuple[str, ...]
    reasons: tuple[str, ...]
    account: str
    pieces: tuple[tuple[str, bool], ...]
    notice: str
    because: str
    show: str


def compose_alert(mail: AlertMail, sender: str, to: tuple[str, ...], key: str, now: datetime) -> EmailMessage:
    """The mail. ``key`` makes its Message-ID: the same letter is the same mail to whoever reads it."""
    mark = hashlib.sha256(f"{mail.city}\n{key}".encode("utf-8", "surrogatepass")).hexdigest()[:20]
    values = {
        "mail": mail,
        "why": one_line(_why(mail), limit=300),
        "lines": [_line(alert) for alert in mail.alerts],
        "many": [(title_of(each), stands(each), each.slug) for each in mail.summaries],
        "more": MORE.format(more=mail.more) if mail.more else "",
        "page": one_line(mail.page),
        "city": one_line(mail.city),
    }
    return compose(
        sender=sender,
        to=to,
        subject=_subject(mail),
        html=_WORDS.get_template("alert.html.j2").render(values),
        text=_WORDS.get_template("alert.txt.j2").render(values),
        identity=f"<alert.{mark}@{sender.rpartition('@')[2].rstrip('> ')}>",
        now=now,
    )


def _subject(mail: AlertMail) -> str:
    if len(mail.alerts) != 1 or mail.count != 1:
        return SUBJECT_MANY.format(count=mail.count, page=mail.page)
    (alert,) = mail.alerts
    urgent = URGENT if alert.urgent else ""
    return SUBJECT_ONE.format(urgent=urgent, title=TITLES[alert.standing], page=mail.page, case_id=alert.case_id)


def _why(mail: AlertMail) -> str:
    return AWAY.format(because=mail.because) if mail.because else BY_NIGHT.format(city=mail.city)


def _line(alert: Alert) -> _Line:
    quoted = alert.shows_words and not alert.withheld
    pieces = quote(alert.text, alert.spans, alert.masked, limit=_QUOTE) if quoted else ()
    account = f"{ACCOUNT}{one_line(alert.author or '') or NO_NAME}" if quoted else ""
    return _Line(
        title=f"{URGENT if alert.urgent else ''}{TITLES[alert.standing]}",
        clauses=tuple(one_line(f"{clause}  {summary}") for clause, summary in alert.clauses),
        reasons=(_policy(alert), *reasons(alert)),
        account=account,
        pieces=tuple((piece.text, piece.kind in ("matched", "private")) for piece in pieces),
        notice="" if any(piece.text for piece in pieces) else _instead(alert),
        because=because(alert),
        show=SHOW.format(case_id=alert.case_id),
    )


def _policy(alert: Alert) -> str:
    return POLICY.format(policy=one_line(alert.policy), version=one_line(alert.policy_version))


def _instead(alert: Alert) -> str:
    if alert.restricted:
        return RESTRICTED.format(case_id=alert.case_id)
    if alert.withheld:
        return BY_TERMS.format(platform=alert.platform)
    return NO_WORDS if alert.shows_words else WITHHELD.format(case_id=alert.case_id)


_WORDS = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=select_autoescape(("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
