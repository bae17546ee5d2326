"""docs/connectors.md: the program that is printed there runs, and brings what is on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.contract import Comment, Gap

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "connectors.md"


@pytest.fixture
def platform() -> str:
    """The one that the page takes as its example."""
    return "mastodon"


def run(wire: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Comment], list[str]]:
    """Run the page's program; the comments and the cursors that it stored."""
    program = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)[0]
    monkeypatch.setenv("TOWN_TOKEN", wire.token)
    monkeypatch.setenv("TOWN_SERVER", wire.base_url)
    stored: list[Comment] = []
    cursors: list[str] = []
    gaps: list[Gap] = []
    names = {"load_cursor": lambda: None, "store": stored.append, "save_cursor": cursors.append, "report": gaps.append}
    # The wire stands at its own moment: "now" is read from it.
    program = program.replace("timeout=10.0,", "timeout=10.0,\n    clock=clock,")
    exec(compile(program, str(GUIDE), "exec"), {**names, "clock": wire.clock})
    assert gaps == []
    return stored, cursors


def test_the_printed_program_stores_what_is_on_the_page(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments, and the place where the next run goes on."""
    post = wire.publish(1)
    refs = {wire.say(post, 10 + number) for number in range(5)}

    stored, cursors = run(wire, monkeypatch)

    assert {comment.ref for comment in stored} == refs
    assert len(cursors) == 1


def test_the_printed_program_says_when_to_come_again(
    wire: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit is no fault, and nothing is stored as read."""
    wire.say(wire.publish(1), 10)
    wire.fail(lambda: httpx.Response(429, json={"error": "Too many requests"}), times=9)

    stored, cursors = run(wire, monkeypatch)

    assert (stored, cursors) == ([], [])
    assert "again at" in capsys.readouterr().out
