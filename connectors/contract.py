"""What every platform connector promises: its values, its protocols, its capabilities and its errors.

Errors are in ``connectors._errors``, capabilities in ``connectors._abilities``; both are imported from here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connectors._abilities import ArchivePolicy as ArchivePolicy
from connectors._abilities import Capabilities as Capabilities
from connectors._abilities import Unproven as Unproven
from connectors._abilities import Way as Way
from connectors._errors import AuthFailed as AuthFailed
from connectors._errors import Blocked as Blocked
from connectors._errors import ConnectorError as ConnectorError
from connectors._errors import Gone as Gone
from connectors._errors import InDoubt as InDoubt
from connectors._errors import Malformed as Malformed
from connectors._errors import PermissionLost as PermissionLost
from connectors._errors import QuotaSpent as QuotaSpent
from connectors._errors import RateLimited as RateLimited
from connectors._errors import Unavailable as Unavailable
from connectors._errors import Unsupported as Unsupported
from connectors._exchange import Exchange as Exchange


class Visibility(StrEnum):
    """Who can see a comment, and why not. What vanished without us is ``MISSING_UNKNOWN``, never "deleted"."""

    VISIBLE = "visible"
    HIDDEN_BY_CITY = "hidden_by_city"
    HIDDEN_BY_PLATFORM_FILTER = "hidden_by_platform_filter"
    DELETED_BY_CITY = "deleted_by_city"
    DELETED_BY_AUTHOR = "deleted_by_author"
    REMOVED_BY_PLATFORM = "removed_by_platform"
    MISSING_UNKNOWN = "missing_unknown"


class Action(StrEnum):
    """What can be asked of a platform. Each but ``REMOVE`` has its reverse."""

    HIDE = "hide"
    UNHIDE = "unhide"
    REMOVE = "remove"
    BLOCK = "block"
    UNBLOCK = "unblock"


class Kind(StrEnum):
    """What kind of thing a post is. Visitors' posts are not the city's own words."""

    POST = "post"
    PHOTO = "photo"
    VIDEO = "video"
    REEL = "reel"
    AD = "ad"
    VISITOR = "visitor post"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class CommentRef:
    """One comment on one page of one platform."""

    platform: str
    page_id: str
    comment_id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.page_id}:{self.comment_id}"


@dataclass(frozen=True, slots=True)
class Author:
    """The account that a comment is displayed under. An account is not a person.

    ``unavailable_reason`` says why ``author_id`` is ``None`` (Hartford Policy 012 v: "identity of the poster,
    when available"). ``profile_url`` is the account's own page, where the platform delivers its address.
    """

    author_id: str | None = None
    display_name: str | None = None
    handle: str | None = None
    unavailable_reason: str | None = None
    profile_url: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Media or a link card that hangs on a comment or post. ``kind``: photo, video, sticker, animation, link, other.

    ``preview``: the picture of a link card, where the platform delivers its own copy; no part of a revision.
    """

    kind: str
    url: str | None = None
    title: str | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A public comment as the platform delivered it. Times are aware and in UTC.

    ``reply_count`` and ``reaction_count`` are ``None`` where the platform doesn't deliver them.
    """

    ref: CommentRef
    post_id: str
    author: Author
    text: str
    posted_at: datetime
    parent_id: str | None = None
    edited_at: datetime | None = None
    permalink: str | None = None
    attachments: tuple[Attachment, ...] = ()
    visibility: Visibility = Visibility.VISIBLE
    can_hide: bool | None = None
    by_page: bool = False
    reply_count: int | None = field(default=None, compare=False)
    reaction_count: int | None = field(default=None, compare=False)
    raw: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def revision(self) -> str:
        """A digest of what a reader saw (words and attachments), 16 hexadecimal digits.

        Query strings of media addresses are left out: platforms sign them anew at each answer.
        """
        return _seen(self.text, self.attachments)


@dataclass(frozen=True, slots=True)
class Post:
    """One of the city's own posts, or a visitor's post on the page (``by_page`` tells them apart)."""

    platform: str
    page_id: str
    post_id: str
    text: str
    posted_at: datetime
    permalink: str | None = None
    comment_count: int | None = None
    by_page: bool = True
    attachments: tuple[Attachment, ...] = ()
    kind: Kind = field(default=Kind.POST, compare=False)
    raw: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def revision(self) -> str:
        """A digest of what a reader saw, 16 hexadecimal digits, as for a comment."""
        return _seen(self.text, self.attachments)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time, or a post, of which the page was not seen, and why. Never silent."""

    reason: str
    post_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of a poll brought.

    ``cursor`` is to be stored in the same transaction as the comments; it moves only with the batch that ends a
    sweep (``last``). On that batch ``complete_since`` says from which posting time on *every* comment of
    ``complete_posts`` (of every post, where ``every_post`` says so) was seen in this sweep: a known comment that is
    not among ``seen`` is missing.
    """

    comments: tuple[Comment, ...]
    posts: tuple[Post, ...]
    cursor: str
    last: bool
    gaps: tuple[Gap, ...] = ()
    complete_since: datetime | None = None
    complete_posts: frozenset[str] = frozenset()
    every_post: bool = False
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """One comment read again, with the answers as received. ``comment`` is ``None`` when it is gone."""

    comment: Comment | None
    post: Post | None
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """An act that the platform confirmed, read back. ``already_done``: it stood so before we asked."""

    ref: CommentRef
    action: Action
    done_at: datetime
    visibility: Visibility
    already_done: bool
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class PrivateReply:
    """A private message to whoever wrote a comment, which the platform took. ``message_id``: where it tells one."""

    ref: CommentRef
    sent_at: datetime
    message_id: str | None
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands with the page after an act on it, read back where the platform tells."""

    author_id: str
    way: str
    kept_away: bool
    done_at: datetime
    already_done: bool
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Health:
    """What a connector found out about its own access. ``problems`` are sentences that say what to do."""

    ok: bool
    page_name: str | None = None
    token_expires_at: datetime | None = None
    scopes: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    clock_skew_s: float | None = None


def _seen(text: str, attachments: tuple[Attachment, ...]) -> str:
    seen = [text, [[each.kind, (each.url or "").split("?")[0], each.title or ""] for each in attachments]]
    return hashlib.sha256(json.dumps(seen, ensure_ascii=True).encode()).hexdigest()[:16]


class Connector(Protocol):
    """Reads one page. The automatic path gets this and a ``Hider``; see ``Remover`` and ``Blocker`` for the rest."""

    platform: str
    capabilities: Capabilities

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Bring everything new or changed since ``cursor`` (``None``: the look-back of a first visit), to the end."""

    def read(self, ref: CommentRef) -> Reading:
        """Read one comment and its post again, now."""

    def check(self) -> Health:
        """Try the token, its permissions and the fields that the law asks for."""


class Hider(Protocol):
    """Hides and shows again. Both are safe to repeat and count only after the read-back."""

    def hide(self, ref: CommentRef) -> Receipt: ...

    def unhide(self, ref: CommentRef) -> Receipt: ...


class Remover(Protocol):
    """Removes. Given to the automatic path only where the city signed ``auto_remove`` and nothing can be hidden.

    ``way`` is the name of one of ``Capabilities.remove_ways``; the first where none is named.
    """

    def remove(self, ref: CommentRef, way: str | None = None) -> Receipt: ...


class Blocker(Protocol):
    """Keeps accounts away. Never given to the automatic path.

    ``way`` is the name of one of ``Capabilities.block_ways``; the first where none is named. ``over`` is the comment
    that it is about, where the platform asks for one. What can't be taken back is ``Unsupported`` unless those who
    approved it said that they accept it (``accept_one_way``).
    """

    def block(
        self,
        author_id: str,
        *,
        way: str | None = None,
        over: CommentRef | None = None,
        accept_one_way: bool = False,
    ) -> Standing: ...

    def unblock(self, author_id: str, *, way: str | None = None) -> Standing: ...

    def blocked(self) -> Iterator[Author]: ...


class Replier(Protocol):
    """Writes privately to whoever wrote a comment. Given to what a person sends, never to the automatic path.

    Sent once: ``Unsupported`` where it can't be (any more), ``InDoubt`` where its answer was lost and nothing tells.
    """

    def tell_privately(self, ref: CommentRef, text: str) -> PrivateReply: ...
