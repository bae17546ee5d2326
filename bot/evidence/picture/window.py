"""A fresh context with one page in it: no cookies, no rights, and nothing left of it afterwards."""

from __future__ import annotations

import base64
from contextlib import suppress
from importlib.resources import files

from playwright.sync_api import Browser, Dialog, Download, Error, Page

from bot.evidence.picture.certificate import Certificates
from bot.evidence.picture.recorder import Recorder
from bot.evidence.picture.world import Worlds

VIEWPORT = (1280, 900)
# The guard passes no socket on but what hides in TLS to a host of the page; a page that is told "closed" asks no more.
_NO_SOCKETS = files("bot.evidence.picture").joinpath("templates", "no_sockets.js").read_text(encoding="utf-8")


class Window:
    """Made before it is needed, because making it takes a quarter of a look. Serves one address only."""

    def __init__(self, browser: Browser) -> None:
        self._refused = {"dialogs": 0, "pop_ups": 0, "downloads": 0}
        self._context = browser.new_context(
            viewport={"width": VIEWPORT[0], "height": VIEWPORT[1]},
            locale="en-US",
            timezone_id="UTC",
            accept_downloads=False,
            service_workers="block",
            permissions=[],
        )
        self._context.add_init_script(_NO_SOCKETS)
        self.page = self._context.new_page()
        self.cdp = self._context.new_cdp_session(self.page)
        self.worlds = Worlds(self.cdp)
        self.recorder = Recorder(self.cdp)
        self._certificates = Certificates(self.cdp)
        self.page.on("crash", self._give_up)
        self.page.on("dialog", self._dismiss)
        self.page.on("download", self._cancel)
        self._context.on("page", self._close_page)

    @property
    def refused(self) -> dict[str, int]:
        """What the page asked for and didn't get, by kind."""
        return {kind: count for kind, count in self._refused.items() if count}

    def listen_if_secured(self, url: str) -> None:
        """Note the certificate of the page at this address."""
        if url.startswith("https:"):
            self._certificates.listen()

    def certificate(self, url: str) -> dict[str, object] | None:
        """The facts of the certificate of the page, which is now at this address."""
        return self._certificates.facts(url)

    def picture(self) -> bytes:
        """What a visitor sees now, as PNG. Raises ``Moved``.

        (Playwright's own way waits for fonts, which a page may never deliver.)"""
        return base64.b64decode(self.worlds.send("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """Let go of the context and all that is in it."""
        with suppress(Error):  # the browser may be gone, and the window with it
            self._context.close()

    def _give_up(self, page: Page) -> None:
        """A question to a page that has crashed would never be answered: with the page closed, it fails."""
        self.close()

    def _dismiss(self, dialog: Dialog) -> None:
        self._refused["dialogs"] += 1
        with suppress(Error):
            dialog.dismiss()

    def _cancel(self, download: Download) -> None:
        self._refused["downloads"] += 1
        with suppress(Error):
            download.cancel()

    def _close_page(self, page: Page) -> None:
        self._refused["pop_ups"] += 1
        with suppress(Error):
            page.close()
