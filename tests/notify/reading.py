"""The facts of a quiet and of a busy day, and an eye that reads a mail's HTML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

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

DAY = date(2026, 11, 21)
NOTE = f"beadle/0123456789abcdef\n1204\n{'A' * 43}=\n\n\u2014 beadle/0123456789abcdef {'B' * 91}=\n"
LAST_POLL = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
VOID = {"meta", "br", "link", "img", "hr", "input"}

QUIET = DigestFacts(
    city="Town of Millbrook",
    day=DAY,
    timezone="America/New_York",
    pages=(
        PageDay(
            name="Town of Millbrook",
            platform="facebook",
            mode="observe",
            polled=True,
            last_poll_at=LAST_POLL,
            comments=0,
        ),
    ),
    polled=1440,
    judged=0,
    kept=0,
    hidden=0,
    left_up=0,
    waiting=0,
    urgent_waiting=0,
)
BUSY = replace(
    QUIET,
    judged=1312,
    kept=1299,
    hidden=34,
    left_up=1240,
    waiting=25,
    urgent_waiting=2,
    clauses=(
        ClauseDay("3.4.3.A", "Profane language or content", 21, 2),
        ClauseDay("3.4.3.K", "Violent or threatening content", 0, 5),
        ClauseDay("3.4.3.L", "Confidential information", 0, 0),
    ),
    decisions=(DecisionLine("fa-aaaaaaaaaaaa", "restored", "Supervisor", "3.4.3.A"),),
    waiting_cases=(
        WaitingCase("fa-bbbbbbbbbbbb", "3.4.3.K", "Violent content", timedelta(minutes=42), True, "burn it down"),
        WaitingCase("fa-cccccccccccc", "3.4.3.L", "Confidential information", timedelta(days=3)),
    ),
    offenders=(Offender("Rusty Nail", 3, 1),),
    problems=("Facebook no longer takes the token of the page library: put in a new one.",),
    evidence_verified=59,
    evidence_total=59,
    chain_head="9f2c" * 16,
    checkpoint=NOTE,
    stamps=("tsa.example.org stamped the checkpoint of 1,204 lines, 40 s ago.",),
)
TREND = tuple(
    TrendDay(DAY - timedelta(days=27 - back), 200 + back * 37 % 900, back * 7 % 13, back % 9 == 4) for back in range(28)
)
FULL = replace(
    BUSY,
    oldest=timedelta(days=3),
    reversed=6,
    by_appeal=1,
    lapsed=2,
    clauses=(ClauseDay("3.4.3.A", "Profane language or content", 21, 2, 4), *BUSY.clauses[1:]),
    decisions=BUSY.decisions * 15,
    proposals=("Account displayed as Rusty Nail on Facebook reached 3 of 3 strikes: people decide.",),
    rule_changes=("Rule obscene-words on Town of Millbrook stopped acting: 9 of 60 comments of its first day.",),
    outliers=Outliers(34, 2),
    appeals=("3 appeals waiting for an answer, 1 OVERDUE; `beadle appeals` lists them.",),
    findings=("noor has not acknowledged version 2026-01 of clinton-city.",),
    tokens=("Library: its token runs out on Wed 2 Dec 2026, in 11 days; put in a new one before.",),
    quotas=("YouTube: 4,120 units spent that day.",),
    trend=TREND,
    missed=(MissedDay(date(2026, 11, 19), 812, 3, 0), MissedDay(date(2026, 11, 20), 900, 12, 1)),
    written_late=datetime(2026, 11, 22, 18, 2, tzinfo=UTC),
    pages=(*BUSY.pages, replace(BUSY.pages[0], name="Library", blind_minutes=47, polled=False, since=LAST_POLL)),
)


class Page(HTMLParser):
    """The structure of a page: tags, attributes, words, and whether every tag is closed where it must be."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "title"}:
            self.words.append(data)

    def every(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each such tag."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def said(self) -> str:
        """The words of the page on one line."""
        return " ".join(" ".join(self.words).split())
