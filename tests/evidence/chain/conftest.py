"""Two real time stamp authorities for the whole session, and counters at which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.evidence.chain.authority import Desk, Stamper

OpenDesk = Callable[[Stamper], Desk]


@pytest.fixture(scope="session")
def alpha(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    """An authority whose root stamps through one that sends its own certificate alone."""
    return Stamper(tmp_path_factory.mktemp("authorities") / "alpha", "Alpha")


@pytest.fixture(scope="session")
def beta(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    """An authority two steps below its root, which sends all certificates in an order that strict readers refuse."""
    return Stamper(tmp_path_factory.mktemp("authorities") / "beta", "Beta", between=1, send_chain=True)


@pytest.fixture
def open_desk() -> Iterator[OpenDesk]:
    """Opens a counter for an authority, closed after the test."""
    desks: list[Desk] = []

    def open_one(stamper: Stamper) -> Desk:
        desks.append(Desk(stamper.answer))
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.shutdown()
        desk.server_close()


@pytest.fixture
def roots(tmp_path: Path, alpha: Stamper, beta: Stamper) -> Path:
    """A file of the roots of both authorities, as the configuration names it."""
    path = tmp_path / "roots.pem"
    path.write_bytes(alpha.root + beta.root)
    return path
