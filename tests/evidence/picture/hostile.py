"""The hostile corpus: pages that loop, flood, bomb, redirect and reach for what they may not, and the canaries that
would sing if one of them got there. Served on loopback; used by ``test_hostile.py`` and ``benchmarks/hostile.py``.
"""

# ruff: noqa: E501 -- a page is easier to read in one line

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | Callable[[BaseHTTPRequestHandler], None]

TEXT = "This is complete bullshit, Dana. Nobody at town hall picks up the phone."
_HEAD = "<!doctype html><meta charset=utf-8>"
_COMMENT = f"<article data-comment-id=c1><b>Mallory Reyes</b><p>{TEXT}</p></article>"
_HUNG_S = 20.0
_ZIP_BOMB = 400_000_000


class Canary:
    """Listens on TCP and UDP at one address and port; ``hits`` counts whoever came by."""

    def __init__(self, address: str) -> None:
        self._tcp = socket.create_server((address, 0))
        self.host, self.port = self._tcp.getsockname()[:2]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((address, self.port))
        self.hits = 0
        for listen in (self._accept, self._receive):
            threading.Thread(target=listen, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        for each in (self._tcp, self._udp):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._tcp.accept()
                self.hits += 1
                client.close()

    def _receive(self) -> None:
        with suppress(OSError):
            while self._udp.fileno() >= 0:
                self._udp.recv(2_000)
                self.hits += 1


class HostileSite(ThreadingHTTPServer):
    """Serves the corpus. ``hits`` counts what must not happen: visits to canaries, and sockets opened to the site."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.near, self.far = Canary("127.0.0.1"), Canary("127.0.0.2")
        self.upgrades = 0
        self.pages: Mapping[str, Answer] = {**pages(self), "ordinary": f"{_HEAD}<h1>Millbrook</h1>{_COMMENT}"}
        self.names = tuple(name for name in self.pages if not name.startswith("-") and name != "ordinary")
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        """As it is written in the configuration."""
        return f"127.0.0.1:{self.server_port}"

    @property
    def hits(self) -> int:
        """How often somebody got where nobody may."""
        return self.near.hits + self.far.hits + self.upgrades

    def url(self, name: str) -> str:
        """The address of a page of the corpus."""
        return f"http://{self.host}/{name}"

    def server_close(self) -> None:
        """Let go of all ports."""
        super().server_close()
        self.near.close()
        self.far.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers that are ended hang up on us: nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    server: HostileSite

    def do_GET(self) -> None:
        """Answer with a page of the corpus, or with its own way of answering."""
        if "upgrade" in self.headers:
            self.server.upgrades += 1
        answer = self.server.pages.get(self.path[1:].partition("?")[0], "nothing here")
        if callable(answer):
            answer(self)
        else:
            send(self, answer.encode())

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def send(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, /, **headers: str) -> None:
    """One answer; header names are written with underscores."""
    request.send_response(status)
    usual = {"Content_Type": "text/html; charset=utf-8", "Content_Length": str(len(body))}
    for name, value in {**usual, **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    with suppress(OSError):
        request.wfile.write(body)


def page(body: str, comment: str = _COMMENT) -> str:
    """A page with the comment on it, and something worse."""
    return f"{_HEAD}{comment}{body}"


def script(code: str, comment: str = _COMMENT) -> str:
    """The same by script."""
    return page(f"<script>{code}</script>", comment)


def _to(address: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: send(request, b"", 302, Location=address)


def _hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(_HUNG_S)


def _drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/html")
    request.end_headers()
    until = time.monotonic() + _HUNG_S
    with suppress(OSError):
        while time.monotonic() < until:
            request.wfile.write(b"<p>.")
            request.wfile.flush()
            time.sleep(0.1)


def _drip_headers(request: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(200):
            request.wfile.write(f"X-{number}: 1\r\n".encode())
            request.wfile.flush()
            time.sleep(0.1)


def _flood(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/html")
    request.end_headers()
    until = time.monotonic() + _HUNG_S
    with suppress(OSError):
        while time.monotonic() < until:
            request.wfile.write(b"<p>flood flood flood flood" * 5_000)


def _zip_bomb(request: BaseHTTPRequestHandler) -> None:
    send(request, _bomb(), Content_Encoding="gzip")


def _bomb(made: list[bytes] = []) -> bytes:  # noqa: B006 -- made once
    if not made:
        piece = b"<p>aaaaaaaaaaaaaaaaaaaaaaaaaaa" * 50_000
        made.append(gzip.compress(piece, 9) * (_ZIP_BOMB // len(piece)))
    return made[0]


def _download(request: BaseHTTPRequestHandler) -> None:
    send(
        request,
        b"MZ",
        Content_Type="application/octet-stream",
        Content_Disposition='attachment; filename="../../../../tmp/evil.sh"',
    )


def _garbage(request: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        request.wfile.write(bytes(range(256)) * 400)


def _many_headers(request: BaseHTTPRequestHandler) -> None:
    headers = {f"X_{number}": "a" * 400 for number in range(300)}
    send(request, page("").encode(), 200, **headers)


def _wrong_length(request: BaseHTTPRequestHandler) -> None:
    send(request, page("").encode(), Content_Length="999999")


def _refresh_header(request: BaseHTTPRequestHandler) -> None:
    send(request, page("").encode(), Refresh="0;url=/refresh-header")


def _auth(request: BaseHTTPRequestHandler) -> None:
    send(request, b"who?", 401, WWW_Authenticate='Basic realm="Town Hall"')


def pages(site: HostileSite) -> dict[str, Answer]:
    """The corpus by name. A name that begins with a hyphen is a part of others."""
    near, far = f"http://{site.near.host}:{site.near.port}", f"http://{site.far.host}:{site.far.port}"
    port = site.near.port
    notations = (
        f"http://localhost:{port}", f"http://2130706433:{port}", f"http://0x7f000001:{port}", f"http://0177.0.0.1:{port}",
        f"http://127.1:{port}", f"http://[::1]:{port}", f"http://[::ffff:127.0.0.1]:{port}", f"http://[::ffff:7f00:1]:{port}",
        f"http://0.0.0.0:{port}", f"http://0:{port}", f"http://127.0.0.1.:{port}", f"http://LOCALHOST.:{port}",
        f"http://①②⑦.⓪.⓪.①:{port}", f"http://127。0。0。1:{port}", f"https://127.0.0.1:{port}", f"http://a.localhost:{port}",
        "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/", "http://metadata.google.internal/",
        "http://10.0.0.1/", "http://192.168.1.1/", "http://100.100.100.200/", "https://127.0.0.1.nip.io/", "http://[64:ff9b::7f00:1]/",
    )  # fmt: skip
    return {
        # ── that never end ──
        "endless-loop": script("setTimeout(() => { while (true) {} })"),
        "endless-loop-at-once": script("while (true) {}", ""),
        "endless-microtasks": script("const spin = () => Promise.resolve().then(spin); setTimeout(spin)"),
        "endless-worker": script("for (let i = 0; i < 4; i++) new Worker(URL.createObjectURL(new Blob(['while(true){}'])))"),
        "endless-animation": script("const f = () => { document.body.style.width = Math.random() * 900 + 'px'; requestAnimationFrame(f) }; f()"),
        "endless-growth": script("setInterval(() => { for (let i = 0; i < 500; i++) document.body.append(document.createElement('p')) }, 1)"),
        "endless-regexp": script("setTimeout(() => /^(a+)+$/.test('a'.repeat(60) + 'b'))"),
        "hung-server": _hang,
        "hung-style": page("<link rel=stylesheet href=/hung-server>"),
        "hung-script": f"{_HEAD}<script src=/hung-server></script>{_COMMENT}",
        "hung-font": page("<style>@font-face { font-family: f; src: url(/hung-server) } p { font-family: f, serif; font-display: block }</style>"),
        "slow-drip": _drip,
        "slow-headers": _drip_headers,
        "flood": _flood,
        # ── that are too large ──
        "tall": page("<div style='height:900000px'></div>"),
        "wide": page("<div style='width:900000px;height:9px'></div>"),
        "memory-bomb": script("const kept = []; setInterval(() => { for (let i = 0; i < 20; i++) kept.push(new Uint8Array(5e6).fill(1)) }, 10)"),
        "string-bomb": script("let s = 'a'; setTimeout(() => { const kept = []; while (true) { s = ('x' + s + s).slice(-5e7); kept.push(s.split('')) } })"),
        "canvas-bomb": script("for (let i = 0; i < 40; i++) { const c = document.createElement('canvas'); c.width = c.height = 8000; c.getContext('2d').fillRect(0, 0, 9, 9); document.body.append(c) }"),
        "zip-bomb": _zip_bomb,
        "zip-bomb-script": page("<script src=/zip-bomb></script>"),
        "image-bomb": page("<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60000\" height=\"60000\"><filter id=\"f\"><feGaussianBlur stdDeviation=\"900\"/></filter><rect width=\"60000\" height=\"60000\" filter=\"url(%23f)\"/></svg>'>"),
        "heavy-css": page("<style>" + "".join(f"div:nth-child({n}n) > div ~ div:has(p):not(.a{n}) {{ filter: blur({n}px) }}" for n in range(1, 300)) + "</style>" + "<div><p>x</p>" * 400),
        "deep": script("let e = document.body; for (let i = 0; i < 30000; i++) { const d = document.createElement('div'); e.append(d); e = d }"),
        "many-frames": page("<iframe srcdoc='<p>hello'></iframe>" * 300),
        "frames-in-frames": script("if (location.hash.length < 60) { const f = document.createElement('iframe'); f.src = location.pathname + location.hash + '#aaaa'; document.body.append(f) }"),
        "many-headers": _many_headers,
        "megabyte-title": script("document.title = 'a'.repeat(1e6); document.body.id = 'b'.repeat(1e6)"),
        # ── that go elsewhere ──
        "redirect-to-canary": _to(f"{near}/redirected"),
        "redirect-to-far-canary": _to(f"{far}/redirected"),
        "redirect-to-file": _to("file:///etc/passwd"),
        "redirect-to-data": _to("data:text/html,<p>hello"),
        "redirect-to-self": _to("/redirect-to-self"),
        "redirect-to-metadata": _to("http://169.254.169.254/latest/meta-data/"),
        "navigate-to-file": script("location = 'file:///etc/passwd'"),
        "navigate-to-chrome": script("location = 'chrome://version'; open('view-source:' + location)"),
        "navigate-to-canary": script(f"location = '{near}/navigated'"),
        "meta-refresh": page(f"<meta http-equiv=refresh content='0;url={far}/refreshed'>"),
        "refresh-header": _refresh_header,
        "reload-for-ever": script("setTimeout(() => location.reload(), 20)"),
        "history-loop": script("setInterval(() => { history.pushState(0, 0, '?' + Math.random()); history.back() }, 1)"),
        "form-that-submits": page(f"<form id=f action='{near}/form' method=post><input name=a value=b></form><script>f.submit()</script>"),
        # ── that reach for what they may not ──
        "pictures-of-everybody": page("".join(f"<img src='{base}/i'>" for base in (near, far, *notations))),
        "styles-and-fonts": page(f"<style>@import '{near}/css'; @font-face {{ font-family: f; src: url({far}/font) }} p {{ font-family: f; background: url({near}/bg); cursor: url({far}/cur), auto }} p::before {{ content: url({near}/c) }}</style>"),
        "frames-of-canaries": page("".join(f"<iframe src='{base}/f'></iframe>" for base in (near, far, *notations[:10]))),
        "objects": page(f"<object data='{near}/o'></object><embed src='{far}/e'><video src='{near}/v' autoplay poster='{far}/p'></video><audio src='{far}/a' autoplay></audio><track src='{near}/t'>"),
        "fetches": script("".join(f"fetch('{base}/x', {{mode: 'no-cors'}}).catch(() => 0); fetch('{base}/k', {{mode: 'no-cors', keepalive: true}}).catch(() => 0);" for base in (near, far, *notations))),
        "beacons": page(f"<a id=a ping='{near}/ping' href='#x'>x</a><script>navigator.sendBeacon('{near}/b'); navigator.sendBeacon('{far}/b', 'x'); a.click(); addEventListener('pagehide', () => navigator.sendBeacon('{far}/bye'))</script>"),
        "websockets": script(f"for (const a of ['{near[5:]}', '{far[5:]}', '//' + location.host]) try {{ new WebSocket('ws:' + a + '/s'); new WebSocketStream('ws:' + a + '/t') }} catch {{}}"),
        "worker-sockets": script(f"new Worker(URL.createObjectURL(new Blob([`for (const a of ['{near[5:]}', '{far[5:]}', '//{site.host}']) {{ new WebSocket('ws:' + a); fetch('http:' + a + '/w', {{mode: 'no-cors'}}).catch(() => 0) }} importScripts('{near}/import')`])))"),
        "webrtc": script(f"const P = window.RTCPeerConnection; if (P) for (const h of ['{near[7:]}', '{far[7:]}']) {{ const p = new P({{iceServers: [{{urls: 'stun:' + h}}, {{urls: 'turn:' + h + '?transport=tcp', username: 'u', credential: 'p'}}, {{urls: 'turns:' + h, username: 'u', credential: 'p'}}]}}); p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o)) }}"),
        "webrtc-in-frame": script(f"const f = document.createElement('iframe'); document.body.append(f); const P = f.contentWindow.RTCPeerConnection; if (P) {{ const p = new P({{iceServers: [{{urls: 'stun:{near[7:]}'}}]}}); p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o)) }} try {{ new f.contentWindow.WebSocket('ws://{near[7:]}') }} catch {{}}"),
        "webtransport": script(f"try {{ new WebTransport('https://{near[7:]}/t') }} catch {{}}"),
        "event-source": script(f"new EventSource('{near}/events'); new EventSource('{far}/events')"),
        "hints": page("".join(f"<link rel='{rel}' as=script href='{base}/h'>" for rel in ("prefetch", "preconnect", "dns-prefetch", "preload", "modulepreload", "prerender", "icon", "manifest") for base in (near, far))),
        "speculation": page(f"<script type=speculationrules>{{\"prefetch\": [{{\"source\": \"list\", \"urls\": [\"{near}/s\"]}}], \"prerender\": [{{\"source\": \"list\", \"urls\": [\"{far}/s\"]}}]}}</script>"),
        "service-worker": script("navigator.serviceWorker?.register('/-worker.js').catch(() => 0)"),
        "-worker.js": lambda request: send(request, f"self.addEventListener('install', () => fetch('{near}/sw'))".encode(), Content_Type="text/javascript"),
        "pop-ups": script(f"for (let i = 0; i < 30; i++) open(i % 2 ? '{near}/popup' : 'about:blank')"),
        "reports": lambda request: send(request, page(f"<img src='{near}/x'>").encode(), Content_Security_Policy=f"default-src 'self' 'unsafe-inline'; report-uri {far}/csp", Report_To=f'{{"group":"g","max_age":9,"endpoints":[{{"url":"{far}/r"}}]}}', NEL='{"report_to":"g","max_age":9,"success_fraction":1}'),
        "redirect-chain": page("<img src=/redirect-to-canary><script src=/redirect-to-far-canary></script><iframe src=/redirect-to-metadata></iframe><iframe src=/redirect-to-file></iframe>"),
        # ── that bother people ──
        "dialogs": script("alert(1); confirm(2); prompt(3); for (let i = 0; i < 40; i++) alert(i)"),
        "beforeunload": script("onbeforeunload = e => { e.preventDefault(); return 'stay' }; location = '/ordinary'"),
        "print": script("print(); setInterval(print, 10)"),
        "download": page("<iframe src=/-file></iframe><a id=d href='data:application/octet-stream,x' download='../../evil'></a><script>for (let i = 0; i < 10; i++) d.click()</script>"),
        "-file": _download,
        "download-itself": _download,
        "permissions": script("navigator.geolocation.getCurrentPosition(() => 0); Notification.requestPermission(); navigator.mediaDevices?.getUserMedia({audio: true, video: true}).catch(() => 0); navigator.clipboard?.readText().catch(() => 0); navigator.usb?.requestDevice({filters: []}).catch(() => 0)"),
        "full-screen": script("document.documentElement.requestFullscreen().catch(() => 0); document.body.requestPointerLock?.()"),
        "password-prompt": _auth,
        "tampering": script("Array.prototype.push = () => 0; Element.prototype.checkVisibility = () => true; JSON.stringify = () => '{}'; window.Range = null; document.createRange = () => null; Object.defineProperty(document, 'body', {get: () => null})"),
        "garbage": _garbage,
        "wrong-length": _wrong_length,
        "empty": lambda request: send(request, b""),
    }  # fmt: skip
