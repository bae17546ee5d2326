"""The environment: what it gives, what it refuses, and that its secrets stay where they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings import IN_FILES, Settings, documented, load_settings, variables

TOKEN = "xoxb-11111-abcdefghij"
SMTP = "smtp://beadle:p%40ss-w0rd@mail.example.gov:587?starttls=always"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of whoever runs the tests, and a folder with a tempting .env in it."""
    for name in [name for name in os.environ if name.startswith("BEADLE_")]:
        monkeypatch.delenv(name)
    (tmp_path / ".env").write_text("BEADLE_CAPTURES=7\nBEADLE_NONSENSE=1\n")
    monkeypatch.chdir(tmp_path)


def test_without_a_variable_everything_lies_below_the_present_folder(tmp_path: Path) -> None:
    """Absolute, so that a change of folder later moves nothing."""
    settings = load_settings()

    assert (settings.config, settings.state) == (tmp_path / "config", tmp_path / "state")
    assert settings.archive == tmp_path / "state" / "archive"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/state/beadle.db"
    assert (settings.slack_token, settings.smtp_url, settings.captures) == (None, None, 1)
    assert (settings.slack_base_url, settings.disk_reserve) == ("https://slack.com/api/", 0.05)


def test_the_state_folder_moves_the_database_and_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless they are placed themselves."""
    monkeypatch.setenv("BEADLE_STATE", "/var/lib/beadle")
    monkeypatch.setenv("BEADLE_ARCHIVE", "/srv/archive")

    settings = load_settings()

    assert settings.database_url.get_secret_value() == "sqlite:////var/lib/beadle/beadle.db"
    assert settings.archive == Path("/srv/archive")


def test_an_empty_variable_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it stands in a file that waits to be filled in."""
    monkeypatch.setenv("BEADLE_SLACK_TOKEN", "")
    monkeypatch.setenv("BEADLE_CAPTURES", "")

    assert (load_settings().slack_token, load_settings().captures) == (None, 1)


def test_a_dotenv_file_that_lies_about_is_not_read() -> None:
    """Only the environment counts; the folder of this test holds one."""
    assert Path(".env").exists()
    assert load_settings().captures == 1


def test_a_secret_may_lie_in_a_private_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As service managers and containers hand them over."""
    for name in IN_FILES:
        path = tmp_path / name
        path.write_text(f"secret-of-{name}\n")
        path.chmod(0o600)
        monkeypatch.setenv(f"BEADLE_{name.upper()}_FILE", str(path))

    settings = load_settings()

    for name in IN_FILES:
        assert getattr(settings, name).get_secret_value() == f"secret-of-{name}"


def test_no_secret_shows_in_settings_that_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor in their JSON form."""
    monkeypatch.setenv("BEADLE_SLACK_TOKEN", TOKEN)
    monkeypatch.setenv("BEADLE_SMTP_URL", SMTP)
    monkeypatch.setenv("BEADLE_DATABASE_URL", "postgresql://beadle:hush-hush@db/beadle")

    settings = load_settings()

    shown = repr(settings) + str(settings) + settings.model_dump_json()
    assert not [secret for secret in (TOKEN, "p%40ss", "p@ss", "hush-hush") if secret in shown]


