"""One poll of a TikTok account: which videos are due, and their comments with all replies.

TikTok allows 40 calls a minute for each kind of call. What does not fit into one poll is read by the next: videos
that waited longest come first, and a thread too long for one poll goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._paging import PagingBroken, walk
from connectors._schedule import FALLING, Look
from connectors._setup import Setup
from connectors._sweep import POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._tiktok.api import NAME, PLATFORM, OwnPace, TikTok
from connectors._tiktok.objects import comment_from, parts_of, post_from, replies_in, with_replies
from connectors._values import DIGITS, a_count, perhaps_id
from connectors.contract import Batch, Gone, Malformed, PermissionLost, Post

FIELDS = ["item_id", "caption", "create_time", "share_url", "comments"]
# "max_count": at most 20 videos, 30 comments.
MOST_VIDEOS, MOST_COMMENTS = 20, 30
MOST_PAGES = 5000
# A thread of so many pages is read to its end at every look; of a longer one only the new part is, and once a day all.
SHORT = 10
A_DAY = timedelta(days=1)
# A comment that was written while its thread was being read belongs to the next look.
OVERLAP = timedelta(hours=2)

NO_LIST = "TikTok listed nothing where {what} should be."


class Poll:
    """Reads an account once."""

    def __init__(self, tiktok: TikTok, setup: Setup, cursor: str | None) -> None:
        self._tiktok, self._setup = tiktok, setup
        self._sweep = Sweep(cursor, now=setup.clock(), first_visit=setup.lookback)
        self._reading: dict[str, Any] = _kept(self._sweep.state.get("reading"))
        self._whole: dict[str, Any] = _kept(self._sweep.state.get("whole"))

    def batches(self) -> Iterator[Batch]:
        """Everything that is due, as far as the minute's calls reach."""
        due: list[Post] = []
        listed: set[str] = set()
        for posts in self._videos():
            for post in posts:
                self._sweep.take_post(post)
            listed |= {post.post_id for post in posts}
            due += [post for post in posts if self._is_due(post)]
            yield self._sweep.batch()
        for post in sorted(due, key=self._waited_since):
            try:
                yield from self._thread(post)
            except OwnPace:
                # Nothing was refused: what is left stays due, and is read by the next poll.
                break
        self._sweep.state["reading"] = {key: at for key, at in self._reading.items() if key in listed}
        self._sweep.state["whole"] = {key: at for key, at in self._whole.items() if key in listed}
        yield self._sweep.last_batch()

    def _is_due(self, post: Post) -> bool:
        look = self._sweep.looks.get(post.post_id)
        return look is None or post.post_id in self._reading or look.is_due(post.comment_count, self._sweep.started)

    def _waited_since(self, post: Post) -> float:
        look = self._sweep.looks.get(post.post_id)
        return look.at.timestamp() if look else 0.0

    def _videos(self) -> Iterator[list[Post]]:
        oldest = self._sweep.started - self._setup.post_lookback
        size = min(self._setup.page_size, MOST_VIDEOS)

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            answer = self._tiktok.get(
                "/business/video/list/", poll=True, fields=FIELDS, max_count=size, cursor=_mark(mark)
            )
            return page_of(answer.data, "videos", answer.exchange)

        try:
            for rows, _ in walk(fetch, most=MOST_PAGES):
                posts = [post for post in map(self._post, rows) if post]
                recent = [post for post in posts if post.posted_at >= oldest]
                yield recent
                # A pinned video stands first, however old: only a whole page of old ones is the end.
                if posts and not recent:
                    return
        except PagingBroken as error:
            self._sweep.hole(POSTS_BROKEN.format(why=error))

    def _post(self, row: object) -> Post | None:
        try:
            return post_from(row, self._setup.page_id)
        except Malformed as error:
            self._sweep.hole(POSTS_BROKEN.format(why=error.sentence))
            return None

    def _thread(self, post: Post) -> Iterator[Batch]:
        try:
            yield from _Thread(self._tiktok, self._setup, self._sweep, post, self._reading, self._whole).batches()
        except Gone:
            # Deleted since the list was made.
            self._reading.pop(post.post_id, None)
        except (Malformed, PermissionLost) as error:
            self._sweep.hole(THREAD_BROKEN.format(why=error.sentence), post_id=post.post_id)
        except PagingBroken as error:
            self._reading.pop(post.post_id, None)
            self._sweep.hole(THREAD_BROKEN.format(why=error), post_id=post.post_id)


