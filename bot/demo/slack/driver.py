"""What people do in Slack, as the payloads that Slack makes of it.

Each method returns when the app has acknowledged, or when Slack would have given up and told the person so.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from typing import Any

from bot.demo.slack import inputs
from bot.demo.slack.envelope import Delivered, Envelope
from bot.demo.slack.message import SlackError, message_content
from bot.demo.slack.payloads import Payloads
from bot.demo.slack.views import Views
from bot.demo.slack.workspace import SlackUser, Workspace

Json = dict[str, Any]
FAILED = "{command} failed with the error “{error}”"


class Driver:
    """The people of the workspace. ``Slack`` is one, so ``slack.press(...)`` presses."""

    workspace: Workspace
    _views: Views
    _payloads: Payloads

    def press(
        self,
        user: SlackUser | str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        twice: bool = False,
        value: str | None = None,
        block_id: str | None = None,
        seen: Json | None = None,
        altered: Mapping[str, Any] | None = None,
    ) -> Delivered:
        """Press a button of a message, or choose in its menu, and say yes where it asks.

        ``twice``: a double click, which is two payloads side by side; the second is in ``again``. ``value``: which
        option of a menu, or which of several buttons with one ``action_id``; ``block_id`` likewise. ``seen``: the
        message as this person's screen still shows it. ``altered``: what a forger changes in the action.
        Raises ``LookupError`` where the message shows no such button.
        """
        person = self.workspace.person(user)
        with self.workspace.lock:
            message = seen or self._message(person, channel, ts)
            element = inputs.element(message.get("blocks", []), action_id, block_id, value)
            clicks = [
                self._payloads.pressed(person, channel, message, inputs.acted(element, value) | dict(altered or {}))
                for _ in range(2 if twice else 1)
            ]
        if not twice:
            return self._deliver(clicks[0])
        with ThreadPoolExecutor(2) as hands:
            first, second = hands.map(self._deliver, clicks)
        return replace(first, again=second)

    def press_in_view(
        self,
        user: SlackUser | str,
        view_id: str,
        action_id: str,
        *,
        value: str | None = None,
        block_id: str | None = None,
        altered: Mapping[str, Any] | None = None,
    ) -> Delivered:
        """Press a button, or choose in a menu, of an open modal or of a home tab."""
        person = self.workspace.person(user)
        with self.workspace.lock:
            view = self._views.find(person.id, view_id)
            element = inputs.element(view["blocks"], action_id, block_id, value)
            action = inputs.acted(element, value) | dict(altered or {})
            envelope = self._payloads.pressed_in_view(person, view, action)
        return self._deliver(envelope)

    def press_home(
        self, user: SlackUser | str, action_id: str, *, value: str | None = None, block_id: str | None = None
    ) -> Delivered:
        """Press a button of the person's home tab. Raises ``LookupError`` while there is none."""
        home = self.home(user)
        if home is None:
            raise LookupError("Nothing was published to this home tab.")
        return self.press_in_view(user, home["id"], action_id, value=value, block_id=block_id)

    def submit(
        self,
        user: SlackUser | str,
        view_id: str,
        values: Mapping[str, Any] | None = None,
        *,
        altered: Mapping[str, Any] | None = None,
    ) -> Delivered:
        """Fill in a modal and send it off.

        ``values``: by ``block_id`` or ``action_id``; a text, an option's value, or a list of them. Raises
        ``ValueError`` where Slack's client would not send it: a required field empty, a text too long, no such option.
        What the app answers happens: ``errors`` stay in ``Delivered``, ``update``, ``push`` and ``clear`` change
        ``views``, and nothing closes the modal. ``altered``: what a forger changes in the view.
        """
        person = self.workspace.person(user)
        with self.workspace.lock:
            view = self._views.find(person.id, view_id)
            view["state"] = {"values": inputs.filled(view["blocks"], values or {})}
            self._views.fill(view_id, view["state"]["values"])
            envelope = self._payloads.submitted(person, view | dict(altered or {}))
        delivered = self._deliver(envelope)
        if not delivered.acknowledged:
            return delivered
        with self.workspace.lock:
            return replace(delivered, problem=self._views.answered(person.id, view_id, delivered.payload or {}))

    def close_view(self, user: SlackUser | str, view_id: str, *, cleared: bool = False) -> Delivered | None:
        """Cancel a modal; the app hears of it only where the view has ``notify_on_close``."""
        person = self.workspace.person(user)
        with self.workspace.lock:
            view = self._views.find(person.id, view_id)
            self._views.close(person.id, view_id, everything=cleared)
            envelope = self._payloads.closed(person, view, cleared)
        return self._deliver(envelope) if view["notify_on_close"] else None

    def command(self, user: SlackUser | str, command: str, text: str = "", channel: str | None = None) -> Delivered:
        """Type a slash command; what the acknowledgement says is shown, to this person unless it says otherwise."""
        person = self.workspace.person(user)
        with self.workspace.lock:
            room = self.workspace.room(channel or next(iter(self.workspace.rooms)))
            envelope = self._payloads.typed(person, room.channel, command, text)
        delivered = self._deliver(envelope)
        if not delivered.acknowledged:
            error = "dispatch_failed" if not delivered.attempts else "operation_timeout"
            return replace(delivered, problem=FAILED.format(command=command, error=error))
        with self.workspace.lock:
            return replace(delivered, problem=self._say(person, room.channel.id, delivered.payload or {}))

    def shortcut(self, user: SlackUser | str, callback_id: str) -> Delivered:
        """Choose a global shortcut."""
        with self.workspace.lock:
            envelope = self._payloads.shortcut(self.workspace.person(user), callback_id)
        return self._deliver(envelope)

    def message_action(self, user: SlackUser | str, channel: str, ts: str, callback_id: str) -> Delivered:
        """Choose a shortcut from a message's menu."""
        person = self.workspace.person(user)
        with self.workspace.lock:
            room = self.workspace.room(channel)
            message = self.workspace.find(room, ts, "message_not_found")
            envelope = self._payloads.message_action(person, room.channel, deepcopy(message), callback_id)
        return self._deliver(envelope)

    def open_home(self, user: SlackUser | str) -> Delivered:
        """Open the app's home tab."""
        person = self.workspace.person(user)
        with self.workspace.lock:
            room, home = self.workspace.direct(person.id), self._views.home(person.id)
            envelope = self._payloads.home_opened(person, room.channel.id, home)
        return self._deliver(envelope)

    def replay(self, envelope: Envelope | Delivered) -> Delivered:
        """Deliver an envelope once more, as Slack does when it did not see the acknowledgement: same id, same words."""
        return self._deliver(envelope.envelope if isinstance(envelope, Delivered) else envelope, attempt=1)

    def ephemerals(self, user: SlackUser | str) -> list[Json]:
        """What this person alone was shown, oldest first; ``channel`` says where."""
        person = self.workspace.person(user)
        with self.workspace.lock:
            return [deepcopy(one) for one in self.workspace.ephemerals if one["to"] == person.id]

    def views(self, user: SlackUser | str) -> list[Json]:
        """The modals that this person has open, the topmost last."""
        with self.workspace.lock:
            return self._views.stack(self.workspace.person(user).id)

    def home(self, user: SlackUser | str) -> Json | None:
        """The home tab that was published to this person."""
        with self.workspace.lock:
            return self._views.home(self.workspace.person(user).id)

    def _deliver(self, envelope: Envelope, attempt: int = 0) -> Delivered:
        raise NotImplementedError

    def _message(self, person: SlackUser, channel: str, ts: str) -> Json:
        for whisper in self.workspace.ephemerals:
            if whisper["ts"] == ts and whisper["to"] == person.id:
                return deepcopy(whisper)
        return deepcopy(self.workspace.find(self.workspace.room(channel), ts, "message_not_found"))

    def _say(self, person: SlackUser, channel: str, answer: Json) -> str:
        """Show what the acknowledgement of a command says; the problem, if Slack would not show it."""
        if not answer.get("text") and not answer.get("blocks"):
            return ""
        room = self.workspace.room(channel)
        try:
            content = message_content(answer, self.workspace.ready_files())
        except SlackError as error:
            return str(error.body["error"])
        if answer.get("response_type") == "in_channel":
            self.workspace.post(room, content)
        else:
            self.workspace.whisper(room, person.id, content)
        return ""
