"""Socket Mode: a line that Beadle opens to Slack and keeps open. Nobody from outside needs to reach the city's network.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler

from bot.slack.wire import silent

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 1.0
_LONGEST_WAIT_S = 10.0
_PING_S = 5.0


class Link:
    """Keeps a line open from ``start`` to ``stop``. Says once that it broke, and once that it is mended."""

    def __init__(self, app: App, app_token: str, *, look_every_s: float = _LOOK_EVERY_S) -> None:
        self._app, self._token, self._look_every_s = app, app_token, look_every_s
        self._stop = threading.Event()
        self._handler: SocketModeHandler | None = None
        self._thread = threading.Thread(target=self._keep, name="slack-link", daemon=True)
        self._was_open: bool | None = None

    def start(self) -> None:
        """Begin, without waiting: a Slack that is away holds up nothing."""
        self._thread.start()

    def stop(self) -> None:
        """Close the line. Stopping twice is harmless."""
        self._stop.set()
        self._thread.join(timeout=10)

    @property
    def is_open(self) -> bool:
        """Whether the line is open now."""
        handler = self._handler
        return handler is not None and handler.client.is_connected()

    def _keep(self) -> None:
        wait = self._look_every_s
        while not self._stop.is_set():
            if not self.is_open:
                self._open_anew()
            self._note(self.is_open)
            wait = self._look_every_s if self.is_open else min(wait * 2, _LONGEST_WAIT_S)
            self._stop.wait(wait)
        self._close()

    def _open_anew(self) -> None:
        """A new client for each try: one that half died would leave its threads at their last word."""
        self._close()
        try:
            self._handler = self._client()
            self._handler.connect()  # type: ignore[no-untyped-call]
        except Exception as error:
            # The SDK raises whatever its sockets do; each of them means the same: not open, try again.
            log.debug("slack's line did not open", cause=type(error).__name__)

    def _client(self) -> SocketModeHandler:
        return SocketModeHandler(
            self._app,
            self._token,
            logger=silent(),
            # One who reconnects is enough: this class. Two would race for the line.
            auto_reconnect_enabled=False,
            ping_interval=_PING_S,
        )

    def _close(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            # It takes seconds to notice that it is closed; nobody is kept waiting for that.
            threading.Thread(target=_quietly, args=(handler.close,), name="slack-link-old", daemon=True).start()

    def _note(self, is_open: bool) -> None:
        if is_open == self._was_open:
            return
        if is_open:
            log.info("slack's line is open: people can answer there")
        else:
            log.warning("slack's line is closed: presses wait until it is open again")
        self._was_open = is_open


def _quietly(close: Callable[[], object]) -> None:
    try:
        close()
    except Exception as error:
        log.debug("slack's line did not close in good order", cause=type(error).__name__)
