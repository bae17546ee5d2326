"""Facebook Pages: reading comments, hiding and showing them, removing them (Graph API, docs/graph-api).

Three classes over one page, so that a caller gets no more authority than it was handed: ``Facebook`` reads,
``FacebookHider`` hides and shows, ``FacebookRemover`` removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import stamina

from connectors._facebook_health import check
from connectors._facebook_objects import PLATFORM
from connectors._facebook_page import Page
from connectors._facebook_sweep import Reach, Sweep
from connectors._graph import Graph, checked_id, checked_token
from connectors._graph_usage import Usage
from connectors.connection import Connection
from connectors.contract import (
    Action,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Gone,
    Health,
    Malformed,
    PermissionLost,
    RateLimited,
    Reading,
    Receipt,
    Unavailable,
    Unsupported,
    Visibility,
)
from connectors.transport import Transport, utc_now

GRAPH_URL = "https://graph.facebook.com"
PAGE_SIZE = 25
COMMENTS_PER_PAGE = 50
READ_BACKS = 3

CAPABILITIES = Capabilities(
    hide="native",
    hide_scope="any",
    delete="any",
    block="manual",
    unblock=False,
    identity="display name and page-scoped id, where Facebook delivers them",
    embed="post",
    cost_per_read_usd=0.0,
    archive_policy="Kept as the law requires (Meta Platform Terms 3.d.i); store the citation of that law.",
    effect="The comment is hidden from the public; its author and the author's friends still see it.",
)

OWN_COMMENT = "Facebook lets no page hide its own comment; edit or delete it on the page itself."
CANNOT_HIDE = "Facebook does not let this page hide this comment; open {where} and look what the page offers there."
CANNOT_REMOVE = "Facebook does not let this page remove this comment; open {where} and report it to Facebook there."
NO_EFFECT = (
    "Facebook accepted the call, but reading the comment again shows no change; give the token's account the MODERATE "
    "task on the page."
)
MAY_NOT_WRITE = (
    "Facebook lets this token read the comment but not act on it; give its account the MODERATE task on the page and "
    "the app pages_manage_engagement."
)
REFUSED = "Facebook answered that it did not do it; give the token's account the MODERATE task on the page."


def connect(
    page_id: str,
    token: str,
    *,
    base_url: str = GRAPH_URL,
    timeout: float = 10.0,
    lookback: timedelta = timedelta(hours=48),
    post_lookback: timedelta = timedelta(days=90),
    page_size: int = PAGE_SIZE,
    comments_per_page: int = COMMENTS_PER_PAGE,
    on_exchange: Callable[[Exchange], None] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Connection:
    """Everything ``token`` may do on the page ``page_id``; nothing is sent yet. ``timeout`` in seconds."""
    token = checked_token(token)
    transport = Transport(PLATFORM, base_url, secrets=[token], timeout=timeout, on_exchange=on_exchange, clock=clock)
    page = Page(checked_id(page_id), Graph(transport, token, clock=clock))
    reach = Reach(lookback, post_lookback, page_size, comments_per_page)
    return Connection(
        connector=Facebook(page, reach),
        hider=FacebookHider(page),
        remover=FacebookRemover(page),
        blocker=None,
        calls=transport.calls,
        close=transport.close,
    )


class Facebook:
    """Reads one page."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, page: Page, reach: Reach) -> None:
        self._page = page
        self._reach = reach

    @property
    def usage(self) -> Usage | None:
        """How much of Meta's quota is spent, as last told."""
        return self._page.graph.usage

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every comment posted since the cursor less the look-back, on every post of the post look-back.

        The look-back brings edits and lets deletions show. Raises in the middle when the platform does: what was
        brought stands, and the cursor has not moved.
        """
        return Sweep(self._page.graph, self._page.page_id, self._reach, cursor).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its post, now. ``PermissionLost`` rather than "gone" when the token may be blind."""
        with self._page.graph.transport.recording() as exchanges:
            try:
                comment = self._page.comment(ref)
            except Gone:
                return Reading(None, None, tuple(exchanges))
            post = self._page.post(comment.post_id)
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the token, its permissions, the delivered fields and the clock."""
        return check(self._page)

    def __repr__(self) -> str:
        return f"Facebook({self._page.page_id!r})"


class FacebookHider:
    """Hides comments from the public and shows them again (``POST /{comment-id}?is_hidden=``)."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def hide(self, ref: CommentRef) -> Receipt:
        """Hide; the receipt is written after the read-back. Errors: the contract's, ``Gone`` when it isn't there."""
        return self._set(ref, Action.HIDE, Visibility.HIDDEN_BY_CITY)

    def unhide(self, ref: CommentRef) -> Receipt:
        """Show again, as for ``hide``."""
        return self._set(ref, Action.UNHIDE, Visibility.VISIBLE)

    def _set(self, ref: CommentRef, action: Action, wanted: Visibility) -> Receipt:
        with self._page.graph.transport.recording() as exchanges:
            before = self._page.comment(ref)
            already_done = _stands(before, wanted)
            if not already_done:
                _refuse_what_cannot_be_hidden(before, action)
                self._carry_out(ref, wanted)
            return _receipt(self._page, ref, action, wanted, exchanges, already_done=already_done)

    def _carry_out(self, ref: CommentRef, wanted: Visibility) -> None:
        hidden = "true" if wanted is Visibility.HIDDEN_BY_CITY else "false"
        doubt = _write(lambda: self._page.graph.post(self._page.path(ref), {"is_hidden": hidden}).data)
        if not _comes_true(lambda: _stands(self._page.comment(ref), wanted)):
            raise _failure(doubt, ref)

    def __repr__(self) -> str:
        return f"FacebookHider({self._page.page_id!r})"


