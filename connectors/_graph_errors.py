"""Reads an answer of a Graph platform: the object that was asked for, or the error that says what to do next.

facebook-sdk looks at the body's message and code alone; the HTTP status, ``error_subcode``, ``is_transient`` and the
headers decide here (developers.facebook.com/docs/graph-api/guides/error-handling).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from connectors.contract import (
    AuthFailed,
    Blocked,
    ConnectorError,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    Unavailable,
    Unsupported,
)

TOKEN_CODES = frozenset({102, 190})
PERMISSION_CODES = frozenset({3, 10, *range(200, 300)})
LIMIT_CODES = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
TRANSIENT_CODES = frozenset({1, 2})
SPAM_CODE = 368
PARAMETER_CODE, NO_OBJECT_SUBCODE, NO_ALIAS_CODE = 100, 33, 803
NO_NEW_PAGES_SUBCODE = 2069030

MAKE_NEW = "{why} Make a new page token and store it where the page's settings look for it."
TOKEN_SENTENCES = {
    458: "The app was removed from the account that made the token.",
    459: "Facebook wants the account that made the token to log in at facebook.com and confirm who it is.",
    460: "The password of the account that made the token was changed.",
    463: "The token has run out.",
    464: "The account that made the token is not confirmed; log in at facebook.com.",
    467: "The token was withdrawn.",
}
NOT_ACCEPTED = "Facebook does not accept the token."
NO_PERMISSION = (
    "The token may not do this (error {code}); give its account the MODERATE task on the page and the app the "
    "permissions that `check` names."
)
NO_OBJECT = "Facebook has no such object, or this token may not see it."
SPAM = (
    "Facebook blocked the page's account from acting for a while (error 368); all writing stops, and a person looks at "
    "the page's Support Inbox."
)
NOT_ON_NEW_PAGES = "Facebook does not offer this call for New Pages; do it by hand on the page."
TOO_MUCH = "Facebook asks for smaller pages of data."
TRY_LATER = "Facebook has a passing trouble (HTTP {status}, error {code}); the call is tried again."
NOT_JSON = "{status} came with a body that is not JSON, likely from a gateway on the way; the call is tried again."
CUT_SHORT = "The answer broke off in the middle; the call is tried again."
NOT_AN_OBJECT = "Facebook answered with something else than an object; the answer is kept, tell the maintainers."
NOT_UNDERSTOOD = "Facebook refused the call (HTTP {status}, error {code}); the answer is kept, tell the maintainers."

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class TooMuchData(Unavailable):
    """The same call with smaller limits will do."""


class Throttled(Unavailable):
    """The platform refuses calls for now; whoever keeps the throttle says until when."""


def read_answer(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of an answer.

    NUL and lone surrogates, which no database stores as text, become U+FFFD; the exchange keeps what was received.
    Errors: the tree of ``connectors.contract``, each with the exchange.
    """
    answer = _decoded(exchange)
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        raise _from_body(error, exchange)
    if exchange.status >= 400:
        raise _from_status(exchange)
    if not isinstance(answer, dict):
        raise Malformed(NOT_AN_OBJECT, exchange=exchange)
    return answer


def _decoded(exchange: Exchange) -> Any:
    body = exchange.body.lstrip()
    if not body.startswith((b"{", b"[", b'"', b"true", b"false", b"null")):
        raise _from_status(exchange)
    try:
        answer = json.loads(body)
        return _storable(answer) if b"\\u0000" in body or b"\\ud" in body.lower() else answer
    except RecursionError as error:
        raise Malformed(NOT_AN_OBJECT, exchange=exchange) from error
    except ValueError as error:
        raise Unavailable(CUT_SHORT, exchange=exchange, status=exchange.status) from error


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def _from_status(exchange: Exchange) -> ConnectorError:
    status = exchange.status
    if status == 401:
        return AuthFailed(MAKE_NEW.format(why=NOT_ACCEPTED), exchange=exchange, status=status)
    if status == 429:
        return Throttled(TRY_LATER.format(status=status, code="none"), exchange=exchange, status=status)
    return Unavailable(NOT_JSON.format(status=f"HTTP {status}"), exchange=exchange, status=status)


def _from_body(error: Mapping[str, Any], exchange: Exchange) -> ConnectorError:
    code, subcode = _integer(error.get("code")), _integer(error.get("error_subcode"))
    kind, sentence = _kind(code, subcode, error, exchange.status)
    return kind(
        sentence.format(code=code, status=exchange.status),
        exchange=exchange,
        code=code,
        subcode=subcode,
        status=exchange.status,
        is_transient=bool(error.get("is_transient")),
        fbtrace_id=str(error.get("fbtrace_id") or "")[:64],
    )


def _kind(
    code: int | None, subcode: int | None, error: Mapping[str, Any], status: int
) -> tuple[type[ConnectorError], str]:
    if code in TOKEN_CODES or status == 401:
        return AuthFailed, MAKE_NEW.format(why=TOKEN_SENTENCES.get(subcode or 0, NOT_ACCEPTED))
    if subcode == NO_NEW_PAGES_SUBCODE:
        return Unsupported, NOT_ON_NEW_PAGES
    if code == SPAM_CODE:
        return Blocked, SPAM
    if code in LIMIT_CODES or status == 429:
        return Throttled, TRY_LATER
    if code in PERMISSION_CODES:
        return PermissionLost, NO_PERMISSION
    if (code == PARAMETER_CODE and subcode == NO_OBJECT_SUBCODE) or code == NO_ALIAS_CODE or status == 404:
        return Gone, NO_OBJECT
    if code in TRANSIENT_CODES and "reduce the amount of data" in str(error.get("message")).lower():
        return TooMuchData, TOO_MUCH
    if code in TRANSIENT_CODES or error.get("is_transient") is True or status >= 500:
        return Unavailable, TRY_LATER
    return Malformed, NOT_UNDERSTOOD


def _integer(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
