"""A press: what a member did to which case, in view of which message. Each is written down, refused ones too."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.errors import BeadleError, NotAllowed
from bot.evidence.canonical import canonical, sha256
from bot.ledger import presses as ledger
from bot.ledger.tables import Press
from bot.people import Person
from bot.pipeline import Route
from bot.slack.members import Member
from bot.slack.wire import View
from bot.voice import Voice

log = structlog.get_logger(__name__)

TRY_AGAIN = "The database does not answer just now, so nothing was recorded. Please try again in a minute."
OUR_FAULT = "Something went wrong on our side, so nothing is promised. Look at the case, then try again."
_VALUE = re.compile(r"(?P<case>[A-Za-z0-9_-]{1,80})\|(?P<stand>[a-z_]{1,20}\.[0-9]{1,6})")
_PLAIN = re.compile(r"[^A-Za-z0-9_.:-]")


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it. ``form``: a window to open, because more has to be said first. ``stale``: the message that was
    pressed is not up to date."""

    outcome: str
    sentence: str
    form: View | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press as Slack tells of it. ``saw``: SHA-256 of the message as it was shown, empty where Slack doesn't tell.
    ``once``: what a decision that it leads to is known by."""

    key: str
    action: str
    about: str = ""
    stand: str = ""
    saw: str = ""
    channel: str = ""
    stamp: str = ""
    once: str = ""

    def voice(self, member: Member, person: Person) -> Voice:
        """The person's voice, with all that it is to be held to."""
        return Voice(person, member.account, "slack", self.saw, self.stand, self.once or self.key)


def pressed(body: Mapping[str, Any]) -> Pressed | None:
    """The press of a button under a case; ``None`` for a value that is none of ours."""
    action = body["actions"][0]
    found = _VALUE.fullmatch(str(action.get("value", "")))
    if found is None or action.get("block_id") != f"case:{found['case']}":
        return None
    box = body.get("container") or {}
    team, user, name = _team(body), _user(body), action.get("action_id")
    return Pressed(
        key=_key(team, user, action.get("action_ts"), name),
        # A double click is two presses, and one decision.
        once=_key(team, user, found["case"], name, found["stand"]),
        action=str(action.get("action_id", ""))[:60],
        about=found["case"],
        stand=found["stand"],
        saw=digest(body),
        channel=str(box.get("channel_id") or ""),
        stamp=str(box.get("message_ts") or ""),
    )


def clicked(body: Mapping[str, Any]) -> Pressed:
    """The press of a button that is under no case."""
    action = body["actions"][0]
    key = _key(_team(body), _user(body), action.get("action_ts"), action.get("action_id"))
    return Pressed(key, str(action.get("action_id", ""))[:60], saw=digest(body))


def submitted(body: Mapping[str, Any], action: str, about: str) -> Pressed:
    """A window that was filled in and sent. Sent again after a mistake it is another press, but the same decision."""
    view = body["view"]
    once = _key(view.get("id"), view.get("hash"))
    return Pressed(key=_key(_team(body), once, body.get("trigger_id")), action=action, about=about, once=once)


def typed(body: Mapping[str, Any], action: str, about: str) -> Pressed:
    """A command that was typed; its trigger is its own."""
    return Pressed(key=_key(_team(body), _user(body), body.get("trigger_id")), action=action, about=about)


def digest(body: Mapping[str, Any]) -> str:
    """SHA-256 of the blocks that were shown, as Slack gives them back."""
    shown = body.get("message") or body.get("view") or {}
    blocks = shown.get("blocks") if isinstance(shown, Mapping) else None
    return sha256(canonical(blocks)) if blocks else ""


class Journal:
    """Writes presses down. The same press at once or again is heard once."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._in_hand: set[str] = set()
        self._lock = threading.Lock()

    def hear(self, press: Pressed, member: Member, do: Callable[[], Heard]) -> Heard | None:
        """Do what a press asks for and write down what came of it; ``None`` when it was heard before."""
        with self._lock:
            if press.key in self._in_hand:
                return None
            self._in_hand.add(press.key)
        try:
            return self._hear(self._row(press, member), do)
        finally:
            with self._lock:
                self._in_hand.discard(press.key)

    def _hear(self, row: Press, do: Callable[[], Heard]) -> Heard | None:
        key = row.key
        try:
            if not self._write(lambda session: ledger.begin(session, row)):
                return None
            heard = _tried(do)
            self._write(lambda session: ledger.settle(session, key, heard.outcome, heard.sentence))
        except OperationalError as error:
            log.warning("a press could not be recorded", cause=type(error.orig).__name__)
            return Heard(ledger.FAILED, TRY_AGAIN)
        return heard

    def _write(self, what: Callable[[Session], Any]) -> Any:
        with Session(self._route.writing) as session, session.begin():
            return what(session)

    def _row(self, press: Pressed, member: Member) -> Press:
        person = member.person
        return Press(
            key=press.key,
            member=member.id,
            person=person.id if person else None,
            roles=", ".join(sorted(str(role) for role in person.roles)) if person else "",
            action=press.action,
            about=press.about,
            saw=press.saw,
            outcome=ledger.BEGUN,
            because="",
            at=self._now(),
        )

    def _now(self) -> datetime:
        return self._route.clock()


def _tried(do: Callable[[], Heard]) -> Heard:
    """What the deed came to; whatever goes wrong in it is an answer too."""
    try:
        return do()
    except NotAllowed as error:
        return Heard(ledger.REFUSED, error.sentence)
    except OperationalError as error:
        log.warning("the database did not answer a press", cause=type(error.orig).__name__)
        return Heard(ledger.FAILED, TRY_AGAIN)
    except BeadleError as error:
        return Heard(ledger.FAILED, error.sentence)
    except Exception:
        log.exception("a press failed in a way that it should not")
        return Heard(ledger.FAILED, OUR_FAULT)


def kept_with(press: Pressed, told: Mapping[str, Any]) -> Pressed:
    """A window that was sent, with what the press that opened it had before its eyes."""
    kept = {name: str(told.get(name) or "") for name in ("stand", "saw", "channel", "stamp")}
    return replace(press, **kept)


def _key(*parts: object) -> str:
    """One key of several parts, with nothing in it that isn't plain."""
    return ":".join(_PLAIN.sub("", str(part or "-"))[:60] or "-" for part in parts)


def _team(body: Mapping[str, Any]) -> object:
    team = body.get("team")
    return (team.get("id") if isinstance(team, Mapping) else None) or body.get("team_id")


def _user(body: Mapping[str, Any]) -> object:
    user = body.get("user")
    return (user.get("id") if isinstance(user, Mapping) else None) or body.get("user_id")
