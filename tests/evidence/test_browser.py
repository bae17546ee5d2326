"""Pictures of public pages, by a real browser in a real sandbox."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.browser import BrowserCapturer
from bot.evidence.hosts import Hosts
from bot.evidence.look import COVERED, CUT, NO_WORDS, NOT_VISIBLE, WALL

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone \U0001f621"


def page(*comments: str, above: int = 60, head: str = "") -> str:
    """A public page with some posts above its comments."""
    filler = "".join(f"<p>Post number {number} of the town.</p>" for number in range(above))
    return f"<!doctype html><meta charset=utf-8>{head}<h1>Millbrook</h1>{filler}{''.join(comments)}"


def comment(text: str, comment_id: str = "c1", style: str = "") -> str:
    """One comment, marked as pages mark them."""
    return f"<article data-comment-id='{comment_id}' style='{style}'><b>Mallory Reyes</b><p>{text}</p></article>"


def test_a_picture_that_shows_the_words_is_a_proof(capturer: BrowserCapturer, site: Any) -> None:
    """The comment stands far down the page: it is scrolled to, pictured whole and alone, and its box is recorded."""
    url = site.show("/post", page(comment("Lovely snow"), comment(TEXT, "c2"), comment("Me too", "c3")))

    found = capturer.capture(url, TEXT)

    assert (found.status, found.comment_text_visible, found.match_ratio) == ("captured", True, 1.0)
    assert (found.http_status, found.url_asked, found.url_final, found.reason) == (200, url, url, "")
    assert _size(found.viewport_png) == (1280, 900)
    assert found.bbox is not None
    x, y, width, height = found.bbox
    assert x >= 0
    assert y >= 0
    assert y + height <= 900
    assert _size(found.comment_png) == (pytest.approx(min(width + 16, 1280), abs=9), pytest.approx(height + 16, abs=2))
    assert TEXT in (found.dom_html or "")
    assert found.facts["sandbox"] == "verified"


@pytest.mark.parametrize(
    ("shown", "asked"),
    [
        ("Fine <img alt='\U0001f621' src='data:,'> by <i>me</i>,<br>all of it", "Fine \U0001f621 by me,\nall of it"),
        ("cafe\u0301 and   spaces", "caf\u00e9 and spaces"),
        ("zero width stays out", "zero\u200b width\u2060 stays\ufeff out"),
        ("&lt;script&gt;alert(1)&lt;/script&gt; hello there", "<script>alert(1)</script> hello there"),
    ],
)
def test_words_are_found_however_the_page_writes_them(
    capturer: BrowserCapturer, site: Any, shown: str, asked: str
) -> None:
    """Emoji drawn as pictures, line breaks, composed letters and invisible characters don't make a proof fail."""
    url = site.show("/post", page(comment(shown), above=1))

    assert capturer.capture(url, asked).comment_text_visible


def test_the_words_of_another_comment_prove_nothing(capturer: BrowserCapturer, site: Any) -> None:
    """Where the page marks its comments, the words must stand in the one that was asked for."""
    url = site.show(
        "/post", page(comment("Resign now, all of you!", "c1"), comment("I like the library", "c2"), above=1)
    )

    assert capturer.capture(url, "Resign now, all of you!", "c1").comment_text_visible
    other = capturer.capture(url, "Resign now, all of you!", "c2")
    assert (other.comment_text_visible, other.reason) == (False, NOT_VISIBLE)


def test_two_letters_in_a_menu_are_not_the_comment(capturer: BrowserCapturer, site: Any) -> None:
    """A comment "no" is not found in "notes": a short one must stand alone, unless the page marks it."""
    url = site.show("/post", page("<p>See our notes</p>", "<div><p>no</p></div>", above=1))
    other = site.show("/other", page("<p>See our notes</p>", above=1))

    assert capturer.capture(url, "no").comment_text_visible
    assert not capturer.capture(other, "no").comment_text_visible


