"""Records what the browser fetches for a page, by its own account (Chrome DevTools Protocol, domain Network).

Runs in the capture process only. TLS stays the browser's business: nobody sits in between.
"""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Error

Event = dict[str, Any]

LARGEST_BODY = 20_000_000
LARGEST_PAGE = 60_000_000
LARGEST_RECORD = 25_000_000
"""Decoded bytes: of one answer, of all the answers of a page, and of what is handed on of them."""
MOST_REQUESTS = 500

BLOCKED = "blocked"
TOO_MUCH = "The page asked for more than we take; it was stopped."
RECODED = "the body is the browser's text in UTF-8, not the server's bytes"
TOO_LARGE = "larger than we take"
UNFINISHED = "unfinished when the picture was taken"
_BLOCKED = ("net::ERR_BLOCKED_BY_CLIENT", "net::ERR_BLOCKED_BY_ADMINISTRATOR")


@dataclass(slots=True, eq=False)
class _Hop:
    """One request and its answer so far. A redirect ends one and begins the next, under the same id."""

    request_id: str
    url: str
    method: str
    kind: str
    at: float
    request_headers: Event
    answer: Event | None = None
    has_extra: bool = False
    size: int = 0
    ended: bool = False
    body: bytes = b""
    truncated: bool = False
    error: str = ""
    raw_request: Event = field(default_factory=dict)
    raw_answer: Event = field(default_factory=dict)


class Recorder:
    """Begins at once: make it before the page goes anywhere. ``cdp`` is a session of that page."""

    def __init__(self, cdp: CDPSession) -> None:
        self._hops: list[_Hop] = []
        self._by_id: dict[str, list[_Hop]] = {}
        self._raw_requests: dict[str, list[Event]] = {}
        self._raw_answers: dict[str, list[Event]] = {}
        self._left_out = 0
        self._received = 0
        self.stopped = ""
        """A sentence when the page was stopped because it asked for too much."""
        self._client = cdp
        for event, heard in self._listeners().items():
            self._client.on(f"Network.{event}", heard)
        self._client.send("Network.enable", {"maxTotalBufferSize": LARGEST_PAGE, "maxResourceBufferSize": LARGEST_BODY})

    def end(self) -> tuple[list[Event], dict[str, int]]:
        """What was fetched until now, in the order of the requests, as JSON values (see ``exchanges.read``); and counts
        of what became of the requests, for the record of the capture."""
        self._match_raw()
        left = LARGEST_RECORD
        told = []
        for one in map(self._told, self._hops):
            if _weight(one) > left:
                one.update(body="", truncated=True)
            if _weight(one) > left:
                self._left_out += 1
                continue
            left -= _weight(one)
            told.append(one)
        return told, self._counts(told)

    def _counts(self, told: list[Event]) -> dict[str, int]:
        return {
            "requests": len(told) + self._left_out,
            "answered": sum(one["status"] != 0 for one in told),
            "blocked": sum(one["error"] == BLOCKED for one in told),
            "truncated": sum(one["truncated"] for one in told),
            "left_out": self._left_out,
            "bytes_received": self._received,
        }

    def _listeners(self) -> dict[str, Callable[[Event], None]]:
        return {
            "requestWillBeSent": self._asked,
            "requestWillBeSentExtraInfo": lambda event: self._keep_raw(self._raw_requests, event),
            "responseReceived": self._answered,
            "responseReceivedExtraInfo": lambda event: self._keep_raw(self._raw_answers, event),
            "requestServedFromCache": self._not_fetched,
            "dataReceived": self._data,
            "loadingFinished": self._finished,
            "loadingFailed": self._failed,
        }

    def _asked(self, event: Event) -> None:
        if "redirectResponse" in event and (before := self._hop(event)) is not None:
            _answer(before, event["redirectResponse"], bool(event.get("redirectHasExtraInfo")))
            before.ended = True
        request = event["request"]
        if not request["url"].startswith(("http://", "https://")):
            return
        if len(self._hops) >= MOST_REQUESTS:
            self._left_out += 1
            self._stop()
            return
        hop = _Hop(
            event["requestId"],
            request["url"],
            request["method"],
            event.get("type", ""),
            float(event["wallTime"]),
            request["headers"],
        )
        self._hops.append(hop)
        self._by_id.setdefault(hop.request_id, []).append(hop)

    def _answered(self, event: Event) -> None:
        if (hop := self._hop(event)) is not None:
            _answer(hop, event["response"], bool(event.get("hasExtraInfo")))

    def _not_fetched(self, event: Event) -> None:
        """From the page's own memory: nobody was asked."""
        for hop in self._by_id.pop(event["requestId"], []):
            self._hops.remove(hop)

    def _data(self, event: Event) -> None:
        size = int(event["dataLength"])
        self._received += size
        hop = self._hop(event)
        if hop is not None:
            hop.size += size
            if hop.size > LARGEST_BODY:
                hop.truncated, hop.error = True, TOO_LARGE
        if self._received > LARGEST_PAGE or (hop is not None and hop.truncated):
            self._stop()

    def _finished(self, event: Event) -> None:
        hop = self._hop(event)
        if hop is not None:
            if hop.size and not hop.truncated:
                self._fetch(hop)
            hop.ended = True

    def _failed(self, event: Event) -> None:
        hop = self._hop(event)
        if hop is not None:
            hop.ended = True
            if _is_whole(hop):  # a script that doesn't read an empty answer counts as having broken it off
                return
            said = str(event.get("errorText", ""))[:200] or "failed"
            hop.error = hop.error or (BLOCKED if "blockedReason" in event or said in _BLOCKED else said)
            hop.truncated = hop.answer is not None

    def _keep_raw(self, kept: dict[str, list[Event]], event: Event) -> None:
        of_request = kept.setdefault(event["requestId"], []) if len(kept) < 2 * MOST_REQUESTS else []
        if len(of_request) < MOST_REQUESTS:
            of_request.append(event)

    def _hop(self, event: Event) -> _Hop | None:
        hops = self._by_id.get(event["requestId"])
        return hops[-1] if hops else None

    def _fetch(self, hop: _Hop) -> None:
        """Now, not at the end: a page that goes elsewhere takes its bodies along."""
        try:
            found = self._client.send("Network.getResponseBody", {"requestId": hop.request_id})
        except Error:
            hop.truncated = True
            return
        hop.body = base64.b64decode(found["body"]) if found["base64Encoded"] else _bytes_of(hop, found["body"])

    def _stop(self) -> None:
        if self.stopped:
            return
        self.stopped = TOO_MUCH
        try:
            self._client.send("Network.setBlockedURLs", {"urls": ["*"]})
            self._client.send("Page.stopLoading")
        except Error:
            return  # it is gone already

    def _match_raw(self) -> None:
        """Headers as they stood on the wire come in events of their own, in the same order, without saying of which
        redirect."""
        for request_id, hops in self._by_id.items():
            with_raw = [hop for hop in hops if hop.has_extra]
            for hop, raw in zip(with_raw, self._raw_answers.get(request_id, ()), strict=False):
                hop.raw_answer = raw
            for hop, raw in zip(with_raw, self._raw_requests.get(request_id, ()), strict=False):
                hop.raw_request = raw

    def _told(self, hop: _Hop) -> Event:
        answer = hop.answer or {}
        return {
            "url": hop.url,
            "method": hop.method,
            "request_headers": _headers(hop.raw_request, hop.request_headers),
            "status": int(answer.get("status", 0)),
            "response_headers": _headers(hop.raw_answer, answer.get("headers", {})),
            "body": base64.b64encode(hop.body).decode("ascii"),
            "at": hop.at,
            "ip": None,  # the browser sees only the guard's: see ``with_addresses``
            "mime": answer.get("mimeType"),
            "truncated": hop.truncated or (hop.answer is not None and not hop.ended),
            "kind": hop.kind.lower(),
            "protocol": answer.get("protocol", ""),
            "error": hop.error or ("" if hop.ended else UNFINISHED),
        }


