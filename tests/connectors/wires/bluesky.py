"""Bluesky as XRPC looks from the network: the account's records, and the views that are made of them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

DID = "did:plc:cityofxcityofxcityofxcit"
LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
POST, GATE = "app.bsky.feed.post", "app.bsky.feed.threadgate"
PARAMETERS = {
    "app.bsky.notification.listNotifications": {"limit", "cursor", "reasons"},
    "app.bsky.feed.getAuthorFeed": {"actor", "filter", "limit", "cursor"},
    "app.bsky.feed.getPostThread": {"uri", "depth", "parentHeight"},
    "app.bsky.feed.getPosts": {"uris"},
    "com.atproto.repo.getRecord": {"repo", "collection", "rkey"},
    "com.atproto.repo.listRecords": {"repo", "collection", "limit", "cursor"},
    "com.atproto.server.getSession": set(),
}


def did_of(account: str) -> str:
    """The number of a resident's account."""
    return "did:plc:" + account.translate(str.maketrans("0123456789", "abcdefghij")).rjust(24, "q")


def tid(at: datetime, number: int) -> str:
    """A key that carries its time, as Bluesky makes them."""
    value, letters = int(at.timestamp() * 1_000_000) * 1024 + number * 7, ""
    for _ in range(13):
        value, letter = divmod(value, 32)
        letters = LETTERS[letter] + letters
    return letters


