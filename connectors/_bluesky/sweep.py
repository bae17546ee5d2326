"""One poll of Bluesky: who wrote to the city, the city's own posts, and the threads in which something happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors._bluesky.objects import (
    comment_of,
    indexed_at,
    parts_of,
    post_of,
    root_of,
    uri_of,
)
from connectors._bluesky.thread import Threads
from connectors._bluesky.xrpc import Xrpc
from connectors._paging import PagingBroken
from connectors._schedule import FALLING
from connectors._setup import Setup
from connectors._sweep import LIST_BROKEN, POSTS_BROKEN, Sweep
from connectors._values import a_count
from connectors.contract import Batch, Gone, Malformed

REASONS = ("reply", "mention", "quote")
PAGE = 100
# Shallow polls look at the city's posts of a week; every hour at all that are watched. Older threads that come to
# life are found by their notifications.
RECENT = timedelta(days=7)
DEEP = timedelta(hours=48)


class BlueskySweep:
    """Reads everything new since the cursor, less the look-back that is due."""

    def __init__(self, xrpc: Xrpc, setup: Setup, cursor: str | None) -> None:
        self._xrpc, self._threads, self._page_id = xrpc, Threads(xrpc), xrpc.did
        self._limit = max(1, min(setup.page_size, PAGE))
        self._sweep = Sweep(cursor, now=xrpc.now(), first_visit=setup.lookback)
        watched = setup.post_lookback if self._sweep.depth.back >= DEEP else min(setup.post_lookback, RECENT)
        self._oldest_post = self._sweep.started - watched
        # Addresses that notifications name, with the post that began their thread.
        self._notified: dict[str, str | None] = {}
        self._unnamed: dict[str, Any] = {}
        self._posts: dict[str, Any] = {}
        self._gates: dict[str, frozenset[str]] = {}
        self._lists_whole = True

    def batches(self) -> Iterator[Batch]:
        """To the end. Raises in the middle when Bluesky does; the cursor has not moved then."""
        self._read_notifications()
        self._read_posts()
        for uri, view in self._posts.items():
            if self._is_due(uri, view):
                self._read_thread(uri, view)
            if self._sweep.is_full:
                yield self._sweep.batch()
        self._read_the_rest()
        yield self._sweep.last_batch()

    def _read_notifications(self) -> None:
        params = [("limit", self._limit), *(("reasons", reason) for reason in REASONS)]
        nsid = "app.bsky.notification.listNotifications"
        try:
            for rows in self._xrpc.pages(nsid, "notifications", *params, poll=True):
                for row in rows:
                    self._note(row)
                if _is_past(rows, self._sweep.since):
                    return
        except PagingBroken as error:
            self._lists_whole = False
            self._sweep.hole(LIST_BROKEN.format(why=error))

    def _note(self, row: Any) -> None:
        uri = uri_of(row)
        if uri is None:
            self._unnamed[str(row.get("cid") if isinstance(row, dict) else row)] = row
        elif not _is_before(row, self._sweep.since):
            self._notified[uri] = root_of(row)

    def _read_posts(self) -> None:
        params = (("actor", self._page_id), ("filter", "posts_no_replies"), ("limit", self._limit))
        try:
            for rows in self._xrpc.pages("app.bsky.feed.getAuthorFeed", "feed", *params, poll=True):
                for row in rows:
                    self._keep_post(row)
                if _is_past(rows, self._oldest_post):
                    return
        except PagingBroken as error:
            self._lists_whole = False
            self._sweep.hole(POSTS_BROKEN.format(why=error))

    def _keep_post(self, row: Any) -> None:
        view = row.get("post") if isinstance(row, dict) else None
        uri = uri_of(view)
        # What the city only passed on is not its own.
        if uri is None or parts_of(uri).did != self._page_id or root_of(view) != uri:
            return
        if not _is_before(view, self._oldest_post):
            self._posts.setdefault(uri, view)

    def _is_due(self, uri: str, view: Any) -> bool:
        look = self._sweep.looks.get(uri)
        if look is None or uri in self._notified.values():
            return True
        is_deep = self._sweep.depth is not FALLING[0] and look.last >= self._sweep.since
        return is_deep or look.is_due(a_count(view.get("replyCount")), self._sweep.started)

    def _read_thread(self, uri: str, view: Any) -> None:
        try:
            thread = self._threads.thread(uri)
        except Gone:
            return
        self._take_post(uri, view, thread.count)
        named = [self._take(reply, uri) for reply in thread.views]
        for unseen in thread.unseen:
            self._sweep.saw(unseen)
        last = self._newest([view, *thread.views])
        self._sweep.looked_at(uri, a_count(view.get("replyCount")), last)
        if all(named) and thread.whole and self._lists_whole:
            self._sweep.complete(uri)

    def _take_post(self, uri: str, view: Any, count: int | None) -> None:
        try:
            self._sweep.take_post(post_of(view, self._page_id, count))
        except Malformed as error:
            self._sweep.unreadable(error, post_id=uri)

    def _take(self, view: Any, post_id: str | None) -> bool:
        """Bring a reply, if it is new enough; ``False`` for one that can't even be named."""
        uri = uri_of(view)
        if uri is not None and _is_before(view, self._sweep.since):
            self._sweep.saw(uri)
            return True
        try:
            self._sweep.take(comment_of(view, self._page_id, self._hidden(root_of(view))))
        except Malformed as error:
            if uri is not None:
                self._sweep.saw(uri)
            if isinstance(view, dict):
                self._unnamed.pop(str(view.get("cid")), None)
            self._sweep.unreadable(error, post_id=post_id)
        return uri is not None

    def _hidden(self, root: str | None) -> frozenset[str]:
        """What the city hid in a thread of its own; in those of others it can hide nothing."""
        if root is None or parts_of(root).did != self._page_id:
            return frozenset()
        if root not in self._gates:
            self._gates[root] = self._threads.gate(root).hidden
        return self._gates[root]

    def _read_the_rest(self) -> None:
        """Mentions and quotes elsewhere, and replies in threads that were not read."""
        rest = [uri for uri in self._notified if not self._sweep.has_seen(uri)]
        views = self._threads.views(rest, poll=True)
        for view in views:
            self._take(view, root_of(view))
        roots = {root for view in views if (root := root_of(view)) is not None} - set(self._posts)
        for view in self._threads.views(sorted(roots), poll=True):
            self._take_post(uri_of(view) or "", view, None)
        for row in self._unnamed.values():
            self._sweep.unreadable(Malformed("a notification names no post."), post_id=root_of(row))

    def _newest(self, views: list[Any]) -> datetime:
        times = [time for view in views if (time := _time_of(view)) is not None]
        return min(max(times, default=self._sweep.started), self._sweep.started)


def _time_of(row: Any) -> datetime | None:
    try:
        return indexed_at(row)
    except Malformed:
        return None


def _is_before(row: Any, moment: datetime) -> bool:
    """Whether Bluesky saw it before; what has no time is never too old."""
    time = _time_of(row)
    return time is not None and time < moment


def _is_past(rows: list[Any], moment: datetime) -> bool:
    """Whether a list that goes back in time has passed a moment: all of a page lies before it."""
    inner = [_moment(row) for row in rows if isinstance(row, dict)]
    times = [time for time in inner if time is not None]
    return bool(times) and max(times) < moment


def _moment(row: dict[str, Any]) -> datetime | None:
    """The time by which a row is ordered: for what was passed on, that of the passing on."""
    reason = row.get("reason")
    if isinstance(reason, dict):
        return _time_of(reason)
    return _time_of(row.get("post")) if "post" in row else _time_of(row)
