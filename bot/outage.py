"""Say it once when something breaks and once when it mends, with what was lost in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Outage:
    """The standing of one thing that may break, such as a page. A value: keep the new one that each call returns.

    ``since`` is when it broke (aware, UTC), ``None`` while it is well; ``failures`` counts since then.
    """

    since: datetime | None = None
    failures: int = 0
    reason: str | None = None

    def broke(self, now: datetime, reason: str) -> tuple[Outage, Broken | None]:
        """It failed. There is something to say the first time, and again when the reason is another one."""
        if self.since is None:
            return Outage(now, 1, reason), Broken(now, reason)
        more = replace(self, failures=self.failures + 1, reason=reason)
        return more, None if reason == self.reason else Broken(self.since, reason)

    def mended(self, now: datetime) -> tuple[Outage, Mended | None]:
        """It worked. There is something to say if it was broken."""
        if self.since is None:
            return self, None
        return Outage(), Mended(self.since, now - self.since, self.failures, self.reason or "")


@dataclass(frozen=True, slots=True)
class Broken:
    """To be said once: it doesn't work, ``since`` when and why."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Mended:
    """To be said once: it works again, after how long and how many failures."""

    since: datetime
    lasted: timedelta
    failures: int
    reason: str
