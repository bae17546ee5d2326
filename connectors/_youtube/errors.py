"""Reads an answer of YouTube's Data API: the object, or the error that says what to do next.

``error.errors[].reason`` decides (developers.google.com/youtube/v3/docs/errors and the table of each method), then
``error.details[].reason`` of Google's newer format, then the HTTP status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors._answers import Throttled, decoded, the_object
from connectors.contract import (
    AuthFailed,
    ConnectorError,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    Unavailable,
    Unsupported,
)

NAME = "YouTube"

NOT_ACCEPTED = (
    "YouTube does not accept the access token; let the owner of the channel give consent again and store the new "
    "refresh token."
)
NO_CHANNEL = "The Google account behind the token has no YouTube channel; consent again with the city's channel chosen."
MAY_NOT = (
    "YouTube does not let this account do that ({reason}); give consent as an owner or manager of the channel, with "
    "the scope youtube.force-ssl."
)
NOT_ENABLED = (
    "The YouTube Data API is not switched on in the Google Cloud project of these credentials; enable it under APIs & "
    "Services, then wait a few minutes."
)
CLOSED = "YouTube says that the account or channel is closed or suspended ({reason}); its owner looks at Studio."
NOT_THERE = "YouTube has no such comment, video or channel any more ({reason})."
DISABLED = "Comments are switched off for this video; there is nothing to read or to hide."
NOT_SUPPORTED = "YouTube does not offer that for this comment ({reason}); do it by hand in YouTube Studio."
TOO_FAST = "YouTube asks for fewer calls at once ({reason})."
SPENT = "The day's quota of the Google Cloud project is spent; it is renewed at midnight, Pacific time."
TRY_LATER = "YouTube has a passing trouble (HTTP {status}, {reason}); the call is tried again."
NOT_UNDERSTOOD = "YouTube refused the call (HTTP {status}, {reason}); the answer is kept, tell the maintainers."

_CLOSED = frozenset(
    {
        "channelClosed",
        "channelSuspended",
        "authenticatedUserAccountClosed",
        "authenticatedUserAccountSuspended",
    }
)
_KINDS: tuple[tuple[frozenset[str], type[ConnectorError], str], ...] = (
    (frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}), Throttled, SPENT),
    (
        frozenset(
            {
                "rateLimitExceeded",
                "userRateLimitExceeded",
                "concurrentLimitExceeded",
                "RATE_LIMIT_EXCEEDED",
            }
        ),
        Throttled,
        TOO_FAST,
    ),
    (frozenset({"youtubeSignupRequired", "authenticatedUserNotChannel"}), AuthFailed, NO_CHANNEL),
    (frozenset({"authError", "required", "expired", "ACCESS_TOKEN_EXPIRED"}), AuthFailed, NOT_ACCEPTED),
    (frozenset({"accessNotConfigured", "SERVICE_DISABLED"}), PermissionLost, NOT_ENABLED),
    (_CLOSED, PermissionLost, CLOSED),
    (frozenset({"commentsDisabled"}), Unsupported, DISABLED),
    (frozenset({"operationNotSupported", "banWithoutReject"}), Unsupported, NOT_SUPPORTED),
    # "May be transient", says the table of the method. A page mark that ran out is new at the next poll.
    (frozenset({"processingFailure", "backendError", "internalError", "invalidPageToken"}), Unavailable, TRY_LATER),
)
_SPENT = _KINDS[0][0]


def read(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of an answer; an empty one where the answer has no content (204).

    Errors: the tree of ``connectors.contract``, ``Throttled`` for limits, each with the exchange.
    """
    answer = decoded(exchange, NAME)
    error = answer.get("error") if isinstance(answer, dict) else None
    if exchange.status >= 400 or isinstance(error, Mapping):
        raise _failure(error if isinstance(error, Mapping) else {}, exchange)
    return {} if exchange.status == 204 else the_object(answer, exchange, NAME)


def _failure(error: Mapping[str, Any], exchange: Exchange) -> ConnectorError:
    status, reasons = exchange.status, tuple(_reasons(error))
    kind, sentence = _kind(reasons, status)
    reason = reasons[0] if reasons else "no reason told"
    words = sentence.format(reason=reason, status=status)
    if kind is Throttled:
        spent = not _SPENT.isdisjoint(reasons)
        return Throttled(words, exchange=exchange, spent=spent, status=status, reason=reason)
    return kind(words, exchange=exchange, status=status, reason=reason)


def _reasons(error: Mapping[str, Any]) -> Iterator[str]:
    for name in ("errors", "details"):
        rows = error.get(name)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, Mapping) and isinstance(row.get("reason"), str):
                yield row["reason"][:60]


def _kind(reasons: tuple[str, ...], status: int) -> tuple[type[ConnectorError], str]:
    for known, kind, sentence in _KINDS:
        if not known.isdisjoint(reasons):
            return kind, sentence
    if status == 401:
        return AuthFailed, NOT_ACCEPTED
    if status == 403:
        return PermissionLost, MAY_NOT
    if status in (404, 410):
        return Gone, NOT_THERE
    if status == 429:
        return Throttled, TOO_FAST
    return (Unavailable, TRY_LATER) if status >= 500 or status == 408 else (Malformed, NOT_UNDERSTOOD)
