"""The page as a visitor without an account sees it: what is hidden or deleted isn't there. All content is local."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.demo.faults import Faults, hang
from bot.demo.listener import Listener
from bot.demo.picture import picture
from bot.demo.script import Account
from bot.demo.wall import Wall, WallComment, WallPost

MOST_THREADS = 200
"""A post shows its newest threads up to this many, and always the one that was asked for."""
HUES = (12, 32, 84, 142, 174, 204, 232, 268, 316, 344)
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"


class PageMode(StrEnum):
    """What a visitor gets: the page, or a wall that wants a login first."""

    OPEN = "open"
    LOGIN_WALL = "login_wall"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A comment as the template needs it."""

    id: str
    number: str
    name: str
    initials: str
    hue: int
    by_page: bool
    text: str
    at: datetime
    kind: str | None
    title: str
    wanted: bool
    replies: tuple[_Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class _ShownPost:
    """A post with the threads that are shown; ``total`` and ``left_out`` count what a visitor may see."""

    post: WallPost
    name: str
    initials: str
    hue: int
    by_page: bool
    threads: tuple[_Shown, ...]
    total: int
    left_out: int


class PublicPage:
    """The server. ``mode`` may be changed while it runs; ``faults`` hang, slow or break it."""

    def __init__(self, wall: Wall) -> None:
        self.faults = Faults()
        self.mode = PageMode.OPEN
        self._wall = wall
        routes = [
            Route("/media/{name}", _media),
            Route("/{slug}/comment-policy", self._policy),
            Route("/{slug}/posts/{number}", self._post),
            Route("/{slug}", self._front),
        ]
        self.listener = Listener(Starlette(routes=routes), self.faults)

    def hang(self, seconds: float = 3600.0) -> None:
        """From now on every page takes ``seconds`` and then breaks off; ``faults.clear()`` ends it."""
        self.faults.always(hang(seconds))

    def post_page(self, post: WallPost, *, comment: str = "", reply: str = "") -> str:
        """One post with its comments; ``comment`` and ``reply`` are numbers as in a permalink."""
        return self._render("page.html.j2", posts=[self._shown_post(post, comment, reply)])

    def _front(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        posts = [self._shown_post(post, "", "") for post in self._wall.posts()]
        return _page(self._render("page.html.j2", posts=posts))

    def _post(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        try:
            post = self._wall.post(f"{self._wall.page_id}_{request.path_params['number']}")
        except KeyError:
            return _page(self._render("gone.html.j2"), 404)
        query = request.query_params
        return _page(self.post_page(post, comment=query.get("comment_id", ""), reply=query.get("reply_comment_id", "")))

    def _policy(self, request: Request) -> Response:
        # Never behind the login wall: the notice has to be where anybody can read it.
        if request.path_params["slug"] != self._wall.masthead.slug:
            return PlainTextResponse("Not found", 404)
        return _page(self._render("policy.html.j2"))

    def _refusal(self, request: Request) -> Response | None:
        if request.path_params["slug"] != self._wall.masthead.slug:
            return PlainTextResponse("Not found", 404)
        return _page(self._render("login.html.j2")) if self.mode is PageMode.LOGIN_WALL else None

    def _shown_post(self, post: WallPost, comment: str, reply: str) -> _ShownPost:
        visible = [one for one in self._wall.walk(post.id, newest_first=False) if not one.hidden]
        tops = [one for one in visible if one.parent_id is None]
        replies = _by_parent(visible)
        kept = tops[-MOST_THREADS:]
        # The thread that was linked to comes first, however old it is.
        linked = [top for top in tops if top.number == comment]
        chosen = [*linked, *(top for top in kept if top.number != comment)]
        threads = tuple(self._shown(top, replies.get(top.id, []), reply or comment) for top in chosen)
        total = sum(1 + len(replies.get(top.id, ())) for top in tops)
        name = self._name(post.by)
        left_out = total - sum(1 + len(thread.replies) for thread in threads)
        return _ShownPost(post, name, _initials(name), _hue(name), post.by_page, threads, total, left_out)

    def _shown(self, one: WallComment, replies: list[WallComment], wanted: str) -> _Shown:
        name, attachment = self._name(one.by), one.attachment
        return _Shown(
            id=one.id,
            number=one.number,
            name=name,
            initials=_initials(name),
            hue=_hue(name),
            by_page=one.by_page,
            text=one.text,
            at=one.created_at,
            kind=attachment.kind if attachment else None,
            title=(attachment.title or "") if attachment else "",
            wanted=one.number == wanted,
            replies=tuple(self._shown(reply, [], wanted) for reply in replies),
        )

    def _name(self, account: Account | None) -> str:
        """The name shown. What the Graph keeps to itself (``anonymous``) any visitor can still read here."""
        return account.name if account else self._wall.masthead.name

    def _render(self, template: str, **values: object) -> str:
        return _TEMPLATES.get_template(template).render(masthead=self._wall.masthead, **values)


def _media(request: Request) -> Response:
    return Response(picture(request.path_params["name"].partition(".")[0]), media_type="image/png")


def _page(html: str, status: int = 200) -> Response:
    headers = {"content-security-policy": CSP, "x-content-type-options": "nosniff"}
    # A lone surrogate, which JSON may carry, can't be written as UTF-8.
    return Response(html.encode("utf-8", "replace"), status, headers, "text/html; charset=utf-8")


def _by_parent(visible: list[WallComment]) -> dict[str, list[WallComment]]:
    replies: dict[str, list[WallComment]] = {}
    for one in visible:
        if one.parent_id:
            replies.setdefault(one.parent_id, []).append(one)
    return replies


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def _hue(name: str) -> int:
    return HUES[zlib.crc32(name.encode("utf-8", "replace")) % len(HUES)]


def _readable(text: str) -> str:
    """Control characters that HTML can't hold, as the sign for a character that can't be shown."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "\ufffd", text)


_TEMPLATES = Environment(
    loader=PackageLoader("bot.demo"),
    autoescape=True,
    undefined=StrictUndefined,
)
_TEMPLATES.filters["readable"] = _readable
