"""What Slack hands to an app, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

Json = dict[str, Any]
Kind = Literal["interactive", "slash_commands", "events_api"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One thing that happened. The same envelope may be delivered more than once: its id and payload stay.

    ``answers``: may the acknowledgement carry a payload (``accepts_response_payload``)?
    """

    kind: Kind
    payload: Json
    answers: bool = False
    id: str = field(default_factory=lambda: str(uuid4()))

    def frame(self, attempt: int) -> Json:
        """The envelope on a websocket; only events say how often they were tried."""
        retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        return {
            "envelope_id": self.id,
            "payload": self.payload,
            "type": self.kind,
            "accepts_response_payload": self.answers,
            **(retry if self.kind == "events_api" else {}),
        }


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of an envelope.

    ``after``: seconds from the first sending to the acknowledgement. ``payload``: what the acknowledgement carried.
    ``attempts``: how often it was sent; 0 when no app was connected. ``status``: of the last answer, over HTTP.
    ``problem``: what Slack tells the person when something went wrong. ``again``: the second click of a double click.
    """

    envelope: Envelope
    acknowledged: bool = False
    after: float | None = None
    payload: Json | None = None
    attempts: int = 0
    status: int | None = None
    problem: str = ""
    again: Delivered | None = None

    @property
    def errors(self) -> dict[str, str]:
        """What a modal says next to its inputs, by block id."""
        payload = self.payload or {}
        return dict(payload.get("errors") or {}) if payload.get("response_action") == "errors" else {}

    @property
    def trigger_id(self) -> str:
        """The trigger that the payload carried."""
        return str(self.envelope.payload.get("trigger_id", ""))

    @property
    def response_url(self) -> str:
        """Where the payload may be answered."""
        return str(self.envelope.payload.get("response_url", ""))
