"""One look at one page in a fresh context: no cookies, no rights, and nothing left of it afterwards.

Runs in the capture process only.
"""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, Route, TimeoutError, WebSocketRoute

VIEWPORT = (1280, 900)
_LOOK_EVERY_MS = 40
_TO_DRAW_S = 2.0
_MARGIN = 8
_TALLEST = 6000
_LARGEST_DOM = 5_000_000
_FIND = files("bot.evidence.picture").joinpath("templates", "find_comment.js").read_text(encoding="utf-8")

NOT_VISIBLE = "The page was reached, but the words of the comment are not on it."
CUT = "The page shows only the beginning of the comment."
NO_WORDS = "The comment has no words to look for."
COVERED = "Something lies over the comment, or it is not drawn where a visitor sees it."
WALL = "The page asks visitors to log in."


class Look:
    """Looks once. ``seconds`` is the budget, ``patience`` how much of it is spent on waiting for the words (seconds);
    ``allowed`` is the regular expression of addresses that may be fetched."""

    def __init__(self, browser: Browser, allowed: str, seconds: float, patience: float) -> None:
        self._browser = browser
        self._allowed = re.compile(f"^(?!{allowed})")
        self._since = time.monotonic()
        self._until = self._since + seconds
        self._patience = patience
        self._blocked: list[str] = []
        self._timings: dict[str, int] = {}

    def at(self, url: str, text: str, comment_id: str | None) -> dict[str, Any]:
        """The facts of a ``Capture`` as JSON values; pictures in base64."""
        context = self._context()
        try:
            return self._visit(context.new_page(), url, text, comment_id)
        except TimeoutError:
            return self._answer("failed", url, reason="The page did not answer in time.")
        except Error as error:
            return self._answer("failed", url, reason=f"The page could not be opened: {_first_line(error)}")
        finally:
            context.close()

    def _context(self) -> BrowserContext:
        context = self._browser.new_context(
            viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]},
            locale="en-US",
            timezone_id="UTC",
            accept_downloads=False,
            service_workers="block",
            permissions=[],
        )
        context.route(self._allowed, self._block)
        context.route_web_socket(re.compile(""), _close_socket)
        return context

    def _visit(self, page: Page, url: str, text: str, comment_id: str | None) -> dict[str, Any]:
        page.context.on("page", _close_page)  # pop-ups
        response = page.goto(url, wait_until="commit", timeout=self._left_ms())
        self._time("answered_ms")
        status = None if response is None else response.status
        if status is not None and status >= 400:
            return self._answer("failed", page.url, http_status=status, reason=f"The server answered {status}.")
        found = self._wait_for_words(page, text, comment_id)
        self._time("found_ms")
        if not found["visible"] and (found["password"] or found["wall"]):
            return self._answer("blocked", page.url, http_status=status, reason=WALL, match_ratio=found["ratio"])
        if found["found"] and not found["visible"]:
            return self._answer("blocked", page.url, http_status=status, reason=COVERED, match_ratio=found["ratio"])
        return self._picture(page, status, found)

    def _wait_for_words(self, page: Page, text: str, comment_id: str | None) -> dict[str, Any]:
        asked = {"text": text, "comment_id": comment_id, "scroll": False}
        until = min(time.monotonic() + self._patience, self._until - _TO_DRAW_S)
        while not (found := page.evaluate(_FIND, asked))["found"] and time.monotonic() < until:
            if found["words"] == 0 and found["marked"]:
                break
            page.wait_for_timeout(_LOOK_EVERY_MS)
        return dict(page.evaluate(_FIND, {**asked, "scroll": True}))

    def _picture(self, page: Page, status: int | None, found: dict[str, Any]) -> dict[str, Any]:
        viewport = page.screenshot(timeout=self._left_ms())
        self._time("viewport_ms")
        comment = self._comment(page, found)
        self._time("comment_ms")
        return self._answer(
            "captured",
            page.url,
            http_status=status,
            reason=_reason(found),
            viewport_png=_base64(viewport),
            comment_png=None if comment is None else _base64(comment),
            dom_html=page.content()[:_LARGEST_DOM],
            bbox=found["box"],
            comment_text_visible=found["visible"],
            match_ratio=found["ratio"],
        )

    def _comment(self, page: Page, found: dict[str, Any]) -> bytes | None:
        if found["box"] is None:
            return None
        x, y, width, height = found["box"]
        fits = x >= 0 and y >= 0 and x + width <= VIEWPORT[0] and y + height <= VIEWPORT[1]
        clip = _padded(found["box"] if fits else found["page_box"])
        return page.screenshot(clip=clip, full_page=not fits, timeout=self._left_ms())  # type: ignore[arg-type]

    def _answer(self, status: str, url: str, **more: Any) -> dict[str, Any]:
        facts = {
            "viewport": f"{VIEWPORT[0]}x{VIEWPORT[1]}",
            "taken_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "timings": self._timings,
            "blocked_requests": len(self._blocked),
            "blocked_hosts": sorted(set(self._blocked))[:20],
        }
        return {"status": status, "url_final": url, "facts": facts, **more}

    def _block(self, route: Route, request: Request) -> None:
        self._blocked.append((urlsplit(request.url).netloc or "?")[:100])
        route.abort("blockedbyclient")

    def _left_ms(self) -> float:
        return max((self._until - time.monotonic()) * 1000, 1.0)  # 0 would mean: without end

    def _time(self, name: str) -> None:
        self._timings[name] = round((time.monotonic() - self._since) * 1000)


def _reason(found: dict[str, Any]) -> str:
    if found["visible"]:
        return ""
    if found["words"] == 0:
        return NO_WORDS
    return CUT if found["ratio"] >= 0.3 else NOT_VISIBLE


def _padded(box: list[float]) -> dict[str, float]:
    x, y, width, height = box
    left, top = max(x - _MARGIN, 0), max(y - _MARGIN, 0)
    return {"x": left, "y": top, "width": min(width + 2 * _MARGIN, VIEWPORT[0]), "height": min(height + 16, _TALLEST)}


def _close_socket(socket: WebSocketRoute) -> None:
    socket.close()


def _close_page(page: Page) -> None:
    page.close()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _first_line(error: Error) -> str:
    return error.message.splitlines()[0][:200]
