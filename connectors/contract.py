"""What every platform connector promises: its values, its protocols, its capabilities and its errors.

Errors are named for what the caller does next::

    ConnectorError
    ├── Unavailable          try again later; nothing is known to have happened
    │   ├── RateLimited      wait until ``until``
    │   └── QuotaSpent       stop until the quota is renewed at ``until``
    ├── AuthFailed           stop this page and ask a person for a new token
    ├── PermissionLost       stop writing to this page and tell a person what is missing
    ├── Gone                 the object is not there any more: record it, an act counts as done
    ├── Blocked              the platform suspects abuse: stop all writes to it
    ├── Unsupported          the platform can't do this: send it to a person with instructions
    └── Malformed            the answer can't be read: keep it, go on, tell the maintainers
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol


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
class Exchange:
    """One request and the answer as received, secrets masked: what the archive keeps.

    ``body`` is the decoded body exactly as received; ``masked`` counts the secrets that were replaced in it.
    """

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    started_at: datetime
    elapsed_ms: float
    http_version: str = "HTTP/1.1"
    masked: int = 0

    def header(self, name: str) -> str | None:
        """The first value of a response header, by case-insensitive name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


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
    ``complete_posts`` was seen in this sweep: a known comment that is not among ``seen`` is missing.
    """

    comments: tuple[Comment, ...]
    posts: tuple[Post, ...]
    cursor: str
    last: bool
    gaps: tuple[Gap, ...] = ()
    complete_since: datetime | None = None
    complete_posts: frozenset[str] = frozenset()
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
class Capabilities:
    """What a platform can do, as data. ``effect`` is the plain truth of a hide, shown to people."""

    hide: Literal["native", "hold", "gate", "none"]
    hide_scope: Literal["any", "top_level", "own_threads", "none"]
    delete: Literal["any", "own", "probe", "none"]
    block: Literal["api", "enterprise", "manual", "none"]
    unblock: bool
    identity: str
    embed: Literal["comment", "post", "none"]
    cost_per_read_usd: float
    archive_policy: str
    effect: str


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
    """Removes for good. Given to the automatic path only where the city signed ``auto_remove``."""

    def remove(self, ref: CommentRef) -> Receipt: ...


class Blocker(Protocol):
    """Blocks accounts. Never given to the automatic path."""

    def block(self, author_id: str) -> None: ...

    def unblock(self, author_id: str) -> None: ...

    def blocked(self) -> Iterator[Author]: ...


class ConnectorError(Exception):
    """Something between us and the platform. ``facts`` are for the log and never hold a token or a comment's text."""

    def __init__(self, sentence: str, *, exchange: Exchange | None = None, **facts: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exchange = exchange
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        # A durable engine pickles errors: the keyword arguments must survive, the answer with its words must not.
        return _revived, (type(self), self.sentence), {**self.__dict__, "exchange": None}


class Unavailable(ConnectorError):
    """No usable answer now: time-out, reset, 5xx, half an answer. Try again later."""


class RateLimited(Unavailable):
    """The platform asks us to wait until ``until`` (aware, UTC)."""

    def __init__(self, sentence: str, *, until: datetime, exchange: Exchange | None = None, **facts: object) -> None:
        super().__init__(sentence, exchange=exchange, **facts)
        self.until = until


class QuotaSpent(RateLimited):
    """Nothing more until the quota is renewed at ``until``."""


class AuthFailed(ConnectorError):
    """The token is dead, wrong or of the wrong kind. Stop this page, ask a person, once."""


class PermissionLost(ConnectorError):
    """The token lives but may not do this."""


class Gone(ConnectorError):
    """The comment, post or page is not there."""


class Blocked(ConnectorError):
    """The platform took us for a spammer. Stop writing to it for hours; a person looks."""


class Unsupported(ConnectorError):
    """The platform has no such act, or not for this object. A person is told how to do it by hand."""


class Malformed(ConnectorError):
    """The answer can't be understood. It is kept in ``exchange``."""


def _revived(kind: type[ConnectorError], sentence: str) -> ConnectorError:
    return kind.__new__(kind, sentence)
