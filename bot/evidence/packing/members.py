"""Which files lie in a package, under which names. Names are ours; nothing of a platform's is ever part of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from bot.evidence.canonical import canonical
from bot.evidence.capture import Capture
from bot.evidence.dossier import Dossier, Medium
from bot.evidence.packing.answers import name_of
from bot.evidence.packing.record import capture_facts, matches_of, name_of_medium, parent_of, post_of
from connectors.contract import Exchange

CARD = "data/card/evidence.pdf"
PAGE = "data/capture/page.wacz"
WARC = "data/api/api.warc.gz"
DOM = "data/capture/dom.html"
POST = "data/post.json"
PARENT = "data/parent-comment.json"


def package_members(dossier: Dossier, record: Mapping[str, Any], capture: Capture | None) -> dict[str, bytes]:
    """The payload of the package of a case, but for what is made from other parts of it (card, archives, keys)."""
    return {
        "data/record.json": canonical(record),
        "data/policy.yaml": dossier.policy.source,
        "data/policy.json": canonical(matches_of(dossier)),
        "data/README.txt": _readme("README.txt"),
        **capture_members(capture),
        **_media(dossier.media, record["media"]),
    }


def context_members(dossier: Dossier) -> dict[str, bytes]:
    """What the comment stood under: the post, and the comment that it answers, as they were delivered."""
    found: dict[str, bytes] = {}
    if dossier.post is not None:
        found[POST] = canonical({"post": post_of(dossier.post), "as_delivered": dict(dossier.post.raw)})
    if dossier.parent is not None:
        found[PARENT] = canonical({"comment": parent_of(dossier.parent), "as_delivered": dict(dossier.parent.raw)})
    return found


def supplement_members(
    record: Mapping[str, Any], capture: Capture | None, more: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The payload of a supplement: what happened after, and what proves it."""
    return {
        "data/record.json": canonical(record),
        "data/README.txt": _readme("README-supplement.txt"),
        **(capture_members(capture) if capture is not None else {}),
        **{f"data/files/{name}": data for name, data in more.items()},
    }


def api_members(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """Each request to the platform and its answer, one file a part."""
    members: dict[str, bytes] = {}
    for number, exchange in enumerate(exchanges, start=1):
        members[name_of(number, "request.http")] = _request(exchange)
        members[name_of(number, "response.http")] = _response(exchange)
        members[name_of(number, "response.body")] = exchange.body
    return members


def capture_members(capture: Capture | None) -> dict[str, bytes]:
    """The look at the public page, but for the record of its traffic."""
    members = {"data/capture/capture.json": canonical(capture_facts(capture))}
    if capture is None:
        return members
    if capture.viewport_png is not None:
        members["data/capture/viewport.png"] = capture.viewport_png
    if capture.comment_png is not None:
        members["data/capture/comment.png"] = capture.comment_png
    if capture.dom_html is not None:
        members[DOM] = capture.dom_html.encode("utf-8", "backslashreplace")
    return members


def _media(media: Sequence[Medium], described: object) -> dict[str, bytes]:
    if not media:
        return {}
    found = {"data/media.json": canonical(described)}
    for number, medium in enumerate(media, start=1):
        name = name_of_medium(number, medium)
        if name is not None and medium.data is not None:
            found[name] = medium.data
    return found


def _request(exchange: Exchange) -> bytes:
    parts = urlsplit(exchange.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    first = f"{exchange.method} {target} {exchange.http_version}"
    return _head(first, (("Host", parts.netloc), *_without_host(exchange.request_headers)))


def _response(exchange: Exchange) -> bytes:
    return _head(f"{exchange.http_version} {exchange.status}", exchange.headers)


def _head(first: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("utf-8", "backslashreplace")


def _without_host(headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers if name.lower() != "host")


def _readme(name: str) -> bytes:
    return files("bot.evidence.packing").joinpath("templates", name).read_bytes()
