"""The capture process: sandboxed, bounded in time, replaced when it dies, gone when its parent is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.seat import Limits
from bot.evidence.picture.watch import TOO_LARGE

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone \U0001f621"
PAGE = f"<!doctype html><meta charset=utf-8><p>{TEXT}</p>"


def test_a_server_that_never_answers_is_given_up(own_capturer: BrowserCapturer, site: Any) -> None:
    """At the deadline there is no picture, a sentence says why, and the next page is pictured."""
    hung = site.show("/hung", lambda request: time.sleep(30))
    good = site.show_comment("/post", text=TEXT)

    found = own_capturer.capture(hung, TEXT)

    assert (found.status, found.viewport_png) == ("failed", None)
    assert found.reason == "The page did not answer in time."
    assert own_capturer.capture(good, TEXT).comment_text_visible


def test_a_page_that_keeps_the_browser_busy_is_ended(own_capturer: BrowserCapturer, site: Any) -> None:
    """An endless loop: the browser is killed at the deadline and a fresh one serves the next case."""
    url = site.show_comment("/loop", "<script>setTimeout(() => { while (true) {} })</script>", TEXT)
    good = site.show_comment("/post", text=TEXT)
    assert own_capturer.start() is None
    first = _processes_of(own_capturer)

    found = own_capturer.capture(url, TEXT)

    assert (found.status, found.viewport_png) == ("failed", None)
    assert "busy" in found.reason
    assert _gone(pid for pid, _ in first)
    assert own_capturer.capture(good, TEXT).comment_text_visible


@pytest.mark.parametrize("victim", ["renderer", "--user-data-dir", "playwright/driver", "capture_process"])
def test_a_killed_part_is_replaced(site: Any, browser: Path, victim: str) -> None:
    """Whichever process dies while a page is looked at (page, browser, driver, ours): the picture is taken all the
    same, at a second try and within the same time."""
    capturer = BrowserCapturer([site.host], browser=browser, limits=Limits(patience=1.0))
    try:
        assert capturer.start() is None
        site.show("/post", _once(lambda request: _kill(capturer, victim, request), PAGE))

        found = capturer.capture(f"http://{site.host}/post", TEXT)

        assert (found.comment_text_visible, found.reason) == (True, "")
        assert site.asked.count("/post") == 2
    finally:
        capturer.close()


def test_a_page_that_fills_the_memory_is_ended(site: Any, browser: Path) -> None:
    """At its limit the page's process is ended, the sentence says so, and a fresh browser takes the next picture."""
    hog = "<script>const kept = []; setInterval(() => kept.push(new Uint8Array(2e7).fill(1)), 5)</script>"
    url, good = site.show("/hog", hog), site.show_comment("/post", text=TEXT)
    capturer = BrowserCapturer([site.host], browser=browser, limits=Limits(memory=300_000_000))
    try:
        assert capturer.start() is None
        first = _processes_of(capturer)

        found = capturer.capture(url, TEXT)

        assert (found.status, found.reason, found.viewport_png) == ("failed", TOO_LARGE, None)
        assert _gone(pid for pid, _ in first)
        assert capturer.capture(good, TEXT).comment_text_visible
    finally:
        capturer.close()


def test_who_was_spoken_to_is_on_record(capturer: BrowserCapturer, site: Any, stranger: Any) -> None:
    """EV-05: hosts, addresses, bytes, and what was kept away, with the reason."""
    url = site.show_comment("/post", f"<img src='http://{stranger.host}/i'><img src='/own.png'>", TEXT)

    facts = capturer.capture(url, TEXT).facts

    connections = facts["connections"]
    assert isinstance(connections, list)
    (spoken,) = connections
    assert (spoken["host"], spoken["address"], spoken["port"]) == ("127.0.0.1", "127.0.0.1", site.server_port)
    assert spoken["received"] > 1_000
    assert facts["blocked_hosts"] == [stranger.host]
    assert facts["blocked_because"] == ["The host is not among those allowed."]
    assert stranger.connections == 0


def test_a_browser_is_recycled(browser: Path, site: Any) -> None:
    """After so many looks a fresh process is started, so that nothing leaks for ever."""
    url = site.show_comment("/post", text=TEXT)
    capturer = BrowserCapturer([site.host], browser=browser, limits=Limits(recycle=1))
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
    own_capturer.capture(site.show_comment("/post", text=TEXT), TEXT)
    running = own_capturer._all[0]._running
    assert running is not None
    processes = _processes_of(own_capturer)

    own_capturer.close()

    assert processes
    assert _gone(pid for pid, _ in processes)
    assert not running.scratch.exists()


def test_the_sandbox_is_on_in_every_process_of_the_browser(capturer: BrowserCapturer, site: Any) -> None:
    """No command line switches it off, no part runs as root, and the browser holds no capability."""
    capturer.capture(site.show_comment("/post", text=TEXT), TEXT)

    below = [(pid, command) for pid, command in _processes_of(capturer) if "/driver/" not in command]
    browsers = [(pid, command) for pid, command in below if "-pipe" in command and "--type=" not in command]

    assert len(browsers) == 1
    for pid, command in below:
        assert "--no-sandbox" not in command
        assert "--disable-setuid-sandbox" not in command
        # One that has ended since has no status: the browser keeps some only for a moment.
        assert _field(_read(Path(f"/proc/{pid}/status")), "Uid").split()[:1] != ["0"]
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
    url = site.show_comment("/post", text=TEXT)
    program = (
        "import sys, os, signal; from pathlib import Path; from bot.evidence.picture.browser import BrowserCapturer\n"
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
    monkeypatch.setattr("bot.evidence.picture.seat.find_browser", lambda configured: None)

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
        _send(request, then)

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


def _send(request: BaseHTTPRequestHandler, content: str) -> None:
    body = content.encode()
    request.send_response(200)
    request.send_header("Content-Type", "text/html; charset=utf-8")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
