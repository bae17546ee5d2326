"""Tokens that live sixty days: renewed in time, stored at once, never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from tests.connectors.asking import swept
from tests.connectors.conftest import connected
from tests.connectors.wire import NOW

HOSTS = {"instagram": "graph.instagram.com", "threads": "graph.threads.net"}
RENEWAL = "/refresh_access_token"


@pytest.fixture(params=HOSTS)
def platform(request: pytest.FixtureRequest) -> str:
    """Those whose tokens run out."""
    return str(request.param)


@pytest.fixture
def stored() -> list[str]:
    """What was handed out to be stored."""
    return []


@pytest.fixture
def renewing(wire: Any, clock: Any, stored: list[str]) -> Iterator[Connection]:
    """A connection that has a place for renewed tokens, and a token of which nobody knows the end."""
    made = connected(wire, clock, options={"login": "instagram"}, on_renewed=stored.append)
    yield made
    made.close()


def renewals(wire: Any) -> list[httpx.Request]:
    """The requests for a new token."""
    return [request for request in wire.asked if request.url.path == RENEWAL]


def test_a_token_of_unknown_age_is_renewed_and_stored(
    wire: Any, renewing: Connection, stored: list[str], platform: str
) -> None:
    """The poll goes on with the new one; its end is known from then on."""
    wire.publish(1)

    swept(renewing)

    (told,) = map(json.loads, stored)
    assert told["access_token"] == wire.renewed[0]
    assert wire.asked[-1].headers["authorization"] == f"Bearer {wire.renewed[0]}"
    assert {request.url.host for request in wire.asked} == {HOSTS[platform]}
    assert renewing.connector.check().token_expires_at == NOW + timedelta(seconds=wire.renewed[1])
    assert "access_token" not in renewals(wire)[0].url.params


def test_the_new_token_stands_nowhere_that_is_kept(wire: Any, clock: Any, stored: list[str]) -> None:
    """Not in the exchange that brought it, nor in any later one."""
    kept: list[Any] = []
    made = connected(wire, clock, options={"login": "instagram"}, on_renewed=stored.append, on_exchange=kept.append)
    wire.say(wire.publish(1), 10, f"is it {wire.renewed[0]}?")

    batches = swept(made)

    assert len(stored) == 1
    assert wire.renewed[0] not in repr(kept) + repr(batches) + repr(made)
    made.close()


def test_the_documented_address_is_the_second_try(wire: Any, renewing: Connection, stored: list[str]) -> None:
    """The platform documents the token as part of the address: used where the header alone is refused."""
    wire.by_header = False
    wire.publish(1)

    swept(renewing)

    assert len(stored) == 1
    assert ["access_token" in request.url.params for request in renewals(wire)] == [False, True]


def test_a_renewed_token_rests(wire: Any, clock: Any, renewing: Connection, stored: list[str]) -> None:
    """Not again before half its life is over; then again."""
    wire.publish(1)
    swept(renewing)
    clock.forward(timedelta(days=29))
    swept(renewing)
    assert len(stored) == 1

    clock.forward(timedelta(days=2))
    wire.renewed = ("THIRD/token+of=all12345", 5_184_000)
    swept(renewing)

    assert len(stored) == 2


def test_a_refusal_is_no_outage_and_tried_again_the_next_day(
    wire: Any, clock: Any, renewing: Connection, stored: list[str]
) -> None:
    """A token younger than a day can't be renewed; it works all the same."""
    wire.publish(1)
    refusal = {"error": {"code": 190, "message": "too young"}}
    wire.fail(lambda: httpx.Response(400, json=refusal), at=RENEWAL, times=2)

    assert swept(renewing)[-1].last
    swept(renewing)
    assert (len(renewals(wire)), stored) == (2, [])

    clock.forward(timedelta(hours=25))
    swept(renewing)
    assert len(stored) == 1


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": "two words"}, {"access_token": 7}])
def test_an_answer_without_a_token_changes_nothing(
    wire: Any, renewing: Connection, stored: list[str], answer: dict[str, Any]
) -> None:
    """The old token is kept."""
    wire.publish(1)
    wire.fail(lambda: httpx.Response(200, json=answer), at=RENEWAL, times=2)

    assert swept(renewing)[-1].last
    assert stored == []


def test_without_a_place_to_store_it_nothing_is_renewed(wire: Any, clock: Any) -> None:
    """An exchange may end the old token: a new one that is lost would end the page."""
    made = connected(wire, clock, options={"login": "instagram"})
    wire.publish(1)

    swept(made)

    assert renewals(wire) == []
    made.close()


def test_a_token_that_has_run_out_is_told_and_not_tried(wire: Any, clock: Any, stored: list[str]) -> None:
    """The platform renews none that is over."""
    token = json.dumps({"access_token": wire.token, "expires_at": (NOW - timedelta(hours=1)).isoformat()})
    made = connectors.connect(
        wire.platform,
        page_id=wire.page_id,
        token=token,
        clock=clock,
        options={"login": "instagram"},
        on_renewed=stored.append,
    )

    health = made.connector.check()
    swept(made)

    assert not health.ok
    assert any("ended on 2026-11-20" in problem for problem in health.problems)
    assert renewals(wire) == []
    made.close()
