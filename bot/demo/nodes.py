"""The page, its posts and its comments as Graph nodes: fields, edges, cursors and the addresses of further pages."""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bot.demo import graph_errors
from bot.demo.fields import Field, write_fields
from bot.demo.script import Account
from bot.demo.wall import Wall, WallComment, WallPost

VERSION = "v26.0"
DEFAULT_LIMIT, MOST = 25, 100
Json = dict[str, Any]
Params = Mapping[str, str]
Place = tuple[int, int]

COMMENT_DEFAULT = tuple(Field(name) for name in ("created_time", "from", "message", "id"))
POST_DEFAULT = tuple(Field(name) for name in ("created_time", "message", "id"))
PAGE_DEFAULT = (Field("name"), Field("id"))
ACCOUNT_DEFAULT = PAGE_DEFAULT
# Known to the Graph and never filled here; any other name is an error, as it is there.
COMMENT_EMPTY = frozenset(
    ("admin_creator", "application", "likes", "live_broadcast_timestamp", "message_tags", "private_reply_conversation",
     "reactions")
)  # fmt: skip
POST_EMPTY = frozenset(
    ("attachments", "full_picture", "icon", "message_tags", "place", "properties", "shares", "story", "to", "via")
)
PAGE_EMPTY = frozenset(
    ("bio", "company_overview", "emails", "general_info", "impressum", "location", "mission", "phone", "picture")
)
ATTACHMENT_TYPES = {
    "photo": "photo",
    "video": "video_inline",
    "sticker": "sticker",
    "animation": "animated_image_share",
    "link": "share",
}


@dataclass
class Links:
    """Where the town's servers are; filled in when they listen."""

    graph: str = ""
    page: str = ""


