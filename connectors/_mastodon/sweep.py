"""One poll of an account: its own statuses, the mentions of it, and the threads below its statuses that are due.

Mentions come as notifications, in one list for everything. Replies that leave the mention out are found in the threads
only, and a thread costs a call: the schedule of looks says which are due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors._absent import Absent
from connectors._mastodon.calls import Page, Server
from connectors._mastodon.objects import ID, PLATFORM, Profile, is_public
from connectors._paging import PagingBroken, walk
from connectors._schedule import FALLING
from connectors._sweep import LIST_BROKEN, POST_UNREADABLE, POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._values import a_count, perhaps_id, perhaps_time
from connectors.contract import Batch, Comment, Gone, Malformed, PermissionLost

MOST_PAGES = 500
MOST_THREADS = 60
MOST_ROOTS = 40
MOST_LOOKUPS = 20
# Threads of mentions that had to be asked for: so many are kept in the cursor, and in memory.
MOST_KEPT_ROOTS = 200
MOST_KNOWN_ROOTS = 20_000
NEWEST_STATUSES = 40
NEWEST_MENTIONS = 80
RECENT = timedelta(days=7)
# Where mentions that begin a thread are remembered: no status has such an id.
MENTIONS = "*mentions"
ROOTS_LATER = "Of some mentions it is not known yet which thread they stand in; they are read at the next polls."


class Poll:
    """The work of one poll."""

    def __init__(self, server: Server, profile: Profile, sweep: Sweep, page_size: int, posts_back: timedelta) -> None:
        self._server, self._profile, self._sweep, self._size = server, profile, sweep, page_size
        self._posts_since = sweep.started - self._back(posts_back)
        self._asked_roots = server.roots
        self._asked_roots.update(_texts(sweep.state.get("roots")))
        self._absent = Absent(sweep, self._ask_for, most=MOST_LOOKUPS, by_post=True)
        self._roots: dict[str, str] = {}
        self._asked = 0
        self._told = set[str]()
        self._blind = set[str]()
        self._claims = True

    def batches(self) -> Iterator[Batch]:
        """To the end. Raises in the middle when the server does."""
        due = self._own_threads()
        mentions = self._mentions()
        looked = []
        for row in due[:MOST_THREADS]:
            if self._read_thread(row):
                looked.append(str(row["id"]))
            if self._sweep.is_full:
                yield self._sweep.batch()
        self._take_mentions(mentions)
        for post_id in looked:
            if self._absent.settle(post_id) and self._claims and post_id not in self._blind:
                self._sweep.complete(post_id)
        if self._absent.settle(MENTIONS) and self._claims:
            for comment_id in self._absent.gone:
                self._sweep.complete(comment_id)
        self._keep_roots()
        yield self._absent.last_batch(every_post=False)

    def _keep_roots(self) -> None:
        for status_id in list(self._asked_roots)[:-MOST_KNOWN_ROOTS]:
            del self._asked_roots[status_id]
        self._sweep.state["roots"] = dict(list(self._asked_roots.items())[-MOST_KEPT_ROOTS:])

    def _back(self, posts_back: timedelta) -> timedelta:
        if self._sweep.depth == FALLING[-1]:
            return posts_back
        return max(self._sweep.depth.back, RECENT) if self._sweep.depth != FALLING[0] else timedelta(0)

    # The city's own statuses.

    def _own_threads(self) -> list[dict[str, Any]]:
        """The city's threads that are due for a look, the newest first."""
        size, due = min(self._size, NEWEST_STATUSES), []
        for rows in self._walked(lambda mark: self._server.own_statuses(mark, size), self._are_old, POSTS_BROKEN):
            for row in rows:
                if isinstance(row, dict) and self._is_thread(row):
                    self._roots[str(row["id"])] = str(row["id"])
                    if self._is_due(row):
                        due.append(row)
        return due

    def _is_thread(self, row: dict[str, Any]) -> bool:
        readable = perhaps_id(row.get("id"), PLATFORM, ID) is not None
        return readable and is_public(row) and self._profile.is_own(row) and row.get("in_reply_to_id") is None

    def _is_due(self, row: dict[str, Any]) -> bool:
        look = self._sweep.looks.get(row["id"])
        return look is None or look.is_due(a_count(row.get("replies_count")), self._sweep.started)

    def _are_old(self, rows: list[Any]) -> bool:
        times = [perhaps_time(row.get("created_at")) for row in rows if isinstance(row, dict)]
        # Pinned statuses are no part of this list, so it is in order.
        return bool(times) and times[-1] is not None and times[-1] < self._posts_since

    def _read_thread(self, row: dict[str, Any]) -> bool:
        """Everything below one of the city's statuses. Whether it could be read."""
        post_id = str(row["id"])
        try:
            self._sweep.take_post(self._profile.post(row))
        except Malformed as error:
            self._sweep.hole(POST_UNREADABLE.format(why=error.sentence), post_id=post_id)
            return False
        try:
            _, below = self._server.context(post_id, poll=True)
        except (Gone, PermissionLost) as error:
            self._sweep.hole(THREAD_BROKEN.format(why=error.sentence), post_id=post_id)
            return False
        last = perhaps_time(row.get("created_at")) or self._sweep.started
        for each in below:
            last = max(last, self._take(each, post_id) or last)
        self._sweep.looked_at(post_id, a_count(row.get("replies_count")), last)
        return True

    # Mentions.

    def _mentions(self) -> list[dict[str, Any]]:
        """The public statuses that mention the city, the oldest first: a reply comes after what it answers."""
        size, found = min(self._size, NEWEST_MENTIONS), []
        for rows in self._walked(lambda mark: self._server.mentions(mark, size), self._are_known, LIST_BROKEN):
            for row in rows:
                status = row.get("status") if isinstance(row, dict) and row.get("type") == "mention" else None
                if isinstance(status, dict) and is_public(status):
                    found.append(status)
        return found[::-1]

    def _are_known(self, rows: list[Any]) -> bool:
        times = [perhaps_time(row.get("created_at")) for row in rows if isinstance(row, dict)]
        return bool(times) and times[-1] is not None and times[-1] < self._sweep.since

    def _take_mentions(self, statuses: list[dict[str, Any]]) -> None:
        waiting = False
        for status in statuses:
            root = self._root_of(status)
            if root is None:
                waiting = True
            else:
                self._take(status, root)
        if waiting:
            self._sweep.hole(ROOTS_LATER)

    def _root_of(self, status: dict[str, Any]) -> str | None:
        """The thread of a mention; asked for where nothing that was read names it."""
        status_id = perhaps_id(status.get("id"), PLATFORM, ID)
        above = perhaps_id(status.get("in_reply_to_id"), PLATFORM, ID)
        if status_id is None or above is None:
            return status_id or self._roots.get(above or "", "")
        known = self._roots.get(status_id) or self._roots.get(above) or self._asked_roots.get(status_id)
        if known is None and self._asked < MOST_ROOTS:
            self._asked += 1
            known = self._asked_roots[status_id] = self._ask_for_root(status, status_id)
        if known is not None:
            self._roots[status_id] = known
        return known

    def _ask_for_root(self, status: dict[str, Any], status_id: str) -> str:
        try:
            above, _ = self._server.context(status_id, poll=True)
        except (Gone, PermissionLost):
            return status_id
        root = self._profile.root(status, above)
        post_id = perhaps_id(root.get("id"), PLATFORM, ID) or status_id
        if post_id not in self._roots:
            self._take_foreign(root, post_id)
        return post_id

    def _take_foreign(self, root: Any, post_id: str) -> None:
        try:
            self._sweep.take_post(self._profile.post(root))
            self._roots[post_id] = post_id
        except Malformed as error:
            self._sweep.hole(POST_UNREADABLE.format(why=error.sentence), post_id=post_id)

    # Both.

    def _take(self, row: object, post_id: str) -> datetime | None:
        """Bring a status if it is public; returns its time."""
        told: dict[str, Any] = row if isinstance(row, dict) else {}
        if not is_public(told) and told:
            return None
        moment = perhaps_time(told.get("created_at"))
        status_id = perhaps_id(told.get("id"), PLATFORM, ID)
        if status_id:
            self._roots.setdefault(status_id, post_id)
        if moment is not None and moment < self._sweep.since:
            return moment
        try:
            if status_id is None or not self._sweep.has_seen(status_id):
                self._bring(self._profile.comment(told, post_id))
        except Malformed as error:
            self._leave_out(told, error, status_id, post_id)
        return moment

    def _bring(self, comment: Comment) -> None:
        if comment.post_id == comment.ref.comment_id:
            # A mention that begins a thread is filed under itself; the list of mentions holds them all.
            self._sweep.take_post(self._profile.post(comment.raw))
            self._absent.take(comment, listed_under=MENTIONS)
        else:
            self._absent.take(comment)

    def _leave_out(self, row: dict[str, Any], error: Malformed, status_id: str | None, post_id: str) -> None:
        # A status stands in the list of mentions and in its thread: what can't be read is told once.
        name = status_id or str(row.get("uri") or row.get("url") or "")
        if status_id:
            self._sweep.saw(status_id)
        else:
            self._blind.add(post_id)
        self._claims = self._claims and bool(post_id)
        if not name or name not in self._told:
            self._sweep.unreadable(error.sentence, post_id=post_id or None)
        self._told.add(name)

    def _ask_for(self, comment_ids: Sequence[str]) -> dict[str, Comment | None]:
        """Statuses that left their thread: gone, or by an account that the city blocks or mutes."""
        found: dict[str, Comment | None] = {}
        for comment_id in comment_ids:
            row = self._server.status_or_none(comment_id)
            if row is None:
                found[comment_id] = None
        return found

    def _walked(
        self, page: Callable[[str | None], Page], are_enough: Callable[[list[Any]], bool], broken: str
    ) -> Iterator[list[Any]]:
        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            rows, following, _ = page(mark)
            return rows, None if are_enough(rows) else following

        try:
            for rows, _ in walk(fetch, most=MOST_PAGES):
                yield rows
        except PagingBroken as error:
            self._claims = False
            self._sweep.hole(broken.format(why=error))


def _texts(value: object) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {str(key): each for key, each in pairs if isinstance(each, str)}
