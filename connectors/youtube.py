"""YouTube channels: comments on all videos, held and published again, rejected, their authors banned (Data API v3).

developers.google.com/youtube/v3/docs. What may only read gets ``YouTube``; holding, rejecting and banning are apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from connectors._credentials import read_credentials
from connectors._hands import SafeBlocker, SafeHider, SafeRemover
from connectors._setup import Setup
from connectors._values import an_id
from connectors._youtube.channel import API_URL, Channel
from connectors._youtube.health import check
from connectors._youtube.objects import CHANNEL_ID, HELD, PLATFORM, PUBLISHED, REJECTED
from connectors._youtube.sweep import ChannelSweep
from connectors._youtube.token import AUTH_URL, Token
from connectors.connection import Connection
from connectors.contract import (
    Action,
    ArchivePolicy,
    Author,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    Exchange,
    Health,
    Reading,
    Unproven,
    Unsupported,
    Visibility,
    Way,
)

UNITS = 10_000.0

BY_HAND = "open YouTube Studio, Community, Comments, find the comment there and hold, approve or remove it."

CAPABILITIES = Capabilities(
    hide="hold",
    hide_scope="any",
    delete="probe",
    block="api",
    unblock=False,
    identity="display name (mostly the @handle) and channel id, where YouTube delivers them",
    embed="none",
    takes_replies=True,
    effect="The comment is held for review with the replies under it: the public sees neither, and YouTube tells its "
    "author nothing.",
    by_hand=BY_HAND,
    archive=ArchivePolicy(
        "whole",
        "YouTube API Services Developer Policies III.E.4: stored data is refreshed or deleted after 30 days, unless "
        "the city's counsel rests it on the public records law.",
        refresh=timedelta(days=30),
    ),
    reads=("videos of the channel", "comments", "replies", "comments held for review", "likely spam"),
    cost="free; 10,000 units a day for each Google Cloud project, a read costs 1 and a write 50",
    remove_ways=(
        Way("reject", "The comment and its replies are gone, and YouTube lets nobody publish it again.", False),
    ),
    block_ways=(
        Way(
            "ban",
            "The comment is rejected, and all future comments of this account are rejected without a notice; only a "
            "person can take that back, in YouTube Studio.",
            False,
        ),
    ),
    poll_every=timedelta(minutes=5),
    least_poll=timedelta(minutes=1),
    # YouTube's Terms of Service, Permissions and Restrictions 3, allow no automated access but search engines'.
    pictures=False,
    notice_why="YouTube has no private messages.",
    unproven=(
        Unproven("Whether comments on all videos, Shorts and community posts come in the channel's list.", "delivered"),
        Unproven("Whether authors come with their channel.", "author"),
        Unproven("Whether a comment that is held can still be asked for by its id.", "hide"),
        Unproven("Whether a held reply stands in the list of held threads.", "listed"),
        Unproven("Whether publishing brings back the comment that was held, at its old place.", "unhide"),
        Unproven("Whether a rejected comment can still be asked for by its id.", "remove"),
        Unproven("Whether comments that YouTube held by itself can be told from those that the city held."),
    ),
)

OWN_COMMENT = "This is the city's own comment; edit or delete it on the video's page, signed in as the channel."
WAS_REJECTED = "YouTube publishes no comment again that was rejected; its author would have to write it anew."
NEEDS_COMMENT = "YouTube bans accounts over one of their comments; name the comment, and nothing was sent."
COMMENT_GONE = "That comment is gone, and YouTube bans accounts over one of their comments; nothing was sent."
OTHER_AUTHOR = "That comment was written by another account than the one to be banned; nothing was sent."
NO_LIST = (
    "YouTube tells no program whom a channel hides; look at https://studio.youtube.com/channel/{page_id}, Settings, "
    "Community, Hidden users."
)
NO_UNITS = "The option units of YouTube is the project's quota for a day, a whole number such as 10000."
UNBAN_BY_HAND = "take the account off Settings, Community, Hidden users in YouTube Studio."


def connect(setup: Setup) -> Connection:
    """Everything the consent may do on the channel; nothing is sent yet.

    ``token``: a JSON object of ``client_id``, ``client_secret`` and ``refresh_token``. ``options``: ``units`` where the
    project has another quota than 10,000 a day, ``auth_url`` for another token endpoint than Google's.
    """
    credentials = read_credentials(setup.token, PLATFORM, needed=("client_id", "client_secret", "refresh_token"))
    auth_url = setup.options.get("auth_url", AUTH_URL)
    transport = setup.transport(PLATFORM, API_URL, secrets=credentials.secrets, also=(auth_url,))
    channel = Channel(
        setup.page_id,
        transport,
        Token(transport, credentials, setup.clock, auth_url),
        clock=setup.clock,
        page_size=setup.page_size,
        units=_units(setup.options.get("units")),
        spending=setup.spending,
        project=credentials["client_id"],
    )
    hand = ChannelHand(channel)
    return Connection(
        connector=YouTube(channel, setup.lookback, setup.post_lookback),
        hider=SafeHider(hand),
        remover=SafeRemover(hand, CAPABILITIES.remove_ways),
        blocker=SafeBlocker(ChannelBan(channel), CAPABILITIES.block_ways, UNBAN_BY_HAND),
        calls=transport.calls,
        close=transport.close,
    )


def _units(told: str | None) -> float:
    if told is None:
        return UNITS
    if not told.isdecimal() or int(told) < 1:
        raise ValueError(NO_UNITS)
    return float(told)


class YouTube:
    """Reads one channel."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, channel: Channel, lookback: timedelta, post_lookback: timedelta) -> None:
        self._channel = channel
        self._lookback, self._post_lookback = lookback, post_lookback

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Threads in all three moderation states since the cursor less the look-back, and replies to watched threads.

        Three calls of one unit for a quiet channel; its videos are listed every ten minutes.
        """
        sweep = ChannelSweep(self._channel, cursor, lookback=self._lookback, post_lookback=self._post_lookback)
        return sweep.batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment with its state and its video, now: two to five units."""
        with self._channel.recording() as exchanges:
            comment = self._channel.find(ref)
            post = self._channel.post(comment.post_id) if comment else None
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the consent, its scopes, the channel, and what YouTube delivers of comments."""
        return check(self._channel)

    def __repr__(self) -> str:
        return f"YouTube({self._channel.page_id!r})"


class ChannelHand:
    """Holds, publishes and rejects (``POST /comments/setModerationStatus``)."""

    platform = PLATFORM

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._channel.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._channel.now()

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment with its state."""
        return self._channel.find(ref)

    def hidden(self, comment: Comment) -> bool | None:
        """Held, likely spam and rejected: the public sees none of them."""
        return comment.visibility is not Visibility.VISIBLE

    def removed(self, comment: Comment | None, way: str) -> bool:
        """Rejected comments are in no list any more; some can still be asked for by id."""
        return comment is None or comment.visibility is Visibility.DELETED_BY_CITY

    def refuse(self, comment: Comment, action: Action) -> None:
        """The city's own words, and what was rejected for good."""
        if comment.by_page and action is not Action.UNHIDE:
            raise Unsupported(OWN_COMMENT)
        if comment.visibility is Visibility.DELETED_BY_CITY:
            raise Unsupported(WAS_REJECTED)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        """One write of 50 units."""
        status = {Action.HIDE: HELD, Action.UNHIDE: PUBLISHED, Action.REMOVE: REJECTED}[action]
        self._channel.set_status(comment.ref.comment_id, status)


class ChannelBan:
    """Bans accounts over one of their comments. YouTube neither lists bans nor takes them back by its API."""

    platform = PLATFORM

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._channel.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._channel.now()

    def kept_away(self, author_id: str, way: str) -> bool | None:
        """YouTube doesn't tell."""
        return None

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        """Reject the comment and ban its author: one write."""
        an_id(author_id, PLATFORM, CHANNEL_ID)
        if over is None:
            raise Unsupported(NEEDS_COMMENT)
        comment = self._channel.find(over)
        if comment is None:
            raise Unsupported(COMMENT_GONE)
        if comment.by_page:
            raise Unsupported(OWN_COMMENT)
        if comment.author.author_id != author_id:
            raise Unsupported(OTHER_AUTHOR)
        self._channel.set_status(comment.ref.comment_id, REJECTED, ban=True)

    def let_back(self, author_id: str, way: str) -> None:
        """Not by the API."""
        raise Unsupported(NO_LIST.format(page_id=self._channel.page_id))

    def list_kept_away(self) -> Iterator[Author]:
        """Not by the API."""
        raise Unsupported(NO_LIST.format(page_id=self._channel.page_id))
