"""Attacks on an archive, each of which must be found."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.canonical import canonical, sha256
from bot.evidence.chain.log import Head
from bot.evidence.proof.verify import Report, verify, verify_archive, verify_package

Attack = Callable[[Path], None]


@pytest.fixture
def root(make_archive: Any, make_dossier: Any) -> Path:
    """An archive with three cases and a supplement."""
    archive = make_archive()
    refs = [archive.seal(make_dossier(f"case-{number}"), None) for number in range(3)]
    archive.supplement(refs[0].package_id, "rule:hide", "action", {"done": True})
    return Path(archive.root)


def test_an_untouched_archive_holds(root: Path) -> None:
    """Everything is counted, nothing is wrong, and the exit code is 0."""
    steps: list[tuple[int, int]] = []

    report = verify_archive(root, progress=lambda done, of: steps.append((done, of)))

    assert report.flaws == ()
    assert (report.packages, report.supplements, report.lines, report.recovered) == (3, 1, 4, 0)
    assert report.exit_code == 0
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert report.head.lines == 4


def _flip_a_byte(root: Path) -> None:
    path = _packages(root)[1]
    data = bytearray(path.read_bytes())
    data[data.index(b"bullshit")] ^= 1
    _write(path, bytes(data))


def _edit_a_line(root: Path) -> None:
    _change_lines(root, lambda lines: [lines[0].replace(b'"case-0"', b'"case-9"'), *lines[1:]])


def _edit_the_last_line_and_its_package(root: Path) -> None:
    _change_lines(root, lambda lines: [*lines[:-1], lines[-1].replace(b'"seq":3', b'"seq":4')])


def _reorder(root: Path) -> None:
    _change_lines(root, lambda lines: [lines[1], lines[0], *lines[2:]])


def _take_out_a_line(root: Path) -> None:
    _change_lines(root, lambda lines: [lines[0], *lines[2:]])


def _repeat_a_line(root: Path) -> None:
    _change_lines(root, lambda lines: [*lines, lines[-1]])


def _garble_a_line(root: Path) -> None:
    _change_lines(root, lambda lines: [lines[0], b"not json\n", *lines[2:]])


def _rezip_with_another_record(root: Path) -> None:
    """The careful forger: edits the record inside the bag and zips it up again."""
    _rezip(_packages(root)[0], {"data/record.json": lambda data: data.replace(b"Mallory Reyes", b"Someone Else.")})


def _rezip_with_new_manifests(root: Path) -> None:
    """The very careful forger: makes the manifests fit, too."""
    path = _packages(root)[0]
    _rezip(path, {"data/record.json": lambda data: data.replace(b"Mallory Reyes", b"Someone Else.")}, honest=True)


def _point_a_line_outside(root: Path) -> None:
    _change_lines(root, lambda lines: [*lines[:-1], lines[-1].replace(b'"path":"packages/', b'"path":"../packages/')])


ALTERATIONS = [
    _flip_a_byte,
    _edit_a_line,
    _edit_the_last_line_and_its_package,
    _reorder,
    _take_out_a_line,
    _repeat_a_line,
    _garble_a_line,
    _rezip_with_another_record,
    _rezip_with_new_manifests,
    _point_a_line_outside,
]


@pytest.mark.parametrize("attack", ALTERATIONS)
def test_an_alteration_is_found(root: Path, attack: Attack) -> None:
    """Whatever was changed in a package or in the log, the exit code is 2 and a sentence says where."""
    attack(root)

    report = verify_archive(root)

    assert report.exit_code == 2
    assert all(flaw.sentence.endswith(".") for flaw in report.flaws)


def _cut_the_log(root: Path) -> None:
    _change_lines(root, lambda lines: lines[:2])


def _remove_the_log(root: Path) -> None:
    (root / "log" / "entries.jsonl").unlink()


def _take_a_package_away(root: Path) -> None:
    _packages(root)[2].unlink()


def _put_a_package_there(root: Path) -> None:
    path = _packages(root)[0]
    shutil.copy(path, path.with_name("ev-20261120T000000Z-aaaaaaaaaaaaa.zip"))


def _put_a_file_there(root: Path) -> None:
    (root / "packages" / "notes.txt").write_text("hello")


def _tear_the_last_line(root: Path) -> None:
    log = root / "log" / "entries.jsonl"
    log.write_bytes(log.read_bytes()[:-40])


OMISSIONS = [
    _cut_the_log,
    _remove_the_log,
    _take_a_package_away,
    _put_a_package_there,
    _put_a_file_there,
    _tear_the_last_line,
]


@pytest.mark.parametrize("attack", OMISSIONS)
def test_an_omission_or_addition_is_found(root: Path, attack: Attack) -> None:
    """What is missing, cut off or put there is found, and the exit code is 3."""
    attack(root)

    assert verify_archive(root).exit_code == 3


def test_a_log_cut_together_with_its_packages_is_found_by_a_published_head(root: Path) -> None:
    """Who removes the last lines *and* their packages leaves a sound archive; yesterday's digest tells."""
    published = verify_archive(root).head
    lines = _lines(root)
    for line in lines[2:]:
        (root / json.loads(line)["path"]).unlink()
    _change_lines(root, lambda lines: lines[:2])

    assert verify_archive(root).exit_code == 0
    report = verify_archive(root, head=published)
    assert report.exit_code == 2
    assert report.flaws[0].sentence == "The last 2 lines that were published are gone from the log."


