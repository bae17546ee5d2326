"""What `beadle doctor` says of answers in Slack, each against the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.demo.slack import Slack, refused
from bot.people import People
from bot.settings_shape import Settings
from bot.slack.checks import look
from tests.office import person
from tests.slack.conftest import PEOPLE, TOKEN


def test_everything_that_is_right_is_said_to_be(slack: Slack) -> None:
    """The token, its scopes, the line and the members."""
    said = _said(slack)

    assert [state for state, _ in said] == ["ok", "ok", "ok"]
    assert "Town of Millbrook" in said[0][1]
    assert "can be opened" in said[1][1]


def test_without_the_app_token_alerts_are_for_reading(slack: Slack) -> None:
    """A note, no mistake: a city may want it so."""
    assert _said(slack, slack_app_token=None) == [
        ("note", "alerts are for reading only: nobody can answer in Slack; set BEADLE_SLACK_APP_TOKEN for that "
         "(docs/slack.md).")
    ]  # fmt: skip


def test_scopes_that_are_missing_are_named(slack: Slack) -> None:
    """With where to add them."""
    slack.scopes -= {"commands", "channels:history"}

    ((state, sentence), *_) = _said(slack)

    assert state == "wrong"
    assert "the scope commands and channels:history (or groups:history)" in sentence


def test_a_token_that_slack_does_not_take_is_said_so(slack: Slack) -> None:
    """The bot's, and the app's."""
    said = _said(slack, slack_token=SecretStr("xoxb-old"), slack_app_token=SecretStr("xapp-old"))

    assert [state for state, _ in said] == ["wrong", "wrong", "ok"]
    assert "put a new bot token" in said[0][1]
    assert "make a new app-level token" in said[1][1]


def test_another_kind_of_token_is_recognised_without_asking(slack: Slack) -> None:
    """A bot token in the place of the app's."""
    said = _said(slack, slack_app_token=SecretStr(TOKEN))

    assert "begins with xapp-" in said[1][1]
    assert not [call for call in slack.listener.calls if call.path.endswith("apps.connections.open")]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("missing_scope", "connections:write"), ("socket_mode_disabled", "switch it on"), ("odd_error", "odd_error")],
)
def test_a_line_that_slack_refuses_is_explained(slack: Slack, code: str, sentence: str) -> None:
    """In the words of the app's settings."""
    slack.faults.always(refused(code), path="apps.connections.open")

    assert sentence in _said(slack)[1][1]


def test_signed_calls_need_their_secret(slack: Slack) -> None:
    """Where the city lets Slack call, the secret is what is looked at."""
    without = _said(slack, slack_listen="127.0.0.1:8444", slack_app_token=None)
    having = _said(slack, slack_listen="127.0.0.1:8444", slack_app_token=None, slack_signing_secret=SecretStr("secret"))

    assert (without[1][0], having[1][0]) == ("wrong", "ok")
    assert "BEADLE_SLACK_SIGNING_SECRET" in without[1][1]


def test_an_app_token_without_the_bots_is_half_a_configuration(slack: Slack) -> None:
    """Nothing could be answered with it."""
    ((state, sentence),) = _said(slack, slack_token=None)

    assert state == "wrong"
    assert "answers need the bot token too" in sentence


def test_people_without_member_ids_can_not_answer(slack: Slack) -> None:
    """Worth knowing, and no fault: alerts go out, and people decide at the command line."""
    said = _said(slack, people=People((person(),)))

    assert said[-1][0] == "note"
    assert "nobody in people.yaml has a slack_id" in said[-1][1]


def _said(slack: Slack, people: People = PEOPLE, **more: Any) -> list[tuple[str, str]]:
    facts: dict[str, Any] = {
        "config": Path("config"),
        "slack_token": SecretStr(TOKEN),
        "slack_app_token": SecretStr(slack.app_token),
        "slack_base_url": f"{slack.listener.url}/api/",
    }
    settings = Settings.model_construct(**(facts | more))
    return [(each.state, each.sentence) for each in look(settings, people)]
