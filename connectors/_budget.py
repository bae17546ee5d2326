"""What may still be asked of a platform: stops before its limit is met, and keeps a reserve for acts.

Two kinds of limit. *Windows* are told by the platform in headers (``x-rate-limit-*``, ``ratelimit-*``, RFC 9110
``Retry-After``). An *allowance* is counted by ourselves: so many units or dollars an hour, a day or a month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Literal, Protocol

from connectors._errors import QuotaSpent, RateLimited
from connectors._exchange import Exchange

# Polls stop while this share of a window is left: it is for reading and hiding what was already found.
WINDOW_RESERVE = 0.1
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_TOLD = timedelta(hours=24)

WAIT = "{platform} asks us to wait; calls go on at {until:%Y-%m-%d %H:%M} UTC."
NEARLY = "Few calls to {platform} are left; what remains is kept for acts, and reading goes on at {until:%H:%M} UTC."
SPENT = "The allowance of {platform} ({what}) is spent; calls go on at {until:%Y-%m-%d %H:%M} UTC."
KEPT_FOR_ACTS = (
    "The part of {platform}'s allowance ({what}) that reading may use is spent; the rest is kept for acts, and reading "
    "goes on at {until:%Y-%m-%d %H:%M} UTC."
)


_NAMES = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}


class Spending(Protocol):
    """Remembers what was spent, across restarts and over all pages that share an account."""

    def spent(self, key: str, period: str) -> float:
        """The units spent in a period such as ``2026-11-21``."""

    def add(self, key: str, period: str, units: float) -> None:
        """Count units."""


class SpendingInMemory:
    """Forgets when the process ends; for tools and tests."""

    def __init__(self) -> None:
        self._spent: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._lock = Lock()

    def spent(self, key: str, period: str) -> float:
        return self._spent[(key, period)]

    def add(self, key: str, period: str, units: float) -> None:
        with self._lock:
            self._spent[(key, period)] += units


@dataclass(frozen=True, slots=True)
class Allowance:
    """``units`` in each ``period``, which ends in ``zone``. ``reserve``: the share that only acts may use."""

    units: float
    period: Literal["hour", "day", "month"]
    zone: tzinfo = UTC
    reserve: float = 0.25
    what: str = "calls"

    def name_at(self, now: datetime) -> str:
        """The period that ``now`` lies in."""
        return now.astimezone(self.zone).strftime(_NAMES[self.period])

    def ends_after(self, now: datetime) -> datetime:
        """When the period of ``now`` ends, in UTC."""
        start = now.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
        if self.period == "hour":
            return (start + timedelta(hours=1)).astimezone(UTC)
        start = start.replace(hour=0)
        longer = start + timedelta(days=1) if self.period == "day" else start.replace(day=1) + timedelta(days=32)
        following = longer if self.period == "day" else longer.replace(day=1)
        return following.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Rate:
    """A window as the platform told it. ``limit`` may be missing."""

    remaining: float
    resets_at: datetime
    limit: float | None = None

    def is_low(self, reserve: float) -> bool:
        """Whether only the reserve is left."""
        return self.remaining <= max((self.limit or 0.0) * reserve, 0.0)


class Budget:
    """The limits of one account on one platform. Safe to use from several threads."""

    def __init__(
        self,
        platform: str,
        *,
        clock: Callable[[], datetime],
        allowances: tuple[Allowance, ...] = (),
        spending: Spending | None = None,
        key: str = "",
        reserve: float = WINDOW_RESERVE,
    ) -> None:
        self._platform, self._clock, self._reserve = platform, clock, reserve
        self.allowances = allowances
        self._spending: Spending = spending or SpendingInMemory()
        self._key = f"{platform}:{key}"
        self._lock = Lock()
        self._rates: dict[str, Rate] = {}
        self._refused: dict[str, tuple[datetime, bool]] = {}
        self._strikes: defaultdict[str, int] = defaultdict(int)

    def admit(self, *, act: bool, weight: float = 1.0, bucket: str = "") -> None:
        """Raise ``RateLimited`` or ``QuotaSpent`` if this call should not be sent now; else count its ``weight``."""
        now = self._clock()
        with self._lock:
            self._obey_refusal(bucket, now)
            self._obey_window(bucket, now, act)
            for allowance in self.allowances:
                self._obey_allowance(allowance, now, weight, act)
            for allowance in self.allowances:
                self._spending.add(f"{self._key}:{allowance.what}", allowance.name_at(now), weight)

    def charge(self, units: float, what: str) -> None:
        """Count what only the answer tells, such as posts that were delivered and are billed."""
        now = self._clock()
        for allowance in self.allowances:
            if allowance.what == what:
                self._spending.add(f"{self._key}:{what}", allowance.name_at(now), units)

    def spent(self, what: str = "calls") -> float:
        """What was spent of an allowance in its present period."""
        now = self._clock()
        periods = [each.name_at(now) for each in self.allowances if each.what == what]
        return self._spending.spent(f"{self._key}:{what}", periods[0]) if periods else 0.0

    def note(self, exchange: Exchange, bucket: str = "") -> None:
        """Take up what an answer's headers say."""
        rate = read_rate(exchange, self._clock())
        with self._lock:
            if rate is not None:
                self._rates[bucket] = rate
            if exchange.status < 400:
                self._strikes[bucket] = 0

    def refuse(
        self, exchange: Exchange | None, bucket: str = "", *, until: datetime | None = None, spent: bool = False
    ) -> RateLimited:
        """The platform said no: the error to raise, with the time until which nothing is sent."""
        now = self._clock()
        with self._lock:
            told = until or (read_retry(exchange, now) if exchange else None)
            if told is None and spent and self.allowances:
                told = self.allowances[0].ends_after(now)
            waits, _ = self._refused.get(bucket, (now, False))
            if waits <= now:
                self._strikes[bucket] += 1
            grown: timedelta = min(FIRST_WAIT * 2 ** min(self._strikes[bucket] - 1, 10), LONGEST_WAIT)
            ends = min(told, now + 31 * LONGEST_TOLD if spent else now + LONGEST_TOLD) if told else now + grown
            ends = max(ends, waits)
            self._refused[bucket] = (ends, spent)
        return self._error(ends, spent, exchange)

    def _obey_refusal(self, bucket: str, now: datetime) -> None:
        for name in {bucket, ""}:
            until, spent = self._refused.get(name, (now, False))
            if until > now:
                raise self._error(until, spent, None)

    def _obey_window(self, bucket: str, now: datetime, act: bool) -> None:
        rate = self._rates.get(bucket)
        if rate is None or rate.resets_at <= now:
            return
        if rate.is_low(0.0 if act else self._reserve):
            sentence = WAIT if rate.remaining <= 0 else NEARLY
            raise RateLimited(sentence.format(platform=self._platform, until=rate.resets_at), until=rate.resets_at)

    def _obey_allowance(self, allowance: Allowance, now: datetime, weight: float, act: bool) -> None:
        spent = self._spending.spent(f"{self._key}:{allowance.what}", allowance.name_at(now))
        ceiling = allowance.units * (1.0 if act else 1.0 - allowance.reserve)
        if spent + weight > ceiling:
            until = allowance.ends_after(now)
            sentence = SPENT if act else KEPT_FOR_ACTS
            words = sentence.format(platform=self._platform, what=allowance.what, until=until)
            raise QuotaSpent(words, until=until, spent=spent)

    def _error(self, until: datetime, spent: bool, exchange: Exchange | None) -> RateLimited:
        if spent:
            what = self.allowances[0].what if self.allowances else "calls"
            sentence = SPENT.format(platform=self._platform, what=what, until=until)
            return QuotaSpent(sentence, until=until, exchange=exchange)
        return RateLimited(WAIT.format(platform=self._platform, until=until), until=until, exchange=exchange)