class FacebookRemover:
    """Removes comments for good, with their replies (``DELETE /{comment-id}``)."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def remove(self, ref: CommentRef) -> Receipt:
        """Remove; the receipt is written when reading finds nothing. One that was gone before is ``already_done``."""
        with self._page.graph.transport.recording() as exchanges:
            already_done = self._was_gone(ref)
            stands = Visibility.MISSING_UNKNOWN if already_done else Visibility.DELETED_BY_CITY
            return _receipt(self._page, ref, Action.REMOVE, stands, exchanges, already_done=already_done)

    def _was_gone(self, ref: CommentRef) -> bool:
        before = self._seen(ref)
        if before is None:
            return True
        if before.raw.get("can_remove") is False:
            raise Unsupported(CANNOT_REMOVE.format(where=before.permalink or "the page"))
        doubt = _write(lambda: self._page.graph.delete(self._page.path(ref)).data)
        if not _comes_true(lambda: self._seen(ref) is None):
            raise _failure(doubt, ref)
        # Somebody else was quicker when Facebook found nothing to delete.
        return isinstance(doubt, Gone)

    def _seen(self, ref: CommentRef) -> Comment | None:
        try:
            return self._page.comment(ref)
        except Gone:
            return None

    def __repr__(self) -> str:
        return f"FacebookRemover({self._page.page_id!r})"


class _NotYet(Exception):
    """The platform said yes, but reading does not show it yet."""


def _write(send: Callable[[], Mapping[str, object]]) -> ConnectorError | None:
    """Sends once. Returns the error of an answer that leaves open whether it was carried out: reading decides."""
    try:
        answer = send()
    except RateLimited:
        raise
    except (Unavailable, Malformed, Gone) as doubt:
        return doubt
    if answer.get("success") is False:
        raise PermissionLost(REFUSED)
    return None


def _failure(doubt: ConnectorError | None, ref: CommentRef) -> ConnectorError:
    if doubt is None:
        return PermissionLost(NO_EFFECT, comment=str(ref))
    # "No such object" for a comment that can still be read: Facebook's words for a missing permission (100/33).
    return PermissionLost(MAY_NOT_WRITE, exchange=doubt.exchange, **doubt.facts) if isinstance(doubt, Gone) else doubt


def _stands(comment: Comment, wanted: Visibility) -> bool:
    # Taken from the answer itself: a flag that is missing proves neither.
    return comment.raw.get("is_hidden") is (wanted is Visibility.HIDDEN_BY_CITY)


def _comes_true(question: Callable[[], bool]) -> bool:
    try:
        for attempt in stamina.retry_context(on=_NotYet, attempts=READ_BACKS, wait_initial=0.3, wait_max=2):
            with attempt:
                if not question():
                    raise _NotYet
    except _NotYet:
        return False
    return True


def _refuse_what_cannot_be_hidden(comment: Comment, action: Action) -> None:
    if action is not Action.HIDE:
        return
    if comment.by_page:
        raise Unsupported(OWN_COMMENT)
    if comment.can_hide is False:
        raise Unsupported(CANNOT_HIDE.format(where=comment.permalink or "the page"))


def _receipt(
    page: Page, ref: CommentRef, action: Action, stands: Visibility, heard: list[Exchange], *, already_done: bool
) -> Receipt:
    return Receipt(ref, action, page.graph.now(), stands, already_done, tuple(heard))
