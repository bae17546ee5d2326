"""Reads a platform's webhooks: checks the signature, and says which pages have news. It believes nothing else of them.

A webhook only wakes the poll, and the poll stays the truth: what a platform pushes may be late, doubled or left out.
Pure: no network, nothing stored. Sources: developers.facebook.com/docs/graph-api/webhooks/getting-started,
learn.microsoft.com/linkedin/shared/api-guide/webhook-validation, developers.tiktok.com/doc/webhooks-verification, and
Discourse's own ``emit_web_hook_event``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

MOST_BYTES = 1_000_000
MOST_PAGES = 1000
MOST_AGE = timedelta(minutes=5)

NO_WEBHOOK = "There is no webhook of {platform} that Beadle can read; it is polled."
_MOST_CHALLENGE = 200


class Refused(Exception):
    """The call isn't the platform's, or can't be read. Whoever called is not told why."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as it came in. Header names in small letters; ``body`` raw, as it was signed."""

    method: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """``secret`` signs the calls (the app's, or the webhook's own); ``verify_token`` is Meta's for the first call."""

    secret: str = field(repr=False)
    verify_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a genuine call says: an ``answer`` to send back, and the pages with news, by the platform's own ids.

    ``instance``: the address of the server that has news, where a call names no page (Discourse).
    """

    answer: str = ""
    content_type: str = "text/plain"
    pages: frozenset[str] = frozenset()
    instance: str | None = None


def platforms() -> tuple[str, ...]:
    """The platforms whose webhooks can be read."""
    return tuple(sorted(_READERS))


def hear(platform: str, call: Call, secrets: Secrets, now: datetime) -> Heard:
    """Read one call. Raises ``Refused`` for all that isn't signed by the platform, ``ValueError`` for one without
    webhooks."""
    reader = _READERS.get(platform)
    if reader is None:
        raise ValueError(NO_WEBHOOK.format(platform=platform))
    if len(call.body) > MOST_BYTES or call.method not in ("GET", "POST") or not secrets.secret:
        raise Refused
    return reader(call, secrets, now)


def _meta(call: Call, secrets: Secrets, _now: datetime) -> Heard:
    """Facebook, Instagram and Threads: a challenge at the subscription, then ``X-Hub-Signature-256``."""
    if call.method == "GET":
        token, challenge = call.query.get("hub.verify_token", ""), call.query.get("hub.challenge", "")
        subscribes = call.query.get("hub.mode") == "subscribe" and bool(secrets.verify_token)
        if not (subscribes and _same(token, secrets.verify_token) and _is_challenge(challenge)):
            raise Refused
        return Heard(answer=challenge)
    _check(call.headers.get("x-hub-signature-256"), "sha256=" + _signed(secrets.secret, call.body))
    told = _object(call.body)
    return Heard(pages=_ids([*(_get(entry, "id") for entry in _rows(told, "entry")), _get(told, "target_id")]))


def _linkedin(call: Call, secrets: Secrets, _now: datetime) -> Heard:
    """A challenge now and again, answered with its signature; then ``X-LI-Signature`` over a prefix and the body."""
    if call.method == "GET":
        challenge = call.query.get("challengeCode", "")
        if not _is_challenge(challenge):
            raise Refused
        answer = {"challengeCode": challenge, "challengeResponse": _signed(secrets.secret, challenge.encode())}
        return Heard(answer=json.dumps(answer), content_type="application/json")
    signed = _signed(secrets.secret, b"hmacsha256=" + call.body)
    _check(call.headers.get("x-li-signature", "").removeprefix("hmacsha256="), signed)
    told = _object(call.body)
    urns = [_get(each, "organizationalEntity") for each in _rows(told, "notifications")]
    return Heard(pages=_ids([*urns, _get(told, "organizationalEntity")]))


def _tiktok(call: Call, secrets: Secrets, now: datetime) -> Heard:
    """``TikTok-Signature: t=…,s=…`` over the time and the body; an old one is refused, it may be a copy."""
    parts = dict(part.strip().partition("=")[::2] for part in call.headers.get("tiktok-signature", "").split(","))
    at = parts.get("t", "")
    if call.method != "POST" or not at.isdecimal() or len(at) > 12 or abs(now.timestamp() - int(at)) > _AGE_S:
        raise Refused
    _check(parts.get("s"), _signed(secrets.secret, at.encode() + b"." + call.body))
    return Heard(pages=_ids([_get(_object(call.body), "user_openid")]))


def _discourse(call: Call, secrets: Secrets, _now: datetime) -> Heard:
    """``X-Discourse-Event-Signature`` over the body. The call names its server and no page."""
    if call.method != "POST":
        raise Refused
    _check(call.headers.get("x-discourse-event-signature"), "sha256=" + _signed(secrets.secret, call.body))
    _object(call.body)
    return Heard(instance=call.headers.get("x-discourse-instance"))


_AGE_S = MOST_AGE.total_seconds()
_READERS: Mapping[str, Callable[[Call, Secrets, datetime], Heard]] = {
    "discourse": _discourse,
    "facebook": _meta,
    "instagram": _meta,
    "linkedin": _linkedin,
    "threads": _meta,
    "tiktok": _tiktok,
}


def concerns(heard: Heard, page_id: str, base_url: str | None) -> bool:
    """Whether a page has news. LinkedIn names organizations by URN, a page's id may be the number alone."""
    if heard.instance is not None:
        return base_url is not None and _server(heard.instance) == _server(base_url)
    return page_id in heard.pages or any(each.rpartition(":")[2] == page_id for each in heard.pages)


def _signed(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _check(told: str | None, wanted: str) -> None:
    if not _same(told or "", wanted):
        raise Refused


def _same(told: str, wanted: str) -> bool:
    # In constant time: how long a comparison takes would tell how much of a guess was right.
    return hmac.compare_digest(told.encode("utf-8", "replace"), wanted.encode())


def _is_challenge(text: str) -> bool:
    # It is sent back: nothing that a browser would take for a page.
    return 0 < len(text) <= _MOST_CHALLENGE and text.replace("-", "").replace("_", "").isalnum() and text.isascii()


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused from None
    if not isinstance(told, dict):
        raise Refused
    return told


def _rows(told: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    rows = told.get(name)
    yield from (row for row in (rows if isinstance(rows, list) else [])[:MOST_PAGES] if isinstance(row, dict))


def _get(told: Mapping[str, Any], name: str) -> object:
    return told.get(name)


def _ids(found: list[object]) -> frozenset[str]:
    return frozenset(str(each) for each in found if isinstance(each, str | int) and not isinstance(each, bool))


def _server(address: str) -> str:
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        return (parts.netloc + parts.path).lower().rstrip("/")
    except ValueError:
        return ""
