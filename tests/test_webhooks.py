"""The receiver: a real server on this machine that wakes pages, and tells strangers nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.daemon import _webhooks
from bot.errors import ConfigError
from bot.pages import Page
from bot.tokens import Token
from bot.webhooks import Doorkeeper, Receiver, _Pace
from connectors.webhooks import MOST_BYTES, Secrets

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BODY = json.dumps({"object": "page", "entry": [{"id": "1012"}]}).encode()


def page(slug: str, platform: str, page_id: str) -> Page:
    return Page(slug, slug, platform, page_id, "clinton-city", Token("none", "none"))


def signature(body: bytes, secret: str = "meta") -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@pytest.fixture
def woken() -> list[frozenset[str]]:
    """What the receiver woke."""
    return []


@pytest.fixture
def receiver(woken: list[frozenset[str]]) -> Iterator[Receiver]:
    """Receives for three pages on a free port."""
    pages = (page("town", "facebook", "1012"), page("library", "facebook", "2024"), page("pics", "instagram", "1012"))
    secrets = {"facebook": Secrets("meta", "verify")}
    made = Receiver("127.0.0.1:0", Doorkeeper(pages, secrets, woken.append, lambda: NOW), body_s=0.5)
    made.start()
    yield made
    made.stop()


def send(receiver: Any, path: str, headers: dict[str, str], body: bytes = BODY) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.post(f"http://127.0.0.1:{receiver.port}/{path}", content=body, headers=headers)


def test_a_signed_call_wakes_its_page_and_no_other(receiver: Receiver, woken: list[frozenset[str]]) -> None:
    """Neither another page of that platform nor another platform's page of the same id."""
    answer = send(receiver, "facebook", signature(BODY))

    assert (answer.status_code, answer.text) == (200, "")
    assert woken == [frozenset({"town"})]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("facebook", {}),
        ("facebook", signature(BODY, "another")),
        ("instagram", signature(BODY)),  # the city gave no secret for it
        ("reddit", signature(BODY)),
        ("%2e%2e", signature(BODY)),
    ],
)
def test_strangers_are_told_nothing(
    receiver: Receiver, woken: list[frozenset[str]], path: str, headers: dict[str, str]
) -> None:
    """403 without a word, whatever was wrong."""
    answer = send(receiver, path, headers)

    assert (answer.status_code, answer.text) == (403, "")
    assert "server" not in answer.headers
    assert woken == []


def test_a_body_above_a_megabyte_is_not_read_to_its_end(receiver: Receiver, woken: list[frozenset[str]]) -> None:
    """Whether its length is told or not."""
    large = b"x" * (MOST_BYTES + 1)

    assert send(receiver, "facebook", signature(large), large).status_code == 403
    assert woken == []


def test_a_body_that_never_ends_is_given_up(receiver: Receiver) -> None:
    """A caller that drips holds its connection for seconds, not for hours."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as slow:
        slow.sendall(b"POST /facebook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        assert slow.recv(100).startswith(b"HTTP/1.1 403")


def test_metas_challenge_goes_back_over_the_wire(receiver: Receiver) -> None:
    """As plain text, so that no browser takes it for a page."""
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify", "hub.challenge": "42"}
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"http://127.0.0.1:{receiver.port}/facebook", params=query)

    assert (answer.status_code, answer.text) == (200, "42")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_flood_is_turned_away(receiver: Receiver, woken: list[frozenset[str]]) -> None:
    """Only so many calls in any second are looked at, whoever they are from; a second later they are again."""
    pace = _Pace(3)

    assert [pace.admits(at) for at in (0.0, 0.1, 0.2, 0.3, 0.99, 1.01, 1.05, 1.11)] == [
        True, True, True, False, False, True, False, True,
    ]  # fmt: skip
    assert send(receiver, "facebook", signature(BODY)).status_code == 200


def test_an_address_that_is_taken_is_told_at_once(receiver: Receiver, woken: list[frozenset[str]]) -> None:
    """Before Beadle goes on duty."""
    twin = Receiver(f"192.0.2.1:{receiver.port}", Doorkeeper((), {}, woken.append, lambda: NOW))

    with pytest.raises(ConfigError, match="where nothing can listen"):
        twin.start()


def on_duty(settings: dict[str, Any], woken: list[frozenset[str]]) -> Any:
    """What the daemon holds when it goes on duty."""
    desks = {"town": SimpleNamespace(page=page("town", "facebook", "1012"))}
    told = {"webhook_listen": None, "webhook_secret": None, "webhook_verify_token": None, **settings}
    beadle = SimpleNamespace(settings=SimpleNamespace(**told), route=SimpleNamespace(desks=desks, clock=lambda: NOW))
    return SimpleNamespace(beadle=beadle, rounds=SimpleNamespace(wake=woken.append))


def test_the_daemon_receives_only_where_the_city_said_so_and_stops_with_its_duty(
    woken: list[frozenset[str]],
) -> None:
    """One secret for every platform, or one for each by name; without any it does not start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    listen: dict[str, Any] = {"webhook_listen": f"127.0.0.1:{port}"}
    for secret in ("meta", '{"facebook": "meta", "tiktok": "other"}'):
        with _webhooks(on_duty({**listen, "webhook_secret": SecretStr(secret)}, woken)):
            assert send(SimpleNamespace(port=port), "facebook", signature(BODY)).status_code == 200
        with pytest.raises(httpx.ConnectError):
            send(SimpleNamespace(port=port), "facebook", signature(BODY))
    with _webhooks(on_duty({}, woken)), pytest.raises(httpx.ConnectError):
        send(SimpleNamespace(port=port), "facebook", signature(BODY))
    with pytest.raises(ConfigError, match="BEADLE_WEBHOOK_SECRET is not"), _webhooks(on_duty(listen, woken)):
        pass

    assert woken == [frozenset({"town"})] * 2
