"""What the recorder makes of the browser's events, in whichever order they come; a made-up session plays them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error

from bot.evidence.picture.exchanges import read
from bot.evidence.picture.recorder import BLOCKED, LARGEST_BODY, RECODED, TOO_LARGE, TOO_MUCH, Recorder, with_addresses

URL = "https://social.example/post"


class Session:
    """A session of the browser's interface: keeps what was sent, and tells of events when asked to."""

    def __init__(self, bodies: dict[str, Any] | None = None) -> None:
        self.bodies = bodies or {}
        self.sent: list[str] = []
        self._heard: dict[str, Callable[[dict[str, Any]], None]] = {}

    def on(self, event: str, heard: Callable[[dict[str, Any]], None]) -> None:
        self._heard[event] = heard

    def send(self, method: str, asked: dict[str, Any] | None = None) -> Any:
        self.sent.append(method)
        if method == "Network.getResponseBody":
            if asked is None or asked["requestId"] not in self.bodies:
                raise Error("No data found for resource with given identifier")
            return self.bodies[asked["requestId"]]
        return {}

    def tell(self, event: str, **facts: Any) -> None:
        self._heard[f"Network.{event}"]({"requestId": "1", **facts})

    def ask(self, url: str = URL, **facts: Any) -> None:
        request = {"url": url, "method": "GET", "headers": {"Accept": "*/*"}}
        self.tell("requestWillBeSent", request=request, wallTime=1_795_172_534.0, type="Document", **facts)

    def answer(self, status: int = 200, headers: dict[str, str] | None = None, **facts: Any) -> None:
        self.tell("responseReceived", response=response(status, headers), hasExtraInfo=True, **facts)


