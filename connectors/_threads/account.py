"""Single replies and posts of one Threads account: what reading and hiding share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from connectors._api import Answer, Rest
from connectors._budget import Budget, Spending
from connectors._exchange import Exchange
from connectors._graph.errors import read_answer
from connectors._graph.paging import rows_of
from connectors._graph.usage import ACT_CEILING, POLL_CEILING, Throttle, read_usage
from connectors._meta_tokens import Renewal
from connectors._threads.objects import (
    PENDING_FIELDS,
    PLATFORM,
    POST_FIELDS,
    REPLY_FIELDS,
    WORDING,
    id_of,
    post_from,
    reply_from,
    rooted,
)
from connectors._values import DIGITS, an_id, words
from connectors.contract import (
    Comment,
    CommentRef,
    Gone,
    Malformed,
    PermissionLost,
    Post,
    RateLimited,
    Unsupported,
)

VERSION = "/v1.0"
MOST_LOOKED_THROUGH = 100

OTHER_PAGE = "{ref} is not a reply to the Threads account {page_id}; use the connection of its own account."
BLIND = (
    "The reply can't be seen, but neither can this token be trusted to see it: it can't read the account's own posts. "
    "Give the app threads_read_replies again."
)


class UsageBudget(Budget):
    """Meta tells its limits as shares that are used (``X-App-Usage``), and never until when to wait."""

    def __init__(self, platform: str, *, clock: Callable[[], datetime], spending: Spending, key: str) -> None:
        super().__init__(platform, clock=clock, spending=spending, key=key)
        self._throttle = Throttle()

    def admit(self, *, act: bool, weight: float = 1.0, bucket: str = "") -> None:
        """As for every budget, and: polls stop at 90 % of the quota, acts when all is used."""
        self._throttle.admit(self._clock(), ceiling=ACT_CEILING if act else POLL_CEILING)
        super().admit(act=act, weight=weight, bucket=bucket)

    def note(self, exchange: Exchange, bucket: str = "") -> None:
        """Take up what an answer's headers say."""
        super().note(exchange, bucket)
        self._throttle.note(read_usage(exchange), self._clock())

    def refuse(
        self, exchange: Exchange | None, bucket: str = "", *, until: datetime | None = None, spent: bool = False
    ) -> RateLimited:
        """The platform said no."""
        usage = read_usage(exchange) if exchange else None
        ends = until or self._throttle.refuse(usage, self._clock())
        return super().refuse(exchange, bucket, until=ends, spent=spent)


def read_threads(exchange: Exchange) -> Mapping[str, Any]:
    """The object of an answer, by the tables that Meta's platforms share."""
    return read_answer(exchange, WORDING)


class Account:
    """One account, read with one token. ``mentions``: whether posts that name the account are read too."""

    def __init__(self, page_id: str, api: Rest, renewal: Renewal, *, mentions: bool, approvals: bool) -> None:
        self.page_id, self.api, self.renewal = page_id, api, renewal
        self.reads_mentions, self.reads_pending = mentions, approvals
        self._name: str | None = None

    def get(self, path: str, args: Mapping[str, str], *, poll: bool = False) -> Answer:
        """Read an object or an edge of the account's version of the API."""
        return self.api.get(f"{VERSION}/{path}", args, poll=poll)

    def comment(self, ref: CommentRef) -> Comment | None:
        """The reply now; ``None`` when it is gone. ``PermissionLost`` when the token can't tell."""
        path = self.path(ref)
        try:
            found = self.comment_alone(path)
        except Gone as gone:
            self._make_sure(gone)
            return self._among_mentions(path)
        return self._as_pending(found) or found

    def comment_alone(self, reply_id: str, *, poll: bool = False) -> Comment:
        """The reply with this id. ``Gone`` when Threads says that there is none."""
        data = self.get(reply_id, {"fields": REPLY_FIELDS}, poll=poll).data
        own_name = None if isinstance(data.get("is_reply_owned_by_me"), bool) else self.own_name()
        return reply_from(data, page_id=self.page_id, own_name=own_name)

    def post(self, post_id: str) -> Post | None:
        """The post now; ``None`` when it is gone or closed to the token."""
        try:
            data = self.get(an_id(post_id, PLATFORM, DIGITS), {"fields": POST_FIELDS}).data
            return post_from(data, page_id=self.page_id, own_name=self.own_name())
        except (Gone, Malformed, PermissionLost, Unsupported):
            return None

    def own_name(self) -> str | None:
        """The account's name on Threads; asked for once."""
        if self._name is None:
            self._name = words(self.get(self.page_id, {"fields": "id,username"}).data.get("username"))
        return self._name

    def path(self, ref: CommentRef) -> str:
        """The reply's id. ``Unsupported`` for one of another account or platform."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(OTHER_PAGE.format(ref=ref, page_id=self.page_id))
        return an_id(ref.comment_id, PLATFORM, DIGITS)

    def _make_sure(self, gone: Gone) -> None:
        # "No such object" (100/33) stands for a deleted reply and for a lost permission alike.
        try:
            rows = rows_of(self.get(f"{self.page_id}/threads", {"fields": "id,has_replies", "limit": "25"}).data)
            answered = [id_of(row) for row in rows if isinstance(row, Mapping) and row.get("has_replies") is True]
            if answered and answered[0] is not None:
                self.get(f"{answered[0]}/conversation", {"fields": "id", "limit": "1"})
        except (Gone, PermissionLost) as error:
            raise PermissionLost(BLIND, exchange=gone.exchange, **gone.facts) from error

    def _as_pending(self, found: Comment) -> Comment | None:
        """Only the list of what waits for approval tells that a reply does."""
        if not self.reads_pending or found.post_id == found.ref.comment_id:
            return None
        args = {"fields": PENDING_FIELDS, "limit": str(MOST_LOOKED_THROUGH)}
        try:
            rows = rows_of(self.get(f"{found.post_id}/pending_replies", args).data)
        except (Gone, PermissionLost, Unsupported, Malformed):
            return None
        row = next((row for row in rows if id_of(row) == found.ref.comment_id), None)
        return reply_from(rooted(row, found.post_id), page_id=self.page_id, own_name=None) if row is not None else None

    def _among_mentions(self, reply_id: str) -> Comment | None:
        """Somebody else's post may be closed to a read by its id although it is listed."""
        if not self.reads_mentions:
            return None
        args = {"fields": REPLY_FIELDS, "limit": str(MOST_LOOKED_THROUGH)}
        try:
            rows = rows_of(self.get(f"{self.page_id}/mentions", args).data)
        except (Gone, PermissionLost, Unsupported, Malformed):
            return None
        found = next((row for row in rows if id_of(row) == reply_id), None)
        return reply_from(found, page_id=self.page_id, own_name=None) if found is not None else None


def marked(data: Mapping[str, Any], page_size: int) -> Mapping[str, Any]:
    """The page of a list, saying where the next is also where Threads leaves the address of a next one out.

    Its documentation shows pages with cursors alone. A page that isn't full is the last one then.
    """
    paging, rows = data.get("paging"), data.get("data")
    cursors = paging.get("cursors") if isinstance(paging, Mapping) else None
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    is_full = isinstance(rows, list) and len(rows) >= page_size
    if not isinstance(paging, Mapping) or paging.get("next") or not isinstance(after, str) or not is_full:
        return data
    return {**data, "paging": {"next": f"?{urlencode({'after': after})}"}}
