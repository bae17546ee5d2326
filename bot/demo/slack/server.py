"""The server: a token is checked, a method is called, an envelope finds its way to the app."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from bot.demo.channel import ChannelView, channel_page, surface_page
from bot.demo.faults import Fault, Faults, json_answer
from bot.demo.listener import Listener
from bot.demo.slack.chat import Chat
from bot.demo.slack.conversations import Conversations
from bot.demo.slack.driver import Driver
from bot.demo.slack.envelope import Delivered, Envelope
from bot.demo.slack.files import Files
from bot.demo.slack.limits import RateLimits
from bot.demo.slack.members import Members
from bot.demo.slack.message import SlackError
from bot.demo.slack.payloads import Payloads
from bot.demo.slack.response_urls import ResponseUrls
from bot.demo.slack.signed import SignedRequests
from bot.demo.slack.sockets import Sockets
from bot.demo.slack.triggers import Triggers
from bot.demo.slack.views import TROUBLE, Views
from bot.demo.slack.workspace import BOT, TEAM, Channel, SlackUser, Upload, Workspace
from bot.demo.wall import Clock, real_clock

Json = dict[str, Any]
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
APP_TOKEN = "xapp-1-A0BEADLE-730021-millbrook"  # noqa: S105  (made up, as all of the town)
SIGNING_SECRET = "millbrook-signing-secret"  # noqa: S105
OPEN_CONNECTION = "apps.connections.open"
SCOPES = {
    "chat.delete": "chat:write", "chat.postEphemeral": "chat:write", "chat.postMessage": "chat:write",
    "chat.update": "chat:write", "conversations.history": "channels:history", "conversations.info": "channels:read",
    "conversations.open": "im:write", "conversations.replies": "channels:history",
    "files.completeUploadExternal": "files:write", "files.delete": "files:write",
    "files.getUploadURLExternal": "files:write", "users.info": "users:read",
    "users.lookupByEmail": "users:read.email",
}  # fmt: skip


def ratelimited(retry_after: int = 30) -> Fault:
    """429 with ``Retry-After`` in seconds."""
    return json_answer(429, {"ok": False, "error": "ratelimited"}, {"retry-after": str(retry_after)})


def refused(error: str) -> Fault:
    """Any ``{"ok": false}``, such as ``not_in_channel`` or ``token_revoked``."""
    return json_answer(200, {"ok": False, "error": error})


class Slack(Driver):
    """The workspace as a server, with its people (see ``Driver``).

    ``messages(channel)`` gives what was posted, oldest first, as Slack keeps it. ``patience``: seconds that Slack waits
    for an acknowledgement; ``redeliveries``: how often it then tries again. Slack itself promises a second try for
    events alone; here everything may come twice, because an app must stand that. ``scopes`` may be taken away.
    ``limits.on = True`` switches Slack's published rate limits on.
    """

    def __init__(
        self,
        token: str,
        *channels: Channel,
        users: tuple[SlackUser, ...] = (),
        clock: Clock = real_clock,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
    ) -> None:
        self.faults = Faults()
        self.token = token
        self.app_token = app_token
        self.signing_secret = signing_secret
        self.scopes = {*SCOPES.values(), "commands"}
        self.limits = RateLimits()
        self.patience = 3.0
        self.redeliveries = 1
        self.workspace = Workspace(channels, users, clock)
        triggers = Triggers(self.workspace)
        self._response_urls = ResponseUrls(self.workspace, lambda: self.listener.url)
        self._files = Files(self.workspace, lambda: self.listener.url)
        self._views = Views(self.workspace, triggers)
        self._payloads = Payloads(self.workspace, triggers, self._response_urls)
        self.listener = Listener(Starlette(routes=self._routes()), self.faults, websockets=True)
        self.sockets = Sockets(lambda: self.listener.url, lambda: self.listener.cut_websockets())
        self._requests: SignedRequests | None = None
        self._methods: Mapping[str, Callable[[Json], Json]] = {
            OPEN_CONNECTION: lambda _: {"url": self.sockets.ticket()},
            **Chat(self.workspace).methods,
            **Conversations(self.workspace).methods,
            **self._files.methods,
            **Members(self.workspace).methods,
            **self._views.methods,
        }

    @property
    def users(self) -> list[SlackUser]:
        """The people, to be added to."""
        return self.workspace.users

    def messages(self, channel: str | None = None) -> list[Json]:
        """Messages of a channel (its id or name; the first channel if not said), replies included, oldest first."""
        with self.workspace.lock:
            room = self.workspace.room(channel or next(iter(self.workspace.rooms)))
            return [dict(message) for message in room.messages]

    def uploads(self) -> list[Upload]:
        """Every file, shared or not."""
        return list(self.workspace.uploads.values())

    # How the app is reached.

    def post_to(self, url: str, *, secret: str | None = None, age: int = 0) -> None:
        """Turn Socket Mode off: everything is posted to ``url``, signed; wrongly signed or old if that is asked for."""
        self._requests = SignedRequests(url, self.signing_secret if secret is None else secret, age)

    def use_sockets(self) -> None:
        """Turn Socket Mode on again, which it is at the beginning."""
        self._requests = None

    def drop_sockets(self, seconds: float = 0.0) -> None:
        """Every websocket dies without a word, and new ones are refused for so many seconds."""
        self.sockets.drop(seconds)

    def disconnect_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew: ``warning``, ``refresh_requested`` or ``link_disabled``."""
        self.sockets.disconnect(reason)

    def acknowledgements(self, envelope: Envelope | Delivered) -> int:
        """How often the app acknowledged an envelope on its websockets, late ones counted."""
        return self.sockets.acknowledgements(envelope.envelope if isinstance(envelope, Delivered) else envelope)

    def _deliver(self, envelope: Envelope, attempt: int = 0) -> Delivered:
        way = self._requests or self.sockets
        delivered = way.deliver(envelope, self.patience, self.redeliveries, attempt)
        return delivered if delivered.acknowledged else replace(delivered, problem=TROUBLE)

    # The Web API.

    def _routes(self) -> list[Route | WebSocketRoute]:
        return [
            Route("/api/{method}", self._serve, methods=["GET", "POST"]),
            Route("/upload/v1/{file_id}", self._files.receive, methods=["POST", "PUT"]),
            Route("/{room}/{team}/{number}/{secret}", self._response_urls.receive, methods=["POST"]),
            Route("/channel/{name}", self._show_channel, methods=["GET"]),
            Route("/home/{user}", self._show_home, methods=["GET"]),
            Route("/modal/{view}", self._show_modal, methods=["GET"]),
            WebSocketRoute("/link", self._link),
        ]

    async def _link(self, websocket: Any) -> None:
        await self.sockets.link(websocket)

    async def _serve(self, request: Request) -> Response:
        args, name = await _arguments(request), request.path_params["method"]
        try:
            with self.workspace.lock:
                return _json_response({"ok": True, **self._called(request, name, args)}, self._granted(name))
        except SlackError as error:
            waits = {"retry-after": str(error.retry_after)} if error.retry_after else {}
            return _json_response(error.body, self._granted(name) | waits, 429 if waits else 200)

    def _called(self, request: Request, name: str, args: Json) -> Json:
        self._check_token(request, name, args)
        method = self._methods.get(name)
        if method is None:
            raise SlackError("unknown_method")
        if (needed := SCOPES.get(name)) and needed not in self.scopes:
            raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))
        if (wait := self.limits.retry_after(name, args)) is not None:
            raise SlackError("ratelimited", retry_after=wait)
        return method(args)

    def _check_token(self, request: Request, name: str, args: Json) -> None:
        bearer = request.headers.get("authorization", "")
        token = bearer[7:] if bearer.startswith("Bearer ") else args.get("token", "")
        if not token:
            raise SlackError("not_authed")
        if token not in (self.token, self.app_token):
            raise SlackError("invalid_auth")
        if (token == self.app_token) != (name == OPEN_CONNECTION):
            raise SlackError("not_allowed_token_type")

    def _granted(self, name: str) -> dict[str, str]:
        scopes = {"connections:write"} if name == OPEN_CONNECTION else self.scopes
        return {"x-oauth-scopes": ",".join(sorted(scopes)), "x-accepted-oauth-scopes": SCOPES.get(name, "")}

    # What a person would see.

    def write_page(self, path: Path, channel: str | None = None) -> None:
        """The channel as one HTML file with its pictures inside."""
        with self.workspace.lock:
            page = self._channel_page(channel or next(iter(self.workspace.rooms)))
        path.write_bytes(page.encode("utf-8", "replace"))

    def write_json(self, path: Path) -> None:
        """Every channel's messages, as Slack keeps them."""
        kept = {room.channel.name: room.messages for room in self.workspace.rooms.values()}
        path.write_text(json.dumps(kept, indent=1), "utf-8")

    async def _show_channel(self, request: Request) -> Response:
        with self.workspace.lock:
            try:
                return _html(self._channel_page(request.path_params["name"]))
            except SlackError:
                return PlainTextResponse("no such channel", 404)

    async def _show_home(self, request: Request) -> Response:
        with self.workspace.lock:
            person = self.workspace.person(request.path_params["user"])
            home = self._views.home(person.id)
            return _html(surface_page(self._seen("Beadle", f"Home · {person.name}"), home))

    async def _show_modal(self, request: Request) -> Response:
        with self.workspace.lock:
            view = self._views.anywhere(request.path_params["view"])
            if view is None:
                return PlainTextResponse("no such view", 404)
            return _html(surface_page(self._seen("Beadle", "Modal"), view, self._views.complaints(view["id"])))

    def _channel_page(self, name: str) -> str:
        room = self.workspace.room(name)
        whispers = [one for one in self.workspace.ephemerals if one["channel"] == room.channel.id]
        messages = sorted([*room.messages, *whispers], key=lambda one: str(one["ts"]))
        return channel_page(self._seen(room.channel.name, room.channel.purpose), messages)

    def _seen(self, name: str, purpose: str) -> ChannelView:
        pictures = {upload.id: upload.content for upload in self.workspace.uploads.values() if upload.complete}
        return ChannelView(name, purpose, TEAM["team"], pictures, self.workspace.names() | {BOT["user_id"]: "Beadle"})


def _html(page: str) -> Response:
    headers = {"content-security-policy": CSP}
    return Response(page.encode("utf-8", "replace"), 200, headers, "text/html; charset=utf-8")


def _json_response(body: Json, headers: Mapping[str, str], status: int = 200) -> Response:
    # ASCII, as a lone surrogate can't be written as UTF-8.
    return Response(json.dumps(body), status, dict(headers), media_type="application/json; charset=utf-8")


async def _arguments(request: Request) -> Json:
    args: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            sent = json.loads(await request.body() or b"{}")
        except ValueError:
            return args
        return args | (sent if isinstance(sent, dict) else {})
    if request.method == "POST":
        async with request.form() as form:
            args |= {key: value for key, value in form.items() if isinstance(value, str)}
    return args
