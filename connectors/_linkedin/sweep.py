"""One poll of a LinkedIn page: what was notified says which posts to read; each of these is read to its end.

Notifications cost one call for the whole page, but name comments without their time, and come only for public posts.
So they are the bell, and the comments of the post are the truth. Posts without a bell are read again now and then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors._linkedin.objects import PLATFORM, comment_of, place_of, post_id_of, post_of
from connectors._linkedin.page import Page
from connectors._paging import PagingBroken
from connectors._schedule import FALLING, rest_after
from connectors._sweep import LIST_BROKEN, POST_UNREADABLE, POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._values import perhaps_time, words
from connectors.contract import Batch, CommentRef, Gone, Malformed, PermissionLost, Post, Unsupported

# A post is read again for as long after its last bell: late arrivals, and clocks that differ.
RINGS = timedelta(hours=2)
# Without a bell a post rests at least as long: each look costs calls of a small daily allowance.
LEAST_REST = timedelta(hours=6)
# Posts are listed in sweeps that look back so far, which is every hour.
LISTS_POSTS = FALLING[2].back


class PageSweep:
    """Runs one poll."""

    def __init__(self, page: Page, cursor: str | None, *, lookback: timedelta, post_lookback: timedelta) -> None:
        self._page = page
        self._sweep = Sweep(cursor, now=page.now(), first_visit=lookback)
        self._youngest = self._sweep.started - post_lookback
        self._rung: dict[str, datetime] = {}
        self._posts: dict[str, Post] = {}

    def batches(self) -> Iterator[Batch]:
        """Everything that changed, to the end. Raises in the middle when LinkedIn does."""
        unnamed = self._listen()
        if unnamed or self._sweep.depth.back >= LISTS_POSTS:
            self._list_posts()
        for post_id in self._due(unnamed):
            yield from self._read_post(post_id)
        for post in self._posts.values():
            self._sweep.take_post(post)
        yield self._sweep.last_batch()

    def _listen(self) -> bool:
        """Which posts rang; whether one did that can't be named."""
        unnamed = False
        try:
            for rows in self._page.notifications(self._sweep.since):
                for row in rows:
                    unnamed |= not self._ring(row)
        except PagingBroken as broken:
            self._sweep.hole(LIST_BROKEN.format(why=broken))
        return unnamed

    def _ring(self, row: Any) -> bool:
        told: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
        decorated = told.get("decoratedSourcePost")
        entity = decorated.get("entity") if isinstance(decorated, Mapping) else None
        post_id = post_id_of(entity) or post_id_of(told.get("sourcePost")) or self._known(told.get("sourcePost"))
        if post_id is None:
            return False
        # An unreadable time rings now: better once too often.
        at = perhaps_time(told.get("lastModifiedAt")) or self._sweep.started
        self._rung[post_id] = max(at, self._rung.get(post_id, at))
        return True

    def _known(self, activity: object) -> str | None:
        threads = self._sweep.state.get("threads")
        found = threads.get(words(activity) or "") if isinstance(threads, dict) else None
        return post_id_of(f"urn:li:{found}")

    def _list_posts(self) -> None:
        try:
            for rows in self._page.posts():
                changed = [self._take_post(row) for row in rows]
                if rows and all(at is not None and at < self._youngest for at in changed):
                    return
        except PagingBroken as broken:
            self._sweep.hole(POSTS_BROKEN.format(why=broken))

    def _take_post(self, row: Any) -> datetime | None:
        """When the post was last changed."""
        try:
            post = post_of(row, self._page.page_id)
        except Malformed as error:
            self._sweep.unreadable(POST_UNREADABLE.format(why=error.sentence))
            return None
        if post.posted_at >= self._youngest:
            self._posts[post.post_id] = post
        return perhaps_time(row.get("lastModifiedAt")) or post.posted_at

    def _due(self, all_posts: bool) -> list[str]:
        known = [*self._rung, *(post_id for post_id in self._posts if post_id not in self._rung)]
        return [post_id for post_id in known if all_posts or self._is_due(post_id)]

    def _is_due(self, post_id: str) -> bool:
        look, now = self._sweep.looks.get(post_id), self._sweep.started
        if look is None:
            return True
        rung = self._rung.get(post_id)
        if rung is not None and rung >= look.at - RINGS:
            return True
        return now - look.at >= max(rest_after(look.last, now), LEAST_REST)

    def _read_post(self, post_id: str) -> Iterator[Batch]:
        reading = _PostReading(self._page, self._sweep, post_id)
        try:
            for _ in reading.comments():
                if self._sweep.is_full:
                    yield self._sweep.batch()
        except PagingBroken as broken:
            self._sweep.hole(THREAD_BROKEN.format(why=broken), post_id=post_id)
            return
        except Gone:
            # The post is gone, and its comments with it; they will be looked for one by one.
            self._posts.pop(post_id, None)
            self._sweep.looks.pop(post_id, None)
            return
        except (PermissionLost, Malformed, Unsupported) as error:
            # One post that can't be read stops no other; what ails the whole page shows at the bell.
            self._sweep.unreadable(error.sentence, post_id=post_id)
            self._sweep.looked_at(post_id, None, self._sweep.since)
            return
        self._settle(post_id, reading)

    def _settle(self, post_id: str, reading: _PostReading) -> None:
        if post_id not in self._posts and post_id not in self._sweep.looks:
            found = self._page.post(post_id, poll=True)
            if found is not None:
                self._posts[post_id] = found
        if post_id in self._posts:
            told = self._posts[post_id]
            self._posts[post_id] = post_of(told.raw, self._page.page_id, comment_count=reading.count)
        if reading.is_whole:
            self._sweep.complete(post_id)
        last = reading.last or (self._posts[post_id].posted_at if post_id in self._posts else self._sweep.since)
        self._sweep.looked_at(post_id, reading.count, max(last, self._rung.get(post_id, last)))
        self._sweep.state["threads"] = {
            name: post for name, post in self._threads(post_id, reading).items() if post in self._sweep.looks
        }

    def _threads(self, post_id: str, reading: _PostReading) -> dict[str, str]:
        kept = self._sweep.state.get("threads")
        known = dict(kept) if isinstance(kept, dict) else {}
        return known | ({f"urn:li:{reading.thread}": post_id} if reading.thread else {})


