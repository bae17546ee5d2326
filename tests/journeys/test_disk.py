"""No room for evidence, no act."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ledger.tables import CaseStatus, Evidence
from tests.journeys.conftest import MakeWorld

LEFT = 16 << 10


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 4 MB where the tests may mount one (containers, CI); else a folder that files can't grow in."""
    place = Path(tempfile.mkdtemp(prefix="beadle-disk-"))
    mounted = os.geteuid() == 0 and _mounts(place)
    yield place
    if mounted:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
    shutil.rmtree(place, ignore_errors=True)


def _mounts(place: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(place)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_full_disk_seals_nothing_and_hides_nothing_until_there_is_room(
    make_world: MakeWorld, small_disk: Path
) -> None:
    """No seal, so no order to act: the case waits and says why; with room again it goes its whole way."""
    world = make_world(BEADLE_ARCHIVE=str(small_disk / "archive"), BEADLE_DISK_RESERVE="0")
    violator = world.town.say("This is bullshit, Dana.")
    fill(small_disk)

    assert world.once().status == 0
    assert world.status(violator) == CaseStatus.OPENED
    assert world.rows(Evidence) == []
    assert world.writes(violator) == []
    assert world.case(violator).because != ""

    make_room(small_disk)
    assert world.skip_delays() == 1
    assert world.once().status == 0

    assert world.journal(violator) == ["preserved", "verified", "hidden", "alerted"]
    assert world.beadle("verify", "--all").status == 0


def fill(disk: Path) -> None:
    """Leave less than one package of room. Where nothing could be mounted, nothing new can be written at all."""
    if not os.path.ismount(disk):
        (disk / "archive").write_bytes(b"")
        return
    space = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(space.f_bavail * space.f_frsize - LEFT))


def make_room(disk: Path) -> None:
    """Take out again what ``fill`` put there."""
    (disk / ("ballast" if os.path.ismount(disk) else "archive")).unlink()
