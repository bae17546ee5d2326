"""The heads of HTTP messages as bytes: whatever a server put into a header, it stays inside its own line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from bot.evidence.wacz.address import target

Headers = Iterable[tuple[str, str]]

_NOT_IN_A_NAME = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")  # RFC 9110, 5.6.2
_NOT_IN_A_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5
_OF_THE_WIRE = frozenset({"content-encoding", "transfer-encoding"})
_WITHOUT_BODY = frozenset({204, 304})


def request_head(method: str, address: str, headers: Headers) -> bytes:
    """The request line and its headers; ``address`` as ``address.archived`` gives it."""
    kept = [(name, value) for name, value in headers if name.lower() != "host"]
    return _head(f"{_name(method).decode()} {target(address)} HTTP/1.1", [("Host", urlsplit(address).netloc), *kept])


def response_head(status: int, headers: Headers, size: int, *, asked_by: str = "GET") -> bytes:
    """The status line and its headers, for a body of ``size`` bytes that is stored decoded.

    What is true of the wire alone is renamed ``x-orig-…`` (as other archivers do): a reader would decode once more.
    """
    empty = asked_by == "HEAD" or status in _WITHOUT_BODY
    return _head(f"HTTP/1.1 {status:03} {_phrase(status)}", _as_stored(headers, None if empty else size))


def _as_stored(headers: Headers, size: int | None) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        lower = name.lower()
        other_size = lower == "content-length" and size is not None and value.strip() != str(size)
        yield (f"x-orig-{name}" if lower in _OF_THE_WIRE or other_size else name), value


def _head(first: str, headers: Headers) -> bytes:
    lines = [b"%b: %b" % (_name(name), _value(value)) for name, value in headers if name and not name.startswith(":")]
    return b"\r\n".join([first.encode("ascii"), *lines, b"", b""])


def _name(name: str) -> bytes:
    return _NOT_IN_A_NAME.sub(_escaped, name.encode("utf-8", "backslashreplace"))


def _value(value: str) -> bytes:
    return _NOT_IN_A_VALUE.sub(_escaped, value.encode("utf-8", "backslashreplace")).strip()


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found.group()[0]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
