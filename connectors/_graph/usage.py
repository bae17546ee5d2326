"""Meta's rate limits: what the usage headers say, and when to stop before the limit is met.

Page tokens answer with ``X-Business-Use-Case-Usage``, user and app tokens with ``X-App-Usage``; neither ever sends
``Retry-After`` (developers.facebook.com/docs/graph-api/overview/rate-limiting).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from connectors.contract import Exchange, RateLimited

USAGE_HEADERS = ("x-app-usage", "x-business-use-case-usage", "x-page-usage")
MEASURES = ("call_count", "total_time", "total_cputime")
# Polls stop here; what is left is kept for reading and hiding what was already found.
POLL_CEILING = 90.0
ACT_CEILING = 100.0
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_REGAIN = timedelta(hours=24)

NEARLY_SPENT = "The page has used {percent:.0f} % of its calls; reading goes on at {until:%H:%M} UTC."
SPENT = "Meta asks us to wait; calls go on at {until:%H:%M} UTC."


@dataclass(frozen=True, slots=True)
class Usage:
    """The fullest of the reported quotas, in percent, and the time Meta says it takes to regain access."""

    percent: float
    regain: timedelta | None = None


def read_usage(exchange: Exchange) -> Usage | None:
    """What the answer's headers say; ``None`` when they say nothing that can be read."""
    quotas = [quota for name in USAGE_HEADERS for quota in _quotas(exchange.header(name))]
    if not quotas:
        return None
    percent = max(_number(quota.get(measure)) for quota in quotas for measure in MEASURES)
    minutes = max(_number(quota.get("estimated_time_to_regain_access")) for quota in quotas)
    regain = min(timedelta(minutes=min(minutes, 1e6)), LONGEST_REGAIN)
    return Usage(percent, regain or None)


class Throttle:
    """Remembers the usage and refuses calls that would run into the limit. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: datetime | None = None
        self._strikes = 0
        self._refused = False
        self.usage: Usage | None = None

    def admit(self, now: datetime, *, ceiling: float) -> None:
        """Raise ``RateLimited`` while the platform refuses calls or the usage is at ``ceiling`` percent or more."""
        with self._lock:
            if self._until is None or now >= self._until:
                return
            percent = self.usage.percent if self.usage else 0.0
            if self._refused or percent >= ceiling:
                sentence = SPENT if self._refused else NEARLY_SPENT
                raise RateLimited(sentence.format(percent=percent, until=self._until), until=self._until, usage=percent)

    def note(self, usage: Usage | None, now: datetime) -> None:
        """Take up what an answer said."""
        with self._lock:
            self.usage = usage or self.usage
            if usage and usage.percent >= POLL_CEILING:
                self._wait(usage.regain, now)
            elif usage:
                self._until, self._strikes, self._refused = None, 0, False

    def refuse(self, usage: Usage | None, now: datetime) -> datetime:
        """The platform said no: until when nothing is sent."""
        with self._lock:
            self._refused = True
            self.usage = usage or self.usage
            return self._wait(usage.regain if usage else None, now)

    def _wait(self, regain: timedelta | None, now: datetime) -> datetime:
        # Several answers inside one wait are one strike: the wait grows when it was not long enough.
        if self._until is None or now >= self._until:
            self._strikes += 1
        grown: timedelta = min(FIRST_WAIT * 2 ** min(self._strikes - 1, 10), LONGEST_WAIT)
        self._until = max(now + (regain or grown), self._until or now)
        return self._until


def _quotas(header: str | None) -> Iterator[dict[str, object]]:
    try:
        told = json.loads(header or "null")
    except (ValueError, RecursionError):
        return
    if not isinstance(told, dict):
        return
    for value in (told, *told.values()):
        yield from (quota for quota in (value if isinstance(value, list) else [value]) if _is_quota(quota))


def _is_quota(value: object) -> bool:
    return isinstance(value, dict) and any(measure in value for measure in MEASURES)


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return min(max(float(value), 0.0), 1e9) if is_number else 0.0  # type: ignore[arg-type]