def read_rate(exchange: Exchange, now: datetime) -> Rate | None:
    """The window that the headers tell, in any of the usual spellings; ``None`` when they tell none."""
    for prefix in ("x-rate-limit-", "x-ratelimit-", "ratelimit-"):
        remaining = _number(exchange.header(f"{prefix}remaining"))
        resets_at = _moment(exchange.header(f"{prefix}reset"), now)
        if remaining is not None and resets_at is not None:
            return Rate(remaining, resets_at, _number(exchange.header(f"{prefix}limit")))
    return None


def read_retry(exchange: Exchange, now: datetime) -> datetime | None:
    """Until when the answer asks us to wait: ``Retry-After``, else the end of a window that is used up."""
    told = _moment(exchange.header("retry-after"), now)
    if told is not None:
        return max(told, now)
    rate = read_rate(exchange, now)
    return max(rate.resets_at, now) if rate is not None and rate.remaining < 1 else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e15 else None


def _moment(value: str | None, now: datetime) -> datetime | None:
    """Seconds from now, seconds or milliseconds since 1970, an ISO time or an HTTP date."""
    number = _number(value)
    if value is None:
        return None
    try:
        if number is None:
            parsed = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
            return parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)
        if number >= 1e12:
            return datetime.fromtimestamp(number / 1000, UTC)
        return datetime.fromtimestamp(number, UTC) if number >= 1e9 else now + timedelta(seconds=min(number, 1e7))
    except (ValueError, TypeError, OverflowError, OSError):
        return None
