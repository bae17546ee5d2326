"""From a name to a connection. A name is looked up once a look; all that it leads to is checked; what was checked is
what is connected to, so that a name can't be public when asked and private when used."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from bot.evidence.egress.addresses import disguised, is_loopback, not_public
from bot.evidence.egress.hosts import Hosts

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[str, int], Awaitable[Streams]]
_LOOKUP_S = 4.0
_CONNECT_S = 3.0
_ADDRESSES = 4


class Refused(Exception):
    """The guard doesn't go there. The sentence says why; ``host`` and ``port`` are what was asked for."""


class Door:
    """Opens connections to checked addresses of allowed hosts. Belongs to one event loop."""

    def __init__(self, hosts: Hosts, resolve: Resolve, connect: Connect) -> None:
        self._hosts = hosts
        self._resolve = resolve
        self._connect = connect
        self._pinned: dict[tuple[str, int], asyncio.Task[tuple[str, ...]]] = {}

    async def open(self, host: str, port: int) -> tuple[str, Streams]:
        """The address that was connected to, and the connection. Raises ``Refused``."""
        addresses = await self._checked(host, port)
        for address in addresses[:_ADDRESSES]:
            try:
                async with asyncio.timeout(_CONNECT_S):
                    return address, await self._connect(address, port)
            except (OSError, TimeoutError):
                continue
        raise Refused(f"{host} did not answer.")

    def forget(self) -> None:
        """Look names up again from here on: for the next look."""
        self._pinned.clear()

    async def _checked(self, host: str, port: int) -> tuple[str, ...]:
        if disguised(host):
            raise Refused("The host is an address in disguise.")
        if not self._hosts.allow(host, port):
            raise Refused("The host is not among those allowed.")
        if (host, port) not in self._pinned:
            self._pinned[host, port] = asyncio.create_task(self._looked_up(host, port))
        # Shielded: who gives up waiting must not take the answer away from the others.
        return await asyncio.shield(self._pinned[host, port])

    async def _looked_up(self, host: str, port: int) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(_LOOKUP_S):
                found = tuple(await self._resolve(host, port))
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Refused(f"The name {host} was not found.") from error
        if not found:
            raise Refused(f"The name {host} was not found.")
        for address in found:  # one bad address among good ones is an attack, or a mistake to be told
            if why := _unfit(host, address):
                raise Refused(f"The name {host} leads to {address[:60]}, which is {why}.")
        return found


def _unfit(host: str, address: str) -> str | None:
    if is_loopback(host):  # allowed by name and port: a sandbox
        return None if is_loopback(address) else "not this machine"
    return not_public(address)


async def ask_the_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine resolves names."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


async def connect(address: str, port: int) -> Streams:
    """A plain connection to an address (never a name)."""
    return await asyncio.open_connection(address, port)
