"""Triggers: the right to open a modal for a person, for three seconds and once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.demo.slack.message import SlackError
from bot.demo.slack.workspace import Workspace

LIFETIME = timedelta(seconds=3)


@dataclass
class Trigger:
    """Whose it is, and from which modal it came, if from one."""

    user_id: str
    view_id: str | None
    until: datetime
    used: bool = False


class Triggers:
    """All that were handed out."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._issued: dict[str, Trigger] = {}

    def issue(self, user_id: str, view_id: str | None = None) -> str:
        """A new trigger, such as ``1795132800123.795132800456.1f2e...``."""
        stamp = self._workspace.next_ts().replace(".", "")
        trigger_id = f"{stamp[:13]}.{secrets.randbelow(10**12):012d}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(user_id, view_id, self._workspace.now() + LIFETIME)
        return trigger_id

    def exchange(self, trigger_id: object) -> Trigger:
        """Use a trigger. Raises ``invalid_trigger_id``, ``exchanged_trigger_id`` or ``expired_trigger_id``."""
        trigger = self._issued.get(str(trigger_id))
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._workspace.now() > trigger.until:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger
