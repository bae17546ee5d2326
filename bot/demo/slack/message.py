"""What a message may hold, checked as Slack checks it, and Slack's way to say no."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from bot.demo.blocks import CONTROLS, WRITTEN, block_errors

Json = dict[str, Any]
LONGEST_TEXT, LONGEST_METADATA = 40_000, 16_384
LONGEST_BLOCKS = 13_200
"""All blocks of a message together, as JSON. Slack publishes no number; people were refused at about this length:
github.com/slackapi/bolt-js/issues/2509 and 2867."""


class SlackError(Exception):
    """``{"ok": false, "error": ...}``, with what else Slack says. ``retry_after``: seconds, for status 429."""

    def __init__(
        self, error: str, messages: list[str] | None = None, *, retry_after: int | None = None, **more: Any
    ) -> None:
        super().__init__(error)
        self.retry_after = retry_after
        self.body: Json = {"ok": False, "error": error, **more}
        if messages:
            self.body |= {"errors": messages, "response_metadata": {"messages": [f"[ERROR] {one}" for one in messages]}}


def message_content(args: Json, ready_files: Collection[str]) -> Json:
    """Text, blocks and metadata of a call's arguments. Raises ``SlackError``."""
    text, blocks = str(args.get("text") or ""), decoded(args.get("blocks"), "invalid_blocks_format")
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > LONGEST_TEXT:
        raise SlackError("msg_too_long")
    content: Json = {"text": text}
    if blocks:
        if errors := block_errors(blocks, ready_files):
            raise SlackError("invalid_blocks", errors)
        if blocks_length(blocks) > LONGEST_BLOCKS:
            raise SlackError("msg_blocks_too_long")
        content["blocks"] = settled_blocks(blocks)
    if metadata := decoded(args.get("metadata"), "invalid_metadata_format"):
        content["metadata"] = _checked_metadata(metadata)
    return content


def blocks_length(blocks: list[Json]) -> int:
    """How long a message's blocks are together, in UTF-16 units of compact JSON."""
    text = json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def settled_blocks(blocks: list[Json]) -> list[Json]:
    """Blocks as Slack hands them out again: what had no id has one, and texts say what was meant by default."""
    return [{"block_id": _made_up(number, one), **settled_text(one)} for number, one in enumerate(blocks)]


def settled_text(one: Any) -> Any:
    """Any piece of Block Kit with ``emoji`` and ``verbatim`` written out and an ``action_id`` for each control."""
    if isinstance(one, list):
        return [settled_text(each) for each in one]
    if not isinstance(one, dict):
        return one
    settled = {key: settled_text(value) for key, value in one.items()}
    match one.get("type"):
        case "plain_text":
            return settled | {"emoji": one.get("emoji", True)}
        case "mrkdwn":
            return settled | {"verbatim": one.get("verbatim", False)}
        case kind if kind in CONTROLS or kind in WRITTEN:
            return {"action_id": _made_up(0, one), **settled}
    return settled


def _checked_metadata(metadata: object) -> Json:
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > LONGEST_METADATA:
        raise SlackError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _made_up(number: int, one: Json) -> str:
    return hashlib.sha256(json.dumps([number, one]).encode()).hexdigest()[:5]


def decoded(value: object, error: str) -> Any:
    """A value that a JSON body carries as it is and a form carries as a text. Raises ``SlackError(error)``."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as wrong:
        raise SlackError(error) from wrong
