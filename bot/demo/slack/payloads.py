"""The payloads that Slack makes of what people do. https://docs.slack.dev/reference/interaction-payloads"""

from __future__ import annotations

import time
from copy import deepcopy
from typing import Any

from bot.demo.slack.envelope import Envelope
from bot.demo.slack.response_urls import ResponseUrls
from bot.demo.slack.triggers import Triggers
from bot.demo.slack.workspace import BOT, DOMAIN, TEAM, Channel, SlackUser, Workspace

Json = dict[str, Any]
VERIFICATION = "millbrook-verification-token"


class Payloads:
    """Makes envelopes; each carries a trigger and an address for answers of its own."""

    def __init__(self, workspace: Workspace, triggers: Triggers, response_urls: ResponseUrls) -> None:
        self._workspace = workspace
        self._triggers = triggers
        self._response_urls = response_urls

    def pressed(self, user: SlackUser, channel: str, message: Json, action: Json) -> Envelope:
        """``block_actions`` of a message. Of an ephemeral one Slack sends the place and not the words."""
        place = self._workspace.room(message.get("channel") or channel).channel
        hushed = bool(message.get("is_ephemeral"))
        container = {"type": "message", "message_ts": message["ts"], "channel_id": place.id, "is_ephemeral": hushed}
        words = {} if hushed else {"message": deepcopy(message)}
        return Envelope("interactive", {
            "type": "block_actions", **self._who(user), "container": container,
            "trigger_id": self._triggers.issue(user.id), "channel": _channel(place), **words,
            "state": {"values": {}},
            "response_url": self._response_urls.issue(place.id, user.id, message["ts"], "actions"),
            "actions": [action | {"action_ts": self._workspace.next_ts()}],
        })  # fmt: skip

    def pressed_in_view(self, user: SlackUser, view: Json, action: Json) -> Envelope:
        """``block_actions`` of a modal or a home tab: no message, no channel, no address for answers."""
        return Envelope("interactive", {
            "type": "block_actions", **self._who(user), "container": {"type": "view", "view_id": view["id"]},
            "trigger_id": self._triggers.issue(user.id, view["id"] if view["type"] == "modal" else None),
            "view": view, "actions": [action | {"action_ts": self._workspace.next_ts()}],
        })  # fmt: skip

    def submitted(self, user: SlackUser, view: Json) -> Envelope:
        """``view_submission``; its acknowledgement may say what the modal does next."""
        trigger = self._triggers.issue(user.id, view["id"])
        payload = {"type": "view_submission", **self._who(user), "trigger_id": trigger, "view": view}
        return Envelope("interactive", payload | {"response_urls": []}, answers=True)

    def closed(self, user: SlackUser, view: Json, cleared: bool) -> Envelope:
        """``view_closed``."""
        payload = {"type": "view_closed", **self._who(user), "view": view, "is_cleared": cleared}
        return Envelope("interactive", payload)

    def typed(self, user: SlackUser, channel: Channel, command: str, text: str) -> Envelope:
        """A slash command: the fields of a form, every one a text."""
        return Envelope("slash_commands", {
            "token": VERIFICATION, "team_id": user.team_id, "team_domain": DOMAIN, "channel_id": channel.id,
            "channel_name": channel.name, "user_id": user.id, "user_name": user.handle, "command": command,
            "text": text, "api_app_id": BOT["app_id"], "is_enterprise_install": "false",
            "response_url": self._response_urls.issue(channel.id, user.id, None, "commands"),
            "trigger_id": self._triggers.issue(user.id),
        }, answers=True)  # fmt: skip

    def shortcut(self, user: SlackUser, callback_id: str) -> Envelope:
        """A global ``shortcut``."""
        return Envelope("interactive", {
            "type": "shortcut", **self._who(user), "callback_id": callback_id,
            "action_ts": self._workspace.next_ts(), "trigger_id": self._triggers.issue(user.id),
        })  # fmt: skip

    def message_action(self, user: SlackUser, channel: Channel, message: Json, callback_id: str) -> Envelope:
        """A shortcut from a message's menu."""
        return Envelope("interactive", {
            "type": "message_action", **self._who(user), "callback_id": callback_id,
            "action_ts": self._workspace.next_ts(), "trigger_id": self._triggers.issue(user.id),
            "response_url": self._response_urls.issue(channel.id, user.id, message["ts"], "app"),
            "channel": _channel(channel), "message_ts": message["ts"], "message": message,
        })  # fmt: skip

    def home_opened(self, user: SlackUser, channel: str, home: Json | None) -> Envelope:
        """The event ``app_home_opened``; it brings the view that was published, if one was."""
        event = {"type": "app_home_opened", "user": user.id, "channel": channel, "tab": "home",
                 "event_ts": self._workspace.next_ts(), **({"view": home} if home else {})}  # fmt: skip
        authorization = {"enterprise_id": None, "team_id": TEAM["team_id"], "user_id": BOT["user_id"],
                         "is_bot": True, "is_enterprise_install": False}  # fmt: skip
        return Envelope("events_api", {
            "token": VERIFICATION, "team_id": user.team_id, "api_app_id": BOT["app_id"], "event": event,
            "type": "event_callback", "event_id": self._workspace.new_id("Ev"), "event_time": int(time.time()),
            "authorizations": [authorization], "is_ext_shared_channel": False,
        })  # fmt: skip

    def _who(self, user: SlackUser) -> Json:
        return {
            "user": {"id": user.id, "username": user.handle, "name": user.handle, "team_id": user.team_id},
            "team": {"id": user.team_id, "domain": DOMAIN if user.team_id == TEAM["team_id"] else "elsewhere"},
            "api_app_id": BOT["app_id"], "token": VERIFICATION, "enterprise": None, "is_enterprise_install": False,
        }  # fmt: skip


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": channel.name}
