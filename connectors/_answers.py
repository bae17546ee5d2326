"""Reads JSON answers: what was sent, or the sentence that says what to do next."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from connectors._errors import Malformed, Unavailable
from connectors._exchange import Exchange

CUT_SHORT = "The answer broke off in the middle; the call is tried again."
NOT_JSON = "{status} came with a body that is not JSON, likely from a gateway on the way; the call is tried again."
NOT_EXPECTED = "{platform} answered with something else than was asked for; the answer is kept, tell the maintainers."

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Throttled(Unavailable):
    """The platform refuses calls for now; whoever keeps the budget says until when. ``spent``: until it is renewed."""

    def __init__(
        self,
        sentence: str,
        *,
        exchange: Exchange | None = None,
        until: datetime | None = None,
        spent: bool = False,
        **facts: object,
    ) -> None:
        super().__init__(sentence, exchange=exchange, **facts)
        self.until, self.spent = until, spent


def decoded(exchange: Exchange, platform: str) -> Any:
    """The JSON value of an answer, whatever its HTTP status; ``None`` for 204 and for an empty body with an error.

    NUL and lone surrogates, which no database stores as text, become U+FFFD; the exchange keeps what was received.
    Errors: ``Unavailable`` for what is no JSON or half of it, ``Malformed`` for JSON that no platform nests so deep.
    """
    body = exchange.body.lstrip()
    if not body and (exchange.status == 204 or exchange.status >= 400):
        return None
    if not looks_like_json(body):
        sentence = NOT_JSON.format(status=f"HTTP {exchange.status}")
        raise Unavailable(sentence, exchange=exchange, status=exchange.status)
    try:
        answer = json.loads(body)
        return storable(answer) if b"\\u0000" in body or b"\\ud" in body.lower() else answer
    except RecursionError as error:
        raise Malformed(NOT_EXPECTED.format(platform=platform), exchange=exchange) from error
    except ValueError as error:
        raise Unavailable(CUT_SHORT, exchange=exchange, status=exchange.status) from error


def looks_like_json(body: bytes) -> bool:
    """Whether a body begins as JSON does (the other possibility is the page of a gateway or a portal)."""
    start = body.lstrip()[:5]
    return start.startswith((b"{", b"[", b'"', b"true", b"false", b"null", b"-")) or start[:1].isdigit()


def storable(value: Any) -> Any:
    """The same JSON value without characters that no database stores."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def the_object(value: Any, exchange: Exchange, platform: str) -> dict[str, Any]:
    """``value`` as a JSON object. ``Malformed`` when it is something else."""
    if not isinstance(value, dict):
        raise Malformed(NOT_EXPECTED.format(platform=platform), exchange=exchange)
    return value


def the_list(value: Any, exchange: Exchange, platform: str) -> list[Any]:
    """``value`` as a JSON array. ``Malformed`` when it is something else."""
    if not isinstance(value, list):
        raise Malformed(NOT_EXPECTED.format(platform=platform), exchange=exchange)
    return value
