"""A stand-in for Slack's Web API on loopback: the methods that an alerting bot uses, answered in Slack's own shapes.

Messages stay in memory. ``GET /channel/<name>`` shows them as a person would see them.
"""

from __future__ import annotations

import base64
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.demo.channel import ChannelView, channel_page
from bot.demo.faults import Fault, Faults, json_answer
from bot.demo.listener import Listener
from bot.demo.slack_message import SlackError, decoded, message_content
from bot.demo.wall import Clock, real_clock

Json = dict[str, Any]
TEAM = {"team": "Town of Millbrook", "team_id": "T0MILLBROOK", "url": "https://millbrook.slack.com/"}
BOT = {"user": "beadle", "user_id": "U0BEADLE", "bot_id": "B0BEADLE", "app_id": "A0BEADLE"}
DEFAULT_LIMIT, MOST = 100, 999
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its id and its name."""

    id: str
    name: str
    purpose: str = "What Beadle found on the town's pages, and what a person has to decide."


@dataclass(frozen=True, slots=True)
class SlackUser:
    """A person of the workspace."""

    id: str
    name: str
    email: str


@dataclass
class Upload:
    """A file on its way: known by id, then with bytes, then shared."""

    id: str
    name: str
    length: int
    content: bytes = b""
    title: str = ""
    complete: bool = False


@dataclass
class _Room:
    channel: Channel
    messages: list[Json] = field(default_factory=list)


def ratelimited(retry_after: int = 30) -> Fault:
    """429 with ``Retry-After`` in seconds."""
    return json_answer(429, {"ok": False, "error": "ratelimited"}, {"retry-after": str(retry_after)})


def refused(error: str) -> Fault:
    """Any ``{"ok": false}``, such as ``not_in_channel`` or ``token_revoked``."""
    return json_answer(200, {"ok": False, "error": error})


class Slack:
    """The server. ``messages(channel)`` gives what was posted, oldest first, as Slack keeps it."""

    def __init__(
        self,
        token: str,
        *channels: Channel,
        users: tuple[SlackUser, ...] = (),
        clock: Clock = real_clock,
    ) -> None:
        self.faults = Faults()
        self.token = token
        self.users = list(users)
        self._rooms = {channel.id: _Room(channel) for channel in channels}
        self._uploads: dict[str, Upload] = {}
        self._numbers = itertools.count(1)
        self._clock = clock
        self._lock = threading.RLock()
        self._last_ts = 0
        routes = [
            Route("/api/{method}", self._serve, methods=["GET", "POST"]),
            Route("/upload/v1/{file_id}", self._upload, methods=["POST", "PUT"]),
            Route("/channel/{name}", self._show, methods=["GET"]),
        ]
        self.listener = Listener(Starlette(routes=routes), self.faults)
        self._methods: Mapping[str, Callable[[Json], Json]] = {
            "auth.test": self._auth_test,
            "chat.getPermalink": self._permalink,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.info": self._info,
            "conversations.replies": self._replies,
            "files.completeUploadExternal": self._complete_upload,
            "files.delete": self._delete_file,
            "files.getUploadURLExternal": self._upload_url,
            "users.lookupByEmail": self._lookup,
        }

    def messages(self, channel: str | None = None) -> list[Json]:
        """Messages of a channel (its id or name; the first channel if not said), replies included, oldest first."""
        with self._lock:
            return [dict(message) for message in self._room(channel or next(iter(self._rooms))).messages]

    def uploads(self) -> list[Upload]:
        """Every file, shared or not."""
        return list(self._uploads.values())

    def write_page(self, path: Path, channel: str | None = None) -> None:
        """The channel as one HTML file with its pictures inside."""
        path.write_bytes(self._page(channel or next(iter(self._rooms))).encode("utf-8", "replace"))

    def write_json(self, path: Path) -> None:
        """Every channel's messages, as Slack keeps them."""
        kept = {room.channel.name: room.messages for room in self._rooms.values()}
        path.write_text(json.dumps(kept, indent=1), "utf-8")

    async def _serve(self, request: Request) -> Response:
        args = await _arguments(request)
        try:
            with self._lock:
                self._check_token(request, args)
                method = self._methods.get(request.path_params["method"])
                if method is None:
                    raise SlackError("unknown_method")
                return _json_response({"ok": True, **method(args)})
        except SlackError as error:
            return _json_response(error.body)

    def _check_token(self, request: Request, args: Json) -> None:
        bearer = request.headers.get("authorization", "")
        token = bearer[7:] if bearer.startswith("Bearer ") else args.get("token", "")
        if not token:
            raise SlackError("not_authed")
        if token != self.token:
            raise SlackError("invalid_auth")

    def _auth_test(self, _: Json) -> Json:
        return {"url": TEAM["url"], "team": TEAM["team"], "team_id": TEAM["team_id"], "is_enterprise_install": False,
                "user": BOT["user"], "user_id": BOT["user_id"], "bot_id": BOT["bot_id"]}  # fmt: skip

    def _post_message(self, args: Json) -> Json:
        room = self._room(args.get("channel", ""))
        content = message_content(args, self._ready_files())
        thread = args.get("thread_ts")
        if thread is not None:
            self._find(room, thread, "thread_not_found")
        ts = self._next_ts()
        message = {
            "type": "message", "user": BOT["user_id"], "bot_id": BOT["bot_id"], "app_id": BOT["app_id"],
            "team": TEAM["team_id"], "ts": ts, **content, **({"thread_ts": thread} if thread else {}),
        }  # fmt: skip
        room.messages.append(message)
        return {"channel": room.channel.id, "ts": ts, "message": message}

    def _update(self, args: Json) -> Json:
        room = self._room(args.get("channel", ""))
        message = self._find(room, args.get("ts", ""), "message_not_found")
        content = message_content(args, self._ready_files())
        # Slack keeps the old metadata when an update brings none.
        kept = {key: message[key] for key in ("metadata",) if key in message and key not in content}
        for key in ("text", "blocks", "metadata", "attachments"):
            message.pop(key, None)
        message |= content | kept | {"edited": {"user": BOT["user_id"], "ts": self._next_ts()}}
        return {"channel": room.channel.id, "ts": message["ts"], "text": message["text"], "message": message}

    def _history(self, args: Json) -> Json:
        room = self._room(args.get("channel", ""))
        tops = [one for one in room.messages if one.get("thread_ts", one["ts"]) == one["ts"]]
        rows = [one for one in reversed(tops) if _within(one["ts"], args)]
        return self._paged(room, rows, args)

    def _replies(self, args: Json) -> Json:
        room = self._room(args.get("channel", ""))
        top = self._find(room, args.get("ts", ""), "thread_not_found")
        thread = [one for one in room.messages if one.get("thread_ts") == top["ts"] and one is not top]
        rows = [top, *(one for one in thread if _within(one["ts"], args))]
        return self._paged(room, rows, args)

    def _paged(self, room: _Room, rows: list[Json], args: Json) -> Json:
        start, limit = _start(rows, args), _limit(args)
        window, more = rows[start : start + limit], len(rows) > start + limit
        shown = [self._shown(room, one, _truthy(args.get("include_all_metadata"))) for one in window]
        cursor = {"response_metadata": {"next_cursor": _cursor(window[-1])}} if more else {}
        return {"messages": shown, "has_more": more, "pin_count": 0, **cursor}

    def _shown(self, room: _Room, message: Json, with_metadata: bool) -> Json:
        shown = {key: value for key, value in message.items() if key != "metadata" or with_metadata}
        replies = [one for one in room.messages if one.get("thread_ts") == message["ts"]]
        if replies:
            shown |= {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": replies[-1]["ts"]}
        return shown

    def _info(self, args: Json) -> Json:
        channel = self._room(args.get("channel", "")).channel
        purpose = {"value": channel.purpose, "creator": "", "last_set": 0}
        return {"channel": {"id": channel.id, "name": channel.name, "is_channel": True, "is_member": True,
                            "is_archived": False, "is_private": False, "purpose": purpose}}  # fmt: skip

    def _permalink(self, args: Json) -> Json:
        room = self._room(args.get("channel", ""))
        message = self._find(room, args.get("message_ts", ""), "message_not_found")
        anchor = message["ts"].replace(".", "")
        return {"channel": room.channel.id, "permalink": f"{TEAM['url']}archives/{room.channel.id}/p{anchor}"}

    def _lookup(self, args: Json) -> Json:
        for user in self.users:
            if user.email == args.get("email"):
                profile = {"real_name": user.name, "email": user.email}
                return {"user": {"id": user.id, "name": user.email.split("@")[0], "deleted": False,
                                 "real_name": user.name, "is_bot": False, "profile": profile}}  # fmt: skip
        raise SlackError("users_not_found")

    def _upload_url(self, args: Json) -> Json:
        name, length = args.get("filename", ""), str(args.get("length", ""))
        if not name or not length.isdecimal() or length == "0":
            raise SlackError("invalid_arguments", ["missing required field: filename or length"])
        file_id = f"F0{next(self._numbers):09d}"
        self._uploads[file_id] = Upload(file_id, name, int(length))
        return {"upload_url": f"{self.listener.url}/upload/v1/{file_id}", "file_id": file_id}

    async def _upload(self, request: Request) -> Response:
        upload = self._uploads.get(request.path_params["file_id"])
        if upload is None:
            return PlainTextResponse("no such upload", 404)
        upload.content = await _uploaded(request)
        return PlainTextResponse(f"OK - {len(upload.content)}")

    def _complete_upload(self, args: Json) -> Json:
        shared = []
        for row in decoded(args.get("files"), "invalid_arguments") or []:
            upload = self._uploads.get(str(row.get("id", "")))
            if upload is None:
                raise SlackError("file_not_found")
            if len(upload.content) != upload.length:
                raise SlackError("file_upload_size_mismatch")
            upload.title, upload.complete = str(row.get("title") or upload.name), True
            shared.append({"id": upload.id, "title": upload.title, "name": upload.name, "size": upload.length})
        if not shared:
            raise SlackError("no_files_found")
        if args.get("channel_id"):
            self._share(self._room(args["channel_id"]), shared, args)
        return {"files": shared}

    def _delete_file(self, args: Json) -> Json:
        if self._uploads.pop(str(args.get("file", "")), None) is None:
            raise SlackError("file_not_found")
        return {}

    def _share(self, room: _Room, shared: list[Json], args: Json) -> None:
        text = str(args.get("initial_comment") or "")
        thread = {"thread_ts": args["thread_ts"]} if args.get("thread_ts") else {}
        room.messages.append({"type": "message", "user": BOT["user_id"], "bot_id": BOT["bot_id"], "text": text,
                              "ts": self._next_ts(), "files": shared, **thread})  # fmt: skip

    async def _show(self, request: Request) -> Response:
        with self._lock:
            try:
                page = self._page(request.path_params["name"])
            except SlackError:
                return PlainTextResponse("no such channel", 404)
        return Response(
            page.encode("utf-8", "replace"), 200, {"content-security-policy": CSP}, "text/html; charset=utf-8"
        )

    def _page(self, channel: str) -> str:
        room = self._room(channel)
        pictures = {upload.id: upload.content for upload in self._uploads.values() if upload.complete}
        people = {user.id: user.name for user in self.users} | {BOT["user_id"]: "Beadle"}
        view = ChannelView(room.channel.name, room.channel.purpose, TEAM["team"], pictures, people)
        return channel_page(view, room.messages)

    def _ready_files(self) -> set[str]:
        return {upload.id for upload in self._uploads.values() if upload.complete}

    def _room(self, channel: str) -> _Room:
        for room in self._rooms.values():
            if channel in (room.channel.id, room.channel.name, f"#{room.channel.name}"):
                return room
        raise SlackError("channel_not_found")

    def _find(self, room: _Room, ts: str, error: str) -> Json:
        for message in room.messages:
            if message["ts"] == ts:
                return message
        raise SlackError(error)

    def _next_ts(self) -> str:
        now = int(self._clock().timestamp() * 1_000_000)
        self._last_ts = max(now, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"


def _json_response(body: Json) -> Response:
    # ASCII, as a lone surrogate can't be written as UTF-8.
    return Response(json.dumps(body), media_type="application/json; charset=utf-8")


async def _arguments(request: Request) -> Json:
    args: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            sent = json.loads(await request.body() or b"{}")
        except ValueError:
            return args
        return args | (sent if isinstance(sent, dict) else {})
    if request.method == "POST":
        async with request.form() as form:
            args |= {key: value for key, value in form.items() if isinstance(value, str)}
    return args


async def _uploaded(request: Request) -> bytes:
    """Slack takes the bare bytes as well as a form with one file."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form() as form:
        for value in form.values():
            if not isinstance(value, str):
                return await value.read()
    return b""


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
