from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.demo.script import Script
from bot.demo.town import Town

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Without the certificates of the world, which take longer to load than a whole town."""


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A town with one post and no comment, its servers running."""
    with Town(Script.empty(), tmp_path) as running:
        yield running


@pytest.fixture
def graph(town: Town) -> Iterator[httpx.Client]:
    """A bare HTTP client on the town's Graph, with the page's token."""
    params = {"access_token": town.page_token}
    with httpx.Client(base_url=town.graph_url + "/v26.0", params=params, timeout=5, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def web() -> Iterator[httpx.Client]:
    """A client that adds nothing to the addresses it is given."""
    with httpx.Client(timeout=5, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def visitor(town: Town) -> Iterator[httpx.Client]:
    """A visitor of the public page, without an account."""
    with httpx.Client(base_url=town.page_url, timeout=5, verify=NO_TLS) as client:
        yield client
