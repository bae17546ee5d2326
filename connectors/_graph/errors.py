"""Reads an answer of a Graph platform: the object that was asked for, or the error that says what to do next.

facebook-sdk looks at the body's message and code alone; the HTTP status, ``error_subcode``, ``is_transient`` and the
headers decide here (developers.facebook.com/docs/graph-api/guides/error-handling).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connectors._answers import NOT_JSON, Throttled, decoded, looks_like_json
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

MAKE_NEW = "{why} Make a new {credential} and store it where the page's settings look for it."
TOKEN_SENTENCES = {
    458: "The app was removed from the account that made the token.",
    459: "{platform} wants the account that made the token to log in at {site} and confirm who it is.",
    460: "The password of the account that made the token was changed.",
    463: "The token has run out.",
    464: "The account that made the token is not confirmed; log in at {site}.",
    467: "The token was withdrawn.",
}
NOT_ACCEPTED = "{platform} does not accept the token."
NO_PERMISSION = "The token may not do this (error {code}); {rights}."
NO_OBJECT = "{platform} has no such object, or this token may not see it."
SPAM = (
    "{platform} blocked the page's account from acting for a while (error 368); all writing stops, and a person looks "
    "at {inbox}."
)
NOT_ON_NEW_PAGES = "{platform} does not offer this call for New Pages; do it by hand on the page."
TOO_MUCH = "{platform} asks for smaller pages of data."
TRY_LATER = "{platform} has a passing trouble (HTTP {status}, error {code}); the call is tried again."
NOT_AN_OBJECT = "{platform} answered with something else than an object; the answer is kept, tell the maintainers."
NOT_UNDERSTOOD = "{platform} refused the call (HTTP {status}, error {code}); the answer is kept, tell the maintainers."


class TooMuchData(Unavailable):
    """The same call with smaller limits will do."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What differs between the Meta platforms in the sentences for people."""

    platform: str
    site: str
    credential: str
    rights: str
    inbox: str


FACEBOOK = Wording(
    "Facebook",
    site="facebook.com",
    credential="page token",
    rights="give its account the MODERATE task on the page and the app the permissions that `check` names",
    inbox="the page's Support Inbox",
)


def read_answer(exchange: Exchange, wording: Wording = FACEBOOK) -> dict[str, Any]:
    """The JSON object of an answer, or an error in the words of one Meta platform.

    NUL and lone surrogates, which no database stores as text, become U+FFFD; the exchange keeps what was received.
    Errors: the tree of ``connectors.contract``, each with the exchange.
    """
    if not looks_like_json(exchange.body):
        raise _from_status(exchange, wording)
    answer = decoded(exchange, wording.platform)
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        raise _from_body(error, exchange, wording)
    if exchange.status >= 400:
        raise _from_status(exchange, wording)
    if not isinstance(answer, dict):
        raise Malformed(_said(NOT_AN_OBJECT, wording), exchange=exchange)
    return answer


def _said(sentence: str, wording: Wording, **facts: object) -> str:
    return sentence.format(**asdict(wording), **facts)


def _from_status(exchange: Exchange, wording: Wording) -> ConnectorError:
    status = exchange.status
    if status == 401:
        return AuthFailed(_said(_make_new(None), wording), exchange=exchange, status=status)
    if status == 429:
        sentence = _said(TRY_LATER, wording, status=status, code="none")
        return Throttled(sentence, exchange=exchange, status=status)
    return Unavailable(NOT_JSON.format(status=f"HTTP {status}"), exchange=exchange, status=status)


def _make_new(subcode: int | None) -> str:
    return MAKE_NEW.replace("{why}", TOKEN_SENTENCES.get(subcode or 0, NOT_ACCEPTED))


def _from_body(error: Mapping[str, Any], exchange: Exchange, wording: Wording) -> ConnectorError:
    code, subcode = _integer(error.get("code")), _integer(error.get("error_subcode"))
    kind, sentence = _kind(code, subcode, error, exchange.status)
    return kind(
        _said(sentence, wording, code=code, status=exchange.status),
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
        return AuthFailed, _make_new(subcode)
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
