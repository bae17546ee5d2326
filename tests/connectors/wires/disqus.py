"""A Disqus forum's wire: API 3.0 as it answers a moderator's token."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

API_KEY, API_SECRET = "public0key0of0the0app0123456789", "s3cret0key0of0the0app0123456789"
ACCESS_TOKEN = "acc3ss0token0of0the0moderator01"
OWN = {"id": "900", "username": "city_of_x", "name": "City of X", "isAnonymous": False}
STATES: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "approved": lambda row: row["isApproved"] and not row["isSpam"] and not row["isDeleted"],
    "unapproved": lambda row: not row["isApproved"] and not row["isSpam"] and not row["isDeleted"],
    "deleted": lambda row: row["isDeleted"],
    "spam": lambda row: row["isSpam"],
}
READS = ["posts/details", "posts/list", "threads/list", "forums/details", "forums/listModerators", "users/details"]
ACTS = {
    "posts/remove": ("hide", {"isDeleted": True}),
    "posts/restore": ("unhide", {"isDeleted": False}),
    "posts/approve": ("approve", {"isApproved": True, "isSpam": False}),
    "posts/spam": ("spam", {"isSpam": True, "isApproved": False}),
}


@dataclass
class Wire(BaseWire):
    """The forum ``cityblog``. ``rows`` and ``threads`` by number, as the API writes them."""

    platform: ClassVar[str] = "disqus"
    base_url: ClassVar[str] = "https://disqus.com"
    page_id: ClassVar[str] = "cityblog"
    token: ClassVar[str] = json.dumps({"api_key": API_KEY, "api_secret": API_SECRET, "access_token": ACCESS_TOKEN})
    secrets: ClassVar[tuple[str, ...]] = (API_SECRET, ACCESS_TOKEN)
    unable: ClassVar[Mapping[str, str]] = {
        "test_no_address_carries_the_token": "Disqus reads the keys of a GET from its query and from no header.",
    }

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    threads: dict[int, dict[str, Any]] = field(default_factory=dict)
    broken: dict[int, tuple[str, Any]] = field(default_factory=dict)
    forum_is_seen: bool = True
    restored_as: dict[str, Any] = field(default_factory=dict)

    # What happens on the page.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        self.threads[number] = {
            "id": str(number),
            "forum": self.page_id,
            "title": f"Snow &amp; ice {number}",
            "clean_title": f"Snow & ice {number}",
            "link": f"https://blog.city.example/{number}/",
            "createdAt": _time(at),
            "posts": 0,
            "isClosed": False,
            "isDeleted": False,
        }
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
        self.threads[int(post_id)]["posts"] += 1
        self.rows[number] = {
            "id": str(number),
            "forum": self.page_id,
            "thread": post_id,
            "parent": int(parent.comment_id) if parent else None,
            "author": OWN if by_city else _account(author),
            "raw_message": text,
            "message": f"<p>{html.escape(text)}</p>",
            "createdAt": _time(at),
            "isApproved": True,
            "isSpam": False,
            "isDeleted": False,
            "isEdited": False,
            "isFlagged": False,
            "likes": 0,
            "dislikes": 0,
            "media": [],
            "url": f"https://blog.city.example/{post_id}/#comment-{number}",
        }
        return CommentRef("disqus", self.page_id, str(number))

    def edit(self, ref: CommentRef, text: str) -> None:
        row = self.rows[int(ref.comment_id)]
        row.update(raw_message=text, message=f"<p>{html.escape(text)}</p>", isEdited=True)

    def vanish(self, ref: CommentRef) -> None:
        self.rows.pop(int(ref.comment_id), None)

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        self.rows[int(ref.comment_id)]["isDeleted"] = hidden

    def is_hidden(self, ref: CommentRef) -> bool:
        return not STATES["approved"](self.rows[int(ref.comment_id)])

    def damage(self, ref: CommentRef, how: Damage) -> None:
        kind, key = how.split()[0], {"id": "id", "time": "createdAt"}[how.split()[1]]
        self.broken[int(ref.comment_id)] = (key, None if kind == "no" else "../x?y")

    # The wire.

    def serve(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.removeprefix("/api/3.0/").removesuffix(".json")
        body = request.content.decode() if request.method == "POST" else request.url.query.decode()
        params = parse_qsl(body, keep_blank_values=True)
        told = dict(params)
        if told.get("api_secret") != API_SECRET:
            return self.error(403, 5, "Invalid API key")
        if told.get("access_token") != ACCESS_TOKEN:
            return self.error(401, 4, "You must be authenticated to perform this action")
        if name in ACTS:
            return self._act(name, request.method, told)
        if name not in READS:
            return self.error(400, 1, "Endpoint not valid")
        if request.method != "GET":
            return self.error(400, 7, "You cannot access this resource using POST")
        answer: httpx.Response = getattr(self, "_" + name.replace("/", "_"))(params, told)
        return answer

    def error(self, status: int, code: int, sentence: str) -> httpx.Response:
        """An error as Disqus words it."""
        return self.json({"code": code, "response": sentence}, status)

    def _ok(self, response: Any, **more: Any) -> httpx.Response:
        headers = {"X-Ratelimit-Limit": "1000", "X-Ratelimit-Remaining": "990"}
        headers["X-Ratelimit-Reset"] = str(int((self.clock() + timedelta(minutes=30)).timestamp()))
        return self.json({"code": 0, **more, "response": response}, 200, **headers)

    def _act(self, name: str, method: str, told: Mapping[str, str]) -> httpx.Response:
        if method != "POST":
            return self.error(400, 7, "You cannot access this resource using GET")
        row = self.rows.get(int(told["post"]))
        if row is None:
            return self.error(400, 2, f"Invalid argument, 'post': Unable to find post '{told['post']}'")
        word, change = ACTS[name]
        row.update({**change, **(self.restored_as if name == "posts/restore" else {})})
        self.wrote(f"{word} {row['id']}")
        return self._ok([{"id": row["id"]}])

    def _posts_details(self, params: list[tuple[str, str]], told: Mapping[str, str]) -> httpx.Response:
        row = self.rows.get(int(told["post"]))
        if row is None or not self.forum_is_seen:
            return self.error(400, 2, f"Invalid argument, 'post': Unable to find post '{told['post']}'")
        return self._ok(self._shown(row, told.get("related")))

    def _posts_list(self, params: list[tuple[str, str]], told: Mapping[str, str]) -> httpx.Response:
        wanted = [value for key, value in params if key == "include"] or ["approved"]
        rows = [row for row in self.rows.values() if any(STATES[state](row) for state in wanted)]
        answer = self._page(rows, told, hollow=True)
        if self.between_pages:
            self.between_pages()
        return answer

    def _threads_list(self, params: list[tuple[str, str]], told: Mapping[str, str]) -> httpx.Response:
        return self._page(list(self.threads.values()), told)

    def _page(self, rows: list[dict[str, Any]], told: Mapping[str, str], *, hollow: bool = False) -> httpx.Response:
        if told["forum"] != self.page_id or not 1 <= int(told["limit"]) <= 100:
            return self.error(400, 2, "Invalid argument")
        since = float(told.get("since", "0"))
        rows = [row for row in rows if _seconds(row["createdAt"]) > since]
        rows.sort(key=lambda row: (row["createdAt"], int(row["id"])), reverse=told.get("order", "desc") == "desc")
        if hollow and self.empty_pages:
            self.empty_pages -= 1
            return self._ok([], cursor={"hasNext": True, "next": f"hollow{self.empty_pages}:0:0"})
        mark = told.get("cursor", "")
        start = int(mark.split(":")[1]) if mark and not mark.startswith("hollow") else 0
        end = start + int(told["limit"])
        following = "1795000000000000:0:0" if self.same_mark and hollow else f"1795000000000000:{end}:0"
        more = (self.same_mark and hollow) or end < len(rows)
        shown = [self._shown(row, told.get("related")) for row in rows[start:end]]
        return self._ok(shown, cursor={"prev": None, "hasNext": more, "next": following})

    def _shown(self, row: dict[str, Any], related: str | None) -> dict[str, Any]:
        if "thread" not in row:
            return row
        key, value = self.broken.get(int(row["id"]), ("id", row["id"]))
        thread = self.threads[int(row["thread"])] if related == "thread" else row["thread"]
        return {**row, "thread": thread, key: value}

    def _forums_details(self, params: list[tuple[str, str]], told: Mapping[str, str]) -> httpx.Response:
        if not self.forum_is_seen:
            return self.error(400, 22, "You do not have the appropriate permissions to access this resource")
        return self._ok({"id": self.page_id, "name": "City of X blog"})

    def _forums_listModerators(self, params: list[tuple[str, str]], told: Mapping[str, str]) -> httpx.Response:
        return self._ok([{"id": "901", "username": "clerk"}])

    def _users_details(self, params: list[tuple[str, str]], told: Mapping[str, str]) -> httpx.Response:
        return self._ok(OWN)


def _account(author: Resident | None) -> dict[str, Any]:
    if author is None:
        return {"name": "Guest", "isAnonymous": True}
    handle = f"user{author[0]}"
    profile = f"https://disqus.com/by/{handle}/"
    return {"id": author[0], "username": handle, "name": author[1], "isAnonymous": False, "profileUrl": profile}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _seconds(told: str) -> float:
    return datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp()
