"""One sweep over an Instagram account: its posts, newest first, each with its comments and their replies.

The newest posts come with their comments in one call. Older ones are listed every ten minutes, and their comments only
where the count changed or the post has rested long enough. ``/comments`` has no ``since`` and no promised order, so a
long thread is read to its end or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors._graph.errors import TooMuchData
from connectors._graph.paging import Mark, PagingBroken, walk
from connectors._instagram.account import Account
from connectors._instagram.objects import COMMENT_FIELDS, POST_FIELDS, comment_from, id_of, post_from
from connectors._remembered import Remembered
from connectors._schedule import FALLING, Look
from connectors._sweep import POST_UNREADABLE, POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._values import perhaps_time
from connectors.contract import Batch, Comment, Gone, Malformed, Post

MOST_POST_PAGES = 500
MOST_COMMENT_PAGES = 2000
# Comments that left their list and are asked for one by one; the rest waits for the next sweep.
MOST_LOOKUPS = 50

DEEP = timedelta(hours=48)

Fetch = Callable[[Mark], Mapping[str, Any]]
EMPTY: Mapping[str, Any] = {"data": []}


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a sweep looks, and how much it asks for at once."""

    lookback: timedelta
    post_lookback: timedelta
    posts: int
    listed_posts: int
    comments: int

    def halved(self) -> Reach:
        """The same with half the pages; itself when it can't get smaller."""
        return replace(self, posts=max(1, self.posts // 2), comments=max(1, self.comments // 2))


@dataclass
class Thread:
    """What was found under one post. ``whole``: its lists were walked to the end and every row could be named."""

    post: Post
    is_due: bool
    since: datetime
    ids: set[str] = field(default_factory=set)
    newest: datetime | None = None
    whole: bool = True


class InstagramSweep:
    """Reads everything since the cursor, less the look-back. ``batches`` may be iterated once."""

    def __init__(self, account: Account, reach: Reach, cursor: str | None) -> None:
        self._account, self._reach, self._graph = account, reach, account.graph
        self._sweep = Sweep(cursor, now=account.graph.now(), first_visit=reach.lookback)
        self._known = Remembered(self._sweep.state, now=self._sweep.started, had_cursor=bool(cursor))
        self._is_shallow = self._sweep.depth is FALLING[0]
        self._lookups = 0
        self._came = False
        self._is_expanded = True

    def batches(self) -> Iterator[Batch]:
        """A batch for each page of posts; the last one carries the new cursor."""
        try:
            for rows, more in walk(self._posts_page({}), self._posts_page, most=MOST_POST_PAGES):
                for row in rows:
                    yield from self._post(row)
                self._came = self._came or bool(rows)
                if not more or self._is_enough(rows):
                    break
                yield self._sweep.batch()
        except PagingBroken as error:
            self._sweep.hole(POSTS_BROKEN.format(why=error))
        self._sweep.state = self._known.packed()
        yield self._sweep.last_batch(complete_since=self._complete_since())

    def _complete_since(self) -> datetime:
        since = self._sweep.since + timedelta(seconds=1)
        return max(since, self._known.reaches_back_to or since)

    def _is_enough(self, rows: list[Any]) -> bool:
        # The whole page must be older: a pinned post stands among newer ones.
        times = [at for at in (perhaps_time(row.get("timestamp")) for row in rows if isinstance(row, Mapping)) if at]
        oldest = self._sweep.started - self._reach.post_lookback
        return bool(times) and (self._is_shallow or max(times) < oldest)

    def _posts_page(self, mark: Mark) -> Mapping[str, Any]:
        path = f"{self._account.page_id}/media"
        # Empty pages may come first: the newest posts are the first that come.
        self._is_expanded = not self._came
        if self._is_expanded:
            return self._smaller_if_asked(path, lambda: {**self._expanded_args(), **mark})
        args = {"fields": POST_FIELDS, "limit": str(self._reach.listed_posts)}
        return self._graph.poll(path, {**args, **mark}).data

    def _expanded_args(self) -> dict[str, str]:
        edge = f"comments.limit({self._reach.comments}){{{self._comment_fields()}}}"
        return {"fields": f"{POST_FIELDS},{edge}", "limit": str(self._reach.posts)}

    def _comment_fields(self) -> str:
        return f"{COMMENT_FIELDS},replies.limit({self._reach.comments}){{{COMMENT_FIELDS}}}"

    def _smaller_if_asked(self, path: str, args: Callable[[], Mapping[str, str]]) -> Mapping[str, Any]:
        while True:
            try:
                return self._graph.poll(path, args()).data
            except TooMuchData:
                if self._reach.halved() == self._reach:
                    raise
                self._reach = self._reach.halved()

    def _post(self, row: Any) -> Iterator[Batch]:
        try:
            post = post_from(row, page_id=self._account.page_id)
        except Malformed as error:
            self._sweep.hole(POST_UNREADABLE.format(why=error), post_id=id_of(row))
            return
        self._sweep.take_post(post)
        try:
            yield from self._thread(post, row)
        except (PagingBroken, Malformed, Gone, TooMuchData) as error:
            self._sweep.hole(THREAD_BROKEN.format(why=error), post_id=post.post_id)

    def _thread(self, post: Post, row: Mapping[str, Any]) -> Iterator[Batch]:
        look = self._sweep.looks.get(post.post_id)
        is_due = look is None or self._is_due(look, post.comment_count)
        if not self._is_expanded and not is_due:
            return
        thread = Thread(post, is_due, min(self._sweep.since, self._back_to(look)))
        fetch = self._fetch(f"{post.post_id}/comments", self._comment_fields)
        # Graph leaves the edge out where there is nothing in it.
        first = (row.get("comments") or EMPTY) if self._is_expanded or post.comment_count == 0 else fetch({})
        yield from self._walk(thread, first, fetch, parent_id=None)
        self._conclude(thread)

    def _is_due(self, look: Look, count: int | None) -> bool:
        # The deep sweeps walk every thread in which something happened so lately, rested or not.
        is_deep = self._sweep.depth.back >= DEEP and look.last >= self._sweep.since
        return is_deep or look.is_due(count, self._sweep.started)

    def _back_to(self, look: Look | None) -> datetime:
        """As far back as what was due since the last look at this post, which may have rested over a deep sweep."""
        rested = self._sweep.started - look.at if look else timedelta.max
        depths = [depth.back for depth in FALLING if depth.every <= rested]
        return self._sweep.started - max(depths)

    def _fetch(self, path: str, fields: Callable[[], str]) -> Fetch:
        def fetch(mark: Mark) -> Mapping[str, Any]:
            return self._smaller_if_asked(
                path, lambda: {"fields": fields(), "limit": str(self._reach.comments), **mark}
            )

        return fetch

    def _walk(self, thread: Thread, first: object, fetch: Fetch, *, parent_id: str | None) -> Iterator[Batch]:
        for rows, more in walk(first, fetch, most=MOST_COMMENT_PAGES):
            for row in rows:
                self._take(thread, row, parent_id)
                if isinstance(row, Mapping) and row.get("replies") and parent_id is None:
                    yield from self._replies(thread, row)
            if self._sweep.is_full:
                yield self._sweep.batch()
            if more and not thread.is_due:
                # The count stands as it stood: what changed further down waits until the post is due.
                thread.whole = False
                return

    def _replies(self, thread: Thread, row: Mapping[str, Any]) -> Iterator[Batch]:
        comment_id = id_of(row)
        if comment_id is None:
            thread.whole = False
            return
        fetch = self._fetch(f"{comment_id}/replies", lambda: COMMENT_FIELDS)
        yield from self._walk(thread, row["replies"], fetch, parent_id=comment_id)

    def _take(self, thread: Thread, row: object, parent_id: str | None) -> None:
        comment_id, post = id_of(row), thread.post
        if comment_id is None:
            thread.whole = False
        try:
            comment = comment_from(row, page_id=post.page_id, post_id=post.post_id, parent_id=parent_id, media=post.raw)
        except Malformed as error:
            self._sweep.unreadable(error, post_id=post.post_id)
            if comment_id is not None:
                thread.ids.add(comment_id)
                self._sweep.saw(comment_id)
            return
        self._bring(thread, comment)

    def _bring(self, thread: Thread, comment: Comment) -> None:
        comment_id, post_id = comment.ref.comment_id, thread.post.post_id
        thread.ids.add(comment_id)
        thread.newest = max(thread.newest or comment.posted_at, comment.posted_at)
        late = self._known.is_new(post_id, comment_id, comment.posted_at)
        if comment.posted_at >= thread.since or late:
            self._sweep.take(comment, late=late)
        else:
            self._sweep.saw(comment_id)
        self._known.note(post_id, comment_id, comment.posted_at)

    def _conclude(self, thread: Thread) -> None:
        """Whether every comment is accounted for: listed, or read by its id although no list holds it any more."""
        if not thread.whole:
            return
        post = thread.post
        self._sweep.looked_at(post.post_id, post.comment_count, thread.newest or post.posted_at)
        found_all = self._look_up_absent(thread)
        is_counted = post.comment_count is None or post.comment_count == len(thread.ids)
        if found_all and is_counted and not self._known.is_lost:
            self._sweep.complete(post.post_id)

    def _look_up_absent(self, thread: Thread) -> bool:
        post_id = thread.post.post_id
        for comment_id in self._known.absent(post_id, thread.ids, self._sweep.since):
            if self._known.rests(comment_id):
                self._sweep.saw(comment_id)
                thread.ids.add(comment_id)
            elif not self._look_up(thread, comment_id):
                return False
        return True

    def _look_up(self, thread: Thread, comment_id: str) -> bool:
        if self._lookups >= MOST_LOOKUPS:
            return False
        self._lookups += 1
        try:
            comment = self._account.comment_alone(comment_id, poll=True)
        except Gone:
            self._known.forget(thread.post.post_id, comment_id)
            return True
        except Malformed as error:
            self._sweep.unreadable(error, post_id=thread.post.post_id)
            return False
        self._bring(thread, comment)
        self._known.stays_away(comment_id)
        return True