def test_a_log_rewritten_from_the_start_is_found_by_a_published_head(root: Path) -> None:
    """An insider who makes a whole new chain can't make it end in the digest that was mailed out."""
    published = verify_archive(root).head
    _change_lines(root, lambda lines: _rechained([line.replace(b"case-1", b"case-7") for line in lines]))

    assert "rewritten" in verify_archive(root, head=published).flaws[0].sentence


def test_an_older_head_still_fits_a_log_that_grew(root: Path, make_archive: Any, make_dossier: Any) -> None:
    """A head from last week is found inside today's log."""
    published = make_archive().head()
    make_archive().seal(make_dossier("case-new"), None)

    assert verify_archive(root, head=published).exit_code == 0
    assert verify_archive(root, head=Head(0, "")).exit_code == 0


def test_one_package_can_be_checked_by_itself(root: Path, tmp_path: Path) -> None:
    """A package that was handed out is checked against its own manifests, and the report says that this is all."""
    path = tmp_path / _packages(root)[0].name
    shutil.copy(_packages(root)[0], path)

    alone = verify_package(path)
    assert alone.exit_code == 0
    assert alone.notes[0].startswith("Checked by itself")
    _rezip(path, {"data/record.json": lambda data: data.replace(b"Mallory Reyes", b"Someone Else.")})
    report = verify_package(path)
    assert report.exit_code == 2
    assert [flaw.sentence for flaw in report.flaws] == ["data/record.json is not what was sealed."]


def test_a_package_in_its_archive_is_held_against_its_line(root: Path) -> None:
    """A forger who makes the manifests fit is found by the line of the log, when one package is asked for, too."""
    path = _packages(root)[1]

    assert verify_package(path).line == 2
    _rezip(path, {"data/record.json": lambda data: data.replace(b"Mallory Reyes", b"Someone Else.")}, honest=True)
    report = verify_package(path)
    assert (report.exit_code, report.line) == (2, 2)
    assert report.flaws[0].sentence.endswith(".zip is not what was sealed.")


def test_an_unpacked_package_is_checked_too(root: Path, tmp_path: Path) -> None:
    """Whoever unpacked it may check the folder; what is missing there is incomplete, what is changed altered."""
    with zipfile.ZipFile(_packages(root)[0]) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / _packages(root)[0].stem

    assert (verify(folder).what, verify(folder).exit_code) == ("package", 0)
    (folder / "data" / "policy.yaml").unlink()
    assert verify(folder).exit_code == 3
    (folder / "data" / "record.json").write_bytes(b"{}")
    assert verify(folder).exit_code == 2


def test_a_supplement_says_what_it_is(root: Path) -> None:
    """It is checked as a package is, and counted as what it is."""
    line = next(json.loads(line) for line in _lines(root) if b'"type":"supplement"' in line)

    report = verify(root / line["path"])
    assert (report.what, report.packages, report.supplements, report.exit_code) == ("supplement", 0, 1, 0)


def test_a_package_under_another_name_is_found(root: Path, tmp_path: Path) -> None:
    """The bag inside must be the one that the file's name says."""
    copy = tmp_path / "ev-20261120T000000Z-aaaaaaaaaaaaa.zip"
    shutil.copy(_packages(root)[0], copy)

    assert verify_package(copy).flaws[0].sentence.startswith("The bag inside is ev-")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 garbage", b"\0" * 5000])
def test_what_is_no_package_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    """Garbage under a package's name is altered evidence, not a crash."""
    path = tmp_path / "ev-20261120T000000Z-aaaaaaaaaaaaa.zip"
    path.write_bytes(content)

    assert verify_package(path).exit_code == 2


def test_asking_for_what_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    """64, so that a script can tell a typing mistake from a broken archive."""
    reports: list[Report] = [verify_package(tmp_path / "nothing.zip"), verify_archive(tmp_path / "nowhere")]

    assert [report.exit_code for report in reports] == [64, 64]


def _packages(root: Path) -> list[Path]:
    lines = [json.loads(line) for line in _lines(root)]
    return [root / line["path"] for line in lines if line["type"] == "package"]


def _lines(root: Path) -> list[bytes]:
    return (root / "log" / "entries.jsonl").read_bytes().splitlines(keepends=True)


def _change_lines(root: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    (root / "log" / "entries.jsonl").write_bytes(b"".join(change(_lines(root))))


def _rechained(lines: list[bytes]) -> list[bytes]:
    made: list[bytes] = []
    for line in lines:
        prev = sha256(made[-1][:-1]) if made else "0" * 64
        made.append(canonical({**json.loads(line), "prev": prev}) + b"\n")
    return made


def _write(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def _rezip(path: Path, changes: dict[str, Callable[[bytes], bytes]], honest: bool = False) -> None:
    top = path.stem
    with zipfile.ZipFile(path) as archive:
        members = {entry.filename.removeprefix(f"{top}/"): archive.read(entry) for entry in archive.infolist()}
    members |= {name: change(members[name]) for name, change in changes.items()}
    if honest:
        members["manifest-sha256.txt"] = _manifest({n: d for n, d in members.items() if n.startswith("data/")})
        tags = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt")
        members["tagmanifest-sha256.txt"] = _manifest({name: members[name] for name in tags})
    path.chmod(0o644)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(f"{top}/{name}", data)


def _manifest(members: dict[str, bytes]) -> bytes:
    return "".join(f"{sha256(data)}  {name}\n" for name, data in sorted(members.items())).encode()