class _PostReading:
    """All comments under one post, and the replies to each."""

    def __init__(self, page: Page, sweep: Sweep, post_id: str) -> None:
        self._page, self._sweep, self._post_id = page, sweep, post_id
        self.count: int | None = None
        self.last: datetime | None = None
        self.thread: str | None = None
        self.is_whole = True

    def comments(self) -> Iterator[None]:
        """Takes them page by page."""
        for rows in self._page.comments(f"urn:li:{self._post_id}", self._told):
            for row in rows:
                self._take(row)
                yield from self._replies(row)
            yield

    def _replies(self, row: Any) -> Iterator[None]:
        told: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
        summary = told.get("commentsSummary")
        told_count = summary.get("totalFirstLevelComments") if isinstance(summary, Mapping) else None
        if not isinstance(told_count, int) or told_count < 1:
            return
        try:
            urn = place_of(told, self._post_id).urn
        except Malformed:
            # It was told of already, with its comment.
            return
        self.count = (self.count or 0) + told_count
        try:
            for rows in self._page.comments(urn):
                for reply in rows:
                    self._take(reply)
                yield
        except Gone:
            # The comment went while it was read.
            self.is_whole = False

    def _told(self, total: int) -> None:
        # Each page tells the total again.
        self.count = total if self.count is None else self.count

    def _take(self, row: Any) -> None:
        try:
            comment = comment_of(row, self._post_id, self._page.page_id)
        except Malformed as error:
            self._leave_out(row, error.sentence)
            return
        self.thread = self.thread or place_of(comment.raw, self._post_id).thread
        self.last = max(comment.posted_at, self.last or comment.posted_at)
        self._sweep.take(comment)

    def _leave_out(self, row: Any, why: str) -> None:
        self._sweep.unreadable(why, post_id=self._post_id)
        try:
            place = place_of(row if isinstance(row, Mapping) else {}, self._post_id)
            self._sweep.saw(CommentRef(PLATFORM, self._page.page_id, place.comment_id).comment_id)
        except Malformed:
            self.is_whole = False
