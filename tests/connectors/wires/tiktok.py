"""An account as TikTok's Accounts API v1.3 serves it: every answer HTTP 200, failures told by ``code``.

Shapes: business-api.tiktok.com/portal/docs, "Accounts API".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

ACCOUNT = "8f5a2c61-city-open-id"
BASE = "/open_api/v1.3"
SCOPES = "user.info.basic,video.list,comment.list,comment.list.manage"
# How many replies TikTok puts into a comment; the rest is a list of its own.
NESTED = 3


@dataclass
class Wire(BaseWire):
    """The account ``ACCOUNT``. ``told`` freezes the number of comments that a video is said to have."""

    platform: ClassVar[str] = "tiktok"
    base_url: ClassVar[str] = "https://business-api.tiktok.com"
    page_id: ClassVar[str] = ACCOUNT
    token: ClassVar[str] = json.dumps(
        {
            "app_id": "7657818426198470001",
            "secret": "client+Secret/0123456789",
            "access_token": "act.one+day/0123456789",
            "refresh_token": "rft.one+year/0123456789",
        }
    )
    secrets: ClassVar[tuple[str, ...]] = (
        "act.one+day/0123456789",
        "client+Secret/0123456789",
        "rft.one+year/0123456789",
        "act.second/0123456789",
        "rft.second/0123456789",
    )

    videos: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    scope: str = SCOPES
    counted: dict[str, int] = field(default_factory=dict)
    access: str = "act.one+day/0123456789"
    refresh: str = "rft.one+year/0123456789"
    open_id: str = ACCOUNT

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        video = f"72039469420{number:08d}"
        told = {
            "item_id": video,
            "caption": f"Video {number}",
            "create_time": str(int(at.timestamp())),
            "share_url": f"https://www.tiktok.com/@cityofx/video/{video}?utm_source=open_api",
        }
        self.videos.insert(0, told)
        self.comments[video] = []
        return video

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
        own = f"69905653633{number:08d}"
        row: dict[str, Any] = {
            "comment_id": own,
            "video_id": post_id,
            "create_time": str(int(at.timestamp())),
            "text": text,
            "likes": 0,
            "replies": 0,
            "owner": by_city,
            "liked": False,
            "pinned": False,
            "status": "PUBLIC",
        }
        if by_city:
            row |= {"unique_identifier": "city", "username": "cityofx", "display_name": "City of X"}
        elif author:
            row |= {"unique_identifier": f"u{author[0]}", "username": f"user{author[0]}", "display_name": author[1]}
        if parent:
            row["parent_comment_id"] = parent.comment_id.partition("_")[2]
        self.comments[post_id].append(row)
        return CommentRef("tiktok", ACCOUNT, f"{post_id}_{own}")

    def edit(self, ref: CommentRef, text: str) -> None:
        self._row(ref)["text"] = text

    def vanish(self, ref: CommentRef) -> None:
        video, _, own = ref.comment_id.partition("_")
        self.comments[video] = [row for row in self.comments[video] if row["comment_id"] != own]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        self._row(ref)["status"] = "HIDDEN" if hidden else "PUBLIC"

    def is_hidden(self, ref: CommentRef) -> bool:
        return bool(self._row(ref)["status"] == "HIDDEN")

    def damage(self, ref: CommentRef, how: Damage) -> None:
        changes: dict[Damage, tuple[str, object]] = {
            "no id": ("comment_id", None),
            "bad id": ("comment_id", "../me"),
            "no time": ("create_time", None),
            "bad time": ("create_time", "yesterday"),
        }
        name, value = changes[how]
        self._row(ref)[name] = value

    def is_read(self, request: httpx.Request) -> bool:
        return request.method == "GET" or request.url.path.endswith("/token_info/get/")

    def serve(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(BASE)
        body = json.loads(request.content) if request.content else {}
        if (request.method, path) == ("POST", "/tt_user/oauth2/refresh_token/"):
            return self._refresh(body)
        if (request.method, path) == ("POST", "/tt_user/token_info/get/"):
            return self._ok({"app_id": body["app_id"], "creator_id": self.open_id, "scope": self.scope})
        if request.headers.get("access-token") != self.access:
            return self._fail(40105, "Access token is incorrect or has been revoked.")
        served = {
            ("GET", "/business/get/"): self._account,
            ("GET", "/business/video/list/"): self._videos,
            ("GET", "/business/comment/list/"): self._comments,
            ("GET", "/business/comment/reply/list/"): self._replies,
            ("POST", "/business/comment/hide/"): self._hide,
        }.get((request.method, path))
        if served is None:
            return httpx.Response(404, html="<html>404 page not found</html>")
        asked = dict(request.url.params) if request.method == "GET" else body
        if asked.get("business_id") != self.open_id:
            return self._fail(40001, "No permission to operate this account.")
        return served(asked)

    def _refresh(self, body: Mapping[str, str]) -> httpx.Response:
        wanted = {"client_id", "client_secret", "grant_type", "refresh_token"}
        if set(body) != wanted or body["refresh_token"] != self.refresh:
            return self._fail(40002, "Invalid refresh_token.")
        self.access, self.refresh = "act.second/0123456789", "rft.second/0123456789"
        return self._ok(
            {
                "access_token": self.access,
                "refresh_token": self.refresh,
                "token_type": "Bearer",
                "scope": self.scope,
                "expires_in": 86400,
                "refresh_token_expires_in": 31536000,
                "open_id": self.open_id,
            }
        )

    def _account(self, asked: Mapping[str, str]) -> httpx.Response:
        return self._ok({"username": "cityofx", "display_name": "City of X"})

    def _videos(self, asked: Mapping[str, str]) -> httpx.Response:
        fields = json.loads(asked["fields"])
        if "item_id" not in fields or int(asked.get("max_count", "10")) > 20:
            return self._fail(40002, "fields: Invalid value.")
        wanted = json.loads(asked.get("filters", "{}")).get("video_ids")
        rows = [self._video(row, fields) for row in self.videos if wanted is None or row["item_id"] in wanted]
        return self._paged("videos", rows, asked, 20)

    def _video(self, row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        count = self.counted.get(row["item_id"], len(self.comments[row["item_id"]]))
        return {name: value for name, value in {**row, "comments": count}.items() if name in fields}

    def _comments(self, asked: Mapping[str, str]) -> httpx.Response:
        missing = self._missing(asked, "video_id")
        if missing:
            return missing
        rows = self._rows(asked)
        wanted = json.loads(asked.get("comment_ids", "null"))
        if wanted is not None:
            return self._paged("comments", [row for row in rows if row["comment_id"] in wanted], asked, 30)
        shown = [self._with_replies(row, rows, asked) for row in rows if "parent_comment_id" not in row]
        return self._paged("comments", shown, asked, 30)

    def _replies(self, asked: Mapping[str, str]) -> httpx.Response:
        missing = self._missing(asked, "video_id", "comment_id")
        if missing:
            return missing
        rows = [row for row in self._rows(asked) if row.get("parent_comment_id") == asked["comment_id"]]
        return self._paged("comments", rows, asked, 30)

    def _rows(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        rows = self.comments[asked["video_id"]]
        if asked.get("status") != "ALL":
            rows = [row for row in rows if row["status"] == "PUBLIC"]
        if asked.get("sort_field") != "create_time":
            return rows
        return sorted(rows, key=lambda row: str(row["create_time"] or "0"), reverse=asked.get("sort_order") == "desc")

    def _with_replies(
        self, row: dict[str, Any], rows: list[dict[str, Any]], asked: Mapping[str, str]
    ) -> dict[str, Any]:
        replies = [each for each in rows if each.get("parent_comment_id", "") == row["comment_id"]]
        if not replies:
            return row
        inner = {"reply_list": replies[:NESTED]} if asked.get("include_replies") == "true" else {}
        return {**row, "replies": len(replies), **inner}

    def _missing(self, asked: Mapping[str, Any], *names: str) -> httpx.Response | None:
        for name in names:
            if not asked.get(name):
                return self._fail(40002, f"{name}: Missing data for required field.")
        if asked["video_id"] not in self.comments:
            return self._fail(40002, "The video does not exist.")
        return None

    def _hide(self, asked: Mapping[str, Any]) -> httpx.Response:
        missing = self._missing(asked, "video_id", "comment_id", "action")
        if missing:
            return missing
        for row in self.comments[asked["video_id"]]:
            if row["comment_id"] == asked["comment_id"]:
                row["status"] = "HIDDEN" if asked["action"] == "HIDE" else "PUBLIC"
                self.wrote(f"{asked['action'].lower()} {asked['video_id']}_{asked['comment_id']}")
                return self._ok({})
        return self._fail(40002, "The comment does not exist.")

    def _paged(self, name: str, rows: list[dict[str, Any]], asked: Mapping[str, str], most: int) -> httpx.Response:
        start, size = int(asked.get("cursor", "0")), min(int(asked.get("max_count", "20")), most)
        if self.empty_pages and not start:
            self.empty_pages -= 1
            return self._ok({name: [], "cursor": 900_000 + self.empty_pages, "has_more": True})
        start = 0 if start >= 900_000 else start
        told: dict[str, Any] = {name: rows[start : start + size], "cursor": start + size}
        told["has_more"] = start + size < len(rows)
        if self.same_mark:
            told |= {"cursor": size, "has_more": True}
        answer = self._ok(told)
        if self.between_pages:
            self.between_pages()
        return answer

    def _row(self, ref: CommentRef) -> dict[str, Any]:
        video, _, own = ref.comment_id.partition("_")
        return next(row for row in self.comments[video] if row["comment_id"] == own)

    def _ok(self, data: Any) -> httpx.Response:
        told = {"code": 0, "message": "OK", "request_id": "2026112012000001", "data": data}
        return self.json(told, date=f"{self.clock():%a, %d %b %Y %H:%M:%S GMT}")

    def _fail(self, code: int, message: str) -> httpx.Response:
        return self.json({"code": code, "message": message, "request_id": "2026112012000002", "data": {}})
