from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from slack_bolt import Ack
from slack_sdk.signature import SignatureVerifier

from bot.demo.slack import Slack, signature
from tests.demo import slack_app
from tests.demo.slack_app import CHANNEL, NOOR

Json = dict[str, Any]


@dataclass
class Desk:
    """A workspace that posts to an app's address; ``waits`` is how long the app takes, by the number of the try."""

    slack: Slack
    url: str
    headers: list[Json]
    bodies: list[Json]
    waits: list[float]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with slack_app.workspace() as slack:
        app, bodies, waits = slack_app.bolt(slack), [], [0.0]

        def note(body: Json, ack: Ack) -> None:
            bodies.append(body)
            ack("Three cases wait.") if "command" in body else ack()

        app.command("/beadle")(note)
        app.shortcut("report_comment")(note)
        app.event("app_home_opened")(note)
        with slack_app.behind_address(app, slow=lambda _: waits.pop(0) if len(waits) > 1 else waits[0]) as (
            url,
            headers,
        ):
            slack.post_to(url)
            yield Desk(slack, url, headers, bodies, waits)


def test_a_signature_is_what_slacks_own_library_computes() -> None:
    """v0, the time and the body, under the secret."""
    body = b"token=x&text=%F0%9F%98%A1"

    assert signature("s3", body, 1795132800) == SignatureVerifier("s3").generate_signature(
        timestamp="1795132800", body=body
    )


def test_every_kind_of_payload_is_posted_as_slack_posts_it(desk: Desk) -> None:
    """A form with a payload, the fields of a form, or JSON; each signed, so that Bolt lets it in."""
    pressed = desk.slack.shortcut(NOOR, "report_comment")
    typed = desk.slack.command(NOOR, "/beadle", "queue", CHANNEL)
    opened = desk.slack.open_home(NOOR)

    assert [one.status for one in (pressed, typed, opened)] == [200, 200, 200]
    assert [one.get("type") or one["command"] for one in desk.bodies] == ["shortcut", "/beadle", "event_callback"]
    assert [one["content-type"] for one in desk.headers] == [
        "application/x-www-form-urlencoded", "application/x-www-form-urlencoded", "application/json"]  # fmt: skip
    assert desk.slack.ephemerals(NOOR)[-1]["text"] == "Three cases wait."
    assert desk.slack.sockets.open == 0


@pytest.mark.parametrize("wrong", [{"secret": "another secret"}, {"age": 301}])
def test_a_wrong_or_an_old_signature_is_let_in_by_nobody(desk: Desk, wrong: Json) -> None:
    """Bolt answers 401, and the app's own code never runs."""
    desk.slack.post_to(desk.url, **wrong)

    delivered = desk.slack.shortcut(NOOR, "report_comment")

    assert (delivered.acknowledged, delivered.status) == (False, 401)
    assert desk.bodies == []


def test_a_late_answer_is_asked_for_again_and_says_so(desk: Desk) -> None:
    """The same payload, with the number of the try and the reason; the first one is carried out too."""
    desk.slack.patience = 2.0
    desk.waits[:] = [4.0, 0.0]

    delivered = desk.slack.shortcut(NOOR, "report_comment")

    assert (delivered.acknowledged, delivered.attempts) == (True, 2)
    assert "x-slack-retry-num" not in desk.headers[0]
    assert desk.headers[1].items() >= {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}.items()
    assert desk.headers[0]["x-slack-signature"].startswith("v0=")


def test_nobody_at_the_address_is_a_failure(desk: Desk) -> None:
    """Nothing listens there; the way back to sockets is open."""
    desk.slack.patience = 0.3
    desk.slack.post_to("http://127.0.0.1:9/slack/events")
    posted = desk.slack.command(NOOR, "/beadle", "", CHANNEL)
    desk.slack.use_sockets()
    sent = desk.slack.command(NOOR, "/beadle", "", CHANNEL)

    assert (posted.acknowledged, posted.status, posted.attempts) == (False, None, 2)
    assert "failed" in posted.problem
    assert sent.attempts == 0
