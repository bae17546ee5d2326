"""Speaks to social platforms: reads a page's comments, hides, shows and removes them.

A library of its own that knows nothing of policies, evidence or people. ``contract`` says what every platform
promises, ``transport`` is the one door to the network, and each platform is one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.connection import Connection

NOT_A_PLATFORM = "There is no connector for {name!r}; there is one for: {known}."


def platforms() -> tuple[str, ...]:
    """The names that ``connect`` knows."""
    return ("facebook",)


def connect(platform: str, *, page_id: str, token: str, base_url: str | None = None, **options: Any) -> Connection:
    """Everything one token may do on one page; nothing is sent yet.

    ``base_url`` points elsewhere than the platform's own address; ``options`` are those of the platform's
    ``connect``, such as ``timeout`` (seconds), ``lookback`` or ``on_exchange``. Errors: ``ValueError`` for an unknown
    platform, ``TypeError`` for an unknown option.
    """
    if platform not in platforms():
        raise ValueError(NOT_A_PLATFORM.format(name=platform, known=", ".join(platforms())))
    # Imported here: who needs only the contract's values shall not load an SDK and an HTTP client.
    from connectors import facebook

    return facebook.connect(page_id, token, base_url=base_url or facebook.GRAPH_URL, **options)
