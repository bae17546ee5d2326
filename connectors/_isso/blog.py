"""One Isso server: the calls that reading and acting share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors._answers import the_list, the_object
from connectors._api import Answer, Api
from connectors._budget import Budget
from connectors._isso.answers import (
    NUMBER,
    PLATFORM,
    PUBLISHED,
    SIGNED,
    AdminPage,
    Row,
    published_comment,
    read_admin,
    read_json,
    read_login,
    read_text,
    rows_of,
    thread,
    waiting_comment,
)
from connectors._setup import Setup
from connectors._values import a_count, a_link, an_id
from connectors.contract import Comment, CommentRef, Exchange, Gone, Malformed, Post, Unsupported
from connectors.transport import Pairs, Transport

# Isso's admin page shows so many comments at once; nobody can ask for another number.
ROWS = 100
COUNTED_AT_ONCE = 500

OTHER_PAGE = "This connection is for the Isso page {page_id}, not for {ref}."
NO_ZONE = "The option timezone of the Isso page names no time zone: {name!r}; give one such as America/Chicago."
NO_KEY = "Isso's admin page shows no key for this comment; look whether it is still there."


class Blog:
    """An Isso server, as its admin and as the public. The admin's cookie lives for a day and is renewed."""

    def __init__(self, setup: Setup, password: str, transport: Transport) -> None:
        self.page_id = an_id(setup.page_id, PLATFORM)
        self.transport = transport
        self.zone = _zone(setup.options.get("timezone", "UTC"))
        self._password = password
        self._cookie: str | None = None
        self._origin: str | None = None
        self._titles: dict[str, str] = {}
        transport.hide_shape(SIGNED)
        budget = Budget(PLATFORM, clock=setup.clock, spending=setup.spending, key=setup.page_id)
        make: Callable[..., Api] = lambda **more: Api(transport, budget=budget, clock=setup.clock, **more)  # noqa: E731
        self._admin = make(read=read_admin, renew=self._log_in)
        self._acts, self._public, self._login = make(read=read_text), make(read=read_json), make(read=read_login)

    def now(self) -> datetime:
        """The clock that this connector was given."""
        return self._public.now()

    def checked(self, ref: CommentRef) -> str:
        """The comment's number. ``Unsupported`` for another page's, ``Malformed`` for what is no number."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(OTHER_PAGE.format(page_id=self.page_id, ref=ref))
        return an_id(ref.comment_id, PLATFORM, NUMBER)

    def ready(self) -> None:
        """Log in, and learn the address of the site that the comments stand on."""
        if self._cookie is None:
            self._log_in()
        if self._origin is None:
            self._origin = (a_link(self.info().data.get("origin")) or "").rstrip("/")

    @property
    def origin(self) -> str | None:
        """The address of the city's site, as Isso's configuration names it."""
        return self._origin or None

    def info(self) -> Answer:
        """The server about itself."""
        answer = self._read("/info", {})
        the_object(answer.data, answer.exchange, PLATFORM)
        return answer

    def listed(self, mode: int) -> Callable[[str | None], tuple[list[AdminPage], str | None]]:
        """Pages of the admin's list for ``walk``: comments on posts, newest first, then replies, oldest first."""
        passed: set[str] = set()

        def fetch(mark: str | None) -> tuple[list[AdminPage], str | None]:
            number = int(mark or "0")
            page = self._page({"mode": mode, "page": number, "order_by": "id", "asc": 0}, poll=True)
            ids = {row.comment_id for row in page.rows}
            if (number + 1) * ROWS >= page.counts.get(mode, 0):
                return [page], None
            if number and ids and ids <= passed:
                # Something between us and the server answers every page with the same one.
                return [page], mark
            passed.update(ids)
            return [page], str(number + 1)

        return fetch

    def find(self, comment_id: str) -> Row | None:
        """One comment in any state, by the search of the admin page; ``None`` when Isso has it no more."""
        page = self._page({"mode": 0, "comment_search_url": f"{self.transport.base_url}/#isso-{comment_id}"})
        if page.unreadable:
            raise Malformed(NO_KEY)
        return next((row for row in page.rows if row.comment_id == comment_id), None)

    def comment(self, ref: CommentRef) -> tuple[Comment, Post]:
        """One comment and its thread. ``Gone``, also for one whose words were wiped."""
        self.ready()
        row = self.find(self.checked(ref))
        if row is None or row.mode not in (PUBLISHED, 2):
            raise Gone("Isso has no such comment any more.")
        if row.mode != PUBLISHED:
            waits = waiting_comment(row, self.page_id, self.zone, self.origin)
            return waits, self.post(row.uri, row.title, None, waits.posted_at)
        told = self.thread(row.uri)
        for each in rows_of(told):
            if isinstance(each, dict) and str(each.get("id")) == row.comment_id:
                found = published_comment(each, row.uri, self.page_id, self.origin)
                return found, self.post(
                    row.uri, row.title, a_count(told.get("total_replies")), began(told, found.posted_at)
                )
        raise Gone("Isso's thread has no such comment any more.")

    def thread(self, uri: str) -> Mapping[str, Any]:
        """A thread as the public gets it, whole, with the words as they were typed."""
        answer = self._read("/", {"uri": uri, "plain": 1}, poll=True)
        return the_object(answer.data, answer.exchange, PLATFORM)

    def counts(self, uris: list[str]) -> dict[str, int | None]:
        """How many published comments each thread has (``POST /count``, which only reads)."""
        found: dict[str, int | None] = {}
        for start in range(0, len(uris), COUNTED_AT_ONCE):
            some = uris[start : start + COUNTED_AT_ONCE]
            content = json.dumps(some).encode()
            answer = self._public.ask(partial(self._send, "POST", "/count", content), poll=True)
            found |= dict(zip(some, map(a_count, the_list(answer.data, answer.exchange, PLATFORM)), strict=False))
        return found

    def post(self, uri: str, title: str | None, count: int | None, began: datetime) -> Post:
        """A thread as a post; its title is asked for once where nobody told it yet."""
        if title is not None:
            self._titles[uri] = title
        if uri not in self._titles:
            page = self._page({"mode": 0, "comment_search_url": f"{self.transport.base_url}{quote(uri)}"}, poll=True)
            self._titles[uri] = next((row.title for row in page.rows if row.uri == uri), "")
        return thread(uri, self._titles[uri], self.page_id, self.origin, count, began)

    def knows_titles(self, rows: tuple[Row, ...]) -> None:
        """Keep the titles that a list brought."""
        self._titles |= {row.uri: row.title for row in rows}

    def delete(self, comment_id: str) -> None:
        """Delete for good. The key is on the admin page only, is good for this comment only, and is kept nowhere."""
        keys: list[str] = []
        pattern = re.compile(rf"delete_com\(\s*{comment_id}\s*,\s*'([^']+)'".encode())

        def learn(_: Pairs, body: bytes) -> None:
            keys.extend(found.decode() for found in pattern.findall(body))

        address = self._address("/admin/", {"mode": 0, "comment_search_url": f"{self._base}/#isso-{comment_id}"})
        self._admin.ask(lambda: self.transport.confide("GET", address, learn, headers=self._cookies()))
        if not keys or not re.fullmatch(SIGNED, keys[-1]):
            raise Gone(NO_KEY)
        self._acts.tell(lambda: self._send("POST", f"/id/{comment_id}/delete/{keys[-1]}", b""))

    @property
    def _base(self) -> str:
        return self.transport.base_url

    def _page(self, params: Mapping[str, Any], *, poll: bool = False) -> AdminPage:
        address = self._address("/admin/", params)
        ask = self._admin.ask(lambda: self.transport.send("GET", address, headers=self._cookies()), poll=poll)
        page: AdminPage = ask.data
        return page

    def _read(self, path: str, params: Mapping[str, Any], *, poll: bool = False) -> Answer:
        return self._public.ask(lambda: self._send("GET", path, None, params), poll=poll)

    def _send(self, method: str, path: str, content: bytes | None, params: Mapping[str, Any] | None = None) -> Exchange:
        headers = {"accept": "application/json", **({"content-type": "application/json"} if content else {})}
        return self.transport.send(method, self._address(path, params or {}), headers=headers, content=content)

    def _address(self, path: str, params: Mapping[str, Any]) -> str:
        return self._base + path + (f"?{urlencode(params, quote_via=quote)}" if params else "")

    def _cookies(self) -> dict[str, str]:
        return {"cookie": f"admin-session={self._cookie}"} if self._cookie else {}

    def _log_in(self) -> bool:
        content = urlencode({"password": self._password}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        self._login.ask(
            lambda: self.transport.confide(
                "POST", self._base + "/login/", self._learn, headers=headers, content=content
            )
        )
        return self._cookie is not None

    def _learn(self, headers: Pairs, _: bytes) -> None:
        for name, value in headers:
            found = re.match(r"admin-session=([^;\s]+)", value) if name.lower() == "set-cookie" else None
            if found:
                self._cookie = found[1]


def _created(row: object) -> datetime | None:
    try:
        return published_comment(row, "/", "any", None).posted_at
    except Malformed:
        return None


def began(told: Mapping[str, Any], otherwise: datetime) -> datetime:
    """When the first comment of a thread was posted."""
    return min((at for at in map(_created, rows_of(told)) if at is not None), default=otherwise)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Not chained: what the library says is about files.
        raise ValueError(NO_ZONE.format(name=name)) from None
