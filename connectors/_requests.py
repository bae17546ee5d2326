"""Lets client libraries that are built on ``requests`` speak through the transport.

facebook-sdk and tweepy pass no time-out, write tokens into exceptions and keep their hosts in constants. Mounted on
their session, this adapter gives them the transport's limits, masking, counting and host.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from http.client import responses
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from connectors.contract import Exchange
from connectors.transport import Transport

OTHER_HOST = "The client library asked for another host than {host}; nothing was sent."

# Each connection writes its own; "accept-encoding" says what httpx can read, not what urllib3 can.
_NOT_PASSED_ON = frozenset({"host", "connection", "accept-encoding", "user-agent", "transfer-encoding"})


class Through(BaseAdapter):
    """Sends what a ``requests`` session prepared through ``transport``, with ``sdk_host`` replaced by its base URL.

    The answer is a real ``requests.Response`` whose body has its secrets masked. Errors: those of ``Transport.send``.
    """

    def __init__(self, transport: Transport, sdk_host: str) -> None:
        super().__init__()
        self._transport = transport
        self._sdk_host = sdk_host.rstrip("/")

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Everything but the request itself is the transport's to decide, so the other arguments are ignored."""
        exchange = self._transport.send(
            request.method or "GET",
            self._address(request.url or ""),
            headers={name: value for name, value in _headers(request) if name.lower() not in _NOT_PASSED_ON},
            content=_content(request.body),
        )
        return self._response(request, exchange)

    def close(self) -> None:
        """Nothing: the transport outlives the session."""

    def _address(self, url: str) -> str:
        if not url.startswith(f"{self._sdk_host}/"):
            raise requests.exceptions.InvalidURL(OTHER_HOST.format(host=self._sdk_host))
        return self._transport.base_url + url.removeprefix(self._sdk_host)

    def _response(self, request: requests.PreparedRequest, exchange: Exchange) -> requests.Response:
        response = requests.Response()
        response.status_code = exchange.status
        response.headers = CaseInsensitiveDict(exchange.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = io.BytesIO(exchange.body)
        response.url = exchange.url
        response.reason = responses.get(exchange.status, "")
        response.request = request
        return response


def through(transport: Transport, sdk_host: str) -> requests.Session:
    """A session for an SDK that addresses ``sdk_host``; it can reach nothing but the transport."""
    session = requests.Session()
    # Proxies and certificates are the transport's; a ~/.netrc must not put a password on our calls.
    session.trust_env = False
    session.adapters.clear()
    session.mount(sdk_host, Through(transport, sdk_host))
    return session


def _headers(request: requests.PreparedRequest) -> list[tuple[str, str]]:
    return [(_text(name), _text(value)) for name, value in request.headers.items()]


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _content(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    raise TypeError("Only bodies in memory can be sent through the transport.")
