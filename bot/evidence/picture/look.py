"""One look through one window at one address: are the words of the comment there, for a visitor to see?

Runs in the capture process only.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error, TimeoutError

from bot.evidence.picture import shot
from bot.evidence.picture.certificate import not_opened
from bot.evidence.picture.finder import TALLEST, Box, Finder, Found
from bot.evidence.picture.walls import BLANK, wall
from bot.evidence.picture.window import VIEWPORT, Window
from bot.evidence.picture.world import Moved

_TO_DRAW_S = 1.2
_AGAIN_MS = (300, 700)  # words fade in, or are moved by what loads
_FOR_FONTS_MS = (1000, 1000)  # words whose font is on its way are drawn in another after three seconds
_EMBED_SHARE = 0.5
_CUT = 0.3

NOT_VISIBLE = "The page was reached, but the words of the comment are not on it."
CUT = "The page shows only the beginning of the comment."
TALL = "The comment is taller than a picture may be: its beginning is pictured."
NO_WORDS = "The comment has no words to look for."
COVERED = "Something lies over the comment, or it is not drawn where a visitor sees it."
LATE = "The page did not answer in time."
RESTLESS = "The page kept leading elsewhere."
ASTRAY = "The page led to an address that could not be opened."
UNSTEADY = "The words of the comment would not hold still for the picture."

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Taken:
    viewport: bytes
    comment: bytes | None
    inked: bool
    still: bool

    @property
    def proven(self) -> bool:
        return self.inked and self.still


class Look:
    """Looks once. ``until`` is a time of ``time.monotonic()``; ``patience`` is how long the words are waited for, in
    seconds; an ``embed`` gets half of it, because there is another view to try."""

    def __init__(self, window: Window, until: float, patience: float, embed: bool = False) -> None:
        self._window = window
        self._page = window.page
        self._since = time.monotonic()
        self._until = until
        self._patience = patience * (_EMBED_SHARE if embed else 1.0)
        self._embed = embed
        self._status: int | None = None
        self._timings: dict[str, int] = {}

    def at(self, url: str, text: str, comment_id: str | None) -> Answer:
        """The facts of a ``Capture`` as JSON values; pictures in base64. Raises ``Error`` when the browser is gone."""
        self._window.listen_if_secured(url)
        try:
            response = self._page.goto(url, wait_until="commit", timeout=self._left_ms())
            self._time("answered_ms")
            self._status = None if response is None else response.status
            return self._seen(Finder(self._page, self._window.worlds, url, text, comment_id))
        except TimeoutError:
            return self._answer("failed", self._window.recorder.stopped or LATE)
        except Moved:
            return self._answer("failed", RESTLESS)
        except Error as error:
            if (reason := not_opened(error.message)) is None:
                raise
            return self._answer("failed", reason)

    def _seen(self, finder: Finder) -> Answer:
        if self._status is not None and self._status >= 400:
            return self._answer("failed", f"The server answered {self._status}.")
        finder.wait(min(time.monotonic() + self._patience, self._until - _TO_DRAW_S), self._embed)
        self._time("found_ms")
        if self._page.url.startswith("chrome-error:"):
            return self._answer("failed", ASTRAY)
        found, taken = self._proof(finder)
        if taken is None or not taken.proven:
            if (refusal := _refusal(finder, found, taken)) is not None:
                return self._answer("blocked", refusal, match_ratio=found.ratio)
            taken = taken or self._taken(finder, found)
        return self._captured(finder, found, taken)

    def _proof(self, finder: Finder) -> tuple[Found, _Taken | None]:
        """Try the words where they stand, and again a little later where they are there and not seen."""
        for pause in (*_AGAIN_MS, *_FOR_FONTS_MS, 0):
            found = finder.prove()
            self._time("tried_ms")
            taken = self._taken(finder, found) if found.visible else None
            seen = not found.found or (taken is not None and taken.proven)
            enough = pause not in _AGAIN_MS and not found.fonts_loading
            if seen or enough or self._left_ms() < pause + 1000 * _TO_DRAW_S or _walled(finder):
                break
            self._page.wait_for_timeout(pause)
        return found, taken

    def _taken(self, finder: Finder, found: Found) -> _Taken:
        viewport = self._window.picture()
        self._time("viewport_ms")
        comment, lines = self._comment(viewport, found)
        self._time("comment_ms")
        inked = found.visible and comment is not None and shot.inked(comment, lines)
        still = inked and _held_still(finder, found)
        self._time("proven_ms")
        return _Taken(viewport, comment, inked, still)

    def _captured(self, finder: Finder, found: Found, taken: _Taken) -> Answer:
        return self._answer(
            "captured",
            "" if taken.proven else _reason(found, taken),
            viewport_png=_base64(taken.viewport),
            comment_png=None if taken.comment is None else _base64(taken.comment),
            dom_html=finder.html(found.frame),
            bbox=found.box,
            comment_text_visible=taken.proven,
            match_ratio=found.ratio,
            frame=found.frame.url if found.frame.parent else None,
        )

    def _comment(self, viewport: bytes, found: Found) -> tuple[bytes | None, list[Box]]:
        """The picture of the comment alone, and where its lines are in it."""
        if found.box is None or found.page_box is None:
            return None, []
        if fits(found.box):
            left, top = shot.corner(found.box)
            return shot.cropped(viewport, found.box), [_moved(line, -left, -top) for line in found.lines]
        clip = _clip(found.page_box)
        comment = self._page.screenshot(clip=clip, full_page=True, timeout=self._left_ms(), caret="initial")  # type: ignore[arg-type]
        right, down = found.page_box[0] - found.box[0], found.page_box[1] - found.box[1]
        return comment, [_moved(line, right - clip["x"], down - clip["y"]) for line in found.lines]

    def _answer(self, status: str, reason: str, **more: Any) -> Answer:
        url = self._page.url
        facts: Answer = {"timings": self._timings, "refused": self._window.refused}
        if (certificate := self._window.certificate(url)) is not None:
            facts["certificate"] = certificate
        if (frame := more.pop("frame", None)) is not None:
            facts["frame"] = frame
        exchanges, facts["requests"] = self._window.recorder.end()
        if self._window.recorder.stopped:
            facts["stopped"] = self._window.recorder.stopped
        return {
            "status": status,
            "reason": reason,
            "url_final": url,
            "http_status": self._status,
            "facts": facts,
            "exchanges": exchanges,
            **more,
        }

    def _left_ms(self) -> float:
        return max((self._until - time.monotonic()) * 1000, 1.0)  # 0 would mean: without end

    def _time(self, name: str) -> None:
        self._timings[name] = round((time.monotonic() - self._since) * 1000)


def _held_still(finder: Finder, found: Found) -> bool:
    """Whether the words are still where they were when the picture was asked for."""
    if not fits(found.box):  # it is taller than the window, and was pictured by itself
        return True
    now = finder.prove(still=True)
    return now.visible and now.box == found.box


def _refusal(finder: Finder, found: Found, taken: _Taken | None) -> str | None:
    """Why no picture is kept: a wall, or words that are there and can't be seen. ``None``: it is kept, as no proof."""
    if found.words == 0 and found.box is not None:
        return None
    if (named := _walled(finder)) is not None:
        return named
    covered = found.found and found.ratio < _CUT
    return COVERED if covered or (taken is not None and not taken.inked) else None


