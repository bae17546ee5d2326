"""Block Kit's limits, as Slack enforces them: what is wrong with a message or a view, each with its place.

Source: docs.slack.dev/reference/block-kit/blocks (50 blocks a message, 3,000 characters a section, ...) and
docs.slack.dev/reference/views (100 blocks a view, 24 characters a title, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

MOST_BLOCKS, MOST_IN_A_VIEW = 50, 100
BLOCK_TYPES = ("actions", "context", "divider", "header", "image", "input", "markdown", "rich_text", "section")
VIEW_TYPES = ("modal", "home")
VIEW_FIELDS = frozenset({"type", "title", "blocks", "close", "submit", "private_metadata", "callback_id",
                         "clear_on_close", "notify_on_close", "external_id", "submit_disabled"})  # fmt: skip
MOST_MARKDOWN = 12_000
RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
RICH_LEAVES = ("text", "link", "emoji", "user", "channel", "usergroup", "date", "broadcast", "color")
RICH_STYLES = frozenset({"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"})
LEAF_NEEDS = {"link": "url", "user": "user_id", "channel": "channel_id", "usergroup": "usergroup_id", "emoji": "name",
              "broadcast": "range", "color": "value", "text": "text", "date": "format"}  # fmt: skip
MENUS = ("static_select", "multi_static_select", "users_select", "channels_select", "conversations_select")
CONTROLS = ("button", "overflow", "datepicker", "timepicker", "checkboxes", "radio_buttons", *MENUS)
ACCESSORIES = (*CONTROLS, "image")
WRITTEN = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
INPUTS = (*WRITTEN, "datepicker", "timepicker", "checkboxes", "radio_buttons", *MENUS)
MOST_OPTIONS = {"static_select": 100, "multi_static_select": 100, "overflow": 5, "checkboxes": 10, "radio_buttons": 10}
LONGEST_ANSWER = 3000

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


def view_errors(view: object, kind: str | None = None, files: Collection[str] = ()) -> list[str]:
    """What Slack would refuse of a modal or a home tab, such as ``must be less than 25 characters [...]``.

    ``kind``: what it has to be, ``modal`` or ``home``, or either.
    """
    check = _Check(files)
    check.view(view, (kind,) if kind else VIEW_TYPES)
    return check.errors


class _Check:
    """Walks through blocks and collects what is wrong."""

    def __init__(self, files: Collection[str]) -> None:
        self.errors: list[str] = []
        self._files = files
        self._block_ids: set[str] = set()

    def wrong(self, what: str, where: str) -> None:
        self.errors.append(f"{what} [json-pointer:{where}]")

    def view(self, view: object, kinds: tuple[str, ...]) -> None:
        if not isinstance(view, dict):
            return self.wrong("must be an object", "/view")
        if view.get("type") not in kinds:
            return self.wrong(f"must be one of {', '.join(kinds)}", "/view/type")
        for name in sorted(set(view) - VIEW_FIELDS):
            self.wrong(f"no such field: {name}", "/view")
        for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
            if view.get(name):
                self._string(view[name], f"/view/{name}", most)
        self._words_of(view)
        blocks = view.get("blocks")
        if not isinstance(blocks, list):
            return self.wrong("missing required field: blocks", "/view")
        if len(blocks) > MOST_IN_A_VIEW:
            self.wrong(f"no more than {MOST_IN_A_VIEW} items allowed", "/view/blocks")
        for number, block in enumerate(blocks):
            self.block(block, f"/view/blocks/{number}")
        return None

    def _words_of(self, view: Json) -> None:
        """Title and buttons, which a home tab has none of."""
        modal = view["type"] == "modal"
        if modal and "title" not in view:
            self.wrong("missing required field: title", "/view")
        for name in ("title", "submit", "close"):
            if view.get(name) is not None and modal:
                self._text(view[name], f"/view/{name}", 24, plain=True)
            elif view.get(name) is not None:
                self.wrong(f"no such field: {name}", "/view")
        blocks = view.get("blocks")
        asks = isinstance(blocks, list) and any(isinstance(one, dict) and one.get("type") == "input" for one in blocks)
        if modal and asks and not view.get("submit"):
            self.wrong("must define `submit` to use an `input` block in modals", "/view/blocks")

    def block(self, block: object, where: str) -> None:
        if not isinstance(block, dict):
            return self.wrong("must be an object", where)
        kind = block.get("type")
        if kind not in BLOCK_TYPES:
            return self.wrong(f"unsupported type: {kind}", f"{where}/type")
        if (block_id := block.get("block_id")) is not None:
            self._string(block_id, f"{where}/block_id", 255)
            if str(block_id) in self._block_ids:
                self.wrong("`block_id` must be unique", f"{where}/block_id")
            self._block_ids.add(str(block_id))
        by_kind: dict[str, Callable[[Json, str], None]] = {
            "actions": self._actions, "context": self._context, "divider": self._nothing, "header": self._header,
            "image": self._image, "input": self._input, "markdown": self._markdown, "rich_text": self._rich,
            "section": self._section,
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
            if action_id is not None and str(action_id) in seen:
                self.wrong(f"`action_id` {action_id} already exists", f"{place}/action_id")
            seen.add(str(action_id))

    def _input(self, block: Json, where: str) -> None:
        self._text(block.get("label"), f"{where}/label", 2000, plain=True)
        if "hint" in block:
            self._text(block["hint"], f"{where}/hint", 2000, plain=True)
        self._control(block.get("element"), f"{where}/element", INPUTS)

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
        if "placeholder" in one:
            self._text(one["placeholder"], f"{where}/placeholder", 150, plain=True)
        if one["type"] == "button":
            return self._button(one, where)
        if one["type"] in WRITTEN:
            return self._written(one, where)
        if one["type"] in MOST_OPTIONS:
            self._choices(one, where, MOST_OPTIONS[one["type"]])
        return None

    def _written(self, one: Json, where: str) -> None:
        least, most = one.get("min_length", 0), one.get("max_length", LONGEST_ANSWER)
        for name, number, lowest in (("min_length", least, 0), ("max_length", most, 1)):
            if not isinstance(number, int) or not lowest <= number <= LONGEST_ANSWER:
                return self.wrong(f"must be between {lowest} and {LONGEST_ANSWER}", f"{where}/{name}")
        if least > most:
            return self.wrong("must be less than max_length", f"{where}/min_length")
        if "initial_value" in one:
            self._string(one["initial_value"], f"{where}/initial_value", most)
        return None

    def _button(self, one: Json, where: str) -> None:
        self._text(one.get("text"), f"{where}/text", 75, plain=True)
        for name, most in (("url", 3000), ("value", 2000), ("accessibility_label", 75)):
            if name in one:
                self._string(one[name], f"{where}/{name}", most)
        if one.get("style", "primary") not in ("primary", "danger"):
            self.wrong("must be one of primary, danger", f"{where}/style")

    def _choices(self, one: Json, where: str, most: int) -> None:
        """Options, or groups of them; and what is chosen at first is one of them."""
        if "option_groups" not in one:
            self._options(one, where, most)
        for place, group in self._items(one, "option_groups", where, most):
            self._text(group.get("label") if isinstance(group, dict) else None, f"{place}/label", 75, plain=True)
            self._options(group if isinstance(group, dict) else {}, place, most)
        offered = [option for each in (one, *_list(one, "option_groups")) for option in _list(each, "options")]
        for chosen in (*filter(None, [one.get("initial_option")]), *_list(one, "initial_options")):
            if chosen not in offered:
                self.wrong("must exactly match one of the options", f"{where}/initial_option")

    def _options(self, one: Json, where: str, most: int) -> None:
        for place, option in self._items(one, "options", where, most, required=True):
            self._text(option.get("text") if isinstance(option, dict) else None, f"{place}/text", 75)
            self._string(option.get("value") if isinstance(option, dict) else None, f"{place}/value", 150)
            if isinstance(option, dict) and "description" in option:
                self._text(option["description"], f"{place}/description", 75)

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
        if part["type"] == "rich_text_list" and part.get("style") not in ("bullet", "ordered"):
            self.wrong("must be one of bullet, ordered", f"{where}/style")
        for place, leaf in self._items(part, "elements", where, 3000, required=True):
            if not isinstance(leaf, dict):
                self.wrong("must be an object", place)
            elif part["type"] == "rich_text_list":
                self._rich_part({"type": "rich_text_section", **leaf}, place)
            elif leaf.get("type") not in RICH_LEAVES:
                self.wrong("unsupported rich text element", f"{place}/type")
            else:
                self._leaf(leaf, place)

    def _leaf(self, leaf: Json, where: str) -> None:
        needed = LEAF_NEEDS[leaf["type"]]
        self._string(leaf.get(needed), f"{where}/{needed}", 12_000 if needed == "text" else 3000)
        if leaf["type"] == "broadcast" and leaf.get("range") not in ("here", "channel", "everyone"):
            self.wrong("must be one of here, channel, everyone", f"{where}/range")
        style = leaf.get("style", {})
        if not isinstance(style, dict) or not set(style) <= RICH_STYLES:
            self.wrong("no such style", f"{where}/style")

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


def _list(one: object, name: str) -> list[Any]:
    found = one.get(name) if isinstance(one, dict) else None
    return found if isinstance(found, list) else []


def _slack_length(text: str) -> int:
    """Slack counts UTF-16 units, so an emoji beyond the basic plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
