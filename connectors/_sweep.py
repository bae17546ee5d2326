"""Keeps the books of one poll: what was brought, what was seen, what could not be read, and where to go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._schedule import FALLING, Depth, Look, due_depth, looked_now
from connectors.contract import Batch, Comment, Gap, Post

LARGEST_BATCH = 1000
# A stored cursor grows with the posts that are watched; older ones fall out of it.
MOST_LOOKS = 2000
# After a sweep with gaps the next one looks as far back again, but not for ever: a thread may never be readable.
LONGEST_MEMORY = timedelta(days=7)
# So often a deep sweep with holes is made again at once. Then it waits for its time: it may never be without.
MOST_REPEATS = 2

CURSOR_UNREADABLE = "The place where the last poll ended can't be read; the page is read as on a first visit."
COMMENT_UNREADABLE = "A comment could not be read and was left out: {why}"
POST_UNREADABLE = "A post could not be read ({why}) and was left out with its comments."
THREAD_BROKEN = "Not all comments of a post could be read: {why}"
LIST_BROKEN = "Not all comments of the page could be read: {why}"
POSTS_BROKEN = "Not all posts could be read: {why}"


class Sweep:
    """One poll of one page, from where the last one ended, less the depth that is due.

    ``since`` is how far back comments must be read; ``started`` when the poll began. ``state`` is the connector's own
    and is kept in the cursor (JSON values; keep it small). ``looks`` are the last looks at posts, by post id.
    """

    def __init__(
        self,
        cursor: str | None,
        *,
        now: datetime,
        first_visit: timedelta,
        schedule: tuple[Depth, ...] = FALLING,
    ) -> None:
        self.started = now.replace(microsecond=0)
        self.state: dict[str, Any] = {}
        self.looks: dict[str, Look] = {}
        self._cursor, self._schedule = cursor or "", schedule
        self._comments: list[Comment] = []
        self._posts: list[Post] = []
        self._gaps: list[Gap] = []
        self._seen: set[str] = set()
        self._complete: set[str] = set()
        self._holes = False
        self._looked: dict[str, datetime] = {}
        self._repeats = 0
        self._begun: datetime | None = self.started - first_visit
        self._watermark = self._read_cursor(first_visit)
        self.depth = due_depth(self._looked, self.started, schedule)
        self.is_first = not self._looked
        # What arrived late before an outage is older than the place where the last poll ended.
        overlap = timedelta(0) if self.is_first else schedule[0].back
        self.since = min(self._watermark - overlap, self.started - self.depth.back)

    # What the connector reports.

    def take(self, comment: Comment, *, late: bool = False) -> bool:
        """Bring a comment; ``False`` when this sweep brought it already, or it is older than the first visit reaches.

        Lists are read further back than that, to learn which threads there are; but nobody is told of last month's
        comments on the first day. ``late``: it was not there before, whatever its time says.
        """
        if comment.ref.comment_id in self._seen:
            return False
        self._seen.add(comment.ref.comment_id)
        if self._begun and comment.posted_at < self._begun and (self.is_first or not late):
            return False
        self._comments.append(comment)
        return True

    def take_post(self, post: Post) -> None:
        """Bring one of the city's posts."""
        self._posts.append(post)

    def saw(self, comment_id: str) -> None:
        """A comment is there, although it could not be read."""
        self._seen.add(comment_id)

    def has_seen(self, comment_id: str) -> bool:
        """Whether the comment was met in this sweep."""
        return comment_id in self._seen

    def unreadable(self, why: object, *, post_id: str | None = None) -> None:
        """One comment was left out."""
        self._gaps.append(Gap(COMMENT_UNREADABLE.format(why=why), post_id=post_id))

    def hole(self, reason: str, *, post_id: str | None = None) -> None:
        """Part of the page was not seen: the next sweep looks as far back again."""
        self._holes = True
        self._gaps.append(Gap(reason, post_id=post_id, since=self.since, until=self.started))

    def blind(self, reason: str, *, post_id: str | None = None) -> None:
        """Part of the page can't be seen, and looking as far back again would not show it."""
        self._gaps.append(Gap(reason, post_id=post_id, since=self.since, until=self.started))

    def complete(self, post_id: str) -> None:
        """Every comment of the post from ``since`` on was met."""
        self._complete.add(post_id)

    def looked_at(self, post_id: str, count: int | None, last: datetime) -> None:
        """A post's comments were listed now. ``count`` is the platform's own, ``last`` the newest event on it."""
        self.looks[post_id] = Look(self.started, count, last)

    # What the caller is given.

    @property
    def is_full(self) -> bool:
        """Whether a batch should be handed on, so that a page of a million comments needs no more memory."""
        return len(self._comments) >= LARGEST_BATCH

    def batch(self) -> Batch:
        """What was brought since the last batch. The cursor has not moved."""
        batch = Batch(tuple(self._comments), tuple(self._posts), self._cursor, last=False, gaps=tuple(self._gaps))
        self._comments, self._posts, self._gaps = [], [], []
        return batch

    def last_batch(self, *, every_post: bool = False, complete_since: datetime | None = None) -> Batch:
        """The end. ``every_post``: one list held the comments of all posts, so nothing from ``since`` on was left out.

        A sweep with holes claims completeness for those posts only that were named complete.
        """
        return replace(
            self.batch(),
            cursor=self._new_cursor(),
            last=True,
            # Whether "since" includes its own second is rarely documented.
            complete_since=complete_since or self.since + timedelta(seconds=1),
            complete_posts=frozenset(self._complete),
            every_post=every_post and not self._holes,
            seen=frozenset(self._seen),
        )

    def _read_cursor(self, first_visit: timedelta) -> datetime:
        if not self._cursor:
            return self.started - first_visit
        try:
            kept = json.loads(self._cursor)
            watermark = datetime.fromtimestamp(int(kept["watermark"]), UTC)
            looked = _times(kept.get("looked"))
            state, looks = kept.get("state") or {}, kept.get("looks") or {}
            self.state = dict(state)
            self._repeats = int(kept.get("repeats") or 0)
            begun = _times({"begun": kept["begun"]})["begun"] if "begun" in kept else None
            found = {key: Look.unpacked(value) for key, value in looks.items()}
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError, RecursionError):
            self.state = {}
            self._gaps.append(Gap(CURSOR_UNREADABLE, until=self.started - first_visit))
            return self.started - first_visit
        self._looked, self._begun = looked, begun
        self.looks = {key: look for key, look in found.items() if look is not None}
        return min(watermark, self.started)

    def _new_cursor(self) -> str:
        watermark = max(self._watermark, self.started - LONGEST_MEMORY) if self._holes else self.started
        again = self._holes and self._repeats < MOST_REPEATS
        looked = self._looked if again else looked_now(self._looked, self.depth, self.started, self._schedule)
        newest = sorted(self.looks.items(), key=lambda item: item[1].last, reverse=True)[:MOST_LOOKS]
        kept: dict[str, Any] = {
            "watermark": int(watermark.timestamp()),
            "looked": {name: int(at.timestamp()) for name, at in looked.items()},
            "looks": {post_id: look.packed() for post_id, look in newest},
            "state": self.state,
            "repeats": self._repeats + 1 if again else 0,
            "begun": self._first_day(),
        }
        return json.dumps({key: value for key, value in kept.items() if value not in ({}, 0)})

    def _first_day(self) -> int:
        """As long as a sweep could reach behind it; then nothing needs to be remembered."""
        reach = self.started - self._schedule[-1].back - LONGEST_MEMORY
        return int(self._begun.timestamp()) if self._begun and self._begun > reach else 0


def _times(value: object) -> dict[str, datetime]:
    pairs: Mapping[Any, Any] = value if isinstance(value, Mapping) else {}
    return {str(name): datetime.fromtimestamp(int(at), UTC) for name, at in pairs.items()}