def stamp(at: datetime) -> str:
    """A time as Bluesky writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def cid_of(value: Any) -> str:
    """The name of a version of a record."""
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return "b" + base64.b32encode(b"\x01\x71\x12\x20" + digest).decode().lower().rstrip("=")


@dataclass
class Wire(BaseWire):
    """One city account. ``posts`` by address; ``records`` of the city's own account by collection and key."""

    platform: ClassVar[str] = "bluesky"
    base_url: ClassVar[str] = "https://bsky.social"
    page_id: ClassVar[str] = DID
    token: ClassVar[str] = "abcd-efgh-ijkl-mnop"
    secrets: ClassVar[tuple[str, ...]] = (
        "abcd-efgh-ijkl-mnop",
        "eyJhY2Nlc3M.of+the/city=1",
        "eyJyZWZyZXNo.of+the/city=1",
    )
    none_there: ClassVar[frozenset[int]] = frozenset({400})
    unable: ClassVar[Mapping[str, str]] = {
        "test_an_edit_is_a_new_revision_of_the_same_comment": "Bluesky posts can't be edited.",
        "test_an_edit_of_yesterdays_comment_is_seen_within_the_hour": "Bluesky posts can't be edited.",
        "test_a_missing_author_is_tolerated_and_explained": (
            "On Bluesky the account is part of the address of every post, so it can't be missing."
        ),
    }

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    # The answers to a post, by its address.
    children: dict[str, list[str]] = field(default_factory=dict)
    # Posts of accounts that block the city, or that it blocks.
    severed: set[str] = field(default_factory=set)
    # Whom a notification is not sent for.
    unnotified: set[str] = field(default_factory=set)
    sessions: int = 1
    # Somebody changes the record just before the next write.
    before_write: Callable[[], None] | None = None

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        return self._keep(DID, number, at, f"Post {number}", ("city.example", "City of X"), None)

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
        account, name = author or ANN
        answers = {"root": self._strong(post_id), "parent": self._strong(parent.comment_id if parent else post_id)}
        whose = (DID, ("city.example", "City of X")) if by_city else (did_of(account), (f"u{account}.example", name))
        return CommentRef("bluesky", DID, self._keep(whose[0], number, at, text, whose[1], answers))

    def mention(self, number: int, text: str, *, at: datetime = AN_HOUR_AGO, author: Resident = ANN) -> CommentRef:
        """Somebody names the city in a post of their own."""
        names = (f"u{author[0]}.example", author[1])
        uri = self._keep(did_of(author[0]), number, at, text, names, None)
        self.posts[uri]["reason"] = "mention"
        return CommentRef("bluesky", DID, uri)

    def edit(self, ref: CommentRef, text: str) -> None:
        raise NotImplementedError

    def vanish(self, ref: CommentRef) -> None:
        del self.posts[ref.comment_id]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        root = self._root(ref.comment_id)
        rkey = root.rpartition("/")[2]
        gate = self.records.setdefault(GATE, {}).setdefault(
            rkey, {"$type": GATE, "post": root, "createdAt": stamp(NOW)}
        )
        others = [each for each in gate.get("hiddenReplies", []) if each != ref.comment_id]
        gate["hiddenReplies"] = [*others, ref.comment_id] if hidden else others

    def is_hidden(self, ref: CommentRef) -> bool:
        gate = self.records.get(GATE, {}).get(self._root(ref.comment_id).rpartition("/")[2], {})
        return ref.comment_id in gate.get("hiddenReplies", [])

    def damage(self, ref: CommentRef, how: Damage) -> None:
        post = self.posts[ref.comment_id]
        if how in ("no id", "bad id"):
            post["shown_as"] = None if how == "no id" else "at://../me"
        else:
            post["indexedAt"] = None if how == "no time" else "yesterday"

    def is_read(self, request: httpx.Request) -> bool:
        return request.method == "GET" or "com.atproto.server." in request.url.path

    def serve(self, request: httpx.Request) -> httpx.Response:
        nsid = request.url.path.removeprefix("/xrpc/")
        if nsid == "com.atproto.server.createSession":
            body = json.loads(request.content)
            right = (body.get("identifier"), body.get("password")) == (DID, self.token)
            return (
                self._session()
                if right
                else self._error("AuthenticationRequired", "Invalid identifier or password", 401)
            )
        given = request.headers.get("authorization")
        if nsid == "com.atproto.server.refreshSession":
            return (
                self._session()
                if given == f"Bearer {self._jwt('refresh')}"
                else self._error("ExpiredToken", "Token has been revoked")
            )
        if given != f"Bearer {self._jwt('access')}":
            return self._error("ExpiredToken", "Token has expired")
        if request.method == "POST" and nsid.startswith("com.atproto.repo."):
            return self._write(nsid.rpartition(".")[2], json.loads(request.content))
        if request.method != "GET" or nsid not in PARAMETERS:
            return self._error("MethodNotImplemented", "Method Not Implemented", 501)
        strange = set(request.url.params) - PARAMETERS[nsid]
        if strange or not 1 <= int(request.url.params.get("limit", 50)) <= 100:
            return self._error("InvalidRequest", "Error: Params must have only known properties")
        return self._ask(nsid.rpartition(".")[2], request.url.params)

    # Reading.

    def _ask(self, name: str, query: httpx.QueryParams) -> httpx.Response:
        if name == "getSession":
            return self.json({"did": DID, "handle": "city.example", "active": True}, date=_http_date(self.clock()))
        if name == "getRecord":
            return self._record(query["collection"], query["rkey"], query["repo"])
        if name == "listRecords":
            return self._records(query)
        if name == "getPosts":
            return self._some(query.get_list("uris"))
        if name == "getPostThread":
            return self._thread(query["uri"], min(int(query["depth"]), 10))
        return self._feed(query) if name == "getAuthorFeed" else self._notes(query)

    def _notes(self, query: httpx.QueryParams) -> httpx.Response:
        wanted = query.get_list("reasons")
        rows = [post for post in self.posts.values() if post["did"] != DID and post["reason"] in wanted]
        kept = [post for post in rows if post["uri"] not in self.unnotified]
        return self._page(kept, query, "notifications", lambda post: {**self._view(post), "reason": post["reason"]})

    def _feed(self, query: httpx.QueryParams) -> httpx.Response:
        if (query["actor"], query["filter"]) != (DID, "posts_no_replies"):
            return self._error("InvalidRequest", "Profile not found")
        rows = [post for post in self.posts.values() if post["did"] == DID and not post["reply"]]
        return self._page(rows, query, "feed", lambda post: {"post": self._view(post)})

    def _page(
        self,
        rows: list[dict[str, Any]],
        query: httpx.QueryParams,
        name: str,
        shown: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> httpx.Response:
        rows = sorted(rows, key=lambda row: str(row["indexedAt"] or "z"), reverse=True)
        mark, size = query.get("cursor", "0"), int(query.get("limit", 50))
        if self.empty_pages and not mark.startswith("hollow"):
            self.empty_pages -= 1
            return self.json({name: [], "cursor": f"hollow{self.empty_pages}"})
        first = 0 if mark.startswith("hollow") else int(mark)
        body: dict[str, Any] = {name: [shown(row) for row in rows[first : first + size]]}
        if first + size < len(rows):
            body["cursor"] = "0" if self.same_mark else str(first + size)
        answer = self.json(body)
        if self.between_pages:
            self.between_pages()
        return answer

    def _some(self, uris: list[str]) -> httpx.Response:
        if not 0 < len(uris) <= 25:
            return self._error("InvalidRequest", "Error: uris must not have more than 25 elements")
        found = [self.posts[uri] for uri in uris if uri in self.posts and uri not in self.severed]
        return self.json({"posts": [self._view(post) for post in found]})

    def _thread(self, uri: str, levels: int) -> httpx.Response:
        if uri not in self.posts:
            return self._error("NotFound", f"Post not found: {uri}")
        return self.json({"thread": self._node(uri, levels)})

    def _node(self, uri: str, levels: int) -> dict[str, Any]:
        if uri in self.severed:
            did = self.posts[uri]["did"]
            return {"$type": "app.bsky.feed.defs#blockedPost", "uri": uri, "blocked": True, "author": {"did": did}}
        node: dict[str, Any] = {"$type": "app.bsky.feed.defs#threadViewPost", "post": self._view(self.posts[uri])}
        if levels:
            node["replies"] = [self._node(each, levels - 1) for each in self._replies(uri)]
        return node

    def _replies(self, uri: str) -> list[str]:
        return [at for at in self.children.get(uri, ()) if at in self.posts]

    def _view(self, post: dict[str, Any]) -> dict[str, Any]:
        record = {"$type": POST, "text": post["text"], "createdAt": post["createdAt"], "langs": ["en"]}
        if post["reply"]:
            record["reply"] = post["reply"]
        handle, name = post["names"]
        view = {
            "uri": post.get("shown_as", post["uri"]),
            "cid": post["cid"],
            "author": {"did": post["did"], "handle": handle, "displayName": name, "labels": []},
            "record": record,
            "replyCount": len(self._replies(post["uri"])),
            "repostCount": 0,
            "likeCount": 0,
            "quoteCount": 0,
            "indexedAt": post["indexedAt"],
            "labels": post.get("labels", []),
            **({"embed": post["embed"]} if "embed" in post else {}),
        }
        return {key: value for key, value in view.items() if value is not None}

    def _record(self, collection: str, rkey: str, repo: str) -> httpx.Response:
        value = self.records.get(collection, {}).get(rkey)
        if value is None:
            return self._error("RecordNotFound", f"Could not locate record: at://{repo}/{collection}/{rkey}")
        return self.json({"uri": f"at://{repo}/{collection}/{rkey}", "cid": cid_of(value), "value": value})

    def _records(self, query: httpx.QueryParams) -> httpx.Response:
        kept = sorted(self.records.get(query["collection"], {}).items(), reverse=True)
        rows = [(key, value) for key, value in kept if key < query.get("cursor", "~")]
        size = int(query.get("limit", 50))
        at = f"at://{DID}/{query['collection']}"
        shown = [{"uri": f"{at}/{key}", "cid": cid_of(value), "value": value} for key, value in rows[:size]]
        return self.json({"records": shown, **({"cursor": rows[size - 1][0]} if len(rows) > size else {})})

    # Writing.

    def _write(self, name: str, body: dict[str, Any]) -> httpx.Response:
        if self.before_write:
            self.before_write()
        if body["repo"] != DID or name not in ("putRecord", "createRecord", "deleteRecord"):
            return self._error("InvalidRequest", "Could not find repo")
        kept = self.records.setdefault(body["collection"], {})
        if name == "deleteRecord":
            del kept[body["rkey"]]
            self.wrote(f"delete {body['collection']}")
            return self.json({})
        rkey = body.get("rkey") or tid(self.clock(), len(kept))
        before = kept.get(rkey)
        if "swapRecord" in body and body["swapRecord"] != (cid_of(before) if before else None):
            return self._error("InvalidSwap", "Record was at another version")
        if len(body["record"].get("hiddenReplies", [])) > 300:
            return self._error("InvalidRequest", "Invalid app.bsky.feed.threadgate record: Record/hiddenReplies")
        kept[rkey] = body["record"]
        self._tell(body["collection"], before or {}, body["record"])
        return self.json({"uri": f"at://{DID}/{body['collection']}/{rkey}", "cid": cid_of(body["record"])})

    def _tell(self, collection: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        old, new = before.get("hiddenReplies", []), after.get("hiddenReplies", [])
        for uri in [each for each in new if each not in old]:
            self.wrote(f"hide {uri}")
        for uri in [each for each in old if each not in new]:
            self.wrote(f"unhide {uri}")
        if collection != GATE:
            self.wrote(f"create {collection}")

    # Sessions and words.

    def _jwt(self, kind: str) -> str:
        return {"access": "eyJhY2Nlc3M", "refresh": "eyJyZWZyZXNo"}[kind] + f".of+the/city={self.sessions}"

    def _session(self) -> httpx.Response:
        pair = {"accessJwt": self._jwt("access"), "refreshJwt": self._jwt("refresh")}
        return self.json({**pair, "did": DID, "handle": "city.example", "active": True})

    def _error(self, name: str, message: str, status: int = 400) -> httpx.Response:
        return self.json({"error": name, "message": message}, status)

    def _strong(self, uri: str) -> dict[str, str]:
        return {"uri": uri, "cid": cid_of(uri)}

    def _root(self, uri: str) -> str:
        reply = self.posts[uri]["reply"]
        root: str = reply["root"]["uri"] if reply else uri
        return root

    def _keep(
        self, did: str, number: int, at: datetime, text: str, names: tuple[str, str], reply: dict[str, Any] | None
    ) -> str:
        uri = f"at://{did}/{POST}/{tid(at, number)}"
        self.posts[uri] = {
            "uri": uri,
            "cid": cid_of(uri),
            "did": did,
            "names": names,
            "text": text,
            "createdAt": stamp(at),
            "indexedAt": stamp(at + timedelta(seconds=1)),
            "reply": reply,
            "reason": "reply" if reply else "none",
        }
        if reply:
            self.children.setdefault(reply["parent"]["uri"], []).append(uri)
        return uri


def _http_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
