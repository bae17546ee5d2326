"""Signed requests: the same payloads, posted to the app's own address.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.demo.slack.envelope import Delivered, Envelope

Json = dict[str, Any]
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
ROBOT = "Slackbot 1.0 (+https://api.slack.com/robots)"


def signature(secret: str, body: bytes, timestamp: int | str) -> str:
    """``X-Slack-Signature`` of a body, such as ``v0=a2114d57...``."""
    base = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def body_of(envelope: Envelope) -> tuple[bytes, str]:
    """What is posted, and its content type."""
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload).encode(), JSON
    fields = envelope.payload if envelope.kind == "slash_commands" else {"payload": json.dumps(envelope.payload)}
    return urlencode(fields).encode(), FORM


class SignedRequests:
    """Posts to ``url``. ``secret`` signs; ``age`` makes a request look so many seconds old."""

    def __init__(self, url: str, secret: str, age: int = 0) -> None:
        self._url = url
        self._secret = secret
        self._age = age

    def deliver(self, envelope: Envelope, patience: float, redeliveries: int, attempt: int = 0) -> Delivered:
        """Post until the answer is 200, each time with ``patience`` seconds; any other answer leaves its status."""
        began, status, reason = time.monotonic(), None, ""
        for number in range(1 + redeliveries):
            status, raw, failure = self._post(envelope, attempt + number, reason or "http_timeout", patience)
            if status == 200:
                return Delivered(envelope, True, time.monotonic() - began, _said(raw), number + 1, status)
            reason = failure or "http_error"
        return Delivered(envelope, attempts=1 + redeliveries, status=status)

    def _post(self, envelope: Envelope, attempt: int, reason: str, patience: float) -> tuple[int | None, bytes, str]:
        body, kind = body_of(envelope)
        at = int(time.time()) - self._age
        headers = {"Content-Type": kind, "User-Agent": ROBOT, "X-Slack-Request-Timestamp": str(at),
                   "X-Slack-Signature": signature(self._secret, body, at)}  # fmt: skip
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        address = urlsplit(self._url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=patience)
        try:
            connection.request("POST", address.path or "/", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), ""
        except TimeoutError:
            return None, b"", "http_timeout"
        except (OSError, http.client.HTTPException):
            return None, b"", "connection_failed"
        finally:
            connection.close()


def _said(raw: bytes) -> Json | None:
    """A JSON answer as it is; bare words are a message, as for a command."""
    if not raw.strip():
        return None
    try:
        said = json.loads(raw)
    except ValueError:
        return {"text": raw.decode("utf-8", "replace")}
    return said if isinstance(said, dict) else None
