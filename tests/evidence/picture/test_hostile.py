"""The hostile corpus, at short limits: each page is over in time, nobody gets anywhere, and the next look works.

``benchmarks/hostile.py`` runs the same at the limits of the daemon.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.seat import Limits
from tests.evidence.picture.hostile import TEXT, HostileSite

LIMITS = Limits(seconds=2.5, patience=0.3, memory=400_000_000)
STARTS = 6.0  # seconds: a browser that was ended is started again, on a busy machine


@pytest.fixture(scope="module")
def hostile_site() -> Iterator[HostileSite]:
    """The corpus and its canaries."""
    made = HostileSite()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def hostile_capturer(hostile_site: HostileSite, browser: Path) -> Iterator[BrowserCapturer]:
    """One browser for the whole corpus, as the daemon has one for all pages."""
    made = BrowserCapturer([hostile_site.host], browser=browser, limits=LIMITS)
    made.start()
    yield made
    made.close()


def test_a_corpus_of_hostile_pages_gets_nowhere(hostile_site: HostileSite, hostile_capturer: BrowserCapturer) -> None:
    """Sixty pages and more, one after the other in one browser; every tenth is followed by an ordinary one."""
    late: list[tuple[str, float]] = []
    hit: list[str] = []
    broken: list[str] = []
    for number, name in enumerate(hostile_site.names):
        began = time.monotonic()
        hostile_capturer.capture(hostile_site.url(name), TEXT, "c1")
        if time.monotonic() - began > LIMITS.seconds + STARTS:
            late.append((name, time.monotonic() - began))
        if hostile_site.hits > len(hit):
            hit.append(name)
        if number % 10 == 9 and not hostile_capturer.capture(hostile_site.url("ordinary"), TEXT).comment_text_visible:
            broken.append(name)

    assert len(hostile_site.names) >= 40
    assert (late, hit, hostile_site.hits, broken) == ([], [], 0, [])


def test_the_canaries_can_sing(hostile_site: HostileSite) -> None:
    """A canary that counts nobody would prove nothing: visits by TCP, by UDP and by socket to the site are counted."""
    own = HostileSite()
    try:
        for canary in (own.near, own.far):
            socket.create_connection((canary.host, canary.port)).close()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
                datagram.sendto(b"x", (canary.host, canary.port))
        with socket.create_connection(("127.0.0.1", own.server_port)) as client:
            client.sendall(b"GET /ordinary HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")
            assert client.recv(12)
        until = time.monotonic() + 5
        while own.hits < 5 and time.monotonic() < until:
            time.sleep(0.01)
        assert own.hits == 5
    finally:
        own.shutdown()
        own.server_close()
