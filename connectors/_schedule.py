"""How far back, and how often: new comments at once, older ones on a falling schedule.

Most comments are edited or deleted, or found by a crowd, soon after they are posted. So each poll looks back a little
way, some look further, and once a day one looks a month back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Depth:
    """A sweep that looks ``back`` so far is made at most once in ``every``."""

    every: timedelta
    back: timedelta

    @property
    def name(self) -> str:
        """Hours, for the cursor."""
        return f"{self.back.total_seconds() / 3600:g}h"


# From the shallowest to the deepest. The first is part of every poll: late arrivals, and clocks that differ.
FALLING = (
    Depth(timedelta(0), timedelta(hours=2)),
    Depth(timedelta(minutes=10), timedelta(hours=12)),
    Depth(timedelta(hours=1), timedelta(hours=48)),
    Depth(timedelta(days=1), timedelta(days=30)),
)


def due_depth(looked: Mapping[str, datetime], now: datetime, schedule: tuple[Depth, ...] = FALLING) -> Depth:
    """The deepest sweep that is due. ``looked``: when each was last made, by its name."""
    for depth in reversed(schedule[1:]):
        last = looked.get(depth.name)
        if last is None or now - last >= depth.every:
            return depth
    return schedule[0]


def looked_now(
    looked: Mapping[str, datetime], made: Depth, now: datetime, schedule: tuple[Depth, ...] = FALLING
) -> dict[str, datetime]:
    """``looked`` after a sweep: a deep one counts for all that are shallower."""
    known = {each.name: looked[each.name] for each in schedule if each.name in looked}
    return {**known, **{each.name: now for each in schedule[1:] if each.back <= made.back}}


# How long a post rests after a look, by how long ago the last thing happened on it.
_RESTS = (
    (timedelta(hours=1), timedelta(0)),
    (timedelta(hours=6), timedelta(minutes=5)),
    (timedelta(days=2), timedelta(minutes=30)),
    (timedelta(days=7), timedelta(hours=3)),
    (timedelta(days=30), timedelta(hours=12)),
)
_LONGEST_REST = timedelta(days=1)


def rest_after(last_event: datetime, now: datetime) -> timedelta:
    """How long a post may rest before its comments are listed again, where that costs a call for each post."""
    quiet = now - last_event
    return next((rest for limit, rest in _RESTS if quiet < limit), _LONGEST_REST)


@dataclass(frozen=True, slots=True)
class Look:
    """The last look at a post: ``at``, the number of comments that the platform told, the ``last`` event on it."""

    at: datetime
    count: int | None
    last: datetime

    def is_due(self, count: int | None, now: datetime) -> bool:
        """Whether the platform tells another number of comments, or the post has rested long enough."""
        return (count is not None and count != self.count) or now - self.at >= rest_after(self.last, now)

    def packed(self) -> list[int | None]:
        """For the cursor."""
        return [int(self.at.timestamp()), self.count, int(self.last.timestamp())]

    @classmethod
    def unpacked(cls, value: object) -> Look | None:
        """From the cursor; ``None`` for what is none."""
        try:
            told: Any = value
            seen, count, event = told
            return cls(datetime.fromtimestamp(int(seen), UTC), count, datetime.fromtimestamp(int(event), UTC))
        except (TypeError, ValueError, OverflowError, OSError):
            return None
