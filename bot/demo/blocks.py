"""Block Kit's limits, as Slack enforces them: what is wrong with a message's blocks, each with its place.

Source: docs.slack.dev/reference/block-kit/blocks (50 blocks a message, 3,000 characters a section, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

MOST_BLOCKS = 50
BLOCK_TYPES = ("actions", "context", "divider", "header", "image", "markdown", "rich_text", "section")
MOST_MARKDOWN = 12_000
RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
RICH_LEAVES = ("text", "link", "emoji", "user", "channel", "usergroup", "date", "broadcast", "color")
CONTROLS = ("button", "static_select", "overflow", "users_select", "datepicker", "checkboxes", "radio_buttons")
ACCESSORIES = (*CONTROLS, "image")

Json = dict[str, Any]


def block_errors(blocks: object, files: Collection[str] = ()) -> list[str]:
    """What Slack would refuse, e.g. ``must be less than 151 characters [json-pointer:/blocks/0/text/text]``.

    ``files`` are the ids of the uploaded files that are ready to be shown.
    """
    if not isinstance(blocks, list):
        return ["must provide an array [json-pointer:/blocks]"]
    check = _Check(files)
    if len(blocks) > MOST_BLOCKS:
        check.wrong(f"no more than {MOST_BLOCKS} items allowed", "/blocks")
    for number, block in enumerate(blocks):
        check.block(block, f"/blocks/{number}")
    return check.errors


class _Check:
    """Walks through blocks and collects what is wrong."""

    def __init__(self, files: Collection[str]) -> None:
        self.errors: list[str] = []
        self._files = files
        self._block_ids: set[str] = set()

    def wrong(self, what: str, where: str) -> None:
        self.errors.append(f"{what} [json-pointer:{where}]")

    def block(self, block: object, where: str) -> None:
        if not isinstance(block, dict):
            return self.wrong("must be an object", where)
        kind = block.get("type")
        if kind not in BLOCK_TYPES:
            return self.wrong(f"unsupported type: {kind}", f"{where}/type")
        if (block_id := block.get("block_id")) is not None:
            self._string(block_id, f"{where}/block_id", 255)
            if block_id in self._block_ids:
                self.wrong("`block_id` must be unique", f"{where}/block_id")
            self._block_ids.add(str(block_id))
        by_kind: dict[str, Callable[[Json, str], None]] = {
            "actions": self._actions, "context": self._context, "divider": self._nothing, "header": self._header,
            "image": self._image, "markdown": self._markdown, "rich_text": self._rich, "section": self._section,
        }  # fmt: skip
        by_kind[kind](block, where)
        return None

    def _nothing(self, block: Json, where: str) -> None:
        """A divider has nothing to be wrong."""

    def _header(self, block: Json, where: str) -> None:
        self._text(block.get("text"), f"{where}/text", 150, plain=True)

    def _section(self, block: Json, where: str) -> None:
        if "text" not in block and "fields" not in block:
            self.wrong("missing required field: text or fields", where)
        if "text" in block:
            self._text(block["text"], f"{where}/text", 3000)
        for place, one in self._items(block, "fields", where, 10):
            self._text(one, place, 2000)
        if "accessory" in block:
            self._control(block["accessory"], f"{where}/accessory", ACCESSORIES)

    def _context(self, block: Json, where: str) -> None:
        for place, one in self._items(block, "elements", where, 10, required=True):
            if isinstance(one, dict) and one.get("type") == "image":
                self._image(one, place)
            else:
                self._text(one, place, 3000)

    def _actions(self, block: Json, where: str) -> None:
        seen: set[str] = set()
        for place, one in self._items(block, "elements", where, 25, required=True):
            self._control(one, place, CONTROLS)
            action_id = one.get("action_id") if isinstance(one, dict) else None
            if action_id is not None and action_id in seen:
                self.wrong(f"`action_id` {action_id} already exists", f"{place}/action_id")
            seen.add(str(action_id))

    def _markdown(self, block: Json, where: str) -> None:
        self._string(block.get("text"), f"{where}/text", MOST_MARKDOWN)

    def _image(self, block: Json, where: str) -> None:
        self._string(block.get("alt_text"), f"{where}/alt_text", 2000)
        if "title" in block:
            self._text(block["title"], f"{where}/title", 2000, plain=True)
        source = block.get("slack_file")
        if ("image_url" in block) == (source is not None):
            self.wrong("must provide one of image_url or slack_file", where)
        if "image_url" in block:
            self._string(block["image_url"], f"{where}/image_url", 3000)
        elif isinstance(source, dict) and source.get("id") not in self._files:
            self.wrong("invalid slack file", f"{where}/slack_file")

    def _control(self, one: object, where: str, kinds: tuple[str, ...]) -> None:
        if not isinstance(one, dict) or one.get("type") not in kinds:
            return self.wrong("unsupported element type", f"{where}/type")
        if one["type"] == "image":
            return self._image(one, where)
        if "action_id" in one:
            self._string(one["action_id"], f"{where}/action_id", 255)
        if "confirm" in one:
            self._confirm(one["confirm"], f"{where}/confirm")
        if one["type"] == "button":
            return self._button(one, where)
        if one["type"] in ("static_select", "overflow", "checkboxes", "radio_buttons"):
            self._options(one, where, 5 if one["type"] == "overflow" else 100)
        return None

    def _button(self, one: Json, where: str) -> None:
        self._text(one.get("text"), f"{where}/text", 75, plain=True)
        for name, most in (("url", 3000), ("value", 2000), ("accessibility_label", 75)):
            if name in one:
                self._string(one[name], f"{where}/{name}", most)
        if one.get("style", "primary") not in ("primary", "danger"):
            self.wrong("must be one of primary, danger", f"{where}/style")

    def _options(self, one: Json, where: str, most: int) -> None:
        for place, option in self._items(one, "options", where, most, required=True):
            self._text(option.get("text") if isinstance(option, dict) else None, f"{place}/text", 75)
            self._string(option.get("value") if isinstance(option, dict) else None, f"{place}/value", 150)
        if "placeholder" in one:
            self._text(one["placeholder"], f"{where}/placeholder", 150, plain=True)

    def _confirm(self, one: object, where: str) -> None:
        if not isinstance(one, dict):
            return self.wrong("must be an object", where)
        for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            if name in one:
                self._text(one[name], f"{where}/{name}", most)
        return None

    def _rich(self, block: Json, where: str) -> None:
        for place, part in self._items(block, "elements", where, 500, required=True):
            if not isinstance(part, dict) or part.get("type") not in RICH_PARTS:
                self.wrong("unsupported rich text element", f"{place}/type")
            else:
                self._rich_part(part, place)

    def _rich_part(self, part: Json, where: str) -> None:
        for place, leaf in self._items(part, "elements", where, 3000, required=True):
            if not isinstance(leaf, dict):
                self.wrong("must be an object", place)
            elif part["type"] == "rich_text_list":
                self._rich_part({"type": "rich_text_section", **leaf}, place)
            elif leaf.get("type") not in RICH_LEAVES:
                self.wrong("unsupported rich text element", f"{place}/type")
            elif leaf["type"] == "text":
                self._string(leaf.get("text"), f"{place}/text", 12_000)

    def _text(self, one: object, where: str, most: int, *, plain: bool = False) -> None:
        if not isinstance(one, dict):
            return self.wrong("must be an object", where)
        kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if one.get("type") not in kinds:
            self.wrong(f"must be one of {', '.join(kinds)}", f"{where}/type")
        for name in one:
            if name not in ("type", "text", "emoji", "verbatim"):
                self.wrong(f"no such field: {name}", where)
        if one.get("type") == "mrkdwn" and "emoji" in one:
            self.wrong("emoji is for plain_text only", f"{where}/emoji")
        return self._string(one.get("text"), f"{where}/text", most)

    def _string(self, value: object, where: str, most: int) -> None:
        if not isinstance(value, str):
            self.wrong("must be a string", where)
        elif not value:
            self.wrong("must be more than 0 characters", where)
        elif _slack_length(value) > most:
            self.wrong(f"must be less than {most + 1} characters", where)

    def _items(
        self, one: Json, name: str, where: str, most: int, *, required: bool = False
    ) -> Iterator[tuple[str, Any]]:
        items = one.get(name, [] if not required else None)
        if not isinstance(items, list) or (required and not items):
            self.wrong(f"missing required field: {name}", where)
            return
        if len(items) > most:
            self.wrong(f"no more than {most} items allowed", f"{where}/{name}")
        for number, item in enumerate(items):
            yield f"{where}/{name}/{number}", item


def _slack_length(text: str) -> int:
    """Slack counts UTF-16 units, so an emoji beyond the basic plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
