"""A server that fails again and again is left alone for some minutes, and then tried once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import structlog

from bot.opinion.terms import NotHad

log = structlog.get_logger(__name__)

BREAKS_AFTER = 5
PAUSE = timedelta(minutes=5)

LEFT_ALONE = "its server failed several times or asked us to wait, and is left alone for some minutes"


class Breaker:
    """Counts failures in a row. Says it once when it breaks and once when it mends. Safe in several threads."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self._lock = clock, Lock()
        self._failures = 0
        self._until: datetime | None = None

    def ask(self) -> None:
        """Before each call. Raises ``NotHad`` while the server is left alone; after that lets one call try."""
        with self._lock:
            if self._until is None:
                return
            now = self._clock()
            if now < self._until:
                raise NotHad(LEFT_ALONE)
            self._until = now + PAUSE

    def failed(self, why: NotHad) -> None:
        """The call failed. A server that names a time to wait is left alone at once."""
        with self._lock:
            self._failures += 1
            wait = PAUSE if why.wait_s is None else timedelta(seconds=why.wait_s)
            if self._until is not None:
                self._until = max(self._until, self._clock() + wait)
            elif why.wait_s is not None or self._failures >= BREAKS_AFTER:
                self._until = self._clock() + wait
                log.error("second opinions can't be had", because=why.detail, paused_seconds=wait.total_seconds())

    def went_well(self) -> None:
        """The call was answered."""
        with self._lock:
            if self._until is not None:
                log.info("second opinions can be had again")
            self._failures, self._until = 0, None
