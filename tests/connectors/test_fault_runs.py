"""A bad week on every platform: what happens to comments when everything that can fail does.

A seeded schedule of slowness, resets, lost answers, half answers, pages of gateways and every recorded error, while
comments keep coming. Each has to be kept exactly once, and each violator hidden exactly once.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.connection import Connection
from connectors.contract import CommentRef, ConnectorError, RateLimited
from tests.connectors.asking import as_recorded
from tests.connectors.conftest import StandingClock, connected, on_wire, wired
from tests.connectors.wire import FIXTURES, BaseWire

SEED = 20261121
STEP = timedelta(minutes=7)


@dataclass
class City:
    """What the daemon does with a connection, without the daemon: poll, keep, hide, go on where it stood."""

    wire: BaseWire
    connection: Connection
    clock: StandingClock
    cursor: str | None = None
    kept: Counter[str] = field(default_factory=Counter)
    to_hide: dict[str, CommentRef] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    def poll(self) -> None:
        """One poll. A comment that comes twice in one sweep is counted twice; one of an earlier sweep is known."""
        fresh: Counter[str] = Counter()
        with self._survived():
            for batch in self.connection.connector.poll(self.cursor):
                for comment in batch.comments:
                    fresh[comment.ref.comment_id] += 1
                    if "scum" in comment.text and comment.ref.comment_id not in self.kept:
                        self.to_hide[comment.ref.comment_id] = comment.ref
                if batch.last:
                    self.cursor = batch.cursor
        for comment_id, times in fresh.items():
            self.kept[comment_id] = max(self.kept[comment_id], times)

    def hide(self) -> None:
        """Hide what waits to be hidden; what fails waits on."""
        for comment_id, ref in list(self.to_hide.items()):
            with self._survived():
                if self.connection.hider is not None:
                    self.connection.hider.hide(ref)
                del self.to_hide[comment_id]

    @contextlib.contextmanager
    def _survived(self) -> Any:
        try:
            yield
        except ConnectorError as error:
            self.failures[type(error).__name__] += 1
            if isinstance(error, RateLimited):
                self.clock.now = max(self.clock.now, error.until + timedelta(seconds=1))


def raiser(error: Exception) -> Callable[[], httpx.Response]:
    """No answer at all."""

    def fail() -> httpx.Response:
        raise error

    return fail


def troubles(platform: str) -> list[tuple[str, Callable[[], httpx.Response]]]:
    """Every kind of trouble, the platform's own words for each documented error among them."""
    general: list[Callable[[], httpx.Response]] = [
        raiser(httpx.ReadTimeout("hangs")),
        raiser(httpx.ReadError("connection reset by peer")),
        raiser(httpx.RemoteProtocolError("server disconnected")),
        lambda: httpx.Response(502, html="<html>Bad gateway</html>"),
        lambda: httpx.Response(200, content=b""),
        lambda: httpx.Response(200, text='{"data": [{"id": "1'),
        lambda: httpx.Response(200, text="{nonsense}"),
        lambda: httpx.Response(503, json={}),
    ]
    recorded = FIXTURES / platform / "errors.json"
    cases = json.loads(recorded.read_text()) if recorded.exists() else []
    named = [(case.get("on", "read"), as_recorded(case)) for case in cases]
    return [("read", each) for each in general] + [("write", each) for each in general] + named


def live_through(platform: str, comments: int) -> tuple[City, dict[str, CommentRef], set[str]]:
    """So many comments on a page where things go wrong; then an hour and a half in which nothing does."""
    chance = random.Random(f"{SEED}:{platform}")
    clock = StandingClock()
    with on_wire(platform, clock) as wire:
        city = City(wire, connected(wire, clock, page_size=20), clock)
        said: dict[str, CommentRef] = {}
        violators: set[str] = set()
        # No more on one post than a platform can hide there (Bluesky: 300).
        numbers = range(1, max(6, comments // 200))
        posts = [wire.publish(number, at=clock.now - timedelta(hours=1)) for number in numbers]
        kinds = troubles(platform)
        while len(said) < comments:
            clock.forward(STEP)
            for _ in range(chance.randint(0, max(4, comments // 60))):
                bad = chance.random() < 0.2
                words = "you scum" if bad else f"what about the snow, {len(said)}?"
                moment = clock.now - timedelta(seconds=chance.randint(0, 900))
                ref = wire.say(chance.choice(posts), 1000 + len(said), words, at=moment)
                said[ref.comment_id] = ref
                if bad:
                    violators.add(ref.comment_id)
            wire.faults.clear()
            for at, trouble in chance.sample(kinds, k=chance.randint(0, 4)):
                wire.fail(trouble, at=at, times=chance.randint(1, 4))
            wire.after_write = raiser(httpx.ReadError("lost")) if chance.random() < 0.2 else None  # type: ignore[assignment]
            city.poll()
            city.hide()
        wire.faults.clear()
        wire.after_write = None
        for _ in range(12):
            clock.forward(STEP)
            city.poll()
            city.hide()
        city.connection.close()
    return city, said, violators


def assert_kept_and_hidden_once(city: City, said: dict[str, CommentRef], violators: set[str]) -> None:
    """The promise."""
    assert set(said) == set(city.kept)
    assert set(city.kept.values()) == {1}
    assert city.failures
    if city.connection.hider is None:
        assert city.wire.journal == []
        return
    assert city.to_hide == {}
    assert Counter(city.wire.journal) == Counter(f"hide {comment_id}" for comment_id in violators)
    assert all(city.wire.is_hidden(said[comment_id]) for comment_id in violators)


def asked() -> list[str]:
    """The platforms that are reached over a network."""
    return [name for name in wired() if name != "manual"]


@pytest.mark.parametrize("name", asked())
def test_a_bad_day_loses_nothing_and_does_nothing_twice(name: str) -> None:
    """Six hundred and fifty comments on each platform, more than ten thousand on all."""
    assert_kept_and_hidden_once(*live_through(name, 650))


@pytest.mark.long
@pytest.mark.parametrize("name", asked())
def test_a_bad_week_loses_nothing_and_does_nothing_twice(name: str) -> None:
    """Ten thousand comments on each platform."""
    assert_kept_and_hidden_once(*live_through(name, 10_000))
