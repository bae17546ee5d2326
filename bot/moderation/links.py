"""The links in a text: where they are and to which host they lead. Nothing is ever fetched."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS

from bot.moderation.text import Folded

_COULD_BE = re.compile(r"[^\s@/]+\.[a-z]{2,}|://")
_SIGN_OF_ONE = re.compile(r"\.[a-z]{2}|://")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Link:
    """A link at folded characters ``[start, end)``. ``host`` is lower case, without ``www.`` and port."""

    host: str
    path: str
    start: int
    end: int


def links_in(folded: Folded) -> tuple[Link, ...]:
    """Every web link of a folded text, with or without ``https://``; e-mail addresses are none."""
    if not _SIGN_OF_ONE.search(folded.text):
        return ()
    found: list[Link] = []
    for chunk in re.finditer(r"\S+", folded.text):
        # Word by word: the library's own search looks again at the rest of the text after each match.
        if len(chunk[0]) <= _LONGEST and _COULD_BE.search(chunk[0]):
            found += _links_of_word(chunk[0], chunk.start())
    return tuple(found)


def _links_of_word(word: str, at: int) -> list[Link]:
    links = []
    for match in _finder().match(word) or ():
        if match.schema in {"", "http:", "https:", "//"}:
            address = match.url.split("://", 1)[-1].lstrip("/")
            host, _, path = address.partition("/")
            host = host.split("?")[0].split("#")[0].rsplit("@", 1)[-1].split(":")[0].removeprefix("www.")
            if not match.schema and _is_typing_slip(host, path, match.text):
                continue
            links.append(Link(host, path, at + match.index, at + match.last_index))
    return links


def _is_typing_slip(host: str, path: str, written: str) -> bool:
    """``agree.So`` is a forgotten blank, not a Somali site: two-letter domains count with a path or ``www.`` only."""
    return len(host.rsplit(".", 1)[-1]) == 2 and not path and not written.startswith("www.")


@cache
def _finder() -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_email": False}).tlds(TLDS)


def touches(links: Sequence[Link], start: int, end: int) -> bool:
    """Does any of ``links`` (in order, as ``links_in`` gives them) share a folded character with ``[start, end)``?"""
    after = bisect_right(links, start, key=lambda link: link.end)
    return after < len(links) and links[after].start < end


def within(host: str, domains: frozenset[str]) -> bool:
    """Is ``host`` one of ``domains`` or below one of them? ``"ct.gov"`` is within ``"gov"``."""
    labels = host.split(".")
    return any(".".join(labels[i:]) in domains for i in range(len(labels)))
