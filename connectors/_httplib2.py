"""Lets Google's client library, which is built on ``httplib2``, speak through the transport.

The library is given an object in the place of ``httplib2.Http``. It is told of every answer that it was empty: status,
words and headers are read by the connector from the recorded exchange, because the library would throw them away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httplib2  # type: ignore[import-untyped, unused-ignore]

from connectors.contract import Malformed
from connectors.transport import Transport

OTHER_HOST = "The client library asked for another host than {host}; nothing was sent."

# Each connection writes its own; "accept-encoding" says what httpx can read.
_NOT_PASSED_ON = frozenset({"host", "connection", "accept-encoding", "user-agent", "content-length"})


class Through:
    """Has the one method of ``httplib2.Http`` that the library calls; ``sdk_host`` is replaced by the base URL.

    ``authorization`` is asked at each call, because tokens change. Errors: those of ``Transport.send``, and
    ``Malformed`` for an address that is not ``sdk_host``'s.
    """

    # The library looks at these: there are no credentials on this object, and no redirects to be set.
    credentials = None
    redirect_codes = frozenset[int]()

    def __init__(self, transport: Transport, sdk_host: str, authorization: Callable[[], str]) -> None:
        self._transport = transport
        self._sdk_host = sdk_host.rstrip("/")
        self._authorization = authorization

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[Any, bytes]:
        """One request. How to connect is the transport's to decide, so the other arguments are ignored."""
        address = self._address(uri)
        kept = {name: value for name, value in (headers or {}).items() if name.lower() not in _NOT_PASSED_ON}
        kept["authorization"] = self._authorization()
        content = body.encode() if isinstance(body, str) else body
        self._transport.send(method, address, headers=kept, content=content)
        return httplib2.Response({"status": "204"}), b""

    def close(self) -> None:
        """Nothing: the transport outlives the library's object."""

    def _address(self, uri: str) -> str:
        if not uri.startswith(f"{self._sdk_host}/"):
            raise Malformed(OTHER_HOST.format(host=self._sdk_host))
        return self._transport.base_url + uri.removeprefix(self._sdk_host)
