"""Which files lie in a package, under which names. Names are ours; nothing of a platform's is ever part of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from bot.evidence.canonical import canonical
from bot.evidence.capture import Capture
from bot.evidence.dossier import Dossier
from bot.evidence.packing.record import capture_facts, matches_of
from connectors.contract import Exchange

CARD = "data/card/evidence.pdf"


def package_members(
    dossier: Dossier, record: Mapping[str, Any], capture: Capture | None, card: bytes
) -> dict[str, bytes]:
    """The payload of the package of a case."""
    return {
        "data/record.json": canonical(record),
        "data/policy.yaml": dossier.policy.source,
        "data/policy.json": canonical(matches_of(dossier)),
        "data/README.txt": _readme("README.txt"),
        CARD: card,
        **_api(dossier.exchanges),
        **_capture(capture),
    }


def supplement_members(record: Mapping[str, Any], exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    """The payload of a supplement: what happened after, and the platform's answers."""
    return {
        "data/record.json": canonical(record),
        "data/README.txt": _readme("README-supplement.txt"),
        **_api(exchanges),
    }


def _api(exchanges: Sequence[Exchange]) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    for number, exchange in enumerate(exchanges, start=1):
        members[f"data/api/{number:03}-request.http"] = _request(exchange)
        members[f"data/api/{number:03}-response.http"] = _response(exchange)
        members[f"data/api/{number:03}-response.body"] = exchange.body
    return members


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


def _capture(capture: Capture | None) -> dict[str, bytes]:
    members = {"data/capture/capture.json": canonical(capture_facts(capture))}
    if capture is None:
        return members
    if capture.viewport_png is not None:
        members["data/capture/viewport.png"] = capture.viewport_png
    if capture.comment_png is not None:
        members["data/capture/comment.png"] = capture.comment_png
    if capture.dom_html is not None:
        members["data/capture/dom.html"] = capture.dom_html.encode("utf-8", "backslashreplace")
    return members


def _readme(name: str) -> bytes:
    return files("bot.evidence.packing").joinpath("templates", name).read_bytes()
