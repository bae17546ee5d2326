"""A Mastodon server's wire: notifications, statuses, threads and relationships, as the server writes them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

TOKEN = "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0"
ME = "14715"
# As GoToSocial numbers: no numbers at all.
ULID = "01HXK9V8Z3T{:015d}"
NOT_FOUND = {"error": "Record not found"}


@dataclass
class Wire(BaseWire):
    """The server. ``statuses`` by id, the oldest first."""

    platform: ClassVar[str] = "mastodon"
    base_url: ClassVar[str] = "https://social.city.example"
    page_id: ClassVar[str] = ME
    token: ClassVar[str] = TOKEN
    secrets: ClassVar[tuple[str, ...]] = (TOKEN,)
    connect: ClassVar[Mapping[str, Any]] = {"base_url": "https://social.city.example"}

    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    relations: dict[str, set[str]] = field(default_factory=dict)
    # Ids of statuses that the city's account does not see although the public does.
    unseen: set[str] = field(default_factory=set)
    policy: dict[str, Any] = field(
        default_factory=lambda: {"for_not_following": "accept", "for_new_accounts": "filter"}
    )
    with_link: bool = True
    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    # What happens on the page.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1), visibility: str = "public") -> str:
        return self._write(
            f"p{number}", f"<p>Post {number}</p>", at, self._account(ME, "City of X", "city"), None, visibility
        )

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
        visibility: str = "public",
        mentions: bool = True,
    ) -> CommentRef:
        account = self._account(author[0], author[1], f"u{author[0]}@x.example") if author else None
        if by_city:
            account = self._account(ME, "City of X", "city")
        above = parent.comment_id if parent else post_id or None
        status_id = self._write(
            ULID.format(number), f"<p>{html.escape(text)}</p>", at, account, above, visibility, mentions and not by_city
        )
        return CommentRef("mastodon", ME, status_id)

    def edit(self, ref: CommentRef, text: str) -> None:
        row = self.statuses[ref.comment_id]
        row.update(content=f"<p>{html.escape(text)}</p>", edited_at=_time(self.clock()))

    def vanish(self, ref: CommentRef) -> None:
        self.statuses.pop(ref.comment_id, None)

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        raise AssertionError("Nobody can hide a status of somebody else.")

    def is_hidden(self, ref: CommentRef) -> bool:
        return False

    def damage(self, ref: CommentRef, how: Damage) -> None:
        word, _, what = how.partition(" ")
        key = {"id": "id", "time": "created_at"}[what]
        self.statuses[ref.comment_id]["_broken"] = (key, None if word == "no" else "../x?y")

    def _account(self, account_id: str, name: str, acct: str) -> dict[str, Any]:
        account = {"id": account_id, "username": acct.split("@")[0], "acct": acct, "display_name": name}
        return self.accounts.setdefault(account_id, {**account, "url": f"https://x.example/@{acct}"})

    def _write(
        self,
        status_id: str,
        content: str,
        at: datetime,
        account: dict[str, Any] | None,
        above: str | None,
        visibility: str,
        mentions: bool = False,
    ) -> str:
        answered = self.statuses.get(above or "")
        self.statuses[status_id] = {
            "id": status_id,
            "uri": f"https://x.example/statuses/{status_id}",
            "url": f"https://x.example/@someone/{status_id}",
            "created_at": _time(at),
            "edited_at": None,
            "in_reply_to_id": above,
            "in_reply_to_account_id": (answered["account"] or {}).get("id") if answered else None,
            "visibility": visibility,
            "spoiler_text": "",
            "content": content,
            "account": account,
            "replies_count": 0,
            "favourites_count": 0,
            "media_attachments": [],
            "_mentions": mentions,
        }
        self.places[status_id] = _time(at), status_id
        if answered:
            answered["replies_count"] += 1
        return status_id

    # The wire.

    def serve(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.rstrip("/"), request.url.params
        told = request.headers.get("authorization")
        if told != f"Bearer {TOKEN}":
            found = re.fullmatch(r"/api/v1/statuses/([0-9A-Za-z]+)", path)
            if told is None and found and found.group(1) in self.statuses:
                return self.json(self._shape(self.statuses[found.group(1)]))
            return self.json({"error": "The access token is invalid"}, 401)
        routes: tuple[tuple[str, Callable[..., httpx.Response]], ...] = (
            (r"GET /api/v1/accounts/verify_credentials", self._me),
            (r"GET /api/v1/notifications", lambda: self._mentions(query)),
            (rf"GET /api/v1/accounts/{ME}/statuses", lambda: self._own(query)),
            (r"GET /api/v1/statuses/([0-9A-Za-z]+)", self._status),
            (r"GET /api/v1/statuses/([0-9A-Za-z]+)/context", self._context),
            (r"GET /api/v1/accounts/relationships", lambda: self._relationships(query.get_list("id[]"))),
            (r"GET /api/v1/(blocks|mutes)", self._kept_away),
            (r"GET /api/v2/notifications/policy", lambda: self.json(self.policy)),
            (r"POST /api/v1/accounts/(\w+)/(un)?(block|mute)", lambda *of: self._keep(request, *of)),
            (r"POST /api/v1/reports", lambda: self._report(request)),
        )
        for pattern, answer in routes:
            if found := re.fullmatch(pattern, f"{request.method} {path}"):
                return answer(*found.groups())
        return self.json(NOT_FOUND, 404)

    def _me(self) -> httpx.Response:
        return self.json(self._account(ME, "City of X", "city"), date="Fri, 20 Nov 2026 12:00:00 GMT")

    def _mentions(self, query: httpx.QueryParams) -> httpx.Response:
        if query.get_list("types[]") != ["mention"] or query.get("include_filtered") != "true":
            return self.json({"error": "Validation failed"}, 422)
        rows = [row for row in self._newest() if row["_mentions"] and row["account"] != self.accounts.get(ME)]
        return self._paged(rows, query, "notifications", self._notification)

    def _own(self, query: httpx.QueryParams) -> httpx.Response:
        rows = [row for row in self._newest() if row["account"] is not None and row["account"]["id"] == ME]
        return self._paged(rows, query, f"accounts/{ME}/statuses", self._shape)

    def _newest(self) -> list[dict[str, Any]]:
        return sorted(self.statuses.values(), key=lambda row: (row["created_at"], row["id"]), reverse=True)

    def _paged(
        self, rows: list[Any], query: httpx.QueryParams, path: str, shape: Callable[[Any], Any]
    ) -> httpx.Response:
        size, max_id = int(query["limit"]), query.get("max_id")
        address = f"{self.base_url}/api/v1/{path}?limit={size}&max_id="
        if self.empty_pages and path == "notifications" and (max_id is None or max_id.startswith("hollow")):
            self.empty_pages -= 1
            return self.json([], link=f'<{address}hollow{self.empty_pages}>; rel="next"')
        start = 0
        if max_id is not None and not self.same_mark and not max_id.startswith("hollow"):
            # A mark may name what is gone meanwhile: ids are places in time.
            start = sum((row["created_at"], row["id"]) >= self.places[max_id] for row in rows)
        page = rows[start : start + size]
        shown = [shape(row) for row in page]
        if self.between_pages and path == "notifications":
            self.between_pages()
        if page and (start + size < len(rows) or self.same_mark) and self.with_link:
            return self.json(shown, link=f'<{address}{page[-1]["id"]}>; rel="next", <{address}0>; rel="prev"')
        return self.json(shown)

    def _notification(self, row: dict[str, Any]) -> dict[str, Any]:
        told = {"id": row["id"], "type": "mention", "created_at": row["created_at"], "account": row["account"]}
        return {**told, "status": self._shape(row)}

    def _shape(self, row: dict[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in row.items() if not key.startswith("_")}
        key, value = row.get("_broken", (None, None))
        if key is not None:
            shown[key] = value
        return {name: each for name, each in shown.items() if not (name == key and value is None)}

    def _status(self, status_id: str) -> httpx.Response:
        row = self.statuses.get(status_id)
        if row is None or status_id in self.unseen:
            return self.json(NOT_FOUND, 404)
        return self.json(self._shape(row))

    def _context(self, status_id: str) -> httpx.Response:
        if status_id not in self.statuses:
            return self.json(NOT_FOUND, 404)
        above: list[dict[str, Any]] = []
        mark = self.statuses[status_id]["in_reply_to_id"]
        while mark in self.statuses:
            above.insert(0, self._shape(self.statuses[mark]))
            mark = self.statuses[mark]["in_reply_to_id"]
        family, below = {status_id}, []
        for row in self.statuses.values():
            if row["in_reply_to_id"] in family:
                family.add(row["id"])
                below.append(row)
        hidden = {"blocking", "muting"}
        seen = [row for row in below if not self.relations.get((row["account"] or {}).get("id", ""), set()) & hidden]
        return self.json({"ancestors": above, "descendants": [self._shape(row) for row in seen]})

    def _relationships(self, ids: list[str]) -> httpx.Response:
        rows = [
            {"id": each, **{name: name in self.relations.get(each, ()) for name in ("blocking", "muting")}}
            for each in ids
        ]
        return self.json(rows)

    def _kept_away(self, name: str) -> httpx.Response:
        wanted = {"blocks": "blocking", "mutes": "muting"}[name]
        return self.json([self.accounts[each] for each, how in self.relations.items() if wanted in how])

    def _keep(self, request: httpx.Request, account: str, undo: str | None, way: str) -> httpx.Response:
        if account not in self.accounts:
            return self.json(NOT_FOUND, 404)
        if way == "mute" and not undo and form_of(request).get("notifications") != ["0"]:
            return self.json({"error": "Validation failed"}, 422)
        how = {"block": "blocking", "mute": "muting"}[way]
        kept = self.relations.setdefault(account, set())
        kept.discard(how) if undo else kept.add(how)
        self.wrote(f"{undo or ''}{way} {account}")
        return self.json({"id": account, "blocking": "blocking" in kept, "muting": "muting" in kept})

    def _report(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if form.get("account_id", [""])[0] not in self.accounts or not form.get("status_ids[]"):
            return self.json(NOT_FOUND, 404)
        self.wrote(f"report {form['account_id'][0]}")
        return self.json({"id": "48914", "action_taken": False})


def form_of(request: httpx.Request) -> dict[str, list[str]]:
    """The fields of a form."""
    return parse_qs(request.content.decode())


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "000Z"
