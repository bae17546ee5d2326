"""What the route asks of the durable engine: that an order commits with the fact that it follows from."""

from __future__ import annotations

from typing import Literal, Protocol

from sqlmodel import Session

Workflow = Literal["preserve", "act", "tell", "carry_out", "lapse", "look", "gather", "bar", "notice"]

LOOK_AFTER_S = 60.0
"""Seconds from an act to the look at the public page: what platforms show of it changes within some of them."""


class Orders(Protocol):
    """Places an order that is durable if, and only if, the caller's transaction commits."""

    def place(self, session: Session, workflow: Workflow, key: str, number: int, *, delay_s: float = 0.0) -> None: ...


def after_act(orders: Orders, session: Session, act_key: str, delay_s: float, tried: int = 1) -> None:
    """Order a look at the public page after an act, for the first time or once more."""
    orders.place(session, "look", look_key(tried, act_key), 1, delay_s=delay_s)


def look_key(tried: int, act_key: str) -> str:
    """What a look is ordered by: which try it is, after which act."""
    return f"{tried}/{act_key}"


def look_of(order: str) -> tuple[int, str]:
    """The try and the act of an order to look."""
    tried, _, act_key = order.partition("/")
    return int(tried), act_key
