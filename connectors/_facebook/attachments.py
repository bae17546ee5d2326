"""What hangs on Facebook's comments and posts (docs/graph-api/reference/attachment). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._values import a_link, words
from connectors.contract import Attachment

SITE = "https://www.facebook.com"

KINDS = {
    "photo": "photo",
    "video": "video",
    "sticker": "sticker",
    "animated": "animation",
    "share": "link",
    "link": "link",
}


def attached_to_comment(data: object) -> tuple[Attachment, ...]:
    """A comment has one attachment or none."""
    return (_attachment(data),) if isinstance(data, Mapping) else ()


def attached_to_post(edge: object) -> tuple[Attachment, ...]:
    """A post has several; those of an album stand one by one, without the album."""
    found = []
    for row in _rows(edge):
        found += [_attachment(each) for each in _rows(row.get("subattachments")) or [row]]
    return tuple(found)


def web_address(value: object) -> str | None:
    """A web address; videos and reels come with the path alone."""
    told = words(value)
    return f"{SITE}{told}" if told and told.startswith("/") and not told.startswith("//") else a_link(told)


def _attachment(data: Mapping[str, Any]) -> Attachment:
    preview = a_link(_picture(data)) if _kind(data) == "link" else None
    return Attachment(kind=_kind(data), url=_address(data), title=words(data.get("title")), preview=preview)


def _kind(data: Mapping[str, Any]) -> str:
    told = str(data.get("type") or "")
    return next((kind for start, kind in KINDS.items() if told.startswith(start)), "other")


def _address(data: Mapping[str, Any]) -> str | None:
    source = _picture(data)
    # A link card is where it leads; a picture is its own address.
    return a_link(data.get("url") or source) if _kind(data) == "link" else a_link(source or data.get("url"))


def _picture(data: Mapping[str, Any]) -> object:
    media = data.get("media")
    image = media.get("image") if isinstance(media, Mapping) else None
    return image.get("src") if isinstance(image, Mapping) else None


def _rows(edge: object) -> list[Mapping[str, Any]]:
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
