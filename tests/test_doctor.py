"""`beadle doctor`: each thing that must be true, once right and once wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import doctor
from bot.__main__ import main
from bot.configuration import utc_now
from bot.demo.faults import bad_gateway
from bot.demo.home import Home, furnish
from bot.demo.script import Script
from bot.demo.town import Town
from bot.doctor import Check, examine
from bot.evidence.chain.log import Log
from bot.evidence.chain.notary import Notary
from bot.evidence.health import Finding
from bot.ledger import database
from bot.moderation.policy import PolicyShelf
from tests.office import open_office, shelf


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A town whose servers are running."""
    with Town(Script.empty(), tmp_path / "town") as running:
        yield running


@pytest.fixture
def home(town: Town, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A Beadle of that town in which everything is right."""
    made = furnish(town, tmp_path)
    shutil.copy(sqlite_template, tmp_path / "beadle.db")
    for name, value in made.environment.items():
        if name.startswith("BEADLE_") or name == "MILLBROOK_TOKEN":
            monkeypatch.setenv(name, value)
    shipped = shelf()
    monkeypatch.setattr(PolicyShelf, "load", staticmethod(lambda *_, **__: shipped))
    monkeypatch.setattr(doctor, "browser_health", lambda *_: (_finding(True),))
    monkeypatch.setattr(doctor, "font_health", lambda: (_finding(True),))
    return made


def _finding(ok: bool) -> Finding:
    values: dict[str, Any] = {"what": "pictures", "ok": ok, "sentence": "looked at"}
    return Finding(**{name: values.get(name, "") for name in Finding.__dataclass_fields__})


def found(what: str) -> list[Check]:
    """What the doctor finds about one thing."""
    return [check for check in examine() if check.what == what]


def test_where_everything_is_right_nothing_is_wrong(home: Home) -> None:
    """Every thing is looked at and named."""
    checks = list(examine())

    assert [check for check in checks if check.state == "wrong"] == []
    assert {check.what for check in checks} >= {
        "environment", "database", "archive", "people", "policy", "slack", "mail", "page townofmillbrook",
    }  # fmt: skip


def test_the_command_says_so_and_its_exit_status_tells(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 where all is as it must be, 1 while something is to fix."""
    monkeypatch.setattr("sys.argv", ["beadle", "doctor"])
    codes = []
    for token in (os.environ["MILLBROOK_TOKEN"], "EAAKwrong"):
        monkeypatch.setenv("MILLBROOK_TOKEN", token)
        try:
            main()
        except SystemExit as left:
            codes.append(left.code)
    said = capsys.readouterr().out

    assert codes == [0, 1]
    assert "Everything is as it must be." in said
    assert said.rstrip().endswith(" to fix.")
    assert "EAAKwrong" not in said


def _no_database(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    (home.folder / "beadle.db").unlink()


def _wrong_database(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("BEADLE_DATABASE_URL", "mysql://u:secret@h/d")


def _archive_is_a_file(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    home.archive.write_text("not a folder")


def _full_disk(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home.folder)
    patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=usage.total // 100))


def _no_slack(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("BEADLE_SLACK_TOKEN")


def _wrong_slack(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("BEADLE_SLACK_TOKEN", "xoxb-wrong")


def _no_mail(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("BEADLE_SMTP_URL")


def _dead_mail(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("BEADLE_SMTP_URL", "smtp://127.0.0.1:1")


def _nobody_reads(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    people = home.config / "people.yaml"
    people.write_text(people.read_text("utf-8").replace("chief_of_staff", "counsel"), "utf-8")


def _no_page(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("MILLBROOK_TOKEN")


def _dead_token(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("MILLBROOK_TOKEN", "EAAKwrong")


def _no_policy_page(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    town.page.faults.always(bad_gateway())


def _no_browser(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(doctor, "browser_health", lambda *_: (_finding(False),))


def _open_key(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    _notary(home).checkpoint(utc_now())
    Path(os.environ["BEADLE_EVIDENCE_KEY"]).chmod(0o644)


def _lost_key(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    _notary(home).checkpoint(utc_now())
    Path(os.environ["BEADLE_EVIDENCE_KEY"]).unlink()


def _cut_log(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    _notary(home).checkpoint(utc_now())
    path = home.archive / "log" / "entries.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])


def _dead_authority(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("BEADLE_TIMESTAMP_URLS", "http://127.0.0.1:9/tsr")


def _nothing(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    pass


def _notary(home: Home) -> Notary:
    entries = Log(home.archive / "log")
    entries.append("action", {}, utc_now())
    return Notary(home.archive, entries, os.environ["BEADLE_EVIDENCE_KEY"])


def _wrong_variable(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("BEADLE_ARCHIV", "/x")


def _broken_file(home: Home, town: Town, patch: pytest.MonkeyPatch) -> None:
    (home.config / "pages.yaml").write_text("pages: [", "utf-8")


@pytest.mark.parametrize(
    ("spoil", "what", "state", "sentence"),
    [
        (_no_database, "database", "note", "`beadle migrate`"),
        (_wrong_database, "database", "wrong", '"mysql" database'),
        (_archive_is_a_file, "archive", "wrong", "can't be written"),
        (_full_disk, "archive", "wrong", "only 1% of its disk is free and 5% must stay so"),
        (_no_slack, "slack", "note", "BEADLE_SLACK_TOKEN"),
        (_wrong_slack, "slack", "wrong", "token"),
        (_no_mail, "mail", "note", "BEADLE_SMTP_URL"),
        (_dead_mail, "mail", "wrong", ""),
        (_nobody_reads, "people", "note", "chief_of_staff"),
        (_no_page, "page", "wrong", "MILLBROOK_TOKEN"),
        (_dead_token, "page townofmillbrook", "wrong", "token"),
        (_no_policy_page, "page townofmillbrook", "wrong", "HTTP 502"),
        (_no_browser, "pictures", "note", "looked at"),
        (_nothing, "checkpoints", "ok", "none yet"),
        (_open_key, "checkpoints", "wrong", "chmod 600"),
        (_lost_key, "checkpoints", "wrong", "put it back from a copy"),
        (_cut_log, "checkpoints", "wrong", "lines were cut off"),
        (_nothing, "time stamps", "note", "BEADLE_TIMESTAMP_URLS"),
        (_dead_authority, "time stamps", "wrong", "asked just now"),
        (_wrong_variable, "environment", "wrong", '"BEADLE_ARCHIVE"'),
        (_broken_file, "configuration", "wrong", "pages.yaml"),
    ],
)
def test_each_thing_that_is_wrong_is_named_with_what_to_do(
    home: Home,
    town: Town,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Home, Town, pytest.MonkeyPatch], None],
    what: str,
    state: str,
    sentence: str,
) -> None:
    """One thing that is wrong hides no other, and no secret is repeated."""
    spoil(home, town, monkeypatch)
    checks = found(what)

    assert state in {check.state for check in checks}
    assert any(sentence in check.sentence for check in checks if check.state == state)
    assert not any(word in check.sentence for check in checks for word in ("secret", "EAAKwrong", "xoxb-wrong"))


def test_an_archive_is_verified_and_what_does_not_hold_is_said(home: Home) -> None:
    """Sealed packages are counted; an altered one is a thing to fix."""
    with open_office(home.database_url, home.folder) as office:
        case_id = office.settled_case()
        good = found("archive")
        office.package(case_id).unlink()

    assert [(check.state, "1 packages as they were sealed" in check.sentence) for check in good] == [("ok", True)]
    assert [(check.state, "`beadle verify --all`" in check.sentence) for check in found("archive")] == [("wrong", True)]


def test_a_running_daemon_is_mentioned(home: Home) -> None:
    """Somebody who looks for it finds it here."""
    with database.one_daemon(database.normalise(home.database_url)):
        (check,) = found("database")

    assert check.sentence.endswith("a daemon runs on it")


def test_looking_makes_no_key(home: Home) -> None:
    """The doctor may be run by another account than the daemon's, which then could not read what was made."""
    list(examine())

    assert not Path(os.environ["BEADLE_EVIDENCE_KEY"]).exists()
