"""What the capture process says it recorded is read with care: a page may have got the better of it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.evidence.picture.exchanges import read

TOLD: dict[str, Any] = {
    "url": "https://social.example/post",
    "method": "GET",
    "request_headers": [["Accept", "*/*"]],
    "status": 200,
    "response_headers": [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
    "body": base64.b64encode(b"<p>hi").decode(),
    "at": 1_795_172_534.5,
    "ip": "2001:db8::1",
    "mime": "text/html",
    "truncated": False,
    "kind": "document",
    "protocol": "h2",
    "error": "",
}


def test_an_exchange_is_read_as_it_was_told() -> None:
    """Headers in their order, the body as bytes, the time aware and in UTC."""
    (found,) = read([TOLD])

    assert found.response_headers == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    assert (found.body, found.status, found.remote_ip, found.http_version) == (b"<p>hi", 200, "2001:db8::1", "h2")
    assert found.started_at == datetime.fromtimestamp(1_795_172_534.5, UTC)
    assert found.started_at.tzinfo is UTC


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "200"},
        {"status": 1_000},
        {"status": -1},
        {"status": True},
        {"body": "not base64!"},
        {"body": None},
        {"at": "yesterday"},
        {"at": 1e300},
        {"at": float("nan")},
        {"ip": "192.0.2.7\r\nX: y"},
        {"ip": "example.org"},
        {"url": 5},
        {"response_headers": [["only a name"]]},
        {"response_headers": [["name", 5]]},
        {"response_headers": None},
        {"mime": ["text/html"]},
        {"kind": None},
    ],
)
def test_what_is_no_exchange_is_left_out(wrong: dict[str, Any]) -> None:
    """One that can't be read doesn't take the others along."""
    assert read([{**TOLD, **wrong}, TOLD]) == read([TOLD])


def test_an_address_has_no_tail() -> None:
    """Python takes anything at all as the zone of an IPv6 address."""
    (found,) = read([{**TOLD, "ip": "fe80::1%eth0\r\nX: y"}])

    assert found.remote_ip == "fe80::1"


@pytest.mark.parametrize("nothing", [None, "x", 5, {}, {"url": "x"}, [None, 5, "x", [], {}], [{**TOLD}] * 0])
def test_an_answer_that_is_no_list_of_exchanges_is_none(nothing: object) -> None:
    """Whatever stands in its place."""
    assert read(nothing) == ()


def test_an_endless_list_is_cut() -> None:
    """More than a page can be recorded with is not read."""
    assert len(read([TOLD] * 5_000)) == 1_000
