"""What the questions of the contract have in common."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import connectors
from connectors import contract
from connectors.connection import Connection
from connectors.contract import Connector
from tests.connectors.conftest import wired
from tests.connectors.wire import FIXTURES, BaseWire

HOSTILE = {
    "html": "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "mrkdwn": "<!channel> <https://evil.example|city hall> *bold* `code`",
    "formula": '=HYPERLINK("https://evil.example","refund")',
    "path": "../../etc/passwd\\..\\..",
    "escapes": "\x1b[2J\x1b]0;owned\x07",
    "bidi": "\u202egnihtyna\u2066\u2069\u200b",
    "long": "w" * 60_000,
    "format": "%s %d {0} {token}",
}


def swept(connection: Connection, cursor: str | None = None) -> list[contract.Batch]:
    """All batches of a poll."""
    return list(connection.connector.poll(cursor))


def comments_of(batches: list[contract.Batch]) -> list[contract.Comment]:
    """All comments of all batches."""
    return [comment for batch in batches for comment in batch.comments]


def ids_of(batches: list[contract.Batch]) -> set[str]:
    """The ids of all comments of all batches."""
    return {comment.ref.comment_id for comment in comments_of(batches)}


def listed_alone(connection: Connection, cursor: str | None = None) -> contract.Comment:
    """The one comment of a poll."""
    (comment,) = comments_of(swept(connection, cursor))
    return comment


def tells_hidden(connector: Connector) -> bool:
    """Whether the platform says of a comment that it is hidden."""
    return connector.capabilities.hidden_state == "told"


def errors_of_all_platforms() -> list[Any]:
    """Every recorded error of every platform that has some."""
    return [
        pytest.param(platform, case, id=f"{platform}: {case['name']}")
        for platform in wired()
        if (FIXTURES / platform / "errors.json").exists()
        for case in json.loads((FIXTURES / platform / "errors.json").read_text())
    ]


def as_recorded(case: dict[str, Any]) -> Callable[[], httpx.Response]:
    """A recorded error as an answer."""
    headers = {name: str(value) for name, value in case.get("headers", {}).items()}
    if "text" in case:
        return lambda: httpx.Response(case["status"], text=case["text"], headers=headers)
    return lambda: httpx.Response(case["status"], json=case["body"], headers=headers)


def provoked(wire: BaseWire, connection: Connection, case: dict[str, Any]) -> None:
    """Meet a recorded error: where it comes at a read by polling, where it comes at a write by acting."""
    ref = wire.say(wire.publish(1), 10)
    on = case.get("on", "read")
    wire.fail(as_recorded(case), at=on, times=9)
    if on == "read":
        swept(connection)
    elif connection.hider is not None:
        connection.hider.hide(ref)
    elif connection.remover is not None:
        connection.remover.remove(ref)
    else:
        raise AssertionError("an error of a write is recorded for a platform that has no act")


def connect_again(wire: BaseWire, token: str) -> Connection:
    """A connection with another token."""
    return connectors.connect(wire.platform, page_id=wire.page_id, token=token, clock=wire.clock, **wire.connect)
