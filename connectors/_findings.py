"""What a connector finds out about its own access, gathered into a ``Health``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors._exchange import Exchange
from connectors._names import spoken
from connectors.contract import Health

# Receipts and evidence carry this machine's time.
MOST_SKEW_S = 60.0
# People are told at each of these steps: the sentence changes, and a new sentence is said anew.
STEPS = (timedelta(days=1), timedelta(days=7), timedelta(days=21))

CLOCK_OFF = "This machine's clock is {skew:+.0f} seconds off {platform}'s; switch on time synchronisation (NTP)."
RUNS_OUT = "{what} ends within {days} days, on {day:%Y-%m-%d}; {remedy}"
RUNS_OUT_NOW = "{what} ends within a day, at {day:%Y-%m-%d %H:%M} UTC; {remedy}"
RAN_OUT = "{what} ended on {day:%Y-%m-%d}; {remedy}"


@dataclass
class Findings:
    """``fatal`` stops acts on the page, ``told`` only has to be known. Sentences that say what to do."""

    platform: str
    now: datetime
    fatal: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    page_name: str | None = None
    expires_at: datetime | None = None
    scopes: frozenset[str] = frozenset()
    skew_s: float | None = None

    def clock(self, exchange: Exchange) -> None:
        """Compare this machine's clock with the platform's ``Date``."""
        self.skew_s = skew(exchange)
        if self.skew_s is not None and abs(self.skew_s) > MOST_SKEW_S:
            self.fatal.append(CLOCK_OFF.format(skew=self.skew_s, platform=spoken(self.platform)))

    def ends(self, day: datetime | None, what: str, remedy: str) -> None:
        """Something such as the token ends on a day: told 21, 7 and 1 days ahead."""
        if day is None:
            return
        if day <= self.now:
            self.fatal.append(RAN_OUT.format(what=what, day=day, remedy=remedy))
        step = next((step for step in STEPS if day - self.now <= step), None)
        if day > self.now and step is not None:
            sentence = RUNS_OUT_NOW if step.days == 1 else RUNS_OUT
            self.told.append(sentence.format(what=what, days=step.days, day=day, remedy=remedy))

    def health(self) -> Health:
        """The whole."""
        return Health(
            ok=not self.fatal,
            page_name=self.page_name,
            token_expires_at=self.expires_at,
            scopes=self.scopes,
            problems=(*self.fatal, *self.told),
            clock_skew_s=self.skew_s,
        )


def skew(exchange: Exchange) -> float | None:
    """This machine's clock less the platform's, in seconds."""
    try:
        # The header leaves the fraction of the second out: on average half a second.
        told = parsedate_to_datetime(exchange.header("date") or "") + timedelta(seconds=0.5)
        ours = exchange.started_at + timedelta(milliseconds=exchange.elapsed_ms / 2)
        return round((ours - told).total_seconds(), 1)
    except (ValueError, TypeError):
        return None