def test_every_secret_is_known_to_whoever_masks_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password inside an address counts, as it is written and as it is meant."""
    monkeypatch.setenv("BEADLE_SLACK_TOKEN", TOKEN)
    monkeypatch.setenv("BEADLE_SMTP_URL", SMTP)
    monkeypatch.setenv("BEADLE_DATABASE_URL", "postgresql://beadle:hush-hush@db/beadle")

    assert load_settings().secrets() == (TOKEN, "hush-hush", "p%40ss-w0rd", "p@ss-w0rd")


ASKING = {
    "BEADLE_OPINION_URL": "https://models.example/v1",
    "BEADLE_OPINION_MODEL": "m",
    "BEADLE_OPINION_DOLLARS_A_DAY": "1",
}
MISTAKES = [
    (
        {"BEADLE_SLAK_TOKEN": TOKEN},
        '"BEADLE_SLAK_TOKEN" is not a variable of Beadle; did you mean "BEADLE_SLACK_TOKEN"?',
    ),
    (
        {"BEADLE_ZZZ": "1"},
        '"BEADLE_ZZZ" is not a variable of Beadle; config/env.example lists those there are.',
    ),
    (
        {"BEADLE_CAPTURES": "many"},
        'BEADLE_CAPTURES is "many"; write how many pictures are taken at once, a whole number from 1 to 8, '
        "for example BEADLE_CAPTURES=1.",
    ),
    (
        {"BEADLE_CAPTURES": "99"},
        'BEADLE_CAPTURES is "99"; write how many pictures are taken at once, a whole number from 1 to 8, '
        "for example BEADLE_CAPTURES=1.",
    ),
    (
        {"BEADLE_DISK_RESERVE": "nan"},
        'BEADLE_DISK_RESERVE is "nan"; write the part of the archive\'s disk that stays free, from 0 to 0.5, '
        "for example BEADLE_DISK_RESERVE=0.05.",
    ),
    (
        {"BEADLE_LOG_LEVEL": "inf"},
        'BEADLE_LOG_LEVEL is "inf"; write debug, info, warning or error (did you mean "info"?).',
    ),
    ({"BEADLE_LOG_FORMAT": "xml"}, 'BEADLE_LOG_FORMAT is "xml"; write auto, json or console.'),
    (
        {"BEADLE_SLACK_BASE_URL": "http://slack.example/api/"},
        'BEADLE_SLACK_BASE_URL is "http://slack.example/api/", which anybody on the way can read; write it with https.',
    ),
    (
        {"BEADLE_MAIL_FROM": "a@b.example, c@d.example"},
        'BEADLE_MAIL_FROM is "a@b.example, c@d.example"; write a name and an address, like Beadle <beadle@town.gov>.',
    ),
    (
        {"BEADLE_MAIL_FROM": "Beadle"},
        'BEADLE_MAIL_FROM is "Beadle", which is not an e-mail address; write one like clerk@town.gov.',
    ),
    (
        {"BEADLE_SLACK_CHANNEL": "the town"},
        'BEADLE_SLACK_CHANNEL is "the town"; write the id of a Slack channel or its name, for example "#town".',
    ),
    (
        {"BEADLE_SLACK_TOKEN": TOKEN, "BEADLE_SLACK_TOKEN_FILE": "/run/token"},
        "set BEADLE_SLACK_TOKEN or BEADLE_SLACK_TOKEN_FILE, not both of them.",
    ),
    (
        {"BEADLE_OPINION_URL": "http://models.example/v1"},
        'BEADLE_OPINION_URL is "http://models.example/v1", which anybody on the way can read; write it with https.',
    ),
    (
        {"BEADLE_OPINION_URL": "https://models.example/v1"},
        "BEADLE_OPINION_MODEL is not set, and BEADLE_OPINION_URL is; write the model that is asked, as the API names "
        "it, for example BEADLE_OPINION_MODEL=omni-moderation-latest.",
    ),
    (
        {"BEADLE_OPINION_URL": "https://models.example/v1", "BEADLE_OPINION_MODEL": "m"},
        "BEADLE_OPINION_DOLLARS_A_DAY is not set, and BEADLE_OPINION_URL is; write the most dollars that second "
        "opinions may cost in a day, from 0 to 10000, for example BEADLE_OPINION_DOLLARS_A_DAY=1.50.",
    ),
    (
        {**ASKING, "BEADLE_OPINION_KIND": "chat"},
        "BEADLE_OPINION_DOLLARS_PER_MILLION is not set, and BEADLE_OPINION_URL is; write what a million tokens cost, "
        "in dollars, from 0 (nothing) to 10000; chat must name it, for example "
        "BEADLE_OPINION_DOLLARS_PER_MILLION=0.60.",
    ),
    (
        {**ASKING, "BEADLE_OPINION_DOLLARS_A_DAY": "0", "BEADLE_OPINION_DOLLARS_PER_MILLION": "1"},
        "BEADLE_OPINION_DOLLARS_A_DAY is 0, so nothing could be asked; write more, or take BEADLE_OPINION_URL out.",
    ),
    (
        {"BEADLE_OPINION_KIND": "chatt"},
        'BEADLE_OPINION_KIND is "chatt"; write moderation or chat (did you mean "chat"?).',
    ),
    (
        {"BEADLE_OPINION_ASK_FROM": "0.5"},
        'BEADLE_OPINION_ASK_FROM is "0.5"; write the score from which a cleared comment is in doubt, from 0.05 to '
        "below 0.5, for example BEADLE_OPINION_ASK_FROM=0.2.",
    ),
    (
        {"BEADLE_OPINION_DOLLARS_A_DAY": "NaN"},
        'BEADLE_OPINION_DOLLARS_A_DAY is "NaN"; write the most dollars that second opinions may cost in a day, from '
        "0 to 10000, for example BEADLE_OPINION_DOLLARS_A_DAY=1.50.",
    ),
    (
        {"BEADLE_SMTP_URL_FILE": "/nowhere/smtp"},
        "BEADLE_SMTP_URL_FILE: /nowhere/smtp is not there; put the secret into it and `chmod 600` it.",
    ),
]


@pytest.mark.parametrize(("environ", "expected"), MISTAKES, ids=[" ".join(environ) for environ, _ in MISTAKES])
def test_a_mistake_in_the_environment_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: str
) -> None:
    """It names the variable and says what would be right; a token is never repeated."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError) as raised:
        load_settings()

    assert raised.value.sentence == expected
    assert TOKEN not in str(raised.value.__cause__)


def test_second_opinions_are_off_unless_they_have_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is the one switch: what else is written waits for it; the key is a secret like the others."""
    monkeypatch.setenv("BEADLE_OPINION_KEY", "sk-0123456789")
    monkeypatch.setenv("BEADLE_OPINION_KIND", "chat")
    off = load_settings()
    for name, value in ASKING.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BEADLE_OPINION_DOLLARS_PER_MILLION", "0")
    on = load_settings()

    assert (off.opinion_url, on.opinion_url) == (None, "https://models.example/v1")
    assert (on.opinion_timeout_s, on.opinion_ask_from, on.opinion_calls_a_day) == (10, 0.2, 5_000)
    assert on.secrets() == ("sk-0123456789",)
    assert "sk-0123" not in repr(on) + on.model_dump_json()


def test_an_address_that_cannot_be_taken_apart_is_masked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its password is somewhere in it."""
    monkeypatch.setenv("BEADLE_SMTP_URL", "smtp://me:hush@[broken")

    assert load_settings().secrets() == ("smtp://me:hush@[broken",)


def test_every_setting_is_documented() -> None:
    """Each field has a meaning and an example, and each secret may lie in a file."""
    assert [v.name for v in documented() if not v.says.strip(".") or not v.example] == []
    assert {f"BEADLE_{name.upper()}" for name in Settings.model_fields} <= set(variables())
    assert {f"BEADLE_{name.upper()}_FILE" for name in IN_FILES} <= set(variables())


def test_every_example_is_one_that_the_settings_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """What we tell people to write must work."""
    for variable in documented():
        if not variable.name.endswith("_FILE"):
            monkeypatch.setenv(variable.name, variable.example)

    assert load_settings().slack_channel == "#social-media"
