"""A small server of ours on one address, behind the city's own TLS proxy, with bounds that a stranger can't widen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.errors import ConfigError

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

AT_ONCE = 50


class Listener:
    """Serves an application on ``host:port`` from ``start`` to ``stop``, in a thread of its own.

    ``application`` makes it, and is asked only once the extra ``webhooks`` is known to be installed; else
    ``not_installed`` is said. ``in_use`` is said, with ``where`` and ``why``, of an address that can't be had.
    """

    def __init__(
        self, listen: str, application: Callable[[], Starlette], *, name: str, not_installed: str, in_use: str
    ) -> None:
        self._host, _, port = listen.rpartition(":")
        self.port = int(port)
        self._application, self._name = application, name
        self._not_installed, self._in_use = not_installed, in_use
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. Raises ``ConfigError`` where the extra is not installed or the address is taken."""
        try:
            import uvicorn
        except ImportError as error:
            raise ConfigError(self._not_installed) from error
        sock = self._socket()
        self.port = sock.getsockname()[1]
        config = uvicorn.Config(
            self._application(),
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=16_384,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([sock],), name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening. Stopping twice is harmless."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._server = self._thread = None

    def _socket(self) -> socket.socket:
        try:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._host.strip("[]"), self.port))
            # Whoever calls before the thread is up waits in the queue.
            sock.listen(AT_ONCE)
        except OSError as error:
            raise ConfigError(self._in_use.format(where=f"{self._host}:{self.port}", why=error.strerror)) from error
        return sock
