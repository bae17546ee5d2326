"""A Facebook page as Graph v26.0 serves it: fields, edges, batches, errors (docs/graph-api/reference)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

from bot.demo.fields import Field, parse_fields
from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident, load

PAGE_ID = "1012"
TOKEN = "EAAK/secret+PageToken=0123"
CITY: Resident = (PAGE_ID, "City of X")

FIELDS = {
    "comment": (
        "id created_time message from parent permalink_url is_hidden can_hide can_remove comment_count "
        "attachment object can_reply_privately"
    ),
    "post": "id created_time updated_time permalink_url message from status_type attachments is_hidden comments",
    "photo": "id created_time updated_time link name from comments",
    "video": "id created_time updated_time permalink_url title description post_id from comments",
    "page": "id name about description bio general_info mission company_overview impressum link username website",
    "profile": "id name",
}
COMMENT_PARAMS = {"filter", "order", "live_filter", "since", "limit", "after", "until", "fields", "summary", "as"}
LISTS = ("published_posts", "visitor_posts", "ads_posts", "videos", "video_reels")


class Refused(Exception):
    """An error answer."""

    def __init__(self, message: str, code: int, subcode: int | None = None, status: int = 400) -> None:
        super().__init__(message)
        facts = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbC1dEf"}
        self.body = {"error": facts | ({"error_subcode": subcode} if subcode else {})}
        self.status = status


@dataclass
class Node:
    """Something with an id. ``rows`` are the comments on it."""

    type: str
    data: dict[str, Any]
    at: datetime
    rows: list[Node] = field(default_factory=list)


@dataclass
class Wire(BaseWire):
    """``lists`` has what stands in each list of the page, newest first."""

    platform: ClassVar[str] = "facebook"
    base_url: ClassVar[str] = "https://graph.facebook.com"
    page_id: ClassVar[str] = PAGE_ID
    token: ClassVar[str] = TOKEN
    secrets: ClassVar[tuple[str, ...]] = (TOKEN, "secret+PageToken", "secret%2BPageToken", "secret%2bPageToken")

    lists: dict[str, list[Node]] = field(default_factory=lambda: {name: [] for name in LISTS})
    nodes: dict[str, Node] = field(default_factory=dict)
    banned: dict[str, str] = field(default_factory=dict)
    debug: dict[str, Any] = field(default_factory=lambda: load("facebook", "debug_token"))
    me: dict[str, Any] = field(
        default_factory=lambda: {"id": PAGE_ID, "name": "City of X", "about": "Snow, buses, water."}
    )
    # Sub-requests of batches that run out of time, by the order in which they are met.
    out_of_time: int = 0

    # What happens on the page.

    def publish(
        self,
        number: int,
        *,
        at: datetime = NOW - timedelta(days=1),
        edge: str = "published_posts",
        by: Resident = CITY,
        **more: Any,
    ) -> str:
        """A post; by a visitor where ``edge`` says so."""
        post_id = f"{PAGE_ID}_{number}"
        data = {
            "id": post_id,
            "created_time": graph_time(at),
            "permalink_url": f"https://www.facebook.com/cityofx/posts/{number}",
            "message": f"Post {number}",
            "from": {"id": by[0], "name": by[1]},
            "status_type": "wall_post" if edge == "visitor_posts" else "mobile_status_update",
            "is_hidden": False,
            **more,
        }
        self._put(Node("post", data, at), edge)
        return post_id

    def add_photos(self, post_id: str, numbers: Iterable[int]) -> list[str]:
        """Several photos on a post: each has comments of its own."""
        post = self.nodes[post_id]
        found: list[dict[str, Any]] = []
        for number in numbers:
            link = f"https://www.facebook.com/photo.php?fbid={number}"
            data = {"id": str(number), "created_time": graph_time(post.at), "link": link, "from": post.data["from"]}
            self.nodes[str(number)] = Node("photo", data, post.at)
            found.append({"type": "photo", "url": link, "target": {"id": str(number)}})
        post.data["attachments"] = {"data": [{"type": "album", "subattachments": {"data": found}}]}
        return [each["target"]["id"] for each in found]

    def film(self, number: int, *, at: datetime = NOW - timedelta(days=1), edge: str = "videos", **more: Any) -> str:
        """A video or a reel."""
        data = {
            "id": str(number),
            "created_time": graph_time(at),
            "permalink_url": f"/cityofx/videos/{number}/",
            "description": f"Video {number}",
            "from": {"id": PAGE_ID, "name": "City of X"},
            **more,
        }
        self._put(Node("video", data, at), edge)
        return str(number)

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
        """A comment on a post, photo or video."""
        first = post_id.rpartition("_")[2]
        comment_id = f"{first}_{number}"
        who = CITY if by_city else author
        data: dict[str, Any] = {
            "id": comment_id,
            "created_time": graph_time(at),
            "message": text,
            "permalink_url": f"https://www.facebook.com/cityofx/posts/{first}?comment_id={number}",
            "is_hidden": False,
            "can_hide": not by_city,
            "can_remove": True,
            "can_reply_privately": not by_city,
            "comment_count": 0,
            "object": {"id": post_id},
            **({"from": {"id": who[0], "name": who[1]}} if who else {}),
            **({"parent": {"id": parent.comment_id}} if parent else {}),
        }
        if parent:
            self.nodes[parent.comment_id].data["comment_count"] += 1
        node = Node("comment", data, at)
        self.nodes[comment_id] = node
        rows = self.nodes[post_id].rows
        rows.append(node)
        rows.sort(key=lambda row: row.at, reverse=True)
        return CommentRef("facebook", PAGE_ID, comment_id)

    def row(self, ref: CommentRef) -> dict[str, Any]:
        """A comment or post as Graph has it, to be changed."""
        return self.nodes[ref.comment_id].data

    def edit(self, ref: CommentRef, text: str) -> None:
        """The author changes the words."""
        self.row(ref)["message"] = text

    def vanish(self, ref: CommentRef) -> None:
        """The comment or post goes, nobody says why."""
        gone = self.nodes.pop(ref.comment_id)
        for rows in (*self.lists.values(), *(node.rows for node in self.nodes.values())):
            rows[:] = [row for row in rows if row is not gone]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        """Somebody hides or shows it on the page itself."""
        self.row(ref)["is_hidden"] = hidden

    def is_hidden(self, ref: CommentRef) -> bool:
        """Whether the public does not see it."""
        return bool(self.row(ref)["is_hidden"])

    def damage(self, ref: CommentRef, how: Damage) -> None:
        """An id or a time that is none."""
        key = "id" if "id" in how else "created_time"
        if how.startswith("no "):
            del self.row(ref)[key]
        else:
            self.row(ref)[key] = "../me" if key == "id" else "yesterday"

    def _put(self, node: Node, edge: str) -> None:
        self.nodes[node.data["id"]] = node
        self.lists[edge].insert(0, node)

    # The wire.

    def is_read(self, request: httpx.Request) -> bool:
        """A batch of reads only reads."""
        return super().is_read(request) or request.url.path == "/v26.0/"

    def serve(self, request: httpx.Request) -> httpx.Response:
        """The answer to one request, as Graph words it."""
        try:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                raise Refused("Invalid OAuth access token - Cannot parse access token", 190, status=401)
            if request.method == "POST" and request.url.path == "/v26.0/":
                return self.json(self._batch(dict(parse_qsl(request.content.decode()))))
            params = dict(request.url.params) | dict(parse_qsl(request.content.decode()))
            return self.json(self._result(request.method, request.url.path, params))
        except Refused as error:
            return self.json(error.body, error.status)

    def _batch(self, form: Mapping[str, str]) -> list[Any]:
        rows = json.loads(form["batch"])
        if len(rows) > 50:
            raise Refused("Too many requests in batch message. Maximum batch size is 50", 3)
        return [self._part(row["method"], urlsplit(f"/v26.0/{row['relative_url']}")) for row in rows]

    def _part(self, method: str, address: Any) -> Any:
        if self.out_of_time:
            self.out_of_time -= 1
            return None
        told = f"read {method} {address.path}"
        for position, (at, fault) in enumerate(self.faults):
            if at and at in told:
                del self.faults[position]
                response = fault()
                return {"code": response.status_code, "headers": [], "body": response.text}
        try:
            status, body = 200, self._result(method, address.path, dict(parse_qsl(address.query)))
        except Refused as error:
            status, body = error.status, error.body
        headers = [{"name": name, "value": value} for name, value in self.headers.items()]
        return {"code": status, "headers": headers, "body": json.dumps(body).replace("/", "\\/")}

    def _result(self, method: str, path: str, params: dict[str, str]) -> Any:
        if not path.startswith("/v26.0/"):
            raise Refused(f"Unknown path components: {path}", 2500)
        node_id, *edge = path.removeprefix("/v26.0/").split("/")
        if node_id == PAGE_ID and edge == ["blocked"]:
            return self._blocked(method, params)
        if (method, node_id, edge) == ("POST", PAGE_ID, ["messages"]):
            return self._message(params)
        if method != "GET":
            return self._write(method, node_id, edge, params)
        if node_id == "debug_token" and not edge:
            return self.debug
        if not edge:
            return self._node(node_id, _fields(params))
        return self._edge(node_id, edge, params)

    def _edge(self, node_id: str, edge: list[str], params: Mapping[str, str]) -> Any:
        if node_id == PAGE_ID and edge[0] in LISTS and len(edge) == 1:
            return self._page_of(node_id, edge[0], self.lists[edge[0]], params, _fields(params))
        if edge != ["comments"] or node_id == PAGE_ID:
            raise Refused(f"Unknown path components: /{'/'.join(edge)}", 2500)
        return self._comments(self._found(node_id), params, _fields(params))

    def _node(self, node_id: str, fields: tuple[Field, ...]) -> Any:
        if node_id in ("me", PAGE_ID):
            return self._shown(Node("page", self.me, NOW), fields)
        return self._shown(self._found(node_id), fields)

    def _found(self, node_id: str) -> Node:
        if node_id not in self.nodes:
            raise Refused(f"Unsupported get request. Object with ID '{node_id}' does not exist", 100, 33)
        return self.nodes[node_id]

    def _write(self, method: str, node_id: str, edge: list[str], params: Mapping[str, str]) -> Any:
        node = self._found(node_id)
        if edge or node.type != "comment":
            raise Refused("Unsupported post request.", 100)
        if method == "DELETE":
            self.vanish(CommentRef("facebook", PAGE_ID, node_id))
            self.wrote(f"delete {node_id}")
        elif params.get("is_hidden") not in ("true", "false") or node.data["from"]["id"] == PAGE_ID:
            raise Refused("(#100) Param is_hidden must be a boolean", 100)
        else:
            node.data["is_hidden"] = params["is_hidden"] == "true"
            self.wrote(f"{'hide' if node.data['is_hidden'] else 'unhide'} {node_id}")
        return {"success": True}

    def _blocked(self, method: str, params: Mapping[str, str]) -> Any:
        user = params.get("user", "")
        if method == "GET":
            rows = [Node("profile", {"id": key, "name": name}, NOW) for key, name in self.banned.items()]
            chosen = [row for row in rows if user in ("", row.data["id"])]
            return self._page_of(PAGE_ID, "blocked", chosen, params, _fields(params))
        if not user.isdecimal():
            raise Refused("(#100) Param user must be a user id", 100)
        if method == "POST":
            self.banned[user] = "Ann Roe"
        else:
            self.banned.pop(user, None)
        self.wrote(f"{'ban' if method == 'POST' else 'unban'} {user}")
        return {user: True} if method == "POST" else {"success": True}

    def _message(self, params: Mapping[str, str]) -> Any:
        node = self._found(json.loads(params["recipient"])["comment_id"])
        if not node.data["can_reply_privately"]:
            raise Refused("(#10900) Activity already replied to", 10900)
        self.told.append((node.data["id"], json.loads(params["message"])["text"]))
        node.data["can_reply_privately"] = False
        self.wrote(f"tell {node.data['id']}")
        return {"recipient_id": "2477001", "message_id": f"m_{node.data['id']}"}

    # Fields and pages.

    def _shown(self, node: Node, fields: tuple[Field, ...]) -> dict[str, Any]:
        known = FIELDS[node.type].split()
        shown: dict[str, Any] = {"id": node.data["id"]} if "id" in node.data else {}
        for one in fields:
            if one.name not in known:
                raise Refused(f"(#100) Tried accessing nonexisting field ({one.name}) on node type ({node.type})", 100)
            value = self._value(node, one)
            if value is not None:
                shown[one.modifiers.get("as", one.name)] = value
        return shown

    def _value(self, node: Node, one: Field) -> Any:
        if one.name == "comments":
            edge = self._comments(node, one.modifiers, one.inner or ())
            return edge if edge["data"] or "summary" in edge or "paging" in edge else None
        if one.name == "updated_time":
            return graph_time(max([node.at, *(row.at for row in node.rows)]))
        return node.data.get(one.name)

    def _comments(self, node: Node, params: Mapping[str, str], fields: tuple[Field, ...]) -> dict[str, Any]:
        if unknown := set(params) - COMMENT_PARAMS:
            raise Refused(f"(#100) Unknown parameters: {unknown}", 100)
        total = {"summary": {"order": "chronological", "total_count": len(node.rows)}}
        if params.get("limit") == "0":
            return {"data": [], **total}
        if params.get("filter") != "stream" or params.get("order") != "reverse_chronological":
            raise AssertionError("without filter and order the platform leaves comments out")
        since = int(params.get("since", "0"))
        rows = [row for row in node.rows if row.at.timestamp() >= since]
        return self._page_of(node.data["id"], "comments", rows, params, fields)

    def _page_of(
        self, node_id: str, edge: str, rows: list[Node], params: Mapping[str, str], fields: tuple[Field, ...]
    ) -> dict[str, Any]:
        start, size = int(params.get("after", "0")), min(int(params.get("limit", "25")), 100)
        address = f"{self.base_url}/v26.0/{node_id}/{edge}?access_token={quote(TOKEN, safe='')}&limit={size}"
        if self.empty_pages and start == 0 and "hollow" not in params.get("until", ""):
            self.empty_pages -= 1
            return {"data": [], "paging": {"next": f"{address}&until=hollow"}}
        page: dict[str, Any] = {"data": [self._shown(row, fields) for row in rows[start : start + size]]}
        end = start + size
        if end < len(rows) or self.same_mark:
            mark = "0" if self.same_mark else str(end)
            page["paging"] = {"cursors": {"after": mark}, "next": f"{address}&after={mark}"}
        if self.between_pages:
            self.between_pages()
        return page


def graph_time(moment: datetime) -> str:
    """A time as Graph writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _fields(params: Mapping[str, str]) -> tuple[Field, ...]:
    return parse_fields(params["fields"])
