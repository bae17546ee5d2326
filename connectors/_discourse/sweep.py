"""One poll of a forum: the newest posts down to where comments are known, then the topics that they stand in.

``/posts.json`` lists the posts of the whole forum by number, without soft-deleted ones. What was there at the last
poll and is not there now is asked for alone: so a hide is told from a post that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors._absent import Absent
from connectors._discourse.calls import Board
from connectors._discourse.objects import PLATFORM, is_public
from connectors._paging import PagingBroken, walk
from connectors._schedule import FALLING
from connectors._sweep import LIST_BROKEN, POST_UNREADABLE, POSTS_BROKEN, Sweep
from connectors._values import DIGITS, a_count, perhaps_id, perhaps_time
from connectors.contract import Batch, Comment, CommentRef, Gone, Malformed, PermissionLost

# Forums answer with at most 50 posts; older ones with those among the 50 numbers below the mark, be they few or none.
WINDOW = 50
MOST_EMPTY = 20
MOST_PAGES = 2000
MOST_TOPIC_PAGES = 50
# Calls for single objects are bounded, so that one poll of a busy forum stays within 60 calls a minute.
MOST_TOPICS = 8
MOST_LOOKUPS = 10
MOST_PARENTS = 10
TAIL = 10
SHALLOW = FALLING[0].back

NO_OBJECT = "It is no object."


class Poll:
    """The work of one poll."""

    def __init__(self, board: Board, sweep: Sweep) -> None:
        self._board, self._sweep = board, sweep
        self._slug = ""
        self._categories: frozenset[int] | None = None
        self._openings: dict[str, Mapping[str, Any]] = {}
        self._numbers: dict[tuple[str, int], str] = {}
        self._absent = Absent(sweep, self._ask_for, most=MOST_LOOKUPS)
        self._asked_parents = self._empty = 0
        self._nameless = False

    def batches(self) -> Iterator[Batch]:
        """To the end. Raises in the middle when the forum does."""
        self._learn_categories()
        for rows in self._pages():
            self._take(rows)
            if self._sweep.is_full:
                yield self._sweep.batch()
        self._absent.settle()
        if self._absent.news or self._sweep.depth.back > SHALLOW:
            self._take_topics()
        yield self._absent.last_batch(every_post=not self._nameless)

    def _learn_categories(self) -> None:
        watched = self._board.forum.page_id
        if watched == "all":
            return
        self._slug, self._categories = self._board.category()

    def _pages(self) -> Iterator[list[Any]]:
        try:
            for rows, _ in walk(self._page, most=MOST_PAGES):
                yield rows
        except PagingBroken as broken:
            self._sweep.hole(LIST_BROKEN.format(why=broken))

    def _page(self, mark: str | None) -> tuple[list[Any], str | None]:
        rows, _ = self._board.latest(mark)
        if not rows and mark is None:
            return [], self._newest_by_topic()
        numbers = [number for row in rows if (number := _number(row)) is not None]
        # A window may be empty although older posts exist: those numbers belong to private messages.
        following = min(numbers) if numbers else int(mark or 0) - WINDOW
        if mark is not None and set(numbers) == {int(mark)}:
            # Older forums count the mark itself in.
            following -= 1
        self._empty = 0 if rows else self._empty + 1
        if following <= 1 or self._empty > MOST_EMPTY or _ends_before(rows, self._sweep.since):
            return rows, None
        return rows, str(following)

    def _newest_by_topic(self) -> str | None:
        """The mark above the newest public post, where the newest posts of all are private messages."""
        topics, _ = self._board.topics(0, self._slug)
        newest = perhaps_id(topics[0].get("id"), PLATFORM, DIGITS) if topics and isinstance(topics[0], dict) else None
        stream = self._board.topic(newest, poll=True).get("post_stream") if newest else None
        numbers = stream.get("stream") if isinstance(stream, dict) else None
        known = [each for each in numbers or () if isinstance(each, int) and not isinstance(each, bool)]
        return str(max(known) + 1) if known else None

    def _take(self, rows: list[Any]) -> None:
        for row in rows:
            if not isinstance(row, dict):
                self._nameless = True
                self._sweep.unreadable(NO_OBJECT)
            elif self._is_ours(row):
                self._remember_numbers(row)
                self._take_row(row)

    def _take_row(self, row: dict[str, Any]) -> None:
        topic_id = perhaps_id(row.get("topic_id"), PLATFORM, DIGITS)
        if _opens(row) and topic_id:
            self._openings[topic_id] = row
        if _opens(row) and self._board.forum.is_own(row.get("username"), row.get("user_id")):
            return
        moment = perhaps_time(row.get("created_at"))
        if moment is not None and moment < self._sweep.since:
            return
        try:
            self._absent.take(self._board.forum.comment(row, parent_id=self._parent(row, topic_id)))
        except Malformed as error:
            self._leave_out(row, error, topic_id)

    def _leave_out(self, row: dict[str, Any], error: Malformed, topic_id: str | None) -> None:
        comment_id = perhaps_id(row.get("id"), PLATFORM, DIGITS)
        if comment_id:
            self._sweep.saw(comment_id)
        self._nameless = self._nameless or not comment_id
        self._sweep.unreadable(error.sentence, post_id=topic_id)

    def _is_ours(self, row: dict[str, Any]) -> bool:
        watched = self._categories is None or row.get("category_id") in self._categories
        return watched and is_public(row)

    def _remember_numbers(self, row: dict[str, Any]) -> None:
        topic_id, comment_id = (perhaps_id(row.get(key), PLATFORM, DIGITS) for key in ("topic_id", "id"))
        number = a_count(row.get("post_number"))
        if topic_id and comment_id and number is not None:
            self._numbers[(topic_id, number)] = comment_id

    def _parent(self, row: dict[str, Any], topic_id: str | None) -> str | None:
        """The id of the post that is answered. The forum tells its number in the topic."""
        number = a_count(row.get("reply_to_post_number"))
        if number is None or topic_id is None:
            return None
        if (topic_id, number) not in self._numbers and self._asked_parents < MOST_PARENTS:
            self._asked_parents += 1
            try:
                self._remember_numbers(dict(self._board.by_number(topic_id, number)))
            except (Gone, PermissionLost):
                return None
        return self._numbers.get((topic_id, number))

    def _ask_for(self, comment_ids: Sequence[str]) -> dict[str, Comment | None]:
        """Posts that left the list: deleted softly, or gone."""
        found: dict[str, Comment | None] = {}
        forum = self._board.forum
        for comment_id in comment_ids:
            row = self._board.row_or_none(CommentRef(PLATFORM, forum.page_id, comment_id))
            try:
                found[comment_id] = forum.comment(row) if row is not None else None
            except Malformed as error:
                self._leave_out(dict(row or {}), error, None)
        return found

    # Topics.

    def _take_topics(self) -> None:
        left = MOST_TOPICS
        for topic in self._topics():
            topic_id = perhaps_id(topic.get("id"), PLATFORM, DIGITS)
            count, last = a_count(topic.get("posts_count")), perhaps_time(topic.get("last_posted_at"))
            look = self._sweep.looks.get(topic_id or "")
            if topic_id is None or topic.get("archetype") == "private_message":
                continue
            if look is not None and not look.is_due(count, self._sweep.started):
                continue
            opening = self._openings.get(topic_id)
            if opening is None and left == 0:
                continue
            left -= opening is None
            self._take_topic(topic, topic_id, opening)
            self._sweep.looked_at(topic_id, count, last or self._sweep.started)

    def _take_topic(self, topic: dict[str, Any], topic_id: str, opening: Mapping[str, Any] | None) -> None:
        try:
            if opening is None:
                opening = opening_of(self._board.topic(topic_id, poll=True))
            self._sweep.take_post(self._board.forum.post(topic, opening))
        except (Malformed, Gone, PermissionLost) as error:
            self._sweep.hole(POST_UNREADABLE.format(why=error.sentence), post_id=topic_id)

    def _topics(self) -> Iterator[dict[str, Any]]:
        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            rows, more = self._board.topics(int(mark or 0), self._slug)
            return rows, str(int(mark or 0) + 1) if more else None

        try:
            for rows, _ in walk(fetch, most=MOST_TOPIC_PAGES):
                topics = [row for row in rows if isinstance(row, dict)]
                fresh = [topic for topic in topics if not _quiet(topic, self._sweep.since)]
                yield from fresh
                # Pinned topics stand first, however old they are.
                if topics and not [topic for topic in fresh if not topic.get("pinned")]:
                    return
        except PagingBroken as broken:
            self._sweep.hole(POSTS_BROKEN.format(why=broken))


def opening_of(topic: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The post that opens a topic, if the answer holds it."""
    stream = topic.get("post_stream")
    rows = stream.get("posts") if isinstance(stream, dict) else None
    found = [row for row in rows or () if isinstance(row, dict) and _opens(row)]
    return found[0] if found else None


def _opens(row: Mapping[str, Any]) -> bool:
    return row.get("post_number") == 1


def _number(row: object) -> int | None:
    comment_id = perhaps_id(row.get("id"), PLATFORM, DIGITS) if isinstance(row, dict) else None
    return int(comment_id) if comment_id else None


def _ends_before(rows: list[Any], since: datetime) -> bool:
    # Numbers follow the time of writing, but for imports: some old ones at the end say that all that follow are old.
    tail = [perhaps_time(row.get("created_at")) for row in rows[-TAIL:] if isinstance(row, dict)]
    return bool(tail) and all(moment is not None and moment < since for moment in tail)


def _quiet(topic: Mapping[str, Any], since: datetime) -> bool:
    last = perhaps_time(topic.get("last_posted_at"))
    return last is not None and last < since
