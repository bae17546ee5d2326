"""What is handed out: complete in itself, silent about other cases, never over something else, never by half."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bagit
import pytest

from bot.errors import EvidenceError
from bot.evidence.canonical import sha256
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.stamps import query_for
from bot.evidence.proof.export import Exported, export
from bot.evidence.proof.verify import verify
from tests.evidence.chain.authority import Stamper
from tests.evidence.proof.scene import Scene, forge_record

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def _made(scene: Scene, *names: str, at: datetime = NOW, restricted: bool = False) -> Exported:
    return export(scene.root, names, scene.folder / "out", city="Millbrook", now=at, restricted=restricted)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_holds_the_sealed_files_themselves(untouched: Scene) -> None:
    """The packages of the cases and their supplements, byte for byte, each with its proof; nothing of another case."""
    packages = [untouched.packages()[0], untouched.packages()[1], *untouched.packages("supplement")]
    found = _files(untouched.export)

    for path in packages:
        assert found[f"data/packages/{path.name}"] == path.read_bytes()
        assert f"data/proofs/{path.stem}.json" in found
    assert sum(1 for name in found if name.startswith("data/packages/")) == len(packages)
    everything = b"\n".join(found.values())
    for other in (*untouched.packages()[2:], Path("case-2"), Path("case-3")):
        assert other.stem.encode() not in everything
    assert "data/log/entries.jsonl" not in found


def test_it_is_a_bag_that_others_programs_take(untouched: Scene) -> None:
    """The Library of Congress's own program validates it."""
    assert bagit.Bag(str(untouched.export)).is_valid(fast=False)


def test_it_is_verified_as_a_folder_and_zipped_for_the_mail(untouched: Scene, tmp_path: Path) -> None:
    """However it travels (zipped by a desktop, compressed, with the folder around it), the verdict is the same."""
    shutil.make_archive(str(tmp_path / "mailed"), "zip", untouched.folder, "export")
    folder, mailed = verify(untouched.export), verify(tmp_path / "mailed.zip")

    assert (folder.what, folder.packages, folder.supplements) == ("export", 2, 2)
    assert folder.flaws == mailed.flaws == ()
    assert (mailed.what, mailed.packages, mailed.signed) == ("export", 2, folder.signed)


@pytest.mark.parametrize("name", ["../escaped.txt", "/escaped.txt", "export/data/../../../escaped.txt", "a\\b"])
def test_a_zipped_export_that_would_write_elsewhere_is_refused(untouched: Scene, tmp_path: Path, name: str) -> None:
    """Nothing is unpacked from it, and it is altered, not sound."""
    path = tmp_path / "mailed.zip"
    shutil.make_archive(str(tmp_path / "mailed"), "zip", untouched.folder, "export")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"out")

    assert verify(path).exit_code == 2
    assert list(tmp_path.rglob("escaped.txt")) == []


def test_the_same_archive_gives_the_same_export_but_for_its_date(scene: Scene) -> None:
    """Two made on different days differ in bag-info.txt alone, and in the manifest that lists it."""
    first = _made(scene, "case-0")
    second = _made(scene, "case-0", at=NOW + timedelta(days=3))
    one, other = _files(first.folder), _files(second.folder)

    assert one.keys() == other.keys()
    assert {name for name in one if one[name] != other[name]} == {"bag-info.txt", "tagmanifest-sha256.txt"}
    assert first.sha256 == sha256(one["tagmanifest-sha256.txt"]) != second.sha256


def test_it_may_be_asked_for_by_package_and_holds_each_once(scene: Scene) -> None:
    """A package stands for its case; a case that is named twice is in it once."""
    made = _made(scene, scene.packages()[1].stem, "case-1")

    assert made.cases == ("case-1",)
    assert made.ids == (scene.packages()[1].stem, scene.packages("supplement")[1].stem)


def test_nothing_has_its_name_before_it_was_logged(scene: Scene) -> None:
    """The folder that was asked for appears whole, and only when it is handed out."""
    made = _made(scene, "case-0")

    assert not (scene.folder / "out").exists()
    assert made.hand_out() == scene.folder / "out"
    assert verify(scene.folder / "out").exit_code == 0
    assert not made.folder.exists()


def test_nothing_is_ever_written_over(scene: Scene) -> None:
    """A folder that is there is refused, be it there before or come to lie there meanwhile."""
    made = _made(scene, "case-0")
    (scene.folder / "out").mkdir()
    (scene.folder / "out" / "mine.txt").write_text("mine")

    with pytest.raises(EvidenceError, match="is there already"):
        _made(scene, "case-0")
    with pytest.raises(EvidenceError, match="is there already"):
        made.hand_out()
    assert _files(scene.folder / "out") == {"mine.txt": b"mine"}
    assert list(scene.folder.glob(".out.*")) == []


