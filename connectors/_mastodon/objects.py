"""What Mastodon and its relatives deliver, as the contract's values (docs.joinmastodon.org/entities).

Ids are texts: other servers of the family (GoToSocial) have no numbers. A comment is a public reply in a thread that
the city began, or any public mention of the city. A thread's first status is the post of the contract.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors._values import a_count, a_link, a_time, an_id, perhaps_id, perhaps_time, text_of, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post

PLATFORM = "mastodon"
ID = re.compile(r"[0-9A-Za-z]{1,40}")
# Private mentions and posts for followers are no public comments: they are neither kept nor counted.
PUBLIC = frozenset({"public", "unlisted"})
NO_ACCOUNT = "The server delivered this status without its account."
NO_WORDS = "A status came without its words."
KINDS = {"image": "photo", "gifv": "animation", "video": "video"}


class Profile:
    """The city's account, by its id on its own server."""

    def __init__(self, page_id: str) -> None:
        self.page_id = page_id

    def comment(self, row: Mapping[str, Any], post_id: str) -> Comment:
        """A status under a post. ``Malformed`` when its id, time or words can't be read."""
        comment_id = an_id(row.get("id"), PLATFORM, ID)
        parent = perhaps_id(row.get("in_reply_to_id"), PLATFORM, ID)
        return Comment(
            ref=CommentRef(PLATFORM, self.page_id, comment_id),
            post_id=post_id,
            author=author_of(row.get("account")),
            text=_text(row),
            posted_at=a_time(row.get("created_at")),
            parent_id=parent if parent != post_id else None,
            edited_at=perhaps_time(row.get("edited_at")),
            permalink=a_link(row.get("url")) or a_link(row.get("uri")),
            attachments=_attachments(row),
            by_page=self.is_own(row),
            reply_count=a_count(row.get("replies_count")),
            reaction_count=a_count(row.get("favourites_count")),
            raw=row,
        )

    def post(self, row: Mapping[str, Any]) -> Post:
        """A thread's first status. The server's count holds direct replies only, so it says nothing of the thread."""
        by_page = self.is_own(row)
        return Post(
            platform=PLATFORM,
            page_id=self.page_id,
            post_id=an_id(row.get("id"), PLATFORM, ID),
            text=_text(row),
            posted_at=a_time(row.get("created_at")),
            permalink=a_link(row.get("url")) or a_link(row.get("uri")),
            by_page=by_page,
            attachments=_attachments(row),
            kind=Kind.POST if by_page else Kind.VISITOR,
            raw=row,
        )

    def is_own(self, row: Mapping[str, Any]) -> bool:
        """Whether the city wrote it."""
        account = row.get("account")
        return isinstance(account, dict) and account.get("id") == self.page_id

    def root(self, row: Mapping[str, Any], ancestors: Sequence[Any]) -> Mapping[str, Any]:
        """The status under which this one is filed: the city's topmost above it, else the first of the thread."""
        above: list[Mapping[str, Any]] = [each for each in ancestors if isinstance(each, dict) and is_public(each)]
        own = [each for each in above if self.is_own(each)]
        return (own or above or [row])[0]


def author_of(account: object) -> Author:
    """The account, by its id on the city's server."""
    told: Mapping[str, Any] = account if isinstance(account, dict) else {}
    account_id = perhaps_id(told.get("id"), PLATFORM, ID)
    if account_id is None:
        return Author(unavailable_reason=NO_ACCOUNT)
    handle = words(told.get("acct"))
    return Author(account_id, words(told.get("display_name")) or handle, handle, profile_url=a_link(told.get("url")))


def is_public(row: Mapping[str, Any]) -> bool:
    """Whether everybody may read a status."""
    return row.get("visibility") in PUBLIC


def _text(row: Mapping[str, Any]) -> str:
    content = words(row.get("content"))
    if content is None:
        raise Malformed(NO_WORDS)
    warning = words(row.get("spoiler_text"))
    choices = row.get("poll")
    options = choices.get("options") if isinstance(choices, dict) else None
    titles = [words(option.get("title")) for option in options or () if isinstance(option, dict)]
    return "\n\n".join(part for part in (warning, text_of(content), "\n".join(filter(None, titles))) if part)


def _attachments(row: Mapping[str, Any]) -> tuple[Attachment, ...]:
    found = []
    media = row.get("media_attachments")
    for item in media if isinstance(media, list) else ():
        link = a_link(item.get("url")) or a_link(item.get("remote_url")) if isinstance(item, dict) else None
        if link:
            found.append(Attachment(KINDS.get(str(item.get("type")), "other"), link, words(item.get("description"))))
    card = row.get("card")
    if isinstance(card, dict) and (link := a_link(card.get("url"))):
        found.append(Attachment("link", link, words(card.get("title")), a_link(card.get("image"))))
    return tuple(found)
