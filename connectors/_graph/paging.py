"""Walks the pages of a Graph edge to the end, and notices when there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors._paging import PagingBroken as PagingBroken
from connectors._paging import walk as walk_marks
from connectors.contract import Malformed

# What may be taken over from a "next" address. Host, path, fields and token of it are never used: they are input.
PAGING_KEYS = frozenset({"after", "until", "offset", "page_token", "__paging_token"})

NO_LIST = "The platform delivered something else than a list of pages."

Mark = Mapping[str, str]


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

    def page(mark: str | None) -> tuple[list[Any], str | None]:
        edge = first if mark is None else fetch(dict(parse_qsl(mark)))
        return rows_of(edge), _next_mark(edge)

    return walk_marks(page, most=most)


def _next_mark(edge: object) -> str | None:
    """The place of the next page as a query; empty where more is said to follow, but not where."""
    paging = edge.get("paging") if isinstance(edge, Mapping) else None
    following = paging.get("next") if isinstance(paging, Mapping) else None
    if not isinstance(paging, Mapping) or not following:
        return None
    query = dict(parse_qsl(_query(str(following))))
    mark = {key: value for key, value in query.items() if key in PAGING_KEYS}
    return urlencode(sorted((mark or _cursor(paging.get("cursors"))).items()))


def _query(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError:
        return ""


def _cursor(cursors: object) -> Mark:
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return {"after": after} if isinstance(after, str) and after else {}
