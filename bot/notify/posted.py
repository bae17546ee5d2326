"""What stands in a channel already, read once and kept up to date by reading only what is newer.

Every alert asks before it posts. Reading the whole history each time would spend Slack's allowance (50 calls a minute)
in a raid, exactly when alerts matter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

History = Callable[..., Any]

_PAGE = 200
_MOST_PAGES = 5
_BEFORE_ALL = "0000000000.000000"


class Posted:
    """The messages of one channel that carry our metadata, by (event type, key)."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._found: dict[tuple[str, str], str] = {}
        self._newest: str | None = None
        self._lock = threading.Lock()

    def find(self, history: History, event: str, key: str) -> str | None:
        """The time stamp of the message, after reading what came since the last look."""
        with self._lock:
            self._read(history)
            return self._found.get((event, key))

    def recall(self, history: History, event: str, key: str) -> str | None:
        """The same, as far as it was read: the channel is asked once, for what stood there before this process."""
        with self._lock:
            if self._newest is None:
                # Before it is read: a Slack that hangs is asked once, not for each case of a raid.
                self._newest = _BEFORE_ALL
                self._read(history)
            return self._found.get((event, key))

    def forget(self, event: str, key: str, stamp: str) -> None:
        """Somebody deleted that message in Slack. A newer one of the same key stays known."""
        with self._lock:
            if self._found.get((event, key)) == stamp:
                del self._found[event, key]

    def _read(self, history: History) -> None:
        # The mark moves only after the last page: a page that fails is read again with those before it.
        newest = self._newest
        found: dict[tuple[str, str], str] = {}
        for message in self._messages(history):
            stamp = str(message.get("ts", ""))
            newest = stamp if newest is None or _order(stamp) > _order(newest) else newest
            mark = mark_of(message)
            if mark is not None:
                found.setdefault(mark, stamp)
        self._found.update(found)
        self._newest = newest

    def _messages(self, history: History) -> Iterator[dict[str, Any]]:
        """Newest first. The first look goes back at most 1,000 messages, later ones to the last that was seen."""
        cursor: str | None = None
        asked: dict[str, Any] = {"channel": self._channel, "limit": _PAGE, "include_all_metadata": True}
        if self._newest is not None:
            asked["oldest"] = self._newest
        for _ in range(_MOST_PAGES):
            answer = history(**asked, **({"cursor": cursor} if cursor else {}))
            yield from answer.get("messages") or ()
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return


def mark_of(message: dict[str, Any]) -> tuple[str, str] | None:
    """The event type and the key that a message of ours carries; ``None`` for anybody else's."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    key = payload.get("case_id") or payload.get("key")
    event = metadata.get("event_type")
    return (event, key) if isinstance(event, str) and isinstance(key, str) else None


def _order(stamp: str) -> tuple[int, str]:
    seconds, _, rest = stamp.partition(".")
    return (int(seconds) if seconds.isdigit() else 0, rest)
