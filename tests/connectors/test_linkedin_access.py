"""What is special to LinkedIn's access: few calls a day, tokens of 60 days, what ``check`` says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import (
    AuthFailed,
    QuotaSpent,
    Unavailable,
    Unsupported,
)
from tests.connectors.asking import swept
from tests.connectors.conftest import connected
from tests.connectors.wires.linkedin import ACCESS, ORGANIZATION, REFRESH

DENIED = {"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": "Not enough permissions"}


@pytest.fixture
def platform() -> str:
    """LinkedIn only."""
    return "linkedin"


def answered(status: int, body: Any) -> Callable[[], httpx.Response]:
    """An answer to be given instead of the platform's."""
    return lambda: httpx.Response(status, json=body)


class TestLimits:
    """Few calls a day."""

    def test_a_spent_day_ends_at_midnight_utc(self, wire: Any, connection: Connection) -> None:
        """LinkedIn sends no time to wait until."""
        body = {"status": 429, "code": "TOO_MANY_REQUESTS", "message": "Resource level throttle MEMBER DAY limit"}
        wire.fail(answered(429, body), at="read")

        with pytest.raises(QuotaSpent) as caught:
            swept(connection)

        assert caught.value.until == datetime(2026, 11, 21, tzinfo=UTC)

    def test_an_allowance_stops_before_linkedin_does(self, wire: Any, clock: Any) -> None:
        """A quarter of it is kept for acts."""
        connection = connected(wire, clock, options={"calls": "8", "legal_basis": "x"})
        ref = wire.say(wire.publish(1), 10)
        swept(connection)
        swept(connection)
        with pytest.raises(QuotaSpent, match="kept for acts"):
            swept(connection)
        polled = len(wire.asked)

        found = connection.connector.read(ref).comment

        assert polled == 6
        assert found is not None

    @pytest.mark.parametrize(
        "options",
        [{"calls": "few"}, {"calls": "0"}, {"version": "2026-09"}, {"version": "\u0662\u0660\u0662\u0666\u0660\u0669"}],
    )
    def test_an_option_of_another_shape_is_refused(self, wire: Any, clock: Any, options: dict[str, str]) -> None:
        """At the start, with a sentence."""
        with pytest.raises(ValueError, match="option"):
            connected(wire, clock, options=options)

    def test_an_old_version_is_named_as_such(self, wire: Any, clock: Any) -> None:
        """It is a setting, and the sentence says which."""
        connection = connected(wire, clock, options={"version": "202510"})

        with pytest.raises(Unsupported, match="option version"):
            swept(connection)


class TestTokens:
    """60 days, renewed for 365."""

    def test_a_token_that_ran_out_is_renewed_and_stored(self, wire: Any, clock: Any) -> None:
        """The call is sent again with the new one, which the caller is given to be kept."""
        stored: list[str] = []
        heard: list[Any] = []
        connection = connected(wire, clock, on_renewed=stored.append, on_exchange=heard.append)
        ref = wire.say(wire.publish(1), 10)
        wire.access = "AQXanother+Token/secret-0002"

        found = connection.connector.read(ref).comment

        assert found is not None
        assert json.loads(stored[0])["access_token"] == wire.access
        assert json.loads(stored[0])["refresh_token"] == REFRESH
        assert not [each for each in heard if wire.access.encode() in each.body.replace(b"\\/", b"/")]

    def test_a_token_alone_can_not_be_renewed(self, wire: Any, clock: Any) -> None:
        """A person is told at the start that it can't, and when it is dead what to do."""
        connection = connectors.connect("linkedin", page_id=ORGANIZATION, token=ACCESS, clock=clock)
        before = connection.connector.check()
        wire.access = "AQXanother+Token/secret-0002"

        with pytest.raises(AuthFailed, match="administrator"):
            swept(connection)

        assert before.ok
        assert "60 days" in before.problems[0]
        assert not [request for request in wire.asked if request.url.host == "www.linkedin.com"]

    def test_a_consent_that_ended_is_a_persons_to_mend(self, wire: Any, connection: Connection) -> None:
        """The refresh token ended too."""
        wire.access = "AQXanother+Token/secret-0002"
        wire.auth_fault = httpx.Response(400, json={"error": "invalid_grant", "error_description": "revoked"})

        with pytest.raises(AuthFailed, match="invalid_grant"):
            swept(connection)

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(503, text="<html>"),
            httpx.Response(429, json={}),
            httpx.Response(200, json={"expires_in": 1}),
        ],
    )
    def test_a_renewal_that_fails_for_now_is_a_passing_trouble(
        self, wire: Any, connection: Connection, answer: httpx.Response
    ) -> None:
        """Nobody is asked to authorise the app again because of it."""
        wire.access = "AQXanother+Token/secret-0002"
        wire.auth_fault = answer

        with pytest.raises(Unavailable):
            swept(connection)


class TestHealth:
    """What ``check`` says."""

    def test_a_member_without_the_role_is_told(self, wire: Any, connection: Connection) -> None:
        """Nothing of the page is delivered to them."""
        wire.roles = ["urn:li:organization:999"]

        health = connection.connector.check()

        assert not health.ok
        assert "ADMINISTRATOR" in health.problems[0]

    @pytest.mark.parametrize(
        ("scopes", "said"),
        [
            ("rw_organization_admin,w_organization_social_feed", "r_organization_social_feed"),
            ("r_organization_social_feed,w_organization_social_feed", "rw_organization_admin"),
            ("r_organization_social_feed,rw_organization_admin", "w_organization_social_feed"),
        ],
    )
    def test_a_scope_that_is_missing_is_named(self, wire: Any, connection: Connection, scopes: str, said: str) -> None:
        """The sentence has the name to be added."""
        wire.scopes = scopes

        health = connection.connector.check()

        assert not health.ok
        assert said in health.problems[0]

    def test_the_scope_to_delete_is_asked_only_of_who_may_delete(self, wire: Any, clock: Any) -> None:
        """Without a legal basis reading is all."""
        wire.scopes = "r_organization_social_feed,rw_organization_admin"

        assert connected(wire, clock, options={}).connector.check().ok

    @pytest.mark.parametrize(("days", "said"), [(20, "21 days"), (6, "7 days"), (-1, "ended")])
    def test_the_end_of_the_refresh_token_is_told_ahead(
        self, wire: Any, connection: Connection, clock: Any, days: int, said: str
    ) -> None:
        """Then a person has to authorise the app again; the access token's own end is no trouble."""
        clock.now = datetime.now(UTC)
        wire.refresh_days, wire.access_days = days, 1

        health = connection.connector.check()

        assert [said in problem for problem in health.problems] == [True]
        assert health.ok is (days > 0)

    def test_the_page_is_named(self, wire: Any, connection: Connection) -> None:
        """The person who set it up sees that it is theirs."""
        health = connection.connector.check()

        assert health.page_name == "City of X"
        assert "rw_organization_admin" in health.scopes
