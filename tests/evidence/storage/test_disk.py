"""A disk that is full, read-only, failing or without locks: nothing is sealed by half, and it goes on when mended."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EvidenceError
from bot.evidence.proof.verify import verify_archive
from bot.evidence.storage import locks
from bot.evidence.storage.locks import lock_problem
from bot.evidence.store import Archive
from tests.evidence.conftest import PlainPrinter

REPOSITORY = Path(__file__).parents[3]
ROOM = 4 << 20
ALWAYS_ROOM = shutil._ntuple_diskusage(1 << 40, 0, 1 << 40)


class Disk:
    """A small file system of its own that can be filled and made read-only."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.archive = Archive(place / "archive", PlainPrinter(), reserve=0.0, disk_usage=lambda _: ALWAYS_ROOM)

    def fill(self, left: int) -> None:
        """Leave so many bytes free."""
        space = os.statvfs(self.place)
        (self.place / "ballast").write_bytes(bytes(max(space.f_bavail * space.f_frsize - left, 0)))

    def make_room(self) -> None:
        """Take out what ``fill`` put there."""
        (self.place / "ballast").unlink()

    def remount(self, how: str) -> None:
        """``ro`` or ``rw``."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.place)], check=True)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A tmpfs of 4 MB; only root may mount one."""
    place = Path(tempfile.mkdtemp(prefix="beadle-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        place.rmdir()
        pytest.skip("a small disk can be mounted by root alone; test_a_file_that_may_not_grow stands for it")
    yield Disk(place)
    subprocess.run(["umount", "--lazy", str(place)], check=True)
    place.rmdir()


@pytest.mark.parametrize("left", [0, 4 << 10, 8 << 10, 12 << 10, 16 << 10])
def test_a_disk_that_fills_up_while_it_is_written_seals_nothing(disk: Disk, make_dossier: Any, left: int) -> None:
    """Wherever the room ends, in the package or in the line: no seal, nothing half; with room again all is well."""
    first = disk.archive.seal(make_dossier("case-0"), None)
    disk.fill(left)

    with pytest.raises(EvidenceError, match="No space left"):
        disk.archive.seal(make_dossier("case-1"), None)

    disk.make_room()
    assert list((disk.place / "archive" / "incoming").iterdir()) == []
    disk.archive.prove(disk.archive.seal(make_dossier("case-1"), None))
    disk.archive.prove(first)
    report = verify_archive(disk.archive.root)
    assert (report.flaws, report.packages) == ((), 2)


def test_a_disk_that_went_read_only_seals_nothing_until_it_is_back(disk: Disk, make_dossier: Any) -> None:
    """As Linux does with a file system in trouble; no restart is needed when it is mended."""
    disk.archive.seal(make_dossier("case-0"), None)
    disk.remount("ro")

    with pytest.raises(EvidenceError, match="Read-only"):
        disk.archive.seal(make_dossier("case-1"), None)
    assert disk.archive.sealed("case-0") is not None

    disk.remount("rw")
    disk.archive.seal(make_dossier("case-1"), None)
    assert verify_archive(disk.archive.root).flaws == ()


def test_a_file_that_may_not_grow_seals_nothing(tmp_path: Path) -> None:
    """The same without root: a child that may write files of 2,000 bytes at most is refused by the kernel midway."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from bot.errors import EvidenceError\n"
        "from bot.evidence.store import Archive\n"
        "from tests.evidence.conftest import PlainPrinter, dossier\n"
        "archive = Archive(Path(sys.argv[1]), PlainPrinter(), reserve=0.0)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))\n"
        "try: archive.seal(dossier('case-1'), None)\n"
        "except EvidenceError: print('refused')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "print(sorted(path.name for path in (archive.root / 'incoming').iterdir()))\n"
        "print(archive.seal(dossier('case-1'), None).case_id)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "archive")]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=60)

    assert said.stdout.splitlines() == ["refused", "[]", "case-1"]
    assert verify_archive(tmp_path / "archive").flaws == ()


@pytest.mark.parametrize("call", ["write", "fsync", "fdatasync", "rename"])
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fails_at_any_call_is_an_evidence_error(
    make_archive: Any, make_dossier: Any, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    """No seal is reported; what the disk did not take isn't believed later; the next try seals once."""
    archive = make_archive()
    archive.seal(make_dossier("case-0"), None)
    with monkeypatch.context() as failing:
        failing.setattr(os, call, _fails(code))
        with pytest.raises(EvidenceError):
            archive.seal(make_dossier("case-1"), None)

    archive.prove(archive.seal(make_dossier("case-1"), None))

    report = verify_archive(archive.root)
    assert (report.flaws, report.packages) == ((), 2)
    assert list((archive.root / "incoming").iterdir()) == []


def test_a_line_that_the_disk_did_not_take_is_not_in_the_log(
    make_archive: Any, make_dossier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was in memory already: read from there it would count as sealed, and a power cut would take it away."""
    archive = make_archive()
    archive.seal(make_dossier("case-0"), None)
    log = archive.root / "log" / "entries.jsonl"
    before = log.read_bytes()
    monkeypatch.setattr(os, "fdatasync", _fails(errno.EIO))

    with pytest.raises(EvidenceError):
        archive.seal(make_dossier("case-1"), None)

    assert log.read_bytes() == before


def test_two_processes_that_seal_at_once_make_one_log(tmp_path: Path) -> None:
    """Thirty cases in each, ten of them the same: fifty packages, one line each, and the chain holds."""
    script = (
        "import sys; from pathlib import Path\n"
        "from bot.evidence.store import Archive\n"
        "from tests.evidence.conftest import PlainPrinter, dossier\n"
        "archive = Archive(Path(sys.argv[1]), PlainPrinter(), reserve=0.0)\n"
        "for n in range(int(sys.argv[2]), int(sys.argv[2]) + 30): archive.seal(dossier(f'case-{n}'), None)\n"
    )

    def seal(first: int) -> None:
        command = [sys.executable, "-c", script, str(tmp_path / "archive"), str(first)]
        subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY, timeout=120)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(seal, (0, 20)))

    report = verify_archive(tmp_path / "archive")
    assert (report.flaws, report.packages, report.lines, report.recovered) == ((), 50, 50, 0)


def test_a_local_disk_keeps_two_writers_apart(tmp_path: Path) -> None:
    """Tried, not read from a list of file systems."""
    assert lock_problem(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flock", "why"),
    [
        (lambda *_: None, "two holders got the same lock"),
        (lambda *_: (_ for _ in ()).throw(OSError(errno.ENOLCK, "No locks available")), "No locks available"),
    ],
)
def test_a_disk_without_locks_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flock: Callable[..., None], why: str
) -> None:
    """One that says so, and one that pretends."""
    monkeypatch.setattr(fcntl, "flock", flock)

    problem = lock_problem(tmp_path)

    assert problem is not None
    assert why in problem
    assert str(tmp_path) in problem


def test_a_network_disk_whose_locks_are_its_own_is_refused(tmp_path: Path) -> None:
    """NFS mounted with ``nolock`` grants locks that no other machine knows; the innermost mount decides."""
    archive = tmp_path / "mine here" / "archive"
    archive.mkdir(parents=True)
    mounts = tmp_path / "mounts"
    point = str(archive.parent).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nfiler:/x {point} nfs4 rw,nolock 0 0\n")

    assert "nolock" in (lock_problem(archive, mounts) or "")
    assert lock_problem(tmp_path, mounts) is None


def test_where_mounts_can_not_be_read_the_lock_itself_is_tried(tmp_path: Path) -> None:
    """Not every system tells of its mounts."""
    assert locks.lock_problem(tmp_path, tmp_path / "none") is None


def _fails(code: int) -> Callable[..., Any]:
    def failing(*_arguments: Any, **_named: Any) -> Any:
        raise OSError(code, os.strerror(code))

    return failing