def test_a_page_that_cuts_the_comment_is_no_proof(capturer: BrowserCapturer, site: Any) -> None:
    """The picture is kept, the share of the words is recorded, and nobody calls it a proof."""
    long = " ".join(f"word{number}" for number in range(100))
    url = site.show("/post", page(comment(long[:400] + "… See more"), above=1))

    found = capturer.capture(url, long, "c1")

    assert (found.status, found.comment_text_visible, found.reason) == ("captured", False, CUT)
    assert found.match_ratio == pytest.approx(400 / len(long), abs=0.01)
    assert found.viewport_png is not None


def test_a_comment_without_words_is_pictured_and_not_proven(capturer: BrowserCapturer, site: Any) -> None:
    """A picture-only comment: there is nothing to compare, and that is what is said."""
    url = site.show("/post", page(comment(""), above=1))

    found = capturer.capture(url, "", "c1")

    assert (found.status, found.comment_text_visible, found.reason) == ("captured", False, NO_WORDS)
    assert found.comment_png is not None


@pytest.mark.parametrize(
    "wall",
    [
        "<h1>Welcome</h1><form><input name=u><input type=password></form>",
        "<h1>You must log in to continue.</h1>",
        "<h1>Inicia sesión para continuar</h1>",
    ],
)
def test_a_login_wall_is_not_stored_as_a_picture_of_the_page(capturer: BrowserCapturer, site: Any, wall: str) -> None:
    """EV-03: what shows a request to log in is no capture of the comment, and says so."""
    url = site.show("/post", page(wall, above=0))

    found = capturer.capture(url, TEXT)

    assert (found.status, found.reason, found.comment_text_visible) == ("blocked", WALL, False)
    assert (found.viewport_png, found.comment_png, found.dom_html) == (None, None, None)


@pytest.mark.parametrize(
    "cover",
    [
        page(comment(TEXT), "<div style='position:fixed;inset:0;background:#fff'>Please join us</div>"),
        page(comment(TEXT, style="opacity:0"), above=2),
    ],
    ids=["overlay", "transparent"],
)
def test_words_that_a_visitor_cannot_see_prove_nothing(capturer: BrowserCapturer, site: Any, cover: str) -> None:
    """Being in the page's code is not being seen: something lies over the comment, or it is not drawn."""
    url = site.show("/post", cover)

    found = capturer.capture(url, TEXT)

    assert (found.status, found.comment_text_visible, found.reason) == ("blocked", False, COVERED)


def test_words_that_are_not_displayed_are_not_on_the_page(capturer: BrowserCapturer, site: Any) -> None:
    """``display: none`` is as good as absent."""
    url = site.show("/post", page(comment(TEXT, style="display:none"), above=2))

    assert capturer.capture(url, TEXT).reason == NOT_VISIBLE


def test_words_that_come_late_are_waited_for(capturer: BrowserCapturer, site: Any) -> None:
    """Most pages draw their comments by script, after the page itself."""
    late = f"<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', `{comment(TEXT)}`), 600)</script>"
    url = site.show("/post", page(late))

    assert capturer.capture(url, TEXT).comment_text_visible


def test_a_very_long_comment_is_pictured_from_its_start(capturer: BrowserCapturer, site: Any) -> None:
    """60,000 characters: the element doesn't fit the viewport and is pictured by itself, up to a limit."""
    text = "so angry about everything " * 2_300
    url = site.show("/post", page(comment(text)))

    found = capturer.capture(url, text)

    assert found.comment_text_visible
    assert _size(found.comment_png)[1] > 900


