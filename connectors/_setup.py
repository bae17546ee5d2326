"""Everything that a connector is given to begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors._budget import Spending, SpendingInMemory
from connectors._exchange import Exchange
from connectors._names import spoken
from connectors.transport import Transport, utc_now

NO_BASE_URL = "{platform} is many servers, not one; give the address of the city's own as base_url."


@dataclass(frozen=True, slots=True)
class Setup:
    """One page of one platform, as configured. ``connectors.connect`` fills it.

    ``token``: what the city stored, one token or a JSON object of parts. ``timeout`` in seconds. ``lookback``: how
    far back comments are read on a first visit; ``post_lookback``: on posts how old. ``page_size``: rows asked for at
    once; each connector keeps to its platform's greatest. ``spending`` remembers quotas across restarts.
    ``on_exchange`` sees every answer; ``on_renewed`` gets credentials that the platform exchanged, to be stored at
    once. ``options``: what only some platforms need, such as ``auth_url``, ``plan`` or ``legal_basis``.
    """

    page_id: str
    token: str = field(repr=False)
    base_url: str | None = None
    timeout: float = 10.0
    lookback: timedelta = timedelta(hours=48)
    post_lookback: timedelta = timedelta(days=90)
    page_size: int = 100
    on_exchange: Callable[[Exchange], None] | None = None
    on_renewed: Callable[[str], None] | None = field(default=None, repr=False)
    clock: Callable[[], datetime] = utc_now
    spending: Spending = field(default_factory=SpendingInMemory)
    options: Mapping[str, str] = field(default_factory=dict)

    def transport(
        self,
        platform: str,
        base_url: str | None,
        *,
        secrets: tuple[str, ...],
        also: tuple[str, ...] = (),
        cost_per_call_usd: float = 0.0,
    ) -> Transport:
        """The way to this platform's hosts. ``base_url``: the platform's own, ``None`` where each city has another.

        ``also``: further hosts that may be asked, such as the one that renews tokens. Raises ``ValueError`` where the
        address is missing.
        """
        address = self.base_url or base_url
        if address is None:
            raise ValueError(NO_BASE_URL.format(platform=spoken(platform)))
        return Transport(
            platform,
            address,
            secrets=secrets,
            also=also,
            timeout=self.timeout,
            on_exchange=self.on_exchange,
            clock=self.clock,
            cost_per_call_usd=cost_per_call_usd,
        )
