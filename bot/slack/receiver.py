"""Signed HTTP: Slack calls us, behind the city's own TLS proxy, where a city would rather have that than a line.

A call is heard only with Slack's signature on its very bytes, not older than five minutes. Whoever else calls gets 401
and no reason. https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import structlog
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.starlette.handler import to_starlette_response
from slack_sdk.signature import SignatureVerifier

from bot.errors import ConfigError

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

log = structlog.get_logger(__name__)

NOT_INSTALLED = (
    "BEADLE_SLACK_LISTEN is set, and the receiver is not installed; run `pip install beadle[webhooks]`, or take "
    "BEADLE_SLACK_LISTEN out and use Socket Mode."
)
NO_SECRET = "BEADLE_SLACK_LISTEN is set and BEADLE_SLACK_SIGNING_SECRET is not; without one no call could be believed."  # noqa: S105
IN_USE = "BEADLE_SLACK_LISTEN is {where}, where nothing can listen ({why}); name another address or port."
MOST_BYTES = 1_000_000
BODY_S = 3.0
AT_ONCE = 50


class Receiver:
    """Serves the door on ``host:port`` from ``start`` to ``stop``, in a thread of its own."""

    def __init__(self, listen: str, secret: str, app: App) -> None:
        self._host, _, port = listen.rpartition(":")
        self.port = int(port)
        self._app, self._verifier = app, SignatureVerifier(secret)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. Raises ``ConfigError`` where the extra is not installed or the address is taken."""
        try:
            import uvicorn
        except ImportError as error:
            raise ConfigError(NOT_INSTALLED) from error
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
        self._thread = threading.Thread(target=self._server.run, args=([sock],), name="slack-calls", daemon=True)
        self._thread.start()
        log.info("slack's calls are received", port=self.port)

    def stop(self) -> None:
        """Stop listening. Stopping twice is harmless."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._server = self._thread = None

    def _application(self) -> Starlette:
        from starlette.applications import Starlette
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import Response
        from starlette.routing import Route

        async def answer(request: Request) -> Response:
            body = b""
            with contextlib.suppress(TimeoutError):
                body = await asyncio.wait_for(_body(request), BODY_S)
            if not body or not self._is_slack(request, body):
                return Response(status_code=401)
            call = BoltRequest(body=body.decode(), headers=dict(request.headers))
            return to_starlette_response(await run_in_threadpool(self._app.dispatch, call))

        return Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])

    def _is_slack(self, request: Request, body: bytes) -> bool:
        """Before anything is parsed: the library that reads the call must not meet a stranger's."""
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signed = request.headers.get("x-slack-signature", "")
        try:
            return stamp.isdecimal() and self._verifier.is_valid(body, stamp, signed)
        except (ValueError, TypeError):
            return False

    def _socket(self) -> socket.socket:
        try:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self._host.strip("[]"), self.port))
            # Whoever calls before the thread is up waits in the queue.
            sock.listen(AT_ONCE)
        except OSError as error:
            raise ConfigError(IN_USE.format(where=f"{self._host}:{self.port}", why=error.strerror)) from error
        return sock


async def _body(request: Request) -> bytes:
    """The body; nothing of one that is too large."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MOST_BYTES:
            return b""
    return bytes(found)
