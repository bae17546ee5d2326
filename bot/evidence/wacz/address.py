"""What of an address is archived, and how an index of addresses is sorted."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit

LONGEST = 32_768
"""Characters. Readers of archives hold an address in one line; what is longer is data in disguise."""

_SLASHES = re.compile("/+")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_DEFAULT_PORTS = {"http": 80, "https": 443}


def archived(address: str) -> str | None:
    """The address as a server was asked for it; ``None`` for what no server was asked for (``data:``, ``blob:``).

    Without fragment and user information, which are never sent as part of it (RFC 9110, 4.2.4 and 7.1), in printable
    ASCII alone, so that it can't begin another line of a record.
    """
    if len(address) > LONGEST:
        return None
    plain = quote(address.partition("#")[0], safe=_PRINTABLE, errors="surrogatepass")
    parts = _split(plain)
    if parts is None:
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{_behind_host(plain, parts)}"


def target(address: str) -> str:
    """What stands in the request line for this address: path and query. For what ``archived`` gives."""
    path = _behind_host(address, urlsplit(address))
    return path if path.startswith("/") else f"/{path}"


def sort_key(address: str) -> str:
    """The address in Sort-friendly URI Reordering, as indexes of web archives have it: ``org,example)/post?a=1&b=2``.

    Lower case; without scheme, ``www.``, default port and final slash; the query sorted. For what ``archived`` gives.
    """
    parts = _split(address)
    if parts is None:
        return address
    path = _SLASHES.sub("/", parts.path.lower()).rstrip("/") or "/"
    query = "&".join(sorted(parts.query.lower().split("&"))) if parts.query else ""
    return f"{_reversed_host(parts)}){path}{'?' + query if query else ''}"


def _behind_host(address: str, parts: SplitResult) -> str:
    return address[len(parts.scheme) + len("://") + len(parts.netloc) :]


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        known = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return None
    return parts if known else None


def _reversed_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    labels = [host] if ":" in host else _without_www(host).split(".")[::-1]
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return ",".join(labels) + port


def _without_www(host: str) -> str:
    first, dot, rest = host.partition(".")
    is_www = first.startswith("www") and (first == "www" or first[3:].isdigit())
    return rest if dot and is_www else host
