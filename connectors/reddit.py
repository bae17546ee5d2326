"""Reddit: a subreddit that the city itself moderates (reddit.com/dev/api, by praw).

A hide is a moderator's removal, which approving takes back. Nobody but the author can delete a comment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from connectors._credentials import read_credentials
from connectors._findings import Findings
from connectors._hands import SafeBlocker, SafeHider
from connectors._paging import walk
from connectors._reddit.calls import Calls
from connectors._reddit.objects import ACCOUNT, FULL_NAME, PLATFORM, SUBREDDIT, Subreddit, data_of
from connectors._reddit.sweep import COMMENTS, Poll
from connectors._setup import Setup
from connectors._sweep import Sweep
from connectors._values import an_id, perhaps_id, words
from connectors.connection import Connection
from connectors.contract import (
    Action,
    ArchivePolicy,
    Author,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Gone,
    Health,
    PermissionLost,
    Reading,
    Unproven,
    Unsupported,
    Visibility,
    Way,
)

NEEDED_SCOPES = ("identity", "read", "modposts")
MOST_PAGES = 100

CAPABILITIES = Capabilities(
    hide="native",
    hide_scope="any",
    delete="none",
    block="api",
    unblock=True,
    identity="account id and user name; nothing where the account was deleted",
    embed="comment",
    effect=(
        "The comment is removed from the subreddit: others see [removed] in its place, its author still sees it on "
        "their own profile."
    ),
    by_hand="open the comment on Reddit as a moderator and choose Remove, Approve or Ban there.",
    archive=ArchivePolicy(
        "whole",
        "Reddit Developer Terms (2026-03-24) 3.3: what was deleted is to be deleted unless the law forbids it and "
        "Reddit agrees in writing; store the citation of the records law and Reddit's consent.",
    ),
    reads=("submissions", "comments and replies", "what moderators or the spam filter put aside"),
    block_ways=(
        Way("ban", "The account can read the subreddit but no longer post in it; Reddit tells it so.", reversible=True),
    ),
    public_hosts=("www.reddit.com", "embed.reddit.com", "www.redditstatic.com"),
    notice_why="Beadle sends no modmail; a moderator writes one on Reddit.",
    unproven=(
        Unproven("Is a comment of our own found, with its account?", "author"),
        Unproven("Does a removal show at once when the comment is read again?", "hide"),
        Unproven(
            "Does a removed comment stay in the list of comments, or only in the list of what was put aside?", "listed"
        ),
        Unproven("Does approving put the comment back at its old place?", "unhide"),
        Unproven("Was the use of the API approved for the city under the Responsible Builder Policy?"),
    ),
)

BAD_PAGE = "The page id of a subreddit is its name without r/, such as cityx."
ELSEWHERE = "The comment {ref} belongs to another page than this connection's; nothing was sent."
OWN_COMMENT = "This is the city's own comment; edit or delete it on Reddit itself."
BY_REDDIT = "Reddit itself removed this; only Reddit can show it again."
MAY_BE_BLIND = (
    "Reddit shows nothing under this id, but the account behind the token is no moderator of r/{name} any more and "
    "may be blind; make it a moderator again."
)
NO_MODERATOR = "The account {account!r} behind the token is no moderator of r/{name}; without that nothing is hidden."
NO_PERMISSION = (
    "The moderator {account!r} lacks the permission {permission}; give it under Mod Tools, Moderators, of r/{name}."
)
SCOPES_MISSING = "The token lacks the scopes {missing}; authorise the app again with them."
NO_AUTHORS = "Reddit delivers comments without their accounts; check the app's approval and scopes."
NO_STATE = "Reddit does not tell whether comments are removed; make the account behind the token a moderator."
NO_SUCH_ACCOUNT = "Reddit has no such account any more."
BAN_MESSAGE = "You were banned under the city's comment policy; the notice to you says why and how to appeal."


def connect(setup: Setup) -> Connection:
    """Everything the account may do in the subreddit; nothing is sent yet.

    ``token``: ``client_id``, ``client_secret`` and either ``refresh_token`` or ``username`` and ``password``. Options:
    ``accounts``, further names that speak for the city, with commas between them; ``auth_url``.
    """
    credentials = read_credentials(
        setup.token,
        PLATFORM,
        needed=("client_id", "client_secret"),
        optional=("refresh_token", "username", "password"),
    )
    if not SUBREDDIT.fullmatch(setup.page_id):
        raise ValueError(BAD_PAGE)
    page = _Page(setup, Calls(setup, credentials))
    return Connection(
        connector=Reddit(page, setup),
        hider=SafeHider(_Hand(page)),
        remover=None,
        blocker=SafeBlocker(_BlockHand(page), CAPABILITIES.block_ways, CAPABILITIES.by_hand),
        calls=page.calls.transport.calls,
        close=page.calls.transport.close,
    )


class _Page:
    """The subreddit and the calls to it."""

    platform = PLATFORM

    def __init__(self, setup: Setup, calls: Calls) -> None:
        self.calls, self.name = calls, setup.page_id
        self._named = frozenset(name.strip().casefold() for name in setup.options.get("accounts", "").split(","))

    def subreddit(self) -> Subreddit:
        """The subreddit, once it is known whose account we use."""
        return Subreddit(self.name, self._named - {""} | {self.calls.me().casefold()})

    def checked(self, ref: CommentRef) -> str:
        """The full name. ``Unsupported`` for another page's comment, ``Malformed`` for what is no full name."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.name):
            raise Unsupported(ELSEWHERE.format(ref=ref))
        return an_id(ref.comment_id, PLATFORM, FULL_NAME)

    def comment(self, ref: CommentRef) -> Comment | None:
        """The comment; ``None`` when it is certain that it's gone."""
        full_name = self.checked(ref)
        rows = self.calls.things([full_name])
        if not rows:
            self._make_sure()
            return None
        if not self.subreddit().holds(data_of(rows[0])):
            raise Unsupported(ELSEWHERE.format(ref=ref))
        return self.subreddit().comment(rows[0])

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self.calls.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self.calls.api.now()

    def _make_sure(self) -> None:
        # Not found may be a lost right: a moderator sees what was removed.
        about, exchange = self.calls.about(self.name)
        if about.get("user_is_moderator") is not True:
            raise PermissionLost(MAY_BE_BLIND.format(name=self.name), exchange=exchange)


