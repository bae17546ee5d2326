"""What a platform can do, as data: shown to people as it is, and obeyed by the code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

NO_NOTICE = "The platform's interface documents no private message to whoever wrote a comment."


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do what only people may do: removing a comment, or keeping an account away.

    ``name`` is the platform's own word (trash, spam, mute, ban); ``effect`` says in one sentence what it really means
    there, for the people who decide; ``reversible`` whether the connector can take it back.
    """

    name: str
    effect: str
    reversible: bool


@dataclass(frozen=True, slots=True)
class ArchivePolicy:
    """What a platform's terms allow to be stored; decided before storing, never by a timer after it.

    ``whole`` keeps words, names and raw answers; ``digests`` keeps ids, times and digests only, unless the city's
    counsel recorded a legal basis. ``refresh``: a stored copy has to be read again within this time or rest on the
    city's own records law. ``terms`` names the document and section.
    """

    keep: Literal["whole", "digests"]
    terms: str
    refresh: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unproven:
    """What nobody has yet seen on the real platform. ``trial`` names the part of the probe that answers it.

    ``delivered``: an own comment is found by a poll; ``author``: with its account; ``hide``, ``listed`` (still in the
    list while hidden), ``unhide``, ``remove``: tried on that comment; ``none``: only a person can find out.
    """

    question: str
    trial: Literal["delivered", "author", "hide", "listed", "unhide", "remove", "none"] = "none"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do. ``effect`` is the plain truth of a hide, ``by_hand`` what a person does instead.

    ``hide_scope``: which comments can be hidden. ``hidden_state``: ``told`` where the platform delivers whether a
    comment is hidden, ``answered`` where only the answer to the act says so. ``reads``: surfaces that are read.
    ``poll_every`` and ``least_poll``: the pace that suits the platform, and the fastest that it allows.
    ``attestation``: what the operator has to attest in writing before the page is used. ``push``: the name of the
    platform's webhook, where it has one. ``public_hosts``: what a logged-out browser needs to show a post.
    ``takes_replies``: a hide takes the replies under a comment out of sight too, whoever wrote them.
    ``pictures``: whether the platform's terms let a browser of ours open its pages.
    ``notice``: whether whoever wrote a comment can be written to privately about it; ``notice_why``: with which limits,
    or why not; ``notice_within``: how long after the comment; ``notice_most``: how many bytes in UTF-8;
    ``notice_told``: whether reading tells that one was sent.
    """

    hide: Literal["native", "hold", "gate", "soft_delete", "none"]
    hide_scope: Literal["any", "top_level", "own_threads", "none"]
    delete: Literal["any", "own", "probe", "none"]
    block: Literal["api", "enterprise", "manual", "none"]
    unblock: bool
    identity: str
    embed: Literal["comment", "post", "none"]
    effect: str
    by_hand: str
    archive: ArchivePolicy
    reads: tuple[str, ...]
    cost: str = "free"
    cost_per_read_usd: float = 0.0
    takes_replies: bool = False
    hidden_state: Literal["told", "answered", "none"] = "told"
    remove_ways: tuple[Way, ...] = ()
    block_ways: tuple[Way, ...] = ()
    push: str | None = None
    poll_every: timedelta = timedelta(minutes=1)
    least_poll: timedelta = timedelta(seconds=5)
    needs_base_url: bool = False
    attestation: str | None = None
    public_hosts: tuple[str, ...] = ()
    pictures: bool = True
    notice: Literal["private reply", "none"] = "none"
    notice_why: str = NO_NOTICE
    notice_within: timedelta | None = None
    notice_most: int | None = None
    notice_told: bool = False
    unproven: tuple[Unproven, ...] = ()
