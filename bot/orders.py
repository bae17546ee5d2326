"""What the route asks of the durable engine: that an order commits with the fact that it follows from."""

from __future__ import annotations

from typing import Literal, Protocol

from sqlmodel import Session

Workflow = Literal["preserve", "act", "tell", "carry_out", "lapse"]


class Orders(Protocol):
    """Places an order that is durable if, and only if, the caller's transaction commits."""

    def place(self, session: Session, workflow: Workflow, key: str, number: int, *, delay_s: float = 0.0) -> None: ...
