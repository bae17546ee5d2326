"""The pages of an edge, to the end."""

from __future__ import annotations

from typing import Any

import pytest

from connectors._graph.paging import Mark, PagingBroken, walk
from connectors.contract import Malformed


def edge(*rows: str, following: str | None = None, after: str | None = None) -> dict[str, Any]:
    """One page."""
    return {"data": list(rows), "paging": {"cursors": {"after": after}, "next": following}}


def never(mark: Mark) -> object:
    """For edges with one page."""
    raise AssertionError(f"asked for {mark}")


def test_only_the_place_is_taken_from_a_next_address() -> None:
    """Its host, path, token and fields are input: none of them is used."""
    asked: list[Mark] = []

    def fetch(mark: Mark) -> object:
        asked.append(mark)
        return edge("b")

    first = edge("a", following="https://evil.example/v1/steal?access_token=EAAZ&fields=id&limit=5000&after=Q")

    assert list(walk(first, fetch, most=9)) == [(["a"], True), (["b"], False)]
    assert asked == [{"after": "Q"}]


def test_the_cursor_serves_where_the_address_has_no_place() -> None:
    """Some edges give only ``cursors.after``."""
    pages = walk(edge("a", following="https://h/?limit=1", after="R"), lambda mark: edge(mark["after"]), most=9)

    assert [rows for rows, _ in pages] == [["a"], ["R"]]


@pytest.mark.parametrize("following", ["https://h/?limit=1", "https://[broken", "x" * 99])
def test_more_without_a_place_is_told(following: str) -> None:
    """The rows that came are kept, then the walk says that the rest is out of reach."""
    pages = walk(edge("a", following=following), never, most=9)

    assert next(pages) == (["a"], True)
    with pytest.raises(PagingBroken, match="not where"):
        next(pages)


def test_a_circle_of_two_is_noticed() -> None:
    """Not only a page that points to itself."""
    marks = iter("ABAB")
    pages = walk(
        edge(following="https://h/?after=B"), lambda _: edge("x", following=f"https://h/?after={next(marks)}"), most=99
    )

    with pytest.raises(PagingBroken, match="twice"):
        list(pages)


def test_new_places_without_end_are_bounded() -> None:
    """A platform that always has one more."""
    numbers = iter(range(1000))
    pages = walk(
        edge(following="https://h/?after=x"), lambda _: edge(following=f"https://h/?after={next(numbers)}"), most=7
    )

    with pytest.raises(PagingBroken, match="more than 7"):
        list(pages)


@pytest.mark.parametrize("page", [None, [], "x", {}, {"data": None}, {"data": {"a": 1}}])
def test_what_is_no_page_is_malformed(page: object) -> None:
    """It is not taken for an empty one: that would make every comment seem gone."""
    with pytest.raises(Malformed):
        list(walk(page, never, most=9))
