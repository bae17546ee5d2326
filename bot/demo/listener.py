"""One web server of the town: an ASGI application on 127.0.0.1, in its own thread, with faults on its wire."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bot.demo.faults import Fault, FaultKind, Faults

LOOPBACK = "127.0.0.1"
ABORT = "millbrook.abort"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came in. ``path`` is without its query, so that no token is kept."""

    method: str
    path: str
    at: datetime
    fault: str | None


class Listener:
    """Serves ``app`` from ``start`` to ``stop``; a second ``start`` uses the same port, as after an outage.

    ``websockets``: does the application take them too?
    """

    def __init__(self, app: ASGIApp, faults: Faults, *, websockets: bool = False) -> None:
        self.calls: list[Call] = []
        self.port = 0
        self._app = _FaultyWire(app, faults, self.calls)
        self._websockets = websockets
        self._state = ServerState()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>``, without a slash at its end."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Listen. Connections made before the thread is up wait in the socket's queue."""
        sock = _listening_socket(self.port)
        self.port = sock.getsockname()[1]
        loop, self._stopping = asyncio.new_event_loop(), asyncio.Event()
        self._loop = loop
        self._thread = threading.Thread(
            target=lambda: _run(loop, self._serve(sock)), daemon=True, name=f"millbrook-{self.port}"
        )
        self._thread.start()

    def begin_stop(self) -> None:
        """Ask the server to stop and return at once, so that several can stop side by side."""
        if self._loop and self._thread and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # It ended by itself between the question and the call.
                self._loop.call_soon_threadsafe(self._stopping.set)

    def stop(self) -> None:
        """Stop listening, cut every connection, and return when the thread is done. Stopping twice is harmless."""
        self.begin_stop()
        if self._thread:
            self._thread.join(timeout=10)
        self._loop = self._thread = None

    def cut_websockets(self) -> None:
        """Reset every websocket without a word; return when it is done. Ordinary requests go on."""
        if self._loop and self._thread and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # It ended by itself between the question and the call.
                asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(timeout=5)

    async def _cut(self) -> None:
        for connection in list(self._state.connections):
            if not isinstance(connection, _AbortableProtocol):
                _reset(connection.transport)

    async def _serve(self, sock: socket.socket) -> None:
        # uvicorn's own server wakes ten times a second and takes its time to stop; a test has neither.
        config, state = _config(self._app, self._websockets), ServerState()
        self._state = state
        config.load()
        server = await asyncio.get_running_loop().create_server(
            lambda: _AbortableProtocol(config, state, app_state={}), sock=sock
        )
        await self._stopping.wait()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        for task in state.tasks:
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


def _listening_socket(port: int) -> socket.socket:
    # The protocol is named: only then does asyncio turn Nagle's delay off, which would cost 40 ms an answer.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((LOOPBACK, port))
    sock.listen(128)
    return sock


def _config(app: ASGIApp, websockets: bool) -> uvicorn.Config:
    ws: Literal["websockets-sansio", "none"] = "websockets-sansio" if websockets else "none"
    return uvicorn.Config(
        app, lifespan="off", ws=ws, log_config=None, log_level="critical", access_log=False, timeout_keep_alive=60
    )


def _run(loop: asyncio.AbstractEventLoop, serving: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(serving)


class _AbortableProtocol(H11Protocol):
    """Hands the application a way to cut its connection: ASGI has no word for "answer with a TCP reset"."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = self.app

        async def with_abort(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ABORT] = transport
            await inner(scope, receive, send)

        self.app = with_abort


class _FaultyWire:
    """Lets a request through to the application, or gives it the fault that is planned for it."""

    def __init__(self, app: ASGIApp, faults: Faults, calls: list[Call]) -> None:
        self._app = app
        self._faults = faults
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await self._app(scope, receive, send)
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        fault = self._faults.take(scope["method"], path)
        self._calls.append(Call(scope["method"], scope["path"], datetime.now(UTC), fault.kind if fault else None))
        if fault is None:
            await self._app(scope, receive, _dated(send))
        else:
            await self._break(fault, scope, receive, _dated(send))
        return None

    async def _break(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case FaultKind.ANSWER:
                await _read_request(receive)
                await _answer(fault, send)
            case FaultKind.SLOW:
                await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, send)
            case FaultKind.HANG:
                await asyncio.sleep(fault.seconds)
                await _abort(scope, receive)
            case FaultKind.RESET:
                await _read_request(receive)
                await _abort(scope, receive)
            case FaultKind.LOST_ANSWER:
                await self._app(scope, receive, _swallow)
                await _abort(scope, receive)
            case FaultKind.TRUNCATED:
                await _truncate(self._app, scope, receive, send)


def _dated(send: Send) -> Send:
    """Adds the ``Date`` by which a client can tell whether its clock is true, unless a fault has one of its own."""

    async def dated(message: Message) -> None:
        headers = list(message.get("headers", ()))
        if message["type"] == "http.response.start" and b"date" not in dict(headers):
            date = email.utils.formatdate(usegmt=True).encode()
            message["headers"] = [(b"date", date), *headers]
        await send(message)

    return dated


async def _read_request(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def _answer(fault: Fault, send: Send) -> None:
    headers = {"content-length": str(len(fault.body)), **fault.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": raw})
    await send({"type": "http.response.body", "body": fault.body})


async def _swallow(message: Message) -> None:
    """The answer goes nowhere."""


async def _abort(scope: Scope, receive: Receive) -> None:
    _reset(scope[ABORT])
    while (await receive())["type"] != "http.disconnect":
        pass


def _reset(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    # Lingering for zero seconds turns the close into a reset; a plain close would look like an orderly end.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _truncate(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Half a body under a Content-Length that fits it: a broken proxy, which no HTTP client can notice by itself."""
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    body = b"".join(message.get("body", b"") for message in sent)
    half = body[: len(body) // 2]
    headers = [(name, value) for name, value in sent[0]["headers"] if name != b"content-length"]
    await send({**sent[0], "headers": [*headers, (b"content-length", str(len(half)).encode())]})
    await send({"type": "http.response.body", "body": half})
