"""Fixity, incidents and the restore drill: what is damaged is found, stops acts, and is mended by people alone."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.errors import EvidenceError, NotAllowed
from bot.evidence.proof.verify import verify_archive
from bot.evidence.storage import durable
from bot.evidence.storage.drill import drill
from bot.evidence.storage.fixity import PARTS, Fixity, Pace, Stopped, part_of
from bot.evidence.storage.replica import ReplicaAway
from bot.evidence.store import Archive
from tests.evidence.conftest import PlainPrinter
from tests.evidence.storage.conftest import NOW, Bucket, Keeper, Seal

Keep = Callable[..., Keeper]
DAY = timedelta(days=1)


def test_in_thirty_nights_every_package_is_read_once(keep: Keep, seal: Seal) -> None:
    """The part of a package follows from its id, so nothing is left out and nothing is read twice."""
    seal(12)
    keeper = keep()
    fixity = _fixity(keeper)

    for night in range(1, PARTS + 1):
        fixity.see_to(NOW + night * DAY, threading.Event())

    lines = keeper.lines("fixity")
    assert len(lines) == PARTS
    assert sum(line["count"] for line in lines) == 12
    assert {line["part"] for line in lines} == set(range(PARTS))
    assert {line["flaws"] for line in lines} == {0}


def test_what_the_keeping_says_of_itself_is_no_reason_for_another_copy(keep: Keep, seal: Seal, tmp_path: Path) -> None:
    """A reading every night and a drill add lines; copied by themselves they would make a line a night for ever."""
    seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    _all_nights(keeper)
    drill(keeper.archive, keeper.replica, tmp_path / "restored", None)

    assert keeper.copying.tick(NOW) == 0
    assert len(keeper.lines("replicated")) == 1


def test_the_disk_is_read_and_not_the_memory(keep: Keep, seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system is asked to forget each file before it is read: memory may hold what the disk has lost."""
    (package_id,) = seal(1)
    keeper = keep()
    forgotten: list[str] = []

    def forget(descriptor: int) -> None:
        forgotten.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(durable, "forget_pages", forget)
    _all_nights(keeper)

    assert str(keeper.path(package_id)) in forgotten


def test_a_night_is_read_once_and_after_its_hour(keep: Keep, seal: Seal) -> None:
    """At two in the city's own night; a second look or a restart in the same night reads nothing."""
    seal(1)
    keeper = keep()
    city = ZoneInfo("America/New_York")
    at_one, at_three = (NOW.replace(hour=hour) + DAY for hour in (6, 8))  # UTC
    fixity = Fixity(keeper.archive, keeper.incidents, timezone=city)

    assert fixity.due(at_one) == ()
    assert fixity.due(at_three) == (date(2026, 11, 21),)
    fixity.see_to(at_three, threading.Event())
    fixity.see_to(at_three + timedelta(hours=2), threading.Event())
    Fixity(keep().archive, keeper.incidents, timezone=city).see_to(at_three, threading.Event())

    assert [line["day"] for line in keeper.lines("fixity")] == ["2026-11-21"]


def test_nights_that_were_missed_are_made_up_for_but_no_more_than_a_month(keep: Keep, seal: Seal) -> None:
    """A daemon that was down for three nights reads three parts; one that was down for a year reads all thirty."""
    seal(1)
    fixity = _fixity(keep())

    assert fixity.due(NOW + 3 * DAY) == (date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23))
    assert len(fixity.due(NOW + 365 * DAY)) == PARTS


def test_nothing_is_due_before_there_is_an_archive(keep: Keep) -> None:
    """An empty log has no nights."""
    assert _fixity(keep()).due(NOW) == ()


@pytest.mark.parametrize("what", ["altered", "missing", "unreadable"])
def test_damage_is_an_incident_that_stops_acts_and_is_told_at_once(keep: Keep, seal: Seal, what: str) -> None:
    """A byte turned over, a file gone, a file that can't be read: a line, an urgent word, and no acts by rule."""
    (package_id,) = seal(1)
    keeper = keep()
    _harm(keeper, package_id, what)

    _all_nights(keeper)

    (incident,) = keeper.incidents.open()
    assert (incident.flaw.what, incident.stops_acts) == (what, True)
    assert f"incident clear {incident.number}" in (keeper.incidents.why_not() or "")
    assert len(keeper.said) == 1
    assert keeper.said[0].startswith("URGENT. ")
    assert package_id in keeper.said[0]
    assert [line["flaws"] for line in keeper.lines("fixity") if line["flaws"]] == [1]


