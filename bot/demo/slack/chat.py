"""``chat.*``: what the app says. https://docs.slack.dev/reference/methods?family=chat"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.slack.message import SlackError, message_content
from bot.demo.slack.workspace import BOT, TEAM, Workspace

Json = dict[str, Any]


class Chat:
    """Posts, rewrites, deletes and whispers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def methods(self) -> Mapping[str, Callable[[Json], Json]]:
        """The methods of the Web API, by name."""
        return {
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "chat.postEphemeral": self._whisper,
            "chat.postMessage": self._post,
            "chat.update": self._update,
        }

    def _post(self, args: Json) -> Json:
        room = self._workspace.room(args.get("channel"))
        content = message_content(args, self._workspace.ready_files())
        thread = args.get("thread_ts")
        if thread is not None:
            self._workspace.find(room, thread, "thread_not_found")
        message = self._workspace.post(room, content, thread)
        return {"channel": room.channel.id, "ts": message["ts"], "message": message}

    def _update(self, args: Json) -> Json:
        room = self._workspace.room(args.get("channel"))
        message = self._own(args)
        self._workspace.rewrite(message, message_content(args, self._workspace.ready_files()))
        return {"channel": room.channel.id, "ts": message["ts"], "text": message["text"], "message": message}

    def _delete(self, args: Json) -> Json:
        room = self._workspace.room(args.get("channel"))
        message = self._own(args, "cant_delete_message")
        room.messages.remove(message)
        return {"channel": room.channel.id, "ts": message["ts"]}

    def _whisper(self, args: Json) -> Json:
        room, user = self._workspace.room(args.get("channel")), str(args.get("user") or "")
        if not any(one.id == user for one in self._workspace.users):
            raise SlackError("user_not_in_channel")
        content = message_content(args, self._workspace.ready_files())
        return {"message_ts": self._workspace.whisper(room, user, content)["ts"]}

    def _permalink(self, args: Json) -> Json:
        room = self._workspace.room(args.get("channel"))
        message = self._workspace.find(room, args.get("message_ts"), "message_not_found")
        anchor = message["ts"].replace(".", "")
        return {"channel": room.channel.id, "permalink": f"{TEAM['url']}archives/{room.channel.id}/p{anchor}"}

    def _own(self, args: Json, error: str = "cant_update_message") -> Json:
        message = self._workspace.find(self._workspace.room(args.get("channel")), args.get("ts"), "message_not_found")
        if message.get("bot_id") != BOT["bot_id"]:
            raise SlackError(error)
        return message
