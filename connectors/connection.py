"""What `connect` hands out: each authority over a page as a thing of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from connectors._calls import CallLedger
from connectors.contract import Blocker, Connector, Hider, Remover, Replier


@dataclass(frozen=True, slots=True)
class Connection:
    """One page of one platform. What is ``None`` the platform can't do; what is passed on, the receiver may do.

    ``calls`` counts what was asked of the platform; ``close`` ends its connections.
    """

    connector: Connector
    hider: Hider | None
    remover: Remover | None
    blocker: Blocker | None
    calls: CallLedger
    close: Callable[[], None] = field(repr=False)
    replier: Replier | None = None
