"""kill -9 while sealing: nothing sealed is lost, nothing is sealed twice, and what was begun is found again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.chain.log import Log
from bot.evidence.proof.verify import verify_archive
from bot.evidence.storage import durable

KILLS = 20
NOW = datetime(2026, 11, 20, 11, 2, 14, tzinfo=UTC)
SEALER = Path(__file__).with_name("sealer.py")


def test_a_killed_sealer_loses_nothing_and_seals_nothing_twice(tmp_path: Path, make_archive: Any) -> None:
    """Twenty kills at random moments: every seal that was reported is there, each case once, no half package."""
    reported: dict[str, str] = {}
    for found in _sealer(tmp_path / "archive", "--kills", str(KILLS)):
        reported |= found

    archive = make_archive()
    archive.note("checked", {})
    report = verify_archive(archive.root)

    assert report.flaws == ()
    assert len(reported) >= KILLS
    assert {case: archive._of_case(case).package_id for case in reported} == reported
    cases = [facts["case_id"] for facts in _lines(archive.root) if facts["type"].startswith("package")]
    assert len(cases) == len(set(cases))
    assert list((archive.root / "incoming").iterdir()) == []


def test_a_kill_at_every_call_that_writes_is_made_good(tmp_path: Path) -> None:
    """Before, in the middle of and after each one of them, no sampling: the next seal ends with everything once."""
    found = _sealer(tmp_path, "--boundaries")

    assert len(found) > 60
    assert [each for each in found if not each["died"]] == []
    assert [each for each in found if each["flaws"] or each["left"]] == []
    assert [each for each in found if each["reported"] and each["reported"] != [each["sealed"]]] == []
    assert {(tuple(each["cases"]), each["supplements"]) for each in found} == {(("case-0", "case-1"), 1)}
    assert {"package-recovered", "torn-line"} <= {kind for each in found for kind in each["types"]}


def test_a_power_cut_at_every_call_that_writes_is_made_good(tmp_path: Path) -> None:
    """What was not synced is lost, bytes alone or names too: what was reported as sealed is there with its line."""
    found = _sealer(tmp_path, "--power")

    assert len(found) > 40
    assert [each for each in found if not each["died"] or each["flaws"] or each["left"]] == []
    assert {(tuple(each["cases"]), each["supplements"]) for each in found} == {(("case-0", "case-1"), 1)}
    reported = [each for each in found if each["reported"]]
    assert len(reported) > 10
    assert [each for each in reported if each["reported"] != [each["sealed"]]] == []
    assert [each for each in reported if "package-recovered" in each["types"]] == []


def _sealer(folder: Path, *words: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(SEALER), str(folder), *words]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=120)
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.mark.parametrize("step", ["write_new", "move", "append"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_at_any_step_is_made_good(
    make_archive: Any, make_dossier: Any, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    """Whichever write was the last one, the next seal of the case ends with one sound package and one line."""
    make_archive().seal(make_dossier("case-0"), None)
    with monkeypatch.context() as dying:
        dying.setattr(durable, step, _dies(getattr(durable, step), moment))
        with pytest.raises(_Killed):
            make_archive().seal(make_dossier("case-1"), None)

    archive = make_archive()
    archive.prove(archive.seal(make_dossier("case-1"), None))

    assert verify_archive(archive.root).flaws == ()
    assert [facts["case_id"] for facts in _lines(archive.root)] == ["case-0", "case-1"]
    was_renamed = (step, moment) in [("move", "after"), ("append", "before")]
    assert verify_archive(archive.root).recovered == int(was_renamed)


def test_a_process_that_runs_on_takes_over_what_another_left(
    make_archive: Any, make_dossier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon needs no restart to find what a killed command left: the lock still bears the dead one's mark."""
    daemon, command = make_archive(), make_archive()
    daemon.seal(make_dossier("case-0"), None)
    with monkeypatch.context() as dying:
        dying.setattr(durable, "append", _dies(durable.append, "before"))
        with pytest.raises(_Killed):
            command.seal(make_dossier("case-1"), None)

    daemon.seal(make_dossier("case-2"), None)

    assert [facts["type"] for facts in _lines(daemon.root)] == ["package", "package-recovered", "package"]
    assert verify_archive(daemon.root).flaws == ()


def test_whoever_writes_in_between_does_not_hide_what_a_killed_process_left(
    make_archive: Any, make_dossier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line added by the log alone makes nothing good; the mark of the dead one stays until somebody does."""
    daemon, command = make_archive(), make_archive()
    daemon.seal(make_dossier("case-0"), None)
    with monkeypatch.context() as dying:
        dying.setattr(durable, "append", _dies(durable.append, "before"))
        with pytest.raises(_Killed):
            command.seal(make_dossier("case-1"), None)

    Log(daemon.root / "log").append("checked", {}, NOW)
    daemon.note("checked", {})

    assert [facts["type"] for facts in _lines(daemon.root)] == ["package", "checked", "package-recovered", "checked"]
    assert verify_archive(daemon.root).flaws == ()


def test_what_a_killed_process_renamed_is_on_the_disk_before_its_line_is(
    make_archive: Any, make_dossier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was killed before the directory was synced; a power cut after the line would leave a line without package."""
    make_archive().seal(make_dossier("case-0"), None)
    with monkeypatch.context() as dying:
        dying.setattr(durable, "move", _dies_in_between)
        with pytest.raises(_Killed):
            make_archive().seal(make_dossier("case-1"), None)
    synced: list[str] = []
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, _noting(getattr(os, name), synced))

    make_archive().note("checked", {})

    package = next(each for each in synced if each.endswith(".zip"))
    assert synced.index(package) < synced.index(str(Path(package).parent)) < _first_of_log(synced)


def test_an_orphan_that_is_not_whole_is_put_aside(make_archive: Any, make_dossier: Any) -> None:
    """A file among the packages that is no sound package is moved out of the way, kept, and reported in the log."""
    sealed = make_archive().seal(make_dossier("case-0"), None)
    root = make_archive().root
    strange = (root / sealed.path).with_name("ev-20261120T000000Z-aaaaaaaaaaaaa.zip")
    strange.write_bytes(b"not a zip")

    make_archive().seal(make_dossier("case-1"), None)

    assert [facts["type"] for facts in _lines(root)] == ["package", "set-aside", "package"]
    assert [path.read_bytes() for path in (root / "aside").iterdir()] == [b"not a zip"]
    assert verify_archive(root).flaws == ()


class _Killed(BaseException):
    """Stands for SIGKILL at an exact place: nothing catches it."""


def _dies_in_between(source: Path, target: Path) -> None:
    source.rename(target)
    raise _Killed


def _noting(real: Any, synced: list[str]) -> Any:
    def noting(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    return noting


def _first_of_log(synced: list[str]) -> int:
    return next(number for number, path in enumerate(synced) if path.endswith("entries.jsonl"))


def _dies(step: Any, moment: str) -> Any:
    def dying(*arguments: Any) -> None:
        if moment == "after":
            step(*arguments)
        raise _Killed

    return dying


def _lines(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "log" / "entries.jsonl").read_bytes().splitlines()]
