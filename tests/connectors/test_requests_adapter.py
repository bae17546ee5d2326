"""Client libraries built on ``requests`` speak through the transport."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import httpx
import pytest
import requests
import respx
import tweepy

from connectors._requests import through
from connectors.contract import Unavailable
from connectors.transport import Transport

BASE = "https://sandbox.example"
BEARER = "AAAAsecretBearer0123456789"


@pytest.fixture
def transport() -> Iterator[Transport]:
    """A transport whose base URL is not the SDK's own host."""
    with Transport("x", BASE, secrets=[BEARER]) as made:
        yield made


def tweepy_client(transport: Transport) -> tweepy.Client:
    """tweepy, with its session exchanged for ours."""
    client = tweepy.Client(bearer_token=BEARER)
    client.session = through(transport, "https://api.twitter.com")
    return client


@respx.mock
def test_tweepy_is_masked_counted_and_sent_to_the_configured_host(
    transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    """Its host is a constant and it logs its headers; neither matters any more."""
    caplog.set_level(logging.DEBUG)
    route = respx.get(f"{BASE}/2/tweets/search/recent").respond(
        json={"data": [{"id": "7", "edit_history_tweet_ids": ["7"], "text": "plow my street"}]}
    )

    with transport.recording() as exchanges:
        answer = tweepy_client(transport).search_recent_tweets("to:cityofx")

    assert [tweet.id for tweet in answer.data] == [7]
    assert route.calls.last.request.headers["authorization"] == f"Bearer {BEARER}"
    assert route.calls.last.request.url.params["query"] == "to:cityofx"
    assert transport.calls.count().calls == 1
    assert "secret" not in caplog.text + repr(exchanges)


@respx.mock
def test_tweepy_gets_a_time_limit(transport: Transport) -> None:
    """It never passes one itself; ours becomes the contract's error."""
    respx.get(f"{BASE}/2/users/me").mock(side_effect=httpx.ReadTimeout("slow"))

    with pytest.raises(Unavailable):
        tweepy_client(transport).get_me(user_auth=False)


@respx.mock
def test_an_error_answer_reaches_the_library_as_its_own(transport: Transport) -> None:
    """The adapter returns a real ``requests.Response``, reason and headers included."""
    respx.get(f"{BASE}/2/users/me").respond(429, headers={"x-rate-limit-reset": "1795000000"}, json={})

    with pytest.raises(tweepy.TooManyRequests) as caught:
        tweepy_client(transport).get_me(user_auth=False)

    assert caught.value.reset_time == 1795000000
    assert "429 Too Many Requests" in str(caught.value)


@respx.mock
def test_a_body_arrives_as_it_was_sent(transport: Transport) -> None:
    """Form and JSON bodies pass unchanged."""
    route = respx.post(f"{BASE}/form").respond(json={"ok": True})

    answer = through(transport, "https://sdk.example").post("https://sdk.example/form", data={"a": "é&b"})

    assert route.calls.last.request.content == b"a=%C3%A9%26b"
    assert answer.json() == {"ok": True}


def test_a_session_can_reach_nothing_but_the_transport(transport: Transport) -> None:
    """An address of another host has no adapter; one that only begins like it is refused too."""
    session = through(transport, "https://sdk.example")

    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get("https://elsewhere.example/")
    with pytest.raises(requests.exceptions.InvalidURL):
        session.get("https://sdk.example.evil.example/")


def test_no_password_file_of_this_machine_is_used(transport: Transport) -> None:
    """``requests`` would put the password of ~/.netrc on our calls."""
    assert through(transport, "https://sdk.example").trust_env is False
