"""Where the words of the comment are in a page, with the frames in it, and whether a visitor sees them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page

from bot.evidence.picture.walls import Signs, signs_of
from bot.evidence.picture.world import Frame, Moved, Worlds

Box = tuple[float, float, float, float]
TALLEST = 6000
_LOOK_EVERY_S = 0.03
_BLANK_S = 0.6
_SETTLE_MS = 250
_FRAMES_WITH_SIGNS = 4
_MOVES = 4


def _template(name: str) -> str:
    return files("bot.evidence.picture").joinpath("templates", name).read_text(encoding="utf-8").strip()


_FIND, _FRAME, _SIGNS = map(_template, ("find_comment.js", "frame_seen.js", "signs.js"))
_NOTHING: Mapping[str, Any] = {"words": 1, "marked": False, "size": 1, "ready": "loading"}
_DOM = "() => document.documentElement ? document.documentElement.outerHTML.slice(0, 5_000_000) : ''"


@dataclass(frozen=True, slots=True)
class Found:
    """What the page says of the words. ``visible``: every line of them is drawn and uncovered; ``ratio`` the share
    that is (0..1). ``box`` is that of the comment in the viewport and ``page_box`` in the page; ``lines`` those of its
    lines in the viewport: x, y, width, height in CSS pixels. ``frame`` is where the words stand."""

    found: bool
    visible: bool
    ratio: float
    box: Box | None
    page_box: Box | None
    lines: tuple[Box, ...]
    words: int
    fonts_loading: bool
    frame: Frame


class Finder:
    """Looks for the words of one comment in one page. All of it raises ``Moved`` when the page never holds still."""

    def __init__(self, page: Page, worlds: Worlds, url: str, text: str, comment_id: str | None) -> None:
        self._page = page
        self._worlds = worlds
        anchor = unquote(urlsplit(url).fragment)[:200] or None
        self._asked = {
            "text": text,
            "comment_id": comment_id,
            "anchor": anchor,
            "settle_ms": _SETTLE_MS,
            "tallest": TALLEST,
        }
        self._frame: Frame | None = None

    def wait(self, until: float, embed: bool) -> None:
        """Until the words are somewhere, or ``until`` (``time.monotonic()``), or an embed has stayed blank a while."""
        blank_since: float | None = None
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                told = self._peek()
            except Moved:
                told = _NOTHING
            if self._frame is not None or (told["words"] == 0 and told["marked"]):
                return
            empty = embed and told["size"] == 0 and told["ready"] == "complete"
            blank_since = (blank_since or began) if empty else None
            if blank_since is not None and began - blank_since > _BLANK_S:
                return
            # A page that takes long to read is read less often, so that it can get on with drawing itself.
            self._page.wait_for_timeout(max(_LOOK_EVERY_S, time.monotonic() - began) * 1000)

    def prove(self, still: bool = False) -> Found:
        """Scroll to the words and try each line of them. ``still``: without scrolling or waiting."""
        for attempt in range(_MOVES):
            try:
                return self._proven("again" if still else "prove")
            except Moved:
                if attempt == _MOVES - 1:
                    raise
                self._page.wait_for_timeout(_LOOK_EVERY_S * 1000)
        raise AssertionError("unreachable")

    def signs(self) -> tuple[Signs, ...]:
        """What the page, and the first frames in it, show besides."""
        found = []
        for frame in self._worlds.frames()[: 1 + _FRAMES_WITH_SIGNS]:
            try:
                found.append(signs_of(frame.url, self._worlds.ask(frame, _SIGNS, {})))
            except Moved:
                continue
        return tuple(found)

    def html(self, frame: Frame) -> str:
        """The document in which the words stand, as it is now."""
        try:
            return str(self._worlds.ask(frame, _DOM, {}))
        except Moved:
            return ""

    def _peek(self) -> Mapping[str, Any]:
        first: Mapping[str, Any] | None = None
        for frame in self._worlds.frames():
            try:
                told = self._worlds.ask(frame, _FIND, {**self._asked, "mode": "peek"})
            except Moved:
                continue
            first = first or told
            if told["found"]:
                self._frame = frame
                return dict(told)
        return first or _NOTHING

    def _proven(self, mode: str) -> Found:
        frames = self._worlds.frames()
        known = [frame for frame in frames if self._frame is not None and frame.frame_id == self._frame.frame_id]
        tried = [self._in_frame(frame, frames, mode) for frame in (known or frames)]
        return max(tried, key=lambda each: (each.visible, each.found, each.ratio))

    def _in_frame(self, frame: Frame, frames: Sequence[Frame], mode: str) -> Found:
        told = self._worlds.ask(frame, _FIND, {**self._asked, "mode": mode})
        by_id = {each.frame_id: each for each in frames}
        inner = frame
        while inner.parent is not None:
            place = self._worlds.ask_around(inner, _FRAME, {"lines": told["lines"], "box": told["box"]})
            told = {**told, **place, "visible": told["visible"] and place["visible"]}
            inner = by_id[inner.parent]
        return _found(told, frame)


def _found(told: Mapping[str, Any], frame: Frame) -> Found:
    return Found(
        found=bool(told["found"]),
        visible=bool(told["visible"]),
        ratio=float(told["ratio"]),
        box=_box(told["box"]),
        page_box=_box(told["page_box"]),
        lines=tuple(box for line in told["lines"] if (box := _box(line)) is not None),
        words=int(told["words"]),
        fonts_loading=bool(told["fonts_loading"]),
        frame=frame,
    )


def _box(numbers: Sequence[float] | None) -> Box | None:
    if not numbers:
        return None
    x, y, width, height = map(float, numbers)
    return (x, y, width, height)
