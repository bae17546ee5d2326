"""Makes the contract's values from what platforms deliver: ids, times, links, words. All of it is hostile input."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TypeAlias

from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from connectors._errors import Malformed
from connectors._names import spoken

NOT_AN_ID = "An id with characters that no id of {platform} has came up; it is not sent on."
NO_TIME = "A time in the answer can't be read."

PLAIN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
# A tree of HTML, for those who look for pictures in it; text_of is for all others.
Markup: TypeAlias = BeautifulSoup
Element: TypeAlias = Tag

DIGITS = re.compile(r"[0-9]{1,40}")


def an_id(value: object, platform: str, shape: re.Pattern[str] = PLAIN_ID) -> str:
    """``value`` as an id of this shape, safe in a path. ``Malformed`` otherwise."""
    text = str(value)
    if isinstance(value, str | int) and not isinstance(value, bool) and shape.fullmatch(text) and text.strip("."):
        return text
    raise Malformed(NOT_AN_ID.format(platform=spoken(platform)))


def perhaps_id(value: object, platform: str, shape: re.Pattern[str] = PLAIN_ID) -> str | None:
    """As ``an_id``; ``None`` for what is none."""
    try:
        return an_id(value, platform, shape)
    except Malformed:
        return None


def a_time(value: object, *, zone: object = None) -> datetime:
    """An ISO 8601 time, or seconds or milliseconds since 1970 (number or digits), aware and in UTC.

    A time without a zone is refused with ``Malformed``, unless ``zone=UTC`` says what the platform means by it.
    """
    try:
        number = _number(value)
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None and zone is UTC:
            return moment.replace(tzinfo=UTC)
        if moment.tzinfo is None:
            raise Malformed(NO_TIME)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(NO_TIME) from error


def perhaps_time(value: object, *, zone: object = None) -> datetime | None:
    """As ``a_time``; ``None`` for what is none."""
    try:
        return a_time(value, zone=zone)
    except Malformed:
        return None


def a_guest(address: str) -> str:
    """The id of somebody who is known by an e-mail address alone, which anybody can type: a digest of it.

    Ids stand in alerts, lists and exports; a resident's address has no business there.
    """
    return f"guest-{hashlib.sha256(address.strip().lower().encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def a_link(value: object) -> str | None:
    """A web address; a script or a file path in its place is not passed on."""
    text = words(value)
    return text if text and text.lower().startswith(("https://", "http://")) else None


def words(value: object) -> str | None:
    """``value`` if it is text."""
    return value if isinstance(value, str) else None


def a_count(value: object) -> int | None:
    """A number of things; ``None`` for what is none."""
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def a_flag(value: object) -> bool | None:
    """True or false; ``None`` for anything else."""
    return value if isinstance(value, bool) else None


def parsed(html: str) -> Markup:
    """HTML as a tree, whatever somebody wrote."""
    try:
        return BeautifulSoup(html, "html.parser")
    except ParserRejectedMarkup:
        # Python's parser stumbles over a "<![x[" that anybody may write.
        return BeautifulSoup(html.replace("<![", "&lt;!["), "html.parser")


def text_of(html: str | Markup) -> str:
    """What a reader of this HTML sees, as plain text: paragraphs apart, lines as they break, scripts left out.

    A tree is used up by it.
    """
    soup = parsed(html) if isinstance(html, str) else html
    for tag in soup(["script", "style", "template"]):
        tag.decompose()
    for tag in soup.find_all("br"):
        tag.replace_with("\n")
    for tag in soup.find_all(["p", "div", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "tr"]):
        tag.append("\n")
    return re.sub(r"\n{3,}", "\n\n", soup.get_text()).strip()


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{9,13}(\.[0-9]{1,6})?", value):
        return float(value)
    return None
