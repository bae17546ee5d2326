"""Counts what was asked of a platform, what came back and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CallCount:
    """Calls so far: ``by_status`` by HTTP status, or by the kind of failure where no answer came."""

    platform: str
    calls: int
    received_bytes: int
    cost_usd: float
    by_status: Mapping[str, int]


class CallLedger:
    """The running count of one platform; safe to use from several threads."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._lock = Lock()
        self._by_status: Counter[str] = Counter()
        self._bytes = 0
        self._cost = 0.0

    def add(self, status: str, *, received_bytes: int = 0, cost_usd: float = 0.0) -> None:
        """Count one call."""
        with self._lock:
            self._by_status[status] += 1
            self._bytes += received_bytes
            self._cost += cost_usd

    def charge(self, cost_usd: float) -> None:
        """Add what only the answer told to be billed, such as posts that were delivered."""
        with self._lock:
            self._cost += cost_usd

    def count(self) -> CallCount:
        """The count now."""
        with self._lock:
            statuses = MappingProxyType(dict(self._by_status))
            return CallCount(self._platform, sum(statuses.values()), self._bytes, self._cost, statuses)
