"""Pictures by Chromium, from the daemon's side."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from bot.evidence.capture import Capture
from bot.evidence.egress.hosts import Hosts
from bot.evidence.picture.chromium import find_browser, version_of
from bot.evidence.picture.seat import Limits, Seat
from bot.evidence.picture.views import views

DEFAULT = Limits()


class BrowserCapturer:
    """Takes up to ``at_once`` pictures at a time, for any threads. Never raises for what a page or the browser does.

    ``allowed_hosts``: see ``Hosts``; no other is ever spoken to. ``account``: as whom the browser runs when we are
    root.
    """

    def __init__(
        self,
        allowed_hosts: Iterable[str],
        *,
        browser: Path | None = None,
        account: str | None = None,
        at_once: int = 1,
        limits: Limits = DEFAULT,
    ) -> None:
        self._hosts = Hosts(tuple(allowed_hosts))
        self._wanted = browser
        self._all = [Seat(self._hosts, browser, account, limits) for _ in range(at_once)]
        self._free: queue.LifoQueue[Seat] = queue.LifoQueue()  # the warm one first
        for seat in self._all:
            self._free.put(seat)

    @cached_property
    def browser(self) -> str | None:
        """Which browser this is, with its version, for the record; ``None`` if there is none."""
        found = find_browser(self._wanted)
        return None if found is None else version_of(found)

    def start(self) -> Capture | None:
        """Start a browser now rather than at the first picture. ``None``, or a capture that says why it can't."""
        seat = self._free.get()
        try:
            return seat.start()
        finally:
            self._free.put(seat)

    def capture(
        self, permalink: str | None, text: str, comment_id: str | None = None, platform: str | None = None
    ) -> Capture:
        """Picture the comment with these words. Within the limits, unless the start of a browser takes half of them."""
        found = views(platform, permalink)
        if found[0].kind in ("none", "oembed"):
            return Capture(status="refused", reason=found[0].why, url_asked=permalink)
        refusals = {view: self._hosts.refusal(view.url) for view in found}
        allowed = [{"kind": view.kind, "url": view.url} for view, refusal in refusals.items() if refusal is None]
        if not allowed:
            return Capture(status="refused", reason=str(refusals[found[-1]]), url_asked=permalink)
        seat = self._free.get()
        try:
            return seat.take({"url": permalink, "views": allowed, "text": text, "comment_id": comment_id})
        finally:
            self._free.put(seat)

    def close(self) -> None:
        """End the browsers and remove what they left. Waits for pictures that are being taken."""
        for _ in self._all:
            self._free.get().stop()
        for seat in self._all:
            self._free.put(seat)
