"""One seat: one capture process with one browser; its time is bounded, and it is replaced when it fails."""

from __future__ import annotations

import base64
import shutil
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog

from bot.evidence.capture import Capture, Status
from bot.evidence.egress.hosts import Hosts
from bot.evidence.picture import exchanges
from bot.evidence.picture.chromium import find_browser
from bot.evidence.picture.pipe import Died, Hung, Pipe
from bot.evidence.picture.privilege import Quarters, Unfit, quarters
from bot.evidence.picture.scratch import remove

INSTALL = "No browser is installed: apt-get install chromium-headless-shell chromium-sandbox (as root)."
_START_S = 30.0
_LATEST_S = 0.7
_LEAST_SHARE = 0.5
_TRY_SOON_S, _TRY_AGAIN_S = 0.5, 300.0

Order = Mapping[str, Any]

events = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    pipe: Pipe
    scratch: Path
    lock: IO[bytes]
    version: str
    account: str


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds``: after that there is no picture, and the case is sealed with its card alone. ``patience``: how many
    of them the words of the comment are waited for. ``recycle``: so many looks, then a fresh browser. ``memory``: what
    any process of the browser may hold, in bytes."""

    seconds: float = 8.0
    patience: float = 2.5
    recycle: int = 150
    memory: int = 700_000_000


class Seat:
    """Takes one picture at a time. Not to be shared between threads. ``wanted`` is the configured browser, if any."""

    def __init__(
        self,
        hosts: Hosts,
        wanted: Path | None,
        account: str | None,
        limits: Limits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = hosts
        self._wanted = wanted
        self._account = account
        self._limits = limits
        self._monotonic = monotonic
        self._running: _Running | None = None
        self._looks = 0
        self._renewal: threading.Thread | None = None
        self._unfit: tuple[float, Capture] | None = None
        self._failures = 0

    def take(self, order: Order) -> Capture:
        """Take the picture that is asked for (``Camera.take``). A dead browser is replaced once, in the same time."""
        until = self._monotonic() + self._limits.seconds
        for attempt in (1, 2):
            unfit = self.start()
            if attempt == 1:  # on a slow machine a start takes long, and a page is then still worth a look
                until = max(until, self._monotonic() + self._limits.seconds * _LEAST_SHARE)
            if unfit is not None:
                return _asked(unfit, order)
            try:
                return self._look(order, until - self._monotonic())
            except Hung:
                self._kill("hung")
                self._renew()
                return _failed(order, f"The page kept the browser busy for more than {self._limits.seconds:g} seconds.")
            except Died:
                self._kill(f"died, attempt {attempt}")
        self._renew()
        return _failed(order, "The browser died twice at this page.")

    def _look(self, order: Order, seconds: float) -> Capture:
        assert self._running is not None
        budget = {"seconds": max(seconds - _LATEST_S, 0.5), "patience": self._limits.patience}
        answer = self._running.pipe.ask({**order, **budget}, max(seconds, 0.6))
        if answer["status"] == "died":
            raise Died(answer["reason"])
        self._looks += 1
        found = _capture_of(order, answer, self._running)
        if self._looks >= self._limits.recycle or answer.get("again"):
            self._renew()
        return found

    def _renew(self) -> None:
        """Start the next browser while nobody waits for it."""

        def renew() -> None:
            self._end()
            self._started()

        self._renewal = threading.Thread(target=renew, name="next browser", daemon=True)
        self._renewal.start()

    def _settle(self) -> None:
        if self._renewal is not None:
            self._renewal.join()
            self._renewal = None

    def start(self) -> Capture | None:
        """See that a browser runs; else a capture that says why not, which is kept a while: a try costs seconds."""
        self._settle()
        return self._started()

    def _started(self) -> Capture | None:
        if self._running is not None:
            return None
        if self._unfit is not None and self._monotonic() < self._unfit[0]:
            return self._unfit[1]
        unfit = self._launch()
        if self._failures == 0 and unfit is not None and unfit.status == "no_browser" and find_browser(self._wanted):
            # Killed at its start, most likely: once more at once, or the next two seconds of comments have no picture.
            unfit = self._launch()
        self._failures = 0 if unfit is None else self._failures + 1
        # A start killed by chance must not cost minutes of pictures; one that can't succeed isn't tried all day.
        wait = min(_TRY_SOON_S * 4.0**self._failures, _TRY_AGAIN_S)
        self._unfit = None if unfit is None else (self._monotonic() + wait, unfit)
        if unfit is not None:
            events.warning("no pictures of the page can be taken", status=unfit.status, because=unfit.reason)
        return unfit

    def _launch(self) -> Capture | None:
        browser = find_browser(self._wanted)
        if browser is None:
            missing = INSTALL if self._wanted is None else f"There is no browser at {self._wanted}."
            return Capture(status="no_browser", reason=missing)
        try:
            place = quarters(browser, self._account)
        except Unfit as error:
            return Capture(status="no_sandbox", reason=str(error))
        command = (*place.command, sys.executable, "-m", "bot.evidence.picture.capture_process")
        weakref.finalize(self, shutil.rmtree, place.scratch, ignore_errors=True)
        pipe = Pipe(command, place.environment, place.scratch / "complaints")
        return self._greet(pipe, place)

    def _greet(self, pipe: Pipe, place: Quarters) -> Capture | None:
        order = {
            "browser": str(place.browser),
            "hosts": self._hosts.allowed,
            "seconds": _START_S,
            "memory": self._limits.memory,
        }
        try:
            answer = pipe.ask(order, _START_S + 5)
        except (Died, Hung) as error:
            answer = {"status": "no_browser", "reason": f"The capture process could not start. {error}".strip()}
        if answer["status"] == "ready":
            self._running = _Running(pipe, place.scratch, place.lock, answer["browser"], place.account)
            self._looks = 0
            return None
        pipe.kill()
        remove(place.scratch, place.lock)
        return Capture(status=answer["status"], reason=answer["reason"])

    def stop(self) -> None:
        """End the browser and remove what it left."""
        self._settle()
        self._end()

    def _end(self) -> None:
        if self._running is not None:
            self._running.pipe.end()
            remove(self._running.scratch, self._running.lock)
            self._running = None

    def _kill(self, because: str) -> None:
        if self._running is not None:
            events.warning("the capture process is replaced", because=because)
            self._running.pipe.kill()
            remove(self._running.scratch, self._running.lock)
            self._running = None


def _capture_of(order: Order, answer: Mapping[str, Any], running: _Running) -> Capture:
    status: Status = answer["status"]
    box = answer.get("bbox")
    own = {"browser": running.version, "account": running.account, "sandbox": "verified"}
    return Capture(
        status=status,
        reason=answer.get("reason", ""),
        url_asked=order["url"],
        url_final=answer.get("url_final"),
        http_status=answer.get("http_status"),
        viewport_png=_bytes(answer.get("viewport_png")),
        comment_png=_bytes(answer.get("comment_png")),
        dom_html=answer.get("dom_html"),
        bbox=None if box is None else (box[0], box[1], box[2], box[3]),
        comment_text_visible=bool(answer.get("comment_text_visible", False)),
        match_ratio=round(float(answer.get("match_ratio", 0.0)), 3),
        facts={**answer["facts"], **own},
        exchanges=exchanges.read(answer.get("exchanges")),
    )


def _asked(capture: Capture, order: Order) -> Capture:
    return Capture(status=capture.status, reason=capture.reason, url_asked=order["url"])


def _failed(order: Order, reason: str) -> Capture:
    return Capture(status="failed", reason=reason, url_asked=order["url"])


def _bytes(encoded: str | None) -> bytes | None:
    return None if encoded is None else base64.b64decode(encoded)