def test_a_restricted_case_is_refused_unless_it_is_asked_for_as_one(scene: Scene) -> None:
    """Then the export says so, in its README and in what is logged."""
    with pytest.raises(EvidenceError, match="case-3 is restricted"):
        _made(scene, "case-2", "case-3")
    made = _made(scene, "case-2", "case-3", restricted=True)

    assert made.facts("clerk")["restricted"] == ["case-3"]
    readme = (made.folder / "README.txt").read_text()
    assert re.search(r"^  case-3  RESTRICTED", readme, re.M)
    assert not re.search(r"^  case-2  RESTRICTED", readme, re.M)


def test_evidence_that_does_not_hold_is_not_handed_out(scene: Scene) -> None:
    """Neither an altered package nor any of a log that was changed; and nothing is left lying about."""
    forge_record(scene.packages()[0])
    with pytest.raises(EvidenceError, match="does not hold"):
        _made(scene, "case-0")
    assert _made(scene, "case-2").cases == ("case-2",)

    scene.entries.write_bytes(scene.entries.read_bytes().replace(b'"case-1"', b'"case-9"', 1))
    with pytest.raises(EvidenceError, match="Line 4 of the log"):
        _made(scene, "case-2")


def test_a_case_that_no_checkpoint_covers_yet_has_to_wait(scene: Scene) -> None:
    """Without a signature over its line there is nothing to prove it with."""
    for path in scene.notes:
        for file in path.parent.glob(f"{path.stem}*"):
            file.unlink()

    with pytest.raises(EvidenceError, match="beadle evidence checkpoint"):
        _made(scene, "case-0")


def test_a_case_that_is_not_there_is_named(scene: Scene) -> None:
    """One sentence, with what to do."""
    with pytest.raises(EvidenceError, match="No evidence is sealed for case-77"):
        _made(scene, "case-0", "case-77")


def test_a_disk_without_room_gets_no_half_export(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reserve of the disk is kept, and the folder doesn't appear."""
    full = shutil.disk_usage(scene.folder)._replace(free=1_000)
    monkeypatch.setattr("bot.evidence.proof.export.shutil.disk_usage", lambda _: full)

    with pytest.raises(EvidenceError, match="too little room"):
        _made(scene, "case-0")
    assert list(scene.folder.glob(".out.*")) == []


def test_a_copy_that_fails_leaves_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that gives up in the middle: one sentence, and the half export is taken away."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.evidence.proof.export.os.fsync", fail)
    with pytest.raises(EvidenceError, match="No space left"):
        _made(scene, "case-0")
    assert list(scene.folder.glob(".out.*")) == []


def test_it_is_a_line_of_the_log(untouched: Scene) -> None:
    """Which packages, by whom, and the digest of the bag: that of its tag manifest."""
    line = untouched.lines[-1]

    assert (line["type"], line["by"]) == ("export", "clerk")
    assert set(line["ids"]) == {path.stem for path in (untouched.export / "data" / "packages").iterdir()}
    assert line["bag_sha256"] == sha256((untouched.export / "tagmanifest-sha256.txt").read_bytes())


def test_the_checkpoint_with_a_time_stamp_is_preferred(scene: Scene, authority: Stamper) -> None:
    """A newer one that nobody has stamped yet would prove less; where none is stamped, the newest serves."""
    folder = CheckpointFolder(scene.root)
    _, older, *_, newest = folder.sizes()
    query = query_for(folder.note(older).read_bytes())
    folder.reply(older, 1).write_bytes(authority.answer(query))
    folder.reply(newest, 1).unlink()

    assert _covered(_made(scene, "case-0")) == older
    folder.reply(older, 1).unlink()
    assert _covered(_made(scene, "case-0")) == newest


def test_the_draft_of_a_certificate_certifies_nothing(untouched: Scene) -> None:
    """It gives digests and blanks; whoever signs it fills in everything else (FRE 902(13), 902(14); 28 U.S.C. 1746)."""
    draft = (untouched.export / "data" / "certificate-draft.txt").read_text()
    blank = "_" * 20

    assert draft.startswith("DRAFT. THIS IS NOT A CERTIFICATE.")
    assert draft.count(blank) >= 10
    assert "[x]" not in draft.lower()
    assert re.search(r"My name is _+\. I am _+", draft)
    assert re.search(r"Executed on _+ \(date\) +_+ \(signature\)", draft)
    for path in (untouched.export / "data" / "packages").iterdir():
        assert sha256(path.read_bytes()) in draft


def test_what_it_says_of_accounts_and_pages_is_no_more_than_it_proves(untouched: Scene) -> None:
    """An account is not a person (EV-18); a signed page proves who archived it, not what the server sent (EV-10)."""
    readme = " ".join((untouched.export / "README.txt").read_text().split())

    assert "an account is not a person" in readme
    assert "proves who archived it and when; it does not prove what the server sent" in readme
    assert "wrote" not in readme


def _covered(made: Exported) -> int:
    """Of how many lines the checkpoint in an export speaks."""
    (size,) = {json.loads(path.read_bytes())["size"] for path in (made.folder / "data" / "proofs").iterdir()}
    return int(size)
