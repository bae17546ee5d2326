"""``conversations.*``: what was said, page by page. https://docs.slack.dev/reference/methods?family=conversations"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.slack.message import SlackError
from bot.demo.slack.workspace import Room, Workspace

Json = dict[str, Any]
DEFAULT_LIMIT, MOST = 100, 999


class Conversations:
    """Reads channels, and opens direct conversations."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def methods(self) -> Mapping[str, Callable[[Json], Json]]:
        """The methods of the Web API, by name."""
        return {
            "conversations.history": self._history,
            "conversations.info": self._info,
            "conversations.open": self._open,
            "conversations.replies": self._replies,
        }

    def _history(self, args: Json) -> Json:
        room = self._workspace.room(args.get("channel"))
        tops = [one for one in room.messages if one.get("thread_ts", one["ts"]) == one["ts"]]
        rows = [one for one in reversed(tops) if _within(one["ts"], args)]
        return self._paged(room, rows, args)

    def _replies(self, args: Json) -> Json:
        room = self._workspace.room(args.get("channel"))
        top = self._workspace.find(room, args.get("ts"), "thread_not_found")
        thread = [one for one in room.messages if one.get("thread_ts") == top["ts"] and one is not top]
        rows = [top, *(one for one in thread if _within(one["ts"], args))]
        return self._paged(room, rows, args)

    def _paged(self, room: Room, rows: list[Json], args: Json) -> Json:
        start, limit = _start(rows, args), _limit(args)
        window, more = rows[start : start + limit], len(rows) > start + limit
        shown = [self._shown(room, one, _truthy(args.get("include_all_metadata"))) for one in window]
        cursor = {"response_metadata": {"next_cursor": _cursor(window[-1])}} if more else {}
        return {"messages": shown, "has_more": more, "pin_count": 0, **cursor}

    def _shown(self, room: Room, message: Json, with_metadata: bool) -> Json:
        shown = {key: value for key, value in message.items() if key != "metadata" or with_metadata}
        replies = [one for one in room.messages if one.get("thread_ts") == message["ts"]]
        if replies:
            shown |= {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": replies[-1]["ts"]}
        return shown

    def _info(self, args: Json) -> Json:
        channel = self._workspace.room(args.get("channel")).channel
        purpose = {"value": channel.purpose, "creator": "", "last_set": 0}
        return {"channel": {"id": channel.id, "name": channel.name, "is_channel": True, "is_member": True,
                            "is_archived": False, "is_private": False, "purpose": purpose}}  # fmt: skip

    def _open(self, args: Json) -> Json:
        """A direct conversation with one person; the same one each time."""
        wanted = str(args.get("users") or "").split(",")
        if len(wanted) != 1 or not any(user.id == wanted[0] for user in self._workspace.users):
            raise SlackError("user_not_found")
        return {"channel": {"id": self._workspace.direct(wanted[0]).channel.id}}


def _within(ts: str, args: Json) -> bool:
    oldest, latest = str(args.get("oldest") or ""), str(args.get("latest") or "")
    if _truthy(args.get("inclusive")) and ts in (oldest, latest):
        return True
    return (not oldest or _seconds(ts) > _seconds(oldest)) and (not latest or _seconds(ts) < _seconds(latest))


def _seconds(ts: str) -> tuple[int, int]:
    whole, _, part = ts.partition(".")
    if not whole.isdecimal() or not (part or "0").isdecimal():
        raise SlackError("invalid_ts_oldest")
    return int(whole), int((part or "0").ljust(6, "0")[:6])


def _cursor(message: Json) -> str:
    return base64.b64encode(f"next_ts:{message['ts']}".encode()).decode()


def _start(rows: list[Json], args: Json) -> int:
    """Where the cursor's page begins: after the message it names, whatever was posted since."""
    if not args.get("cursor"):
        return 0
    for place, row in enumerate(rows):
        if _cursor(row) == args["cursor"]:
            return place + 1
    raise SlackError("invalid_cursor")


def _limit(args: Json) -> int:
    raw = str(args.get("limit") or DEFAULT_LIMIT)
    if not raw.isdecimal() or int(raw) > MOST:
        raise SlackError("invalid_limit")
    return int(raw)


def _truthy(value: object) -> bool:
    return str(value).lower() in ("1", "true")