class Reddit:
    """Reads one subreddit."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, page: _Page, setup: Setup) -> None:
        self._page, self._lookback, self._size = page, setup.lookback, setup.page_size

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every comment and submission since the cursor less the depth that is due, hidden ones too."""
        sweep = Sweep(cursor, now=self._page.now(), first_visit=self._lookback)
        yield from Poll(self._page.calls, self._page.subreddit(), sweep, self._size).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its submission, now."""
        self._page.checked(ref)
        with self._page.recording() as exchanges:
            comment = self._page.comment(ref)
            if comment is None:
                return Reading(None, None, tuple(exchanges))
            rows = self._page.calls.things([comment.post_id])
            post = self._page.subreddit().post(rows[0]) if rows else None
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the token, its scopes, the account's rights, the delivered fields and the clock."""
        found = Findings(PLATFORM, self._page.now())
        try:
            self._look_around(found)
        except ConnectorError as error:
            found.fatal.append(error.sentence)
        return found.health()

    def _look_around(self, found: Findings) -> None:
        name, calls = self._page.name, self._page.calls
        about, exchange = calls.about(name)
        account = calls.me()
        found.clock(exchange)
        found.page_name, found.scopes = words(about.get("display_name_prefixed")) or f"r/{name}", calls.scopes
        missing = [scope for scope in NEEDED_SCOPES if not {scope, "*"} & calls.scopes]
        if missing:
            found.fatal.append(SCOPES_MISSING.format(missing=", ".join(missing)))
        if not {"modcontributors", "*"} & calls.scopes:
            found.told.append(SCOPES_MISSING.format(missing="modcontributors (to ban)"))
        if about.get("user_is_moderator") is not True:
            found.fatal.append(NO_MODERATOR.format(account=account, name=name))
            return
        self._look_at_permissions(found, account)
        self._look_at_fields(found)

    def _look_at_permissions(self, found: Findings, account: str) -> None:
        answer = self._page.calls.get("list_moderator", {"user": account}, subreddit=self._page.name)
        data = self._page.calls.an_object(answer).get("data")
        rows = data.get("children") if isinstance(data, dict) else None
        mine = [row for row in rows or () if isinstance(row, dict) and row.get("name") == account]
        given = set(mine[0].get("mod_permissions") or ()) if mine else {"all"}
        for permission, to in (("posts", found.fatal), ("access", found.told)):
            if not {permission, "all"} & given:
                sentence = NO_PERMISSION.format(account=account, permission=permission, name=self._page.name)
                to.append(sentence)

    def _look_at_fields(self, found: Findings) -> None:
        rows, _, _ = self._page.calls.listing(COMMENTS, {"limit": 10}, subreddit=self._page.name)
        told = [row["data"] for row in rows if isinstance(row, dict) and isinstance(row.get("data"), dict)]
        if told and not any(data.get("author_fullname") for data in told):
            found.fatal.append(NO_AUTHORS)
        if told and not any("banned_by" in data for data in told):
            found.fatal.append(NO_STATE)

    def __repr__(self) -> str:
        return f"Reddit({self._page.name!r})"


