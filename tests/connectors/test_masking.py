"""No secret leaves the transport, in any of its spellings."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._masking import Mask

SECRET = 'EAAK/se+cr"et=0123'


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(SECRET, id="raw"),
        pytest.param(quote(SECRET, safe=""), id="percent-encoded"),
        pytest.param(quote(SECRET, safe="").lower().replace("eaak", "EAAK"), id="percent-encoded in lower case"),
        pytest.param(quote_plus(SECRET), id="form-encoded"),
        pytest.param(json.dumps(SECRET)[1:-1], id="JSON-escaped"),
        pytest.param(json.dumps(SECRET)[1:-1].replace("/", "\\/"), id="JSON-escaped with slashes"),
    ],
)
def test_a_secret_is_masked_in_every_spelling(spelling: str) -> None:
    """Same length, nothing left of it, and counted."""
    body = f"before {spelling} after".encode()

    masked, count = Mask([SECRET]).data(body)

    assert masked == b"before " + b"*" * len(spelling) + b" after"
    assert count == 1
    assert Mask([SECRET]).text(f"x{spelling}y") == f"x{'*' * len(spelling)}y"


def test_credentials_that_nobody_configured_are_known_by_their_name() -> None:
    """Page tokens in ``/me/accounts`` and paging addresses."""
    body = b'{"access_token": "EAAZnew\\"x", "next": "https:\\/\\/h\\/?a=1&access_token=EAAZ1&after=Q"}'

    masked, count = Mask().data(body)

    assert masked == b'{"access_token": "**********", "next": "https:\\/\\/h\\/?a=1&access_token=*****&after=Q"}'
    assert count == 2


def test_headers_that_carry_credentials_are_masked_whole() -> None:
    """Whatever they contain."""
    pairs = [("Authorization", "Bearer x"), ("Set-Cookie", "sb=1"), ("X-App-Usage", "{}")]

    assert Mask().headers(pairs) == (("Authorization", "********"), ("Set-Cookie", "****"), ("X-App-Usage", "{}"))


def test_a_very_short_secret_does_not_deface_the_evidence() -> None:
    """Masking "a" would blacken every word of a resident."""
    assert Mask(["a", ""]).text("a banana") == "a banana"


@given(before=st.text(), secret=st.text(min_size=6, max_size=40), after=st.text())
def test_masking_keeps_the_length_of_any_text(before: str, secret: str, after: str) -> None:
    """And the secret is gone, wherever it stands."""
    words = before + secret + after

    masked = Mask([secret]).text(words)

    assert len(masked) == len(words)
    assert secret not in masked or set(secret) == {"*"}
