"""What a stage comes to: plain JSON values, ids and reasons, never the text of a comment.

The engine keeps these between the stages; content lives in ledger and archive alone, where retention reaches it.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class Sealed(TypedDict):
    """``status``: sealed, or later (then ``because`` says why, and nothing else counts). ``restricted``: a file that
    may not be copied hangs on the comment, and people are told at once."""

    status: Literal["sealed", "later"]
    because: str
    package_id: str
    path: str
    sha256: str
    manifest_sha256: str
    picture: str
    picture_reason: str
    restricted: bool


class Acted(TypedDict):
    """What became of an act. ``later`` asks to be ordered again after ``retry_s`` seconds; ``blocked``: the platform
    takes us for a spammer, so nothing more is written to this page until a person resumes it."""

    status: Literal["done", "gone", "changed", "paused", "blocked", "asks", "later"]
    because: str
    action: str
    already_done: bool
    visibility: str
    retry_s: float


class Told(TypedDict):
    """How people are told. ``off``: no Slack is configured. ``gathers``: in the message of the gathering of that key,
    told of from ``due_at`` on (ISO 8601), or in the one that it is in, where the key is empty. ``clause``: of the case.
    ``called``: who is on call was called by name. ``down``: Slack is away, or refuses, and not for seconds only."""

    status: Literal["told", "off", "later", "gathers"]
    because: str
    channel: str
    message: str
    retry_s: float
    clause: str
    gathering: str
    due_at: str
    called: bool
    down: bool


def not_sealed(because: str) -> Sealed:
    """Nothing was sealed; the order is placed again."""
    return Sealed(
        status="later",
        because=because,
        package_id="",
        path="",
        sha256="",
        manifest_sha256="",
        picture="none",
        picture_reason="",
        restricted=False,
    )


def acted(
    status: Literal["done", "gone", "changed", "paused", "blocked", "asks", "later"],
    because: str,
    *,
    action: str = "",
    already_done: bool = False,
    visibility: str = "",
    retry_s: float = 0.0,
) -> Acted:
    """What became of an act."""
    return Acted(
        status=status,
        because=because,
        action=action,
        already_done=already_done,
        visibility=visibility,
        retry_s=retry_s,
    )


def told(
    status: Literal["told", "off", "later", "gathers"],
    because: str = "",
    *,
    channel: str = "",
    message: str = "",
    retry_s: float = 0.0,
    clause: str = "",
    gathering: str = "",
    due_at: str = "",
    called: bool = False,
    down: bool = False,
) -> Told:
    """What became of a message."""
    return Told(
        status=status,
        because=because,
        channel=channel,
        message=message,
        retry_s=retry_s,
        clause=clause,
        gathering=gathering,
        due_at=due_at,
        called=called,
        down=down,
    )
