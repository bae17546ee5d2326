"""Every platform on its wire, a server on loopback that misbehaves on request, and a clock that stands still."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

import httpx
import pytest
import respx
import stamina

import connectors
from connectors.connection import Connection
from tests.connectors.wire import NOW, BaseWire, load, wire_of


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen as many times as configured, without the waits between them."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class StandingClock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Any:
        return self.now

    def forward(self, step: timedelta) -> None:
        """Let time pass."""
        self.now += step


@pytest.fixture
def clock() -> StandingClock:
    """The clock that the connection of ``wire`` reads."""
    return StandingClock()


def wired() -> tuple[str, ...]:
    """The platforms that can be asked: those with a wire. That none lacks one, ``test_platforms`` sees."""
    return tuple(name for name in connectors.platforms() if find_spec(f"tests.connectors.wires.{name}"))


@pytest.fixture(params=wired())
def platform(request: pytest.FixtureRequest) -> str:
    """Each platform in turn; the tests of one platform override it."""
    return str(request.param)


@pytest.fixture
def wire(platform: str, clock: StandingClock, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The platform under test. Every request anywhere goes to it; one to an unknown host is a failure."""
    with on_wire(platform, clock) as platform_wire:
        reason = platform_wire.unable.get(request.function.__name__)
        if reason:
            pytest.skip(reason)
        yield platform_wire


@contextlib.contextmanager
def on_wire(platform: str, clock: Callable[[], Any]) -> Iterator[BaseWire]:
    """The platform's wire, with everything that is sent going to it."""
    platform_wire = wire_of(platform)
    platform_wire.clock = clock
    hosts = {httpx.URL(address).host for address in (platform_wire.base_url, *platform_wire.also)}

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host in hosts, f"{request.url.host} was asked, which is no host of {platform}"
        return platform_wire.answer(request)

    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=answer)
        yield platform_wire


def connected(wire: BaseWire, clock: Callable[[], Any], **options: Any) -> Connection:
    """A connection to a wire with pages small enough to need many."""
    wanted: dict[str, Any] = {"page_size": 2, "clock": clock, **wire.connect, **options}
    return connectors.connect(wire.platform, page_id=wire.page_id, token=wire.token, **wanted)


@pytest.fixture
def connection(wire: Any, clock: StandingClock) -> Iterator[Connection]:
    """A connection to ``wire``."""
    made = connected(wire, clock)
    yield made
    made.close()


@pytest.fixture
def recorded() -> Callable[[str, str], Any]:
    """``recorded(platform, name)``: a recorded answer."""
    return load


class LoopbackServer:
    """A TCP server that reads one request per connection and answers with whatever bytes it is told."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.behaviour: Callable[[socket.socket, bytes], None] = self.send(b"HTTP/1.1 500 Not set\r\n\r\n")
        self.stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self._port}"

    @staticmethod
    def send(answer: bytes) -> Callable[[socket.socket, bytes], None]:
        """A behaviour: these bytes, then the connection closes."""
        return lambda connection, request: connection.sendall(answer)

    def json(self, body: str, status: str = "200 OK") -> Callable[[socket.socket, bytes], None]:
        """A behaviour: a complete JSON answer."""
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body.encode())}\r\n"
        return self.send(f"{head}connection: close\r\n\r\n{body}".encode())

    def hang(self, connection: socket.socket, request: bytes) -> None:
        """A behaviour: nothing, until the test is over."""
        self.stopping.wait(10)

    def drip(self, connection: socket.socket, request: bytes) -> None:
        """A behaviour: a header line, a byte at a time, for far longer than any limit of a test."""
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
        for _ in range(200):
            if self.stopping.wait(0.02):
                return
            connection.sendall(b"a")

    @staticmethod
    def reset(connection: socket.socket, request: bytes) -> None:
        """A behaviour: the connection is torn down."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def stop(self) -> None:
        """Close; whatever hangs wakes up."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            # Closing alone does not wake a thread that waits in accept.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(2)

    def _serve(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            request = b""
            while b"\r\n\r\n" not in request and (received := connection.recv(65536)):
                request += received
            self.requests.append(request)
            try:
                self.behaviour(connection, request)
            except OSError:
                time.sleep(0)


@pytest.fixture
def loopback() -> Iterator[LoopbackServer]:
    """A server on 127.0.0.1 whose behaviour the test sets."""
    server = LoopbackServer()
    yield server
    server.stop()
