"""Instagram as Graph serves it, to tokens of both logins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

TOKEN = "EAAK/secret+PageToken=0123"
OWN_NAME = "cityofx"
MEDIA_FIELDS = {
    "id",
    "caption",
    "timestamp",
    "permalink",
    "comments_count",
    "media_type",
    "media_product_type",
    "media_url",
    "thumbnail_url",
    "username",
    "owner",
    "comments",
}
COMMENT_FIELDS = {
    "id",
    "text",
    "timestamp",
    "username",
    "from",
    "user",
    "hidden",
    "parent_id",
    "like_count",
    "media",
    "replies",
}
SCOPES = ["instagram_basic", "instagram_manage_comments", "pages_read_engagement", "pages_show_list"]


def graph_time(moment: datetime) -> str:
    """A time as Graph writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


class Refused(Exception):
    """Graph's error object."""

    def __init__(self, code: int, message: str, subcode: int | None = None, *, status: int = 400) -> None:
        super().__init__(message)
        error: dict[str, Any] = {"message": f"(#{code}) {message}", "type": "IGApiException", "code": code}
        if subcode is not None:
            error["error_subcode"] = subcode
        self.status, self.body = status, {"error": {**error, "fbtrace_id": "AbC1dEf"}}


def gone(node: str) -> Refused:
    """Graph's words for an object that isn't there."""
    words = (
        f"Unsupported get request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions"
    )
    return Refused(100, words, 33)


