"""One poll of a subreddit: new comments, new submissions, and what moderators or Reddit's filter put aside.

The lists are newest first and end after about 1,000 things. Pages are walked by ``after`` from the newest on: a mark
``before`` breaks when the thing that it names was removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors._absent import Absent
from connectors._paging import PagingBroken, walk
from connectors._reddit.calls import NOT_EXPECTED, Calls
from connectors._reddit.objects import FULL_NAME, PLATFORM, Subreddit, is_deleted
from connectors._schedule import FALLING
from connectors._sweep import LIST_BROKEN, POST_UNREADABLE, Sweep
from connectors._values import a_count, perhaps_id, perhaps_time
from connectors.contract import Batch, Comment, Malformed, PermissionLost

COMMENTS = "r/{subreddit}/comments"
SUBMISSIONS = "r/{subreddit}/new"
PUT_ASIDE = "about_spam"

MOST_PAGES = 600
# Reddit's lists hold about this many; what lies further back can't be listed.
LONGEST_LIST = 950
MOST_AT_ONCE = 100
MOST_LOOKUPS = 300
MOST_POSTS = 100
SHALLOW = FALLING[0].back

TOO_MANY_NEW = "Reddit lists only about 1,000 comments, and more were written since the last poll; poll more often."
NO_SUBREDDIT = "Reddit knows no subreddit r/{name}, or does not show it to the token's account."


class Poll:
    """The work of one poll."""

    def __init__(self, calls: Calls, subreddit: Subreddit, sweep: Sweep, page_size: int) -> None:
        self._calls, self._subreddit, self._sweep = calls, subreddit, sweep
        self._size = min(page_size, MOST_AT_ONCE)
        self._absent = Absent(sweep, self._ask_for, most=MOST_LOOKUPS)
        self._posts: dict[str, dict[str, Any]] = {}
        self._wanted: dict[str, datetime] = {}
        self._nameless = False
        self._reached = perhaps_time(sweep.state.get("reached"))

    def batches(self) -> Iterator[Batch]:
        """To the end. Raises in the middle when Reddit does."""
        for name in (SUBMISSIONS, COMMENTS, PUT_ASIDE):
            for rows in self._pages(name):
                for row in rows:
                    self._take(row)
                if self._sweep.is_full:
                    yield self._sweep.batch()
        self._absent.settle()
        self._take_posts()
        self._sweep.state["reached"] = int(self._sweep.started.timestamp())
        yield self._absent.last_batch(every_post=not self._nameless)

    def _pages(self, name: str) -> Iterator[list[Any]]:
        listed, oldest = 0, datetime.max.replace(tzinfo=UTC)
        try:
            for rows, more in walk(lambda mark: self._page(name, mark), most=MOST_PAGES):
                listed += len(rows)
                oldest = min([oldest, *_times(rows)])
                yield rows
                if not more and listed >= LONGEST_LIST and oldest > (self._reached or self._sweep.since):
                    self._sweep.hole(TOO_MANY_NEW)
        except PagingBroken as broken:
            self._nameless = True
            self._sweep.hole(LIST_BROKEN.format(why=broken))

    def _page(self, name: str, mark: str | None) -> tuple[list[Any], str | None]:
        params = {"limit": self._size, **({"after": mark} if mark else {})}
        rows, after, exchange = self._calls.listing(name, params, poll=True, subreddit=self._subreddit.name)
        if any(isinstance(row, dict) and row.get("kind") == "t5" for row in rows):
            # The answer for a name that does not exist is a search for subreddits.
            raise PermissionLost(NO_SUBREDDIT.format(name=self._subreddit.name), exchange=exchange)
        if after is not None and not isinstance(after, str):
            raise Malformed(NOT_EXPECTED, exchange=exchange)
        times = _times(rows)
        return rows, None if times and times[-1] < self._sweep.since else after

    def _take(self, row: object) -> None:
        data = row.get("data") if isinstance(row, dict) else None
        told = data if isinstance(data, dict) else {}
        if is_deleted(told):
            return
        full_name = perhaps_id(told.get("name"), PLATFORM, FULL_NAME)
        if isinstance(row, dict) and row.get("kind") == "t3" and full_name:
            self._posts[full_name] = row
            if self._subreddit.is_own(told):
                return
        moment = perhaps_time(told.get("created_utc"))
        if moment is not None and moment < self._sweep.since:
            return
        try:
            self._bring(self._subreddit.comment(row))
        except Malformed as error:
            self._leave_out(error, full_name, perhaps_id(told.get("link_id"), PLATFORM, FULL_NAME))

    def _bring(self, comment: Comment) -> None:
        self._absent.take(comment)
        last = self._wanted.get(comment.post_id, comment.posted_at)
        self._wanted[comment.post_id] = max(last, comment.posted_at)

    def _leave_out(self, error: Malformed, full_name: str | None, post_id: str | None) -> None:
        if full_name:
            self._sweep.saw(full_name)
        self._nameless = self._nameless or not full_name
        self._sweep.unreadable(error.sentence, post_id=post_id)

    def _ask_for(self, full_names: Sequence[str]) -> dict[str, Comment | None]:
        """Comments that left the lists, many in one call: those that do not come are gone."""
        found: dict[str, Comment | None] = {}
        for start in range(0, len(full_names), MOST_AT_ONCE):
            asked = full_names[start : start + MOST_AT_ONCE]
            found.update(dict.fromkeys(asked))
            for row in self._calls.things(asked, poll=True):
                try:
                    comment = self._subreddit.comment(row)
                    found[comment.ref.comment_id] = comment
                except Malformed:
                    # Something is there: which one can't be said, so none of them is called gone.
                    return {}
        return found

    # Posts.

    def _take_posts(self) -> None:
        due = [post_id for post_id in {*self._posts, *self._wanted} if self._is_due(post_id)]
        lacking = [post_id for post_id in due if post_id not in self._posts][:MOST_POSTS]
        for row in self._calls.things(lacking, poll=True) if lacking else ():
            full_name = perhaps_id((row.get("data") or {}).get("name"), PLATFORM, FULL_NAME) if row else None
            if full_name:
                self._posts[full_name] = row
        for post_id in due:
            if post_id in self._posts:
                self._take_post(post_id, self._posts[post_id])

    def _is_due(self, post_id: str) -> bool:
        look = self._sweep.looks.get(post_id)
        data = self._posts.get(post_id, {}).get("data") or {}
        if look is None or look.is_due(a_count(data.get("num_comments")), self._sweep.started):
            return True
        return post_id in self._wanted and self._wanted[post_id] > look.at

    def _take_post(self, post_id: str, row: dict[str, Any]) -> None:
        try:
            post = self._subreddit.post(row)
        except Malformed as error:
            self._sweep.hole(POST_UNREADABLE.format(why=error.sentence), post_id=post_id)
            return
        self._sweep.take_post(post)
        count = a_count(row["data"].get("num_comments"))
        self._sweep.looked_at(post_id, count, self._wanted.get(post_id, post.posted_at))


def _times(rows: list[Any]) -> list[datetime]:
    things = [row.get("data") for row in rows if isinstance(row, dict)]
    times = [perhaps_time(data.get("created_utc")) for data in things if isinstance(data, dict)]
    return [moment for moment in times if moment is not None]