class _Thread:
    """The comments of one video. ``reading`` remembers where a walk stopped, ``whole`` when the last one ended."""

    def __init__(
        self,
        tiktok: TikTok,
        setup: Setup,
        sweep: Sweep,
        post: Post,
        reading: dict[str, Any],
        whole: dict[str, Any],
    ) -> None:
        self._tiktok, self._setup, self._sweep, self._post = tiktok, setup, sweep, post
        self._reading, self._whole = reading, whole
        self._page_size = min(setup.page_size, MOST_COMMENTS)
        look = sweep.looks.get(post.post_id)
        self._floor = min(sweep.since, look.at - OVERLAP if look else sweep.started - FALLING[-1].back)
        self._last = look.last if look else post.posted_at
        self._readable = True

    def batches(self) -> Iterator[Batch]:
        """Page by page; the last page is left for whoever ends the sweep."""
        video, begun = self._post.post_id, int(self._sweep.started.timestamp())
        start, since = self._resumed(begun)
        to_the_end, pages = False, 0
        # Noted before the first page: a walk that is cut short goes on from here.
        self._reading[video] = [start, since]
        for rows, more in walk(self._fetch(start), most=MOST_PAGES):
            self._take_page(rows)
            pages, to_the_end = pages + 1, not more
            if self._sweep.is_full:
                yield self._sweep.batch()
            if self._is_enough(rows, pages, start):
                break
        self._ended(to_the_end, start, since, pages)

    def _resumed(self, begun: int) -> tuple[int, int]:
        try:
            stopped, since = (int(each) for each in self._reading[self._post.post_id])
        except (KeyError, TypeError, ValueError):
            return 0, begun
        # One page again: a comment that was deleted meanwhile has moved the others up.
        return max(stopped - self._page_size, 0), since

    def _is_enough(self, rows: list[Any], pages: int, start: int) -> bool:
        """A long thread is left where nothing newer can follow but replies to old comments, but for once a day."""
        if pages < SHORT or start or self._is_whole_due():
            return False
        times = [a_count(row.get("create_time")) for row in rows if isinstance(row, dict)]
        return all(moment is not None and moment < self._floor.timestamp() for moment in times)

    def _is_whole_due(self) -> bool:
        last = self._whole.get(self._post.post_id)
        return not isinstance(last, int) or self._sweep.started - datetime.fromtimestamp(last, UTC) >= A_DAY

    def _ended(self, to_the_end: bool, start: int, since: int, pages: int) -> None:
        video = self._post.post_id
        del self._reading[video]
        if to_the_end and (start or pages >= SHORT):
            self._whole[video] = since
        # The look is as old as the walk: what came since then stands before its beginning.
        self._sweep.looks[video] = Look(datetime.fromtimestamp(since, UTC), self._post.comment_count, self._last)
        if to_the_end and not start and self._readable:
            self._sweep.complete(video)

    def _fetch(self, start: int) -> Any:
        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            at = _mark(mark) if mark is not None else (start or None)
            self._reading[self._post.post_id][0] = at or 0
            return self._page("/business/comment/list/", cursor=at, include_replies=True)

        return fetch

    def _page(self, path: str, **more: Any) -> tuple[list[Any], str | None]:
        answer = self._tiktok.get(
            path,
            poll=True,
            video_id=self._post.post_id,
            status="ALL",
            sort_field="create_time",
            sort_order="desc",
            max_count=self._page_size,
            **more,
        )
        return page_of(answer.data, "comments", answer.exchange)

    def _take_page(self, rows: list[Any]) -> None:
        for row in rows:
            for each in with_replies(row):
                self._take(each)
            self._rest_of_replies(row)

    def _rest_of_replies(self, row: Any) -> None:
        """TikTok puts no more than three replies into a comment; the others are a list of their own."""
        told = a_count(row.get("replies")) if isinstance(row, dict) else None
        asked = perhaps_id(row.get("comment_id"), PLATFORM, DIGITS) if isinstance(row, dict) else None
        if not told or not asked or told <= len(replies_in(row)):
            return
        for rows, _ in walk(
            lambda mark: self._page("/business/comment/reply/list/", comment_id=asked, cursor=_mark(mark)),
            most=MOST_PAGES,
        ):
            for each in rows:
                self._take(each)

    def _take(self, row: object) -> None:
        try:
            comment = comment_from(row, self._post)
        except Malformed as error:
            self._sweep.unreadable(error.sentence, post_id=self._post.post_id)
            self._readable = self._saw(row) and self._readable
            return
        self._last = max(self._last, comment.posted_at)
        if comment.posted_at >= self._floor:
            self._sweep.take(comment)

    def _saw(self, row: object) -> bool:
        """A comment that can't be read was still there, if at least its id can."""
        ours = f"{self._post.post_id}_{row.get('comment_id') if isinstance(row, dict) else ''}"
        try:
            parts_of(ours)
        except Malformed:
            return False
        self._sweep.saw(ours)
        return True


def page_of(data: dict[str, Any], name: str, exchange: Any) -> tuple[list[Any], str | None]:
    """The rows of a page and the mark of the next, empty where TikTok says that more follows but not where."""
    rows = data.get(name)
    if rows is None and data.get("has_more") is False:
        rows = []
    if not isinstance(rows, list):
        raise Malformed(f"{NAME}: {NO_LIST.format(what=name)}", exchange=exchange)
    if data.get("has_more") is not True:
        return rows, None
    cursor = a_count(data.get("cursor"))
    return rows, "" if cursor is None else str(cursor)


def _mark(mark: str | None) -> int | None:
    return int(mark) if mark else None


def _kept(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}
