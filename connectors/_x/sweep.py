"""One poll of X: the city's own posts, who named the city, and what was replied in its conversations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors._paging import PagingBroken
from connectors._schedule import Depth
from connectors._setup import Setup
from connectors._sweep import LIST_BROKEN, POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._x.api import XApi, kind_of, problems_of
from connectors._x.objects import comment_of, conversation_of, is_root, made_at, post_of, row_id
from connectors.contract import Batch, Malformed, Post

# Each post that is delivered costs money, once a UTC day: X is read less far back than other platforms. Posts can be
# edited for half an hour only.
SCHEDULE = (Depth(timedelta(0), timedelta(hours=2)), Depth(timedelta(hours=1), timedelta(hours=12)))
# The search knows the last seven days; a minute less, for a clock that differs.
SEARCHED = timedelta(days=7) - timedelta(minutes=1)
LONGEST_QUERY, LONGEST_QUERY_ENTERPRISE = 512, 4096
PAGE, LEAST_TIMELINE, LEAST_SEARCH = 100, 5, 10

PARTLY = "X could not deliver a part of a list ({kind})."
_EXPECTED = ("resource-not-found", "not-authorized-for-resource")


class XSweep:
    """Reads everything new since the cursor, less the look-back that is due."""

    def __init__(self, api: XApi, setup: Setup, cursor: str | None) -> None:
        self._api, self._page_id = api, api.page_id
        self._size = setup.page_size
        self._longest = LONGEST_QUERY_ENTERPRISE if setup.options.get("plan") == "enterprise" else LONGEST_QUERY
        self._now = api.now()
        self._sweep = Sweep(cursor, now=self._now, first_visit=setup.lookback, schedule=SCHEDULE)
        self._searched = max(self._sweep.since, self._now - SEARCHED)
        self._own: dict[str, Post] = {}
        self._newest: dict[str, datetime] = {}
        self._incomplete: set[str | None] = set()
        self._unnamed: set[str] = set()
        self._own_read = False

    def batches(self) -> Iterator[Batch]:
        """To the end. Raises in the middle when X does; the cursor has not moved then."""
        for read in (self._posts, self._mentions, self._conversations):
            for _ in read():
                if self._sweep.is_full:
                    yield self._sweep.batch()
        late = self._searched > self._sweep.since
        yield self._sweep.last_batch(complete_since=self._searched if late else None)

    def _posts(self) -> Iterator[None]:
        """The city's posts of the last seven days, and what it replied itself."""
        since = min(self._sweep.since, self._now - SEARCHED)
        params = {"exclude": "retweets", "start_time": _stamp(since), "max_results": self._count(LEAST_TIMELINE)}
        route = f"/2/users/{self._page_id}/tweets"
        try:
            for rows, answer in self._api.pages(route, params, bucket="posts", own=True):
                for row in rows:
                    self._take_own(row)
                self._note_problems(answer)
                yield
            self._own_read = True
        except PagingBroken as error:
            self._sweep.hole(POSTS_BROKEN.format(why=error))

    def _take_own(self, row: Any) -> None:
        try:
            if not is_root(row):
                return self._take(row)
            post = post_of(row, self._page_id)
        except Malformed as error:
            return self._unreadable(row, error)
        if post.post_id not in self._own:
            self._own[post.post_id] = post
            self._sweep.take_post(post)

    def _mentions(self) -> Iterator[None]:
        """Replies name the account that they answer, unless their author takes the name out."""
        params = {"start_time": _stamp(self._sweep.since), "max_results": self._count(LEAST_TIMELINE)}
        route = f"/2/users/{self._page_id}/mentions"
        try:
            for rows, answer in self._api.pages(route, params, bucket="mentions", own=True):
                for row in rows:
                    self._take(row)
                self._note_problems(answer)
                yield
        except PagingBroken as error:
            self._sweep.hole(LIST_BROKEN.format(why=error))

    def _conversations(self) -> Iterator[None]:
        due = [post for post in self._own.values() if self._is_due(post)]
        for group, query in queries([post.post_id for post in due], self._page_id, self._longest):
            try:
                yield from self._search(query)
            except PagingBroken as error:
                self._sweep.hole(THREAD_BROKEN.format(why=error))
                continue
            for post_id in group:
                self._done(self._own[post_id])

    def _search(self, query: str) -> Iterator[None]:
        params = {"query": query, "start_time": _stamp(self._searched), "max_results": self._count(LEAST_SEARCH)}
        route = "/2/tweets/search/recent"
        for rows, answer in self._api.pages(route, params, bucket="search", mark="next_token"):
            for row in rows:
                self._take(row)
            self._note_problems(answer)
            yield

    def _take(self, row: Any) -> None:
        if row_id(row) in self._own:
            return
        try:
            comment = comment_of(row, self._page_id)
        except Malformed as error:
            return self._unreadable(row, error)
        post_id = comment.post_id
        self._newest[post_id] = max(comment.posted_at, self._newest.get(post_id, comment.posted_at))
        self._sweep.take(comment)

    def _unreadable(self, row: Any, why: Malformed) -> None:
        """Told once, although the same row stands in two lists."""
        known, post_id = row_id(row), conversation_of(row)
        if known is None:
            shape = json.dumps(row, sort_keys=True, default=str)
            if shape in self._unnamed:
                return
            self._unnamed.add(shape)
            self._incomplete.add(post_id)
        elif self._sweep.has_seen(known):
            return
        else:
            self._sweep.saw(known)
        self._sweep.unreadable(why, post_id=post_id)

    def _is_due(self, post: Post) -> bool:
        look = self._sweep.looks.get(post.post_id)
        deep = self._sweep.depth is not SCHEDULE[0]
        if made_at(post.post_id) < self._now - SEARCHED:
            return False
        return deep or look is None or post.post_id in self._newest or look.is_due(post.comment_count, self._now)

    def _done(self, post: Post) -> None:
        look = self._sweep.looks.get(post.post_id)
        before = look.last if look else post.posted_at
        last = max(before, self._newest.get(post.post_id, before))
        self._sweep.looked_at(post.post_id, post.comment_count, last)
        if self._own_read and not {post.post_id, None} & self._incomplete:
            self._sweep.complete(post.post_id)

    def _note_problems(self, answer: Any) -> None:
        for problem in problems_of(answer):
            if kind_of(problem) not in _EXPECTED:
                self._sweep.hole(PARTLY.format(kind=kind_of(problem) or "no reason given"))

    def _count(self, least: int) -> str:
        return str(max(least, min(self._size, PAGE)))


def queries(post_ids: list[str], page_id: str, longest: int) -> Iterator[tuple[list[str], str]]:
    """As many conversations in one query as its length allows; the city's own replies stand in its timeline."""
    group: list[str] = []
    for post_id in post_ids:
        if group and len(_query([*group, post_id], page_id)) > longest:
            yield group, _query(group, page_id)
            group = []
        group.append(post_id)
    if group:
        yield group, _query(group, page_id)


def _query(post_ids: list[str], page_id: str) -> str:
    return f"({' OR '.join(f'conversation_id:{post_id}' for post_id in post_ids)}) -from:{page_id}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
