"""One line of JSON for each line of JSON, however long, but not without end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.evidence.picture import pipe
from bot.evidence.picture.pipe import Died, Pipe

LONG = 40_000_000
ECHO = f"""
import json, sys
for line in sys.stdin:
    wanted = json.loads(line)["bytes"]
    print(json.dumps({{"said": "x" * wanted}}), flush=True)
    if wanted == {LONG}:
        print(json.dumps({{"said": "and one that nobody asked for yet"}}), flush=True)
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Pipe]:
    """A child that says as many bytes as it is asked for."""
    made = Pipe([sys.executable, "-c", ECHO], dict(os.environ), tmp_path / "complaints")
    yield made
    made.kill()


def test_a_long_answer_is_read_in_time(child: Pipe) -> None:
    """Pictures and what was fetched for them come to tens of millions of bytes; what follows belongs to the next."""
    started = time.process_time()

    assert len(child.ask({"bytes": LONG}, 60)["said"]) == LONG
    assert child.ask({"bytes": 1}, 60)["said"] == "and one that nobody asked for yet"
    assert time.process_time() - started < 5


def test_an_answer_without_end_is_no_answer(child: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture process that a page got the better of can't fill the daemon's memory."""
    monkeypatch.setattr(pipe, "_LONGEST", 1_000_000)

    with pytest.raises(Died, match="without end"):
        child.ask({"bytes": LONG}, 60)
