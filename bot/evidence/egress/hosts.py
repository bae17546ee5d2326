"""Which hosts may be spoken to: the ones in the configuration, and no other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from bot.evidence.egress.addresses import is_loopback

_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
_LONGEST = 8_000
HTTPS = 443


@dataclass(frozen=True, slots=True)
class Hosts:
    """``www.example.org`` (https), ``*.example.org`` (https, any host below it), ``127.0.0.1:8080`` (that port).

    Plain http is spoken to loopback only.
    """

    allowed: tuple[str, ...]

    def __post_init__(self) -> None:
        for host in self.allowed:
            if not _HOST.fullmatch(host):
                raise ValueError(f"{host!r} is not a host; write www.example.org, *.example.org or 127.0.0.1:8080")

    def allow(self, host: str, port: int) -> bool:
        """Whether this host, in small letters, may be spoken to at this port."""
        return any(_matches(allowed, host, port) for allowed in self.allowed)

    def refusal(self, address: str | None) -> str | None:
        """Why we don't go to this address; ``None`` when we do."""
        if not address:
            return "The platform gave no address for this comment."
        try:
            parts = urlsplit(address[: _LONGEST + 1])
            port = parts.port
        except ValueError:
            return "The address of this comment can't be read."
        if len(address) > _LONGEST or parts.username is not None or any(ord(each) <= 0x20 for each in address):
            return "The address of this comment is not a plain address."
        host = (parts.hostname or "").lower()
        if not _schemes_fit(parts, host):
            return "The address of this comment is not an https address."
        if not self.allow(host, port or (HTTPS if parts.scheme == "https" else 80)):
            return f"{host[:100]} is not among the public_hosts of the page, the hosts that pictures are taken from."
        return None

    def pattern(self) -> str:
        """A regular expression for the beginning of an allowed address, the same to Python and JavaScript."""
        return "(" + "|".join(["data:", "blob:", *map(_address, self.allowed)]) + ")"


def _schemes_fit(parts: SplitResult, host: str) -> bool:
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _matches(allowed: str, host: str, port: int) -> bool:
    name, _, wanted = allowed.partition(":")
    if (int(wanted) if wanted else HTTPS) != port:
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _address(allowed: str) -> str:
    name, _, port = allowed.partition(":")
    host = r"[^/:@]+" + re.escape(name[1:]) if name.startswith("*.") else re.escape(name)
    scheme = "https?" if is_loopback(name) else "https"
    return f"{scheme}://{host}{':' + port if port else '(:443)?'}(/|\\?|$)"
