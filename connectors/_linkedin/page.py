"""One organization's page: the calls that read its posts and comments and delete a comment.

learn.microsoft.com/linkedin/marketing/community-management. Rest.li 2.0: names (URNs) are percent-encoded, the
brackets and commas of lists and records are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from connectors._answers import the_list
from connectors._api import Answer, Rest
from connectors._linkedin.errors import NAME
from connectors._linkedin.objects import PLATFORM, Place, comment_of, post_of
from connectors._linkedin.token import Tokens
from connectors._paging import walk
from connectors._values import DIGITS, a_count, an_id
from connectors.contract import Comment, CommentRef, Exchange, Gone, Post, Unsupported

MOST_PAGES = 200
# COMMENT comes from members, ADMIN_COMMENT from the page itself.
ACTIONS = "COMMENT,COMMENT_EDIT,COMMENT_DELETE,ADMIN_COMMENT"
# LinkedIn's clock may be ahead of ours.
AHEAD = timedelta(minutes=10)

OTHER_PAGE = "{ref} is no comment of LinkedIn page {page}; it is read and moderated by that page's own connection."


class Page:
    """The page ``page_id`` (an organization's number) as its administrator's token sees it."""

    platform = PLATFORM

    def __init__(self, page_id: str, api: Rest, tokens: Tokens, *, page_size: int) -> None:
        self.page_id = an_id(page_id, PLATFORM, DIGITS)
        self.api, self.tokens = api, tokens
        self._size = max(1, min(page_size, 50))

    @property
    def urn(self) -> str:
        """The organization's name."""
        return f"urn:li:organization:{self.page_id}"

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self.api.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self.api.now()

    def place(self, ref: CommentRef) -> Place:
        """Where a comment stands. ``Unsupported`` for another page's, ``Malformed`` for what is no id."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(OTHER_PAGE.format(ref=ref, page=self.page_id))
        return Place.of(ref.comment_id)

    # Lists.

    def notifications(self, since: datetime) -> Iterator[list[Any]]:
        """What happened to comments on the page's public posts since then, page by page."""
        start, end = _milliseconds(since), _milliseconds(self.now() + AHEAD)
        query = f"q=criteria&actions=List({ACTIONS})&organizationalEntity={_encoded(self.urn)}"
        return self._pages(f"/organizationalEntityNotifications?{query}&timeRange=(start:{start},end:{end})")

    def posts(self) -> Iterator[list[Any]]:
        """The page's own posts, the last changed first."""
        return self._pages(f"/posts?q=author&author={_encoded(self.urn)}&sortBy=LAST_MODIFIED")

    def comments(self, target: str, told: Callable[[int], None] | None = None) -> Iterator[list[Any]]:
        """The comments under a post, or the replies under a comment. ``told`` hears LinkedIn's own count of them."""
        return self._pages(f"/socialActions/{_encoded(target)}/comments", told)

    # One thing.

    def find(self, ref: CommentRef) -> Comment | None:
        """A comment; ``None`` when it is gone, which a second call makes sure of."""
        place = self.place(ref)
        try:
            answer = self.api.get(_path(place))
        except Gone:
            # A right that was lost shows at the post: `PermissionLost` instead of "not found".
            self.post(place.post_id)
            return None
        return comment_of(answer.data, place.post_id, self.page_id)

    def post(self, post_id: str, *, poll: bool = False) -> Post | None:
        """A post; ``None`` when it is gone."""
        try:
            answer = self.api.get(f"/posts/{_encoded(f'urn:li:{post_id}')}", poll=poll)
        except Gone:
            return None
        return post_of(answer.data, self.page_id)

    def delete(self, place: Place) -> None:
        """Delete a comment as the organization."""
        self.api.write("DELETE", f"{_path(place)}?actor={_encoded(self.urn)}")

    def organization(self) -> Answer:
        """The organization's own record."""
        return self.api.get(f"/organizations/{self.page_id}")

    def roles(self) -> Answer:
        """The pages that the member behind the token administers."""
        return self.api.get("/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&count=100")

    def _pages(self, path: str, told: Callable[[int], None] | None = None) -> Iterator[list[Any]]:
        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            start = int(mark or 0)
            joined = "&" if "?" in path else "?"
            answer = self.api.get(f"{path}{joined}start={start}&count={self._size}", poll=True)
            rows = the_list(answer.data.get("elements", []), answer.exchange, NAME)
            paging = answer.data.get("paging")
            total = a_count(paging.get("total")) if isinstance(paging, Mapping) else None
            if told is not None and total is not None:
                told(total)
            return rows, self._next(paging, start, len(rows), total)

        return (rows for rows, _ in walk(fetch, most=MOST_PAGES))

    def _next(self, paging: object, start: int, found: int, total: int | None) -> str | None:
        links = paging.get("links") if isinstance(paging, Mapping) else None
        for link in links if isinstance(links, list) else ():
            if isinstance(link, Mapping) and link.get("rel") == "next":
                # Only its number is taken over: an address from an answer is not followed.
                told = a_count(parse_qs(urlsplit(str(link.get("href"))).query).get("start", [""])[0])
                return str(told) if told is not None else ""
        after = start + self._size
        # Rows are filtered after paging: a short page is not the end while the total says that more follows.
        more = after < total if total is not None else found >= self._size
        return str(after) if more else None


def headers_for(tokens: Tokens, version: str) -> Callable[[str, str, bytes | None], Mapping[str, str]]:
    """The headers of each call."""

    def headers(method: str, address: str, body: bytes | None) -> Mapping[str, str]:
        finder = {"x-restli-method": "FINDER"} if "?q=" in address else {}
        return {
            "authorization": f"Bearer {tokens.access}",
            "linkedin-version": version,
            "x-restli-protocol-version": "2.0.0",
            **finder,
        }

    return headers


def _path(place: Place) -> str:
    return f"/socialActions/{_encoded(place.target)}/comments/{place.number}"


def _encoded(urn: str) -> str:
    return quote(urn, safe="")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
