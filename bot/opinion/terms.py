"""What a city allowed: whom we ask, for how long we wait, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["moderation", "chat"]


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of asking.

    ``url`` is the base address of an OpenAI-compatible API, mostly ending in ``/v1``; ``key`` its secret, empty for
    none. ``timeout_s`` bounds one whole call, in seconds. ``ask_from`` is the score from which a cleared comment is in
    doubt. The ceilings count from midnight to midnight, UTC.
    """

    url: str
    key: str
    kind: Kind
    model: str
    timeout_s: float
    ask_from: float
    dollars_a_day: Decimal
    dollars_per_million: Decimal
    calls_a_day: int


class NotHad(Exception):
    """No opinion could be had: ``because`` says why, for a person. ``wait_s``: when the server may be asked again.

    ``detail`` is for the log and for `beadle doctor`. None of them ever holds a key or the words of a comment.
    """

    def __init__(self, because: str, *, detail: str = "", wait_s: float | None = None) -> None:
        super().__init__(because)
        self.because = because
        self.detail = detail or because
        self.wait_s = wait_s
