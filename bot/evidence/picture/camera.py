"""The camera: a browser with a window that is always made ready, and the guard and the watch over both.

Runs in the capture process only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error

from bot.evidence.egress.guard import Guard, Passage
from bot.evidence.picture.look import ASTRAY, Answer, Look
from bot.evidence.picture.recorder import with_addresses
from bot.evidence.picture.watch import Watch
from bot.evidence.picture.window import VIEWPORT, Window

_LEAST_S = 1.5
_NOT_THE_LAST = 0.55
_MOST_HOSTS = 40
_FROM_THE_GUARD = (
    "ERR_TUNNEL_CONNECTION_FAILED",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_CLOSED",
    "ERR_CONNECTION_RESET",
)
_WORTH = ("no_browser", "refused", "failed", "blocked", "captured")


class Camera:
    """Takes one picture after the other. Each is taken through a window of its own, made before it is asked for."""

    def __init__(self, browser: Browser, guard: Guard, watch: Watch) -> None:
        self._browser = browser
        self._guard = guard
        self._watch = watch
        self._ready: Window | None = None
        self._used: list[Window] = []

    def prepare(self) -> None:
        """Put the used windows away and make the next one ready. Nobody waits for it."""
        while self._used:
            self._used.pop().close()
        if self._ready is None:
            self._ready = Window(self._browser)

    def take(self, order: Mapping[str, Any]) -> Answer:
        """Try the views of a comment in their order. The facts of a ``Capture`` as JSON values.

        ``again: True`` among them: the browser had to be hurt and should be replaced. Raises ``Error`` when it is gone.
        """
        self._guard.take()
        taken_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        until = time.monotonic() + order["seconds"]
        answers = self._views(order, until)
        best = max(
            answers,
            key=lambda each: (
                each.get("comment_text_visible", False),
                _WORTH.index(each["status"]),
                each.get("match_ratio", 0.0),
            ),
        )
        journal = self._guard.take()
        tried = [{key: each[key] for key in ("kind", "url", "status", "reason")} for each in answers]
        with_addresses(best.get("exchanges", ()), [(each.host, each.address) for each in journal if each.address])
        own = {"viewport": f"{VIEWPORT[0]}x{VIEWPORT[1]}", "taken_at": taken_at, "views": tried, **_traffic(journal)}
        return {
            **best,
            "reason": _because(best, journal),
            "again": any(each.get("again") for each in answers),
            "facts": {**best["facts"], **own},
        }

    def _views(self, order: Mapping[str, Any], until: float) -> list[Answer]:
        answers: list[Answer] = []
        for view, following in zip(order["views"], [*order["views"][1:], None], strict=True):
            left = until - time.monotonic()
            if answers and left < _LEAST_S:
                break
            share = left if following is None else left * _NOT_THE_LAST
            answers.append({**view, **self._look(view, order, time.monotonic() + share)})
            if answers[-1].get("comment_text_visible"):
                break
        return answers

    def _look(self, view: Mapping[str, Any], order: Mapping[str, Any], until: float) -> Answer:
        self._watch.begin(until)
        try:
            look = Look(self._window(), until, order["patience"], view["kind"] == "embed")
            return look.at(view["url"], order["text"], order["comment_id"])
        except Error:
            if (why := self._watch.why) is None:
                raise
            return {"status": "failed", "reason": why, "url_final": view["url"], "facts": {}, "again": True}
        finally:
            self._watch.end()

    def _window(self) -> Window:
        window, self._ready = self._ready, None
        if window is None or window.page.is_closed():  # its process may have died while it waited
            window = Window(self._browser)
        self._used.append(window)
        return window


def _traffic(journal: Sequence[Passage]) -> dict[str, object]:
    """Whom the browser spoke to, and whom it was kept from (EV-05)."""
    spoken: dict[tuple[str, int, str], list[int]] = {}
    for passage in journal:
        if passage.address is not None:
            sums = spoken.setdefault((passage.host, passage.port, passage.address), [0, 0, 0])
            sums[:] = [sums[0] + 1, sums[1] + passage.sent, sums[2] + passage.received]
    refused = [passage for passage in journal if passage.refused]
    return {
        "connections": [
            {"host": host, "port": port, "address": address, "times": sums[0], "sent": sums[1], "received": sums[2]}
            for (host, port, address), sums in list(spoken.items())[:_MOST_HOSTS]
        ],
        "blocked_requests": len(refused),
        "blocked_hosts": sorted({f"{each.host}:{each.port}"[:100] for each in refused})[:_MOST_HOSTS],
        "blocked_because": sorted({each.refused or "" for each in refused})[:_MOST_HOSTS],
    }


def _because(answer: Answer, journal: Sequence[Passage]) -> str:
    """The reason, in the guard's words where the browser only knows that it wasn't let through."""
    reason = str(answer["reason"])
    refused = [each for each in journal if each.refused]
    if not refused or not (reason == ASTRAY or any(code in reason for code in _FROM_THE_GUARD)):
        return reason
    asked = urlsplit(answer["url"]).hostname
    told = next((each for each in refused if each.host == asked), refused[-1])
    return f"The page could not be opened. {told.host[:100]}:{told.port}: {told.refused}"
