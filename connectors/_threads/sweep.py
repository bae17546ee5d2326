"""One sweep over a Threads account: its posts, the conversations under them, and the posts that name the account.

There is no list of all replies, and posts carry no count. So each conversation is listed on a schedule that falls with
the time since something happened in it; ``/conversation`` holds all depths, newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors._graph.paging import Mark, PagingBroken, walk
from connectors._remembered import Remembered
from connectors._schedule import FALLING, Look
from connectors._sweep import LIST_BROKEN, POST_UNREADABLE, POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._threads.account import Account, marked
from connectors._threads.objects import (
    PENDING_FIELDS,
    POST_FIELDS,
    REPLY_FIELDS,
    has_replies,
    id_of,
    is_repost,
    post_from,
    reply_from,
    rooted,
)
from connectors._values import perhaps_time, words
from connectors.contract import Batch, Comment, Gone, Malformed, PermissionLost, Post, Unsupported

MOST_POST_PAGES = 200
MOST_REPLY_PAGES = 1000
MOST_LOOKUPS = 50
# Mentions that the token may not read are tried again after this time.
MENTIONS_AGAIN = timedelta(days=1)
# /mentions knows no earlier time.
THREADS_BEGAN = 1688540400

SILENCE = "Threads says that there are replies but delivers none; look at the permissions that `check` names."

DEEP = timedelta(hours=48)

Fetch = Callable[[Mark], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a sweep looks, and how much it asks for at once."""

    lookback: timedelta
    post_lookback: timedelta
    page_size: int


@dataclass
class Conversation:
    """What was found under one post. ``whole``: everything from ``since`` on was met and could be named."""

    post: Post
    since: datetime
    ids: set[str] = field(default_factory=set)
    newest: datetime | None = None
    whole: bool = True


