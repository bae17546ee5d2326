"""What a platform gives to whoever embeds a comment (oEmbed): its text, as an answer to be sealed. No picture of it.

For platforms whose terms forbid pictures by a program (see ``views``). Source: https://oembed.com, section 2.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import truststore

from bot.evidence.egress.guard import Guard
from bot.evidence.egress.hosts import Hosts
from bot.evidence.picture.views import X_PUBLISHES, View, views
from connectors.contract import Exchange

_SECONDS = 5.0
_LARGEST = 1_000_000
_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


def embedded(platform: str, permalink: str | None, hosts: Sequence[str]) -> Exchange | str | None:
    """What the platform gives of this comment to whoever embeds it; ``None`` where a picture is taken instead, a
    sentence where there is no answer. ``hosts`` are the page's ``public_hosts``; no other is asked but the platform's
    own for embedding."""
    view = views(platform, permalink)[0]
    if view.kind != "oembed":
        return None
    with Guard(Hosts((*hosts, X_PUBLISHES))) as guard:
        return fetch(view, guard)


def fetch(view: View, guard: Guard) -> Exchange | str:
    """The request and its answer as received; a sentence where there is none. ``view`` is of the kind ``oembed``.

    ``guard`` must allow the host of the view's address. No cookies, no redirects, at most a megabyte and five seconds.
    """
    assert view.kind == "oembed"
    assert view.url is not None
    try:
        with _client(guard) as client:
            return _answer(client, view.url)
    except httpx.HTTPError as error:
        told = [passage.refused for passage in guard.take() if passage.refused]
        return told[-1] if told else f"The platform did not answer ({type(error).__name__})."


def _client(guard: Guard) -> httpx.Client:
    verify = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(proxy=guard.proxy, trust_env=False, verify=verify, timeout=_SECONDS, headers=_HEADERS)


def _answer(client: httpx.Client, url: str) -> Exchange | str:
    started_at, began = datetime.now(UTC), time.monotonic()
    with client.stream("GET", url) as response:
        body = bytearray()
        for piece in response.iter_raw():
            body += piece
            if len(body) > _LARGEST or time.monotonic() - began > _SECONDS:
                return "The platform's answer was too large, or too slow."
        return Exchange(
            method="GET",
            url=str(response.request.url),
            request_headers=tuple(response.request.headers.items()),
            status=response.status_code,
            headers=tuple(response.headers.multi_items()),
            body=bytes(body),
            started_at=started_at,
            elapsed_ms=round((time.monotonic() - began) * 1000, 3),
            http_version=response.http_version,
        )
