"""Threads as its API serves it: posts, conversations, mentions, replies that wait for approval."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

TOKEN = "THAA/secret+UserToken=0123"
OWN_NAME = "cityofx"
FIELDS = {
    "id",
    "text",
    "timestamp",
    "permalink",
    "username",
    "media_type",
    "media_url",
    "thumbnail_url",
    "gif_url",
    "has_replies",
    "shortcode",
    "root_post",
    "replied_to",
    "is_reply",
    "is_reply_owned_by_me",
    "hide_status",
}


def threads_time(moment: datetime) -> str:
    """A time as the API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def handle(name: str) -> str:
    """An account's name: ``Ann Roe`` is ann.roe there; what nobody could be called stays as it is."""
    return name.lower().replace(" ", ".") if name.replace(" ", "").isalpha() else name


class Refused(Exception):
    """The error object."""

    def __init__(self, code: int, message: str, subcode: int | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        error: dict[str, Any] = {"message": message, "type": "THApiException", "code": code}
        if subcode is not None:
            error["error_subcode"] = subcode
        self.status, self.body = status, {"error": {**error, "fbtrace_id": "AbC1dEf"}}


def gone(node: str) -> Refused:
    """The words for an object that isn't there."""
    return Refused(100, f"Unsupported get request. Object with ID '{node}' does not exist", 33)


@dataclass
class Wire(BaseWire):
    """One account. ``pages_tell_next``: whether pages carry the address of the next, or cursors alone."""

    platform: ClassVar[str] = "threads"
    base_url: ClassVar[str] = "https://graph.threads.net"
    page_id: ClassVar[str] = "1790000000001012"
    token: ClassVar[str] = TOKEN
    secrets: ClassVar[tuple[str, ...]] = (TOKEN, quote(TOKEN, safe=""))

    posts: list[dict[str, Any]] = field(default_factory=list)
    # Replies by id in the order of posting; nested ones too.
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    mentioned: dict[str, dict[str, Any]] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    lists_hidden: bool = True
    may_read_replies: bool = True
    may_read_mentions: bool = True
    pages_tell_next: bool = True
    living_token: str = TOKEN
    renewed: tuple[str, int] = ("THAA/renewed+Token=4567", 5_184_000)
    by_header: bool = True

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        """A post."""
        post_id = f"1804{number:08d}"
        self.posts.append(self._row(post_id, f"Post {number}", at, OWN_NAME))
        return post_id

    def say(
        self,
        post_id: str,
        number: int,
        text: str = "plow my street!!",
        *,
        at: datetime = AN_HOUR_AGO,
        author: Resident | None = ANN,
        by_city: bool = False,
        parent: CommentRef | None = None,
    ) -> CommentRef:
        """A reply, to the post or to another reply."""
        reply_id = f"1805{number:08d}"
        name = OWN_NAME if by_city else (handle(author[1]) if author else None)
        row = self._row(reply_id, text, at, name)
        above = parent.comment_id if parent else post_id
        row |= {"root_post": {"id": post_id}, "replied_to": {"id": above}, "is_reply": True}
        self.replies[reply_id] = row | {"is_reply_owned_by_me": by_city, "hide_status": "NOT_HUSHED"}
        return CommentRef(self.platform, self.page_id, reply_id)

    def mention(self, number: int, text: str, *, at: datetime = AN_HOUR_AGO) -> CommentRef:
        """Somebody names the city in a post of their own."""
        reply_id = f"1806{number:08d}"
        self.mentioned[reply_id] = self._row(reply_id, text, at, "bob.day")
        return CommentRef(self.platform, self.page_id, reply_id)

    def edit(self, ref: CommentRef, text: str) -> None:
        """The author changes the words."""
        self.replies[ref.comment_id]["text"] = text

    def vanish(self, ref: CommentRef) -> None:
        """The reply goes, and what hangs under it."""
        self.replies.pop(ref.comment_id, None)
        for below in [key for key, row in self.replies.items() if row["replied_to"]["id"] == ref.comment_id]:
            self.vanish(CommentRef(ref.platform, ref.page_id, below))

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        """Somebody hides or shows it in the app: with all that hangs under it."""
        self.replies[ref.comment_id]["hide_status"] = "HIDDEN" if hidden else "UNHUSHED"
        for below in [key for key, row in self.replies.items() if row["replied_to"]["id"] == ref.comment_id]:
            self.set_hidden(CommentRef(ref.platform, ref.page_id, below), hidden)

    def is_hidden(self, ref: CommentRef) -> bool:
        """The truth."""
        return bool(self.replies[ref.comment_id]["hide_status"] == "HIDDEN")

    def damage(self, ref: CommentRef, how: Damage) -> None:
        """A row that can't be read."""
        row = self.replies[ref.comment_id]
        if how in ("no id", "bad id"):
            row["shown_id"] = None if how == "no id" else "../me"
        else:
            row["timestamp"] = None if how == "no time" else "yesterday"

    # The wire.

    def serve(self, request: httpx.Request) -> httpx.Response:
        """The answer."""
        try:
            return self.json(self._result(request))
        except Refused as refused:
            return self.json(refused.body, refused.status)

    def _result(self, request: httpx.Request) -> dict[str, Any]:
        if request.url.path == "/refresh_access_token":
            return self._refreshed(request)
        if request.headers.get("authorization") != f"Bearer {self.living_token}":
            raise Refused(190, "Error validating access token", status=401)
        version, node, *edge = request.url.path.removeprefix("/").split("/")
        if version != "v1.0":
            raise Refused(2635, "You are calling a deprecated version of the API.")
        if request.method == "POST":
            return self._write(request, node, edge)
        return self._edge(request.url.params, node, edge[0]) if edge else self._node(request.url.params, node)

    def _refreshed(self, request: httpx.Request) -> dict[str, Any]:
        query, token = request.url.params, request.headers.get("authorization", "").removeprefix("Bearer ")
        given = token if self.by_header else query.get("access_token")
        if query.get("grant_type") != "th_refresh_token" or given != self.living_token:
            raise Refused(190, "Error validating access token")
        self.living_token = self.renewed[0]
        return {"access_token": self.renewed[0], "token_type": "bearer", "expires_in": self.renewed[1]}

    def _node(self, query: httpx.QueryParams, node: str) -> dict[str, Any]:
        if node in ("me", self.page_id):
            return {"id": self.page_id, "username": OWN_NAME}
        for row in (*self.posts, *(self.replies.values() if self.may_read_replies else ())):
            if row["id"] == node:
                return self._shown(row, query)
        raise gone(node)

    def _edge(self, query: httpx.QueryParams, node: str, edge: str) -> dict[str, Any]:
        if (node, edge) == (self.page_id, "threads"):
            return self._paged(f"{node}/{edge}", self._newest(self.posts, query), query)
        if (node, edge) == (self.page_id, "mentions"):
            if not self.may_read_mentions:
                raise Refused(10, "Application does not have permission for this action", status=403)
            return self._paged(f"{node}/{edge}", self._newest([*self.mentioned.values()], query), query)
        if edge not in ("conversation", "pending_replies") or all(post["id"] != node for post in self.posts):
            raise gone(node)
        if not self.may_read_replies:
            return {"data": []}
        rows = [row for row in self.replies.values() if row["root_post"]["id"] == node]
        waiting = edge == "pending_replies"
        rows = [row for row in rows if (row["id"] in self.pending) == waiting]
        rows = [row for row in rows if self.lists_hidden or row["hide_status"] != "HIDDEN"]
        return self._paged(f"{node}/{edge}", self._newest(rows, query), query, waiting=waiting)

    def _write(self, request: httpx.Request, node: str, edge: list[str]) -> dict[str, Any]:
        form = parse_qs(request.content.decode())
        row = self.replies.get(node)
        if row is None or edge != ["manage_reply"]:
            raise gone(node)
        if row["replied_to"]["id"] != row["root_post"]["id"] or node in self.pending:
            raise Refused(10, "Only top-level replies can be managed")
        if form.get("hide") not in (["true"], ["false"]):
            raise Refused(100, "The parameter hide is required")
        hide = form["hide"] == ["true"]
        self.set_hidden(CommentRef(self.platform, self.page_id, node), hide)
        self.wrote(f"{'hide' if hide else 'unhide'} {node}")
        return {"success": True}

    # Rows as asked for.

    @staticmethod
    def _row(row_id: str, text: str, at: datetime, name: str | None) -> dict[str, Any]:
        return {
            "id": row_id,
            "text": text,
            "timestamp": threads_time(at),
            "username": name,
            "permalink": f"https://www.threads.com/@{quote(name or 'x', safe='')[:30]}/post/{row_id}",
            "media_type": "TEXT_POST",
        }

    def _shown(self, row: dict[str, Any], query: httpx.QueryParams, *, waiting: bool = False) -> dict[str, Any]:
        wanted = query.get("fields", "id").split(",")
        if unknown := set(wanted) - FIELDS - ({"reply_approval_status"} if waiting else set()):
            raise Refused(100, f"Tried accessing nonexisting field ({min(unknown)})")
        answered = any(each["replied_to"]["id"] == row["id"] for each in self.replies.values())
        whole = {**row, "has_replies": answered, "reply_approval_status": "pending"}
        whole["id"] = row.get("shown_id", row["id"])
        return {name: whole[name] for name in wanted if whole.get(name) is not None}

    @staticmethod
    def _newest(rows: list[dict[str, Any]], query: httpx.QueryParams) -> list[dict[str, Any]]:
        if query.get("reverse", "true") != "true":
            return rows
        return sorted(rows, key=lambda row: str(row["timestamp"]), reverse=True)

    def _paged(
        self, path: str, rows: list[dict[str, Any]], query: httpx.QueryParams, *, waiting: bool = False
    ) -> dict[str, Any]:
        size, after = int(query.get("limit", "25")), query.get("after", "")
        if self.empty_pages and not after.startswith("hollow"):
            self.empty_pages -= 1
            mark = "hollow" if not self.empty_pages else f"empty{self.empty_pages}"
            return {"data": [], "paging": {"next": f"{self._next(path)}&after={mark}"}}
        if after.startswith("hollow"):
            after = ""
        # A cursor names the row that it stands after, so that nothing slips when others go.
        ids = [row["id"] for row in rows]
        start = ids.index(after) + 1 if after in ids else 0
        shown = [self._shown(row, query, waiting=waiting) for row in rows[start : start + size]]
        page: dict[str, Any] = {"data": shown}
        if shown and (start + size < len(rows) or self.same_mark or not self.pages_tell_next):
            mark = ids[0] if self.same_mark else ids[min(start + size, len(ids)) - 1]
            page["paging"] = {"cursors": {"before": ids[start], "after": mark}}
            if self.pages_tell_next:
                page["paging"]["next"] = f"{self._next(path)}&after={mark}&limit={size}"
        if self.between_pages:
            self.between_pages()
        return page

    def _next(self, path: str) -> str:
        return f"{self.base_url}/v1.0/{path}?access_token={quote(TOKEN, safe='')}"
