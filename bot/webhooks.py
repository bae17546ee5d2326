"""The receiver of webhooks: a small server that wakes the poll of a page, and does nothing else.

It stands behind the city's own TLS proxy. Whoever calls without a platform's signature gets 403 and no reason; no word
of a call is stored or logged, and what a call says is not believed: the poll goes and looks.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.listening import Listener
from bot.pages import Page
from connectors import webhooks
from connectors.webhooks import Call, Heard, Refused, Secrets

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

log = structlog.get_logger(__name__)

NOT_INSTALLED = (
    "BEADLE_WEBHOOK_LISTEN is set, and the receiver of webhooks is not installed; run `pip install beadle[webhooks]`."
)
NO_SECRET = "BEADLE_WEBHOOK_LISTEN is set and BEADLE_WEBHOOK_SECRET is not; without one no call could be believed."  # noqa: S105
IN_USE = "BEADLE_WEBHOOK_LISTEN is {where}, where nothing can listen ({why}); name another address or port."

BODY_S = 10.0
MOST_A_SECOND = 50


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Decides on one call: which pages it wakes. ``secrets`` by platform; ``""`` is for every other."""

    pages: tuple[Page, ...]
    secrets: Mapping[str, Secrets] = field(repr=False)
    wake: Callable[[frozenset[str]], None]
    clock: Callable[[], datetime]

    def hear(self, platform: str, call: Call) -> Heard:
        """Wake what the call concerns. Raises ``Refused`` for whatever is not to be believed."""
        secrets = self.secrets.get(platform) or self.secrets.get("")
        if secrets is None or platform not in webhooks.platforms():
            raise Refused
        heard = webhooks.hear(platform, call, secrets, self.clock())
        of_platform = (page for page in self.pages if page.platform == platform)
        woken = frozenset(page.slug for page in of_platform if webhooks.concerns(heard, page.page_id, page.base_url))
        if woken:
            self.wake(woken)
        return heard


class Receiver:
    """Serves a doorkeeper on ``host:port`` from ``start`` to ``stop``."""

    def __init__(self, listen: str, doorkeeper: Doorkeeper, body_s: float = BODY_S) -> None:
        self._listener = Listener(
            listen,
            partial(_application, doorkeeper, body_s),
            name="webhooks",
            not_installed=NOT_INSTALLED,
            in_use=IN_USE,
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    def start(self) -> None:
        """Listen. Raises ``ConfigError`` where the extra is not installed or the address is taken."""
        self._listener.start()
        log.info("webhooks are received", port=self.port)

    def stop(self) -> None:
        """Stop listening. Stopping twice is harmless."""
        self._listener.stop()


class _Pace:
    """At most so many calls in any second, whoever they are from: a flood costs them, not us."""

    def __init__(self, most: int) -> None:
        self._times: deque[float] = deque(maxlen=most)

    def admits(self, now: float) -> bool:
        """Whether one more is heard now."""
        if len(self._times) == self._times.maxlen and now - self._times[0] < 1.0:
            return False
        self._times.append(now)
        return True


def _application(doorkeeper: Doorkeeper, body_s: float) -> Starlette:
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    pace = _Pace(MOST_A_SECOND)

    async def answer(request: Request) -> Response:
        if not pace.admits(time.monotonic()):
            return Response(status_code=429)
        try:
            body = await asyncio.wait_for(_body(request), body_s)
            heard = doorkeeper.hear(request.path_params["platform"], _call(request, body))
        except (Refused, TimeoutError):
            return Response(status_code=403)
        return Response(heard.answer, media_type=heard.content_type, headers={"x-content-type-options": "nosniff"})

    return Starlette(routes=[Route("/{platform}", answer, methods=["GET", "POST"])])


async def _body(request: Request) -> bytes:
    found = bytearray()
    with contextlib.suppress(ValueError):
        if int(request.headers.get("content-length", "0")) > webhooks.MOST_BYTES:
            raise Refused
    async for chunk in request.stream():
        found += chunk
        if len(found) > webhooks.MOST_BYTES:
            raise Refused
    return bytes(found)


def _call(request: Request, body: bytes) -> Call:
    return Call(request.method, dict(request.query_params), dict(request.headers), body)
