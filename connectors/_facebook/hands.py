"""The single calls that hide, show, remove, ban and let back on one Facebook page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from connectors._facebook.objects import PLATFORM
from connectors._facebook.page import Page
from connectors._graph.paging import Mark, PagingBroken, walk
from connectors._graph.replies import reply_privately
from connectors._values import DIGITS, a_flag, an_id, perhaps_id, words
from connectors.contract import (
    Action,
    Author,
    Comment,
    CommentRef,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    Unavailable,
    Unsupported,
)

MOST_BLOCKED_PAGES = 1000

OWN_COMMENT = "Facebook lets no page hide its own comment; edit or delete it on the page itself."
CANNOT_HIDE = "Facebook does not let this page hide this comment; open {where} and look what the page offers there."
CANNOT_REMOVE = "Facebook does not let this page remove this comment; open {where} and report it to Facebook there."
VISITORS_POST = (
    "This is a visitor's post, and Facebook's interface is only documented to hide and remove comments; open {where} "
    "and hide or delete it on the page."
)
REFUSED = "Facebook answered that it did not do it; give the token's account the MODERATE task on the page."
UNTOLD = (
    "Facebook does not tell this token whether the comment is hidden, so a hide could not be proven and nothing was "
    "sent; give the token's account the MODERATE task on the page."
)
OWN_PAGE = "A page can't ban itself."
LIST_BROKEN = "The list of banned accounts could not be read to its end: {why}"


class FacebookHand:
    """Acts on comments: ``POST /{comment-id}?is_hidden=``, ``DELETE /{comment-id}`` (docs/graph-api/reference)."""

    platform = PLATFORM

    def __init__(self, page: Page) -> None:
        self._page = page

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._page.graph.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._page.graph.now()

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment now; ``None`` when it is certain that it is gone."""
        try:
            return self._page.comment(ref)
        except Gone:
            return None

    def hidden(self, comment: Comment) -> bool | None:
        """Taken from the answer itself. ``PermissionLost`` where the flag is missing: it would prove neither."""
        told = comment.raw.get("is_hidden")
        if isinstance(told, bool):
            return told
        if self._page.is_post(comment.ref.comment_id):
            return False
        raise PermissionLost(UNTOLD, comment=str(comment.ref))

    def removed(self, comment: Comment | None, way: str) -> bool:
        """A removed comment can't be read any more."""
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        """The page's own comments, visitors' posts, and what Facebook says that this page may not do."""
        where = comment.permalink or "the page"
        if self._page.is_post(comment.ref.comment_id):
            raise Unsupported(VISITORS_POST.format(where=where))
        if action is Action.HIDE and comment.by_page:
            raise Unsupported(OWN_COMMENT)
        if action is Action.HIDE and comment.can_hide is False:
            raise Unsupported(CANNOT_HIDE.format(where=where))
        if action is Action.REMOVE and comment.raw.get("can_remove") is False:
            raise Unsupported(CANNOT_REMOVE.format(where=where))

    def send(self, comment: Comment, action: Action, way: str) -> None:
        """One write."""
        path, graph = self._page.path(comment.ref), self._page.graph
        if action is Action.REMOVE:
            answer = graph.delete(path)
        else:
            answer = graph.post(path, {"is_hidden": "true" if action is Action.HIDE else "false"})
        if answer.data.get("success") is False:
            raise PermissionLost(REFUSED, exchange=answer.exchange)


class FacebookReplyHand:
    """Writes to whoever wrote a comment; ``can_reply_privately`` tells whether Facebook takes a message to it."""

    platform = PLATFORM

    def __init__(self, page: Page) -> None:
        self._page = page

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._page.graph.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._page.graph.now()

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment now; ``None`` when it is certain that it is gone."""
        try:
            return self._page.comment(ref)
        except Gone:
            return None

    def takes_one(self, comment: Comment) -> bool | None:
        """What Facebook says of this comment."""
        path = self._page.path(comment.ref)
        return a_flag(self._page.graph.get(path, {"fields": "can_reply_privately"}).data.get("can_reply_privately"))

    def send(self, comment: Comment, text: str) -> str | None:
        """One message."""
        page, path = self._page, self._page.path(comment.ref)
        if page.is_post(path):
            raise Unsupported(VISITORS_POST.format(where=comment.permalink or "the page"))
        return reply_privately(page.graph, page.page_id, path, text, platform="Facebook", permission="pages_messaging")


class FacebookBlockHand:
    """Bans accounts from the page and lets them back (docs/graph-api/reference/page/blocked)."""

    platform = PLATFORM

    def __init__(self, page: Page) -> None:
        self._page = page

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._page.graph.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._page.graph.now()

    def kept_away(self, author_id: str, way: str) -> bool | None:
        """Whether the page's list has the account."""
        wanted = self._account(author_id)
        return any(author.author_id == wanted for author in self._listed({"user": wanted}))

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        """One write. Facebook answers with the account and whether it is banned now."""
        account = self._account(author_id)
        answer = self._page.graph.post(self._path, {"user": account})
        if answer.data.get(account) is False or answer.data.get("success") is False:
            raise PermissionLost(REFUSED, exchange=answer.exchange)

    def let_back(self, author_id: str, way: str) -> None:
        """One write."""
        answer = self._page.graph.delete(self._path, {"user": self._account(author_id)})
        if answer.data.get("success") is False:
            raise PermissionLost(REFUSED, exchange=answer.exchange)

    def list_kept_away(self) -> Iterator[Author]:
        """Every banned account. ``Unavailable`` where the list can't be read to its end."""
        return self._listed({})

    def _listed(self, only: dict[str, str]) -> Iterator[Author]:
        def fetch(mark: Mark) -> object:
            return self._page.graph.get(self._path, {"fields": "id,name", "limit": "100", **only, **mark}).data

        try:
            for rows, _ in walk(fetch({}), fetch, most=MOST_BLOCKED_PAGES):
                yield from (_account(row) for row in rows)
        except PagingBroken as error:
            raise Unavailable(LIST_BROKEN.format(why=error)) from error

    def _account(self, author_id: str) -> str:
        account = an_id(author_id, PLATFORM, DIGITS)
        if account == self._page.page_id:
            raise Unsupported(OWN_PAGE)
        return account

    @property
    def _path(self) -> str:
        return f"{self._page.page_id}/blocked"


def _account(row: object) -> Author:
    if not isinstance(row, dict):
        raise Malformed(LIST_BROKEN.format(why="an entry is no account."))
    return Author(author_id=perhaps_id(row.get("id"), PLATFORM), display_name=words(row.get("name")))
