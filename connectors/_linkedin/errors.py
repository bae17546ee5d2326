"""Reads an answer of LinkedIn's API: the object, or the error that says what to do next.

learn.microsoft.com/linkedin/shared/api-guide/concepts/error-handling and /rate-limits; the body's ``code`` and
``serviceErrorCode`` only refine what the HTTP status says.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._answers import Throttled, decoded, the_object
from connectors._values import a_count, words
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

NAME = "LinkedIn"

NOT_ACCEPTED = (
    "LinkedIn does not accept the access token ({code}); let an administrator of the page authorise the app again and "
    "store the new tokens."
)
MAY_NOT = (
    "LinkedIn does not let this account do that ({code}); make the member behind the token ADMINISTRATOR of the page, "
    "and look in the developer portal whether the app still has the Community Management product and its scopes."
)
NOT_THERE = "LinkedIn has no such comment or post any more."
OLD_VERSION = (
    "LinkedIn no longer serves this version of its API; set the option version of the page to a current one (YYYYMM, "
    "each lives about a year)."
)
RESTRICTED = "LinkedIn restricted the account behind the token ({code}); all writing stops, and a person logs in there."
TOO_FAST = "LinkedIn asks for fewer calls."
SPENT = "The day's calls to LinkedIn are spent; they are renewed at 00:00 UTC."
TRY_LATER = "LinkedIn has a passing trouble (HTTP {status}, {code}); the call is tried again."
NOT_UNDERSTOOD = "LinkedIn refused the call (HTTP {status}, {code}); the answer is kept, tell the maintainers."

_VERSION_CODES = frozenset({"NONEXISTENT_VERSION", "VERSION_MISSING", "INVALID_VERSION"})
_RESTRICTED_CODES = frozenset({"MEMBER_RESTRICTED", "RESTRICTED_MEMBER"})
_BY_STATUS: dict[int, tuple[type[ConnectorError], str]] = {
    401: (AuthFailed, NOT_ACCEPTED),
    403: (PermissionLost, MAY_NOT),
    404: (Gone, NOT_THERE),
    410: (Gone, NOT_THERE),
    426: (Unsupported, OLD_VERSION),
    # Somebody else wrote at the same moment.
    408: (Unavailable, TRY_LATER),
    409: (Unavailable, TRY_LATER),
}


def read(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of an answer; an empty one where the answer has no content (204).

    Errors: the tree of ``connectors.contract``, ``Throttled`` for limits, each with the exchange.
    """
    answer = decoded(exchange, NAME)
    told: dict[str, Any] = answer if isinstance(answer, dict) else {}
    # An error inside a good answer counts as one.
    if exchange.status >= 400 or ("serviceErrorCode" in told and "elements" not in told):
        raise _failure(told, exchange)
    return {} if exchange.status == 204 else the_object(answer, exchange, NAME)


def _failure(told: dict[str, Any], exchange: Exchange) -> ConnectorError:
    code = (words(told.get("code")) or str(told.get("serviceErrorCode") or "no code"))[:60]
    status = exchange.status if exchange.status >= 400 else a_count(told.get("status")) or exchange.status
    if status == 429:
        return _limit(words(told.get("message")) or "", exchange)
    kind, sentence = _kind(code, status)
    return kind(sentence.format(code=code, status=status), exchange=exchange, status=status, code=code)


def _kind(code: str, status: int) -> tuple[type[ConnectorError], str]:
    if code in _VERSION_CODES:
        return Unsupported, OLD_VERSION
    if code in _RESTRICTED_CODES:
        return Blocked, RESTRICTED
    return _BY_STATUS.get(status, (Unavailable, TRY_LATER) if status >= 500 else (Malformed, NOT_UNDERSTOOD))


def _limit(message: str, exchange: Exchange) -> Throttled:
    if "DAY limit" in message or "daily" in message.lower():
        until = next_midnight(exchange.started_at)
        return Throttled(SPENT, exchange=exchange, until=until, spent=True, status=exchange.status)
    return Throttled(TOO_FAST, exchange=exchange, status=exchange.status)


def next_midnight(now: datetime) -> datetime:
    """The next 00:00 UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