@pytest.mark.parametrize(("path", "status"), [("/missing", 404)])
def test_a_page_that_is_gone_is_a_failed_capture(capturer: BrowserCapturer, site: Any, path: str, status: int) -> None:
    """The answer of the server is recorded; an error page is no picture of the comment."""
    found = capturer.capture(f"http://{site.host}{path}", TEXT)

    assert (found.status, found.http_status, found.viewport_png) == ("failed", status, None)


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
        f"<link rel=prefetch href='{base}/prefetch'><link rel=preconnect href='{base}'><link rel=dns-prefetch href='{base}'>",
        f"<img src='/redirect'><iframe src='/redirect'></iframe><iframe src='http://localhost:{stranger.server_port}/l'></iframe>",
        f"<script>fetch('{base}/fetch').catch(() => 0); navigator.sendBeacon('{base}/beacon');",
        f"fetch('/redirect').catch(() => 0); new WebSocket('ws://{stranger.host}/socket'); new EventSource('{base}/events');",
        f"window.open('{base}/popup'); new Image().src = 'http://2130706433:{stranger.server_port}/decimal';",
        f"fetch('http://[::ffff:127.0.0.1]:{stranger.server_port}/mapped').catch(() => 0);",
        "const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:" + stranger.host + "'},",
        "{urls: 'turn:" + stranger.host + "?transport=tcp', username: 'u', credential: 'p'}]});",
        "peer.createDataChannel('x'); peer.createOffer().then(offer => peer.setLocalDescription(offer));",
        f"navigator.serviceWorker?.register('/worker.js').catch(() => 0); setTimeout(() => document.forms[0].submit(), 50);",
        f"</script><form action='{base}/form' target='other' method=post></form><iframe name=other></iframe>",
    ]
    site.show("/redirect", _redirect(f"{base}/redirected"))
    url = site.show("/post", page(*lines, comment(TEXT)))
    moving = site.show("/moving", _redirect(f"{base}/moved"))

    found = capturer.capture(url, TEXT)
    moved = capturer.capture(moving, TEXT)

    assert found.comment_text_visible
    assert found.facts["blocked_requests"]
    assert moved.status == "failed"
    assert stranger.asked == []


def test_the_browser_meets_no_cookie_of_an_earlier_visit(capturer: BrowserCapturer, site: Any) -> None:
    """Every look is a stranger's first: nothing is carried from one case into the next."""
    seen: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.headers.get("Cookie"))
        _send(request, page(comment(TEXT), head="<script>localStorage.x = 1</script>"), {"Set-Cookie": "a=b"})

    url = site.show("/post", answer)

    for _ in range(2):
        assert capturer.capture(url, TEXT).comment_text_visible

    assert seen == [None, None]


@pytest.mark.parametrize(
    "nuisance",
    [
        "<script>alert(1); confirm(2); prompt(3); onbeforeunload = () => 'no'</script>",
        "<script>for (let i = 0; i < 30; i++) window.open('about:blank')</script>",
        "<a id=d href='data:application/octet-stream,x' download='../../evil'></a><script>d.click()</script>",
        "<script>navigator.geolocation.getCurrentPosition(() => 0); Notification.requestPermission()</script>",
        "<div style='height:900000px'></div>",
    ],
    ids=["dialogs", "pop-ups", "download", "permissions", "height"],
)
def test_a_nuisance_does_not_keep_the_comment_from_being_pictured(
    capturer: BrowserCapturer, site: Any, nuisance: str
) -> None:
    """Dialogs, pop-ups, downloads, prompts and enormous pages are put up with."""
    url = site.show("/post", page(nuisance, comment(TEXT)))

    assert capturer.capture(url, TEXT).comment_text_visible


def test_a_server_that_never_answers_is_given_up(own_capturer: BrowserCapturer, site: Any) -> None:
    """At the deadline there is no picture, a sentence says why, and the next page is pictured."""
    hung = site.show("/hung", lambda request: time.sleep(30))
    good = site.show("/post", page(comment(TEXT)))

    found = own_capturer.capture(hung, TEXT)

    assert (found.status, found.viewport_png) == ("failed", None)
    assert found.reason == "The page did not answer in time."
    assert own_capturer.capture(good, TEXT).comment_text_visible


def test_a_page_that_keeps_the_browser_busy_is_ended(own_capturer: BrowserCapturer, site: Any) -> None:
    """An endless loop: the browser is killed at the deadline and a fresh one serves the next case."""
    url = site.show("/loop", page(comment(TEXT), "<script>while (true) {}</script>"))
    good = site.show("/post", page(comment(TEXT)))
    assert own_capturer.start() is None
    first = _processes_of(own_capturer)

    found = own_capturer.capture(url, TEXT)

    assert (found.status, found.viewport_png) == ("failed", None)
    assert "busy" in found.reason
    assert _gone(pid for pid, _ in first)
    assert own_capturer.capture(good, TEXT).comment_text_visible


