"""The guard: a small proxy on this machine that knows whom it may speak to, and keeps a journal of all it did.

Everything that fetches what strangers wrote goes through one: the browser (which is told to use no other way) and the
fetcher of media. See ``docs/decisions/0017-egress-guard.md``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from bot.evidence.egress.addresses import is_loopback
from bot.evidence.egress.door import Connect, Door, Refused, Resolve, Streams, ask_the_system, connect
from bot.evidence.egress.hosts import Hosts
from bot.evidence.egress.request import Asked, asked

_HEAD = 64_000
_PIECE = 1 << 16
_HANDSHAKE = b"\x16"  # the first byte of TLS, RFC 8446, 5.1: what else goes through a tunnel is not our business
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Caps:
    """How much passes: ``connections`` at a time, ``passages`` and ``total`` bytes until the journal is taken,
    ``each`` bytes and ``seconds`` a connection."""

    connections: int = 64
    passages: int = 400
    total: int = 120_000_000
    each: int = 64_000_000
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Passage:
    """One connection that was asked for. ``address``: what was connected to. ``refused``: the sentence why not, or why
    it was ended before its time. ``sent`` and ``received`` are bytes on the wire, as the far side would count."""

    host: str
    port: int
    address: str | None
    sent: int
    received: int
    refused: str | None


class Guard:
    """A proxy for the clients of this machine, in a thread of its own. Use as a context manager, or ``close`` it.

    Safe to call from any thread. ``resolve`` and ``connect`` stand in for the network in tests.
    """

    def __init__(
        self,
        hosts: Hosts,
        *,
        caps: Caps = Caps(),
        resolve: Resolve = ask_the_system,
        connect: Connect = connect,
    ) -> None:
        self._caps = caps
        self._journal: list[Passage] = []
        self._open: set[_Passing] = set()
        self._asked = self._bytes = 0
        self._loop = asyncio.new_event_loop()
        self._door = Door(hosts, resolve, connect)
        self._thread = threading.Thread(target=self._loop.run_forever, name="egress-guard", daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD))
        self._port: int = self._server.sockets[0].getsockname()[1]

    @property
    def proxy(self) -> str:
        """Its address, for ``httpx`` and for the browser: ``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._port}"

    def take(self) -> tuple[Passage, ...]:
        """The journal since it was last taken. What is still open is in it as far as it came, and not again later.

        Names are looked up anew, and the caps begin anew, from here on."""
        return self._run(self._taken())

    def close(self) -> None:
        """End all connections. Safe to call twice."""
        if self._thread.is_alive():
            self._run(self._ended())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Guard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _taken(self) -> tuple[Passage, ...]:
        for passing in self._open:
            self._note(passing)
        journal, self._journal = tuple(self._journal), []
        self._asked = self._bytes = 0
        self._door.forget()
        return journal

    async def _ended(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = _Passing(self._caps.each, self._spend)
        self._open.add(passing)
        try:
            async with asyncio.timeout(self._caps.seconds):
                await self._pass(passing, (reader, writer))
        except Refused as error:
            passing.refused = str(error)
            if passing.may_be_told:
                writer.write(_FORBIDDEN)
        except TimeoutError:
            passing.refused = "It took too long."
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            passing.refused = None if passing.address else "The request can't be read."
        finally:
            self._open.discard(passing)
            self._note(passing)
            await _closed(writer)

    async def _pass(self, passing: _Passing, client: Streams) -> None:
        head = await client[0].readuntil(b"\r\n\r\n")
        # A tunnel is refused in words. A plain request is hung up on: our answer must not look like the page's own.
        passing.may_be_told = head.startswith(b"CONNECT ")
        passing.wanted = wanted = asked(head)
        self._count(wanted)
        passing.address, server = await self._door.open(wanted.host, wanted.port)
        passing.may_be_told = False
        try:
            await (_tunnel if wanted.head is None else _plain)(passing, wanted, client, server)
        finally:
            await _closed(server[1])

    def _count(self, wanted: Asked) -> None:
        self._asked += 1
        if self._asked > self._caps.passages or len(self._open) > self._caps.connections:
            raise Refused("There are too many connections.")
        if wanted.head is not None and not is_loopback(wanted.host):
            raise Refused("Plain http is spoken to this machine only.")

    def _spend(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self._caps.total:
            raise Refused("Too much was fetched already.")

    def _note(self, passing: _Passing) -> None:
        if not passing.noted and len(self._journal) < self._caps.passages:
            self._journal.append(passing.so_far())
        passing.noted = True


class _Passing:
    """A connection on its way. ``may_be_told``: its client still waits for a word of ours."""

    def __init__(self, most: int, spend: Callable[[int], None]) -> None:
        self.wanted: Asked | None = None
        self.address: str | None = None
        self.sent = self.received = 0
        self.refused: str | None = None
        self.may_be_told = self.noted = False
        self._most = most
        self._spend = spend

    def so_far(self) -> Passage:
        host, port = ("?", 0) if self.wanted is None else (self.wanted.host, self.wanted.port)
        return Passage(host, port, self.address, self.sent, self.received, self.refused)

    async def send(self, piece: bytes, server: asyncio.StreamWriter) -> None:
        self.sent += len(piece)
        await self._on(piece, server)

    async def copy_out(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while piece := await client.read(_PIECE):
            await self.send(piece, server)

    async def copy_in(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while piece := await server.read(_PIECE):
            self.received += len(piece)
            await self._on(piece, client)

    async def _on(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        self._spend(len(piece))
        if self.sent + self.received > self._most:
            raise Refused("It was too large.")
        writer.write(piece)
        await writer.drain()


async def _tunnel(passing: _Passing, wanted: Asked, client: Streams, server: Streams) -> None:
    client[1].write(_ESTABLISHED)
    first = await client[0].read(_PIECE)
    if first and not first.startswith(_HANDSHAKE):
        raise Refused("Only TLS goes through a tunnel.")
    if first:
        await passing.send(first, server[1])
        await _either(passing.copy_out(client[0], server[1]), passing.copy_in(server[0], client[1]))


async def _plain(passing: _Passing, wanted: Asked, client: Streams, server: Streams) -> None:
    answers = asyncio.ensure_future(passing.copy_in(server[0], client[1]))
    try:
        following: Asked | None = wanted
        while following is not None and (following.host, following.port) == (wanted.host, wanted.port):
            assert following.head is not None
            await passing.send(following.head + await client[0].readexactly(following.body_length), server[1])
            following = await _next(client[0], answers)
    finally:
        answers.cancel()
        await asyncio.gather(answers, return_exceptions=True)


async def _next(client: asyncio.StreamReader, answers: asyncio.Future[None]) -> Asked | None:
    """The next request of the same client, if there is one before the server hangs up.

    Browsers send it when they have the answer. One for somebody else is not answered: it is asked anew, and checked.
    """
    head = asyncio.ensure_future(client.readuntil(b"\r\n\r\n"))
    try:
        await asyncio.wait((head, answers), return_when=asyncio.FIRST_COMPLETED)
        if answers.done():
            answers.result()
            return None
        found = asked(head.result())
        return None if found.head is None else found
    except asyncio.IncompleteReadError:
        return None
    finally:
        head.cancel()
        await asyncio.gather(head, return_exceptions=True)


async def _either(*works: Awaitable[object]) -> None:
    """Until the first of these is done; the other is dropped."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()
