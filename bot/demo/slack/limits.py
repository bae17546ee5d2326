"""Slack's limits on how often a method may be called, as published. https://docs.slack.dev/apis/web-api/rate-limits"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
BURST = 5
"""How many messages a channel takes at once before it is one a second: Slack says "short bursts" and no number."""
TIERS = {"apps.connections.open": 50, "chat.update": 50, "chat.delete": 50, "conversations.history": 50,
         "conversations.info": 50, "conversations.open": 50, "conversations.replies": 50,
         "users.lookupByEmail": 50}  # fmt: skip
FOURTH_TIER = 100


@dataclass
class _Bucket:
    """So many calls at once, and so many more a second."""

    most: float
    a_second: float
    left: float
    at: float

    def wait(self, now: float) -> float:
        """0 and one call is counted, or the seconds until there is room for it."""
        self.left = min(self.most, self.left + (now - self.at) * self.a_second)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / self.a_second


class RateLimits:
    """Off until it is switched on. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.on = False
        self.refusals = 0
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def retry_after(self, method: str, args: Json) -> int | None:
        """``None`` and the call is counted, or whole seconds to wait."""
        if not self.on:
            return None
        posts = method == "chat.postMessage"
        key = f"{method}/{args.get('channel')}" if posts else method
        bucket = self._buckets.setdefault(key, self._new(BURST, 1.0) if posts else self._tier(method))
        wait = bucket.wait(self._clock())
        self.refusals += wait > 0
        return math.ceil(wait) if wait else None

    def _tier(self, method: str) -> _Bucket:
        most = TIERS.get(method, FOURTH_TIER)
        return self._new(most, most / 60)

    def _new(self, most: float, a_second: float) -> _Bucket:
        return _Bucket(most, a_second, most, self._clock())
