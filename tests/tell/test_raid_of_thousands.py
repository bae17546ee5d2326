"""A raid of 2,000 comments in a minute: a handful of messages, and every case is told of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.demo.slack import Channel, Slack
from bot.ledger.tables import AlertRow, Case
from bot.notify.slack import SlackNotifier
from bot.tell.gather import EVERY_S
from tests.tell.conftest import Desk

RAID = 2_000
HANDFUL = 6
CHANNEL = "C0MILLBROOK"
THREATS = ("I will shoot Dana tomorrow at noon.", "I will kill you, Dana, tonight.")


@pytest.fixture
def slack() -> Iterator[Slack]:
    """Slack on loopback, as slow to take messages as the real one."""
    server = Slack("xoxb-test-0123456789", Channel(CHANNEL, "page-moderation"))
    server.listener.start()
    server.limits.on = True
    yield server
    server.listener.stop()


def case_ids(message: dict[str, Any]) -> str | None:
    """The case that a message is about."""
    found: str | None = message.get("metadata", {}).get("event_payload", {}).get("case_id")
    return found


def test_a_raid_gives_a_handful_of_messages_and_loses_no_case(desk: Desk, slack: Slack) -> None:
    """Through route, ledger and a Slack with its rate limits: each case has its message or is counted in one."""
    notifier = SlackNotifier("xoxb-test-0123456789", f"{slack.listener.url}/api/", CHANNEL)
    desk.office.route = replace(desk.office.route, notifier=notifier)
    for text in THREATS:
        desk.office.platform.say(text)

    raid = desk.say(RAID - len(THREATS), keep_said=True)
    for _ in range(3):
        desk.pass_(EVERY_S)

    messages = slack.messages(CHANNEL)
    alone = {case for message in messages if (case := case_ids(message))}
    rows = {row.case_id: row for row in desk.rows(AlertRow)}
    assert len(raid) == RAID
    assert len(messages) <= HANDFUL
    assert set(rows) == set(raid)
    assert {case for case, row in rows.items() if row.gathering is None} == alone
    assert len(alone) == len(THREATS) + 3
    (summary,) = [message for message in messages if case_ids(message) is None]
    told = int(re.sub(",", "", re.search(r"^[\d,]+", summary["blocks"][0]["text"]["text"])[0]))  # type: ignore[index]
    assert told == RAID - len(alone)
    assert desk.untold() == set()
    urgent = {row.case_id for row in desk.rows(Case) if row.urgent}
    assert len(urgent) == len(THREATS)
    assert urgent <= alone
