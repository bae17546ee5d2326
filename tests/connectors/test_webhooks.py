"""Webhooks: who is believed, and which pages are said to have news."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import connectors
from connectors.webhooks import MOST_BYTES, Call, Heard, Refused, Secrets, concerns, hear, platforms

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRETS = Secrets("the-app-secret", "the-verify-token")
META = {"object": "page", "entry": [{"id": "1012", "time": 1, "changes": [{"field": "feed"}]}, {"id": "2024"}]}
LINKEDIN = {
    "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
    "notifications": [{"organizationalEntity": "urn:li:organization:42", "action": "COMMENT"}],
}
TIKTOK = {"event": "comment.update", "user_openid": "act.1", "content": '{"comment_id":7396540321986543210}'}


def sign(message: bytes, secret: str = SECRETS.secret) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def post(told: Any, **headers: str) -> Call:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Call("POST", {}, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def signed(platform: str, told: Any, secret: str = SECRETS.secret, at: datetime = NOW) -> Call:
    """A call as the platform would sign it."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    stamp = str(int(at.timestamp()))
    headers = {
        "facebook": {"x-hub-signature-256": f"sha256={sign(body, secret)}"},
        "linkedin": {"x-li-signature": sign(b"hmacsha256=" + body, secret)},
        "tiktok": {"tiktok-signature": f"t={stamp},s={sign(stamp.encode() + b'.' + body, secret)}"},
        "discourse": {
            "x-discourse-event-signature": f"sha256={sign(body, secret)}",
            "x-discourse-instance": "https://forum.example.gov",
        },
    }
    return Call("POST", {}, headers[{"instagram": "facebook", "threads": "facebook"}.get(platform, platform)], body)


GENUINE = [
    ("facebook", META, {"1012", "2024"}),
    ("instagram", META, {"1012", "2024"}),
    ("threads", {"topic": "interaction", "target_id": "17841", "values": {}}, {"17841"}),
    ("linkedin", LINKEDIN, {"urn:li:organization:42"}),
    ("tiktok", TIKTOK, {"act.1"}),
]


@pytest.mark.parametrize(("platform", "told", "pages"), GENUINE, ids=[each[0] for each in GENUINE])
def test_a_signed_call_names_the_pages_with_news(platform: str, told: Any, pages: set[str]) -> None:
    """By the platform's own ids; nothing else of the call is handed on."""
    assert hear(platform, signed(platform, told), SECRETS, NOW) == Heard(pages=frozenset(pages))


@pytest.mark.parametrize("platform", platforms())
def test_a_call_that_is_signed_with_another_secret_is_refused(platform: str) -> None:
    """So is one without a signature, one with a changed byte, and any while the city has no secret."""
    genuine = signed(platform, META)
    changed = Call("POST", {}, genuine.headers, genuine.body + b" ")
    unsigned = Call("POST", {}, {}, genuine.body)

    assert isinstance(hear(platform, genuine, SECRETS, NOW), Heard)
    for call in (signed(platform, META, "another"), changed, unsigned):
        with pytest.raises(Refused):
            hear(platform, call, SECRETS, NOW)
    with pytest.raises(Refused):
        hear(platform, signed(platform, META, ""), Secrets(""), NOW)


@pytest.mark.parametrize("platform", platforms())
@pytest.mark.parametrize("body", [b"", b"[]", b"not JSON", b"[" * 100_000, b'{"a":"' + b"x" * MOST_BYTES + b'"}'])
def test_a_body_that_cannot_be_read_is_refused(platform: str, body: bytes) -> None:
    """Also a deep one and a large one, whoever signed it."""
    with pytest.raises(Refused):
        hear(platform, signed(platform, body), SECRETS, NOW)


@pytest.mark.parametrize(
    "told",
    [
        {"entry": "1012"},
        {"entry": [None, 7, {"id": None}, {"id": ["1012"]}, {"id": True}]},
        {"notifications": {"organizationalEntity": "x"}},
        {"user_openid": {}},
    ],
)
def test_a_call_of_an_unforeseen_shape_wakes_nobody(told: Any) -> None:
    """It is signed, so it isn't refused; the next poll sees what there is."""
    for platform in ("facebook", "linkedin", "tiktok"):
        assert hear(platform, signed(platform, told), SECRETS, NOW).pages == frozenset()


def test_metas_first_call_gets_its_challenge_back() -> None:
    """Only with the city's verify token, and never anything that a browser would take for a page."""
    query = {"hub.mode": "subscribe", "hub.verify_token": "the-verify-token", "hub.challenge": "1158201444"}

    assert hear("facebook", Call("GET", query, {}), SECRETS, NOW) == Heard(answer="1158201444")
    for wrong in ({"hub.verify_token": "guess"}, {"hub.mode": "x"}, {"hub.challenge": "<script>"}):
        with pytest.raises(Refused):
            hear("facebook", Call("GET", query | wrong, {}), SECRETS, NOW)
    with pytest.raises(Refused):
        hear("facebook", Call("GET", query | {"hub.verify_token": ""}, {}), Secrets("s"), NOW)


def test_linkedins_challenge_is_answered_with_its_signature() -> None:
    """Hex of an HMAC over the code, as Microsoft documents it."""
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    heard = hear("linkedin", Call("GET", {"challengeCode": code}, {}), SECRETS, NOW)

    assert json.loads(heard.answer) == {"challengeCode": code, "challengeResponse": sign(code.encode())}
    assert heard.content_type == "application/json"
    with pytest.raises(Refused):
        hear("linkedin", Call("GET", {}, {}), SECRETS, NOW)


@pytest.mark.parametrize("age", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_a_signature_of_another_time_is_refused(age: timedelta) -> None:
    """TikTok signs the time with the body: an old call may be a copy."""
    with pytest.raises(Refused):
        hear("tiktok", signed("tiktok", TIKTOK, at=NOW - age), SECRETS, NOW)


def test_a_call_of_a_forum_wakes_the_pages_on_that_server() -> None:
    """Discourse names its server; a page elsewhere sleeps on."""
    heard = hear("discourse", signed("discourse", {"post": {"id": 1}}), SECRETS, NOW)

    assert concerns(heard, "12", "https://Forum.example.gov/")
    assert not concerns(heard, "12", "https://other.example.gov")
    assert not concerns(heard, "12", None)


def test_an_organization_is_known_by_its_number_and_by_its_urn() -> None:
    """pages.yaml may hold either."""
    heard = Heard(pages=frozenset({"urn:li:organization:42"}))

    assert concerns(heard, "42", None)
    assert concerns(heard, "urn:li:organization:42", None)
    assert not concerns(heard, "2", None)


def test_a_platform_without_webhooks_is_an_error_of_the_caller() -> None:
    """And every platform that can be heard is one that Beadle speaks to."""
    with pytest.raises(ValueError, match="it is polled"):
        hear("reddit", post({}), SECRETS, NOW)
    assert set(platforms()) == {name for name in connectors.platforms() if connectors.capabilities(name).push}


def test_secrets_show_themselves_nowhere() -> None:
    """Neither they nor a call's words are in a representation."""
    assert "the-app-secret" not in repr(SECRETS)
    assert "1012" not in repr(signed("facebook", META))
