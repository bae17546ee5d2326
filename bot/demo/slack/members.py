"""``auth.test`` and ``users.*``: who is who. https://docs.slack.dev/reference/methods?family=users"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.slack.message import SlackError
from bot.demo.slack.workspace import BOT, TEAM, SlackUser, Workspace

Json = dict[str, Any]


class Members:
    """The people of the workspace, as Slack describes them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def methods(self) -> Mapping[str, Callable[[Json], Json]]:
        """The methods of the Web API, by name."""
        return {"auth.test": self._myself, "users.info": self._info, "users.lookupByEmail": self._lookup}

    def _myself(self, _: Json) -> Json:
        return {"url": TEAM["url"], "team": TEAM["team"], "team_id": TEAM["team_id"], "is_enterprise_install": False,
                "user": BOT["user"], "user_id": BOT["user_id"], "bot_id": BOT["bot_id"]}  # fmt: skip

    def _info(self, args: Json) -> Json:
        return {"user": _described(self._one("user_not_found", id=args.get("user")))}

    def _lookup(self, args: Json) -> Json:
        return {"user": _described(self._one("users_not_found", email=args.get("email") or None))}

    def _one(self, error: str, **wanted: object) -> SlackUser:
        for user in self._workspace.users:
            if all(getattr(user, name) == value for name, value in wanted.items()):
                return user
        raise SlackError(error)


def _described(user: SlackUser) -> Json:
    profile = {"real_name": user.name, "display_name": user.handle, "email": user.email}
    return {
        "id": user.id, "team_id": user.team_id, "name": user.handle, "deleted": user.deleted, "real_name": user.name,
        "tz": "America/New_York", "is_bot": user.is_bot, "is_admin": False, "is_restricted": False,
        "is_ultra_restricted": False, "profile": profile,
    }  # fmt: skip
