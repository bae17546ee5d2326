"""A LinkedIn page as the rest.li API serves it to its administrator (version 202609).

As strict as the platform: names (URNs) must be percent-encoded and brackets of lists not, the three headers must be
there, and a reply is found under the comment that it answers only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

ORGANIZATION = "10122001"
ORG_URN = f"urn:li:organization:{ORGANIZATION}"
ACCESS = "AQXaccess+Token/secret-0001"
REFRESH = "AQWrefresh+Token/secret-0001"
CLIENT_SECRET = "WPL_AP1.client/secret+01=="
SCOPES = "r_organization_social_feed,w_organization_social_feed,r_organization_social,rw_organization_admin"
COMMENTS = re.compile(r"/rest/socialActions/([A-Za-z0-9%]+)/comments(?:/([0-9]+))?")
POST = re.compile(r"/rest/posts/([A-Za-z0-9%]+)")


@dataclass
class Wire(BaseWire):
    """The page; ``rows`` holds comments by their number, ``bells`` the notifications, the newest first."""

    platform: ClassVar[str] = "linkedin"
    base_url: ClassVar[str] = "https://api.linkedin.com/rest"
    page_id: ClassVar[str] = ORGANIZATION
    token: ClassVar[str] = (
        f'{{"access_token": "{ACCESS}", "refresh_token": "{REFRESH}", "client_id": "77citybeadle",'
        f' "client_secret": "{CLIENT_SECRET}"}}'
    )
    secrets: ClassVar[tuple[str, ...]] = (ACCESS, REFRESH, CLIENT_SECRET)
    connect: ClassVar[Mapping[str, Any]] = {"options": {"legal_basis": "Gov. Code 7920, counsel Day, 2026-10-01"}}
    also: ClassVar[tuple[str, ...]] = ("https://www.linkedin.com/oauth/v2/accessToken",)
    unable: ClassVar[Mapping[str, str]] = {
        "test_hostile_words_arrive_as_they_were_written": "LinkedIn delivers no names; asked in test_linkedin.py.",
    }

    posts: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    bells: list[dict[str, Any]] = field(default_factory=list)
    damaged: dict[str, Damage] = field(default_factory=dict)
    access: str = ACCESS
    scopes: str = SCOPES
    roles: list[str] = field(default_factory=lambda: [ORG_URN])
    auth_fault: httpx.Response | None = None
    names_post: bool = True
    access_days: int = 59
    refresh_days: int = 300

    # What happens on the page.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        self.posts.insert(0, {"number": number, "at": at, "text": f"Council meets, item {number}"})
        return f"share:{9000 + number}"

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
        post_number = int(post_id.partition(":")[2]) - 9000
        parent_number = parent.comment_id.rpartition(":")[2] if parent else None
        actor = ORG_URN if by_city else f"urn:li:person:{author[0]}" if author else None
        self.rows[str(number)] = {
            "post": post_number,
            "parent": parent_number,
            "text": text,
            "at": at,
            "edited": at,
            "actor": actor,
        }
        self._ring("ADMIN_COMMENT" if by_city else "COMMENT", str(number), at)
        middle = f":{parent_number}" if parent_number else ""
        return CommentRef("linkedin", ORGANIZATION, f"{post_id}:activity:{7000 + post_number}{middle}:{number}")

    def edit(self, ref: CommentRef, text: str) -> None:
        number = ref.comment_id.rpartition(":")[2]
        self.rows[number] |= {"text": text, "edited": self.clock()}
        self._ring("COMMENT_EDIT", number, self.clock())

    def vanish(self, ref: CommentRef) -> None:
        number = ref.comment_id.rpartition(":")[2]
        self._ring("COMMENT_DELETE", number, self.clock())
        for each in [name for name, row in self.rows.items() if number in (name, row["parent"])]:
            del self.rows[each]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        raise NotImplementedError("LinkedIn hides nothing")

    def is_hidden(self, ref: CommentRef) -> bool:
        return False

    def damage(self, ref: CommentRef, how: Damage) -> None:
        self.damaged[ref.comment_id.rpartition(":")[2]] = how

    # The wire.

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "www.linkedin.com":
            return super().answer(request)
        # Faults are ordered for the API; this is another host.
        self.asked.append(request)
        return self._auth(request)

    def is_read(self, request: httpx.Request) -> bool:
        return request.method == "GET" or request.url.host == "www.linkedin.com"

    def serve(self, request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        if request.headers.get("authorization") != f"Bearer {self.access}":
            return self.refused(401, 65600, "INVALID_ACCESS_TOKEN", "Invalid access token")
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            return self.refused(400, 0, "ILLEGAL_ARGUMENT", "Rest.li protocol")
        if request.headers.get("linkedin-version") != "202609":
            return self.refused(426, 0, "NONEXISTENT_VERSION", "Requested version is not active")
        asked = dict(part.partition("=")[::2] for part in query.split("&") if part)
        if found := COMMENTS.fullmatch(path):
            return self._social(request.method, unquote(found[1]), found[2], asked)
        return self._other(path, asked) if request.method == "GET" else self.not_found()

    def refused(self, status: int, service: int, code: str, message: str) -> httpx.Response:
        """An error as LinkedIn words it."""
        return self.json({"status": status, "serviceErrorCode": service, "code": code, "message": message}, status)

    def not_found(self) -> httpx.Response:
        """What is not there."""
        return self.refused(404, 0, "RESOURCE_NOT_FOUND", "No such resource")

    def _other(self, path: str, asked: dict[str, str]) -> httpx.Response:
        if path == "/rest/organizationalEntityNotifications":
            return self._notifications(asked)
        if path == "/rest/posts" and asked.get("author") == ORG_URN.replace(":", "%3A"):
            return self._page([self._post(post) for post in self.posts], asked)
        if found := POST.fullmatch(path):
            urn = unquote(found[1])
            row = next((self._post(post) for post in self.posts if self._post(post)["id"] == urn), None)
            return self.json(row) if row else self.not_found()
        if path == f"/rest/organizations/{ORGANIZATION}":
            return self.json({"id": int(ORGANIZATION), "localizedName": "City of X"})
        if path == "/rest/organizationAcls" and asked.get("q") == "roleAssignee":
            rows = [{"organization": urn, "role": "ADMINISTRATOR", "state": "APPROVED"} for urn in self.roles]
            return self.json({"elements": rows, "paging": {"start": 0, "count": 100, "links": []}})
        return self.not_found()

    def _notifications(self, asked: dict[str, str]) -> httpx.Response:
        spans = re.fullmatch(r"\(start:([0-9]+),end:([0-9]+)\)", asked.get("timeRange", ""))
        actions = re.fullmatch(r"List\(([A-Z_,]+)\)", asked.get("actions", ""))
        if spans is None or actions is None or asked.get("organizationalEntity") != ORG_URN.replace(":", "%3A"):
            return self.refused(400, 0, "ILLEGAL_ARGUMENT", "Parameters are not encoded as rest.li 2.0 wants them")
        wanted, start, end = actions[1].split(","), int(spans[1]), int(spans[2])
        rows = [row for row in self.bells if row["action"] in wanted and start <= row["lastModifiedAt"] <= end]
        return self._page(rows, asked)

    def _social(self, method: str, target: str, number: str | None, asked: dict[str, str]) -> httpx.Response:
        names = [name for name, row in self.rows.items() if target in self._targets(row)]
        if number is None:
            known = (
                bool(names) or any(target == self._post(post)["id"] for post in self.posts) or target in self._urns()
            )
            if method != "GET" or not known:
                return self.not_found()
            names.sort(key=lambda name: self.rows[name]["at"], reverse=True)
            return self._page([self._comment(name) for name in names], asked)
        if number not in names:
            return self.not_found()
        if method == "GET":
            return self.json(self._comment(number))
        if method != "DELETE" or asked.get("actor") != ORG_URN.replace(":", "%3A"):
            return self.refused(400, 0, "ILLEGAL_ARGUMENT", "actor is missing")
        self._gone(number)
        self.wrote(f"delete {number}")
        return httpx.Response(204)

    def _gone(self, number: str) -> None:
        for each in [name for name, row in self.rows.items() if number in (name, row["parent"])]:
            del self.rows[each]

    def _auth(self, request: httpx.Request) -> httpx.Response:
        told = {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
        if self.auth_fault is not None:
            return self.auth_fault
        if told.get("client_secret") != CLIENT_SECRET:
            return self.json({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        if request.url.path == "/oauth/v2/introspectToken":
            days = self.access_days if told["token"] == self.access else self.refresh_days
            ends = max(self.clock(), datetime.now(UTC)) + timedelta(days=days)
            body = {"active": True, "status": "active", "expires_at": int(ends.timestamp()), "scope": self.scopes}
            return self.json(body)
        if (request.url.path, told.get("refresh_token")) != ("/oauth/v2/accessToken", REFRESH):
            return self.json({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        more = {"refresh_token": REFRESH, "refresh_token_expires_in": 86400 * self.refresh_days}
        return self.json({"access_token": self.access, "expires_in": 86400 * self.access_days, **more})

    def _ring(self, action: str, number: str, at: datetime) -> None:
        row = self.rows[number]
        urn = f"urn:li:comment:(urn:li:activity:{7000 + row['post']},{number})"
        bell: dict[str, Any] = {
            "notificationId": 5603453000 + len(self.bells),
            "organizationalEntity": ORG_URN,
            "action": action,
            "sourcePost": f"urn:li:activity:{7000 + row['post']}",
            "generatedActivity": urn,
            "lastModifiedAt": stamp(at),
            "decoratedGeneratedActivity": {"comment": {"entity": urn, "owner": row["actor"], "text": row["text"]}},
        }
        if self.names_post:
            bell["decoratedSourcePost"] = {"entity": f"urn:li:share:{9000 + row['post']}", "owner": ORG_URN}
        self.bells.insert(0, bell)

    def _targets(self, row: dict[str, Any]) -> tuple[str, ...]:
        thread = f"urn:li:activity:{7000 + row['post']}"
        if row["parent"]:
            return (f"urn:li:comment:({thread},{row['parent']})",)
        return (f"urn:li:share:{9000 + row['post']}", thread)

    def _urns(self) -> set[str]:
        posts = {self._post(post)["id"] for post in self.posts}
        return posts | {
            f"urn:li:comment:(urn:li:activity:{7000 + row['post']},{name})" for name, row in self.rows.items()
        }

    def _post(self, post: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"urn:li:share:{9000 + post['number']}",
            "author": ORG_URN,
            "commentary": post["text"],
            "visibility": "PUBLIC",
            "lifecycleState": "PUBLISHED",
            "createdAt": stamp(post["at"]),
            "publishedAt": stamp(post["at"]),
            "lastModifiedAt": stamp(post["at"]),
        }

    def _comment(self, name: str) -> dict[str, Any]:
        row = self.rows[name]
        thread = f"urn:li:activity:{7000 + row['post']}"
        urn = f"urn:li:comment:({thread},{name})"
        replies = sum(each["parent"] == name for each in self.rows.values())
        told: dict[str, Any] = {
            "id": name,
            "$URN": urn,
            "commentUrn": urn,
            "object": thread,
            "message": {"attributes": [], "text": row["text"]},
            "created": {"time": stamp(row["at"])},
            "lastModified": {"time": stamp(row["edited"])},
            "likesSummary": {"totalLikes": 0},
            "commentsSummary": {"totalFirstLevelComments": replies, "aggregatedTotalComments": replies},
        }
        if row["actor"]:
            told |= {"actor": row["actor"], "created": {"actor": row["actor"], "time": stamp(row["at"])}}
        if row["parent"]:
            told["parentComment"] = f"urn:li:comment:({thread},{row['parent']})"
        return self._damage(told, self.damaged.get(name))

    def _damage(self, told: dict[str, Any], how: Damage | None) -> dict[str, Any]:
        if how == "no id":
            return {key: value for key, value in told.items() if key not in ("id", "$URN", "commentUrn")}
        if how == "bad id":
            told["id"] = "../me"
        if how in ("no time", "bad time"):
            told["created"] = {} if how == "no time" else {"time": "yesterday"}
        return told

    def _page(self, rows: list[Any], asked: dict[str, str]) -> httpx.Response:
        start, size = int(asked.get("start", "0")), int(asked.get("count", "10"))
        total, after = len(rows), start + size
        shown = rows[start:after]
        if self.empty_pages:
            # Filtered after paging: nothing is left of this page, and the next begins where it began.
            self.empty_pages -= 1
            shown, after, total = [], start, max(total, start + 1)
        if self.same_mark:
            after = 0
        links = [{"rel": "next", "href": f"/rest/x?start={after}&count={size}", "type": "application/json"}]
        more = self.same_mark or after < total
        paging = {"start": start, "count": size, "total": len(rows), "links": links if more else []}
        if self.between_pages:
            self.between_pages()
        return self.json({"elements": shown, "paging": paging})


def stamp(moment: datetime) -> int:
    """A time as LinkedIn writes it."""
    return int(moment.timestamp() * 1000)
