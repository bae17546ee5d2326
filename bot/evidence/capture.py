"""A picture of the public page: what a capture is, whoever makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Status = Literal["captured", "blocked", "failed", "refused", "no_browser", "no_sandbox"]


@dataclass(frozen=True, slots=True)
class PageExchange:
    """One request that the browser made for the page, and the answer.

    ``body`` is decoded, as the page saw it; ``truncated``: there was more of it than we keep. ``status`` 0: there was
    no answer, and ``error`` says why (``blocked``: by us); with a status it says what is wrong with the body. ``mime``
    and ``resource_type`` (``document``, ``image`` and so on) are the browser's opinion. ``started_at`` is aware, in
    UTC; headers stand in the order in which they came, where the protocol lets the browser know it.
    """

    url: str
    method: str
    request_headers: tuple[tuple[str, str], ...] = field(repr=False)
    status: int
    response_headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    started_at: datetime
    remote_ip: str | None = None
    mime: str | None = None
    truncated: bool = False
    resource_type: str = ""
    http_version: str = "HTTP/1.1"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """One look at a permalink by a visitor who isn't logged in.

    ``status``: captured; blocked (a login wall, or something lies over the comment: there is no picture); failed (the
    page or the browser did); refused (we don't go to that host); no_browser; no_sandbox. Only
    ``comment_text_visible`` makes the picture a proof: the normalised words of the comment stood in the captured
    element, uncovered. ``match_ratio`` (0..1) is the share of those words found. ``bbox``: x, y, width, height of the
    comment in the viewport picture, in CSS pixels. ``exchanges``: what the browser fetched for it, in order.
    """

    status: Status
    reason: str = ""
    url_asked: str | None = None
    url_final: str | None = None
    http_status: int | None = None
    viewport_png: bytes | None = field(default=None, repr=False)
    comment_png: bytes | None = field(default=None, repr=False)
    dom_html: str | None = field(default=None, repr=False)
    bbox: tuple[float, float, float, float] | None = None
    comment_text_visible: bool = False
    match_ratio: float = 0.0
    facts: Mapping[str, object] = field(default_factory=dict)
    exchanges: tuple[PageExchange, ...] = field(default=(), repr=False)


class Capturer(Protocol):
    """Looks at a permalink. Never raises for what a page, a browser or a network does: that is a ``Capture``, too.

    ``browser`` names the browser and its version, for the record; ``None`` if there is none.
    """

    @property
    def browser(self) -> str | None: ...

    def capture(
        self, permalink: str | None, text: str, comment_id: str | None = None, platform: str | None = None
    ) -> Capture:
        """Picture the comment with these words. ``comment_id`` helps to find it where the page marks its comments,
        ``platform`` to know where it shows them to strangers."""

    def close(self) -> None:
        """Let go of the browser."""


class NoCapturer:
    """Takes no pictures, and says so: for cities, or machines, without a browser."""

    browser: str | None = None

    def __init__(self, reason: str = "Pictures of the page are switched off.") -> None:
        self._reason = reason

    def capture(
        self, permalink: str | None, text: str, comment_id: str | None = None, platform: str | None = None
    ) -> Capture:
        """A capture without a picture, with the reason."""
        return Capture(status="no_browser", reason=self._reason, url_asked=permalink)

    def close(self) -> None:
        """There is nothing to let go of."""
