"""The message of many cases over the wire: posted once, brought up to date, found again; and calls below a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.demo.blocks import block_errors
from bot.notify.alerts import Alert
from bot.notify.case_facts import Standing
from bot.notify.slack import MessageRef, SlackUnavailable
from bot.notify.summaries import Example, Summary, render_summary
from tests.notify.test_alerts import leaves, read_aloud
from tests.notify.test_slack import CHANNEL, notifier

AT = datetime(2026, 11, 21, 12, 4, tzinfo=UTC)
SUMMARY = Summary(
    mark="post:main:1:3.4.3.A@2026-11-21T12:04:00",
    kind="post",
    page="Town of Millbrook",
    slug="main",
    counts=((Standing.HIDDEN, 1990), (Standing.WAITS, 7)),
    clauses=(("3.4.3.A", 1997),),
    opened_at=AT,
    last_at=AT + timedelta(minutes=4),
    clause_summary="Profane language or content",
    policy="Social Media Use Policy",
    policy_version="2026-01",
    post_text="Snow routes",
    examples=(Example("fa-abcdefghijkl", "Rusty Nail", "what a mess", Standing.HIDDEN),),
    answers=True,
)


def test_a_summary_counts_names_the_clause_and_says_where_all_of_it_is() -> None:
    """How many, how they stand, under which text, the newest, and the two ways to the list."""
    said = read_aloud(render_summary(SUMMARY))

    for fact in (
        "1,997 more under one post: 3.4.3.A · Town of Millbrook",
        "1,990 hidden, 7 left up, waiting for a person",
        "Clause 3.4.3.A",
        "Policy Social Media Use Policy, version 2026-01",
        "Account displayed as  Rusty Nail :  what a mess",
        "/beadle queue main",
        "beadle cases --page main",
        "From 2026-11-21 12:04 to 12:08 UTC",
    ):
        assert fact in said


def test_in_a_raid_one_button_stops_all_acts_while_presses_are_received() -> None:
    """It asks once more; a closed gathering, one of the night, and a channel for reading only have none."""
    (button,) = [leaf for block in render_summary(SUMMARY).blocks for leaf in block.get("elements", []) if
                 leaf.get("action_id")]  # fmt: skip

    assert (button["action_id"], button["style"]) == ("pause_all", "danger")
    assert "until a person resumes it" in button["confirm"]["text"]["text"]
    for without in ({"answers": False}, {"closed": True}, {"kind": "night"}):
        assert "pause_all" not in str(render_summary(replace(SUMMARY, **without)).blocks)


def test_nothing_in_a_summary_is_read_as_markup(hostile: str) -> None:
    """Not the examples, the account, the post nor the page."""
    example = Example("fa-abcdefghijkl", hostile, hostile, Standing.WAITS)
    evil = replace(SUMMARY, page=hostile, post_text=hostile, author=hostile, examples=(example,) * 3)

    for kind in ("post", "author", "page", "night"):
        message = render_summary(replace(evil, kind=kind))
        assert {leaf["type"] for leaf in leaves(message.blocks)} <= {"plain_text", "text", "button"}
        assert block_errors(list(message.blocks)) == []


def test_a_page_whose_words_are_withheld_shows_none_in_a_summary() -> None:
    """Counts and clauses are the city's own; words and accounts are not."""
    said = read_aloud(render_summary(replace(SUMMARY, withheld=True)))

    assert "what a mess" not in said
    assert "Rusty Nail" not in said
    assert "1,990 hidden" in said


def test_the_message_of_many_is_posted_once_and_then_changed(slack: Any) -> None:
    """Another process that knows nothing of the first finds it by its mark."""
    ref = notifier(slack).gather(SUMMARY)
    again = notifier(slack).gather(replace(SUMMARY, counts=((Standing.HIDDEN, 2500),)))
    known = notifier(slack).gather(replace(SUMMARY, closed=True), None, ref)

    assert ref == again == known
    (message,) = slack.messages[CHANNEL]
    assert "Closed" in str(message["blocks"])


def test_a_lost_answer_leads_to_no_second_message_of_many(slack: Any) -> None:
    """Posted, the answer lost: the next try finds it."""
    slack.faults["chat.postMessage"] = ["lost"]
    with pytest.raises(SlackUnavailable):
        notifier(slack).gather(SUMMARY)

    notifier(slack).gather(SUMMARY)

    assert len(slack.messages[CHANNEL]) == 1


def test_a_message_of_many_that_somebody_deleted_is_posted_anew(slack: Any) -> None:
    """Once."""
    teller = notifier(slack)
    ref = teller.gather(SUMMARY)
    slack.messages[CHANNEL].clear()

    newer = teller.gather(SUMMARY, None, ref)
    teller.gather(SUMMARY, None, newer)

    assert len(slack.messages[CHANNEL]) == 1
    assert newer != ref


def test_a_channel_is_recalled_with_one_call_for_a_whole_raid(slack: Any, alert: Alert) -> None:
    """What an earlier process posted is known, and a thousand questions cost one look."""
    ref = notifier(slack).post(alert)
    teller = notifier(slack)

    assert teller.recall(alert.case_id) == ref
    assert [teller.recall(f"fa-{n}") for n in range(50)] == [None] * 50
    assert len(slack.called("conversations.history")) == 1


def test_a_slack_that_hangs_is_recalled_once(slack: Any, alert: Alert) -> None:
    """The first question fails, the others are answered by what is known: nothing; a real look still reads all."""
    ref = notifier(slack).post(alert)
    teller = notifier(slack)
    slack.faults["conversations.history"] = ["500"]

    with pytest.raises(SlackUnavailable):
        teller.recall(alert.case_id)

    assert teller.recall(alert.case_id) is None
    assert teller.find(alert.case_id) == ref


def test_whoever_is_on_call_is_called_below_the_message_once(slack: Any, alert: Alert) -> None:
    """A reply in the thread, which Slack notifies of; a second order adds none."""
    ref = notifier(slack).post(alert)
    urgent = replace(alert, urgent=True, call=("U0NOOR",))

    notifier(slack).call(ref, urgent)
    below = [message for message in slack.messages[CHANNEL] if message.get("thread_ts") == ref.ts]
    slack.threads[ref.ts] = below
    notifier(slack).call(ref, urgent)

    assert isinstance(ref, MessageRef)
    (reply,) = [message for message in slack.messages[CHANNEL] if message.get("thread_ts") == ref.ts]
    assert "U0NOOR" in str(reply["blocks"])
