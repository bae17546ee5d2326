"""A blog's feeds as WordPress writes them: comments, posts, and each post's comments. Entity tags are honoured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from xml.sax.saxutils import escape

import httpx

from connectors._feed.entries import digest, id_of
from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

SITE = "https://blog.cityofx.example"
NO_SECRET = "A feed is public: there is no token that could leak."
SPACES = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
SPACES += ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
SPACES += ' xmlns:thr="http://purl.org/syndication/thread/1.0"'


@dataclass
class Wire(BaseWire):
    """The blog ``SITE``. ``holds``: how many comments the site's feed keeps."""

    platform: ClassVar[str] = "feed"
    base_url: ClassVar[str] = f"{SITE}/comments/feed/"
    page_id: ClassVar[str] = "city-blog"
    token: ClassVar[str] = "none"
    secrets: ClassVar[tuple[str, ...]] = ()
    connect: ClassVar[Mapping[str, Any]] = {"base_url": base_url, "options": {"posts": f"{SITE}/feed/"}}
    unable: ClassVar[Mapping[str, str]] = {
        "test_the_token_stands_nowhere_that_is_kept": NO_SECRET,
        "test_no_address_carries_the_token": NO_SECRET,
        "test_the_citys_own_comment_is_marked": "Anybody may type the city's name, so that no name marks its comments.",
        "test_the_same_account_has_the_same_id": "A feed tells typed names and no accounts.",
        "test_a_vanished_comment_shows_by_its_absence": "A feed keeps only its newest: absence from it proves nothing.",
        "test_an_empty_page_with_more_behind_it_is_followed": "A feed has no pages.",
        "test_a_repeated_page_mark_ends_the_sweep_with_a_gap": "A feed has no pages.",
        "test_an_answer_of_another_shape_is_kept_for_the_maintainers": (
            "A feed is XML: what begins like JSON is no answer at all; test_feed asks this with other XML."
        ),
    }

    posts: list[dict[str, Any]] = field(default_factory=list)
    comments: list[dict[str, Any]] = field(default_factory=list)
    holds: int = 3000
    tags: bool = True

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        link = f"{SITE}/2026/11/post-{number}/"
        self.posts.insert(0, {"link": link, "guid": f"{SITE}/?p={number}", "title": f"Post {number}", "at": at})
        return digest(link)

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
        post = next(post for post in self.posts if digest(post["link"]) == post_id)
        guid = f"{post['guid']}#comment-{number}"
        row = {
            "id": id_of(guid, at),
            "guid": guid,
            "link": f"{post['link']}#comment-{number}",
            "post": post["link"],
            "author": author[1] if author else "",
            "text": text,
            "at": at,
            "parent": next(
                (each["guid"] for each in self.comments if parent and each["id"] == parent.comment_id), None
            ),
            "date": f"{at:%a, %d %b %Y %H:%M:%S +0000}",
        }
        self.comments.append(row)
        return CommentRef("feed", self.page_id, str(row["id"]))

    def edit(self, ref: CommentRef, text: str) -> None:
        self._row(ref)["text"] = text

    def vanish(self, ref: CommentRef) -> None:
        self.comments.remove(self._row(ref))

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        raise NotImplementedError

    def is_hidden(self, ref: CommentRef) -> bool:
        return False

    def damage(self, ref: CommentRef, how: Damage) -> None:
        changes: dict[Damage, dict[str, Any]] = {
            "no id": {"guid": None, "link": None, "date": None},
            "bad id": {"guid": "x" * 5000},
            "no time": {"date": None},
            "bad time": {"date": "yesterday"},
        }
        self._row(ref).update(changes[how])

    def serve(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        newest_first = sorted(self.comments, key=lambda row: row["at"], reverse=True)
        if request.method != "GET":
            return httpx.Response(405)
        if path == "/comments/feed/":
            return self._feed(request, "".join(map(self._comment, newest_first[: self.holds])))
        if path == "/feed/":
            return self._feed(request, "".join(map(self._post, self.posts)))
        for post in self.posts:
            if str(request.url) == f"{post['link']}feed/":
                own = [row for row in newest_first if row["post"] == post["link"]]
                return self._feed(request, "".join(map(self._comment, own[: self.holds])))
        return httpx.Response(404, html="<html>Nothing here</html>")

    def _feed(self, request: httpx.Request, items: str) -> httpx.Response:
        text = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {SPACES}><channel><title>City of X</title>'
        # A lone surrogate can't be written in UTF-8: servers put the mark of the unknown in its place.
        body = f"{text}{items}</channel></rss>".encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
        headers = {"content-type": "application/rss+xml; charset=UTF-8", "date": self._http(self.clock())}
        if self.tags:
            headers["etag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.tags and request.headers.get("if-none-match") == headers["etag"]:
            return httpx.Response(304, headers=headers)
        return httpx.Response(200, content=body, headers={**headers, **self.headers})

    def _comment(self, row: Mapping[str, Any]) -> str:
        html = f"<p>{escape(row['text'])}</p>"
        told = {
            "title": f"Comment by {row['author']}",
            "link": row["link"],
            "guid": row["guid"],
            "pubDate": row["date"],
            "dc:creator": row["author"],
            "content:encoded": html,
        }
        answer = f'<thr:in-reply-to ref="{escape(row["parent"])}"/>' if row["parent"] else ""
        return f"<item>{_tags(told)}{answer}</item>"

    def _post(self, row: Mapping[str, Any]) -> str:
        told = {
            "title": row["title"],
            "link": row["link"],
            "guid": row["guid"],
            "pubDate": self._http(row["at"]),
            "description": "Snow.",
            "slash:comments": str(len([each for each in self.comments if each["post"] == row["link"]])),
            "wfw:commentRss": f"{row['link']}feed/",
        }
        return f"<item>{_tags(told)}</item>"

    def _http(self, moment: datetime) -> str:
        return f"{moment:%a, %d %b %Y %H:%M:%S GMT}"

    def _row(self, ref: CommentRef) -> dict[str, Any]:
        return next(row for row in self.comments if row["id"] == ref.comment_id)


def _tags(told: Mapping[str, str | None]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items() if value is not None)