def test_an_incident_survives_a_restart_and_is_raised_once(keep: Keep, seal: Seal) -> None:
    """It stands in the log: another process knows it, and finding the same damage again adds nothing."""
    (package_id,) = seal(1)
    keep().damage(package_id)
    _all_nights(keep())

    restarted = keep()
    _all_nights(restarted, after=PARTS)

    assert restarted.incidents.why_not() is not None
    assert len(restarted.lines("incident")) == 1
    assert len(restarted.said) == 1


def test_fixity_mends_nothing_and_seals_nothing_anew(keep: Keep, seal: Seal) -> None:
    """The damaged bytes stay where they are, even where the second copy is good."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    keeper.damage(package_id)
    damaged = keeper.path(package_id).read_bytes()

    _all_nights(keeper)

    assert keeper.path(package_id).read_bytes() == damaged
    assert len(keeper.lines("package")) == 1
    assert "is good" in keeper.said[0]
    assert keeper.replica.target in keeper.said[0]


def test_the_advice_says_when_the_second_copy_is_no_help(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """It is looked at before it is recommended."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    keeper.damage(package_id)
    bucket.overwrite(keeper.key(package_id), b"x")

    _all_nights(keeper)

    assert "not good either (its bytes are other ones)" in keeper.said[0]


def test_the_advice_says_when_the_second_copy_can_not_be_seen(
    keep: Keep, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is away is no bad copy."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.damage(package_id)
    monkeypatch.setattr(keeper.replica, "open", _away)

    _all_nights(keeper)

    assert "can't be seen now: The store does not answer." in keeper.said[0]


def test_a_person_restores_from_the_second_copy_and_then_clears(keep: Keep, seal: Seal) -> None:
    """The good bytes are in place, the damaged ones lie aside, both acts are in the log, and acts may go on."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    keeper.damage(package_id)
    damaged = keeper.path(package_id).read_bytes()
    _all_nights(keeper)
    (incident,) = keeper.incidents.open()

    place = keeper.incidents.restore(incident.number, "records_custodian")

    assert keeper.incidents.why_not() is not None
    keeper.incidents.clear(incident.number, "jlee", "records_custodian", "Disk 2 was failing; replaced.")
    assert keeper.incidents.why_not() is None
    assert verify_archive(keeper.archive.root).flaws == ()
    assert place.stat().st_mode & 0o777 == 0o444
    assert [path.read_bytes() for path in (keeper.archive.root / "aside").iterdir()] == [damaged]
    keeper.archive.read(package_id)


def test_the_log_names_no_person(keep: Keep, seal: Seal) -> None:
    """Role and digest stand in the line; who and why lie in a file of that digest, which disposal can reach."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.damage(package_id)
    _all_nights(keeper)
    (incident,) = keeper.incidents.open()

    keeper.incidents.clear(incident.number, "jlee", "records_custodian", "Disk 2 was failing.")

    (line,) = keeper.lines("incident-cleared")
    kept = json.loads((keeper.archive.root / line["kept_as"]).read_bytes())
    assert "jlee" not in json.dumps(line)
    assert (kept["person"], kept["reason"]) == ("jlee", "Disk 2 was failing.")


def test_what_is_damaged_again_after_a_restore_is_a_new_incident(keep: Keep, seal: Seal) -> None:
    """Even to the very same bytes: a clearance covers what the person saw, and nothing later."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    keeper.damage(package_id)
    _all_nights(keeper)
    keeper.incidents.restore(keeper.incidents.open()[0].number, "records_custodian")
    keeper.incidents.clear(keeper.incidents.open()[0].number, "jlee", "records_custodian", "restored")

    keeper.damage(package_id)
    _all_nights(keeper, after=PARTS)

    assert len(keeper.lines("incident")) == 2
    assert keeper.incidents.why_not() is not None


def test_a_bad_copy_is_never_put_into_the_archive(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """It is checked before anything is moved; the archive stays as it is."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    keeper.damage(package_id)
    damaged = keeper.path(package_id).read_bytes()
    bucket.overwrite(keeper.key(package_id), b"x" * len(damaged))
    _all_nights(keeper)

    with pytest.raises(EvidenceError, match="other ones"):
        keeper.incidents.restore(keeper.incidents.open()[0].number, "records_custodian")

    assert keeper.path(package_id).read_bytes() == damaged
    assert list((keeper.archive.root / "incoming").iterdir()) == []


def test_an_incident_is_cleared_once_and_with_a_reason(keep: Keep, seal: Seal) -> None:
    """An empty reason, a number that isn't open: refused in a sentence."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.damage(package_id)
    _all_nights(keeper)
    number = keeper.incidents.open()[0].number

    with pytest.raises(NotAllowed, match="--reason"):
        keeper.incidents.clear(number, "jlee", "records_custodian", "  ")
    keeper.incidents.clear(number, "jlee", "records_custodian", "looked")
    with pytest.raises(NotAllowed, match=str(number)):
        keeper.incidents.clear(number, "jlee", "records_custodian", "looked")


def test_a_broken_log_stops_acts_too(keep: Keep, seal: Seal) -> None:
    """Where incidents can't be read there may be one."""
    seal(2)
    keeper = keep()
    log = keeper.archive.root / "log" / "entries.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"seq":1', b'"seq":7'))

    assert "broken" in (keep().incidents.why_not() or "")


@pytest.mark.parametrize(("harm", "what"), [("overwrite", "altered"), ("delete", "missing")])
def test_a_copy_that_was_changed_in_the_store_is_found_at_night(
    keep: Keep, bucket: Bucket, seal: Seal, harm: str, what: str
) -> None:
    """The nightly sample downloads copies whole; a bad one is an incident of the copy and stops nothing."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    size = keeper.path(package_id).stat().st_size
    bucket.delete(keeper.key(package_id)) if harm == "delete" else bucket.overwrite(keeper.key(package_id), b"x" * size)

    Fixity(keeper.archive, keeper.incidents, keeper.copying).see_to(NOW + DAY, threading.Event())

    (incident,) = keeper.incidents.open()
    assert (incident.flaw.where, incident.flaw.what) == ("copy", what)
    assert keeper.incidents.why_not() is None
    assert [line["flaws"] for line in keeper.lines("fixity") if line["where"] == "copy"] == [1]


def test_a_store_that_is_away_at_night_leaves_the_archive_read(
    keep: Keep, bucket: Bucket, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive's own reading doesn't depend on the store, and is not done again when the store is back."""
    seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    fixity = Fixity(keeper.archive, keeper.incidents, keeper.copying)
    with monkeypatch.context() as outage:
        outage.setattr(keeper.replica, "open", _away)
        fixity.see_to(NOW + DAY, threading.Event())

    fixity.see_to(NOW + DAY + timedelta(hours=2), threading.Event())

    assert [line["where"] for line in keeper.lines("fixity")] == ["archive"]
    assert keeper.incidents.open() == ()


def test_reading_keeps_its_pace_and_ends_when_it_is_asked_to() -> None:
    """Two megabytes at one a second take two seconds; a stop cuts the wait short."""
    waits: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return False

    pace = Pace(1_000_000, Stop(), monotonic=lambda: 0.0)
    pace.take(1_000_000)
    pace.take(1_000_000)
    assert waits == [1.0, 2.0]

    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Stopped):
        Pace(1e12, stopped).take(1)