class _Recorder:
    """What both hands need of the page."""

    platform = PLATFORM

    def __init__(self, page: _Page) -> None:
        self._page = page

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._page.recording()

    def now(self) -> datetime:
        return self._page.now()


class _Hand(_Recorder):
    """Removes and approves (``POST /api/remove``, ``POST /api/approve``)."""

    def look(self, ref: CommentRef) -> Comment | None:
        return self._page.comment(ref)

    def hidden(self, comment: Comment) -> bool | None:
        return comment.visibility is not Visibility.VISIBLE

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        if action is Action.HIDE and comment.by_page:
            raise Unsupported(OWN_COMMENT)
        if action is Action.UNHIDE and comment.visibility is Visibility.REMOVED_BY_PLATFORM:
            raise Unsupported(BY_REDDIT)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        kind, _, short = comment.ref.comment_id.partition("_")
        sdk = self._page.calls.sdk
        thing: Any = sdk.comment(short) if kind == "t1" else sdk.submission(short)
        # Told to be no spam: Reddit's filter shall not learn from a city's policy.
        act = (lambda: thing.mod.remove(spam=False)) if action is Action.HIDE else thing.mod.approve
        self._page.calls.api.tell(act)


class _BlockHand(_Recorder):
    """Bans from the subreddit (``POST /r/{subreddit}/api/friend``), reads back by ``/about/banned``."""

    def kept_away(self, author_id: str, way: str) -> bool | None:
        name = self._name(author_id)
        answer = self._page.calls.get("list_banned", {"user": name}, subreddit=self._page.name)
        return any(row.get("id") == author_id for row in _rows(self._page.calls.an_object(answer)))

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        banned = self._page.calls.sdk.subreddit(self._page.name).banned
        name = self._name(author_id)
        self._page.calls.api.tell(lambda: banned.add(name, ban_message=BAN_MESSAGE))

    def let_back(self, author_id: str, way: str) -> None:
        banned = self._page.calls.sdk.subreddit(self._page.name).banned
        name = self._name(author_id)
        self._page.calls.api.tell(lambda: banned.remove(name))

    def list_kept_away(self) -> Iterator[Author]:
        for rows, _ in walk(self._banned, most=MOST_PAGES):
            for row in rows:
                author_id, name = perhaps_id(row.get("id"), PLATFORM, ACCOUNT), words(row.get("name"))
                if author_id:
                    yield Author(author_id, name, name)

    def _banned(self, mark: str | None) -> tuple[list[Any], str | None]:
        params = {"limit": 100, **({"after": mark} if mark else {})}
        answer = self._page.calls.get("list_banned", params, subreddit=self._page.name)
        data = self._page.calls.an_object(answer).get("data")
        after = data.get("after") if isinstance(data, dict) else None
        return _rows(self._page.calls.an_object(answer)), after if isinstance(after, str) else None

    def _name(self, author_id: str) -> str:
        """Reddit bans by name; the comment gave the account's lasting id."""
        asked = an_id(author_id, PLATFORM, ACCOUNT)
        answer = self._page.calls.get("user_by_fullname", {"ids": asked})
        told = self._page.calls.an_object(answer).get(asked)
        name = words(told.get("name")) if isinstance(told, dict) else None
        if name is None:
            raise Gone(NO_SUCH_ACCOUNT, exchange=answer.exchange)
        return name


def _rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    data = told.get("data")
    rows = data.get("children") if isinstance(data, dict) else None
    return [row for row in rows or () if isinstance(row, dict)]
