"""Which hosts the browser may speak to: the ones in the configuration, and no other, by three walls (see ``flags``)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")
_NOWHERE = "http://127.0.0.1:9"  # the discard port: whatever isn't allowed is sent there, and dies


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

    def refusal(self, address: str | None) -> str | None:
        """Why we don't go to this address; ``None`` when we do."""
        if not address:
            return "The platform gave no address for this comment."
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            return "The address of this comment can't be read."
        if parts.username is not None or any(ord(each) <= 0x20 for each in address):
            return "The address of this comment is not a plain address."
        host = (parts.hostname or "").lower()
        if not self._schemes_fit(parts, host):
            return "The address of this comment is not an https address."
        if not any(_matches(allowed, host, port) for allowed in self.allowed):
            return f"{host[:100]} is not among the public_hosts of the page, the hosts that pictures are taken from."
        return None

    def flags(self) -> tuple[str, ...]:
        """Chromium's switches. Names resolve and connections go out for these hosts alone, whoever in the page asks:
        redirects, sockets and frames, too, which a request filter never sees."""
        names = ", ".join(f"EXCLUDE {host}" for host in dict.fromkeys(map(_name, self.allowed)))
        return (
            f"--host-resolver-rules=MAP * ~NOTFOUND{', ' + names if names else ''}",
            f"--proxy-server={_NOWHERE}",
            f"--proxy-bypass-list={';'.join(['<-loopback>', *map(_with_port, self.allowed)])}",
        )

    def pattern(self) -> str:
        """A regular expression for the beginning of an allowed address, the same to Python and JavaScript."""
        return "(" + "|".join(["data:", "blob:", *map(_address, self.allowed)]) + ")"

    def _schemes_fit(self, parts: SplitResult, host: str) -> bool:
        return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def hosts_of(addresses: Iterable[str]) -> tuple[str, ...]:
    """The hosts (with their ports) of these addresses, each once."""
    return tuple(dict.fromkeys(urlsplit(address).netloc.lower() for address in addresses))


def _matches(allowed: str, host: str, port: int | None) -> bool:
    name, _, wanted = allowed.partition(":")
    if (int(wanted) if wanted else 443) != (port or 443):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _name(allowed: str) -> str:
    return allowed.partition(":")[0]


def _with_port(allowed: str) -> str:
    return allowed if ":" in allowed else f"{allowed}:443"


def _address(allowed: str) -> str:
    name, _, port = allowed.partition(":")
    host = r"[^/:@]+" + re.escape(name[1:]) if name.startswith("*.") else re.escape(name)
    scheme = "https?" if _is_loopback(name) else "https"
    return f"{scheme}://{host}{':' + port if port else '(:443)?'}(/|\\?|$)"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
