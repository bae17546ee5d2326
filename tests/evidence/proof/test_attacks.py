"""Attacks on sealed evidence. Each is found by our own check and by the program that is handed out, with the same exit
status; and our sentence names what was done."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence.canonical import canonical, sha256
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.keys import public_pem
from bot.evidence.chain.stamps import query_for
from tests.evidence.chain.authority import Stamper
from tests.evidence.proof.scene import (
    Insider,
    Lines,
    Scene,
    forge_record,
    forged_signature,
    rebag,
    relined,
    rewrite,
    rezip,
    stamp,
)

ALTERED, INCOMPLETE, STAMP, KEY = 2, 3, 4, 5


@dataclass(frozen=True)
class Attack:
    """``on`` the archive or the export; ``kept`` names what was kept outside; ``said`` stands in a sentence of ours."""

    do: Callable[[Scene], None]
    code: int
    said: str
    on: str = "root"
    kept: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        held = "".join(f"-with-{name}" for name, _ in self.kept)
        return f"{self.do.__name__.strip('_')}{held}"


def _flip_a_byte_in_a_picture(scene: Scene) -> None:
    path = scene.packages()[1]
    _patch(path, lambda data: data.replace(b"%PDF-plain", b"%PDF-plaim", 1))


def _flip_a_byte_in_a_zip_header(scene: Scene) -> None:
    path = scene.packages()[1]
    _patch(path, lambda data: data[:10] + bytes([data[10] ^ 1]) + data[11:])


def _append_to_a_package(scene: Scene) -> None:
    _patch(scene.packages()[1], lambda data: data + b"more")


def _rezip_with_fresh_manifests(scene: Scene) -> None:
    forge_record(scene.packages()[1])


def _take_a_package(scene: Scene) -> None:
    scene.packages()[2].unlink()


def _add_a_package(scene: Scene) -> None:
    path = scene.packages()[0].with_name("ev-20261120T000000Z-aaaaaaaaaaaaa.zip")
    shutil.copy(scene.packages()[0], path)
    rezip(path, lambda members: members.update(_renamed(members, path.stem)))


def _edit_a_line(scene: Scene) -> None:
    _patch(scene.entries, lambda data: data.replace(b'"case-1"', b'"case-9"', 1))


def _edit_a_line_unreadably(scene: Scene) -> None:
    _patch(scene.entries, lambda data: data.replace(b'{"', b'{ "', 1))


def _reorder_the_lines(scene: Scene) -> None:
    rewrite(scene, lambda lines: [*lines[:1], lines[2], lines[1], *lines[3:]], chained=False)


def _insert_a_line(scene: Scene) -> None:
    rewrite(scene, lambda lines: [*lines[:2], {**lines[0], "type": "checked"}, *lines[2:]])


def _cut_the_log(scene: Scene) -> None:
    _cut(scene, 5)


def _cut_the_log_after_the_last_checkpoint(scene: Scene) -> None:
    """Only the line of the export goes, which no checkpoint covers yet."""
    size = int(scene.notes[-1].stem)
    assert len(scene.lines) > size
    rewrite(scene, lambda lines: lines[: size - 1], chained=False)


def _cut_log_and_checkpoints(scene: Scene) -> None:
    """With everything that would still speak of what is gone: packages, checkpoints, time stamps, keys."""
    _cut(scene, int(scene.notes[0].stem))
    named = {line["key_id"] for line in scene.lines if line["type"] == "key"}
    for path in (scene.root / "log" / "keys").iterdir():
        if path.name.split(".")[0] not in named:
            path.unlink()
    for path in (scene.root / "log" / "checkpoints").iterdir():
        if int(path.name[:12]) > len(scene.lines):
            path.unlink()


def _take_a_checkpoint(scene: Scene) -> None:
    scene.notes[-1].unlink()


def _rewrite_without_the_key(scene: Scene) -> None:
    path = scene.packages()[0]
    forge_record(path)
    rewrite(scene, relined(scene, path))


def _insider(scene: Scene) -> None:
    """A record is changed, its digests in the log too, and all is signed again with a key of the insider's own."""
    path = scene.packages()[2]
    forge_record(path)
    Insider().rewrite(scene, relined(scene, path))


