"""A WordPress site's wire: the REST API's comments, posts and users, as WordPress 6 answers an editor's account."""

from __future__ import annotations

import base64
import html
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

SITE = "https://blog.city.example"
PASSWORD = "Secr etWP Pass word 0123 4567"
OUR_ADDRESS, OUR_AGENT = "198.51.100.7", "beadle"
# The site's own time runs six hours behind UTC: what it calls "date" is local.
LOCAL = timedelta(hours=-6)
RIGHTS = {"moderate_comments": True, "edit_others_posts": True, "edit_posts": True, "read": True}
LISTED = {"all": ("approved", "hold"), "approve": ("approved",), "hold": ("hold",), "spam": ("spam",)}
KNOWN_PARAMS = {
    *("context", "status", "type", "orderby", "order", "after", "per_page", "page", "post", "_fields", "include"),
    *("has_published_posts",),
}


@dataclass
class Wire(BaseWire):
    """The site. ``comments`` and ``posts`` by number, as ``context=edit`` delivers them."""

    platform: ClassVar[str] = "wordpress"
    base_url: ClassVar[str] = SITE
    page_id: ClassVar[str] = "cityblog"
    token: ClassVar[str] = json.dumps({"user": "beadle", "password": PASSWORD})
    secrets: ClassVar[tuple[str, ...]] = (PASSWORD, PASSWORD.replace(" ", ""))
    connect: ClassVar[Mapping[str, Any]] = {"base_url": SITE}

    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    broken: dict[int, tuple[str, Any]] = field(default_factory=dict)
    rights: dict[str, bool] = field(default_factory=lambda: dict(RIGHTS))
    tells_authors: bool = True
    keeps_trash: bool = True
    hollow_pages: int = 0

    # What happens on the page.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1), kind: str = "post") -> str:
        self.posts[number] = {
            "id": number,
            **_dates(at),
            "type": kind,
            "link": f"{SITE}/post-{number}/",
            "title": {"rendered": f"Snow &#038; ice {number}"},
            "content": {"rendered": f"<p>Post {number}</p>\n", "protected": False},
            "author": 1,
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
        user: int = 0,
    ) -> CommentRef:
        post = self.posts[int(post_id)]
        kind = {"post": "posts", "page": "pages"}.get(post["type"], post["type"])
        raw = html.escape(text, quote=False)
        self.comments[number] = {
            "id": number,
            "post": post["id"],
            "parent": int(parent.comment_id) if parent else 0,
            "author": 1 if by_city else user,
            "author_name": "City of X" if by_city else html.escape(author[1]) if author else "",
            "author_email": "clerk@city.example" if by_city else f"R{author[0]}@x.example" if author else "",
            "author_url": "",
            "author_ip": "203.0.113.5",
            "author_user_agent": "Mozilla/5.0 (a resident)",
            **_dates(at),
            "content": {"rendered": f"<p>{raw}</p>\n", "raw": raw},
            "link": f"{post['link']}#comment-{number}",
            "status": "approved",
            "type": "comment",
            "meta": [],
            "_links": {"up": [{"embeddable": True, "href": f"{SITE}/wp-json/wp/v2/{kind}/{post['id']}"}]},
        }
        return CommentRef("wordpress", self.page_id, str(number))

    def edit(self, ref: CommentRef, text: str) -> None:
        raw = html.escape(text, quote=False)
        self.comments[int(ref.comment_id)]["content"] = {"rendered": f"<p>{raw}</p>\n", "raw": raw}

    def vanish(self, ref: CommentRef) -> None:
        self.comments.pop(int(ref.comment_id), None)

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        self.comments[int(ref.comment_id)]["status"] = "hold" if hidden else "approved"

    def is_hidden(self, ref: CommentRef) -> bool:
        return bool(self.comments[int(ref.comment_id)]["status"] != "approved")

    def damage(self, ref: CommentRef, how: Damage) -> None:
        kind, key = how.split()[0], {"id": "id", "time": "date_gmt"}[how.split()[1]]
        self.broken[int(ref.comment_id)] = (key, None if kind == "no" else "../x?y")

    # The wire.

    def serve(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params
        path = query.get("rest_route") or request.url.path.removeprefix("/wp-json")
        if path == "/":
            return self.json({"name": "City of X", "gmt_offset": -6, "timezone_string": "America/Chicago"})
        if not _is_ours(request):
            return self.error(401, "rest_not_logged_in", "You are not currently logged in.")
        if set(query) - {"rest_route"} - KNOWN_PARAMS:
            return self.error(400, "rest_invalid_param", "Invalid parameter(s)")
        found = re.fullmatch(r"/wp/v2/(\w+)(?:/(\w+))?", path)
        known = found and getattr(self, f"_{found[1]}", None)
        if not found or not known:
            return self.error(404, "rest_no_route", "No route was found matching the URL and request method.")
        answer: httpx.Response = known(request, found[2])
        return answer

    def error(self, status: int, code: str, message: str) -> httpx.Response:
        """An error as WordPress words it."""
        return self.json({"code": code, "message": message, "data": {"status": status}}, status)

    def _comments(self, request: httpx.Request, number: str | None) -> httpx.Response:
        if number is None:
            return self._list(request.url.params)
        row = self.comments.get(int(number))
        if row is None:
            return self.error(404, "rest_comment_invalid_id", "Invalid comment ID.")
        if request.method == "GET":
            return self.json(self._shown(row))
        if not self.rights.get("moderate_comments"):
            return self.error(403, "rest_cannot_edit", "Sorry, you are not allowed to edit this comment.")
        return self._delete(row) if request.method == "DELETE" else self._update(row, json.loads(request.content))

    def _update(self, row: dict[str, Any], told: Mapping[str, str]) -> httpx.Response:
        if not re.fullmatch(r"[0-9a-f.:]+", told.get("author_ip", OUR_ADDRESS)):
            return self.error(400, "rest_invalid_param", "Invalid parameter(s): author_ip")
        # What is not sent along is overwritten with what the call itself came from.
        row["author_ip"] = told.get("author_ip", OUR_ADDRESS)
        row["author_user_agent"] = told.get("author_user_agent") or OUR_AGENT
        wanted = {"hold": "hold", "approve": "approved", "spam": "spam"}.get(told["status"])
        # An unknown status is no error: nothing happens.
        if wanted and wanted != row["status"]:
            row["status"] = wanted
            self.wrote(f"{ {'hold': 'hide', 'approved': 'unhide'}.get(wanted, wanted) } {row['id']}")
        return self.json(self._shown(row))

    def _delete(self, row: dict[str, Any]) -> httpx.Response:
        if not self.keeps_trash:
            return self.error(501, "rest_trash_not_supported", "The comment does not support trashing.")
        if row["status"] == "trash":
            return self.error(410, "rest_already_trashed", "The comment has already been trashed.")
        row["status"] = "trash"
        self.wrote(f"trash {row['id']}")
        return self.json(self._shown(row))

    def _list(self, query: httpx.QueryParams) -> httpx.Response:
        if query.get("context") == "edit" and not self.rights.get("moderate_comments"):
            return self.error(403, "rest_forbidden_context", "Sorry, you are not allowed to edit comments.")
        wanted = LISTED.get(query.get("status", "approve"), (query.get("status"),))
        rows = [row for row in self.comments.values() if row["status"] in wanted]
        if "post" in query:
            rows = [row for row in rows if row["post"] == int(query["post"])]
        rows = sorted(_after(rows, query), key=lambda row: (row["date_gmt"], row["id"]))
        if query.get("order", "desc") == "desc":
            rows.reverse()
        answer = self._page(rows, query, hollow="after" in query and query.get("status") == "all")
        if self.between_pages:
            self.between_pages()
        return answer

    def _page(self, rows: list[dict[str, Any]], query: httpx.QueryParams, *, hollow: bool = False) -> httpx.Response:
        size, number = int(query.get("per_page", "10")), int(query.get("page", "1"))
        if not 1 <= size <= 100:
            return self.error(400, "rest_invalid_param", "Invalid parameter(s): per_page")
        if hollow and self.empty_pages:
            # Rows that the account may not read are taken out after paging: the first pages may be empty.
            self.empty_pages, self.hollow_pages = self.empty_pages - 1, self.hollow_pages + 1
            return self.json([], 200, **_totals(len(rows), size, self.hollow_pages + self.empty_pages))
        before = self.hollow_pages if hollow else 0
        start = 0 if self.same_mark and hollow else (number - 1 - before) * size
        shown = [self._shown(row) for row in rows[start : start + size]]
        return self.json(shown, 200, **_totals(len(rows), size, before))

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        key, value = self.broken.get(row["id"], (None, None)) if row.get("type") == "comment" else (None, None)
        return row if key is None else {**row, key: value}

    def _posts(self, request: httpx.Request, number: str | None) -> httpx.Response:
        return self._articles(request, number, "post")

    def _pages(self, request: httpx.Request, number: str | None) -> httpx.Response:
        return self._articles(request, number, "page")

    def _articles(self, request: httpx.Request, number: str | None, kind: str) -> httpx.Response:
        rows = [row for row in self.posts.values() if row["type"] == kind]
        if number is not None:
            found = [row for row in rows if row["id"] == int(number)]
            return self.json(found[0]) if found else self.error(404, "rest_post_invalid_id", "Invalid post ID.")
        query = request.url.params
        if "include" in query:
            rows = [row for row in rows if str(row["id"]) in query["include"].split(",")]
        rows = sorted(_after(rows, query), key=lambda row: (row["date_gmt"], row["id"]))
        if int(query.get("page", "1")) > max(math.ceil(len(rows) / int(query["per_page"])), 1):
            return self.error(400, "rest_post_invalid_page_number", "The page number requested is larger.")
        return self._page(rows, query)

    def _users(self, request: httpx.Request, number: str | None) -> httpx.Response:
        if number == "me":
            return self.json({"id": 2, "name": "beadle", "capabilities": self.rights})
        if not self.tells_authors:
            return self.error(403, "rest_user_cannot_view", "Sorry, you are not allowed to list users.")
        return self.json([{"id": 1}])


def _is_ours(request: httpx.Request) -> bool:
    pair = base64.b64encode(f"beadle:{PASSWORD}".encode()).decode()
    return bool(request.headers.get("authorization") == f"Basic {pair}")


def _after(rows: list[dict[str, Any]], query: httpx.QueryParams) -> list[dict[str, Any]]:
    """``after`` is compared with the site's local time; one with a zone is put into it first."""
    if "after" not in query:
        return rows
    asked = datetime.fromisoformat(query["after"])
    local = asked if asked.tzinfo is None else asked.astimezone(UTC).replace(tzinfo=None) + LOCAL
    return [row for row in rows if datetime.fromisoformat(row["date"]) > local]


def _totals(rows: int, size: int, hollow: int) -> dict[str, str]:
    return {"X-WP-Total": str(rows + hollow * size), "X-WP-TotalPages": str(math.ceil(rows / size) + hollow)}


def _dates(at: datetime) -> dict[str, str]:
    moment = at.astimezone(UTC).replace(tzinfo=None)
    return {"date": (moment + LOCAL).isoformat(timespec="seconds"), "date_gmt": moment.isoformat(timespec="seconds")}