@pytest.mark.parametrize(
    "victim", ["--type=renderer", "--remote-debugging-pipe", "playwright/driver", "capture_process"]
)
def test_a_killed_part_is_replaced(own_capturer: BrowserCapturer, site: Any, victim: str) -> None:
    """Whichever process dies (page, browser, driver, ours), the next picture is taken all the same."""
    url = site.show("/post", page(comment(TEXT)))
    assert own_capturer.start() is None
    if victim == "--type=renderer":
        site.show("/post", _once(lambda request: _kill(own_capturer, victim, request), page(comment(TEXT))))
    else:
        _kill(own_capturer, victim, None)

    assert own_capturer.capture(url, TEXT).comment_text_visible or victim == "--type=renderer"
    assert own_capturer.capture(url, TEXT).comment_text_visible


def test_a_browser_is_recycled(browser: Path, site: Any) -> None:
    """After so many looks a fresh process is started, so that nothing leaks for ever."""
    url = site.show("/post", page(comment(TEXT)))
    capturer = BrowserCapturer([site.host], browser=browser, recycle=1)
    try:
        assert capturer.start() is None
        first = _processes_of(capturer)
        assert capturer.capture(url, TEXT).comment_text_visible
        assert _gone(pid for pid, _ in first)
        assert capturer.capture(url, TEXT).comment_text_visible
    finally:
        capturer.close()


def test_nothing_is_left_when_the_capturer_is_closed(own_capturer: BrowserCapturer, site: Any) -> None:
    """No process and no folder remains."""
    own_capturer.capture(site.show("/post", page(comment(TEXT))), TEXT)
    running = own_capturer._all[0]._running
    assert running is not None
    processes = _processes_of(own_capturer)

    own_capturer.close()

    assert processes
    assert _gone(pid for pid, _ in processes)
    assert not running.scratch.exists()


