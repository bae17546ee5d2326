"""Speaks to social platforms: reads a page's comments, hides, shows and removes them.

A library of its own that knows nothing of policies, evidence or people. ``contract`` says what every platform
promises, ``transport`` is the one door to the network, and each platform is one file beside this one::

    connection = connectors.connect("mastodon", page_id="14715", token=token, base_url="https://city.example")
    for batch in connection.connector.poll(cursor):
        store(batch.comments, batch.cursor)
"""

from __future__ import annotations

import pkgutil
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from connectors._names import spoken as spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors._abilities import Capabilities
    from connectors._budget import Spending
    from connectors._exchange import Exchange
    from connectors.connection import Connection

NOT_A_PLATFORM = "There is no connector for {name!r}; there is one for: {known}."

# Modules that are no platform. Those that begin with an underscore aren't either.
_SHARED = frozenset({"connection", "contract", "transport", "probing", "webhooks"})


class Options(TypedDict, total=False):
    """What ``connect`` takes beside page and token; ``connectors._setup.Setup`` says what each means."""

    timeout: float
    lookback: timedelta
    post_lookback: timedelta
    page_size: int
    on_exchange: Callable[[Exchange], None] | None
    on_renewed: Callable[[str], None] | None
    clock: Callable[[], datetime]
    spending: Spending
    options: Mapping[str, str]


@cache
def platforms() -> tuple[str, ...]:
    """The names that ``connect`` knows: the files beside this one."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if not name.startswith("_") and name not in _SHARED))


def capabilities(platform: str) -> Capabilities:
    """What a platform can do. Raises ``ValueError`` for an unknown one."""
    found: Capabilities = _module(platform).CAPABILITIES
    return found


def connect(
    platform: str, *, page_id: str, token: str, base_url: str | None = None, **options: Unpack[Options]
) -> Connection:
    """Everything one token may do on one page; nothing is sent yet.

    ``base_url`` points elsewhere than the platform's own address, and is needed where each city has its own server.
    Errors: ``ValueError`` for an unknown platform or a missing address, ``AuthFailed`` for credentials that can't be
    right, ``TypeError`` for an unknown option.
    """
    module = _module(platform)
    # Imported here: who needs only the contract's values shall not load an HTTP client.
    from connectors._setup import Setup

    made: Connection = module.connect(Setup(page_id, token, base_url, **options))
    return made


def _module(platform: str) -> Any:
    if platform not in platforms():
        raise ValueError(NOT_A_PLATFORM.format(name=platform, known=", ".join(platforms())))
    return import_module(f"connectors.{platform}")