@dataclass
class Wire(BaseWire):
    """One professional account. ``lists_hidden``: whether hidden comments stay in lists (clients say both)."""

    platform: ClassVar[str] = "instagram"
    base_url: ClassVar[str] = "https://graph.facebook.com"
    page_id: ClassVar[str] = "17841400000001012"
    token: ClassVar[str] = TOKEN
    secrets: ClassVar[tuple[str, ...]] = (TOKEN, quote(TOKEN, safe=""))
    also: ClassVar[tuple[str, ...]] = ("https://graph.instagram.com",)

    posts: list[dict[str, Any]] = field(default_factory=list)
    # All comments and replies by id, in the order of posting.
    comments: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists_hidden: bool = True
    may_read_comments: bool = True
    living_token: str = TOKEN
    renewed: tuple[str, int] = ("IGAA/renewed+Token=4567", 5_184_000)
    by_header: bool = True
    too_much_above: int = 1000
    # Comments that are counted but never delivered: those of accounts that the city restricted.
    restricted: int = 0
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    expires_at: int = 0

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        """A photo."""
        post_id = f"178950{number:06d}"
        self.posts.append(
            {
                "id": post_id,
                "caption": f"Post {number}",
                "timestamp": graph_time(at),
                "permalink": f"https://www.instagram.com/p/C{number}/",
                "media_type": "IMAGE",
                "media_product_type": "FEED",
                "media_url": f"https://scontent.cdninstagram.com/v/{number}.jpg?oh=1",
                "username": OWN_NAME,
            }
        )
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
        """A comment, or a reply under one."""
        comment_id = f"179164{number:08d}"
        row: dict[str, Any] = {
            "id": comment_id,
            "text": text,
            "timestamp": graph_time(at),
            "hidden": False,
            "like_count": 0,
            "media": post_id,
        }
        if by_city:
            row |= {"username": OWN_NAME, "from": {"id": self.page_id, "username": OWN_NAME}}
            row["user"] = {"id": self.page_id}
        elif author is not None:
            row |= {"username": author[1], "from": {"id": author[0], "username": author[1]}}
        if parent is not None:
            row["parent_id"] = parent.comment_id
        self.comments[comment_id] = row
        return CommentRef(self.platform, self.page_id, comment_id)

    def edit(self, ref: CommentRef, text: str) -> None:
        """The author changes the words."""
        self.comments[ref.comment_id]["text"] = text

    def vanish(self, ref: CommentRef) -> None:
        """The comment goes, and its replies with it."""
        self.comments.pop(ref.comment_id, None)
        for comment_id in [key for key, row in self.comments.items() if row.get("parent_id") == ref.comment_id]:
            del self.comments[comment_id]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        """Somebody hides or shows it in the app."""
        self.comments[ref.comment_id]["hidden"] = hidden

    def is_hidden(self, ref: CommentRef) -> bool:
        """The truth."""
        return self.comments[ref.comment_id]["hidden"] is True

    def damage(self, ref: CommentRef, how: Damage) -> None:
        """A row that can't be read."""
        row = self.comments[ref.comment_id]
        if how in ("no id", "bad id"):
            row["shown_id"] = None if how == "no id" else "../me"
        else:
            row["timestamp"] = None if how == "no time" else "yesterday"

    # The wire.

    def serve(self, request: httpx.Request) -> httpx.Response:
        """The answer, as Graph words it."""
        try:
            return self.json(self._result(request))
        except Refused as refused:
            return self.json(refused.body, refused.status)

    def _result(self, request: httpx.Request) -> Any:
        if request.url.path == "/refresh_access_token":
            return self._refreshed(request)
        if request.headers.get("authorization") != f"Bearer {self.living_token}":
            raise Refused(190, "Invalid OAuth access token.", status=401)
        version, node, *edge = request.url.path.removeprefix("/").split("/")
        if version != "v26.0":
            raise Refused(2635, "You are calling a deprecated version of the API.")
        if request.method == "POST" and not node:
            return self._batch(request)
        if request.method != "GET":
            return self._write(request, node)
        return self._edge(request, node, edge[0]) if edge else self._node(request, node)

    def _batch(self, request: httpx.Request) -> Any:
        (asked,) = json.loads(parse_qs(request.content.decode())["batch"][0])
        inner = httpx.Request(asked["method"], f"{self.base_url}/v26.0/{asked['relative_url']}")
        try:
            body, code = self._node(inner, inner.url.path.removeprefix("/v26.0/")), 200
        except Refused as refused:
            body, code = refused.body, refused.status
        return [{"code": code, "headers": [], "body": json.dumps(body)}]

    def is_read(self, request: httpx.Request) -> bool:
        """A batch of reads is one."""
        return super().is_read(request) or request.url.path == "/v26.0/"

    def _refreshed(self, request: httpx.Request) -> dict[str, Any]:
        query, token = request.url.params, request.headers.get("authorization", "").removeprefix("Bearer ")
        given = token if self.by_header else query.get("access_token")
        if request.url.host != "graph.instagram.com" or query.get("grant_type") != "ig_refresh_token":
            raise Refused(100, "Invalid parameter")
        if given != self.living_token:
            raise Refused(190, "Invalid OAuth access token.")
        self.living_token = self.renewed[0]
        return {"access_token": self.renewed[0], "token_type": "bearer", "expires_in": self.renewed[1]}

    def _node(self, request: httpx.Request, node: str) -> dict[str, Any]:
        fields = request.url.params.get("fields", "id")
        if node == "me" and request.url.host == "graph.instagram.com":
            return {"id": "2512", "user_id": self.page_id, "username": OWN_NAME}
        if node == self.page_id:
            return {"id": self.page_id, "username": OWN_NAME}
        if node == "debug_token":
            return {"data": {"is_valid": True, "type": "PAGE", "expires_at": self.expires_at, "scopes": self.scopes}}
        for post in self.posts:
            if post["id"] == node:
                return self._media(post, fields)
        row = self.comments.get(node)
        if row is None or not self.may_read_comments:
            raise gone(node)
        return self._comment(row, fields)

    def _edge(self, request: httpx.Request, node: str, edge: str) -> dict[str, Any]:
        query = request.url.params
        if (node, edge) == (self.page_id, "media"):
            newest = sorted(self.posts, key=lambda post: post["timestamp"], reverse=True)
            rows = [self._media(post, query.get("fields", "id")) for post in self._page(newest, query)]
            return self._paged(f"{node}/{edge}", newest, rows, query)
        if edge == "comments" and any(post["id"] == node for post in self.posts):
            return self._list(f"{node}/comments", self._top(node), query)
        if edge == "replies" and node in self.comments:
            return self._list(f"{node}/replies", self._under(node), query)
        raise gone(node)

    def _write(self, request: httpx.Request, node: str) -> dict[str, Any]:
        if request.url.path == f"/v26.0/{self.page_id}/messages":
            return self._message(parse_qs(request.content.decode()))
        row = self.comments.get(node)
        if row is None:
            raise gone(node)
        if request.method == "DELETE":
            self.vanish(CommentRef(self.platform, self.page_id, node))
            self.wrote(f"remove {node}")
        elif request.url.params.get("hide") in ("true", "false"):
            row["hidden"] = request.url.params["hide"] == "true"
            self.wrote(f"{'hide' if row['hidden'] else 'unhide'} {node}")
        else:
            raise Refused(100, "The parameter hide is required")
        return {"success": True}

    def _message(self, form: dict[str, list[str]]) -> dict[str, Any]:
        comment_id = json.loads(form["recipient"][0])["comment_id"]
        if comment_id not in self.comments:
            raise gone(comment_id)
        if any(comment_id == told for told, _ in self.told):
            raise Refused(10900, "Activity already replied to")
        self.told.append((comment_id, json.loads(form["message"][0])["text"]))
        self.wrote(f"tell {comment_id}")
        return {"recipient_id": "2477001", "message_id": f"m_{comment_id}"}

    # Rows as asked for.

    def _media(self, post: dict[str, Any], fields: str) -> dict[str, Any]:
        count = len([row for row in self.comments.values() if row["media"] == post["id"]]) + self.restricted
        whole = {**post, "comments_count": count, "owner": {"id": self.page_id}}
        shown = self._only(whole, fields, MEDIA_FIELDS)
        for name, limit, inner in parts(fields):
            if name == "comments":
                query = httpx.QueryParams({"limit": limit, "fields": inner})
                listed = self._list(f"{post['id']}/comments", self._top(post["id"]), query)
                if listed["data"] or "paging" in listed:
                    shown["comments"] = listed
        return shown

    def _comment(self, row: dict[str, Any], fields: str) -> dict[str, Any]:
        whole = {**row, "id": row.get("shown_id", row["id"])}
        shown = {key: value for key, value in self._only(whole, fields, COMMENT_FIELDS).items() if value is not None}
        for name, limit, inner in parts(fields):
            if name == "media":
                post = next(post for post in self.posts if post["id"] == row["media"])
                shown["media"] = self._media(post, inner)
            if name == "replies" and (under := self._under(row["id"])):
                query = httpx.QueryParams({"limit": limit, "fields": inner})
                shown["replies"] = self._list(f"{row['id']}/replies", under, query)
        return shown

    @staticmethod
    def _only(row: dict[str, Any], fields: str, known: set[str]) -> dict[str, Any]:
        names = [name for name, _, _ in parts(fields)]
        if unknown := set(names) - known:
            raise Refused(100, f"Tried accessing nonexisting field ({min(unknown)})")
        edges = {"comments", "replies", "media"}
        return {name: row[name] for name in names if name in row and name not in edges}

    def _top(self, post_id: str) -> list[dict[str, Any]]:
        rows = [row for row in self.comments.values() if row["media"] == post_id and "parent_id" not in row]
        return self._listed(rows)

    def _under(self, comment_id: str) -> list[dict[str, Any]]:
        return self._listed([row for row in self.comments.values() if row.get("parent_id") == comment_id])

    def _listed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in reversed(rows) if self.lists_hidden or not row["hidden"]]

    def _list(self, path: str, rows: list[dict[str, Any]], query: httpx.QueryParams) -> dict[str, Any]:
        if not self.may_read_comments:
            raise Refused(10, "Application does not have permission for this action", status=403)
        shown = [self._comment(row, query.get("fields", "id")) for row in self._page(rows, query)]
        return self._paged(path, rows, shown, query)

    def _page(self, rows: list[dict[str, Any]], query: httpx.QueryParams) -> list[dict[str, Any]]:
        size = int(query.get("limit") or 25)
        if size > self.too_much_above:
            raise Refused(1, "Please reduce the amount of data you're asking for, then retry your request", status=500)
        if self.empty_pages and "hollow" not in query.get("until", ""):
            return []
        start = int(query.get("after", "0"))
        return rows[start : start + size]

    def _paged(
        self, path: str, rows: list[dict[str, Any]], shown: list[dict[str, Any]], query: httpx.QueryParams
    ) -> dict[str, Any]:
        start, size = int(query.get("after", "0")), int(query.get("limit") or 25)
        if self.empty_pages and "hollow" not in query.get("until", ""):
            self.empty_pages -= 1
            mark = "hollow" if not self.empty_pages else f"empty{self.empty_pages}"
            return {"data": [], "paging": {"next": f"{self._next(path)}&until={mark}"}}
        page: dict[str, Any] = {"data": shown}
        end = start + size
        if end < len(rows) or self.same_mark:
            mark = "0" if self.same_mark else str(end)
            page["paging"] = {"cursors": {"after": mark}, "next": f"{self._next(path)}&after={mark}&limit={size}"}
        if self.between_pages:
            self.between_pages()
        return page

    def _next(self, path: str) -> str:
        return f"{self.base_url}/v26.0/{path}?access_token={quote(TOKEN, safe='')}"


def parts(fields: str) -> Iterator[tuple[str, str, str]]:
    """Each field of ``a,b.limit(5){c,d{e}}`` with its limit and what stands in its braces."""
    depth, start = 0, 0
    for position, letter in enumerate(f"{fields},"):
        depth += (letter in "{(") - (letter in "})")
        if letter == "," and depth == 0:
            head, _, inner = fields[start:position].partition("{")
            name, _, limit = head.partition(".limit(")
            yield name, limit.rstrip(")"), inner.removesuffix("}")
            start = position + 1
