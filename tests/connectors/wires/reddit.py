"""Reddit's wire: the token endpoint, listings, things by full name, and a moderator's acts, as Reddit writes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

CLIENT = "cl13ntOfTheCity"
SECRET = "s3cret/of+the=city"
REFRESH = "refresh-0123456789abcdef"
ACCESS = "eyJhbGciOiJSUzI1NiJ9.access-token-of-the-city"
NOT_FOUND = {"message": "Not Found", "error": 404}
SUB = "cityx"


@dataclass
class Wire(BaseWire):
    """The subreddit. ``things`` are comments and submissions by full name, the oldest first."""

    platform: ClassVar[str] = "reddit"
    base_url: ClassVar[str] = "https://oauth.reddit.com"
    also: ClassVar[tuple[str, ...]] = ("https://www.reddit.com",)
    page_id: ClassVar[str] = SUB
    token: ClassVar[str] = json.dumps({"client_id": CLIENT, "client_secret": SECRET, "refresh_token": REFRESH})
    secrets: ClassVar[tuple[str, ...]] = (SECRET, REFRESH, ACCESS)

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    banned: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    moderator: bool = True
    permissions: list[str] = field(default_factory=lambda: ["all"])
    scope: str = "identity read modposts modcontributors"
    access: str = ACCESS
    signed_in: int = 0
    # Whether the list of comments still holds what was removed.
    lists_removed: bool = False

    # What happens on the page.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1), by: str = "cityx_team") -> str:
        name = f"t3_p{number}"
        self.things[name] = {
            **self._common(name, at, by, f"t2_{by.replace('_', '')[:9]}"),
            "title": f"Post {number}",
            "selftext": "",
            "num_comments": 0,
            "permalink": f"/r/{SUB}/comments/p{number}/post/",
        }
        return name

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
        name = f"t1_c{number}"
        who, account = (author[1], f"t2_{author[0]}") if author else ("[deleted]", None)
        if by_city:
            who, account = "cityx_team", "t2_cityxteam"
        self.things[name] = {
            **self._common(name, at, who, account),
            "body": text,
            "link_id": post_id,
            "parent_id": parent.comment_id if parent else post_id,
            "permalink": f"/r/{SUB}/comments/{post_id[3:]}/post/c{number}/",
        }
        if account:
            self.names[account] = who
        self.things[post_id]["num_comments"] += 1
        return CommentRef("reddit", SUB, name)

    def edit(self, ref: CommentRef, text: str) -> None:
        self.things[ref.comment_id].update(body=text, edited=self.clock().timestamp())

    def vanish(self, ref: CommentRef) -> None:
        self.things.pop(ref.comment_id, None)

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        self._set(self.things[ref.comment_id], hidden, "another_mod")

    def is_hidden(self, ref: CommentRef) -> bool:
        return bool(self.things[ref.comment_id]["banned_by"])

    def damage(self, ref: CommentRef, how: Damage) -> None:
        word, _, what = how.partition(" ")
        key = {"id": "name", "time": "created_utc"}[what]
        thing = self.things[ref.comment_id]
        thing["hidden_key"] = key
        thing["broken"] = None if word == "no" else "../x?y"

    def _common(self, name: str, at: datetime, by: str, account: str | None) -> dict[str, Any]:
        common = {
            "id": name[3:],
            "name": name,
            "subreddit": SUB,
            "author": by,
            "created_utc": at.timestamp(),
            "edited": False,
            "banned_by": None,
            "approved_by": None,
            "removed": False,
            "spam": False,
            "approved": False,
            "distinguished": None,
            "num_reports": 0,
        }
        return {**common, "author_fullname": account} if account else common

    def _set(self, thing: dict[str, Any], hidden: bool, by: str) -> None:
        thing.update(removed=hidden, approved=not hidden, banned_by=by if hidden else None)

    # The wire.

    def is_read(self, request: httpx.Request) -> bool:
        return super().is_read(request) or request.url.path == "/api/v1/access_token"

    def serve(self, request: httpx.Request) -> httpx.Response:
        if "beadle" not in request.headers.get("user-agent", ""):
            return httpx.Response(429, text="<html>whoa there, pardner!</html>")
        if request.url.host == "www.reddit.com":
            return self._token(request)
        if request.headers.get("authorization") != f"bearer {self.access}":
            return self.json({"message": "Unauthorized", "error": 401}, 401)
        if request.url.params.get("raw_json") != "1":
            return self.json({"message": "Bad Request", "error": 400}, 400)
        path, query, form = request.url.path.strip("/"), request.url.params, form_of(request)
        routes: dict[str, Callable[[], httpx.Response]] = {
            "GET api/v1/me": lambda: self.json({"name": "cityx_team", "id": "cityxteam"}),
            f"GET r/{SUB}/about": self._about,
            f"GET r/{SUB}/comments": lambda: self._listing("t1", query, removed=self.lists_removed),
            f"GET r/{SUB}/new": lambda: self._listing("t3", query, removed=False),
            f"GET r/{SUB}/about/spam": lambda: self._listing("", query, removed=None),
            f"GET r/{SUB}/about/banned": lambda: self._banned(query.get("user")),
            f"GET r/{SUB}/about/moderators": self._moderators,
            "GET api/info": lambda: self._info(query["id"].split(",")),
            "GET api/user_data_by_account_ids": lambda: self._accounts(query["ids"].split(",")),
            "POST api/remove": lambda: self._act(form, True),
            "POST api/approve": lambda: self._act(form, False),
            f"POST r/{SUB}/api/friend": lambda: self._ban(form, True),
            f"POST r/{SUB}/api/unfriend": lambda: self._ban(form, False),
        }
        answer = routes.get(f"{request.method} {path}")
        return answer() if answer else self.json(NOT_FOUND, 404)

    def _token(self, request: httpx.Request) -> httpx.Response:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return self.json({"message": "Unauthorized", "error": 401}, 401)
        form = form_of(request)
        if form.get("refresh_token") != REFRESH and form.get("password") != "p4ss/of+the=city":
            return self.json({"message": "Bad Request", "error": 400}, 400)
        self.signed_in += 1
        return self.json({"access_token": self.access, "token_type": "bearer", "expires_in": 3600, "scope": self.scope})

    def _about(self) -> httpx.Response:
        data = {"display_name": SUB, "display_name_prefixed": f"r/{SUB}", "user_is_moderator": self.moderator}
        return self.json({"kind": "t5", "data": data}, date="Fri, 20 Nov 2026 12:00:00 GMT")

    def _moderators(self) -> httpx.Response:
        row = {"name": "cityx_team", "id": "t2_cityxteam", "mod_permissions": self.permissions}
        return self.json({"kind": "UserList", "data": {"children": [row]}})

    def _listing(self, kind: str, query: httpx.QueryParams, *, removed: bool | None) -> httpx.Response:
        size, after = int(query["limit"]), query.get("after", "")
        if self.empty_pages and not after.startswith("t1_gone") and kind == "t1":
            self.empty_pages -= 1
            return self._page([], f"t1_gone{self.empty_pages}")
        rows = [thing for thing in self.things.values() if thing["name"].startswith(kind)]
        if removed is None:
            rows = [thing for thing in rows if thing["banned_by"]]
        elif not removed:
            rows = [thing for thing in rows if not thing["banned_by"]]
        rows.sort(key=lambda thing: (thing["created_utc"], thing["name"]), reverse=True)
        start = 0 if self.same_mark or not after else self._behind(rows, after)
        page = rows[start : start + size]
        more = start + size < len(rows) or (self.same_mark and rows)
        if self.between_pages and kind == "t1":
            self.between_pages()
        return self._page(page, page[-1]["name"] if more and page else None)

    def _behind(self, rows: list[dict[str, Any]], after: str) -> int:
        # A mark that was removed meanwhile: Reddit still knows its place in time.
        mark = self.things.get(after) or {"created_utc": 0 if "gone" not in after else 1e12, "name": ""}
        place = (mark["created_utc"], mark["name"])
        return sum((row["created_utc"], row["name"]) >= place for row in rows)

    def _page(self, rows: list[dict[str, Any]], after: str | None) -> httpx.Response:
        children = [{"kind": row["name"][:2], "data": self._shape(row)} for row in rows]
        return self.json({"kind": "Listing", "data": {"after": after, "before": None, "children": children}})

    def _shape(self, thing: dict[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in thing.items() if key not in ("hidden_key", "broken")}
        key = thing.get("hidden_key")
        if key:
            shown[key] = thing["broken"]
        if not self.moderator:
            shown = {name: value for name, value in shown.items() if name not in ("banned_by", "removed", "spam")}
        return {name: value for name, value in shown.items() if not (name == key and value is None)}

    def _info(self, names: list[str]) -> httpx.Response:
        return self._page([self.things[name] for name in names if name in self.things], None)

    def _accounts(self, ids: list[str]) -> httpx.Response:
        found = {each: {"name": self.names[each]} for each in ids if each in self.names}
        return self.json(found) if found else self.json(NOT_FOUND, 404)

    def _act(self, form: Mapping[str, str], hide: bool) -> httpx.Response:
        thing = self.things.get(form.get("id", ""))
        if not self.moderator or thing is None or (hide and form.get("spam") != "False"):
            return self.json({"message": "Forbidden", "error": 403}, 403)
        self._set(thing, hide, "cityx_team")
        self.wrote(f"{'hide' if hide else 'show'} {form['id']}")
        return self.json({})

    def _banned(self, user: str | None) -> httpx.Response:
        rows = [{"name": name, "id": each, "note": ""} for each, name in self.banned.items() if user in (None, name)]
        return self.json({"kind": "UserList", "data": {"children": rows, "after": None, "before": None}})

    def _ban(self, form: Mapping[str, str], ban: bool) -> httpx.Response:
        known = [each for each, name in self.names.items() if name == form.get("name")]
        if form.get("type") != "banned" or not known:
            return self.json({"json": {"errors": [["USER_DOESNT_EXIST", "that user doesn't exist", "name"]]}})
        if ban:
            self.banned[known[0]] = form["name"]
        else:
            self.banned.pop(known[0], None)
        self.wrote(f"{'ban' if ban else 'unban'} {known[0]}")
        return self.json({"json": {"errors": []}})


def form_of(request: httpx.Request) -> dict[str, str]:
    """The fields of a form."""
    return {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
