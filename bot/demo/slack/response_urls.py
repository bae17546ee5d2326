"""Addresses for answers: five times in thirty minutes, without a token.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.demo.slack.message import SlackError, message_content
from bot.demo.slack.workspace import TEAM, Workspace

Json = dict[str, Any]
LIFETIME = timedelta(minutes=30)
USES = 5


@dataclass
class _Address:
    channel: str
    user_id: str
    ts: str | None
    until: datetime
    uses: int = 0


class ResponseUrls:
    """Hands out addresses and takes what is posted to them. ``base`` is the server's address."""

    def __init__(self, workspace: Workspace, base: Callable[[], str]) -> None:
        self._workspace = workspace
        self._base = base
        self._issued: dict[str, _Address] = {}

    def issue(self, channel: str, user_id: str, ts: str | None, room: str) -> str:
        """A new address; ``ts`` is the message that it may replace, ``room`` stands in the path."""
        secret = secrets.token_urlsafe(18)
        self._issued[secret] = _Address(channel, user_id, ts, self._workspace.now() + LIFETIME)
        return f"{self._base()}/{room}/{TEAM['team_id']}/{self._workspace.new_id('')}/{secret}"

    async def receive(self, request: Request) -> Response:
        """``POST`` to such an address."""
        raw = await request.body()
        with self._workspace.lock:
            address = self._issued.get(request.path_params["secret"])
            if address is None:
                return _refused(404, "no_such_url")
            if address.uses >= USES:
                return _refused(404, "used_url")
            if self._workspace.now() > address.until:
                return _refused(404, "expired_url")
            address.uses += 1
            return self._answer(address, raw)

    def _answer(self, address: _Address, raw: bytes) -> Response:
        try:
            answer = json.loads(raw)
            if not isinstance(answer, dict):
                return _refused(400, "invalid_payload")
            self._apply(address, answer)
        except ValueError:
            return _refused(400, "invalid_payload")
        except SlackError as error:
            # Slack names the error and no more here; what is wrong with the blocks it keeps to itself.
            return _refused(400, str(error.body["error"]))
        return PlainTextResponse("ok")

    def _apply(self, address: _Address, answer: Json) -> None:
        original = self._original(address)
        if answer.get("delete_original"):
            return self._remove(address, original)
        content = message_content(answer, self._workspace.ready_files())
        room = self._workspace.room(address.channel)
        if answer.get("replace_original") and original is not None:
            return self._workspace.rewrite(original, content)
        if answer.get("response_type") == "in_channel":
            self._workspace.post(room, content, answer.get("thread_ts"))
        else:
            self._workspace.whisper(room, address.user_id, content)
        return None

    def _original(self, address: _Address) -> Json | None:
        """The message that the address belongs to, public or not."""
        rooms = [room.messages for room in self._workspace.rooms.values() if room.channel.id == address.channel]
        for message in (*self._workspace.ephemerals, *(one for room in rooms for one in room)):
            if message["ts"] == address.ts:
                return message
        return None

    def _remove(self, address: _Address, original: Json | None) -> None:
        for kept in (self._workspace.ephemerals, self._workspace.room(address.channel).messages):
            kept[:] = [one for one in kept if one is not original]


def _refused(status: int, error: str) -> Response:
    return Response(json.dumps({"ok": False, "error": error}), status, media_type="application/json")
