"""Walks the pages of a list to the end, and notices when there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

REPEATED = "The platform gave the same page mark twice; what comes after it could not be read."
ENDLESS = "The platform gave more than {most} pages; what comes after them was not read."
NO_MARK = "The platform said that more follows, but not where."


class PagingBroken(Exception):
    """The rest of a list can't be reached; the message says why."""


def walk(fetch: Callable[[str | None], tuple[list[Any], str | None]], *, most: int) -> Iterator[tuple[list[Any], bool]]:
    """The rows of each page, and whether more follow.

    ``fetch`` brings the page at a mark (``None``: the first) and the mark of the next; an empty mark means that more
    follows, but not where. A page without rows is not the end. Errors: ``PagingBroken`` for a circle, a missing mark
    or more than ``most`` pages, and whatever ``fetch`` raises.
    """
    mark, passed = None, set[str]()
    for _ in range(most):
        rows, mark = fetch(mark)
        yield rows, mark is not None
        if mark is None:
            return
        if not mark:
            raise PagingBroken(NO_MARK)
        if mark in passed:
            raise PagingBroken(REPEATED)
        passed.add(mark)
    raise PagingBroken(ENDLESS.format(most=most))
