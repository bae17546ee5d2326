"""The few Block Kit shapes that an alert is made of.

Only ``plain_text`` and ``rich_text`` are used, never ``mrkdwn``: Slack reads mentions, links and styles in a rich text
from elements of their own types and shows a ``text`` element as it stands, so ``<!channel>`` in a comment is ten
characters and calls nobody. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Block = dict[str, Any]
Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to Slack: ``blocks`` to look at and ``text`` for the notification."""

    blocks: tuple[Block, ...]
    text: str


HEADER_LIMIT = 150
_LINK_LIMIT = 2000
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,20}")


def header(line: str) -> Block:
    """A heading: one line, at most 150 characters as Slack counts them (UTF-16)."""
    return {"type": "header", "text": plain(_cut(line, HEADER_LIMIT))}


def plain(words: str) -> Element:
    """A plain text object, in which Slack reads nothing, smileys included."""
    return {"type": "plain_text", "text": words, "emoji": False}


def mention(member: str) -> Element | None:
    """A member of the workspace is called by name, or ``None`` for what is no member's id."""
    return {"type": "user", "user_id": member} if _MEMBER.fullmatch(member) else None


def items(lines: Iterable[Sequence[Element]]) -> Block:
    """A rich text list with a point before each line."""
    rows = [{"type": "rich_text_section", "elements": list(line)} for line in lines]
    return {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": rows}]}


def paragraph(*elements: Element) -> Block:
    """A rich text block of one paragraph; line ends are in the elements."""
    return _rich("rich_text_section", elements)


def quotation(elements: Iterable[Element]) -> Block:
    """A rich text block with a bar at its side."""
    return _rich("rich_text_quote", elements)


def commands(lines: Iterable[str]) -> Block:
    """A rich text block in the letters of a terminal."""
    return _rich("rich_text_preformatted", [text("\n".join(lines))])


def picture(file_id: str, alt: str) -> Block:
    """An image that was uploaded to Slack. https://docs.slack.dev/reference/block-kit/blocks/image-block"""
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": alt}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def text(words: str, *, bold: bool = False, italic: bool = False, code: bool = False) -> Element:
    """Words in a rich text. Slack refuses an empty element, so nothing becomes a dash."""
    style = {name: True for name, on in (("bold", bold), ("italic", italic), ("code", code)) if on}
    element: Element = {"type": "text", "text": words or "–"}
    return {**element, "style": style} if style else element


def link(url: str, words: str) -> Element | None:
    """A link, or ``None`` when the address is not one that a person should be sent to by us."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if not plain or len(url) > _LINK_LIMIT or not url.isascii() or not url.isprintable() or set(url) & set(' <>"|\\'):
        return None
    return {"type": "link", "url": url, "text": words}


def _rich(kind: str, elements: Iterable[Element]) -> Block:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(elements)}]}


def _cut(line: str, limit: int) -> str:
    if _utf16(line) <= limit:
        return line
    kept = line[:limit]
    while _utf16(kept) > limit - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _utf16(words: Sequence[str] | str) -> int:
    return len("".join(words).encode("utf-16-le")) // 2
