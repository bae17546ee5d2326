"""One poll of a channel: three lists that hold every thread, and a watch on older threads for new replies.

The lists are ordered by the time of the top-level comment, so a new reply does not lift its thread. Threads are
therefore remembered with their count of replies, and asked for by id, many to a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._paging import PagingBroken
from connectors._schedule import FALLING, Look
from connectors._sweep import LIST_BROKEN, POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._values import perhaps_id, perhaps_time
from connectors._youtube.channel import Channel
from connectors._youtube.objects import (
    COMMENT_ID,
    HELD,
    PLAIN,
    PLATFORM,
    PUBLISHED,
    SPAM,
    Thread,
    comment_of,
    snippet_of,
    status_of,
    thread_of,
    video_of,
)
from connectors.contract import Batch, Gone, Malformed, PermissionLost, Unavailable, Unsupported

# Threads that are watched for new replies; the rest are seen again by the daily sweep if they are young enough.
MOST_WATCHED = 500
# Held comments and likely spam are read to their end, but no further than this in every poll: 100 threads to a page.
MOST_UNPUBLISHED_PAGES = 10
VIDEOS_AT_ONCE = 50

VIDEO_UNREADABLE = "A video of the channel could not be read ({why}) and was left out."


class ChannelSweep:
    """Runs one poll."""

    def __init__(self, channel: Channel, cursor: str | None, *, lookback: timedelta, post_lookback: timedelta) -> None:
        self._channel = channel
        self._post_lookback = post_lookback
        self._sweep = Sweep(cursor, now=channel.now(), first_visit=lookback)
        self._met: set[str] = set()
        # Whether nothing from `since` on was left out, by any list or thread.
        self._all_read = self._sweep.since > self._forgotten()

    def batches(self) -> Iterator[Batch]:
        """Everything that changed, to the end. Raises in the middle when YouTube does."""
        for status in (PUBLISHED, HELD, SPAM):
            yield from self._list(status)
        yield from self._watch()
        if self._sweep.depth is not FALLING[0]:
            self._posts()
        self._forget()
        yield self._sweep.last_batch(every_post=self._all_read)

    def _list(self, status: str) -> Iterator[Batch]:
        most = None if status == PUBLISHED else MOST_UNPUBLISHED_PAGES
        try:
            for number, (rows, more) in enumerate(self._channel.threads(status), start=1):
                for row in rows:
                    self._take_thread(row, status)
                    if self._sweep.is_full:
                        yield self._sweep.batch()
                if more and rows and self._is_past(rows) and (most is None or number >= most):
                    # A held reply may stand in an older thread: only a list that was read out proves absence.
                    self._all_read &= status == PUBLISHED
                    return
        except PagingBroken as broken:
            self._sweep.hole(LIST_BROKEN.format(why=broken))

    def _is_past(self, rows: list[Any]) -> bool:
        times = [at for at in map(_posted_at, rows) if at is not None]
        return bool(times) and max(times) < self._sweep.since

    def _take_thread(self, row: Any, status: str) -> None:
        try:
            thread = thread_of(row, self._channel.page_id)
        except Malformed as error:
            self._leave_out(error.sentence, None)
            return
        times = [self._take(thread.top, thread.post_id, status)]
        times += [self._take(reply, thread.post_id, status) for reply in thread.replies]
        if thread.thread_id not in self._met:
            # The list of what is published comes first: a thread with a held reply comes again.
            self._met.add(thread.thread_id)
            times += self._other_replies(thread, status)
            self._remember(thread, times)

    def _other_replies(self, thread: Thread, status: str) -> list[datetime | None]:
        # YouTube counts what is published; what is held may come with the thread as well.
        shown = [reply for reply in thread.replies if _status(reply, status) == PUBLISHED]
        if len(shown) >= thread.reply_count:
            return []
        look = self._sweep.looks.get(thread.thread_id)
        if look is not None and not look.is_due(thread.reply_count, self._sweep.started):
            # A long thread that rests costs no call; but then its replies were not all seen.
            self._all_read = False
            return []
        return self._read_out_thread(thread)

    def _read_out_thread(self, thread: Thread) -> list[datetime | None]:
        times: list[datetime | None] = []
        try:
            for rows, _ in self._channel.replies(thread.thread_id):
                times += [self._take(row, thread.post_id, PUBLISHED) for row in rows]
        except PagingBroken as broken:
            self._sweep.hole(THREAD_BROKEN.format(why=broken), post_id=thread.post_id)
        except Gone:
            # The thread went while it was read.
            self._all_read = False
        except (Malformed, PermissionLost, Unsupported, Unavailable) as error:
            # One thread that can't be read stops no other; a platform that is down does.
            if isinstance(error, Unavailable) and error.facts.get("reason") != "processingFailure":
                raise
            self._leave_out(error.sentence, thread.post_id)
        return times

    def _take(self, row: Any, post_id: str, status: str) -> datetime | None:
        try:
            comment = comment_of(row, self._channel.page_id, post_id, status_of(row, status))
        except Malformed as error:
            self._not_readable(row, post_id, error.sentence)
            return None
        self._sweep.take(comment)
        return comment.posted_at

    def _not_readable(self, row: Any, post_id: str, why: str) -> None:
        told = row.get("id") if isinstance(row, Mapping) else None
        comment_id = perhaps_id(told, PLATFORM, COMMENT_ID)
        if comment_id is None:
            self._leave_out(why, post_id)
        elif not self._sweep.has_seen(comment_id):
            self._sweep.saw(comment_id)
            self._sweep.unreadable(why, post_id=post_id)

    def _leave_out(self, why: str, post_id: str | None) -> None:
        self._all_read = False
        self._sweep.unreadable(why, post_id=post_id)

    # Older threads.

    def _watch(self) -> Iterator[Batch]:
        now, since = self._sweep.started, self._sweep.since
        older = {name: look for name, look in self._sweep.looks.items() if name not in self._met}
        wanted = [name for name, look in older.items() if look.last >= since or look.is_due(None, now)]
        found: set[str] = set()
        for thread in self._channel.threads_by_id(wanted):
            found.add(thread.thread_id)
            look = older.get(thread.thread_id)
            if look is not None:
                self._look_again(thread, look)
            if self._sweep.is_full:
                yield self._sweep.batch()
        for name in set(wanted) - found:
            del self._sweep.looks[name]

    def _look_again(self, thread: Thread, look: Look) -> None:
        times: list[datetime | None] = [look.last]
        if thread.reply_count != look.count or look.last >= self._sweep.since:
            times += self._read_out_thread(thread)
        self._remember(thread, times)

    def _remember(self, thread: Thread, times: list[datetime | None]) -> None:
        known = [at for at in times if at is not None]
        if known:
            self._sweep.looked_at(thread.thread_id, thread.reply_count, max(known))

    def _forget(self) -> None:
        newest = sorted(self._sweep.looks.items(), key=lambda item: item[1].last, reverse=True)
        self._sweep.looks = dict(newest[:MOST_WATCHED])
        if len(newest) > MOST_WATCHED:
            last = max(newest[MOST_WATCHED][1].last, self._forgotten())
            self._sweep.state["forgotten"] = int(last.timestamp())

    def _forgotten(self) -> datetime:
        told = self._sweep.state.get("forgotten", 0)
        return perhaps_time(told) or datetime.fromtimestamp(0, UTC)

    # The city's own videos.

    def _posts(self) -> None:
        try:
            for rows, _ in self._channel.uploads():
                ids = [each for each in map(self._young, rows) if each]
                self._take_posts(ids)
                if rows and not ids:
                    return
        except PagingBroken as broken:
            self._sweep.hole(POSTS_BROKEN.format(why=broken))
        except Gone:
            # A channel without videos has no list of them.
            return

    def _take_posts(self, ids: list[str]) -> None:
        for start in range(0, len(ids), VIDEOS_AT_ONCE):
            for row in self._channel.videos(ids[start : start + VIDEOS_AT_ONCE]):
                self._take_post(row)

    def _take_post(self, row: Any) -> None:
        try:
            self._sweep.take_post(video_of(row, self._channel.page_id))
        except Malformed as error:
            # Its comments come in the channel's own lists all the same.
            self._sweep.unreadable(VIDEO_UNREADABLE.format(why=error.sentence))

    def _young(self, row: Any) -> str | None:
        details = row.get("contentDetails") if isinstance(row, Mapping) else None
        if not isinstance(details, Mapping):
            return None
        at = perhaps_time(details.get("videoPublishedAt"))
        if at is not None and at < self._sweep.started - self._post_lookback:
            return None
        return perhaps_id(details.get("videoId"), PLATFORM, PLAIN)


def _status(row: Mapping[str, Any], otherwise: str) -> str | None:
    try:
        return status_of(row, otherwise)
    except Malformed:
        return None


def _posted_at(row: Any) -> datetime | None:
    try:
        return perhaps_time(snippet_of(snippet_of(row).get("topLevelComment")).get("publishedAt"))
    except Malformed:
        return None