def response(status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {"status": status, "headers": headers or {}, "mimeType": "text/html", "protocol": "h2", **more}


def text(body: str) -> dict[str, Any]:
    return {"body": body, "base64Encoded": False}


def recorder(session: Session) -> Recorder:
    return Recorder(session)  # type: ignore[arg-type]


def test_an_exchange_is_told_from_its_events() -> None:
    """Asked, answered, body fetched at the moment it is whole."""
    session = Session({"1": text("<p>hi")})
    made = recorder(session)

    session.ask()
    session.answer(headers={"Content-Type": "text/html"})
    session.tell("dataReceived", dataLength=5)
    session.tell("loadingFinished")

    told, counts = made.end()
    (found,) = read(told)
    assert (found.url, found.status, found.body, found.http_version) == (URL, 200, b"<p>hi", "h2")
    assert found.response_headers == (("Content-Type", "text/html"),)
    assert (found.truncated, found.error) == (False, "")
    assert counts == {
        "requests": 1,
        "answered": 1,
        "blocked": 0,
        "truncated": 0,
        "left_out": 0,
        "bytes_received": 5,
    }


def test_raw_headers_find_their_redirect() -> None:
    """They come in events of their own that don't say of which redirect, before or after the others."""
    session = Session()
    made = recorder(session)

    session.tell(
        "responseReceivedExtraInfo", headers={"Location": "/b"}, headersText="HTTP/1.1 301 x\r\nLocation: /b\r\n"
    )
    session.ask(f"{URL}/a")
    session.tell("requestWillBeSentExtraInfo", headers={"Cookie": "first"})
    session.ask(f"{URL}/b", redirectResponse=response(301, {"location": "/b"}), redirectHasExtraInfo=True)
    session.answer(headers={"x": "listed"})
    session.tell("requestWillBeSentExtraInfo", headers={"Cookie": "second"})
    session.tell("responseReceivedExtraInfo", headers={"X": "raw"}, headersText="HTTP/1.1 200 OK\r\nX: raw\r\n")
    session.tell("loadingFinished")

    first, second = read(made.end()[0])
    assert (first.status, first.response_headers, first.request_headers) == (
        301,
        (("Location", "/b"),),
        (("Cookie", "first"),),
    )
    assert (second.status, second.response_headers, second.request_headers) == (
        200,
        (("X", "raw"),),
        (("Cookie", "second"),),
    )


def test_a_text_of_headers_that_lost_bytes_is_not_believed() -> None:
    """The browser's text loses what isn't UTF-8, and the end of the line with it; its list is whole."""
    session = Session()
    made = recorder(session)

    session.ask()
    session.answer()
    session.tell(
        "responseReceivedExtraInfo",
        headers={"X-City": "Cañón", "Set-Cookie": "a=1\nb=2"},
        headersText="HTTP/1.1 200 OK\r\nX-City: CaSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n",
    )

    (found,) = read(made.end()[0])
    assert found.response_headers == (("X-City", "Cañón"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


def test_a_text_that_cannot_be_turned_back_says_so() -> None:
    """No encoding gives as many bytes as were received: the text is kept, and not called the server's bytes."""
    session = Session({"1": text("señor ñ")})
    made = recorder(session)

    session.ask()
    session.answer()
    session.tell("dataReceived", dataLength=1_000)
    session.tell("loadingFinished")

    (found,) = read(made.end()[0])
    assert (found.body, found.error) == ("señor ñ".encode(), RECODED)


def test_a_body_that_is_gone_is_marked() -> None:
    """The page went elsewhere and took it along."""
    session = Session()
    made = recorder(session)

    session.ask()
    session.answer()
    session.tell("dataReceived", dataLength=1_000)
    session.tell("loadingFinished")

    (found,) = read(made.end()[0])
    assert (found.body, found.truncated) == (b"", True)


def test_what_came_from_the_pages_memory_is_no_exchange() -> None:
    """Nobody was asked."""
    session = Session()
    made = recorder(session)

    session.ask()
    session.tell("requestServedFromCache")
    session.answer()
    session.ask("data:text/html,hello", requestId="2")

    assert made.end()[0] == []


def test_a_blocked_request_is_told_apart_from_a_failed_one() -> None:
    """The one never left the machine."""
    session = Session()
    made = recorder(session)

    session.ask(requestId="1")
    session.tell("loadingFailed", errorText="net::ERR_BLOCKED_BY_CLIENT", blockedReason="inspector")
    session.ask(requestId="2")
    session.tell("loadingFailed", requestId="2", errorText="net::ERR_CONNECTION_RESET")

    assert [each.error for each in read(made.end()[0])] == [BLOCKED, "net::ERR_CONNECTION_RESET"]


def test_a_body_that_is_too_large_stops_the_page() -> None:
    """Once, however much still comes; its body is not asked for."""
    session = Session({"1": text("x")})
    made = recorder(session)

    session.ask()
    session.answer()
    for _ in range(3):
        session.tell("dataReceived", dataLength=LARGEST_BODY)
    session.tell("loadingFinished")

    (found,) = read(made.end()[0])
    assert (found.truncated, found.error, found.body, made.stopped) == (True, TOO_LARGE, b"", TOO_MUCH)
    assert session.sent == ["Network.enable", "Network.setBlockedURLs", "Page.stopLoading"]


def test_events_of_unknown_requests_are_passed_over() -> None:
    """A frame that was there before us may end what we never saw begin."""
    session = Session()
    made = recorder(session)

    session.answer()
    session.tell("dataReceived", dataLength=5)
    session.tell("loadingFinished")
    session.tell("loadingFailed", errorText="net::ERR_ABORTED")
    session.tell("requestServedFromCache")

    assert made.end()[0] == []


def test_bodies_that_do_not_fit_are_left_out_and_marked() -> None:
    """What is handed on is bounded: the small ones that follow still find room."""
    large = {"body": base64.b64encode(bytes(15_000_000)).decode(), "base64Encoded": True}
    session = Session({"1": large, "2": large, "3": text("small")})
    made = recorder(session)

    for request_id, size in (("1", 15_000_000), ("2", 15_000_000), ("3", 5)):
        session.ask(requestId=request_id)
        session.answer(requestId=request_id)
        session.tell("dataReceived", requestId=request_id, dataLength=size)
        session.tell("loadingFinished", requestId=request_id)

    assert [(len(each.body), each.truncated) for each in read(made.end()[0])] == [
        (15_000_000, False),
        (0, True),
        (5, False),
    ]


def test_addresses_come_from_the_guard() -> None:
    """The browser sees the guard's alone. A host that was reached at two addresses gets none: nobody knows which."""
    told = [{"url": f"https://{host}/", "status": status} for host, status in (("a.example", 200), ("b.example", 200))]
    told.append({"url": "https://a.example/never", "status": 0})

    with_addresses(
        told, [("a.example", "192.0.2.1"), ("a.example", "192.0.2.1"), ("b.example", "1"), ("b.example", "2")]
    )

    assert [one["ip"] for one in told] == ["192.0.2.1", None, None]
