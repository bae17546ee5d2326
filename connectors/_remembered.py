"""Remembers which comments a post's list held, so that a hidden one is not taken for missing.

Some platforms leave a hidden comment out of their lists. Whoever lists a post then asks for the comments that were
there before by their ids; only what can't be read either is gone. The memory lies in the cursor and is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

# As far back as the deepest sweep looks.
MEMORY = timedelta(days=30)
MOST_REMEMBERED = 2000
# A comment that was found hidden is not asked for again at each poll.
REST = timedelta(minutes=10)


class Remembered:
    """The comments of each post by id, with their posting times. ``state`` is the part of a cursor that holds it.

    ``is_lost``: there was a last poll, but what it listed is not known, so absence proves nothing.
    """

    def __init__(self, state: dict[str, Any], *, now: datetime, had_cursor: bool) -> None:
        self._now = now
        listed = state.get("listed")
        self.is_lost = had_cursor and not isinstance(listed, dict)
        self._listed = _nested(listed)
        self._away = _numbers(state.get("away"))
        self._from = next(iter(_numbers({"from": state.get("from")}).values()), 0)

    @property
    def reaches_back_to(self) -> datetime | None:
        """Before this time comments were forgotten; ``None`` where none were."""
        return datetime.fromtimestamp(self._from + 1, UTC) if self._from else None

    def is_new(self, post_id: str, comment_id: str, posted_at: datetime) -> bool:
        """Whether a comment of the last month was never listed before: it came late, or was let through late."""
        return self._now - posted_at < MEMORY and comment_id not in self._listed.get(post_id, {})

    def note(self, post_id: str, comment_id: str, posted_at: datetime) -> None:
        """The comment was listed now."""
        if self._now - posted_at < MEMORY:
            self._listed.setdefault(post_id, {})[comment_id] = int(posted_at.timestamp())
        self._away.pop(comment_id, None)

    def absent(self, post_id: str, listed: Iterable[str], since: datetime) -> list[str]:
        """The comments from ``since`` on that were listed before and are not now."""
        here, start = set(listed), since.timestamp()
        known = self._listed.get(post_id, {})
        return [comment_id for comment_id, at in known.items() if at >= start and comment_id not in here]

    def rests(self, comment_id: str) -> bool:
        """Whether the comment was read a short while ago although no list held it."""
        at = self._away.get(comment_id)
        return at is not None and self._now.timestamp() - at < REST.total_seconds()

    def stays_away(self, comment_id: str) -> None:
        """The comment was read now although the list doesn't hold it."""
        self._away[comment_id] = int(self._now.timestamp())

    def forget(self, post_id: str, comment_id: str) -> None:
        """The comment is gone."""
        self._listed.get(post_id, {}).pop(comment_id, None)
        self._away.pop(comment_id, None)

    def packed(self) -> dict[str, Any]:
        """For the cursor: the newest comments, of the last month."""
        rows = [(at, post_id, each) for post_id, ids in self._listed.items() for each, at in ids.items()]
        rows = sorted((row for row in rows if row[0] >= (self._now - MEMORY).timestamp()), reverse=True)
        dropped = max((at for at, _, _ in rows[MOST_REMEMBERED:]), default=0)
        kept: dict[str, dict[str, int]] = {}
        for at, post_id, comment_id in rows[:MOST_REMEMBERED]:
            kept.setdefault(post_id, {})[comment_id] = at
        ids = {comment_id for listed in kept.values() for comment_id in listed}
        away = {comment_id: at for comment_id, at in self._away.items() if comment_id in ids}
        state: dict[str, Any] = {"listed": kept, "away": away, "from": max(dropped, self._from)}
        return {name: value for name, value in state.items() if value or name == "listed"}


def _nested(value: object) -> dict[str, dict[str, int]]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {str(post_id): _numbers(ids) for post_id, ids in pairs}


def _numbers(value: object) -> dict[str, int]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {str(key): number for key, number in pairs if isinstance(number, int) and 0 <= number < 1e11}
