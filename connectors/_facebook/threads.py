"""The comments of single posts, photos and videos: asked for in the right way, page by page, each taken once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors._facebook.objects import COMMENT_FIELDS, comment_from
from connectors._graph.api import Answer, Graph, checked_id, graph_time
from connectors._graph.batch import Ask
from connectors._graph.errors import TooMuchData
from connectors._graph.paging import Mark, PagingBroken, walk
from connectors._sweep import THREAD_BROKEN, Sweep
from connectors.contract import (
    Batch,
    ConnectorError,
    Gone,
    Malformed,
    PermissionLost,
    RateLimited,
    Unavailable,
    Unsupported,
)

MOST_COMMENT_PAGES = 2000
# What is wrong with one thread alone. Everything else is wrong with the page, the token or the platform.
OF_ONE_THREAD = (PagingBroken, Malformed, Gone, TooMuchData)
OUT_OF_SIGHT = (*OF_ONE_THREAD, PermissionLost, Unsupported)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a sweep looks, and how much it asks for at once."""

    lookback: timedelta
    post_lookback: timedelta
    posts_per_page: int
    comments_per_page: int

    def halved(self) -> Reach:
        """The same with half the pages; itself when it can't get smaller."""
        return replace(
            self,
            posts_per_page=max(1, self.posts_per_page // 2),
            comments_per_page=max(1, self.comments_per_page // 2),
        )


class Threads:
    """Reads comments into the books of one sweep."""

    def __init__(self, graph: Graph, page_id: str, reach: Reach, books: Sweep) -> None:
        self.reach = reach
        self._graph, self._page_id, self._books = graph, page_id, books
        # The newest comment of each thread that was read.
        self.newest: dict[str, datetime] = {}
        # The last part of an id is the comment's own; the first tells under which post or photo it was listed.
        self._numbers: dict[str, str] = {}

    def nested(self) -> str:
        """The comments of each post, as a field of a list of posts."""
        args = self.args(self._books.since)
        modifiers = "".join(f".{name}({args[name]})" for name in args if name != "fields")
        return f"comments{modifiers}{{{COMMENT_FIELDS}}}"

    def args(self, since: datetime) -> dict[str, str]:
        """The comments of one post: all of them, newest first, since then."""
        return {
            # Without filter and order the platform ranks the comments and leaves some out; of live videos it leaves
            # out what it takes for poor.
            "filter": "stream",
            "order": "reverse_chronological",
            "live_filter": "no_filter",
            "limit": str(self.reach.comments_per_page),
            "since": str(int(since.timestamp())),
            "fields": COMMENT_FIELDS,
        }

    def smaller_if_asked(self, path: str, args: Callable[[], Mapping[str, str]], mark: Mark) -> Mapping[str, Any]:
        """One page of a list; where Facebook asks for less data, with half as much at once from now on."""
        while True:
            try:
                return self._graph.poll(path, {**args(), **mark}).data
            except TooMuchData:
                if self.reach.halved() == self.reach:
                    raise
                self.reach = self.reach.halved()

    def listed(self, post_id: str, first: object) -> Iterator[Batch]:
        """Take the comments of a post from the page that came with it. What can't be read is a hole."""
        try:
            # Graph leaves the edge out where there is nothing in it.
            edge = {"data": []} if first is None else first
            yield from self._take_all(post_id, edge, self._books.since, again=True)
        except OF_ONE_THREAD as error:
            self._books.hole(THREAD_BROKEN.format(why=error), post_id=post_id)

    def asked(self, wanted: Mapping[str, datetime], *, again: bool = False) -> Iterator[Batch]:
        """Take the comments of many posts, photos or videos, each since its time, fifty to a call.

        ``again=False`` leaves out what was listed under another id in this sweep. A thread that this token can't
        see is a gap and no hole: looking further back would not show it.
        """
        asks = [(f"{post_id}/comments", self.args(since)) for post_id, since in wanted.items()]
        for (post_id, since), answer in zip(wanted.items(), self._answers(asks), strict=True):
            try:
                yield from self._take_all(post_id, self._first(post_id, since, answer), since, again=again)
            except OUT_OF_SIGHT as error:
                self._books.blind(THREAD_BROKEN.format(why=error), post_id=post_id)

    def _answers(self, asks: Sequence[Ask]) -> Sequence[Answer | ConnectorError | None]:
        try:
            return self._graph.many(asks)
        except Malformed:
            # Nobody has seen a batch on the real platform: without one the same is asked for one by one.
            return [None] * len(asks)

    def _first(self, post_id: str, since: datetime, answer: Answer | ConnectorError | None) -> Mapping[str, Any]:
        passing = isinstance(answer, Unavailable) and not isinstance(answer, RateLimited)
        if answer is None or passing:
            return self.smaller_if_asked(f"{post_id}/comments", lambda: self.args(since), {})
        if isinstance(answer, ConnectorError):
            raise answer
        return answer.data

    def _take_all(self, post_id: str, first: object, since: datetime, *, again: bool) -> Iterator[Batch]:
        def fetch(mark: Mark) -> Mapping[str, Any]:
            return self.smaller_if_asked(f"{post_id}/comments", lambda: self.args(since), mark)

        whole = True
        for rows, _ in walk(first, fetch, most=MOST_COMMENT_PAGES):
            known = [self._take(row, post_id, again) for row in rows]
            whole = whole and all(known)
            if self._books.is_full:
                yield self._books.batch()
        if whole:
            self._books.complete(post_id)

    def _take(self, row: object, post_id: str, again: bool) -> bool:
        """Whether it is now known which comment this is, readable or not."""
        comment_id = id_of(row)
        if comment_id is not None and self._is_known(comment_id, again):
            return True
        try:
            comment = comment_from(row, page_id=self._page_id, post_id=post_id)
            self._books.take(comment)
            self.newest[post_id] = max(comment.posted_at, self.newest.get(post_id, comment.posted_at))
        except Malformed as error:
            self._books.unreadable(error, post_id=post_id)
            if comment_id is not None:
                self._books.saw(comment_id)
        return comment_id is not None

    def _is_known(self, comment_id: str, again: bool) -> bool:
        number = comment_id.rpartition("_")[2]
        first = self._numbers.setdefault(number, comment_id)
        return self._books.has_seen(comment_id) or (not again and first != comment_id)


def id_of(row: object) -> str | None:
    """The id of a row, where it has one that may stand in a path."""
    try:
        return checked_id(row.get("id")) if isinstance(row, Mapping) else None
    except Malformed:
        return None


def time_of(row: object, name: str = "created_time") -> datetime | None:
    """A time of a row, where it has one."""
    try:
        return graph_time(row.get(name)) if isinstance(row, Mapping) else None
    except Malformed:
        return None
