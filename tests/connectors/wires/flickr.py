"""An account's photos as Flickr serves them: one endpoint, OAuth 1.0a, and failures under HTTP 200.

Shapes: flickr.com/services/api/, the pages of the methods.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote

import httpx
from oauthlib.oauth1.rfc5849 import signature

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

CITY = "35468159852@N01"
KEY, SECRET = "768fe946d252b119746fda82e1599980", "1a3c208e172d3edc"
TOKEN, TOKEN_SECRET = "72157607082540144-8d5d7ea7696629bf", "f38bf58b2d95bc8b"
ENDPOINT = "https://api.flickr.com/services/rest/"


@dataclass
class Wire(BaseWire):
    """The account ``CITY``. Residents' ids become NSIDs."""

    platform: ClassVar[str] = "flickr"
    base_url: ClassVar[str] = "https://api.flickr.com"
    page_id: ClassVar[str] = CITY
    token: ClassVar[str] = json.dumps({"key": KEY, "secret": SECRET, "token": TOKEN, "token_secret": TOKEN_SECRET})
    secrets: ClassVar[tuple[str, ...]] = (SECRET, TOKEN, TOKEN_SECRET, KEY)
    unable: ClassVar[Mapping[str, str]] = {
        "test_replies_arrive_with_their_parent_named": "Comments on a photo are one flat list, nobody answers anybody.",
        "test_a_repeated_page_mark_ends_the_sweep_with_a_gap": (
            "The comments of a photo come without pages; test_flickr asks this of the list of photos."
        ),
    }

    photos: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    albums: list[dict[str, Any]] = field(default_factory=list)
    login: str = CITY
    perms: str = "write"
    nonces: set[str] = field(default_factory=set)

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        photo_id = f"5{number:010d}"
        told = {
            "id": photo_id,
            "owner": CITY,
            "title": f"Photo {number}",
            "description": {"_content": "Snow in <b>Main Street</b>"},
            "dateupload": str(int(at.timestamp())),
            "media": "photo",
        }
        self.photos.insert(0, told)
        self.comments[photo_id] = []
        return photo_id

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
        own = f"6065-{post_id}-7205759407{number:010d}"
        nsid, name = (CITY, "City of X") if by_city else (f"{author[0]}@N01", author[1]) if author else ("", "")
        row = {
            "id": own,
            "author": nsid,
            "author_is_deleted": 0,
            "authorname": name,
            "realname": "",
            "datecreate": str(int(at.timestamp())),
            "permalink": f"https://www.flickr.com/photos/{CITY}/{post_id}/#comment7205759407{number:010d}",
            # What Flickr does not allow as HTML is delivered escaped.
            "_content": html.escape(text, quote=False),
        }
        self.comments[post_id].append(row)
        return CommentRef("flickr", CITY, f"{post_id}_{own}")

    def edit(self, ref: CommentRef, text: str) -> None:
        self._row(ref)["_content"] = html.escape(text, quote=False)

    def vanish(self, ref: CommentRef) -> None:
        photo_id, _, own = ref.comment_id.partition("_")
        self.comments[photo_id] = [row for row in self.comments[photo_id] if row["id"] != own]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        raise NotImplementedError

    def is_hidden(self, ref: CommentRef) -> bool:
        return False

    def damage(self, ref: CommentRef, how: Damage) -> None:
        row = self._row(ref)
        changes: dict[Damage, tuple[str, object]] = {
            "no id": ("id", None),
            "bad id": ("id", "../me"),
            "no time": ("datecreate", None),
            "bad time": ("datecreate", "yesterday"),
        }
        name, value = changes[how]
        row[name] = value

    def serve(self, request: httpx.Request) -> httpx.Response:
        asked = dict(parse_qsl(request.content.decode())) if request.method == "POST" else dict(request.url.params)
        if f"{request.url.scheme}://{request.url.host}{request.url.path}" != ENDPOINT:
            return httpx.Response(404, html="<html>Page not found</html>")
        problem = self._problem(request, asked)
        if problem:
            return httpx.Response(401, text=f"oauth_problem={problem}&debug_sbs={request.method}%26{KEY}")
        answers = {
            "flickr.test.login": self._login,
            "flickr.auth.oauth.checkToken": self._check_token,
            "flickr.people.getPhotos": self._get_photos,
            "flickr.photos.getInfo": self._get_info,
            "flickr.photos.comments.getList": self._get_list,
            "flickr.photos.comments.deleteComment": self._delete,
            "flickr.activity.userPhotos": self._activity,
        }
        made = answers.get(asked["method"])
        if made is None:
            return self._fail(112, f'Method "{asked["method"]}" not found')
        return made(asked)

    def _problem(self, request: httpx.Request, asked: Mapping[str, str]) -> str | None:
        """The word that Flickr answers to a request that is not signed as it should be."""
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        if kind != "OAuth":
            return "parameter_absent"
        given = [tuple(pair.strip().split("=", 1)) for pair in told.split(",")]
        oauth = {name: unquote(value.strip('"')) for name, value in given}
        if oauth["oauth_consumer_key"] != KEY or oauth["oauth_token"] != TOKEN:
            return "token_rejected"
        if oauth["oauth_nonce"] in self.nonces:
            return "nonce_used"
        self.nonces.add(oauth["oauth_nonce"])
        sent = oauth.pop("oauth_signature")
        base = signature.signature_base_string(
            request.method, ENDPOINT, signature.normalize_parameters([*asked.items(), *oauth.items()])
        )
        true = signature.sign_hmac_sha1_with_client(base, _Client(SECRET, TOKEN_SECRET))
        return None if true == sent else "signature_invalid"

    def _login(self, asked: Mapping[str, str]) -> httpx.Response:
        return self._ok(user={"id": self.login, "username": {"_content": "City of X"}, "path_alias": None})

    def _check_token(self, asked: Mapping[str, str]) -> httpx.Response:
        user = {"nsid": self.login, "username": "City of X", "fullname": ""}
        return self._ok(oauth={"token": {"_content": TOKEN}, "perms": {"_content": self.perms}, "user": user})

    def _get_photos(self, asked: Mapping[str, str]) -> httpx.Response:
        if asked["user_id"] not in (CITY, "me"):
            return self._fail(2, "Unknown user")
        since = int(asked.get("min_upload_date", "0"))
        rows = [row for row in self.photos if int(row["dateupload"]) >= since]
        return self._ok(photos=self._paged(rows, "photo", asked))

    def _get_info(self, asked: Mapping[str, str]) -> httpx.Response:
        row = next((row for row in self.photos if row["id"] == asked["photo_id"]), None)
        if row is None:
            return self._fail(1, "Photo not found")
        told = {
            **row,
            "title": {"_content": row["title"]},
            "dateuploaded": row["dateupload"],
            "comments": {"_content": str(len(self.comments[row["id"]]))},
        }
        del told["dateupload"]
        return self._ok(photo=told)

    def _get_list(self, asked: Mapping[str, str]) -> httpx.Response:
        photo_id = asked["photo_id"]
        if photo_id not in self.comments:
            return self._fail(1, "Photo not found")
        rows = list(self.comments[photo_id])
        told = {"photo_id": photo_id, "comment": [{k: v for k, v in row.items() if v is not None} for row in rows]}
        if not rows:
            # An empty list is left out.
            del told["comment"]
        answer = self._ok(comments=told)
        if self.between_pages:
            self.between_pages()
        return answer

    def _delete(self, asked: Mapping[str, str]) -> httpx.Response:
        own = asked["comment_id"]
        for photo_id, rows in self.comments.items():
            for row in rows:
                if row["id"] == own:
                    rows.remove(row)
                    self.wrote(f"delete {photo_id}_{own}")
                    return self._ok()
        return self._fail(2, "Comment not found.")

    def _activity(self, asked: Mapping[str, str]) -> httpx.Response:
        amount, unit = int(asked["timeframe"][:-1]), asked["timeframe"][-1]
        since = (self.clock() - timedelta(**{"d": {"days": amount}, "h": {"hours": amount}}[unit])).timestamp()
        items = [item for item in map(self._item, self.photos) if _newest(item) >= since]
        return self._ok(items=self._paged([*items, *self.albums], "item", asked))

    def _item(self, photo: Mapping[str, Any]) -> dict[str, Any]:
        rows = self.comments[photo["id"]]
        times = [row["datecreate"] for row in rows if str(row["datecreate"]).isdigit()]
        events = [{"type": "comment", "dateadded": time, "_content": "..."} for time in times]
        return {
            "type": "photo",
            "id": photo["id"],
            "owner": CITY,
            "comments": str(len(rows)),
            "title": {"_content": photo["title"]},
            "activity": {"event": events},
        }

    def _paged(self, rows: list[Any], name: str, asked: Mapping[str, str]) -> dict[str, Any]:
        page, size = int(asked.get("page", "1")), int(asked.get("per_page", "100"))
        empty = min(self.empty_pages, 2) if name == "photo" else 0
        pages = max(1, -(-len(rows) // size)) + empty
        start = (page - 1 - empty) * size
        shown = rows[max(start, 0) : max(start + size, 0)]
        told: dict[str, Any] = {"page": page, "pages": pages, "perpage": size, "total": len(rows), name: shown}
        if self.same_mark:
            told |= {"page": 1, "pages": 9}
        return told

    def _row(self, ref: CommentRef) -> dict[str, Any]:
        photo_id, _, own = ref.comment_id.partition("_")
        return next(row for row in self.comments[photo_id] if row["id"] == own)

    def _ok(self, **body: Any) -> httpx.Response:
        return self.json({**body, "stat": "ok"}, date=f"{self.clock():%a, %d %b %Y %H:%M:%S GMT}")

    def _fail(self, code: int, message: str) -> httpx.Response:
        return self.json({"stat": "fail", "code": code, "message": message})


@dataclass
class _Client:
    """What oauthlib's signing asks of a client."""

    client_secret: str
    resource_owner_secret: str


def _newest(item: Mapping[str, Any]) -> float:
    return max((float(event["dateadded"]) for event in item["activity"]["event"]), default=0.0)