class Nodes:
    """Answers reads. ``identities``: whether the token may see who comments; if not, ``from`` is absent, not null."""

    def __init__(self, wall: Wall, links: Links, token: str, identities: Callable[[], bool]) -> None:
        self._wall = wall
        self._links = links
        self._token = token
        self._identities = identities

    def page(self, fields: tuple[Field, ...] | None) -> Json:
        return self._node(fields or PAGE_DEFAULT, self._page_field, self._wall.page_id)

    def post(self, post: WallPost, fields: tuple[Field, ...] | None) -> Json:
        return self._node(fields or POST_DEFAULT, lambda one: self._post_field(post, one), post.id)

    def comment(self, comment: WallComment, fields: tuple[Field, ...] | None) -> Json:
        return self._node(fields or COMMENT_DEFAULT, lambda one: self._comment_field(comment, one), comment.id)

    def posts(self, edge: str, params: Params, fields: tuple[Field, ...] | None) -> Json:
        """``published_posts`` (the page's own), ``feed`` (all) or ``visitor_posts``, newest first."""
        wanted = {"published_posts": (True,), "feed": (True, False), "visitor_posts": (False,)}[edge]
        posts = [post for post in self._wall.posts() if post.by_page in wanted]
        after, before = _cursor(params, "after"), _cursor(params, "before")
        since, until = _moment(params, "since"), _moment(params, "until")
        chosen: Iterable[WallPost] = (
            post
            for post in posts
            if (since is None or post.place[0] >= since)
            and (until is None or post.place[0] <= until)
            and (after is None or post.place < after)
            and (before is None or post.place > before)
        )
        if before:
            chosen = reversed(list(chosen))
        window = _window(chosen, _limit(params), backwards=before is not None)
        rows = [self.post(post, fields) for post in window.rows]
        # The Graph gives a "next" after any full page of posts, and that page may turn out to be empty.
        full = len(rows) == _limit(params) > 0
        return self._edge(self._wall.page_id, edge, params, fields, rows, [post.place for post in window.rows], full)

    def comments(self, post_id: str, params: Params, fields: tuple[Field, ...] | None) -> Json:
        """The ``comments`` edge of a post. Without ``filter=stream`` replies are left out, as on the Graph."""
        newest_first = _choice(params, "order", ("chronological", "reverse_chronological")) == "reverse_chronological"
        toplevel = _choice(params, "filter", ("toplevel", "stream")) == "toplevel"
        since, before = _moment(params, "since"), _cursor(params, "before")
        walk = self._wall.walk(post_id, newest_first=newest_first, after=_cursor(params, "after"), before=before)
        fresh = _since(walk, since, newest_first=newest_first != (before is not None))
        chosen = (one for one in fresh if not (toplevel and one.parent_id))
        edge = self._comment_window(post_id, chosen, params, fields)
        if "summary" in params:
            edge["summary"] = self._summary(self._wall.count(post_id), newest_first)
        return edge

    def replies(self, comment: WallComment, params: Params, fields: tuple[Field, ...] | None) -> Json:
        """The ``comments`` edge of a comment."""
        newest_first = _choice(params, "order", ("chronological", "reverse_chronological")) == "reverse_chronological"
        replies = self._wall.replies(comment.id)
        after, before, since = _cursor(params, "after"), _cursor(params, "before"), _moment(params, "since")
        if newest_first != (before is not None):
            replies.reverse()
        chosen = (
            one
            for one in replies
            if (after is None or (one.place < after if newest_first else one.place > after))
            and (before is None or (one.place > before if newest_first else one.place < before))
            and (since is None or one.place[0] >= since)
        )
        edge = self._comment_window(comment.id, chosen, params, fields)
        if "summary" in params:
            edge["summary"] = self._summary(len(replies), newest_first)
        return edge

    def _comment_window(
        self, owner: str, chosen: Iterable[WallComment], params: Params, fields: tuple[Field, ...] | None
    ) -> Json:
        window = _window(chosen, _limit(params), backwards="before" in params)
        rows = [self.comment(one, fields) for one in window.rows]
        return self._edge(owner, "comments", params, fields, rows, [one.place for one in window.rows], window.more)

    def _edge(
        self,
        owner: str,
        edge: str,
        params: Params,
        fields: tuple[Field, ...] | None,
        rows: list[Json],
        places: list[Place],
        more: bool,
    ) -> Json:
        if not rows:
            return {"data": []}
        first, last = write_cursor(places[0]), write_cursor(places[-1])
        paging: Json = {"cursors": {"before": first, "after": last}}
        backwards = "before" in params
        address = self._address(owner, edge, params, fields)
        if more or backwards:
            paging["next"] = f"{address}&after={last}"
        if ("after" in params) or (backwards and more):
            paging["previous"] = f"{address}&before={first}"
        return {"data": rows, "paging": paging}

    def _address(self, owner: str, edge: str, params: Params, fields: tuple[Field, ...] | None) -> str:
        kept = {key: params[key] for key in ("filter", "order", "since", "until", "summary") if key in params}
        query = {"access_token": self._token, "pretty": "0", "limit": str(_limit(params)), **kept}
        if fields:
            query["fields"] = write_fields(fields)
        return f"{self._links.graph}/{VERSION}/{owner}/{edge}?{urlencode(query)}"

    def _node(self, fields: tuple[Field, ...], value_of: Callable[[Field], Any], node_id: str) -> Json:
        values = {one.modifiers.get("as", one.name): value_of(one) for one in fields}
        return {key: value for key, value in values.items() if value is not None} | {"id": node_id}

    def _page_field(self, one: Field) -> Any:
        masthead = self._wall.masthead
        if one.name in ("published_posts", "feed", "visitor_posts", "posts"):
            edge = "published_posts" if one.name == "posts" else one.name
            return _or_absent(self.posts(edge, one.modifiers, one.inner))
        values = {
            "id": self._wall.page_id,
            "name": masthead.name,
            "about": masthead.about,
            "description": masthead.description,
            "category": masthead.category,
            "link": f"{self._links.page}/{masthead.slug}",
            "username": masthead.slug,
            "website": masthead.website,
            "fan_count": masthead.followers,
            "followers_count": masthead.followers,
            "is_published": True,
            "verification_status": "blue_verified",
        }
        return _known(values, PAGE_EMPTY, one, "Page")

    def _post_field(self, post: WallPost, one: Field) -> Any:
        if one.name == "comments":
            return _or_absent(self.comments(post.id, one.modifiers, one.inner))
        values = {
            "id": post.id,
            "created_time": graph_time(post.created_at),
            "updated_time": graph_time(self._wall.updated_at(post.id)),
            "permalink_url": self._permalink(post),
            "message": post.text,
            "from": self._from(post.by, one),
            "is_hidden": False,
            "is_published": True,
            "is_expired": False,
            "status_type": "mobile_status_update" if post.by_page else "wall_post",
        }
        return _known(values, POST_EMPTY, one, "Post")

    def _comment_field(self, comment: WallComment, one: Field) -> Any:
        if one.name == "comments":
            return _or_absent(self.replies(comment, one.modifiers, one.inner))
        if one.name == "parent":
            return self._parent(comment, one)
        if one.name == "object":
            return self.post(self._wall.post(comment.post_id), one.inner)
        if one.name == "comment_count":
            return len(self._wall.replies(comment.id))
        values = {
            "id": comment.id,
            "created_time": graph_time(comment.created_at),
            "message": comment.text,
            "from": self._from(comment.by, one),
            "permalink_url": self._permalink(self._wall.post(comment.post_id), comment),
            "is_hidden": comment.hidden,
            "is_private": False,
            "can_hide": not comment.by_page,
            "can_remove": True,
            "can_comment": True,
            "can_like": True,
            "can_reply_privately": not comment.by_page and comment.id not in self._wall.told,
            "like_count": 0,
            "user_likes": False,
            "attachment": self._attachment(comment),
        }
        return _known(values, COMMENT_EMPTY, one, "Comment")

    def _parent(self, comment: WallComment, one: Field) -> Json | None:
        if comment.parent_id is None:
            return None
        return self.comment(self._wall.live(comment.parent_id), one.inner)

    def _from(self, account: Account | None, one: Field) -> Json | None:
        if account is None:
            shown: Json = {"name": self._wall.masthead.name, "id": self._wall.page_id}
        elif account.anonymous or not self._identities():
            return None
        else:
            shown = {"name": account.name, "id": account.id}
        wanted = [field.name for field in one.inner or ACCOUNT_DEFAULT]
        return {name: shown[name] for name in dict.fromkeys([*wanted, "id"]) if name in shown}

    def _attachment(self, comment: WallComment) -> Json | None:
        attachment = comment.attachment
        if attachment is None:
            return None
        url = attachment.url or f"{self._links.page}/media/{comment.number}"
        facts: Json = {"type": ATTACHMENT_TYPES[attachment.kind], "url": url, "target": {"url": url}}
        if attachment.kind != "link":
            # Media addresses are signed anew at each answer, as the platform's are.
            source = f"{self._links.page}/media/{comment.number}.png?sig={graph_errors.trace_id()}"
            facts["media"] = {"image": {"height": 480, "src": source, "width": 720}}
        return facts | ({"title": attachment.title} if attachment.title else {})

    def _permalink(self, post: WallPost, comment: WallComment | None = None) -> str:
        address = f"{self._links.page}/{self._wall.masthead.slug}/posts/{post.number}"
        if comment is None:
            return address
        if comment.parent_id is None:
            return f"{address}?comment_id={comment.number}"
        parent = comment.parent_id.partition("_")[2]
        return f"{address}?comment_id={parent}&reply_comment_id={comment.number}"

    def _summary(self, total: int, newest_first: bool) -> Json:
        order = "reverse_chronological" if newest_first else "chronological"
        return {"order": order, "total_count": total, "can_comment": True}