def test_a_night_that_is_broken_off_is_read_again(keep: Keep, seal: Seal) -> None:
    """Half a reading says nothing: no line, and the next start begins the part anew."""
    packages = seal(12)
    keeper = keep()
    fixity = _fixity(keeper)
    stop = threading.Event()
    stop.set()
    night = next(n for n in range(1, PARTS + 1) if _part(NOW + n * DAY) in {part_of(each) for each in packages})

    fixity.see_to(NOW + night * DAY, stop)

    assert _part(NOW + night * DAY) not in {line["part"] for line in keeper.lines("fixity")}
    assert (NOW + night * DAY).date() in fixity.due(NOW + night * DAY)


def test_a_drill_restores_an_archive_that_verifies(keep: Keep, seal: Seal, tmp_path: Path) -> None:
    """From the store alone: packages, the log joined from its pieces, keys and checkpoints; then `beadle verify`."""
    keeper = keep()
    for name in ("a", "b"):
        seal(2, name)
        keeper.copying.tick(NOW)
    folder = tmp_path / "restored"

    found = drill(keeper.archive, keeper.replica, folder, None)

    assert (found.passed, found.count, found.total, found.lines) == (True, 4, 4, 5)
    report = verify_archive(folder)
    assert (report.flaws, report.packages) == ((), 4)
    (line,) = keeper.lines("drill")
    assert (line["count"], line["of"], line["flaws"]) == (4, 4, 0)


