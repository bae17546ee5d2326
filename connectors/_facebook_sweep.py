"""One sweep over a Facebook page: its posts, newest first, each with its comments, to the end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._facebook_objects import COMMENT_FIELDS, POST_FIELDS, comment_from, post_from
from connectors._graph import Graph, checked_id, graph_time
from connectors._graph_errors import TooMuchData
from connectors._graph_paging import Mark, PagingBroken, walk
from connectors.contract import Batch, Comment, Gap, Gone, Malformed, Post

MOST_POST_PAGES = 500
MOST_COMMENT_PAGES = 2000
LARGEST_BATCH = 1000
# After a sweep with gaps the next one looks as far back again, but not for ever: a thread may never be readable.
LONGEST_MEMORY = timedelta(days=7)

POST_UNREADABLE = "A post could not be read ({why}) and was left out with its comments."
THREAD_BROKEN = "Not all comments of a post could be read: {why}"
COMMENT_UNREADABLE = "A comment could not be read and was left out: {why}"
POSTS_BROKEN = "Not all posts could be read: {why}"
CURSOR_UNREADABLE = "The place where the last poll ended can't be read; the page is read as on a first visit."


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


class Sweep:
    """Reads everything since the cursor, less the look-back. ``batches`` may be iterated once."""

    def __init__(self, graph: Graph, page_id: str, reach: Reach, cursor: str | None) -> None:
        self._graph, self._page_id, self._reach, self._cursor = graph, page_id, reach, cursor
        self._started = graph.now().replace(microsecond=0)
        self._holes = False
        self._comments: list[Comment] = []
        self._posts: list[Post] = []
        self._gaps: list[Gap] = []
        self._seen: set[str] = set()
        self._complete: set[str] = set()
        self._watermark = self._read_cursor()
        self._since = self._watermark - reach.lookback

    def batches(self) -> Iterator[Batch]:
        """A batch per page of posts, or per ``LARGEST_BATCH`` comments; the last one carries the new cursor."""
        try:
            for rows, more in walk(self._posts_page({}), self._posts_page, most=MOST_POST_PAGES):
                for row in rows:
                    yield from self._thread(row)
                if not more or self._beyond_horizon(rows):
                    break
                yield self._batch()
        except PagingBroken as error:
            self._hole(POSTS_BROKEN.format(why=error))
        yield self._last_batch()

    def _read_cursor(self) -> datetime:
        if not self._cursor:
            return self._started
        try:
            return min(datetime.fromtimestamp(int(json.loads(self._cursor)["watermark"]), UTC), self._started)
        except (ValueError, TypeError, KeyError, OverflowError, OSError):
            self._gaps.append(Gap(CURSOR_UNREADABLE, until=self._started - self._reach.lookback))
            return self._started

    def _posts_page(self, mark: Mark) -> Mapping[str, Any]:
        return self._smaller_if_asked(f"{self._page_id}/published_posts", self._post_args, mark)

    def _post_args(self) -> dict[str, str]:
        edge = (
            f"comments.filter(stream).order(reverse_chronological).limit({self._reach.comments_per_page})"
            f".since({self._since_seconds}){{{COMMENT_FIELDS}}}"
        )
        return {"fields": f"{POST_FIELDS},{edge}", "limit": str(self._reach.posts_per_page)}

    def _comment_args(self) -> dict[str, str]:
        # Without filter and order the platform ranks the comments and leaves some out.
        return {
            "filter": "stream",
            "order": "reverse_chronological",
            "since": self._since_seconds,
            "limit": str(self._reach.comments_per_page),
            "fields": COMMENT_FIELDS,
        }

    def _smaller_if_asked(self, path: str, args: Any, mark: Mark) -> Mapping[str, Any]:
        while True:
            try:
                return self._graph.poll(path, {**args(), **mark}).data
            except TooMuchData:
                if self._reach.halved() == self._reach:
                    raise
                self._reach = self._reach.halved()

    def _thread(self, row: Any) -> Iterator[Batch]:
        try:
            post = post_from(row, page_id=self._page_id)
        except Malformed as error:
            self._hole(POST_UNREADABLE.format(why=error), post_id=_id_of(row))
            return
        self._posts.append(post)
        try:
            yield from self._comments_of(post.post_id, row.get("comments"))
        except (PagingBroken, Malformed, Gone, TooMuchData) as error:
            self._hole(THREAD_BROKEN.format(why=error), post_id=post.post_id)

    def _comments_of(self, post_id: str, first: object) -> Iterator[Batch]:
        def fetch(mark: Mark) -> Mapping[str, Any]:
            return self._smaller_if_asked(f"{post_id}/comments", self._comment_args, mark)

        whole = True
        # Graph leaves the edge out where there is nothing in it.
        for rows, _ in walk({"data": []} if first is None else first, fetch, most=MOST_COMMENT_PAGES):
            known = [self._take(row, post_id) for row in rows]
            whole = whole and all(known)
            if len(self._comments) >= LARGEST_BATCH:
                yield self._batch()
        if whole:
            self._complete.add(post_id)

    def _take(self, row: object, post_id: str) -> bool:
        """Whether it is now known which comment this is, readable or not."""
        comment_id = _id_of(row)
        if comment_id in self._seen:
            return True
        if comment_id:
            self._seen.add(comment_id)
        try:
            self._comments.append(comment_from(row, page_id=self._page_id, post_id=post_id))
        except Malformed as error:
            self._gaps.append(Gap(COMMENT_UNREADABLE.format(why=error), post_id=post_id))
        return comment_id is not None

    def _beyond_horizon(self, rows: list[Any]) -> bool:
        # The whole page must be older: a pinned or backdated post stands among newer ones.
        times = [time for time in map(_time_of, rows) if time]
        return bool(times) and max(times) < self._started - self._reach.post_lookback

    def _hole(self, reason: str, *, post_id: str | None = None) -> None:
        self._holes = True
        self._gaps.append(Gap(reason, post_id=post_id, since=self._since, until=self._started))

    @property
    def _since_seconds(self) -> str:
        return str(int(self._since.timestamp()))

    def _batch(self) -> Batch:
        batch = Batch(tuple(self._comments), tuple(self._posts), self._cursor or "", last=False, gaps=tuple(self._gaps))
        self._comments, self._posts, self._gaps = [], [], []
        return batch

    def _last_batch(self) -> Batch:
        return replace(
            self._batch(),
            cursor=json.dumps({"watermark": int(self._next_watermark().timestamp())}),
            last=True,
            # Whether "since" includes its own second is not documented.
            complete_since=self._since + timedelta(seconds=1),
            complete_posts=frozenset(self._complete),
            seen=frozenset(self._seen),
        )

    def _next_watermark(self) -> datetime:
        return max(self._watermark, self._started - LONGEST_MEMORY) if self._holes else self._started


def _id_of(row: object) -> str | None:
    try:
        return checked_id(row.get("id")) if isinstance(row, Mapping) else None
    except Malformed:
        return None


def _time_of(row: object) -> datetime | None:
    try:
        return graph_time(row.get("created_time")) if isinstance(row, Mapping) else None
    except Malformed:
        return None
