"""What the made-up workspace holds: its people, its channels with their messages, its files, and its clock."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.demo.slack.message import SlackError
from bot.demo.wall import Clock

Json = dict[str, Any]
TEAM = {"team": "Town of Millbrook", "team_id": "T0MILLBROOK", "url": "https://millbrook.slack.com/"}
DOMAIN = "millbrook"
BOT = {"user": "beadle", "user_id": "U0BEADLE", "bot_id": "B0BEADLE", "app_id": "A0BEADLE"}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its id and its name."""

    id: str
    name: str
    purpose: str = "What Beadle found on the town's pages, and what a person has to decide."


@dataclass(frozen=True, slots=True)
class SlackUser:
    """A person, of this workspace unless ``team_id`` names another one."""

    id: str
    name: str
    email: str = ""
    team_id: str = TEAM["team_id"]
    is_bot: bool = False
    deleted: bool = False

    @property
    def handle(self) -> str:
        """The short name, such as ``noor``."""
        return self.email.split("@")[0] or self.id.lower()


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
class Room:
    """A channel or a direct conversation, oldest message first."""

    channel: Channel
    messages: list[Json] = field(default_factory=list)
    member: str = ""


class Workspace:
    """All that is kept. Whoever reads or writes it holds ``lock``; ``clock`` tells the time and may be changed."""

    def __init__(self, channels: Iterable[Channel], users: Iterable[SlackUser], clock: Clock) -> None:
        self.lock = threading.RLock()
        self.users = list(users)
        self.rooms = {channel.id: Room(channel) for channel in channels}
        self.uploads: dict[str, Upload] = {}
        self.ephemerals: list[Json] = []
        self._numbers = itertools.count(1)
        self.clock = clock
        self._last_ts = 0

    def now(self) -> datetime:
        """The time in this workspace."""
        return self.clock()

    def next_ts(self) -> str:
        """A time stamp that no message has yet, such as ``1795132800.000100``."""
        now = int(self.now().timestamp() * 1_000_000)
        self._last_ts = max(now, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, letter: str) -> str:
        """An id as Slack makes them: ``F0...`` for a file, ``V0...`` for a view."""
        return f"{letter}0{next(self._numbers):09d}"

    def room(self, channel: object) -> Room:
        """A room by its id, its name, or the id of the person it is with. Raises ``channel_not_found``."""
        for room in self.rooms.values():
            if channel and channel in (room.channel.id, room.channel.name, f"#{room.channel.name}"):
                return room
        if any(user.id == channel for user in self.users):
            return self.direct(str(channel))
        raise SlackError("channel_not_found")

    def direct(self, user_id: str) -> Room:
        """The app's direct conversation with a person, opened if need be."""
        for room in self.rooms.values():
            if room.member == user_id:
                return room
        room = Room(Channel(self.new_id("D"), "directmessage", f"With {self.name(user_id)}"), member=user_id)
        self.rooms[room.channel.id] = room
        return room

    def find(self, room: Room, ts: object, error: str) -> Json:
        """A message of a room. Raises ``error``."""
        for message in room.messages:
            if message["ts"] == ts:
                return message
        raise SlackError(error)

    def post(self, room: Room, content: Json, thread: str | None = None) -> Json:
        """A new message of the app."""
        message = self.written(content) | ({"thread_ts": thread} if thread else {})
        room.messages.append(message)
        return message

    def whisper(self, room: Room, user_id: str, content: Json) -> Json:
        """A message that one person sees until the client is loaded anew."""
        message = self.written(content) | {"channel": room.channel.id, "to": user_id, "is_ephemeral": True}
        self.ephemerals.append(message)
        return message

    def written(self, content: Json) -> Json:
        """A message by the app, with a time stamp of its own."""
        return {
            "type": "message", "user": BOT["user_id"], "bot_id": BOT["bot_id"], "app_id": BOT["app_id"],
            "team": TEAM["team_id"], "ts": self.next_ts(), **content,
        }  # fmt: skip

    def rewrite(self, message: Json, content: Json) -> None:
        """Give a message other words; Slack keeps the old metadata when an update brings none."""
        kept = {key: message[key] for key in ("metadata",) if key in message and key not in content}
        for key in ("text", "blocks", "metadata", "attachments"):
            message.pop(key, None)
        message |= content | kept | {"edited": {"user": BOT["user_id"], "ts": self.next_ts()}}

    def ready_files(self) -> set[str]:
        """The ids of files that may be shown."""
        return {upload.id for upload in self.uploads.values() if upload.complete}

    def person(self, user: SlackUser | str) -> SlackUser:
        """A person by id; who is unknown here is a stranger with that id."""
        if isinstance(user, SlackUser):
            return user
        return next((one for one in self.users if one.id == user), SlackUser(user, user))

    def name(self, user_id: str) -> str:
        """The display name."""
        return "Beadle" if user_id == BOT["user_id"] else self.person(user_id).name

    def names(self) -> dict[str, str]:
        """Every display name by id."""
        return {user.id: user.name for user in self.users} | {BOT["user_id"]: "Beadle"}

    def snapshot(self, message: Json) -> Json:
        """A copy to hand out."""
        return deepcopy(message)


def fresh_hash(now: datetime) -> str:
    """A view's hash, such as ``1795132800.1a2b3c4d``."""
    return f"{int(now.timestamp())}.{secrets.token_hex(4)}"
