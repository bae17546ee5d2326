"""Watches the browser while it looks: what grows too large, or is busy beyond its time, is ended."""

from __future__ import annotations

import os
import threading
import time

from bot.evidence.picture.processes import below, kill, kind, resident

_EVERY_S = 0.05
_DRAWS = ("renderer", "gpu-process")

TOO_LARGE = "The page filled the memory of the browser, which was ended."
TOO_BUSY = "The page kept the browser busy for too long."


class Watch:
    """Looks at all processes below this one, between ``begin`` and ``end``. ``most`` is in bytes, for each of them.

    A call into a page that computes for ever does not return, and can't be given a time; that its process is ended is
    what makes it return.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._until = 0.0
        self._why: str | None = None
        self._looking = threading.Event()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def begin(self, until: float) -> None:
        """From now until ``until`` (``time.monotonic()``), a page may be busy."""
        self._until, self._why = until, None
        self._looking.set()

    def end(self) -> str | None:
        """Stop watching. The sentence why something was ended; ``None`` when nothing was."""
        self._looking.clear()
        return self._why

    @property
    def why(self) -> str | None:
        """Why something was ended since ``begin``."""
        return self._why

    def _watch(self) -> None:
        while self._looking.wait():
            late = time.monotonic() > self._until
            for pid in below(os.getpid()):
                self._see_to(pid, late)
            time.sleep(_EVERY_S)

    def _see_to(self, pid: int, late: bool) -> None:
        if resident(pid) > self._most:
            self._end(pid, TOO_LARGE)
        elif late and kind(pid) in _DRAWS:
            self._end(pid, TOO_BUSY)

    def _end(self, pid: int, why: str) -> None:
        if self._looking.is_set():  # else the look has just come back by itself
            self._why = self._why or why
            kill(pid)
