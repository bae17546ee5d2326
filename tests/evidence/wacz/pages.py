"""A made-up page as a browser fetched it, and a key to sign it with. Run as a command: prints its archive's digest."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.evidence.capture import Capture, PageExchange
from bot.evidence.wacz.page import page_wacz

NOW = datetime(2026, 11, 20, 11, 2, 14, 123456, UTC)
PACKAGE = "ev-20261120T110214Z-b7bnl7cc6uxie"
PAGE = "https://social.example/millbrook/posts/777"
_KEY = ec.derive_private_key(20261120, ec.SECP384R1())


def sign(text: bytes) -> tuple[bytes, bytes]:
    """As the evidence's own key does it: the same text, the same signature."""
    r, s = decode_dss_signature(_KEY.sign(text, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    public = _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return r.to_bytes(48, "big") + s.to_bytes(48, "big"), public


def fetched(url: str = PAGE, body: bytes = b"<p>Lovely snow", **more: Any) -> PageExchange:
    """One request and its answer."""
    fields: dict[str, Any] = {
        "method": "GET",
        "request_headers": (("Host", "social.example"), ("User-Agent", "Mozilla/5.0")),
        "status": 200,
        "response_headers": (("Content-Type", "text/html; charset=utf-8"),),
        "started_at": NOW,
        "remote_ip": "192.0.2.7",
        "resource_type": "document",
    }
    return PageExchange(url=url, body=body, **{**fields, **more})


def captured(*exchanges: PageExchange, **more: Any) -> Capture:
    """A look at a page during which this was fetched."""
    return Capture("captured", url_asked=PAGE, url_final=more.pop("url_final", PAGE), exchanges=exchanges, **more)


def page() -> Capture:
    """A page with a redirect before it, a style sheet, a picture, and a request that we blocked."""
    return captured(
        fetched("https://social.example/p/777", b"", status=301, response_headers=(("Location", PAGE),)),
        fetched(
            body=b"<!doctype html><link rel=stylesheet href=/style.css><p>Lovely snow",
            response_headers=(
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Encoding", "gzip"),
                ("Content-Length", "58"),
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
            ),
            http_version="h2",
        ),
        fetched("https://social.example/style.css", b"p{color:red}", response_headers=(("Content-Type", "text/css"),)),
        fetched(
            "https://cdn.example/a.png?x=2&b=1", bytes(range(256)), response_headers=(("Content-Type", "image/png"),)
        ),
        fetched("https://ads.example/track", b"", status=0, response_headers=(), error="blocked"),
    )


if __name__ == "__main__":
    print(hashlib.sha256(page_wacz(page(), PACKAGE, sign, NOW) or b"").hexdigest())
