"""One Disqus forum: the calls that reading and acting share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors._answers import the_list, the_object
from connectors._api import Answer, Rest
from connectors._budget import Allowance, Budget
from connectors._credentials import Credentials
from connectors._disqus.answers import PLATFORM, read_answer, read_comment
from connectors._setup import Setup
from connectors._values import DIGITS, an_id, words
from connectors.contract import AuthFailed, Comment, CommentRef, Gone, Malformed, PermissionLost, Unsupported
from connectors.transport import Transport

LARGEST_PAGE = 100
FORUM = re.compile(r"[a-z0-9_-]{1,80}")
STAFF_STANDS = timedelta(hours=6)
# What moderators of a forum see beside what everybody sees. Spam is left out: it was never public.
STATES = ("approved", "unapproved", "deleted")

OTHER_PAGE = "This connection is for the Disqus forum {forum}, not for {ref}."
OTHER_FORUM = "The comment {comment} belongs to another forum than {forum}; nothing was done."

WITHHELD = (AuthFailed, Gone, Malformed, PermissionLost, Unsupported)


class Forum:
    """The API of one forum, as one of its moderators. Disqus takes its keys as parameters and in no header."""

    def __init__(self, setup: Setup, credentials: Credentials, transport: Transport) -> None:
        self.forum = an_id(setup.page_id, PLATFORM, FORUM)
        self.page_size = min(setup.page_size, LARGEST_PAGE)
        self.transport = transport
        self._keys = _keys(credentials)
        self.api = Rest(
            transport,
            headers=lambda *_: {},
            read=read_answer,
            budget=Budget(
                PLATFORM,
                clock=setup.clock,
                allowances=() if setup.options.get("plan") == "unlimited" else (Allowance(1000, "hour"),),
                spending=setup.spending,
                key=credentials["api_key"][:8],
            ),
            clock=setup.clock,
        )
        self._staff: tuple[datetime, frozenset[str]] | None = None

    def get(self, name: str, params: Mapping[str, Any] | list[tuple[str, Any]], *, poll: bool = False) -> Answer:
        """Read, such as ``posts/details``."""
        pairs = list(params.items()) if isinstance(params, Mapping) else params
        return self.api.get(f"/api/3.0/{name}.json", [*pairs, *self._keys], poll=poll)

    def act(self, name: str, comment: Comment) -> None:
        """One write on a comment, such as ``posts/remove``. The keys go in the body."""
        form = [("post", comment.ref.comment_id), *self._keys]
        self.api.write("POST", f"/api/3.0/{name}.json", form=form)

    def checked(self, ref: CommentRef) -> str:
        """The comment's number. ``Unsupported`` for another page's, ``Malformed`` for what is no number."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.forum):
            raise Unsupported(OTHER_PAGE.format(forum=self.forum, ref=ref))
        return an_id(ref.comment_id, PLATFORM, DIGITS)

    def comment(self, ref: CommentRef) -> Comment:
        """One comment in any state. ``Gone`` only after the forum itself was found to be readable."""
        number = self.checked(ref)
        try:
            answer = self.get("posts/details", {"post": number, "related": "thread"})
        except Gone:
            # A forum that this account may no longer see would look the same.
            self.details()
            raise
        row = the_object(answer.data.get("response"), answer.exchange, PLATFORM)
        if _forum_of(row) not in (None, self.forum):
            raise Unsupported(OTHER_FORUM.format(comment=number, forum=self.forum))
        return read_comment(row, self.forum, self.staff())

    def details(self) -> Answer:
        """The forum itself."""
        return self.get("forums/details", {"forum": self.forum})

    def comments_since(self, since: datetime) -> Callable[[str | None], tuple[list[Any], str | None]]:
        """Pages of all the forum's comments from ``since`` on, oldest first, for ``walk``."""
        include = [("include", state) for state in STATES]
        return self._pages("posts/list", since, [*include, ("related", "thread")])

    def threads_since(self, since: datetime) -> Callable[[str | None], tuple[list[Any], str | None]]:
        """Pages of the forum's threads from ``since`` on, for ``walk``."""
        return self._pages("threads/list", since, [])

    def newest(self, most: int) -> list[Any]:
        """A few recent comments."""
        answer = self.get("posts/list", {"forum": self.forum, "limit": most, "order": "desc"})
        return the_list(answer.data.get("response"), answer.exchange, PLATFORM)

    def staff(self) -> frozenset[str]:
        """The ids of the forum's own accounts: this one and the moderators."""
        if self._staff is None or self.api.now() - self._staff[0] >= STAFF_STANDS:
            me = self.get("users/details", {})
            own = the_object(me.data.get("response"), me.exchange, PLATFORM).get("id")
            self._staff = self.api.now(), frozenset({str(own)} | self._moderators())
        return self._staff[1]

    def _moderators(self) -> set[str]:
        try:
            answer = self.get("forums/listModerators", {"forum": self.forum})
            rows = the_list(answer.data.get("response"), answer.exchange, PLATFORM)
        except WITHHELD:
            return set()
        people = [row["user"] if isinstance(row.get("user"), dict) else row for row in rows if isinstance(row, dict)]
        return {str(person["id"]) for person in people if "id" in person}

    def _pages(
        self, name: str, since: datetime, more: list[tuple[str, Any]]
    ) -> Callable[[str | None], tuple[list[Any], str | None]]:
        # A second early: whether "since" includes its own second is not documented.
        start = int(since.timestamp()) - 1
        params = [("forum", self.forum), ("since", start), ("order", "asc"), ("limit", self.page_size), *more]

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            answer = self.get(name, [*params, ("cursor", mark)], poll=True)
            cursor = answer.data.get("cursor")
            told = cursor if isinstance(cursor, Mapping) else {}
            following = words(told.get("next")) or "" if told.get("hasNext") is True else None
            return the_list(answer.data.get("response"), answer.exchange, PLATFORM), following

        return fetch


def _keys(credentials: Credentials) -> list[tuple[str, str]]:
    # The secret key has no rule about the page that a call comes from; the public one needs a trusted domain.
    secret = credentials.get("api_secret")
    key = ("api_secret", secret) if secret else ("api_key", credentials["api_key"])
    return [key, ("access_token", credentials["access_token"])]


def _forum_of(row: Mapping[str, Any]) -> str | None:
    forum = row.get("forum")
    return words(forum.get("id")) if isinstance(forum, Mapping) else words(forum)