def test_the_sandbox_is_on_in_every_process_of_the_browser(capturer: BrowserCapturer, site: Any) -> None:
    """No command line switches it off, no part runs as root, and the browser holds no capability."""
    capturer.capture(site.show("/post", page(comment(TEXT))), TEXT)

    below = [(pid, command) for pid, command in _processes_of(capturer) if "/driver/" not in command]
    browsers = [(pid, command) for pid, command in below if "--remote-debugging-pipe" in command]

    assert len(browsers) == 1
    for pid, command in below:
        assert "--no-sandbox" not in command
        assert "--disable-setuid-sandbox" not in command
        assert _field(_read(Path(f"/proc/{pid}/status")), "Uid").split()[0] != "0"
    status = _read(Path(f"/proc/{browsers[0][0]}/status"))
    assert [int(_field(status, name), 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0, 0, 0, 0]


def test_no_secret_of_ours_is_in_the_environment_of_the_browser(
    own_capturer: BrowserCapturer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The capture process is told nothing that the daemon knows."""
    monkeypatch.setenv("BEADLE_SLACK_TOKEN", "xoxb-very-secret")

    assert own_capturer.start() is None

    environments = [_read(Path(f"/proc/{pid}/environ")) for pid, _ in _processes_of(own_capturer)]
    assert any("PLAYWRIGHT" in each or "HOME=" in each for each in environments)
    assert not any("xoxb-very-secret" in each for each in environments)


def test_the_browser_ends_with_its_parent(browser: Path, site: Any) -> None:
    """kill -9 of the daemon leaves no browser behind, though nobody told it to go."""
    url = site.show("/post", page(comment(TEXT)))
    program = (
        "import sys, os, signal; from pathlib import Path; from bot.evidence.browser import BrowserCapturer\n"
        "capturer = BrowserCapturer([sys.argv[1]], browser=Path(sys.argv[2]))\n"
        "print(capturer.capture(sys.argv[3], sys.argv[4]).status, flush=True)\n"
        "sys.stdin.readline()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, site.host, str(browser), url, TEXT],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "captured\n"
    children = _processes_below(parent.pid)
    assert children

    parent.kill()
    parent.wait()

    assert _gone(pid for pid, _ in children)


def test_a_machine_without_a_browser_says_what_to_install(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Card only, and a sentence with the command."""
    monkeypatch.setattr("bot.evidence.seat.find_browser", lambda configured: None)

    found = BrowserCapturer([site.host]).capture(f"http://{site.host}/post", TEXT)

    assert found.status == "no_browser"
    assert "apt-get install chromium-headless-shell" in found.reason


def test_a_configured_browser_that_is_not_there_is_not_replaced(site: Any) -> None:
    """A typing mistake in the settings is told, not papered over with another browser."""
    found = BrowserCapturer([site.host], browser=Path("/opt/nothing")).capture(f"http://{site.host}/post", TEXT)

    assert (found.status, found.reason) == ("no_browser", "There is no browser at /opt/nothing.")


def test_what_is_no_browser_is_a_reason_and_not_a_crash(site: Any) -> None:
    """A program that isn't Chromium makes no picture, and the next case asks no more for a while."""
    capturer = BrowserCapturer([site.host], browser=Path("/bin/true"))
    try:
        found = [capturer.capture(f"http://{site.host}/post", TEXT) for _ in range(2)]
    finally:
        capturer.close()

    assert [each.status for each in found] == ["no_browser", "no_browser"]


def test_hosts_are_written_plainly_or_refused() -> None:
    """A host with a path, a scheme or a space would silently match nothing: it is refused."""
    for wrong in ("https://www.example.org", "www.example.org/path", "a b", "", "*", "http://x:1"):
        with pytest.raises(ValueError, match="is not a host"):
            Hosts((wrong,))


def test_a_wildcard_host_matches_below_it_only() -> None:
    """``*.example.org`` is any host below, neither example.org itself nor evil-example.org."""
    hosts = Hosts(("*.example.org",))

    assert hosts.refusal("https://www.example.org/x") is None
    assert hosts.refusal("https://example.org/x") is not None
    assert hosts.refusal("https://evil-example.org/x") is not None
    assert hosts.refusal("https://www.example.org.evil.com/x") is not None
    assert hosts.refusal("https://www.example.org:8443/x") is not None
    assert hosts.refusal("http://www.example.org/x") is not None


def _size(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    width, height = struct.unpack(">II", png[16:24])
    return width, height


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


def _processes_of(capturer: BrowserCapturer) -> list[tuple[int, str]]:
    running = capturer._all[0]._running
    assert running is not None
    own = running.pipe._child.pid
    return [(own, "capture_process"), *_processes_below(own)]


def _kill(capturer: BrowserCapturer, victim: str, request: BaseHTTPRequestHandler | None) -> None:
    for pid, command in _processes_of(capturer):
        if victim in command:
            os.kill(pid, signal.SIGKILL)


def _once(first: Callable[[BaseHTTPRequestHandler], None], then: str) -> Callable[[BaseHTTPRequestHandler], None]:
    done: list[bool] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        if not done:
            done.append(True)
            first(request)
        _send(request, then, {})

    return answer


def _processes_below(parent: int) -> list[tuple[int, str]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and parent in _ancestors(int(entry.name)):
            command = _read(entry / "cmdline").replace("\0", " ").strip()
            if command:
                found.append((int(entry.name), command))
    return found


def _ancestors(pid: int) -> list[int]:
    found = []
    while pid > 1:
        pid = int(_field(_read(Path(f"/proc/{pid}/status")), "PPid") or 0)
        found.append(pid)
    return found


def _field(status: str, name: str) -> str:
    return next((line.split(":", 1)[1].strip() for line in status.splitlines() if line.startswith(f"{name}:")), "")


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _gone(pids: Any, seconds: float = 10.0) -> bool:
    waiting = list(pids)
    until = time.monotonic() + seconds
    while waiting and time.monotonic() < until:
        waiting = [pid for pid in waiting if _field(_read(Path(f"/proc/{pid}/status")), "State")[:1] not in ("", "Z")]
        time.sleep(0.05)
    return not waiting
