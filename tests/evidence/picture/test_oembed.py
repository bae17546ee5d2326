"""A platform's own text for embedding, fetched through the guard, as an answer to be sealed."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from bot.evidence.egress.guard import Guard
from bot.evidence.egress.hosts import Hosts
from bot.evidence.picture.oembed import embedded, fetch
from bot.evidence.picture.views import View, views
from connectors.contract import Exchange

BODY = json.dumps({"html": "<blockquote>plow my street</blockquote>", "author_name": "Ann"}).encode()


def _send(request: BaseHTTPRequestHandler, body: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def test_the_answer_is_kept_as_received(site: Any) -> None:
    """Address, status, headers and bytes; the view names where it is."""
    site.show("/oembed", lambda request: _send(request, BODY))
    (view,) = views("x", f"http://{site.host}/i/status/1")

    with Guard(Hosts((site.host,))) as guard:
        found = fetch(view, guard)

    assert isinstance(found, Exchange)
    assert (found.status, found.body, found.header("content-type")) == (200, BODY, "application/json")
    assert found.url.startswith(f"http://{site.host}/oembed?url=http%3A%2F%2F")
    assert site.asked == [found.url.partition(site.host)[2]]


def test_what_cannot_be_had_is_a_sentence(site: Any, stranger: Any) -> None:
    """A host that isn't allowed, and an answer of two megabytes."""
    site.show("/oembed", lambda request: _send(request, b"x" * 2_000_000))

    with Guard(Hosts((site.host,))) as guard:
        refused = fetch(View("oembed", f"http://{stranger.host}/oembed"), guard)
        large = fetch(View("oembed", f"http://{site.host}/oembed"), guard)

    assert refused == "The host is not among those allowed."
    assert large == "The platform's answer was too large, or too slow."
    assert stranger.connections == 0


def test_only_where_no_picture_may_be_taken_is_the_platform_asked(site: Any) -> None:
    """X is asked at the page's own hosts; a platform that is pictured isn't asked at all."""
    site.show("/oembed", lambda request: _send(request, BODY))
    permalink = f"http://{site.host}/i/status/1"

    assert embedded("facebook", permalink, [site.host]) is None
    found = embedded("x", permalink, [site.host])

    assert isinstance(found, Exchange)
    assert found.body == BODY
    assert embedded("x", permalink, []) == "The host is not among those allowed."
