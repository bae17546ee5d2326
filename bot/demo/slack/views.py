"""Modals and home tabs: opened by a trigger, stacked at most three high. https://docs.slack.dev/surfaces/modals"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from bot.demo.blocks import view_errors
from bot.demo.slack import inputs
from bot.demo.slack.message import SlackError, decoded, settled_blocks, settled_text
from bot.demo.slack.triggers import Triggers
from bot.demo.slack.workspace import BOT, TEAM, Workspace, fresh_hash

Json = dict[str, Any]
HIGHEST_STACK = 3
LARGEST = 250_000
TROUBLE = "We had some trouble connecting. Try again?"
_TEXTS = ("title", "submit", "close")
_SIMPLE = {"private_metadata": "", "callback_id": "", "external_id": "", "clear_on_close": False,
           "notify_on_close": False}  # fmt: skip


class Views:
    """What every person has open, and what was published to their home tabs."""

    def __init__(self, workspace: Workspace, triggers: Triggers) -> None:
        self._workspace = workspace
        self._triggers = triggers
        self._stacks: dict[str, list[Json]] = {}
        self._homes: dict[str, Json] = {}
        self._complaints: dict[str, dict[str, str]] = {}

    @property
    def methods(self) -> Mapping[str, Callable[[Json], Json]]:
        """The methods of the Web API, by name."""
        return {
            "views.open": self._open,
            "views.publish": self._publish,
            "views.push": self._push,
            "views.update": self._update,
        }

    def stack(self, user_id: str) -> list[Json]:
        """Copies of the open modals, the topmost last."""
        return deepcopy(self._stacks.get(user_id, []))

    def home(self, user_id: str) -> Json | None:
        """A copy of the home tab."""
        return deepcopy(self._homes.get(user_id))

    def find(self, user_id: str, view_id: str) -> Json:
        """A copy of a view that this person sees. Raises ``LookupError``."""
        for view in (*self._stacks.get(user_id, ()), *filter(None, [self._homes.get(user_id)])):
            if view["id"] == view_id:
                return deepcopy(view)
        raise LookupError(f"{user_id} has no view {view_id} open.")

    def anywhere(self, view_id: str) -> Json | None:
        """A view by its id, whoever sees it."""
        views = [*self._homes.values(), *(view for stack in self._stacks.values() for view in stack)]
        return next((deepcopy(view) for view in views if view["id"] == view_id), None)

    def complaints(self, view_id: str) -> dict[str, str]:
        """What stands next to the inputs of a modal, by block id."""
        return self._complaints.get(view_id, {})

    def fill(self, view_id: str, values: Json) -> None:
        """Keep what a person has typed and chosen."""
        if (view := self._kept(view_id)) is not None:
            view["state"] = {"values": values}

    def answered(self, user_id: str, view_id: str, answer: Json) -> str:
        """Do with a sent modal what its acknowledgement says; the problem, if the person gets to see one."""
        view = self._kept(view_id)
        self._complaints.pop(view_id, None)
        if view is None:
            return ""
        try:
            return self._respond(user_id, view, answer)
        except SlackError:
            return TROUBLE

    def close(self, user_id: str, view_id: str, *, everything: bool = False) -> None:
        """Take a modal from the stack, and what lies above it."""
        stack = self._stacks.get(user_id, [])
        place = next((n for n, view in enumerate(stack) if view["id"] == view_id), len(stack))
        self._stacks[user_id] = [] if everything else stack[:place]

    def _respond(self, user_id: str, view: Json, answer: Json) -> str:
        match answer.get("response_action"):
            case None:
                self.close(user_id, view["id"], everything=bool(view["clear_on_close"]))
            case "clear":
                self.close(user_id, view["id"], everything=True)
            case "update":
                view |= self._checked(answer, "modal") | {"hash": fresh_hash(self._workspace.now())}
            case "push":
                self._stack_up(user_id, self._checked(answer, "modal"))
            case "errors":
                return self._complain(view, answer.get("errors"))
            case _:
                return TROUBLE
        return ""

    def _complain(self, view: Json, errors: object) -> str:
        """Slack shows an error only next to an input that the view has."""
        asked = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= asked:
            return TROUBLE
        self._complaints[view["id"]] = errors
        return ""

    def _open(self, args: Json) -> Json:
        content = self._checked(args, "modal")
        trigger = self._triggers.exchange(args.get("trigger_id"))
        self._stacks[trigger.user_id] = []
        return {"view": self._stack_up(trigger.user_id, content)}

    def _push(self, args: Json) -> Json:
        content = self._checked(args, "modal")
        trigger = self._triggers.exchange(args.get("trigger_id"))
        if trigger.view_id is None or not self._stacks.get(trigger.user_id):
            raise SlackError("not_found")
        return {"view": self._stack_up(trigger.user_id, content)}

    def _update(self, args: Json) -> Json:
        content = self._checked(args, None)
        view = self._kept(str(args.get("view_id") or ""), str(args.get("external_id") or ""))
        if view is None:
            raise SlackError("not_found")
        if args.get("hash") and args["hash"] != view["hash"]:
            raise SlackError("hash_conflict")
        view |= content | {"hash": fresh_hash(self._workspace.now())}
        return {"view": deepcopy(view)}

    def _publish(self, args: Json) -> Json:
        content, user_id = self._checked(args, "home"), str(args.get("user_id") or "")
        if not any(user.id == user_id for user in self._workspace.users):
            raise SlackError("user_not_found")
        old = self._homes.get(user_id)
        if args.get("hash") and old and args["hash"] != old["hash"]:
            raise SlackError("hash_conflict")
        same = {"id": old["id"]} if old else {}
        self._homes[user_id] = self._new(content) | same
        return {"view": deepcopy(self._homes[user_id])}

    def _stack_up(self, user_id: str, content: Json) -> Json:
        stack = self._stacks.setdefault(user_id, [])
        if len(stack) >= HIGHEST_STACK:
            raise SlackError("push_limit_reached")
        view = self._new(content)
        if stack:
            view |= {"root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
        stack.append(view)
        return deepcopy(view)

    def _new(self, content: Json) -> Json:
        view_id = self._workspace.new_id("V")
        return {
            "id": view_id, "team_id": TEAM["team_id"], "app_id": BOT["app_id"], "bot_id": BOT["bot_id"],
            "app_installed_team_id": TEAM["team_id"], "hash": fresh_hash(self._workspace.now()),
            "root_view_id": view_id, "previous_view_id": None, **content,
        }  # fmt: skip

    def _checked(self, args: Json, kind: str | None) -> Json:
        """The view of a call's arguments as Slack keeps it. Raises ``invalid_arguments`` and says what is wrong."""
        view = decoded(args.get("view"), "invalid_arguments")
        if errors := view_errors(view, kind, self._workspace.ready_files()):
            raise SlackError("invalid_arguments", errors)
        if len(json.dumps(view)) > LARGEST:
            raise SlackError("view_too_large")
        blocks = settled_blocks(view["blocks"])
        texts = {name: settled_text(view[name]) if view.get(name) else None for name in _TEXTS}
        simple = {name: view.get(name, usual) for name, usual in _SIMPLE.items()}
        state = {"values": _initial(blocks)}
        return {"type": view["type"], "blocks": blocks, **texts, **simple, "state": state}

    def _kept(self, view_id: str, external_id: str = "") -> Json | None:
        """The kept view itself, not a copy."""
        for view in (*self._homes.values(), *(view for stack in self._stacks.values() for view in stack)):
            if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                return view
        return None


def _initial(blocks: list[Json]) -> Json:
    """``state.values`` before anybody has touched anything."""
    state: Json = {}
    for block, one in inputs.elements(blocks):
        if one["type"] != "button":
            acted = inputs.acted(one | {"block_id": block["block_id"]})
            said = {key: value for key, value in acted.items() if key not in ("action_id", "block_id")}
            state.setdefault(block["block_id"], {})[one["action_id"]] = said
    return state
