"""One sweep over a Facebook page: its posts with their comments, and the places beside them, each when it is due.

Every poll reads the newest posts, in one call on a quiet page. Every ten minutes come older posts that Facebook says
were changed, visitors' posts, and photos that have comments of their own; every hour all posts of the look-back,
videos, reels and advertisements. How far back comments are read is the shared schedule's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors._facebook.objects import (
    PAGE_FIELDS,
    POST_FIELDS,
    VIDEO_FIELDS,
    VISITOR_FIELDS,
    page_from,
    photos_of,
    post_from,
    words_of_visitor,
)
from connectors._facebook.page import Page
from connectors._facebook.threads import Reach, Threads, id_of, time_of
from connectors._graph.paging import Mark, PagingBroken, walk
from connectors._schedule import Look
from connectors._sweep import COMMENT_UNREADABLE, POST_UNREADABLE, POSTS_BROKEN, Sweep
from connectors.contract import Batch, Gone, Kind, Malformed, PermissionLost, Post, Unsupported

MOST_POST_PAGES = 500
# Posts are listed without comments by so many.
LEAN_PAGE = 100
# Every poll reads the posts of this time; on older ones hardly anybody comments, and they can wait for ten minutes.
RECENT = timedelta(days=7)
# By the depth of a sweep: how far back it looks says how often it is made.
EVERY_TEN_MINUTES, EVERY_HOUR, EVERY_DAY = timedelta(hours=12), timedelta(hours=48), timedelta(days=30)

# A comment may carry a time from before the last look and not have been in its answer.
OVERLAP = timedelta(hours=2)

SURFACE_SHUT = "{surface} can't be read and are left out for a day: {why}"
NAMES = {
    "visitor_posts": "Visitors' posts",
    "ads_posts": "Posts of advertisements",
    "videos": "Videos",
    "video_reels": "Reels",
}
_SHUT_FOR = timedelta(days=1)
_NOT_OFFERED = (Unsupported, PermissionLost, Gone, Malformed)


class PageSweep:
    """Reads everything since the cursor, less the depth that is due. ``batches`` may be iterated once."""

    def __init__(self, page: Page, reach: Reach, cursor: str | None) -> None:
        self._page, self._graph, self._page_id, self._reach = page, page.graph, page.page_id, reach
        self._books = Sweep(cursor, now=page.graph.now(), first_visit=reach.lookback)
        self._threads = Threads(page.graph, page.page_id, reach, self._books)
        self._met: set[str] = set()
        # Photos and videos with comments of their own, to be read when they are due.
        self._apart: dict[str, Post] = {}

    def batches(self) -> Iterator[Batch]:
        """A batch per page of posts, or per thousand comments; the last one carries the new cursor."""
        yield from self._own_posts()
        if self._is_as_deep_as(EVERY_TEN_MINUTES):
            yield from self._surface("visitor_posts", self._visitors_posts)
        if self._is_as_deep_as(EVERY_HOUR):
            yield from self._surface("ads_posts", partial(self._expanded, "ads_posts", POST_FIELDS, Kind.AD))
            for edge, kind in (("video_reels", Kind.REEL), ("videos", Kind.VIDEO)):
                yield from self._surface(edge, partial(self._videos, edge, kind))
        yield from self._due_apart()
        if self._is_as_deep_as(EVERY_DAY):
            self._about()
        yield self._books.last_batch()

    def _is_as_deep_as(self, depth: timedelta) -> bool:
        return self._books.depth.back >= depth

    # The page's own posts.

    def _own_posts(self) -> Iterator[Batch]:
        lean = False

        def fetch(mark: Mark) -> Mapping[str, Any]:
            return self._posts_page("published_posts", None if lean else POST_FIELDS, mark)

        try:
            for rows, more in walk(fetch({}), fetch, most=MOST_POST_PAGES):
                yield from self._changed(rows) if lean else self._all_threads(rows, None)
                if not more or self._is_older(rows, self._reach.post_lookback):
                    break
                if self._ends_older(rows, RECENT) and not self._is_as_deep_as(EVERY_HOUR):
                    lean = True
                    if not self._is_as_deep_as(EVERY_TEN_MINUTES):
                        break
                yield self._books.batch()
        except PagingBroken as error:
            self._books.hole(POSTS_BROKEN.format(why=error))

    def _posts_page(self, edge: str, fields: str | None, mark: Mark) -> Mapping[str, Any]:
        """A page of posts with their comments; without ``fields`` only what tells whether a post was changed."""

        def args() -> dict[str, str]:
            if fields is None:
                return {"fields": "id,created_time,updated_time", "limit": str(LEAN_PAGE)}
            return {
                "fields": f"{fields},{self._threads.nested()}",
                "limit": str(self._threads.reach.posts_per_page),
            }

        return self._threads.smaller_if_asked(f"{self._page_id}/{edge}", args, mark)

    def _all_threads(self, rows: list[Any], kind: Kind | None) -> Iterator[Batch]:
        for row in rows:
            if id_of(row) not in self._met or id_of(row) is None:
                yield from self._with_thread(row, kind)

    def _with_thread(self, row: Any, kind: Kind | None) -> Iterator[Batch]:
        try:
            post = post_from(row, page_id=self._page_id, kind=kind)
        except Malformed as error:
            self._books.hole(POST_UNREADABLE.format(why=error), post_id=id_of(row))
            return
        self._books.take_post(post)
        self._met.add(post.post_id)
        if post.kind is Kind.VISITOR:
            self._books.take(words_of_visitor(row, page_id=self._page_id))
            self._books.looked_at(post.post_id, post.comment_count, post.posted_at)
        else:
            self._apart |= {each: _photo(each, post) for each in photos_of(row)}
        yield from self._threads.listed(post.post_id, row.get("comments"))

    def _changed(self, rows: list[Any]) -> Iterator[Batch]:
        """Older posts: those on which something happened, where Facebook says so; it moves their time for that."""
        times = {each: time_of(row, "updated_time") for row in rows if (each := id_of(row))}
        changed = [each for each, at in times.items() if at is None or at >= self._books.since]
        self._met |= times.keys()
        yield from self._threads.asked(dict.fromkeys(changed, self._books.since), again=True)

    def _is_older(self, rows: list[Any], age: timedelta) -> bool:
        # The whole page must be older: a pinned or backdated post stands among newer ones.
        times = [time for time in map(time_of, rows) if time]
        return bool(times) and max(times) < self._books.started - age

    def _ends_older(self, rows: list[Any], age: timedelta) -> bool:
        # A pinned post stands at the beginning: the last one tells how far the list has come.
        times = [time for time in map(time_of, rows) if time]
        return bool(times) and times[-1] < self._books.started - age

    # The places beside them.

    def _surface(self, edge: str, read: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
        """A place that Facebook may not offer for this page or to this token: told once a day, the rest goes on."""
        shut = self._books.state.get("shut")
        shut = dict(shut) if isinstance(shut, dict) else {}
        if _seconds(shut.get(edge)) > (self._books.started - _SHUT_FOR).timestamp():
            return
        try:
            yield from read()
            shut.pop(edge, None)
        except _NOT_OFFERED as error:
            shut[edge] = int(self._books.started.timestamp())
            self._books.blind(SURFACE_SHUT.format(surface=NAMES[edge], why=error))
        except PagingBroken as error:
            self._books.hole(POSTS_BROKEN.format(why=error))
        self._books.state = {"shut": shut} if shut else {}

    def _visitors_posts(self) -> Iterator[Batch]:
        yield from self._expanded("visitor_posts", VISITOR_FIELDS, Kind.VISITOR)
        if self._is_as_deep_as(EVERY_HOUR):
            self._miss_visitors()

    def _expanded(self, edge: str, fields: str, kind: Kind) -> Iterator[Batch]:
        def fetch(mark: Mark) -> Mapping[str, Any]:
            return self._posts_page(edge, fields, mark)

        deep = self._is_as_deep_as(EVERY_HOUR)
        for rows, more in walk(fetch({}), fetch, most=MOST_POST_PAGES):
            yield from self._all_threads(rows, kind)
            old = self._is_older(rows, self._reach.post_lookback) if deep else self._ends_older(rows, RECENT)
            if not more or old:
                return
            yield self._books.batch()

    def _miss_visitors(self) -> None:
        """Visitors' posts that were there and are gone: their words and all comments on them are missing."""
        known = [each for each in self._books.looks if self._page.is_post(each) and each not in self._met]
        for post_id in known:
            posted_at = self._books.looks[post_id].last
            gone = posted_at > self._books.since and self._page.is_gone(post_id)
            if gone:
                self._books.complete(post_id)
            if gone or posted_at < self._books.started - EVERY_DAY:
                del self._books.looks[post_id]

    def _videos(self, edge: str, kind: Kind) -> Iterator[Batch]:
        def fetch(mark: Mark) -> Mapping[str, Any]:
            args = {"fields": VIDEO_FIELDS, "limit": str(self._threads.reach.posts_per_page)}
            return self._graph.poll(f"{self._page_id}/{edge}", {**args, **mark}).data

        for rows, more in walk(fetch({}), fetch, most=MOST_POST_PAGES):
            for row in rows:
                self._note_video(row, kind)
            if not more or self._is_older(rows, self._reach.post_lookback):
                return
            yield self._books.batch()

    def _note_video(self, row: Any, kind: Kind) -> None:
        post_id = row.get("post_id") if isinstance(row, Mapping) else None
        # The comments of a video that was posted are those of its post.
        if post_id and f"{self._page_id}_{str(post_id).rpartition('_')[2]}" in self._met:
            return
        try:
            video = post_from(row, page_id=self._page_id, kind=kind)
        except Malformed as error:
            self._books.hole(POST_UNREADABLE.format(why=error), post_id=id_of(row))
            return
        if video.post_id not in self._met:
            self._apart.setdefault(video.post_id, video)

    # Photos and videos with comments of their own.

    def _due_apart(self) -> Iterator[Batch]:
        looks = self._books.looks
        due = {each: post for each, post in self._apart.items() if self._is_due(each, post)}
        for post in due.values():
            self._books.take_post(post)
        # One that rested for longer than the sweep looks back is read from its last look on.
        yield from self._threads.asked({each: self._since(looks.get(each)) for each in due})
        for post_id, post in due.items():
            known = [looks[post_id].last] if post_id in looks else []
            known += [self._threads.newest[post_id]] if post_id in self._threads.newest else []
            self._books.looked_at(post_id, post.comment_count, max([post.posted_at, *known]))

    def _since(self, look: Look | None) -> datetime:
        return min(self._books.since, look.at - OVERLAP) if look else self._books.since

    def _is_due(self, post_id: str, post: Post) -> bool:
        # Nobody looks at them in a shallow sweep: each costs a call, and people comment on the post.
        if not self._is_as_deep_as(EVERY_TEN_MINUTES):
            return False
        look = self._books.looks.get(post_id)
        return look is None or look.is_due(post.comment_count, self._books.started)

    def _about(self) -> None:
        try:
            answer = self._graph.poll(self._page_id, {"fields": PAGE_FIELDS})
            self._books.take_post(page_from(answer.data, page_id=self._page_id, seen_at=self._books.started))
        except _NOT_OFFERED as error:
            self._books.blind(COMMENT_UNREADABLE.format(why=error))


def _photo(photo_id: str, post: Post) -> Post:
    """A photo of a post that has several. Its own time and words are not asked for: they are the post's."""
    return Post(
        platform=post.platform,
        page_id=post.page_id,
        post_id=photo_id,
        text=post.text,
        posted_at=post.posted_at,
        permalink=f"https://www.facebook.com/photo?fbid={photo_id}",
        kind=Kind.PHOTO,
    )


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int) else 0.0
