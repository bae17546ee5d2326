"""A Graph API server for one page: the real wire, on loopback, from the published specification (v26.0).

Tokens come as ``access_token`` (query or form) or ``Authorization: Bearer``; errors, headers, cursors and batches look
as the platform's do. Faults: ``graph.faults.next(graph_errors.token_expired(), path="/comments")``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.demo import graph_errors
from bot.demo.faults import Faults
from bot.demo.fields import Field, FieldSyntaxError, parse_fields
from bot.demo.graph_errors import GraphError
from bot.demo.listener import Listener
from bot.demo.nodes import VERSION, Links, Nodes
from bot.demo.wall import Wall, Write, WriteRefusedError

APP_ID, APP_NAME = "730021559847213", "Millbrook Moderation"
SCOPES = (
    "pages_show_list",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_engagement",
    "pages_manage_metadata",
)
MOST_IN_BATCH = 50
# Lists that every page has, and in which this one has nothing.
EMPTY_LISTS = ("ads_posts", "videos", "video_reels", "live_videos")
SERVED_VERSIONS = range(25, 27)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, a JSON value and headers."""

    status: int
    body: object
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request, outer or inside a batch, read apart."""

    method: str
    parts: tuple[str, ...]
    params: Mapping[str, str]


class Graph:
    """The server. ``scopes``, ``token_expires_at`` and ``usage_percent`` may be changed while it runs."""

    def __init__(self, wall: Wall, token: str, links: Links) -> None:
        self.wall = wall
        self.faults = Faults()
        self.scopes = set(SCOPES)
        self.token_expires_at: datetime | None = None
        self.usage_percent = 2
        self._token = token
        self._nodes = Nodes(wall, links, token, lambda: "pages_read_user_content" in self.scopes)
        routes = [Route("/{path:path}", self._serve, methods=["GET", "POST", "DELETE"])]
        self.listener = Listener(Starlette(routes=routes), self.faults)

    @property
    def journal(self) -> tuple[Write, ...]:
        """Every write that was carried out, in order."""
        return self.wall.journal

    @property
    def before_write(self) -> Callable[[str, str], None] | None:
        """``before_write(verb, comment_id)`` runs in the server before a write has any effect; raise to refuse it."""
        return self.wall.before_write

    @before_write.setter
    def before_write(self, hook: Callable[[str, str], None] | None) -> None:
        self.wall.before_write = hook

    def answer(self, method: str, path: str, params: Mapping[str, str]) -> Answer:
        """The answer to one request. Never raises: what goes wrong is an answer too."""
        usage = graph_errors.usage_headers(self.wall.page_id, percent=self.usage_percent)
        try:
            return Answer(200, self._result(_ask(method, path, params)), usage)
        except GraphError as error:
            return Answer(error.status, error.body(), usage | error.headers)
        except FieldSyntaxError as error:
            wrong = GraphError(str(error), code=2500)
            return Answer(wrong.status, wrong.body(), usage)
        except WriteRefusedError:
            refused = GraphError("An unknown error has occurred.", code=1, status=500)
            return Answer(refused.status, refused.body(), usage)

    async def _serve(self, request: Request) -> Response:
        params = await _params(request)
        # In a thread: before_write may block, and what it looks at may call this server.
        answer = await run_in_threadpool(self.answer, request.method, request.url.path, params)
        trace = graph_errors.trace_id()
        headers = {
            "content-type": "application/json; charset=UTF-8",
            "facebook-api-version": VERSION,
            "x-fb-trace-id": trace,
            "x-fb-request-id": trace,
            "cache-control": "private, no-cache, no-store, must-revalidate",
            **answer.headers,
        }
        return Response(json.dumps(answer.body), answer.status, headers)

    def _result(self, ask: _Ask) -> object:
        if "access_token" not in ask.params:
            raise graph_errors.no_token()
        if ask.params["access_token"] != self._token:
            raise graph_errors.bad_token()
        if self.token_expires_at and self.token_expires_at <= datetime.now(UTC):
            raise graph_errors.session_expired(self.token_expires_at)
        if not ask.parts:
            return self._root(ask)
        node, *edges = ask.parts
        if node == "debug_token":
            return self._debug_token(ask.params.get("input_token", ""))
        if len(edges) > 1:
            raise GraphError(f"Unknown path components: /{'/'.join(edges[1:])}", code=2500)
        node = self.wall.page_id if node in ("me", self.wall.masthead.slug) else node
        return self._edge(ask, node, edges[0]) if edges else self._object(ask, node)

    def _root(self, ask: _Ask) -> object:
        if ask.method == "POST" and "batch" in ask.params:
            return self._batch(ask.params)
        if ask.method == "GET" and ask.params.get("ids"):
            return {one: self._read(one, _fields(ask.params)) for one in ask.params["ids"].split(",")}
        raise GraphError("Unsupported get request.", code=100, kind="GraphMethodException")

    def _object(self, ask: _Ask, node: str) -> object:
        if ask.method == "GET":
            return self._read(node, _fields(ask.params))
        comment_id = self._writable(node, ask.method.lower())
        try:
            if ask.method == "DELETE":
                self.wall.delete(comment_id)
            else:
                self.wall.set_hidden(comment_id, self._wanted_hidden(comment_id, ask.params))
        except KeyError as error:
            raise graph_errors.gone(ask.method.lower(), comment_id) from error
        return {"success": True}

    def _read(self, node: str, fields: tuple[Field, ...] | None) -> Json:
        if node == self.wall.page_id:
            return self._nodes.page(fields)
        if post := self.wall.find_post(node):
            return self._nodes.post(post, fields)
        if comment := self.wall.find(node):
            return self._nodes.comment(comment, fields)
        raise graph_errors.gone("get", node)

    def _edge(self, ask: _Ask, node: str, edge: str) -> object:
        if node == self.wall.page_id and edge == "blocked":
            return self._blocked(ask)
        if node == self.wall.page_id and edge == "messages" and ask.method == "POST":
            return self._message(ask.params)
        if ask.method != "GET":
            raise graph_errors.gone(ask.method.lower(), node)
        if node == self.wall.page_id and edge in ("published_posts", "feed", "visitor_posts", "posts"):
            name = "published_posts" if edge == "posts" else edge
            return self._nodes.posts(name, ask.params, _fields(ask.params))
        if node == self.wall.page_id and edge in EMPTY_LISTS:
            return {"data": []}
        if edge != "comments" or node == self.wall.page_id:
            raise GraphError(f"Unknown path components: /{edge}", code=2500)
        return self._comments(node, ask.params)

    def _comments(self, node: str, params: Mapping[str, str]) -> Json:
        if post := self.wall.find_post(node):
            return self._nodes.comments(post.id, params, _fields(params))
        if comment := self.wall.find(node):
            return self._nodes.replies(comment, params, _fields(params))
        raise graph_errors.gone("get", node)

    def _writable(self, node: str, verb: str) -> str:
        if self.wall.find(node) is None:
            raise graph_errors.gone(verb, node)
        if "pages_manage_engagement" not in self.scopes:
            raise graph_errors.needs_permission("pages_manage_engagement")
        return node

    def _wanted_hidden(self, comment_id: str, params: Mapping[str, str]) -> bool:
        wanted = params.get("is_hidden", "").lower()
        if wanted not in ("true", "false", "1", "0"):
            raise graph_errors.invalid_parameter("Param is_hidden must be a boolean")
        if self.wall.live(comment_id).by_page:
            raise graph_errors.invalid_parameter("Comment cannot be hidden")
        return wanted in ("true", "1")

    def _message(self, params: Mapping[str, str]) -> Json:
        try:
            comment_id = json.loads(params["recipient"])["comment_id"]
            text = json.loads(params["message"])["text"]
            taken = self.wall.tell(comment_id, text)
        except (KeyError, ValueError, TypeError) as error:
            raise graph_errors.invalid_parameter("Param recipient must name a comment") from error
        if not taken:
            raise GraphError("Activity already replied to", code=10900)
        return {"recipient_id": "0", "message_id": f"m_{comment_id}"}

    def _blocked(self, ask: _Ask) -> object:
        if ask.method == "GET":
            only = ask.params.get("user")
            return {"data": [{"id": i, "name": n} for i, n in self.wall.blocked.items() if only in (None, i)]}
        if "pages_manage_engagement" not in self.scopes:
            raise graph_errors.needs_permission("pages_manage_engagement")
        users = _users(ask.params.get("user", ""))
        for user in users:
            self.wall.set_blocked(user, ask.method == "POST")
        return dict.fromkeys(users, True) if ask.method == "POST" else {"success": True}

    def _debug_token(self, token: str) -> Json:
        base = {"app_id": APP_ID, "type": "PAGE", "application": APP_NAME, "data_access_expires_at": 0}
        if token != self._token:
            wrong = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
            return {"data": {"error": wrong, "is_valid": False, "scopes": []}}
        expires = int(self.token_expires_at.timestamp()) if self.token_expires_at else 0
        scopes = [scope for scope in SCOPES if scope in self.scopes]
        live = self.token_expires_at is None or self.token_expires_at > datetime.now(UTC)
        return {"data": base | {"expires_at": expires, "is_valid": live, "profile_id": self.wall.page_id,
                                "user_id": "122099801234567", "issued_at": 0, "scopes": scopes}}  # fmt: skip

    def _batch(self, params: Mapping[str, str]) -> list[Json | None]:
        try:
            rows = json.loads(params["batch"])
        except ValueError as error:
            raise graph_errors.invalid_parameter("Param batch must be an array.") from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise graph_errors.invalid_parameter("Param batch must be an array.")
        if len(rows) > MOST_IN_BATCH:
            raise GraphError(f"Too many requests in batch message. Maximum batch size is {MOST_IN_BATCH}", code=3)
        with_headers = params.get("include_headers", "true").lower() != "false"
        return [self._batched(row, params["access_token"], with_headers) for row in rows]

    def _batched(self, row: Json, token: str, with_headers: bool) -> Json | None:
        """One sub-request. Any fault planned for its path makes it ``null``: timed out, as the Graph says it."""
        method, url = str(row.get("method", "GET")).upper(), "/" + str(row.get("relative_url", "")).lstrip("/")
        if self.faults.take(method, url):
            return None
        split = urlsplit(url)
        params = {"access_token": token, **dict(parse_qsl(split.query)), **dict(parse_qsl(str(row.get("body", ""))))}
        answer = self.answer(method, split.path, params)
        headers = [{"name": "Content-Type", "value": "application/json; charset=UTF-8"}]
        headers += [{"name": name, "value": value} for name, value in answer.headers.items()]
        return {
            "code": answer.status,
            **({"headers": headers} if with_headers else {}),
            "body": json.dumps(answer.body),
        }


async def _params(request: Request) -> dict[str, str]:
    """Query, form and bearer token together; the form wins, as on the Graph."""
    bearer = request.headers.get("authorization", "")
    params = {"access_token": bearer[7:]} if bearer.lower().startswith("bearer ") else {}
    params |= dict(request.query_params)
    if request.method != "GET":
        if request.headers.get("content-type", "").startswith("application/json"):
            return params | _json_params(await request.body())
        async with request.form() as form:
            params |= {key: value for key, value in form.items() if isinstance(value, str)}
    return params


def _json_params(body: bytes) -> dict[str, str]:
    try:
        sent = json.loads(body or b"{}")
    except ValueError:
        return {}
    pairs = sent.items() if isinstance(sent, dict) else ()
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in pairs}


def _ask(method: str, path: str, params: Mapping[str, str]) -> _Ask:
    parts = [part for part in path.split("/") if part]
    if parts and (version := re.fullmatch(r"v(\d+)\.\d+", parts[0])):
        if int(version[1]) > SERVED_VERSIONS[-1]:
            raise GraphError(f"Unknown path components: /{parts[0]}", code=2500)
        parts = parts[1:]
    override = params.get("method", "").upper()
    return _Ask(override if method == "POST" and override in ("GET", "DELETE") else method, tuple(parts), params)


def _fields(params: Mapping[str, str]) -> tuple[Field, ...] | None:
    expression = params.get("fields", "").strip()
    return parse_fields(expression) if expression else None


def _users(raw: str) -> list[str]:
    """``user`` as one id, ids with commas, or a JSON list."""
    return re.findall(r"\d+", raw)