def _insider_without_stamps(scene: Scene) -> None:
    _insider(scene)
    for path in (scene.root / "log" / "checkpoints").glob("*.ts?"):
        path.unlink()


def _slip_in_a_key(scene: Scene) -> None:
    """A line that names the insider's key as the next one; the key before it never signed it."""
    forged = Insider()

    def change(lines: Lines) -> Lines:
        own = {"key_id": "00000000", "previous": None, "public_pem": public_pem(forged.key.public), "signature": "AAAA"}
        return [*lines, {**own, "type": "key", "time": lines[-1]["time"]}]

    rewrite(scene, change)


def _swap_checkpoints(scene: Scene) -> None:
    first, second = scene.notes[:2]
    data = first.read_bytes(), second.read_bytes()
    _patch(first, lambda _: data[1])
    _patch(second, lambda _: data[0])


def _forge_a_signature(scene: Scene) -> None:
    _patch(scene.notes[0], forged_signature)


def _replace_a_public_key(scene: Scene) -> None:
    path = sorted((scene.root / "log" / "keys").glob("*.pem"))[0]
    _patch(path, lambda _: public_pem(Ed25519PrivateKey.generate().public_key()).encode())


def _stamp_of_another_note(scene: Scene) -> None:
    folder = CheckpointFolder(scene.root)
    first, second = folder.sizes()[0], folder.sizes()[-1]
    for of in (folder.query, folder.reply):
        _patch(of(first, 1), lambda _, of=of: of(second, 1).read_bytes())  # type: ignore[misc]


