"""Walks the pages of a Graph edge to the end, and notices when there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.contract import Malformed

# What may be taken over from a "next" address. Host, path, fields and token of it are never used: they are input.
PAGING_KEYS = frozenset({"after", "until", "offset", "page_token", "__paging_token"})

REPEATED = "The platform gave the same page mark twice; what comes after it could not be read."
ENDLESS = "The platform gave more than {most} pages; what comes after them was not read."
NO_MARK = "The platform said that more follows, but not where."
NO_LIST = "The platform delivered something else than a list of pages."

Mark = Mapping[str, str]


class PagingBroken(Exception):
    """The rest of an edge can't be reached; the message says why."""


def rows_of(edge: object) -> list[Any]:
    """The rows of one page, perhaps none. ``Malformed`` when it isn't a page."""
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    if not isinstance(rows, list):
        raise Malformed(NO_LIST)
    return rows


def walk(first: object, fetch: Callable[[Mark], object], *, most: int) -> Iterator[tuple[list[Any], bool]]:
    """The rows of each page from ``first`` on, and whether more follow; ``fetch`` brings the page at a mark.

    An empty page with a "next" is followed. Errors: ``PagingBroken`` for a circle, a missing mark or more than
    ``most`` pages; ``Malformed`` and whatever ``fetch`` raises.
    """
    edge, passed = first, set[tuple[tuple[str, str], ...]]()
    for _ in range(most):
        mark = _next_mark(edge)
        yield rows_of(edge), mark is not None
        if mark is None:
            return
        if not mark:
            raise PagingBroken(NO_MARK)
        if (key := tuple(sorted(mark.items()))) in passed:
            raise PagingBroken(REPEATED)
        passed.add(key)
        edge = fetch(mark)
    raise PagingBroken(ENDLESS.format(most=most))


def _next_mark(edge: object) -> Mark | None:
    paging = edge.get("paging") if isinstance(edge, Mapping) else None
    following = paging.get("next") if isinstance(paging, Mapping) else None
    if not isinstance(paging, Mapping) or not following:
        return None
    query = dict(parse_qsl(_query(str(following))))
    mark = {key: value for key, value in query.items() if key in PAGING_KEYS}
    return mark or _cursor(paging.get("cursors"))


def _query(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:
        return ""


def _cursor(cursors: object) -> Mark:
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return {"after": after} if isinstance(after, str) and after else {}
