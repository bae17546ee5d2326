"""Where the browser may go: to the hosts in the configuration, and nowhere else by any way."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.picture.browser import BrowserCapturer

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone \U0001f621"


@pytest.mark.parametrize(
    ("address", "because"),
    [
        (None, "gave no address"),
        ("http://169.254.169.254/latest/meta-data/", "not an https address"),
        ("https://evil.example/", "not among the public_hosts"),
        ("file:///etc/passwd", "not an https address"),
        ("http://127.0.0.1:1/", "not among the public_hosts"),
        ("https://user:pass@127.0.0.1/", "not a plain address"),
        ("http://[", "can't be read"),
        ("javascript:alert(1)", "not an https address"),
    ],
)
def test_an_address_that_is_not_ours_is_never_visited(address: str | None, because: str) -> None:
    """A permalink is a stranger's text, too: only the configured hosts are gone to. No browser is even started."""
    capturer = BrowserCapturer(["127.0.0.1:8080"], browser=Path("/nonexistent"))

    found = capturer.capture(address, TEXT)

    assert found.status == "refused"
    assert because in found.reason


def test_a_page_can_reach_no_other_host_by_any_way(capturer: BrowserCapturer, site: Any, stranger: Any) -> None:
    """The canary: pictures, scripts, frames, fetches, redirects, sockets, beacons, forms, pop-ups, WebRTC: no hit."""
    base = f"http://{stranger.host}"
    lines = [
        f"<img src='{base}/img'><link rel=stylesheet href='{base}/css'><script src='{base}/js'></script>",
        f"<iframe src='{base}/frame'></iframe><video src='{base}/video' autoplay></video>",
        f"<link rel=prefetch href='{base}/prefetch'><link rel=preconnect href='{base}'>",
        f"<img src='/redirect'><iframe src='/redirect'></iframe><iframe src='http://localhost:{stranger.server_port}/l'></iframe>",
        f"<script>fetch('{base}/fetch').catch(() => 0); navigator.sendBeacon('{base}/beacon');",
        f"fetch('/redirect').catch(() => 0); new WebSocket('ws://{stranger.host}/socket');",
        f"new EventSource('{base}/events');",
        f"window.open('{base}/popup'); new Image().src = 'http://2130706433:{stranger.server_port}/decimal';",
        f"fetch('http://[::ffff:127.0.0.1]:{stranger.server_port}/mapped').catch(() => 0);",
        "const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:" + stranger.host + "'},",
        "{urls: 'turn:" + stranger.host + "?transport=tcp', username: 'u', credential: 'p'}]});",
        "peer.createDataChannel('x'); peer.createOffer().then(offer => peer.setLocalDescription(offer));",
        "navigator.serviceWorker?.register('/worker.js').catch(() => 0);",
        "setTimeout(() => document.forms[0].submit(), 50);",
        f"</script><form action='{base}/form' target='other' method=post></form><iframe name=other></iframe>",
    ]
    site.show("/redirect", _redirect(f"{base}/redirected"))
    url = site.show_comment("/post", "".join(lines), TEXT)
    moving = site.show("/moving", _redirect(f"{base}/moved"))

    found = capturer.capture(url, TEXT)
    moved = capturer.capture(moving, TEXT)

    assert found.comment_text_visible
    assert found.facts["blocked_requests"]
    assert moved.status == "failed"
    assert (stranger.connections, stranger.datagrams()) == (0, 0)


def test_the_browser_meets_no_cookie_of_an_earlier_visit(capturer: BrowserCapturer, site: Any) -> None:
    """Every look is a stranger's first: nothing is carried from one case into the next."""
    seen: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers.get("Cookie"))
        _send(request, f"<meta charset=utf-8><p>{TEXT}</p>", {"Set-Cookie": "a=b"})

    url = site.show("/post", answer)

    for _ in range(2):
        assert capturer.capture(url, TEXT).comment_text_visible

    assert seen == [None, None]


def _redirect(to: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def _send(request: BaseHTTPRequestHandler, content: str, headers: dict[str, str]) -> None:
    body = content.encode()
    request.send_response(200)
    for name, value in {"Content-Type": "text/html", "Content-Length": str(len(body)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)
