"""An Isso server's wire: login, admin page, threads and numbers, as Isso 0.14 answers (seen on a real one)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

SERVER, SITE = "https://comments.city.example", "https://blog.city.example"
PASSWORD = "4dmin/secret+Isso=0123"
COOKIE = "eyJsb2dnZWQiOnRydWV9.aSDfbA.Zk3yT1nE0xq5oJr2bW8cVu6hPds"
ROWS = 100
PAGE = """<!DOCTYPE html><html lang="en"><head><title>Isso admin</title></head><body><div class="wrapper">
<div class="outer"><div class="filters"><div class="mode">{modes}</div></div></div>
<div id="isso-root">{rows}</div></div></body></html>"""
ROW = """<div class='isso-comment' id='isso-{id}'><div class='isso-text-wrapper'><div class='isso-comment-header'>
<div>Thread: {title} (<a href="{uri}">{uri}</a>)</div><br />
<span class='isso-author' id="isso-author-{id}">{author}</span>
<span id="isso-email-{id}"></span><span id="isso-website-{id}"></span>
<span class="isso-spacer"> &bull;</span><time>{time}</time>
<span class='note'><span class="label {label}">{word}</span></span></div>
<div class='isso-text'><pre id="isso-text-{id}">{text}</pre></div>
<div class='isso-comment-footer'><a class="delete"
 onClick="javascript:delete_com({id}, '{key}', 'https://comments.city.example')">Delete</a></div></div></div>"""
LABELS = {1: ("label-valid", "Valid"), 2: ("label-pending", "Pending"), 4: ("label-staled", "Staled")}
FORM = (
    '<!DOCTYPE html><html><body><main><div id="login"><form method="POST" action="/login/"></form></div></main></body>'
)


@dataclass
class Wire(BaseWire):
    """The server. ``rows`` by number with the fields of its database, ``titles`` by address."""

    platform: ClassVar[str] = "isso"
    base_url: ClassVar[str] = SERVER
    page_id: ClassVar[str] = "cityblog"
    token: ClassVar[str] = PASSWORD
    secrets: ClassVar[tuple[str, ...]] = (PASSWORD, COOKIE)
    connect: ClassVar[Mapping[str, Any]] = {"base_url": SERVER}
    unable: ClassVar[Mapping[str, str]] = {
        "test_a_missing_author_is_tolerated_and_explained": "Isso delivers a digest of address or network address with "
        "every published comment.",
        "test_the_citys_own_comment_is_marked": "Isso has no accounts, so nothing tells a comment of the city's from "
        "one under the city's name.",
        "test_a_repeated_page_mark_ends_the_sweep_with_a_gap": "Only the list of threads has pages; each thread comes "
        "whole, and stays complete.",
    }

    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    broken: dict[int, tuple[str, Any]] = field(default_factory=dict)
    logins: int = 0
    session: str = COOKIE
    hollow_pages: int = 0

    # What happens on the page.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        self.titles[f"/{number}/"] = f"Snow & ice {number}"
        return f"/{number}/"

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
        mode: int = 1,
    ) -> CommentRef:
        name = "City of X" if by_city else author[1] if author else None
        self.rows[number] = {
            "id": number,
            "uri": post_id,
            "parent": int(parent.comment_id) if parent else None,
            "text": text,
            "author": html.escape(name, quote=False) if name else None,
            "website": None,
            "mode": mode,
            "created": at.timestamp(),
            "modified": None,
            "likes": 0,
            "dislikes": 0,
            "notification": 0,
            "hash": f"{int(author[0]) if author else 1:012x}",
        }
        return CommentRef("isso", self.page_id, str(number))

    def edit(self, ref: CommentRef, text: str) -> None:
        self.rows[int(ref.comment_id)].update(text=text, modified=self.clock().timestamp())

    def vanish(self, ref: CommentRef) -> None:
        self.rows.pop(int(ref.comment_id), None)

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        self.rows[int(ref.comment_id)]["mode"] = 2 if hidden else 1

    def is_hidden(self, ref: CommentRef) -> bool:
        return bool(self.rows[int(ref.comment_id)]["mode"] != 1)

    def damage(self, ref: CommentRef, how: Damage) -> None:
        kind, key = how.split()[0], {"id": "id", "time": "created"}[how.split()[1]]
        self.broken[int(ref.comment_id)] = (key, None if kind == "no" else "../x?y")

    # The wire.

    def is_read(self, request: httpx.Request) -> bool:
        """Logging in and asking for numbers change nothing, though they are sent by POST."""
        return super().is_read(request) or request.url.path in ("/login/", "/count")

    def serve(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        if found := re.fullmatch(r"/id/(\d+)/delete/([^/]+)", path):
            return self._delete(request.method, int(found[1]), found[2])
        known = {
            ("POST", "/login/"): self._login,
            ("GET", "/admin/"): self._admin,
            ("GET", "/"): self._thread,
            ("POST", "/count"): self._count,
            ("GET", "/info"): lambda *_: self.json({"version": "0.14.0", "origin": SITE, "moderation": True}),
        }.get((request.method, path))
        return known(request, query) if known else self._error(404, "404 Not Found")

    def _error(self, status: int, words: str) -> httpx.Response:
        return self.json({"message": words}, status)

    def _login(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        if parse_qs(request.content.decode()).get("password") != [PASSWORD]:
            return httpx.Response(200, html=FORM)
        self.logins += 1
        cookie = f"{self.session}; Expires=Sat, 21 Nov 2026 12:00:00 GMT; Path=/; SameSite=None; Secure"
        headers = [
            ("location", f"{SERVER}/admin/"),
            ("set-cookie", f"admin-session={cookie}"),
            ("x-set-cookie", f"isso-admin-session={cookie}"),
        ]
        return httpx.Response(302, html="<title>Redirecting...</title>", headers=headers)

    def _admin(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        if request.headers.get("cookie") != f"admin-session={self.session}":
            return httpx.Response(200, html=FORM)
        counts = {mode: sum(row["mode"] == mode for row in self.rows.values()) for mode in LABELS}
        rows, number = self._chosen(query), int(query.get("page", "0"))
        if query.get("mode") == "1" and (self.empty_pages or self.hollow_pages):
            # The numbers were counted before somebody deleted.
            self.empty_pages, self.hollow_pages = max(self.empty_pages - 1, 0), self.hollow_pages or self.empty_pages
            counts[1] += ROWS * self.hollow_pages
            rows = rows[0:0] if number < self.hollow_pages else rows[(number - self.hollow_pages) * ROWS :]
        elif self.same_mark:
            counts[1] += 10 * ROWS
            rows = rows[:ROWS]
        else:
            rows = rows[number * ROWS : (number + 1) * ROWS]
        answer = httpx.Response(200, content=self._page(rows, counts), headers={"content-type": "text/html"})
        if self.between_pages:
            self.between_pages()
        return answer

    def _chosen(self, query: httpx.QueryParams) -> list[dict[str, Any]]:
        if "comment_search_url" in query:
            target = urlsplit(query["comment_search_url"])
            number = target.fragment.rpartition("-")[2]
            if number:
                return [self.rows[int(number)]] if int(number) in self.rows else []
            return [row for row in self.rows.values() if row["uri"] == target.path]
        rows = [row for row in self.rows.values() if row["mode"] == int(query["mode"])]
        # SQLite sorts what answers nobody first, newest first; then the replies, oldest first.
        top = sorted((row for row in rows if row["parent"] is None), key=lambda row: -row["id"])
        return top + sorted((row for row in rows if row["parent"] is not None), key=lambda row: row["created"])

    def _page(self, rows: list[dict[str, Any]], counts: Mapping[int, int]) -> bytes:
        modes = "".join(
            f'<a href="?mode={mode}"><span class="label {LABELS[mode][0]}">{LABELS[mode][1]} ({count})</span></a>'
            for mode, count in counts.items()
        )
        return PAGE.format(modes=modes, rows="".join(map(self._row, rows))).encode(errors="replace")

    def _row(self, row: Mapping[str, Any]) -> str:
        shown = {key: html.escape(str(row[key])) for key in ("id", "uri", "text")}
        label, word = LABELS[row["mode"]]
        time = datetime.fromtimestamp(row["created"], UTC).strftime("%H:%M / %d-%m-%Y")
        more = {"title": html.escape(self.titles[row["uri"]]), "author": html.escape(row["author"] or "Anonymous")}
        return ROW.format(**shown, **more, label=label, word=word, time=time, key=_key(row["id"]))

    def _thread(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        if "uri" not in query:
            return self._error(400, "400 Bad Request: missing uri query")
        rows = [row for row in self.rows.values() if row["uri"] == query["uri"] and row["mode"] in (1, 4)]
        rows.sort(key=lambda row: row["created"])
        below = {row["id"]: [self._shown(each) for each in rows if each["parent"] == row["id"]] for row in rows}
        top = [
            {**self._shown(row), "replies": below[row["id"]], "total_replies": len(below[row["id"]])}
            for row in rows
            if row["parent"] is None
        ]
        return self.json({"id": None, "total_replies": len(rows), "hidden_replies": 0, "replies": top})

    def _shown(self, row: Mapping[str, Any]) -> dict[str, Any]:
        key, value = self.broken.get(row["id"], ("id", row["id"]))
        return {**{name: told for name, told in row.items() if name != "uri"}, key: value}

    def _count(self, request: httpx.Request, query: httpx.QueryParams) -> httpx.Response:
        wanted = json.loads(request.content)
        return self.json([sum(row["uri"] == uri and row["mode"] == 1 for row in self.rows.values()) for uri in wanted])

    def _delete(self, method: str, number: int, key: str) -> httpx.Response:
        if key != _key(number):
            return self._error(403, "403 Forbidden")
        if number not in self.rows:
            return self._error(404, "404 Not Found")
        if method != "POST":
            return httpx.Response(200, html="<!DOCTYPE html><html><head><script>confirm()</script></head></html>")
        row = self.rows[number]
        if any(each["parent"] == number for each in self.rows.values()):
            row.update(mode=4, text="", author=None, website=None)
        else:
            del self.rows[number]
        self.wrote(f"delete {number}")
        return httpx.Response(200, text="Comment has been deleted")


def _key(number: int) -> str:
    """A key as Isso signs it: payload, time, signature."""
    return f"{number}x.aSDfbA.{number:027d}"
