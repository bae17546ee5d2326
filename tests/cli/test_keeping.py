"""`beadle evidence copies` and `beadle evidence incident`, with the real command and a store over a socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_beadle
from bot.configuration import utc_now
from bot.demo.home import Home
from bot.evidence.storage.fixity import PARTS, Fixity
from bot.evidence.storage.incidents import Incidents
from bot.evidence.store import Archive
from bot.settings import load_settings
from tests.cli.conftest import Beadle
from tests.evidence.conftest import PlainPrinter, dossier
from tests.evidence.storage.conftest import Bucket, endpoint

__all__ = ["endpoint"]


@pytest.fixture
def bucket(endpoint: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that the environment names as the place of the second copy."""
    made = Bucket(endpoint)
    for name, value in {
        "BEADLE_REPLICA": f"s3://{made.name}/archive",
        "BEADLE_REPLICA_ENDPOINT": endpoint,
        "BEADLE_REPLICA_KEY_ID": "beadle",
        "BEADLE_REPLICA_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def sealed(home: Home) -> Callable[[int], list[Path]]:
    """Seal so many cases in the archive of the home; returns where their packages lie."""

    def seal(count: int) -> list[Path]:
        archive = Archive(home.archive, PlainPrinter(), reserve=0.0)
        return [archive.root / archive.seal(dossier(f"case-{each}"), None).path for each in range(count)]

    return seal


def test_without_a_second_copy_it_says_how_to_have_one(home: Home, beadle: Beadle) -> None:
    """One sentence that names the variable."""
    said = beadle("evidence", "copies")

    assert said.code == 1
    assert "BEADLE_REPLICA" in said.err


def test_what_waits_is_copied_when_asked_and_then_shown_as_copied(
    bucket: Bucket, sealed: Callable[[int], list[Path]], beadle: Beadle
) -> None:
    """Before: none of three. Then `--now`. After: all of them, and the store is sound."""
    sealed(3)

    before = beadle("evidence", "copies")
    now = beadle("evidence", "copies", "--now")

    assert "0 of 3 packages" in before.out
    assert "waiting      3, the oldest since" in before.out
    assert "3 packages copied." in now.out
    assert "3 of 3 packages" in now.out
    assert "Object Lock is on" in now.out
    assert (before.code, now.code) == (0, 0)


def test_a_store_that_is_away_is_shown_with_its_sentence(
    bucket: Bucket, sealed: Callable[[int], list[Path]], beadle: Beadle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last error and since when, and exit status 1: a monitor can call it."""
    sealed(1)
    monkeypatch.setenv("BEADLE_REPLICA_ENDPOINT", "http://127.0.0.1:9")

    said = beadle("evidence", "copies", "--now")

    assert said.code == 1
    assert "0 packages copied." in said.out
    assert "no connection" in said.out
    assert "0 of 1 packages" in said.out


def test_a_drill_restores_the_whole_archive_and_verifies_it(
    bucket: Bucket, sealed: Callable[[int], list[Path]], beadle: Beadle, tmp_path: Path
) -> None:
    """The restored folder is an archive that `beadle verify --all` accepts; a bad copy makes it exit with 2."""
    sealed(2)
    beadle("evidence", "copies", "--now")

    good = beadle("evidence", "copies", "--drill", "--all", "--into", str(tmp_path / "restored"))

    assert good.code == 0
    assert "2 of 2 packages" in good.out
    assert "The drill has passed." in good.out
    assert len(list((tmp_path / "restored" / "archive").rglob("ev-*.zip"))) == 2
    bucket.overwrite(next(key for key in bucket.listed() if key.endswith(".zip")), b"x")
    bad = beadle("evidence", "copies", "--drill", "--all")
    assert bad.code == 2
    assert "NOT passed" in bad.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(("--all",), "go with --drill"), (("--drill", "--into", "."), "is there already")],
)
def test_a_drill_that_was_asked_for_wrongly_is_refused(
    bucket: Bucket,
    beadle: Beadle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    sentence: str,
) -> None:
    """Half of its words, or a folder in which an archive lies already: nothing is written there."""
    (tmp_path / "full" / "archive").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "full")

    said = beadle("evidence", "copies", *words)

    assert said.code == 1
    assert sentence in said.err
    assert list((tmp_path / "full" / "archive").iterdir()) == []


def test_an_incident_is_listed_restored_and_cleared_by_a_person_of_the_right_office(
    bucket: Bucket, home: Home, sealed: Callable[[int], list[Path]], beadle: Beadle
) -> None:
    """Listed with what to do; refused to whoever holds no such role; restored; cleared; gone from the list."""
    (package,) = sealed(1)
    beadle("evidence", "copies", "--now")
    whole = package.read_bytes()
    package.chmod(0o640)
    package.write_bytes(b"rotten" + whole[6:])
    _nights(home)

    listed = beadle("evidence", "incident", "list")
    number = listed.out.split("Incident ")[1].split(":")[0]
    refused = beadle("evidence", "incident", "clear", number, "--reason", "looked")
    people = home.config / "people.yaml"
    people.write_text(people.read_text("utf-8").replace("roles: [sma]", "roles: [records_custodian]"), "utf-8")
    restored = beadle("evidence", "incident", "restore", number)
    cleared = beadle("evidence", "incident", "clear", number, "--reason", "The disk was failing.")

    assert listed.code == 1
    assert "Acts by rule are stopped." in listed.out
    assert f"incident restore {number}" in listed.out
    assert refused.code == 1
    assert "records_custodian" in refused.err
    assert package.read_bytes() == whole
    assert restored.code == 0
    assert "Acts may go on." in cleared.out
    assert beadle("evidence", "incident", "list").out.strip() == "There is no open incident."
    assert beadle("verify", "--all").code == 0


def test_while_an_incident_is_open_no_page_may_be_acted_on(home: Home, sealed: Callable[[int], list[Path]]) -> None:
    """Asked before each act, so a daemon that runs obeys the incident at once, whoever found it."""
    (package,) = sealed(1)
    with open_beadle(load_settings(), acts=False) as running:
        before = running.route.unfit("townofmillbrook")
        package.unlink()
        _nights(home)
        after = running.route.unfit("townofmillbrook")

    assert "evidence store" not in (before or "")
    assert "The evidence store is not sound" in (after or "")


def test_the_doctor_names_an_open_incident_and_a_bucket_without_locks(
    endpoint: str, home: Home, sealed: Callable[[int], list[Path]], beadle: Beadle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are wrong, each with what to do."""
    plain = Bucket(endpoint, lock=False)
    for name, value in {"": f"s3://{plain.name}", "_ENDPOINT": endpoint, "_KEY_ID": "b", "_KEY": "s"}.items():
        monkeypatch.setenv(f"BEADLE_REPLICA{name}", value)
    (package,) = sealed(1)
    package.unlink()
    _nights(home)

    said = beadle("doctor")

    assert said.code == 1
    assert "is in the log and not in the archive" in said.out
    assert "Object Lock" in said.out


def _nights(home: Home) -> None:
    """The archive is read from end to end, as in thirty nights."""
    archive = Archive(home.archive, PlainPrinter(), reserve=0.0)
    Fixity(archive, Incidents(archive)).see_to(utc_now() + timedelta(days=PARTS + 1), threading.Event())