class ThreadsSweep:
    """Reads everything since the cursor, less the look-back. ``batches`` may be iterated once."""

    def __init__(self, account: Account, reach: Reach, cursor: str | None) -> None:
        self._account, self._reach = account, reach
        self._sweep = Sweep(cursor, now=account.api.now(), first_visit=reach.lookback)
        self._known = Remembered(self._sweep.state, now=self._sweep.started, had_cursor=bool(cursor))
        self._refused_at = perhaps_time(self._sweep.state.get("mentions_refused"))
        self._is_shallow = self._sweep.depth is FALLING[0]
        self._lookups = 0

    def batches(self) -> Iterator[Batch]:
        """A batch for each page of posts; the last one carries the new cursor."""
        fetch = self._fetch(f"{self._account.page_id}/threads", POST_FIELDS, since=self._oldest_post())
        try:
            for rows, more in walk(fetch({}), fetch, most=MOST_POST_PAGES):
                for row in rows:
                    yield from self._post(row)
                # Older posts wait for the sweep of every ten minutes.
                if not more or (rows and self._is_shallow):
                    break
                yield self._sweep.batch()
        except PagingBroken as error:
            self._sweep.hole(POSTS_BROKEN.format(why=error))
        if self._account.reads_mentions and not self._is_shallow:
            self._mentions()
        yield self._last_batch()

    def _last_batch(self) -> Batch:
        refused = {"mentions_refused": int(self._refused_at.timestamp())} if self._refused_at else {}
        self._sweep.state = {**self._known.packed(), **refused}
        since = self._sweep.since + timedelta(seconds=1)
        return self._sweep.last_batch(complete_since=max(since, self._known.reaches_back_to or since))

    def _oldest_post(self) -> str:
        oldest = self._sweep.started - self._reach.post_lookback
        return str(max(int(oldest.timestamp()), THREADS_BEGAN))

    def _fetch(self, path: str, fields: str, **more: str) -> Fetch:
        def fetch(mark: Mark) -> Mapping[str, Any]:
            args = {"fields": fields, "limit": str(self._reach.page_size), **more, **mark}
            return marked(self._account.get(path, args, poll=True).data, self._reach.page_size)

        return fetch

    def _post(self, row: Any) -> Iterator[Batch]:
        if is_repost(row):
            return
        try:
            post = post_from(row, page_id=self._account.page_id)
        except Malformed as error:
            self._sweep.hole(POST_UNREADABLE.format(why=error), post_id=id_of(row))
            return
        self._sweep.take_post(post)
        try:
            yield from self._conversation(post)
        except (PagingBroken, Malformed, Gone) as error:
            self._sweep.hole(THREAD_BROKEN.format(why=error), post_id=post.post_id)

    def _conversation(self, post: Post) -> Iterator[Batch]:
        look = self._sweep.looks.get(post.post_id)
        if has_replies(post.raw) is False and look is None:
            # Nobody answered, now or before.
            if not self._known.is_lost:
                self._sweep.complete(post.post_id)
            return
        if look is not None and not self._is_due(look):
            return
        found = Conversation(post, min(self._sweep.since, self._back_to(look)))
        fetch = self._fetch(f"{post.post_id}/conversation", REPLY_FIELDS, reverse="true")
        yield from self._walk(found, fetch)
        if self._account.reads_pending:
            yield from self._walk(found, self._fetch(f"{post.post_id}/pending_replies", PENDING_FIELDS, reverse="true"))
        self._conclude(found)

    def _is_due(self, look: Look) -> bool:
        # The deep sweeps list every post on which something happened so lately, rested or not.
        is_deep = self._sweep.depth.back >= DEEP and look.last >= self._sweep.since
        return is_deep or look.is_due(None, self._sweep.started)

    def _back_to(self, look: Look | None) -> datetime:
        """As far back as what was due since the last look at this post, which may have rested over a deep sweep."""
        rested = self._sweep.started - look.at if look else timedelta.max
        return self._sweep.started - max(depth.back for depth in FALLING if depth.every <= rested)

    def _walk(self, found: Conversation, fetch: Fetch) -> Iterator[Batch]:
        for rows, _ in walk(fetch({}), fetch, most=MOST_REPLY_PAGES):
            for row in rows:
                self._take(found, row)
            if self._sweep.is_full:
                yield self._sweep.batch()
            if self._is_older(rows, found.since):
                return

    @staticmethod
    def _is_older(rows: list[Any], since: datetime) -> bool:
        # The whole page: a single row may stand out of order.
        times = [perhaps_time(row.get("timestamp")) if isinstance(row, Mapping) else None for row in rows]
        return bool(times) and all(at is not None and at < since for at in times)

    def _take(self, found: Conversation, row: object) -> None:
        reply_id = id_of(row)
        if reply_id is None:
            found.whole = False
        elif reply_id == found.post.post_id:
            return
        own_name = words(found.post.raw.get("username"))
        try:
            reply = reply_from(rooted(row, found.post.post_id), page_id=found.post.page_id, own_name=own_name)
        except Malformed as error:
            self._sweep.unreadable(error, post_id=found.post.post_id)
            if reply_id is not None:
                found.ids.add(reply_id)
                self._sweep.saw(reply_id)
            return
        self._bring(found, reply)

    def _bring(self, found: Conversation, reply: Comment) -> None:
        reply_id, post_id = reply.ref.comment_id, found.post.post_id
        found.ids.add(reply_id)
        found.newest = max(found.newest or reply.posted_at, reply.posted_at)
        late = self._known.is_new(post_id, reply_id, reply.posted_at)
        if reply.posted_at >= found.since or late:
            self._sweep.take(reply, late=late)
        else:
            self._sweep.saw(reply_id)
        self._known.note(post_id, reply_id, reply.posted_at)

    def _conclude(self, found: Conversation) -> None:
        post = found.post
        self._sweep.looked_at(post.post_id, None, found.newest or post.posted_at)
        found_all = found.whole and self._look_up_absent(found)
        if not found.ids and has_replies(post.raw) is True:
            # How a lost permission shows: an empty list, and no error.
            self._sweep.hole(THREAD_BROKEN.format(why=SILENCE), post_id=post.post_id)
        elif found_all and not self._known.is_lost:
            self._sweep.complete(post.post_id)

    def _look_up_absent(self, found: Conversation) -> bool:
        post_id = found.post.post_id
        for reply_id in self._known.absent(post_id, found.ids, self._sweep.since):
            if self._known.rests(reply_id):
                self._sweep.saw(reply_id)
                found.ids.add(reply_id)
            elif not self._look_up(found, reply_id):
                return False
        return True

    def _look_up(self, found: Conversation, reply_id: str) -> bool:
        if self._lookups >= MOST_LOOKUPS:
            return False
        self._lookups += 1
        try:
            reply = self._account.comment_alone(reply_id, poll=True)
        except Gone:
            self._known.forget(found.post.post_id, reply_id)
            return True
        except Malformed as error:
            self._sweep.unreadable(error, post_id=found.post.post_id)
            return False
        self._bring(found, reply)
        self._known.stays_away(reply_id)
        return True

    def _mentions(self) -> None:
        now = self._sweep.started
        if self._refused_at is not None and now - self._refused_at < MENTIONS_AGAIN:
            return
        since = str(max(int(self._sweep.since.timestamp()), THREADS_BEGAN))
        fetch = self._fetch(f"{self._account.page_id}/mentions", REPLY_FIELDS, since=since)
        try:
            self._refused_at = None
            for rows, _ in walk(fetch({}), fetch, most=MOST_POST_PAGES):
                for row in rows:
                    self._take_mention(row)
        except (PermissionLost, Unsupported, Gone):
            # `check` says so; the replies to the city's own posts are read all the same.
            self._refused_at = now
        except (PagingBroken, Malformed) as error:
            self._sweep.hole(LIST_BROKEN.format(why=error))

    def _take_mention(self, row: object) -> None:
        try:
            mention = reply_from(row, page_id=self._account.page_id, own_name=None)
        except Malformed as error:
            self._sweep.unreadable(error)
            return
        # Under the city's own post it may have come already, with its conversation.
        self._sweep.take(mention)
