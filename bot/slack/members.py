"""Which person a member of the Slack workspace is. Whoever is not in people.yaml decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.people import People, Person
from bot.slack.wire import Wire

UNLISTED = (
    "You are not in Beadle's people.yaml. Ask whoever runs Beadle to add your Slack member id, {member}, to your entry."
)
STRANGER = "You belong to another Slack workspace; only members of the city's own workspace may answer."
UNCONFIRMED = "Slack does not say just now which workspace this is, so nothing was done. Please try again in a minute."
A_BOT = "Bots decide nothing here; a person must."


@dataclass(frozen=True, slots=True)
class Member:
    """Who did something in Slack. ``person`` is ``None`` for whoever may not, with the sentence in ``refused``."""

    id: str
    person: Person | None
    refused: str = ""

    @property
    def account(self) -> str:
        """The account, as records name it."""
        return f"slack:{self.id}"


class Members:
    """Knows the members. The workspace is pinned to that of our own token."""

    def __init__(self, people: People, wire: Wire) -> None:
        self._people, self._wire = people, wire

    def who(self, body: Mapping[str, Any]) -> Member:
        """Who sent this payload."""
        member = _id(body)
        refused = self._why_not(body)
        if refused is not None:
            return Member(member, None, refused)
        person = self._people.by_slack(member) if member else None
        return Member(member, person, "" if person else UNLISTED.format(member=member or "unknown"))

    def _why_not(self, body: Mapping[str, Any]) -> str | None:
        ours = self._wire.identity()
        if ours is None:
            return UNCONFIRMED
        if _is_bot(body) or _id(body) == ours.user:
            return A_BOT
        teams = _teams(body)
        return STRANGER if not teams or teams != {ours.team} else None


def _id(body: Mapping[str, Any]) -> str:
    user = _part(body, "user").get("id") or body.get("user_id") or _part(body, "event").get("user")
    return user if isinstance(user, str) and user.isalnum() and len(user) <= 40 else ""


def _teams(body: Mapping[str, Any]) -> set[str]:
    """Every workspace that the payload names for the member; in a shared channel these are two."""
    user, event = _part(body, "user"), _part(body, "event")
    named = (_part(body, "team").get("id"), body.get("team_id"), user.get("team_id"), event.get("user_team"))
    return {str(each) for each in named if each}


def _is_bot(body: Mapping[str, Any]) -> bool:
    return bool(_part(body, "user").get("is_bot") or _part(body, "event").get("bot_id") or body.get("bot_id"))


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = body.get(key)
    return found if isinstance(found, Mapping) else {}