def test_a_drill_finds_what_was_altered_or_taken_out(keep: Keep, bucket: Bucket, seal: Seal, tmp_path: Path) -> None:
    """One copy altered, one gone: both are named, and the drill has not passed."""
    altered, gone, _good = seal(3)
    keeper = keep()
    keeper.copying.tick(NOW)
    bucket.overwrite(keeper.key(altered), b"x")
    bucket.delete(keeper.key(gone))

    found = drill(keeper.archive, keeper.replica, tmp_path / "restored", None)

    assert not found.passed
    assert [(each.what, each.package.package_id) for each in found.flaws] == [("altered", altered), ("missing", gone)]


def test_on_a_new_machine_the_archive_is_restored_without_the_old_one(
    keep: Keep, bucket: Bucket, seal: Seal, tmp_path: Path
) -> None:
    """The machine is lost, and its log with it: what there was is read from the bucket, and nothing is added to it."""
    seal(3)
    keep().copying.tick(NOW)
    new = Archive(tmp_path / "new", PlainPrinter())

    found = drill(new, bucket.replica(), tmp_path / "restored", None)

    assert (found.passed, found.count) == (True, 3)
    assert verify_archive(tmp_path / "restored").packages == 3
    assert not (new.root / "log").exists()
    goes_on = Keeper(Archive(tmp_path / "restored", PlainPrinter(), reserve=0.0), bucket.replica(), [])
    goes_on.archive.note("checked", {})
    assert goes_on.copying.tick(NOW) == 3
    assert goes_on.said == []


def test_a_piece_of_the_log_that_is_gone_from_the_store_does_not_pass(
    keep: Keep, bucket: Bucket, seal: Seal, tmp_path: Path
) -> None:
    """What follows the gap proves nothing any more: the drill says so instead of restoring less."""
    keeper = keep()
    for name in ("a", "b"):
        seal(1, name)
        keeper.copying.tick(NOW)
    bucket.delete([key for key in bucket.listed() if key.startswith("log/entries-")][-1])

    assert drill(keeper.archive, keeper.replica, tmp_path / "restored", None).passed is False


def test_a_drill_of_a_sample_restores_so_many(keep: Keep, seal: Seal, tmp_path: Path) -> None:
    """The whole log comes with it: a package without its line proves nothing."""
    seal(5)
    keeper = keep()
    keeper.copying.tick(NOW)

    found = drill(keeper.archive, keeper.replica, tmp_path / "restored", 2)

    assert (found.passed, found.count, found.total, found.lines) == (True, 2, 5, 5)
    assert len(list((tmp_path / "restored").rglob("ev-*.zip"))) == 2


def test_a_drill_writes_nothing_outside_its_folder(keep: Keep, bucket: Bucket, seal: Seal, tmp_path: Path) -> None:
    """A store may be in other hands: a key that leads elsewhere is passed over, and so is a piece of a false log."""
    seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    for key in ("log/keys/../../../outside.pem", "log/entries-x-y.jsonl", "log//etc.pem"):
        bucket.overwrite(key, b"mine")

    found = drill(keeper.archive, keeper.replica, tmp_path / "a" / "restored", None)

    assert found.passed
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"mine"]


def test_a_log_that_was_rewritten_in_the_store_does_not_pass(
    keep: Keep, bucket: Bucket, seal: Seal, tmp_path: Path
) -> None:
    """It is compared with the archive's own log, byte by byte."""
    seal(2)
    keeper = keep()
    keeper.copying.tick(NOW)
    (piece,) = [key for key in bucket.listed() if key.startswith("log/entries-")]
    body = bucket.client.get_object(Bucket=bucket.name, Key=f"archive/{piece}")["Body"].read()
    bucket.overwrite(piece, body.replace(b'"seq":1', b'"seq":9'))

    assert drill(keeper.archive, keeper.replica, tmp_path / "restored", None).log_is_same is False


def _away(_key: str) -> Any:
    raise ReplicaAway("The store does not answer.")


def _fixity(keeper: Keeper) -> Fixity:
    return Fixity(keeper.archive, keeper.incidents)


def _all_nights(keeper: Keeper, after: int = 0) -> None:
    _fixity(keeper).see_to(NOW + (after + PARTS) * DAY, threading.Event())


def _part(moment: Any) -> int:
    part: int = moment.date().toordinal() % PARTS
    return part


def _harm(keeper: Keeper, package_id: str, what: str) -> None:
    path = keeper.path(package_id)
    if what == "altered":
        keeper.damage(package_id)
    else:
        path.unlink()
    if what == "unreadable":
        os.mkdir(path)  # reading it is an OSError for root, too
