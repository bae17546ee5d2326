"""What a message may hold, checked as Slack checks it, and Slack's way to say no."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import Any

from bot.demo.blocks import block_errors

Json = dict[str, Any]
LONGEST_TEXT, LONGEST_METADATA = 40_000, 16_384


class SlackError(Exception):
    """``{"ok": false, "error": ...}``, with what else Slack says."""

    def __init__(self, error: str, messages: list[str] | None = None) -> None:
        super().__init__(error)
        self.body: Json = {"ok": False, "error": error}
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
        content["blocks"] = [{"block_id": _block_id(n, one), **one} for n, one in enumerate(blocks)]
    if metadata := decoded(args.get("metadata"), "invalid_metadata_format"):
        content["metadata"] = _checked_metadata(metadata)
    return content


def _checked_metadata(metadata: object) -> Json:
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if not isinstance(metadata.get("event_type"), str) or not metadata["event_type"]:
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata)) > LONGEST_METADATA:
        raise SlackError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _block_id(number: int, block: Json) -> str:
    return hashlib.sha256(json.dumps([number, block]).encode()).hexdigest()[:5]


def decoded(value: object, error: str) -> Any:
    """A value that a JSON body carries as it is and a form carries as a text. Raises ``SlackError(error)``."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as wrong:
        raise SlackError(error) from wrong