def graph_time(moment: datetime) -> str:
    """``2026-11-19T10:00:00+0000``: no colon in the offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def write_cursor(place: Place) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(f"{place[0]}:{place[1]}".encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Window:
    rows: list[Any]
    more: bool


def _window(entries: Iterable[Any], limit: int, *, backwards: bool) -> _Window:
    """The first ``limit`` entries, and whether there are more. Going back, they come nearest first and are turned."""
    taken = list(itertools.islice(entries, limit + 1))
    rows = taken[:limit]
    return _Window(rows[::-1] if backwards else rows, len(taken) > limit)


def _since(walk: Iterator[WallComment], since: int | None, *, newest_first: bool) -> Iterator[WallComment]:
    if since is None:
        return walk
    if newest_first:
        return itertools.takewhile(lambda one: one.place[0] >= since, walk)
    return itertools.dropwhile(lambda one: one.place[0] < since, walk)


def _or_absent(edge: Json) -> Json | None:
    """A nested edge without rows isn't sent at all."""
    return edge if edge["data"] or "summary" in edge else None


def _known(values: Mapping[str, Any], empty: frozenset[str], one: Field, node: str) -> Any:
    if one.name not in values and one.name not in empty:
        raise graph_errors.unknown_field(one.name, node)
    return values.get(one.name)


def _limit(params: Params) -> int:
    raw = params.get("limit", str(DEFAULT_LIMIT))
    if not raw.isdecimal():
        raise graph_errors.invalid_parameter("Param limit must be a nonnegative number")
    return min(int(raw), MOST)


def _choice(params: Params, name: str, choices: tuple[str, ...]) -> str:
    chosen = params.get(name, choices[0]).lower()
    if chosen not in choices:
        listed = ", ".join(choices).upper()
        raise graph_errors.invalid_parameter(f"Param {name} must be one of {{{listed}}}")
    return chosen


def _moment(params: Params, name: str) -> int | None:
    raw = params.get(name)
    if raw is None:
        return None
    if raw.isdecimal():
        return int(raw)
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError as error:
        raise graph_errors.invalid_parameter(f"Param {name} must be a valid Unix timestamp or date") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _cursor(params: Params, name: str) -> Place | None:
    raw = params.get(name)
    if not raw:
        return None
    try:
        seconds, _, sequence = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).decode("ascii").partition(":")
        return int(seconds), int(sequence)
    except (ValueError, binascii.Error) as error:
        raise graph_errors.invalid_parameter("Invalid cursors values") from error
