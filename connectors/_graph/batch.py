"""Many reads of a Graph platform in one call.

``POST /?batch=[...]`` holds up to fifty reads; its answer is a list, one entry for each: ``{code, headers, body}``, or
``null`` where the platform ran out of time (developers.facebook.com/docs/graph-api/batch-requests). Each read counts
against the quota as if it were sent alone: a batch saves time and connections, not calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from connectors._answers import decoded, the_list
from connectors._exchange import Exchange
from connectors.contract import Malformed, Unavailable

MOST_IN_BATCH = 50
ROUNDS = 3

TIMED_OUT = "Facebook ran out of time for one call among many; it is tried again at the next round."
NO_PART = "Facebook answered many calls with something else than a list; the answer is kept, tell the maintainers."
WRONG_LENGTH = "Facebook did not answer each of many calls that were sent in one; tell the maintainers."

Ask = tuple[str, Mapping[str, str]]


def read_many(
    asks: Sequence[Ask], send: Callable[[Sequence[Ask]], list[Exchange | None]]
) -> list[Exchange | Unavailable]:
    """The answer to each ask, in their order; ``Unavailable`` where the platform had no time in three rounds.

    ``send`` makes one call and gives the parts of its answer. Errors: whatever it raises. What the single answers say
    is not looked at here.
    """
    found: dict[int, Exchange] = {}
    for _ in range(ROUNDS):
        left = [place for place in range(len(asks)) if place not in found]
        for start in range(0, len(left), MOST_IN_BATCH):
            places = left[start : start + MOST_IN_BATCH]
            parts = send([asks[place] for place in places])
            found |= {place: part for place, part in zip(places, parts, strict=True) if part is not None}
    return [found.get(place) or Unavailable(TIMED_OUT) for place in range(len(asks))]


def batch_of(asks: Sequence[Ask]) -> str:
    """The ``batch`` parameter."""
    return json.dumps([{"method": "GET", "relative_url": _relative(*ask)} for ask in asks])


def _relative(path: str, args: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(args)}" if args else path


def parts_of(whole: Exchange, length: int) -> list[Exchange | None]:
    """The single answers in the answer to a batch of ``length``; ``None`` where the platform ran out of time.

    Errors: ``Unavailable`` for half an answer, ``Malformed`` for what is no list of so many answers.
    """
    rows = the_list(decoded(whole, "Facebook"), whole, "Facebook")
    if len(rows) != length:
        raise Malformed(WRONG_LENGTH, exchange=whole)
    return [_part(row, whole) for row in rows]


def _part(row: Any, whole: Exchange) -> Exchange | None:
    """One answer as an exchange of its own, with its body as it came."""
    if row is None:
        return None
    status, body = (row.get("code"), row.get("body")) if isinstance(row, Mapping) else (None, None)
    if not isinstance(status, int) or not isinstance(body, str):
        raise Malformed(NO_PART, exchange=whole)
    return Exchange(
        method="GET",
        url=whole.url,
        request_headers=whole.request_headers,
        status=status,
        headers=_headers(row.get("headers")),
        # Half a surrogate is what no answer in UTF-8 has; here it may come, escaped twice.
        body=body.encode("utf-8", "replace"),
        started_at=whole.started_at,
        elapsed_ms=whole.elapsed_ms,
        http_version=whole.http_version,
        masked=whole.masked,
    )


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    rows = value if isinstance(value, list) else []
    pairs = [(row.get("name"), row.get("value")) for row in rows if isinstance(row, Mapping)]
    return tuple((name, told) for name, told in pairs if isinstance(name, str) and isinstance(told, str))
