"""Reads RSS and Atom: hostile XML in, entries out. Nothing here opens an address.

feedparser is given decoded text and nothing else: given an address or a file name it would open it. Sources: RSS 2.0,
RFC 4287 (Atom), RFC 4685 (``thr:in-reply-to``), ``slash:comments``, ``wfw:commentRss``.
"""

from __future__ import annotations

import calendar
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any
from xml.sax import SAXParseException

import feedparser

from connectors._answers import CUT_SHORT, storable
from connectors._exchange import Exchange
from connectors._values import a_count, a_link, text_of
from connectors.contract import Malformed, Unavailable

# A feed of 50 long comments has a fifth of it.
LARGEST_FEED = 5 * 1024 * 1024
LONGEST_NAME = 2000

NO_FEED = "What came is no feed; the call is tried again. If it stays so, look whether base_url is the feed's address."
ANOTHER_XML = "What came is XML, but neither RSS nor Atom; look whether base_url is the address of a comment feed."
TOO_LARGE = "The feed has more than {limit} bytes and was not read; tell whoever looks after the site."
DECLARES = "The feed declares entities of its own, which is a known attack, and was not read."
ENCODING = "The feed is in an encoding ({encoding}) that Beadle does not read; UTF-8 would be right."
NO_ID = "An entry of the feed has neither id nor address nor time, so that it can't be told from others."
NO_TIME = "An entry of the feed has no time that can be read."

_ENCODINGS = re.compile(r"utf-?8|utf-?16([bl]e)?|us-ascii|ascii|iso-8859-[0-9]{1,2}|windows-125[0-9]|latin-?1", re.I)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_PROLOG = r"\s*(<\?.{0,500}?\?>\s*|<!--.{0,5000}?-->\s*|<!DOCTYPE[^>\[]{0,500}>\s*)*"
_ROOT = re.compile(_PROLOG + r"<([A-Za-z:]{1,40})", re.S | re.I)
# A declaration stands before the first element or nowhere: the words of a comment are none.
_DECLARATIONS = re.compile(_PROLOG + r"<!DOCTYPE[^>\[]{0,500}\[", re.S | re.I)
_END = re.compile(r"</\s*(rss|feed|rdf:RDF|channel)\s*>\s*(<!--.{0,5000}?-->\s*)*$", re.S | re.I)
# XML 1.0 has no way to write these; some servers send them all the same, and a comment is not to vanish for it.
_CONTROLS = {code: 0x10FF00 + code for code in range(32) if code not in (9, 10, 13)}
_BACK = {seen: code for code, seen in _CONTROLS.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``key`` is what names it in the feed, ``post_link`` the page that it is about, where it is told."""

    key: str
    link: str | None
    post_link: str | None
    author: str | None
    author_link: str | None
    title: str
    text: str
    published_at: datetime | None
    updated_at: datetime | None
    answers: str | None
    comment_count: int | None
    comments_feed: str | None
    raw: Mapping[str, Any]

    @property
    def entry_id(self) -> str:
        """Ours: the time of publication in seconds and a digest of the entry's own id. The same for ever."""
        return id_of(self.key, self.published_at)


def id_of(key: str, published_at: datetime | None) -> str:
    """An id that a reference can carry: it tells how far back a feed must reach to hold the entry."""
    return f"{int(published_at.timestamp()) if published_at else 0}-{digest(key)}"


def digest(words: str) -> str:
    """24 hexadecimal digits."""
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:24]


def entries_of(exchange: Exchange) -> list[Entry | Malformed]:
    """The entries of a feed; an error stands where one has nothing that names it.

    Errors: ``Unavailable`` for what is no feed or half of one, ``Malformed`` for what must not be parsed.
    """
    text = _decoded(exchange)
    parsed = feedparser.parse(
        io.BytesIO(text.encode()),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    strict = not isinstance(parsed.get("bozo_exception"), SAXParseException)
    if not strict and not _END.search(text[-6000:]):
        raise Unavailable(CUT_SHORT, exchange=exchange, status=exchange.status)
    if not parsed.get("version"):
        raise Malformed(ANOTHER_XML, exchange=exchange)
    return [_entry(raw, strict) for raw in parsed.entries]


def _decoded(exchange: Exchange) -> str:
    body = exchange.body
    if len(body) > LARGEST_FEED:
        raise Malformed(TOO_LARGE.format(limit=LARGEST_FEED), exchange=exchange)
    encoding = _encoding(body)
    if not _ENCODINGS.fullmatch(encoding):
        raise Malformed(ENCODING.format(encoding=encoding), exchange=exchange)
    text = body.decode(encoding, "replace").lstrip("\ufeff")
    # Entities of one's own make gigabytes of a page; no feed needs any.
    if _DECLARATIONS.match(text):
        raise Malformed(DECLARES, exchange=exchange)
    root = _ROOT.match(text)
    if root is None or root[2].lower() in ("html", "head", "body"):
        raise Unavailable(NO_FEED, exchange=exchange, status=exchange.status)
    return text.translate(_CONTROLS)


def _encoding(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    declared = _DECLARED.match(body[:400])
    return declared[1].decode() if declared else "utf-8"


def _entry(raw: Any, strict: bool) -> Entry | Malformed:
    data = _plain(raw)
    link = a_link(data.get("link"))
    published = _moment(dict.get(raw, "published_parsed"))
    key = str(data.get("id") or "").strip() or " ".join(filter(None, (link, data.get("published"))))
    if not key or len(key) > LONGEST_NAME:
        return Malformed(NO_ID)
    answers = data.get("thr_in-reply-to") or {}
    author = data.get("author_detail") or {}
    name = str(author.get("name") or data.get("author") or "")[:LONGEST_NAME] or None
    return Entry(
        key=key,
        link=link,
        post_link=_page_of(a_link(answers.get("href")) or link),
        # Where the XML is broken, feedparser hands on what it can't decode.
        author=name if strict or name is None else unescape(name),
        author_link=a_link(author.get("href")),
        title=str(data.get("title") or ""),
        text=_text(data),
        published_at=published or _moment(dict.get(raw, "updated_parsed")),
        updated_at=_moment(dict.get(raw, "updated_parsed")),
        answers=str(answers["ref"]) if answers.get("ref") else None,
        comment_count=a_count(data.get("slash_comments")),
        comments_feed=a_link(data.get("wfw_commentrss")),
        raw=data,
    )


def _text(data: Mapping[str, Any]) -> str:
    contents = data.get("content")
    first = contents[0] if isinstance(contents, list) and contents else data.get("summary_detail") or {}
    value = str(first.get("value") or "")
    return value if first.get("type") == "text/plain" else text_of(value)


def _page_of(link: str | None) -> str | None:
    """The page that a comment's address lies on: without the comment, and without the page of comments."""
    if link is None:
        return None
    page = link.partition("#")[0]
    page = re.sub(r"[?&](showComment|replytocom)=[^&]*", "", page)
    return re.sub(r"/comment-page-[0-9]{1,6}/?$", "/", page)


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _plain(raw: Any) -> dict[str, Any]:
    """What feedparser made, as JSON values, with the characters put back that XML can't write."""
    told: dict[str, Any] = storable(
        {name: _value(value) for name, value in raw.items() if not name.endswith("_parsed")}
    )
    return told


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_BACK)
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _value(each) for name, each in value.items()}
    return value if isinstance(value, bool | int | float) or value is None else str(value)
