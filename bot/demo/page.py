"""The page as a visitor without an account sees it: what is hidden or deleted isn't there. All content is local."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.demo.faults import Faults, hang
from bot.demo.listener import Listener
from bot.demo.wall import Wall, WallComment, WallPost

MOST_THREADS = 200
"""A post shows its newest threads up to this many, and always the one that was asked for."""
HUES = (12, 32, 84, 142, 174, 204, 232, 268, 316, 344)
NAMELESS = "Facebook user"
CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
_TEMPLATES = Environment(
    loader=PackageLoader("bot.demo"), autoescape=select_autoescape(default=True), undefined=StrictUndefined
)


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


class PublicPage:
    """The server. ``mode`` may be changed while it runs; ``faults`` hang, slow or break it."""

    def __init__(self, wall: Wall) -> None:
        self.faults = Faults()
        self.mode = PageMode.OPEN
        self._wall = wall
        slug = "/{slug}"
        routes = [
            Route("/media/{name}", self._media),
            Route(f"{slug}/comment-policy", self._policy),
            Route(f"{slug}/posts/{{number}}", self._post),
            Route(slug, self._front),
        ]
        self.listener = Listener(Starlette(routes=routes), self.faults)

    def hang(self, seconds: float = 3600.0) -> None:
        """From now on every page takes ``seconds`` and then breaks off; ``faults.clear()`` ends it."""
        self.faults.always(hang(seconds))

    def post_page(self, post: WallPost, *, comment: str = "", reply: str = "") -> str:
        """One post with its comments; ``comment`` and ``reply`` are numbers as in a permalink."""
        return self._render("page.html.j2", posts=[(post, *self._threads(post, comment, reply))], single=True)

    def _front(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        posts = [(post, *self._threads(post, "", "")) for post in self._wall.posts()]
        return _page(self._render("page.html.j2", posts=posts, single=False))

    def _post(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        number = request.path_params["number"]
        try:
            post = self._wall.post(f"{self._wall.page_id}_{number}")
        except KeyError:
            return _page(self._render("gone.html.j2"), 404)
        query = request.query_params
        return _page(self.post_page(post, comment=query.get("comment_id", ""), reply=query.get("reply_comment_id", "")))

    def _policy(self, request: Request) -> Response:
        return _page(self._render("policy.html.j2"))

    def _media(self, request: Request) -> Response:
        number = re.sub(r"\D", "", request.path_params["name"])
        picture = _TEMPLATES.get_template("picture.svg.j2").render(hue=HUES[zlib.crc32(number.encode()) % len(HUES)])
        return Response(picture, media_type="image/svg+xml", headers={"content-security-policy": CSP})

    def _refusal(self, request: Request) -> Response | None:
        if request.path_params["slug"] != self._wall.masthead.slug:
            return PlainTextResponse("Not found", 404)
        if self.mode is PageMode.LOGIN_WALL:
            return _page(self._render("login.html.j2"))
        return None

    def _threads(self, post: WallPost, comment: str, reply: str) -> tuple[list[_Shown], int]:
        """The threads to show, oldest first, and how many comments a visitor may see in all."""
        visible = [one for one in self._wall.walk(post.id, newest_first=False) if not one.hidden]
        tops = [one for one in visible if one.parent_id is None]
        replies: dict[str, list[WallComment]] = {}
        for one in visible:
            if one.parent_id:
                replies.setdefault(one.parent_id, []).append(one)
        total = sum(1 + len(replies.get(top.id, ())) for top in tops)
        chosen = [top for place, top in enumerate(tops) if place >= len(tops) - MOST_THREADS or top.number == comment]
        return [self._shown(top, replies.get(top.id, []), reply or comment) for top in chosen], total

    def _shown(self, one: WallComment, replies: list[WallComment], wanted: str) -> _Shown:
        name = self._name(one)
        return _Shown(
            id=one.id,
            number=one.number,
            name=name,
            initials=_initials(name),
            hue=HUES[zlib.crc32(name.encode("utf-8", "replace")) % len(HUES)],
            by_page=one.by_page,
            text=one.text,
            at=one.created_at,
            kind=one.attachment.kind if one.attachment else None,
            title=(one.attachment.title or "") if one.attachment else "",
            wanted=one.number == wanted,
            replies=tuple(self._shown(reply, [], wanted) for reply in replies),
        )

    def _name(self, one: WallComment) -> str:
        if one.by is None:
            return self._wall.masthead.name
        return NAMELESS if one.by.anonymous else one.by.name

    def _render(self, template: str, **values: object) -> str:
        return _TEMPLATES.get_template(template).render(masthead=self._wall.masthead, **values)


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, {"content-security-policy": CSP})


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"
