"""No secret of the city is ever sealed."""

from __future__ import annotations

import base64
import os
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.binder import SECRET_ON_PAGE
from bot.evidence.capture import Capture, PageExchange
from bot.evidence.packing.answers import LARGEST_BODY, fit
from bot.evidence.packing.leaks import Leaks
from connectors.contract import Exchange
from tests.evidence.conftest import NOW

SECRET = "EAAB/secret+token=1234567890"


@given(st.binary(max_size=300), st.binary(max_size=300), st.sampled_from(["EAAB/secret+token=1", "xoxb-aaaaaaaa"]))
def test_a_secret_is_found_wherever_it_stands(before: bytes, after: bytes, secret: str) -> None:
    """At an even or odd place, at the very beginning or end, beside anything."""
    leaks = Leaks([secret, "another-secret"])
    data = before + secret.encode() + after

    masked, spans = leaks.mask(data)

    assert any(start <= len(before) < end for start, end in spans)
    assert len(masked) == len(data)
    assert leaks.find(masked) == ()


@given(st.lists(st.sampled_from([b"xoxb-", b"xoxb-aaaa", b"aaaa", b"-", b"xo"]), max_size=60))
def test_the_search_finds_exactly_what_a_plain_search_finds(pieces: list[bytes]) -> None:
    """The two tables are a short cut and nothing else: no hit is lost, none is made up."""
    data = b"".join(pieces)
    plain = {at for at in range(len(data)) if data.startswith(b"xoxb-aaaa", at)}
    found = Leaks(["xoxb-aaaa"]).find(data)

    assert {at for start, end in found for at in range(start, end - 8) if data.startswith(b"xoxb-aaaa", at)} == plain
    assert bool(found) is bool(plain)


def test_a_secret_across_the_border_of_two_pieces_is_found() -> None:
    """A large file is searched in pieces of 256 kB; what lies across a border is no less a secret."""
    leaks = Leaks([SECRET])
    for offset in range(-40, 8):
        data = b"." * ((1 << 18) + offset) + SECRET.encode() + b"." * 50

        assert leaks.find(data) == (((1 << 18) + offset, (1 << 18) + offset + len(SECRET)),)


def test_secrets_without_end_do_not_slow_the_search_down() -> None:
    """Twenty secrets in all their forms in 32 MB of noise: at least 100 MB for each second of the processor."""
    leaks = Leaks([os.urandom(24).hex() for _ in range(20)])
    data = os.urandom(1 << 25)
    since = time.process_time()

    assert leaks.find(data) == ()
    assert len(data) / (time.process_time() - since) > 100e6


def test_headers_that_carry_credentials_are_masked_whole(exchange: Exchange) -> None:
    """Known to us or not: authorization and cookies go out in asterisks of the same length, and the record says so."""
    heads = (("Authorization", "Bearer abc"), ("Cookie", "s=1"), ("accept", "*/*"))
    answers = fit([replace(exchange, request_headers=heads, headers=(("Set-Cookie", "s=2; Secure"),))], Leaks(()))
    (kept,) = answers.exchanges

    assert kept.request_headers == (("Authorization", "**********"), ("Cookie", "***"), ("accept", "*/*"))
    assert kept.headers == (("Set-Cookie", "***********"),)
    assert [(mask.member[-13:], mask.part) for mask in answers.masks] == [
        ("-request.http", "header Authorization"),
        ("-request.http", "header Cookie"),
        ("response.http", "header Set-Cookie"),
    ]


def test_a_secret_in_an_address_is_masked(exchange: Exchange) -> None:
    """URL-encoded in the query, as platforms do it."""
    answers = fit(
        [replace(exchange, url=f"https://graph.example/x?next={quote(SECRET, safe='')}&a=1")], Leaks([SECRET])
    )

    assert answers.exchanges[0].url == f"https://graph.example/x?next={'*' * len(quote(SECRET, safe=''))}&a=1"
    assert [mask.part for mask in answers.masks] == ["address"]


def test_a_secret_that_the_cap_would_cut_in_two_is_masked_first(exchange: Exchange) -> None:
    """Half a token would pass every search."""
    body = b"." * (LARGEST_BODY - 10) + SECRET.encode()
    (kept,) = fit([replace(exchange, body=body)], Leaks([SECRET])).exchanges

    assert kept.body == b"." * (LARGEST_BODY - 10) + b"*" * 10


@pytest.mark.parametrize("where", ["body", "header", "url"])
def test_a_secret_in_the_traffic_of_the_page_leaves_the_record_of_it_out(
    make_archive: Any, make_dossier: Any, where: str
) -> None:
    """What is compressed and signed can't be masked afterwards; the picture and the rest are sealed all the same."""
    hidden = base64.b64encode(b"x" + SECRET.encode()).decode()
    fetched = PageExchange(
        f"https://social.example/{hidden if where == 'url' else ''}",
        "GET",
        (("user-agent", "Chromium"),),
        200,
        (("x-debug", hidden if where == "header" else ""),),
        hidden.encode() if where == "body" else b"<p>",
        NOW,
    )
    capture = Capture("captured", viewport_png=b"\x89PNG", dom_html=f"<p>{SECRET}</p>", exchanges=(fetched,))
    archive = make_archive(secrets=[SECRET])

    package = archive.read(archive.seal(make_dossier(), capture).package_id)

    assert "data/capture/page.wacz" not in package.members
    assert SECRET_ON_PAGE in package.record["gaps"]
    assert package.members["data/capture/viewport.png"] == b"\x89PNG"
    assert package.members["data/capture/dom.html"] == b"<p>" + b"*" * len(SECRET) + b"</p>"
    assert package.record["secrets_masked"][0]["member"] == "data/capture/dom.html"


def test_traffic_without_a_secret_is_in_the_package(make_archive: Any, make_dossier: Any) -> None:
    """The other side of the test before."""
    asked, answered = (("user-agent", "Chromium"),), (("content-type", "text/html"),)
    fetched = PageExchange("https://social.example/", "GET", asked, 200, answered, b"<p>", NOW)
    archive = make_archive(secrets=[SECRET])

    package = archive.read(archive.seal(make_dossier(), Capture("captured", exchanges=(fetched,))).package_id)

    assert package.members["data/capture/page.wacz"].startswith(b"PK")
    assert package.record["provenance"]["page_user_agent"] == "Chromium"
    assert package.record["gaps"] == []