def _walled(finder: Finder) -> str | None:
    """The wall that the page is, or that a frame in it is. (Frames may well be empty.)"""
    for number, signs in enumerate(finder.signs()):
        named = wall(signs)
        if named is not None and (number == 0 or named != BLANK):
            return named
    return None


def _reason(found: Found, taken: _Taken) -> str:
    if found.words == 0:
        return NO_WORDS
    if taken.inked:
        return UNSTEADY
    if found.found and found.box is not None and found.box[3] > TALLEST:
        return TALL
    return CUT if found.ratio >= _CUT else NOT_VISIBLE


def fits(box: Box | None) -> bool:
    """Whether a box lies within the viewport."""
    if box is None:
        return False
    x, y, width, height = box
    return x >= 0 and y >= 0 and x + width <= VIEWPORT[0] and y + height <= VIEWPORT[1]


def _clip(box: Box) -> dict[str, float]:
    x, y, width, height = box
    left, top = max(x - shot.MARGIN, 0), max(y - shot.MARGIN, 0)
    wide, high = min(width + 2 * shot.MARGIN, VIEWPORT[0]), min(height + 2 * shot.MARGIN, TALLEST)
    return {"x": left, "y": top, "width": wide, "height": high}


def _moved(line: Box, right: float, down: float) -> Box:
    x, y, width, height = line
    return (x + right, y + down, width, height)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
