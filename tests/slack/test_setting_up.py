"""What the page for the city's IT tells them to paste is what the program needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot.answering import answering, is_configured
from bot.errors import ConfigError
from bot.settings_shape import Settings
from bot.slack import forms
from bot.slack.checks import HISTORY, READING, SCOPES
from bot.slack.commands import Commands
from tests.slack.conftest import Scene

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "slack.md").read_text("utf-8")


def test_the_manifest_has_what_the_door_listens_to() -> None:
    """Command, shortcuts, events and Socket Mode, as the code names them, within Slack's limits."""
    manifest = _manifest()
    shortcuts = manifest["features"]["shortcuts"]

    assert [each["command"] for each in manifest["features"]["slash_commands"]] == ["/beadle"]
    assert {each["callback_id"] for each in shortcuts} == {forms.REPORT, forms.OWN_POST}
    assert all(len(each["name"]) <= 24 and each["type"] == "global" for each in shortcuts)
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == ["app_home_opened"]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["features"]["app_home"]["home_tab_enabled"]


def test_the_manifest_asks_for_the_scopes_that_doctor_asks_for_and_no_more() -> None:
    """An app that may do less can do less harm."""
    assert set(_manifest()["oauth_config"]["scopes"]["bot"]) == {*SCOPES, HISTORY[0], READING[0]}


def test_the_page_names_every_verb_of_the_command(scene: Scene) -> None:
    """Nobody has to guess what can be typed."""
    commands: Commands = scene.door._commands
    named = set(re.findall(r"[a-z][a-z-]+", PAGE))

    assert {name.replace("_", "-") for name in commands.table()} - named == set()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"slack_app_token": SecretStr("xapp-1")}, "BEADLE_SLACK_TOKEN is not"),
        ({"slack_listen": "127.0.0.1:8444", "slack_token": SecretStr("xoxb-1")}, "BEADLE_SLACK_SIGNING_SECRET is not"),
    ],
)
def test_half_a_configuration_starts_nothing(more: dict[str, Any], sentence: str) -> None:
    """One sentence says what is missing; a door that nobody could use is not opened."""

    class Beadle:
        settings = Settings(**more)

    assert is_configured(Beadle.settings)
    with pytest.raises(ConfigError, match=sentence), _answering(Beadle()):
        raise AssertionError("the door was opened")


def test_without_a_way_to_slack_no_door_is_opened() -> None:
    """Alerts alone need none."""

    class Beadle:
        settings = Settings(slack_token=SecretStr("xoxb-1"))

    with _answering(Beadle()):
        assert not is_configured(Beadle.settings)


def _manifest() -> dict[str, Any]:
    found = re.search(r"```yaml\n(display_information:.*?)```", PAGE, re.DOTALL)
    assert found is not None
    manifest: dict[str, Any] = yaml.safe_load(found[1])
    return manifest


def _answering(beadle: Any) -> Any:
    return answering(beadle)
