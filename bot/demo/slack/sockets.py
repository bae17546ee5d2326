"""Socket Mode: a websocket for each connection of the app, on which envelopes go out and acknowledgements come back.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.demo.slack.envelope import Delivered, Envelope
from bot.demo.slack.workspace import BOT

Json = dict[str, Any]
MOST_CONNECTIONS = 10
DEBUG = {"host": "applink-millbrook", "build_number": 1, "approximate_connection_time": 18060}
TICKET_SECONDS = 30.0


@dataclass(eq=False)
class _Connection:
    """One websocket. ``outbox`` belongs to the server's loop; ``None`` in it closes the connection."""

    loop: asyncio.AbstractEventLoop
    outbox: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    def send(self, message: Json | None) -> None:
        text = None if message is None else json.dumps(message)
        with contextlib.suppress(RuntimeError):  # The server has stopped in between.
            self.loop.call_soon_threadsafe(self.outbox.put_nowait, text)


@dataclass
class _Sent:
    """What is known of an envelope on its way."""

    envelope: Envelope
    attempts: int = 0
    acknowledgements: list[tuple[float, Json | None]] = field(default_factory=list)


class Sockets:
    """Every connection of the app. ``cut`` ends all websockets of the server without a word, as a dead line does."""

    def __init__(self, address: Callable[[], str], cut: Callable[[], None]) -> None:
        self._address = address
        self._cut = cut
        self._changed = threading.Condition()
        self._connections: list[_Connection] = []
        self._tickets: dict[str, float] = {}
        self._sent: dict[str, _Sent] = {}
        self._owed: list[Envelope] = []
        self._refused_until = 0.0
        self._turn = 0

    @property
    def open(self) -> int:
        """How many connections stand."""
        with self._changed:
            return len(self._connections)

    def wait_for(self, connections: int = 1, seconds: float = 15.0) -> bool:
        """Wait until so many connections stand."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._connections) >= connections, seconds)

    def ticket(self) -> str:
        """An address for one connection, good once and for half a minute: ``apps.connections.open``."""
        ticket = secrets.token_hex(16)
        with self._changed:
            self._tickets[ticket] = time.monotonic() + TICKET_SECONDS
        query = f"ticket={ticket}&app_id={BOT['app_id']}"
        return f"{self._address().replace('http', 'ws', 1)}/link?{query}"

    def deliver(self, envelope: Envelope, patience: float, redeliveries: int, attempt: int = 0) -> Delivered:
        """Send an envelope and wait for its acknowledgement.

        It is sent again after ``patience`` seconds, at most ``redeliveries`` times, and at once when its connection
        dies. What was sent and stays unacknowledged is sent once more on the next connection that the app opens.
        """
        with self._changed:
            sent = self._sent[envelope.id] = _Sent(envelope)
            began = time.monotonic()
            for number in range(1 + redeliveries):
                if self._waited_out(sent, attempt + number, patience):
                    break
                if not sent.attempts:
                    return Delivered(envelope)
            if sent.acknowledgements:
                at, payload = sent.acknowledgements[0]
                return Delivered(envelope, True, at - began, payload, sent.attempts)
            self._owed.append(envelope)
            return Delivered(envelope, attempts=sent.attempts)

    def acknowledgements(self, envelope: Envelope) -> int:
        """How often the app has acknowledged it, late ones counted."""
        with self._changed:
            sent = self._sent.get(envelope.id)
            return len(sent.acknowledgements) if sent else 0

    def drop(self, seconds: float = 0.0) -> None:
        """Every connection dies without a word, and for so many seconds no new one is let in."""
        with self._changed:
            self._refused_until = time.monotonic() + seconds
            self._connections.clear()
            self._changed.notify_all()
        self._cut()

    def disconnect(self, reason: str) -> None:
        """Tell the app that a connection is to be made anew; all but a ``warning`` also close it."""
        with self._changed:
            for connection in self._connections:
                connection.send({"type": "disconnect", "reason": reason, "debug_info": {"host": DEBUG["host"]}})
                if reason != "warning":
                    connection.send(None)
            if reason != "warning":
                self._connections.clear()

    async def link(self, websocket: WebSocket) -> None:
        """The server's side of one connection."""
        if not self._admitted(websocket.query_params.get("ticket", "")):
            # slack_sdk's own client needs a reason phrase and a length in the refusal to read it to its end.
            return await websocket.send_denial_response(PlainTextResponse("no", 503))
        await websocket.accept()
        connection = _Connection(asyncio.get_running_loop())
        pump = asyncio.create_task(_pump(connection, websocket))
        self._greet(connection)
        try:
            async for text in websocket.iter_text():
                self._received(text)
        finally:
            pump.cancel()
            with self._changed:
                self._connections = [one for one in self._connections if one is not connection]
                self._changed.notify_all()
        return None

    def _waited_out(self, sent: _Sent, attempt: int, patience: float) -> bool:
        """Send, and wait until it is acknowledged or the patience is at its end. The lock is held."""
        deadline = time.monotonic() + patience
        used: _Connection | None = None
        while not sent.acknowledgements:
            if used not in self._connections:
                used = self._next()
                if used is not None:
                    used.send(sent.envelope.frame(attempt))
                    sent.attempts += 1
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._changed.wait(left)
        return True

    def _next(self) -> _Connection | None:
        """Slack sends each envelope on any one of the connections; here they take turns."""
        if not self._connections:
            return None
        self._turn += 1
        return self._connections[self._turn % len(self._connections)]

    def _admitted(self, ticket: str) -> bool:
        with self._changed:
            until = self._tickets.pop(ticket, 0.0)
            return time.monotonic() >= self._refused_until and time.monotonic() < until

    def _greet(self, connection: _Connection) -> None:
        with self._changed:
            if len(self._connections) >= MOST_CONNECTIONS:
                host = {"host": DEBUG["host"]}
                connection.send({"type": "disconnect", "reason": "too_many_websockets", "debug_info": host})
                return connection.send(None)
            self._connections.append(connection)
            connection.send({"type": "hello", "num_connections": len(self._connections), "debug_info": DEBUG,
                             "connection_info": {"app_id": BOT["app_id"]}})  # fmt: skip
            owed, self._owed = self._owed, []
            for envelope in owed:
                connection.send(envelope.frame(1))
            self._changed.notify_all()
        return None

    def _received(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        with self._changed:
            sent = self._sent.get(said.get("envelope_id", "")) if isinstance(said, dict) else None
            if sent is not None:
                sent.acknowledgements.append((time.monotonic(), said.get("payload")))
                self._owed = [one for one in self._owed if one.id != sent.envelope.id]
                self._changed.notify_all()


async def _pump(connection: _Connection, websocket: WebSocket) -> None:
    """Send what is in the outbox, in its order, until the connection is to be closed."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (text := await connection.outbox.get()) is not None:
            await websocket.send_text(text)
        await websocket.close()
