"""One WordPress site: the calls that reading and acting share."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._answers import the_list, the_object
from connectors._api import Answer, Rest
from connectors._budget import Budget
from connectors._credentials import Credentials
from connectors._setup import Setup
from connectors._values import DIGITS, a_count, an_id, perhaps_id
from connectors._wordpress.answers import (
    NUMBER,
    PLATFORM,
    perhaps_posted_at,
    read_answer,
    read_comment,
    read_post,
    where_is,
)
from connectors.contract import (
    AuthFailed,
    Blocked,
    Comment,
    CommentRef,
    Gone,
    Malformed,
    PermissionLost,
    Post,
    Unsupported,
)
from connectors.transport import Transport

LARGEST_PAGE = 100
# Who writes for the city changes rarely.
STAFF_STANDS = timedelta(hours=6)

OTHER_PAGE = "This connection is for the WordPress site {page_id}, not for {ref}."

# What a site answers that hides its list of users, or a kind of post, from the API.
WITHHELD = (AuthFailed, Blocked, Gone, Malformed, PermissionLost, Unsupported)


class Site:
    """The REST API of one site, as one of its accounts (``{base_url}/wp-json``, or ``/?rest_route=``)."""

    def __init__(self, setup: Setup, credentials: Credentials, transport: Transport) -> None:
        self.page_id = an_id(setup.page_id, PLATFORM)
        self.page_size = min(setup.page_size, LARGEST_PAGE)
        self.transport = transport
        self._root = "/?rest_route=" if setup.options.get("rest_route") == "yes" else "/wp-json"
        self._more_staff = frozenset(re.findall(r"[0-9]+", setup.options.get("staff", "")))
        pair = base64.b64encode(f"{credentials['user']}:{credentials['password']}".encode()).decode()
        transport.hide(pair)
        self.api = Rest(
            transport,
            headers=lambda *_: {"authorization": f"Basic {pair}"},
            read=read_answer,
            budget=Budget(PLATFORM, clock=setup.clock, spending=setup.spending, key=setup.page_id),
            clock=setup.clock,
        )
        self._staff: tuple[datetime, frozenset[str]] | None = None

    def path(self, route: str) -> str:
        """The path of a call such as ``/comments/12``."""
        return f"{self._root}/wp/v2{route}"

    def checked(self, ref: CommentRef) -> str:
        """The comment's number. ``Unsupported`` for another page's, ``Malformed`` for what is no number."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(OTHER_PAGE.format(page_id=self.page_id, ref=ref))
        return an_id(ref.comment_id, PLATFORM, NUMBER)

    def index(self) -> Answer:
        """Name, time zone and abilities of the site."""
        return self.api.get(f"{self._root}/")

    def me(self) -> Answer:
        """The account behind the application password, with what it may do."""
        return self.api.get(self.path("/users/me"), {"context": "edit"})

    def comment(self, ref: CommentRef) -> Comment:
        """One comment in any state but deleted for good. ``Gone``."""
        answer = self.api.get(self.path(f"/comments/{self.checked(ref)}"), {"context": "edit"})
        return read_comment(the_object(answer.data, answer.exchange, PLATFORM), self.page_id, self.staff())

    def newest(self, most: int) -> Answer:
        """A few recent comments."""
        return self.api.get(self.path("/comments"), {"context": "edit", "status": "all", "per_page": most})

    def since(self, since: datetime, status: str) -> Callable[[str | None], tuple[list[Any], str | None]]:
        """Pages of comments from ``since`` on, oldest first, for ``walk``.

        Each page begins at the time where the last one ended, not at a number: what is deleted meanwhile would move
        the numbers, and a comment would slip through. Only a second with more comments than a page is counted through.
        """
        passed: set[str] = set()

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            asked = mark or f"{int(since.timestamp()) - 1}|1"
            start, _, number = asked.partition("|")
            answer = self._page(datetime.fromtimestamp(int(start), UTC), int(number), status)
            rows = the_list(answer.data, answer.exchange, PLATFORM)
            ids = {str(row.get("id")) for row in rows if isinstance(row, dict)}
            if not self._more_after(answer, int(number), rows):
                return rows, None
            if int(number) > 1 and ids and ids <= passed:
                # Something between us and the site answers every page with the same one.
                return rows, asked
            passed.update(ids)
            return rows, _next_mark(int(start), int(number), rows)

        return fetch

    def _page(self, after: datetime, number: int, status: str) -> Answer:
        params = {
            "context": "edit",
            "status": status,
            "type": "comment",
            "orderby": "date_gmt",
            "order": "asc",
            # With its zone: WordPress would take a bare time for its own local time.
            "after": after.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "per_page": self.page_size,
            "page": number,
        }
        return self.api.get(self.path("/comments"), params, poll=True)

    def _more_after(self, answer: Answer, number: int, rows: list[Any]) -> bool:
        pages = a_count(answer.exchange.header("x-wp-totalpages"))
        return len(rows) >= self.page_size if pages is None else number < pages

    def posts(self, rows: Iterable[dict[str, Any]], *, counted: bool) -> list[Post]:
        """The posts that comments hang on. ``counted``: with the site's own number of comments, a call for each."""
        wanted: dict[str, set[str]] = {}
        for place in filter(None, map(where_is, rows)):
            wanted.setdefault(place[0], set()).add(place[1])
        found = [row for kind, ids in wanted.items() for row in self._some(kind, ids)]
        return self.as_posts(found, counted=counted)

    def as_posts(self, rows: Iterable[Any], *, counted: bool) -> list[Post]:
        """Rows of a list of posts, without those that can't be read."""
        posts = []
        for row in rows:
            try:
                post = read_post(row, self.page_id)
                posts.append(read_post(row, self.page_id, self._count(post.post_id)) if counted else post)
            except Malformed:
                continue
        return posts

    def post_of(self, comment: Comment) -> Post | None:
        """The post of a comment read alone; ``None`` where the site doesn't show it."""
        place = where_is(comment.raw)
        if place is None:
            return None
        try:
            answer = self.api.get(self.path(f"/{place[0]}/{place[1]}"))
            return read_post(answer.data, self.page_id)
        except WITHHELD:
            return None

    def recent_posts(self, since: datetime) -> Callable[[str | None], tuple[list[Any], str | None]]:
        """Pages of the site's own posts from ``since`` on, for ``walk``."""

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            number = int(mark or "1")
            params = {
                "after": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "orderby": "date",
                "order": "asc",
                "per_page": self.page_size,
                "page": number,
            }
            try:
                answer = self.api.get(self.path("/posts"), params, poll=True)
            except Gone:
                return [], None
            rows = the_list(answer.data, answer.exchange, PLATFORM)
            return rows, str(number + 1) if self._more_after(answer, number, rows) else None

        return fetch

    def staff(self) -> frozenset[str]:
        """The user numbers of the city's own people: this account, whoever has published, and the option ``staff``."""
        if self._staff is None or self.api.now() - self._staff[0] >= STAFF_STANDS:
            own = perhaps_id(self._own_number(), PLATFORM, DIGITS)
            found = {own} if own else set()
            self._staff = self.api.now(), frozenset(found | self.authors()[0] | self._more_staff)
        return self._staff[1]

    def authors(self) -> tuple[set[str], bool]:
        """The numbers of those who have published something, and whether the site tells them."""
        try:
            params = {"has_published_posts": "post,page", "per_page": LARGEST_PAGE, "_fields": "id"}
            answer = self.api.get(self.path("/users"), params)
            rows = the_list(answer.data, answer.exchange, PLATFORM)
        except WITHHELD:
            return set(), False
        return {str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row}, True

    def _own_number(self) -> object:
        answer = self.api.get(self.path("/users/me"), {"_fields": "id"})
        return the_object(answer.data, answer.exchange, PLATFORM).get("id")

    def _some(self, kind: str, ids: set[str]) -> list[Any]:
        try:
            params = {"include": ",".join(sorted(ids, key=int)[:LARGEST_PAGE]), "per_page": LARGEST_PAGE}
            answer = self.api.get(self.path(f"/{kind}"), params, poll=True)
            return the_list(answer.data, answer.exchange, PLATFORM)
        except WITHHELD:
            return []

    def _count(self, post_id: str) -> int | None:
        params = {"post": post_id, "status": "all", "type": "comment", "per_page": 1, "_fields": "id"}
        answer = self.api.get(self.path("/comments"), params, poll=True)
        return a_count(answer.exchange.header("x-wp-total"))


def _next_mark(start: int, number: int, rows: list[Any]) -> str:
    times = [time for time in map(perhaps_posted_at, rows) if time is not None]
    if not times or times != sorted(times) or int(times[-1].timestamp()) - 1 <= start:
        return f"{start}|{number + 1}"
    # One second back: others of the same second may be on the next page.
    return f"{int(times[-1].timestamp()) - 1}|1"
