"""What a client may ask the guard for: a tunnel (``CONNECT``), or a plain http request to this machine's own ports.

Source: RFC 9110, 9.3.6 and RFC 9112, 3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.evidence.egress.door import Refused

_LINE = re.compile(rb"([A-Z]{3,10}) ([\x21-\x7e]+) HTTP/1\.[01]")
_FIELD = re.compile(rb"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([^\r\n\0]*)")
_TARGET = re.compile(r"([a-z0-9._-]{1,253}):(\d{1,5})")
_OURS = {b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive", b"te", b"trailer", b"host"}
_NEVER = {
    b"upgrade": "Sockets are not passed on.",
    b"transfer-encoding": "A request of unknown length is not passed on.",
}
_LARGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``head`` is what is sent on; ``None`` for a tunnel, where nothing is."""

    host: str
    port: int
    head: bytes | None = None
    body_length: int = 0


def asked(head: bytes) -> Asked:
    """Read the head of a request. Raises ``Refused``."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    matched = _LINE.fullmatch(first)
    if matched is None:
        raise Refused("The request can't be read.")
    method, target = matched[1], matched[2].decode("ascii")
    return _tunnel(target) if method == b"CONNECT" else _plain(method, target, lines)


def _tunnel(target: str) -> Asked:
    matched = _TARGET.fullmatch(target.lower())
    if matched is None:
        raise Refused("The host is not a plain name.")
    return Asked(matched[1], _port(int(matched[2])))


def _plain(method: bytes, target: str, lines: list[bytes]) -> Asked:
    try:
        parts = urlsplit(target)
        host, port = (parts.hostname or "").lower(), parts.port or 80
    except ValueError as error:
        raise Refused("The address can't be read.") from error
    if parts.scheme != "http" or parts.username is not None or not _TARGET.fullmatch(f"{host}:{port}"):
        raise Refused("The address is not a plain http address.")
    fields = _fields(lines)
    path = parts.path + (f"?{parts.query}" if parts.query else "") or "/"
    kept = [b"%s: %s" % (name, value) for name, value in fields if name.lower() not in _OURS]
    own = [b"Host: %s" % parts.netloc.encode("ascii"), b"Connection: keep-alive"]
    start = b"%s %s HTTP/1.1" % (method, path.encode("ascii"))
    return Asked(host, _port(port), b"\r\n".join([start, *own, *kept]) + b"\r\n\r\n", _length(fields))


def _fields(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    found = []
    for line in lines:
        matched = _FIELD.fullmatch(line)
        if matched is None:
            raise Refused("The request can't be read.")
        if why := _NEVER.get(matched[1].lower()):
            raise Refused(why)
        found.append((matched[1], matched[2]))
    return found


def _length(fields: list[tuple[bytes, bytes]]) -> int:
    lengths = [value.strip() for name, value in fields if name.lower() == b"content-length"]
    if len(lengths) > 1 or any(not value.isdigit() or len(value) > 9 for value in lengths):
        raise Refused("The request can't be read.")
    length = int(lengths[0]) if lengths else 0
    if length > _LARGEST_BODY:
        raise Refused("The request is too large.")
    return length


def _port(port: int) -> int:
    if not 0 < port < 65536:
        raise Refused("There is no such port.")
    return port