def with_addresses(told: Iterable[Event], connected: Iterable[tuple[str, str]]) -> None:
    """Add the servers' addresses, from the guard's list of hosts and what they were connected to. A host that was
    reached at several gets none: which of them answered isn't known."""
    found: dict[str, set[str]] = {}
    for host, address in connected:
        found.setdefault(host, set()).add(address)
    for one in told:
        addresses = found.get(urlsplit(one["url"]).hostname or "", set())
        one["ip"] = next(iter(addresses)) if len(addresses) == 1 and one["status"] else None


def _answer(hop: _Hop, answer: Event, has_extra: bool) -> None:
    hop.answer, hop.has_extra = answer, has_extra


def _is_whole(hop: _Hop) -> bool:
    headers = {name.lower(): value for name, value in (hop.answer or {}).get("headers", {}).items()}
    empty = headers.get("content-length") == "0" or (hop.answer or {}).get("status") in (204, 304)
    return empty and hop.size == 0


def _headers(raw: Event, otherwise: Event) -> list[tuple[str, str]]:
    """As they stood on the wire where the browser tells (HTTP/1.1), else as it lists them, sorted.

    Its text of them loses bytes where they aren't UTF-8, the end of a line with them: so it must agree with its list.
    """
    listed = raw.get("headers") or otherwise
    lines = [line.partition(":") for line in raw.get("headersText", "").split("\r\n")[1:] if line]
    on_the_wire = [(name, value.strip()) for name, _, value in lines]
    if _by_name(on_the_wire) == {name.lower(): str(value) for name, value in listed.items()}:
        return on_the_wire
    return [(name, value) for name, values in listed.items() for value in str(values).split("\n")]


def _by_name(headers: list[tuple[str, str]]) -> dict[str, str]:
    """As the browser lists them: one text for a name, joined by line breaks."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return {name: "\n".join(values) for name, values in found.items()}


def _bytes_of(hop: _Hop, text: str) -> bytes:
    """The server's bytes from the browser's text: they are found when an encoding gives as many as were received."""
    for encoding, mark in (("utf-8", b""), ("utf-8", codecs.BOM_UTF8), (_charset(hop), b"")):
        try:
            found = mark + text.encode(encoding)
        except (UnicodeError, LookupError):
            continue
        if len(found) == hop.size:
            return found
    hop.error = RECODED
    return text.encode("utf-8", "replace")


def _charset(hop: _Hop) -> str:
    return str((hop.answer or {}).get("charset") or "cp1252")


def _weight(told: Event) -> int:
    headers = [*told["request_headers"], *told["response_headers"]]
    return len(told["body"]) + len(told["url"]) + sum(len(name) + len(value) for name, value in headers)
