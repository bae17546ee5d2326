"""A wire for each platform, a server on loopback that misbehaves on request, and a clock that stands still."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import respx
import stamina

import connectors
from connectors.connection import Connection
from connectors.contract import CommentRef

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PAGE_ID = "1012"
TOKEN = "EAAK/secret+PageToken=0123"
FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen as many times as configured, without the waits between them."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class StandingClock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, step: timedelta) -> None:
        """Let time pass."""
        self.now += step


@pytest.fixture
def clock() -> StandingClock:
    """The clock that the connection of ``wire`` reads."""
    return StandingClock()


def graph_time(moment: datetime) -> str:
    """A time as Graph writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass
class FacebookWire:
    """A page as Graph serves it: enough of the platform to ask it the questions of the contract."""

    platform: str = "facebook"
    posts: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)
    asked: list[httpx.Request] = field(default_factory=list)
    faults: list[tuple[str, Callable[[], httpx.Response]]] = field(default_factory=list)
    after_write: Callable[[], None] | None = None
    empty_pages: int = 0
    same_mark: bool = False
    debug: dict[str, Any] = field(default_factory=lambda: load("facebook", "debug_token"))
    me: dict[str, Any] = field(default_factory=lambda: {"id": PAGE_ID, "name": "City of X"})
    headers: dict[str, str] = field(default_factory=dict)
    base_url: str = "https://graph.facebook.com"

    # What happens on the page.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        """A new post; returns its id."""
        post_id = f"{PAGE_ID}_{number}"
        self.posts.insert(0, {"id": post_id, "created_time": graph_time(at), "message": f"Post {number}"})
        self.comments[post_id] = []
        return post_id

    def say(self, post_id: str, number: int, text: str = "plow my street!!", **more: Any) -> CommentRef:
        """A new comment on the post, by a resident unless ``more`` says otherwise."""
        comment = {
            "id": f"{post_id.split('_')[1]}_{number}",
            "created_time": graph_time(NOW - timedelta(hours=1)),
            "message": text,
            "from": {"id": "2477001", "name": "Ann Roe"},
            "permalink_url": f"https://www.facebook.com/cityofx/posts/{post_id}?comment_id={number}",
            "is_hidden": False,
            "can_hide": True,
            "can_remove": True,
            "comment_count": 0,
        }
        kept = {key: value for key, value in {**comment, **more}.items() if value is not None}
        self.comments[post_id].insert(0, kept)
        return CommentRef("facebook", PAGE_ID, str(comment["id"]))

    def edit(self, ref: CommentRef, text: str) -> None:
        """The author changes the words."""
        self._find(ref.comment_id)["message"] = text

    def vanish(self, ref: CommentRef) -> None:
        """The comment goes, nobody says why."""
        for rows in self.comments.values():
            rows[:] = [row for row in rows if row["id"] != ref.comment_id]

    def fail(self, response: Callable[[], httpx.Response], *, at: str = "", times: int = 1) -> None:
        """The next ``times`` requests whose method and path contain ``at`` get this answer."""
        self.faults += [(at, response)] * times

    # The wire.

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The answer to one request, as Graph words it."""
        self.asked.append(request)
        for position, (at, fault) in enumerate(self.faults):
            if at in f"{request.method} {request.url.path}":
                del self.faults[position]
                return fault()
        return self._json(*self._result(request))

    def _result(self, request: httpx.Request) -> tuple[int, Any]:
        node, *edge = request.url.path.removeprefix("/v26.0/").split("/")
        query = request.url.params
        if request.method != "GET":
            return self._write(request.method, node, query.get("is_hidden"))
        if edge == ["published_posts"]:
            return 200, self._edge(node, "published_posts", self._with_comments(query), query)
        if edge == ["comments"]:
            return 200, self._edge(node, "comments", self.comments[node], query)
        return self._node(node)

    def _node(self, node: str) -> tuple[int, Any]:
        if node in ("me", PAGE_ID):
            return 200, self.me
        if node == "debug_token":
            return 200, self.debug
        for row in (*self.posts, *(row for rows in self.comments.values() for row in rows)):
            if row["id"] == node:
                return 200, row
        return 400, gone()

    def _write(self, method: str, node: str, hidden: str | None) -> tuple[int, Any]:
        try:
            row = self._find(node)
        except StopIteration:
            return 400, gone()
        if method == "DELETE":
            self.vanish(CommentRef("facebook", PAGE_ID, node))
        else:
            row["is_hidden"] = hidden == "true"
        self.journal.append(f"{method} {node} {hidden or ''}".strip())
        if self.after_write:
            self.after_write()
        return 200, {"success": True}

    def _with_comments(self, query: httpx.QueryParams) -> list[dict[str, Any]]:
        size = int(query["fields"].partition(".limit(")[2].partition(")")[0])
        inner = httpx.QueryParams({"limit": size})
        return [
            {**post, "comments": self._edge(post["id"], "comments", self.comments[post["id"]], inner)}
            for post in self.posts
        ]

    def _edge(self, node: str, edge: str, rows: list[Any], query: httpx.QueryParams) -> dict[str, Any]:
        start, size = int(query.get("after", "0")), int(query["limit"])
        if self.empty_pages and start == 0 and "hollow" not in query.get("until", ""):
            self.empty_pages -= 1
            return {"data": [], "paging": {"next": f"{self._next(node, edge)}&until=hollow&limit={size}"}}
        page: dict[str, Any] = {"data": rows[start : start + size]}
        end = start + size
        if end < len(rows) or self.same_mark:
            mark = "0" if self.same_mark else str(end)
            page["paging"] = {"cursors": {"after": mark}, "next": f"{self._next(node, edge)}&after={mark}&limit={size}"}
        return page

    def _next(self, node: str, edge: str) -> str:
        return f"{self.base_url}/v26.0/{node}/{edge}?access_token={quote(TOKEN, safe='')}"

    def _find(self, comment_id: str) -> dict[str, Any]:
        return next(row for rows in self.comments.values() for row in rows if row["id"] == comment_id)

    def _json(self, status: int, body: Any) -> httpx.Response:
        # As the platform writes JSON: ASCII only, slashes escaped.
        words = json.dumps(body).replace("/", "\\/")
        return httpx.Response(status, text=words, headers={"content-type": "application/json", **self.headers})


WIRES = {"facebook": FacebookWire}


@pytest.fixture(params=connectors.platforms())
def platform(request: pytest.FixtureRequest) -> str:
    """Each platform in turn; the tests of one platform override it."""
    return str(request.param)


@pytest.fixture
def wire(platform: str) -> Iterator[Any]:
    """The platform under test; every request to its host goes to ``wire.answer``."""
    platform_wire = WIRES[platform]()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=platform_wire.base_url).mock(side_effect=platform_wire.answer)
        yield platform_wire


@pytest.fixture
def connection(wire: Any, clock: StandingClock) -> Iterator[Connection]:
    """A connection to ``wire`` with pages small enough to need many."""
    made = connectors.connect(
        wire.platform, page_id=PAGE_ID, token=TOKEN, clock=clock, page_size=2, comments_per_page=2
    )
    yield made
    made.close()


def load(platform: str, name: str) -> Any:
    """A recorded answer."""
    return json.loads((FIXTURES / platform / f"{name}.json").read_text())


@pytest.fixture
def recorded() -> Callable[[str, str], Any]:
    """``recorded(platform, name)``: a recorded answer."""
    return load


def gone() -> dict[str, Any]:
    """Graph's words for an object that is not there."""
    return {
        "error": {
            "message": "Unsupported get request. Object with ID 'X' does not exist",
            "type": "GraphMethodException",
            "code": 100,
            "error_subcode": 33,
            "fbtrace_id": "AbC1dEf",
        }
    }


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