def _garble_a_stamp(scene: Scene) -> None:
    folder = CheckpointFolder(scene.root)
    _patch(folder.reply(folder.sizes()[0], 1), lambda data: data[: len(data) // 2])


def _cite_another_parent(scene: Scene) -> None:
    """The supplement's record says another package, and its line is made to fit; nobody holds the key to sign that."""
    path = scene.packages("supplement")[0]
    other = scene.packages()[2].stem

    def change(members: dict[str, bytes]) -> None:
        record = json.loads(members["data/record.json"])
        record["parent"]["package_id"] = other
        members["data/record.json"] = canonical(record)

    rezip(path, change)
    rewrite(scene, relined(scene, path))


def _rename_a_package(scene: Scene) -> None:
    path = scene.packages()[0]
    path.rename(path.with_name("ev-20261120T000000Z-aaaaaaaaaaaaa.zip"))


def _compress_a_package(scene: Scene) -> None:
    path = scene.packages()[0]
    with zipfile.ZipFile(path) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    path.chmod(0o644)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)


def _climb_out_of_a_zip(scene: Scene) -> None:
    rezip(scene.packages()[0], lambda members: members.update({"../../escaped.txt": b"out"}))


def _put_a_link_into_a_zip(scene: Scene) -> None:
    path = scene.packages()[0]
    path.chmod(0o644)
    link = zipfile.ZipInfo(f"{path.stem}/data/link.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def _duplicate_a_member(scene: Scene) -> None:
    path = scene.packages()[0]
    path.chmod(0o644)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(f"{path.stem}/data/record.json", b"{}")


def _link_in_the_packages(scene: Scene) -> None:
    path = scene.packages()[0]
    elsewhere = scene.folder / "elsewhere.zip"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _link_a_folder_in_the_packages(scene: Scene) -> None:
    (scene.root / "packages" / "2025").symlink_to(scene.folder)


def _edit_a_proof(scene: Scene) -> None:
    path = _proof(scene)
    found = json.loads(path.read_bytes())
    found["hashes"][0] = "00" * 32
    _patch(path, lambda _: canonical(found))
    rebag(scene.export)


def _exchange_proofs(scene: Scene) -> None:
    """The proof of one package under the name of another."""
    first, second = sorted((scene.export / "data" / "proofs").glob("ev-*.json"))[:2]
    _patch(first, lambda _: second.read_bytes())
    rebag(scene.export)


def _forge_in_the_export(scene: Scene) -> None:
    """A package is changed, and every manifest of the export made to fit."""
    forge_record(sorted((scene.export / "data" / "packages").glob("*.zip"))[0])
    rebag(scene.export)


def _forge_line_and_package(scene: Scene) -> None:
    """The package and the line in its proof are changed together; the tree can't be."""
    path = sorted((scene.export / "data" / "packages").glob("*.zip"))[0]
    forge_record(path)
    proof = scene.export / "data" / "proofs" / f"{path.stem}.json"
    found = json.loads(proof.read_bytes())
    line = {**json.loads(found["line"]), "sha256": sha256(path.read_bytes())}
    _patch(proof, lambda _: canonical({**found, "line": canonical(line).decode()}))
    rebag(scene.export)


def _take_a_file_out_of_the_export(scene: Scene) -> None:
    sorted((scene.export / "data" / "packages").glob("*.zip"))[0].unlink()


def _take_a_package_and_its_mention(scene: Scene) -> None:
    """The package goes and the manifest is made to fit; its proof still speaks of it."""
    sorted((scene.export / "data" / "packages").glob("*.zip"))[0].unlink()
    rebag(scene.export)


def _take_the_proof(scene: Scene) -> None:
    _proof(scene).unlink()
    rebag(scene.export)


def _forge_the_signature_of_the_export(scene: Scene) -> None:
    path = scene.export / "data" / "log" / "checkpoint.note"
    _patch(path, forged_signature)
    for proof in (scene.export / "data" / "proofs").iterdir():
        found = json.loads(proof.read_bytes())
        _patch(proof, lambda _, found=found: canonical({**found, "checkpoint": path.read_text()}))  # type: ignore[misc]
    rebag(scene.export)


def _link_in_the_export(scene: Scene) -> None:
    (scene.export / "data" / "passwd").symlink_to("/etc/passwd")


KEY_KEPT = (("key", "key.pem"),)
EARLY_KEPT = (("checkpoint", "early.note"),)
LATE_KEPT = (("checkpoint", "late.note"),)
ATTACKS = [
    Attack(_flip_a_byte_in_a_picture, ALTERED, "data/card/evidence.pdf is not what was sealed."),
    Attack(_flip_a_byte_in_a_zip_header, ALTERED, "says two things about"),
    Attack(_append_to_a_package, ALTERED, "something follows it"),
    Attack(_rezip_with_fresh_manifests, ALTERED, ".zip is not what was sealed."),
    Attack(_take_a_package, INCOMPLETE, "is in the log and not in the archive."),
    Attack(_add_a_package, INCOMPLETE, "aaaaaaaaaaaaa.zip has no line in the log"),
    Attack(_edit_a_line, ALTERED, "Line 4 of the log doesn't follow"),
    Attack(_edit_a_line_unreadably, ALTERED, "Line 1 of the log can't be read."),
    Attack(_reorder_the_lines, ALTERED, "Line 2 of the log doesn't follow"),
    Attack(_insert_a_line, ALTERED, "lines were rewritten."),
    Attack(_cut_the_log, ALTERED, "are gone from the log."),
    Attack(_cut_the_log_after_the_last_checkpoint, ALTERED, "the last 1 of them are gone"),
    Attack(_cut_log_and_checkpoints, ALTERED, "are gone from the log.", kept=LATE_KEPT),
    Attack(_take_a_checkpoint, INCOMPLETE, "its time stamp is still there."),
    Attack(_rewrite_without_the_key, ALTERED, "lines were rewritten."),
    Attack(_insider, STAMP, "over something else than this checkpoint"),
    Attack(_insider_without_stamps, KEY, "doesn't know the key that was kept outside", kept=KEY_KEPT),
    Attack(_insider_without_stamps, ALTERED, "kept outside (early.note) doesn't fit the log", kept=EARLY_KEPT),
    Attack(_slip_in_a_key, KEY, "names no key that can be read"),
    Attack(_swap_checkpoints, ALTERED, "put in the place of another checkpoint."),
    Attack(_forge_a_signature, ALTERED, "bears a false signature"),
    Attack(_replace_a_public_key, ALTERED, "is not the key that the log names."),
    Attack(_stamp_of_another_note, STAMP, "over something else than this checkpoint"),
    Attack(_garble_a_stamp, STAMP, ".1.tsr: "),
    Attack(_cite_another_parent, ALTERED, "cites another package than its line in the log does."),
    Attack(_rename_a_package, INCOMPLETE, "is in the log and not in the archive."),
    Attack(_compress_a_package, ALTERED, "is compressed; it was not written by us."),
    Attack(_climb_out_of_a_zip, ALTERED, "names a file outside its bag."),
    Attack(_put_a_link_into_a_zip, ALTERED, "holds a link"),
    Attack(_duplicate_a_member, ALTERED, "holds data/record.json twice"),
    Attack(_link_in_the_packages, ALTERED, "is a link; the archive holds files only."),
    Attack(_link_a_folder_in_the_packages, ALTERED, "packages/2025 is a link"),
    Attack(_edit_a_proof, ALTERED, "its line is not in the log that the checkpoint covers", "export"),
    Attack(_exchange_proofs, ALTERED, "is the proof of something else.", "export"),
    Attack(_forge_in_the_export, ALTERED, "the city's log has another digest for it.", "export"),
    Attack(_forge_line_and_package, ALTERED, "its line is not in the log that the checkpoint covers", "export"),
    Attack(_take_a_file_out_of_the_export, INCOMPLETE, "is in manifest-sha256.txt and not in the bag.", "export"),
    Attack(_take_a_package_and_its_mention, INCOMPLETE, "proves a package that isn't in the export.", "export"),
    Attack(_take_the_proof, INCOMPLETE, "has no proof", "export"),
    Attack(_forge_the_signature_of_the_export, ALTERED, "bears a false signature", "export"),
    Attack(_link_in_the_export, ALTERED, "data/passwd is a link", "export"),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_found(scene: Scene, attack: Attack) -> None:
    """Our check finds it, with its exit status and a sentence that names it; so does the program that is handed out."""
    attack.do(scene)
    path, kept = _asked(scene, attack)

    report = scene.verify(path, **kept)
    said = "\n".join(flaw.sentence for flaw in report.flaws)
    assert attack.said in said
    assert report.exit_code == attack.code, said

    alone = scene.stand_alone(path, **kept)
    assert alone.returncode == attack.code, alone.stdout + alone.stderr
    assert "WRONG" in alone.stdout


@pytest.mark.parametrize("on", ["root", "export"])
@pytest.mark.parametrize("kept", [(), KEY_KEPT, EARLY_KEPT, LATE_KEPT, (*KEY_KEPT, *LATE_KEPT)], ids=str)
def test_what_nobody_touched_holds(untouched: Scene, on: str, kept: tuple[tuple[str, str], ...]) -> None:
    """Sound evidence is found sound by both, whatever it is held against: else a found attack means nothing."""
    attack = Attack(_flip_a_byte_in_a_picture, 0, "", on, kept)
    path, held = _asked(untouched, attack)

    assert untouched.verify(path, **held).flaws == ()
    alone = untouched.stand_alone(path, **held)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert "WRONG" not in alone.stdout


def test_a_stamp_by_somebody_untrusted_is_found(scene: Scene, stranger: Stamper) -> None:
    """A time stamp counts only if it leads to one of the certificates that the city named."""
    folder = CheckpointFolder(scene.root)
    size = folder.sizes()[0]
    query = query_for(folder.note(size).read_bytes())
    _patch(folder.query(size, 1), lambda _: query)
    _patch(folder.reply(size, 1), lambda _: stranger.answer(query))

    assert scene.verify(scene.root).exit_code == STAMP
    assert scene.stand_alone(scene.root).returncode == STAMP


def test_certificates_put_in_the_place_of_ours_are_found_by_those_kept_outside(
    scene: Scene, stranger: Stamper, authority: Stamper, tmp_path: Path
) -> None:
    """An insider may exchange the certificates in the archive, too; those that the clerk kept tell."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.root)
    stamp(scene.root, stranger)

    assert scene.verify(scene.root).exit_code == 0
    assert scene.verify(scene.root, roots=roots).exit_code == STAMP
    assert scene.stand_alone(scene.root, roots=roots).returncode == STAMP


def test_an_insider_who_also_takes_the_stamps_leaves_a_sound_archive(scene: Scene) -> None:
    """What no check of the archive alone can find: this is why something must be kept outside."""
    _insider_without_stamps(scene)
    report = scene.verify(scene.root)

    assert report.flaws == ()
    assert any("No time stamp from outside" in note for note in report.notes)


def test_of_several_the_first_of_two_three_five_four_counts(scene: Scene) -> None:
    """Altered before incomplete before unknown key before time stamp, whatever is found first."""
    codes = []
    for do in (_garble_a_stamp, _slip_in_a_key, _take_a_package, _flip_a_byte_in_a_picture):
        do(scene)
        codes.append((scene.verify(scene.root).exit_code, scene.stand_alone(scene.root).returncode))

    assert codes == [(4, 4), (5, 5), (3, 3), (2, 2)]


def test_one_package_is_checked_with_the_log_around_it(scene: Scene) -> None:
    """Whoever asks about one package learns, too, that the log which vouches for it was forged."""
    _insider_without_stamps(scene)
    sound = scene.packages()[0]

    assert scene.verify(sound).exit_code == 0
    assert scene.verify(sound, key=scene.kept / "key.pem").exit_code == KEY
    assert scene.verify(sound, checkpoint=scene.kept / "early.note").exit_code == ALTERED


def test_a_stamp_that_is_still_to_come_is_no_fault(scene: Scene) -> None:
    """It is noted, and the exit status is 0: stamps never hold up evidence."""
    folder = CheckpointFolder(scene.root)
    folder.reply(folder.sizes()[-1], 1).unlink()
    report = scene.verify(scene.root)

    assert (report.exit_code, [stamp.state for stamp in report.stamps]) == (0, ["valid", "pending"])
    assert "A time stamp was asked for and is still to come." in report.notes
    assert scene.stand_alone(scene.root).returncode == 0


def test_without_certificates_a_stamp_is_not_checked_and_it_is_said(scene: Scene) -> None:
    """Nothing is claimed of a stamp that could not be held against anybody's certificate."""
    CheckpointFolder(scene.root).roots.unlink()
    report = scene.verify(scene.root)

    assert (report.exit_code, {stamp.state for stamp in report.stamps}) == (0, {"not_checked"})
    assert any("were not checked" in note for note in report.notes)


def test_the_verdict_comes_without_anything_of_ours(untouched: Scene, tmp_path: Path) -> None:
    """The program in the export imports nothing but the standard library, and knows where it lies."""
    shutil.copytree(untouched.export, tmp_path / "handed out")
    command = [sys.executable, "-I", "-S", str(tmp_path / "handed out" / "verify.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Everything is as it was sealed.\n")


def _asked(scene: Scene, attack: Attack) -> tuple[Path, dict[str, Path]]:
    return scene.root if attack.on == "root" else scene.export, {name: scene.kept / file for name, file in attack.kept}


def _patch(path: Path, change: Callable[[bytes], bytes]) -> None:
    data = path.read_bytes()
    path.chmod(0o644)
    changed = change(data)
    assert changed != data, "the attack changed nothing"
    path.write_bytes(changed)


def _cut(scene: Scene, lines: int) -> None:
    """Cut the log after so many lines, and take what they sealed."""
    for line in scene.lines[lines:]:
        if "path" in line:
            (scene.root / line["path"]).unlink()
    rewrite(scene, lambda found: found[:lines], chained=False)


def _renamed(members: dict[str, bytes], name: str) -> dict[str, bytes]:
    record = {**json.loads(members["data/record.json"]), "package_id": name}
    return {"data/record.json": canonical(record)}


def _proof(scene: Scene) -> Path:
    return sorted((scene.export / "data" / "proofs").glob("ev-*.json"))[0]
