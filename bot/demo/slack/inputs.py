"""Buttons, menus and fields: what a person may do with them, and how Slack writes down what was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]
NO_SUCH_ELEMENT = "Nothing with the action_id {action_id!r} is shown: there are {shown}."
NO_SUCH_OPTION = "{action_id!r} does not offer {value!r}."
REQUIRED = "{block_id!r} must be filled in."
WRONG_LENGTH = "{block_id!r} takes {least} to {most} characters."
UNKNOWN = "The modal has no input called {names}."
LONGEST_ANSWER = 3000
_ONE_OF = ("static_select", "radio_buttons", "overflow")
_SOME_OF = ("multi_static_select", "checkboxes")
_PICKED = {
    "users_select": "selected_user", "channels_select": "selected_channel", "datepicker": "selected_date",
    "conversations_select": "selected_conversation", "timepicker": "selected_time",
}  # fmt: skip


def elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every block with each element that a person can use, in their order."""
    for block in blocks:
        for one in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if isinstance(one, dict) and "action_id" in one:
                yield block, one


def element(blocks: Sequence[Json], action_id: str, block_id: str | None = None, value: str | None = None) -> Json:
    """The element that a person means, with its ``block_id``. Raises ``LookupError``."""
    shown = list(elements(blocks))
    for block, one in shown:
        fits = one["action_id"] == action_id and block_id in (None, block["block_id"])
        if fits and (value is None or one["type"] != "button" or one.get("value") == value):
            return {**one, "block_id": block["block_id"]}
    names = ", ".join(one["action_id"] for _, one in shown) or "none at all"
    raise LookupError(NO_SUCH_ELEMENT.format(action_id=action_id, shown=names))


def acted(one: Json, value: str | None = None) -> Json:
    """An element as it stands in ``actions`` after it was used."""
    said = {"action_id": one["action_id"], "block_id": one["block_id"], "type": one["type"]}
    if one["type"] == "button":
        return said | {key: one[key] for key in ("text", "value", "style", "url", "confirm") if key in one}
    return said | _answered(one, value)


def filled(blocks: Sequence[Json], values: Mapping[str, Any]) -> Json:
    """``state.values`` of a modal that was filled in. Raises ``ValueError`` where Slack's client would not send it."""
    state: Json = {}
    used: set[str] = set()
    for block, one in elements(blocks):
        if one["type"] == "button":
            continue
        key = next((name for name in (block["block_id"], one["action_id"]) if name in values), None)
        used |= {key} if key is not None else set()
        answer = _answered(one, values.get(key) if key is not None else None)
        if block["type"] == "input":
            _check(block, one, answer)
        state.setdefault(block["block_id"], {})[one["action_id"]] = {"type": one["type"]} | answer
    if unknown := set(values) - used:
        raise ValueError(UNKNOWN.format(names=", ".join(sorted(unknown))))
    return state


def _answered(one: Json, value: Any) -> Json:
    kind = one["type"]
    if kind in _ONE_OF:
        return {"selected_option": _option(one, value) if value is not None else one.get("initial_option")}
    if kind in _SOME_OF:
        chosen = one.get("initial_options", []) if value is None else [_option(one, each) for each in value]
        return {"selected_options": chosen}
    if kind in _PICKED:
        return {_PICKED[kind]: value if value is not None else one.get(f"initial_{_PICKED[kind][9:]}")}
    return {"value": (value if value is not None else one.get("initial_value")) or None}


def _option(one: Json, value: Any) -> Json:
    options = [*one.get("options", ()), *(each for group in one.get("option_groups", ()) for each in group["options"])]
    for option in options:
        if option["value"] == value:
            return dict(option)
    raise ValueError(NO_SUCH_OPTION.format(action_id=one["action_id"], value=value))


def _check(block: Json, one: Json, answer: Json) -> None:
    said = next(iter(answer.values()))
    if not said and not block.get("optional"):
        raise ValueError(REQUIRED.format(block_id=block["block_id"]))
    if not isinstance(said, str) or one["type"] not in ("plain_text_input", "email_text_input", "url_text_input"):
        return
    least, most = one.get("min_length", 0), one.get("max_length", LONGEST_ANSWER)
    if not least <= len(said) <= most:
        raise ValueError(WRONG_LENGTH.format(block_id=block["block_id"], least=least, most=most))
