"""Signed HTTP: Slack calls us, behind the city's own TLS proxy, where a city would rather have that than a line.

A call is heard only with Slack's signature on its very bytes, not older than five minutes. Whoever else calls gets 401
and no reason. https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.starlette.handler import to_starlette_response
from slack_sdk.signature import SignatureVerifier

from bot.listening import Listener

if TYPE_CHECKING:
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


class Receiver:
    """Serves the door on ``host:port`` from ``start`` to ``stop``."""

    def __init__(self, listen: str, secret: str, app: App) -> None:
        self._app, self._verifier = app, SignatureVerifier(secret)
        self._listener = Listener(
            listen, self._application, name="slack-calls", not_installed=NOT_INSTALLED, in_use=IN_USE
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    def start(self) -> None:
        """Listen. Raises ``ConfigError`` where the extra is not installed or the address is taken."""
        self._listener.start()
        log.info("slack's calls are received", port=self.port)

    def stop(self) -> None:
        """Stop listening. Stopping twice is harmless."""
        self._listener.stop()

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


async def _body(request: Request) -> bytes:
    """The body; nothing of one that is too large."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > MOST_BYTES:
            return b""
    return bytes(found)
