"""What Discourse delivers, as the contract's values (docs.discourse.org; app/serializers/post_serializer.rb).

A topic is a post of the contract, a Discourse post in it is a comment. The words that open a resident's topic are a
comment too: they are a resident's words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from connectors._values import (
    DIGITS,
    Markup,
    a_count,
    a_flag,
    a_link,
    a_time,
    an_id,
    parsed,
    perhaps_id,
    perhaps_time,
    text_of,
    words,
)
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

PLATFORM = "discourse"
# `all` is the whole forum; a number is one category with those below it.
PAGE = re.compile(r"all|[0-9]{1,10}")
# Regular posts and moderators' notes. Small actions ("closed the topic") have no words, whispers no public.
PUBLIC_TYPES = frozenset({1, 2})
NO_ACCOUNT = "The account was deleted from the forum, or the forum does not tell whose the post is."
NO_WORDS = "A post came without its words."

_PLAIN_NAME = re.compile(r"[^\s/?#%\\]{1,100}")


class Forum:
    """One forum's address, the page of it that is watched, and the accounts that speak for the city."""

    def __init__(self, base_url: str, page_id: str, own: frozenset[str]) -> None:
        self.base_url, self.page_id, self.own = base_url, page_id, own

    def is_own(self, username: object, user_id: object = None) -> bool:
        """Whether an account is the city's. The forum's own robot accounts (ids up to 0) count as such."""
        robot = isinstance(user_id, int) and not isinstance(user_id, bool) and user_id <= 0
        return robot or (isinstance(username, str) and username.casefold() in self.own)

    def comment(self, row: Mapping[str, Any], *, parent_id: str | None = None) -> Comment:
        """A post of the forum. ``Malformed`` when id, topic, time or words can't be read."""
        soup = _tree(row)
        user_id, username = row.get("user_id"), words(row.get("username"))
        return Comment(
            ref=CommentRef(PLATFORM, self.page_id, an_id(row.get("id"), PLATFORM, DIGITS)),
            post_id=an_id(row.get("topic_id"), PLATFORM, DIGITS),
            author=self.author(user_id, username, row.get("name")),
            text=text_of(soup),
            posted_at=a_time(row.get("created_at")),
            parent_id=parent_id,
            edited_at=perhaps_time(row.get("updated_at")) if (a_count(row.get("version")) or 1) > 1 else None,
            permalink=self._address(row.get("post_url")),
            attachments=tuple(self._attachments(soup)),
            visibility=visibility_of(row),
            can_hide=None if row.get("deleted_at") else a_flag(row.get("can_delete")),
            by_page=self.is_own(username, user_id),
            reply_count=a_count(row.get("reply_count")),
            raw=row,
        )

    def post(self, topic: Mapping[str, Any], opening: Mapping[str, Any] | None) -> Post:
        """A topic with the words that open it. ``posts_count`` counts those too."""
        topic_id = an_id(topic.get("id"), PLATFORM, DIGITS)
        by_page = opening is not None and self.is_own(opening.get("username"), opening.get("user_id"))
        count = a_count(topic.get("posts_count"))
        soup = _tree(opening if opening is not None else {"cooked": ""})
        title = words(topic.get("title")) or ""
        return Post(
            platform=PLATFORM,
            page_id=self.page_id,
            post_id=topic_id,
            text=f"{title}\n\n{text_of(soup)}".strip(),
            posted_at=a_time(topic.get("created_at")),
            permalink=f"{self.base_url}/t/{topic_id}",
            comment_count=max(count - 1, 0) if count is not None and by_page else count,
            by_page=by_page,
            attachments=tuple(self._attachments(soup)),
            kind=Kind.POST if by_page else Kind.VISITOR,
            raw=topic,
        )

    def author(self, user_id: object, username: str | None, name: object) -> Author:
        """The account, by its number: names can be changed."""
        author_id = perhaps_id(user_id, PLATFORM, DIGITS)
        if author_id is None:
            return Author(unavailable_reason=NO_ACCOUNT)
        plain = username if username and _PLAIN_NAME.fullmatch(username) else None
        profile = f"{self.base_url}/u/{plain}" if plain else None
        return Author(author_id, words(name) or username, username, profile_url=profile)

    def _address(self, path: object) -> str | None:
        text = words(path)
        return self.base_url + text if text and text.startswith("/") and not text.startswith("//") else None

    def _attachments(self, soup: Markup) -> list[Attachment]:
        pictures = [
            Attachment("photo", link)
            for image in soup.find_all("img")
            if "avatar" not in image.get_attribute_list("class") and (link := self._absolute(image.get("src")))
        ]
        files = [
            Attachment("other", link, title=anchor.get_text().strip() or None)
            for anchor in soup.find_all("a", class_="attachment")
            if (link := self._absolute(anchor.get("href")))
        ]
        return pictures + files

    def _absolute(self, value: object) -> str | None:
        try:
            return a_link(urljoin(f"{self.base_url}/", str(value))) if value else None
        except ValueError:
            return None


def visibility_of(row: Mapping[str, Any]) -> Visibility:
    """What the public sees of a post. A soft deletion is how a city hides here."""
    if row.get("user_deleted") is True:
        return Visibility.DELETED_BY_AUTHOR
    if row.get("deleted_at") is not None:
        return Visibility.HIDDEN_BY_CITY
    return Visibility.HIDDEN_BY_PLATFORM_FILTER if row.get("hidden") is True else Visibility.VISIBLE


def is_public(row: Mapping[str, Any]) -> bool:
    """Whether a post is one that residents can read and write."""
    return row.get("post_type", 1) in PUBLIC_TYPES


def _tree(row: Mapping[str, Any]) -> Markup:
    cooked = words(row.get("cooked"))
    if cooked is None:
        raise Malformed(NO_WORDS)
    soup = parsed(cooked)
    for image in soup.find_all("img", class_="emoji"):
        # A reader sees the sign, so it is part of the words.
        image.replace_with(str(image.get("alt") or image.get("title") or ""))
    return soup
