"""A Discourse forum's wire: posts, topics, categories and the staff's pages, as the server writes them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

KEY = "d15c/secret+ForumKey=0123456789abcdef"
STAFF = {"id": 7, "username": "city_of_x", "name": "City of X", "moderator": True, "admin": False}
NOT_FOUND = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}
BAD_KEY = {
    "errors": ["You are not permitted to view the requested resource. The API username or key is invalid."],
    "error_type": "invalid_access",
}


@dataclass
class Wire(BaseWire):
    """The forum. ``posts`` by number, ``topics`` by number, both as the server serializes them."""

    platform: ClassVar[str] = "discourse"
    base_url: ClassVar[str] = "https://forum.city.example"
    page_id: ClassVar[str] = "5"
    token: ClassVar[str] = json.dumps({"api_key": KEY, "api_username": "city_of_x"})
    secrets: ClassVar[tuple[str, ...]] = (KEY,)
    connect: ClassVar[Mapping[str, Any]] = {"base_url": "https://forum.city.example"}

    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    topics: dict[int, dict[str, Any]] = field(default_factory=dict)
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    page: int = 3
    staff: bool = True
    _last: int = 100

    # What happens on the page.

    def publish(
        self, number: int, *, at: datetime = NOW - timedelta(days=1), by: Mapping[str, Any] = STAFF, category: int = 5
    ) -> str:
        topic = {
            "id": number,
            "title": f"Topic {number}",
            "slug": f"topic-{number}",
            "posts_count": 0,
            "created_at": _time(at),
            "last_posted_at": _time(at),
            "category_id": category,
            "archetype": "regular",
            "pinned": False,
            "visible": True,
        }
        self.topics[number] = topic
        self._write(number, f"<p>Post {number}</p>", at, by)
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
        by: Mapping[str, Any] = STAFF if by_city else self._resident(author)
        answered = self.posts[int(parent.comment_id)]["post_number"] if parent else None
        row = self._write(int(post_id), f"<p>{html.escape(text)}</p>", at, by, answered)
        return CommentRef("discourse", self.page_id, str(row["id"]))

    def edit(self, ref: CommentRef, text: str) -> None:
        row = self.posts[int(ref.comment_id)]
        row.update(cooked=f"<p>{html.escape(text)}</p>", raw=text, version=2, updated_at=_time(self.clock()))

    def vanish(self, ref: CommentRef) -> None:
        self.posts.pop(int(ref.comment_id), None)

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        self.posts[int(ref.comment_id)]["deleted_at"] = _time(self.clock()) if hidden else None

    def is_hidden(self, ref: CommentRef) -> bool:
        row = self.posts[int(ref.comment_id)]
        return row["deleted_at"] is not None or row["hidden"]

    def damage(self, ref: CommentRef, how: Damage) -> None:
        row = self.posts[int(ref.comment_id)]
        kind, key = how.split()[0], {"id": "id", "time": "created_at"}[how.split()[1]]
        if kind == "no":
            row["broken"] = (key, None)
        else:
            row["broken"] = (key, "../x?y")

    def _resident(self, author: Resident | None) -> dict[str, Any]:
        if author is None:
            return {"id": None, "username": "", "name": None}
        number = int(author[0])
        user = {"id": number, "username": f"user{number}", "name": author[1]}
        return self.users.setdefault(number, {**user, "silenced_till": None, "suspended_till": None})

    def _write(
        self, topic_id: int, cooked: str, at: datetime, by: Mapping[str, Any], answered: int | None = None
    ) -> dict[str, Any]:
        topic = self.topics[topic_id]
        topic["posts_count"] += 1
        topic["last_posted_at"] = max(topic["last_posted_at"], _time(at))
        self._last += 1
        number = 1 + sum(row["topic_id"] == topic_id for row in self.posts.values())
        self.posts[self._last] = {
            "id": self._last,
            "name": by["name"],
            "username": by["username"],
            "user_id": by["id"],
            "created_at": _time(at),
            "updated_at": _time(at),
            "cooked": cooked,
            "raw": re.sub(r"<[^>]*>", "", cooked),
            "post_number": number,
            "post_type": 1,
            "reply_to_post_number": answered,
            "reply_count": 0,
            "topic_id": topic_id,
            "topic_slug": topic["slug"],
            "topic_title": topic["title"],
            "category_id": topic["category_id"],
            "version": 1,
            "hidden": False,
            "deleted_at": None,
            "user_deleted": False,
            "can_delete": True,
            "post_url": f"/t/{topic['slug']}/{topic_id}/{number}",
        }
        return self.posts[self._last]

    # The wire.

    def serve(self, request: httpx.Request) -> httpx.Response:
        if (request.headers.get("api-key"), request.headers.get("api-username")) != (KEY, "city_of_x"):
            return self.json(BAD_KEY, 403)
        path, query = request.url.path, request.url.params
        for pattern, answer in (
            (r"/posts\.json", lambda: self._latest(query.get("before"))),
            (r"/posts/(\d+)\.json", self._post if request.method == "GET" else self._delete),
            (r"/posts/(\d+)/(recover|unhide)\.json", self._show_again),
            (r"/posts/by_number/(\d+)/(\d+)\.json", self._by_number),
            (r"/c/city/5\.json", lambda: self._topics(int(query["page"]))),
            (r"/latest\.json", lambda: self._topics(int(query["page"]))),
            (r"/t/(\d+)\.json", self._topic),
            (r"/categories\.json", self._categories),
            (r"/u/city_of_x\.json", self._account),
            (r"/admin/users/(\d+)\.json", self._user),
            (r"/admin/users/list/(silenced|suspended)\.json", lambda name: self._list(name, int(query["page"]))),
            (r"/admin/users/(\d+)/(un)?(silence|suspend)\.json", lambda *of: self._keep(request, *of)),
        ):
            if found := re.fullmatch(pattern, path):
                made: httpx.Response = answer(*found.groups())
                return made
        return self.json(NOT_FOUND, 404)

    def _latest(self, before: str | None) -> httpx.Response:
        top = 10**9 if before is None else int(before)
        public = sorted((n for n, row in self.posts.items() if row["deleted_at"] is None), reverse=True)
        if self.empty_pages and (before is None or int(before) > self._last + 1):
            # An older forum: the newest numbers of all belong to private messages.
            return self.json({"latest_posts": []})
        chosen = public if self.same_mark else [number for number in public if number < top]
        rows = [self._shape(self.posts[number]) for number in chosen[: self.page]]
        if self.between_pages:
            self.between_pages()
        return self.json({"latest_posts": rows})

    def _shape(self, row: dict[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in row.items() if key != "broken"}
        key, value = row.get("broken", (None, None))
        if key is not None:
            shown[key] = value
        return {name: each for name, each in shown.items() if not (name == key and value is None)}

    def _post(self, number: str) -> httpx.Response:
        row = self.posts.get(int(number))
        if row is None or (row["deleted_at"] is not None and not self.staff):
            return self.json(NOT_FOUND, 404)
        return self.json({key: each for key, each in self._shape(row).items() if not key.startswith("category")})

    def _by_number(self, topic: str, number: str) -> httpx.Response:
        for row in self.posts.values():
            if (row["topic_id"], row["post_number"]) == (int(topic), int(number)):
                return self.json(self._shape(row))
        return self.json(NOT_FOUND, 404)

    def _delete(self, number: str) -> httpx.Response:
        if int(number) not in self.posts:
            return self.json(NOT_FOUND, 404)
        self.posts[int(number)]["deleted_at"] = _time(self.clock())
        self.wrote(f"hide {number}")
        return httpx.Response(200, text="")

    def _show_again(self, number: str, how: str) -> httpx.Response:
        row = self.posts[int(number)]
        if how == "recover" and row["deleted_at"] is None:
            return self.json({"errors": ["You are not permitted."], "error_type": "invalid_access"}, 403)
        row["deleted_at" if how == "recover" else "hidden"] = None if how == "recover" else False
        self.wrote(f"show {number}")
        return self.json(self._shape(row)) if how == "recover" else httpx.Response(200, text="")

    def _topics(self, page: int) -> httpx.Response:
        topics = sorted(self.topics.values(), key=lambda topic: str(topic["last_posted_at"]), reverse=True)
        rows = topics[page * self.page : (page + 1) * self.page]
        told: dict[str, Any] = {"per_page": self.page, "topics": rows}
        if (page + 1) * self.page < len(topics):
            told["more_topics_url"] = f"/c/city/5/l/latest?page={page + 1}"
        return self.json({"topic_list": told})

    def _topic(self, number: str) -> httpx.Response:
        if int(number) not in self.topics:
            return self.json(NOT_FOUND, 404)
        rows = [row for row in self.posts.values() if row["topic_id"] == int(number)]
        stream = {"posts": [self._shape(row) for row in rows[:20]], "stream": [row["id"] for row in rows]}
        return self.json({**self.topics[int(number)], "post_stream": stream})

    def _categories(self) -> httpx.Response:
        below = [{"id": 6, "slug": "roads", "name": "Roads", "subcategory_ids": []}]
        city = {"id": 5, "slug": "city", "name": "City", "subcategory_ids": [6], "subcategory_list": below}
        return self.json({"category_list": {"categories": [{"id": 1, "slug": "other", "name": "Other"}, city]}})

    def _account(self) -> httpx.Response:
        return self.json({"user": {**STAFF, "moderator": self.staff}})

    def _user(self, number: str) -> httpx.Response:
        user = self.users.get(int(number))
        return self.json(user) if user else self.json(NOT_FOUND, 404)

    def _list(self, name: str, page: int) -> httpx.Response:
        key = f"{name}_till"
        return self.json([user for user in self.users.values() if user[key]] if page == 1 else [])

    def _keep(self, request: httpx.Request, number: str, undo: str | None, way: str) -> httpx.Response:
        user = self.users[int(number)]
        body = json.loads(request.content or b"{}")
        asked = {"silence": "silenced_till", "suspend": "suspend_until"}[way]
        kept = {"silence": "silenced_till", "suspend": "suspended_till"}[way]
        if not undo and not (body.get(asked) and body.get("reason")):
            return self.json({"failed": "FAILED", "errors": ["Reason can't be blank"]}, 400)
        user[kept] = None if undo else body[asked]
        self.wrote(f"{undo or ''}{way} {number}")
        return self.json({way: {kept: user[kept]}})


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "000Z"
