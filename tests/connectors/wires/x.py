"""X as its API v2 looks from the network (docs.x.com, specification 2.167): strict about paths, fields and lengths."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

PAGE_ID = "1111"
EPOCH_MS = 1_288_834_974_657
OLD_TO_NEW = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
}
KNOWN_FIELDS = {"attachments", "author_id", "conversation_id", "created_at", "entities", "in_reply_to_user_id"}
KNOWN_FIELDS |= {"public_metrics", *OLD_TO_NEW}
LIST_PARAMETERS = frozenset({"start_time", "end_time", "since_id", "max_results", "pagination_token"})


def snowflake(at: datetime, number: int) -> str:
    """An id that carries its time, as X makes them."""
    return str(((int(at.timestamp() * 1000) - EPOCH_MS) << 22) + number)


def stamp(at: datetime) -> str:
    """A time as X writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def escaped(text: str) -> str:
    """Words as X delivers them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@dataclass
class Wire(BaseWire):
    """One city account. ``rows`` by the id of the first version; ``versions`` holds every version by its own id."""

    platform: ClassVar[str] = "x"
    base_url: ClassVar[str] = "https://api.x.com"
    page_id: ClassVar[str] = PAGE_ID
    token: ClassVar[str] = json.dumps(
        {
            "client_id": "Y2xpZW50LWlkLW9mLWNpdHk6MTpjaQ",
            "client_secret": "cl13nt/secret+of=city",
            "access_token": "acc3ss/T0ken+of=city",
            "refresh_token": "r3fresh/T0ken+of=city",
        }
    )
    secrets: ClassVar[tuple[str, ...]] = ("acc3ss/T0ken+of=city", "r3fresh/T0ken+of=city", "cl13nt/secret+of=city")
    connect: ClassVar[Mapping[str, Any]] = {
        "options": {"attested": "A. Clerk, 2026-11-01", "plan": "enterprise", "usd_per_month": "100000"}
    }
    nameless: ClassVar[bool] = True
    unable: ClassVar[Mapping[str, str]] = {
        "test_an_edit_of_yesterdays_comment_is_seen_within_the_hour": (
            "X lets nobody edit a post that is older than thirty minutes."
        ),
    }

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    away: dict[str, list[str]] = field(default_factory=lambda: {"muting": [], "blocking": []})
    access: str = "acc3ss/T0ken+of=city"
    refresh: str = "r3fresh/T0ken+of=city"
    # How the Authorization of a request is judged; tests of other keys put their own here.
    judge: Callable[[httpx.Request], bool] | None = None
    spelling: str = "tweet"
    longest_query: int = 4096
    # Posts that X keeps to itself: protected, suspended.
    withheld: set[str] = field(default_factory=set)

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        return self._keep(number, at, f"Post {number}", PAGE_ID, None, None)

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
        names_city: bool = True,
    ) -> CommentRef:
        """``names_city``: whether the reply still names the account that it answers."""
        author_id = PAGE_ID if by_city else author[0] if author else None
        answers = parent.comment_id if parent else post_id
        comment_id = self._keep(number, at, text, author_id, post_id, answers)
        self.rows[comment_id]["names"] = names_city and not by_city
        return CommentRef("x", PAGE_ID, comment_id)

    def mention(self, number: int, text: str, *, at: datetime = AN_HOUR_AGO, author: Resident = ANN) -> CommentRef:
        """Somebody names the city in a post of their own."""
        comment_id = self._keep(number, at, text, author[0], None, None)
        self.rows[comment_id]["names"] = True
        return CommentRef("x", PAGE_ID, comment_id)

    def edit(self, ref: CommentRef, text: str) -> None:
        old = self.rows[ref.comment_id]
        new_id = snowflake(self.clock(), 77)
        history = [*old["edit_history_tweet_ids"], new_id]
        fresh = {**old, **_worded(text), "id": new_id, "created_at": stamp(self.clock())}
        self.rows[ref.comment_id] = self.versions[new_id] = fresh
        for each in history:
            self.versions[each]["edit_history_tweet_ids"] = history

    def vanish(self, ref: CommentRef) -> None:
        for each in self.rows.pop(ref.comment_id)["edit_history_tweet_ids"]:
            del self.versions[each]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        (self.hidden.add if hidden else self.hidden.discard)(ref.comment_id)

    def is_hidden(self, ref: CommentRef) -> bool:
        return ref.comment_id in self.hidden

    def damage(self, ref: CommentRef, how: Damage) -> None:
        row = self.rows[ref.comment_id]
        if how == "no id":
            del row["id"], row["edit_history_tweet_ids"]
        elif how == "bad id":
            row["id"], row["edit_history_tweet_ids"] = "../me", ["../me"]
        elif how == "no time":
            del row["created_at"]
        else:
            row["created_at"] = "yesterday"

    def is_read(self, request: httpx.Request) -> bool:
        return request.method == "GET" or request.url.path == "/2/oauth2/token"

    def serve(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/2/oauth2/token":
            return self._renewed(request)
        if not (self.judge or self._bearer)(request):
            return self._problem(401, "Unauthorized", "Unauthorized")
        for method, shape, answer in (
            ("GET", r"/2/users/me", self._me),
            ("GET", r"/2/tweets", self._lookup),
            ("GET", r"/2/tweets/search/recent", self._search),
            ("GET", rf"/2/users/{PAGE_ID}/(tweets|mentions)", self._timeline),
            ("GET", rf"/2/users/{PAGE_ID}/(muting|blocking)", self._kept_away),
            ("PUT", r"/2/tweets/(\d+)/hidden", self._hide),
            ("POST", rf"/2/users/{PAGE_ID}/(muting|blocking)", self._keep_away),
            ("DELETE", rf"/2/users/{PAGE_ID}/(muting|blocking)/(\d+)", self._let_back),
        ):
            found = re.fullmatch(shape, request.url.path)
            if found and request.method == method:
                return answer(request, *found.groups())
        return self._problem(404, "Not Found", "Not Found")

    # Reading.

    def _me(self, request: httpx.Request) -> httpx.Response:
        return self.json({"data": {"id": PAGE_ID, "name": "City of X", "username": "CityOfX"}})

    def _lookup(self, request: httpx.Request) -> httpx.Response:
        wrong = self._unknown(request, {"ids"})
        if wrong is not None:
            return wrong
        asked = request.url.params["ids"].split(",")
        found = [self.versions[each] for each in asked if each in self.versions and each not in self.withheld]
        body: dict[str, Any] = {"data": [self._shown(row, request) for row in found]} if found else {}
        missing = [each for each in asked if each not in self.versions or each in self.withheld]
        if missing:
            body["errors"] = [self._missing(each) for each in missing]
        return self.json(body)

    def _timeline(self, request: httpx.Request, which: str) -> httpx.Response:
        wrong = self._unknown(request, LIST_PARAMETERS | ({"exclude"} if which == "tweets" else set()), least=5)
        if wrong is not None:
            return wrong
        own = which == "tweets"
        rows = [row for row in self.rows.values() if (row.get("author_id") == PAGE_ID if own else row.get("names"))]
        return self._page(rows[-3200:] if own else rows[-800:], request, "pagination_token")

    def _search(self, request: httpx.Request) -> httpx.Response:
        wrong = self._unknown(request, LIST_PARAMETERS | {"query", "next_token"}, least=10)
        if wrong is not None:
            return wrong
        query = request.url.params["query"]
        shape = r"\((conversation_id:\d+(?: OR conversation_id:\d+)*)\) -from:(\d+)"
        found = re.fullmatch(shape, query)
        start = datetime.fromisoformat(request.url.params["start_time"])
        if not found or len(query) > self.longest_query or start < self.clock() - timedelta(days=7):
            return self._problem(400, "Invalid Request", "One or more parameters to your request was invalid.")
        wanted, city = set(re.findall(r"\d+", found[1])), found[2]
        # The last half minute is not in the index yet.
        ready = stamp(self.clock() - timedelta(seconds=30))
        rows = [row for row in self.rows.values() if row["conversation_id"] in wanted and row.get("author_id") != city]
        rows = [row for row in rows if row.get("created_at") in (None, "yesterday") or row["created_at"] <= ready]
        return self._page(rows, request, "next_token")

    def _page(self, rows: list[dict[str, Any]], request: httpx.Request, mark: str) -> httpx.Response:
        query = request.url.params
        start = query.get("start_time", "")
        rows = sorted(rows, key=lambda row: row.get("created_at", "z"), reverse=True)
        rows = [row for row in rows if row.get("created_at", "z") >= start.replace("Z", ".000Z")]
        token = query.get(mark, "b26v0")
        if token.startswith("hollow"):
            token = "b26v0"
        elif self.empty_pages:
            self.empty_pages -= 1
            return self.json({"meta": {"result_count": 0, "next_token": f"hollow{self.empty_pages}"}})
        first, asked = int(token.removeprefix("b26v")), int(query.get("max_results", "10"))
        # Who asks for the least gets less: pages of a platform are never as long as promised.
        size = asked if asked > 10 else 2
        body: dict[str, Any] = {"meta": {"result_count": len(rows[first : first + size])}}
        if rows[first : first + size]:
            body["data"] = [self._shown(row, request) for row in rows[first : first + size]]
        if first + size < len(rows):
            body["meta"]["next_token"] = "b26v0" if self.same_mark else f"b26v{first + size}"
        answer = self.json(body, 200, **self._limits())
        if self.between_pages:
            self.between_pages()
        return answer

    def _shown(self, row: dict[str, Any], request: httpx.Request) -> dict[str, Any]:
        wanted = set(request.url.params.get(f"{self.spelling}.fields", "").split(","))
        kept = {"id", "text", "edit_history_tweet_ids"} | {old for old, new in OLD_TO_NEW.items() if new in wanted}
        shown = {key: value for key, value in row.items() if key in kept | (wanted & KNOWN_FIELDS)}
        if "public_metrics" in wanted:
            replies = [each for each in self.rows.values() if _answered(each) == row.get("id")]
            shown["public_metrics"] = {"reply_count": len(replies), "like_count": 0, "quote_count": 0}
        if self.spelling == "post":
            return {OLD_TO_NEW.get(key, key): value for key, value in shown.items()}
        return shown

    def _unknown(
        self, request: httpx.Request, known: set[str] | frozenset[str], least: int = 0
    ) -> httpx.Response | None:
        query = request.url.params
        strange = set(query) - known - {f"{self.spelling}.fields"}
        if strange:
            return self._invalid(strange.pop(), "is not one of the parameters")
        fields = set(query.get(f"{self.spelling}.fields", "id").split(",")) - {"id"}
        old = {old for old in fields if OLD_TO_NEW.get(old)} if self.spelling == "post" else set()
        if old or not fields <= KNOWN_FIELDS | set(OLD_TO_NEW.values()):
            return self._invalid(f"{self.spelling}.fields", "has unknown values")
        if {"since_id", "start_time"} <= set(query) or not least <= int(query.get("max_results", least)) <= 100:
            return self._invalid("max_results", "is not valid")
        return None

    # Writing.

    def _hide(self, request: httpx.Request, tweet_id: str) -> httpx.Response:
        wanted = json.loads(request.content).get("hidden")
        row = self.versions.get(tweet_id)
        if row is None:
            return self._problem(404, "Not Found Error", "Could not find tweet.", kind="resource-not-found")
        root = self.rows.get(row["conversation_id"], {})
        if root.get("author_id") != PAGE_ID or row["conversation_id"] == tweet_id or not isinstance(wanted, bool):
            return self._problem(403, "Forbidden", "You are not permitted to perform this action.")
        comment_id = row["edit_history_tweet_ids"][0]
        if wanted != (comment_id in self.hidden):
            self.set_hidden(CommentRef("x", PAGE_ID, comment_id), wanted)
            self.wrote(f"{'hide' if wanted else 'unhide'} {comment_id}")
        return self.json({"data": {"hidden": wanted}})

    def _kept_away(self, request: httpx.Request, edge: str) -> httpx.Response:
        users = [{"id": each, "name": "Ann Roe", "username": "annroe"} for each in self.away[edge]]
        return self.json({**({"data": users} if users else {}), "meta": {"result_count": len(users)}})

    def _keep_away(self, request: httpx.Request, edge: str) -> httpx.Response:
        self.away[edge].append(json.loads(request.content)["target_user_id"])
        self.wrote(f"{edge} {self.away[edge][-1]}")
        return self.json({"data": {edge: True}})

    def _let_back(self, request: httpx.Request, edge: str, account: str) -> httpx.Response:
        self.away[edge].remove(account)
        self.wrote(f"no {edge} {account}")
        return self.json({"data": {edge: False}})

    # Keys.

    def _bearer(self, request: httpx.Request) -> bool:
        given: str | None = request.headers.get("authorization")
        return given == f"Bearer {self.access}"

    def _renewed(self, request: httpx.Request) -> httpx.Response:
        form = httpx.QueryParams(request.content.decode())
        basic = request.headers.get("authorization", "")
        if form.get("refresh_token") != self.refresh or not basic.startswith("Basic "):
            words = "Value passed for the token was invalid."
            return self.json({"error": "invalid_request", "error_description": words}, 400)
        self.access, self.refresh = f"{self.access}+n3xt", f"{self.refresh}+n3xt"
        scope = "tweet.read users.read tweet.moderate.write mute.read mute.write block.read offline.access"
        body = {"token_type": "bearer", "expires_in": 7200, "scope": scope}
        return self.json({**body, "access_token": self.access, "refresh_token": self.refresh})

    # Words.

    def _limits(self) -> dict[str, str]:
        reset = int((self.clock() + timedelta(minutes=15)).timestamp())
        return {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "200", "x-rate-limit-reset": str(reset)}

    def _problem(self, status: int, title: str, detail: str, kind: str = "") -> httpx.Response:
        where = f"https://api.x.com/2/problems/{kind}" if kind else "about:blank"
        return self.json({"title": title, "detail": detail, "type": where, "status": status}, status)

    def _invalid(self, parameter: str, words: str) -> httpx.Response:
        inner = {"parameters": {parameter: ["?"]}, "message": f"The query parameter [{parameter}] {words}."}
        kind = "https://api.x.com/2/problems/invalid-request"
        body = {"errors": [inner], "title": "Invalid Request", "type": kind}
        return self.json({**body, "detail": "One or more parameters to your request was invalid."}, 400)

    def _missing(self, each: str) -> dict[str, Any]:
        kind = "not-authorized-for-resource" if each in self.withheld else "resource-not-found"
        title = "Authorization Error" if each in self.withheld else "Not Found Error"
        return {
            "value": each,
            "resource_id": each,
            "parameter": "ids",
            "resource_type": self.spelling,
            "title": title,
            "detail": f"Could not find {self.spelling} with ids: [{each}].",
            "type": f"https://api.x.com/2/problems/{kind}",
        }

    def _keep(
        self, number: int, at: datetime, text: str, author_id: str | None, conversation: str | None, answers: str | None
    ) -> str:
        post_id = snowflake(at, number)
        row: dict[str, Any] = {
            "id": post_id,
            **_worded(text),
            "author_id": author_id,
            "conversation_id": conversation or post_id,
            "created_at": stamp(at),
            "edit_history_tweet_ids": [post_id],
            "in_reply_to_user_id": PAGE_ID if answers else None,
            "referenced_tweets": [{"type": "replied_to", "id": answers}] if answers else None,
        }
        self.rows[post_id] = self.versions[post_id] = {key: value for key, value in row.items() if value is not None}
        return post_id


def _worded(text: str) -> dict[str, Any]:
    if len(text) <= 280:
        return {"text": escaped(text)}
    return {"text": escaped(text[:279]) + "…", "note_tweet": {"text": escaped(text)}}


def _answered(row: Mapping[str, Any]) -> str | None:
    told = row.get("referenced_tweets") or [{}]
    answered: str | None = told[0].get("id")
    return answered
