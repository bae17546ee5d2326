"""An archive as a city has it (two keys, three checkpoints, each stamped with the time), an export of it, and the hands
of those who would change it: who can write a file, and who holds a key of their own."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.evidence.canonical import canonical, sha256
from bot.evidence.chain.checkpoint import Checkpoint, key_id, origin_of, signed
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.keys import EvidenceKey, KeyHistory
from bot.evidence.chain.log import Log
from bot.evidence.chain.merkle import Tree
from bot.evidence.chain.notary import Notary
from bot.evidence.chain.stamps import query_for
from bot.evidence.proof.export import LINE, export
from bot.evidence.proof.outside import outside
from bot.evidence.proof.report import Report
from bot.evidence.proof.verify import verify
from bot.evidence.store import Archive
from tests.evidence.chain.authority import Stamper
from tests.evidence.conftest import PlainPrinter, dossier

Lines = list[dict[str, Any]]
STAND_ALONE = Path(__file__).parents[3] / "bot/evidence/proof/templates/verify.py"


@dataclass(frozen=True)
class Scene:
    """``kept`` is a folder outside of the archive: ``key.pem`` (the first key) and ``early.note``, ``late.note``."""

    folder: Path

    @property
    def root(self) -> Path:
        """The archive."""
        return self.folder / "archive"

    @property
    def export(self) -> Path:
        """What was handed out of it: cases 0 and 1."""
        return self.folder / "export"

    @property
    def kept(self) -> Path:
        """What the clerk keeps."""
        return self.folder / "kept"

    @property
    def entries(self) -> Path:
        """The file of the log."""
        return self.root / "log" / "entries.jsonl"

    @property
    def lines(self) -> Lines:
        """The lines of the log."""
        return [json.loads(line) for line in self.entries.read_bytes().splitlines()]

    @property
    def notes(self) -> list[Path]:
        """The checkpoints, smallest first."""
        return sorted((self.root / "log" / "checkpoints").glob("*.note"))

    def packages(self, kind: str = "package") -> list[Path]:
        """The packages, or supplements, in the order of the log."""
        return [self.root / line["path"] for line in self.lines if line["type"] == kind]

    def copy_to(self, folder: Path) -> Scene:
        """The same, to be attacked."""
        shutil.copytree(self.folder, folder / "scene", symlinks=True)
        return Scene(folder / "scene")

    def verify(self, path: Path, **kept: Path) -> Report:
        """Our verdict."""
        return verify(path, outside(**kept))

    def stand_alone(self, path: Path, **kept: Path) -> subprocess.CompletedProcess[str]:
        """The verdict of the program that is handed out, run as a stranger would run it."""
        more = [word for name, file in kept.items() for word in (f"--{name}", str(file))]
        command = ["python3", "-I", str(STAND_ALONE), str(path), *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)


def build(folder: Path, authority: Stamper) -> Scene:
    """Four cases and two supplements, a change of key on the way, checkpoints after 3, 6 and all lines."""
    scene = Scene(folder)
    archive = Archive(scene.root, PlainPrinter(), reserve=0.0)
    notary = Notary(scene.root, Log(scene.root / "log"), str(folder / "private" / "evidence.pem"))
    archive.note("opened", {})
    refs = [archive.seal(dossier(f"case-{number}"), None) for number in range(2)]
    first = _checkpoint(notary)
    archive.supplement(refs[0].package_id, "1", "action", {"action": "hide", "done": True})
    refs += [archive.seal(dossier(f"case-{number}"), None) for number in range(2, 4)]
    notary.rotate(_now())
    archive.supplement(refs[1].package_id, "1", "decision", {"verb": "keep"})
    archive.note("restricted", {"package": refs[3].package_id, "case_id": "case-3", "media": []})
    last = _checkpoint(notary)
    stamp(scene.root, authority)
    scene.kept.mkdir()
    shutil.copy(first, scene.kept / "early.note")
    shutil.copy(last, scene.kept / "late.note")
    first_key = next(line for line in scene.lines if line["type"] == "key")
    (scene.kept / "key.pem").write_text(first_key["public_pem"])
    made = export(scene.root, ["case-0", "case-1"], scene.export, city="Millbrook", now=_now())
    archive.note(LINE, made.facts("clerk"))
    made.hand_out()
    return scene


def stamp(root: Path, authority: Stamper) -> None:
    """Have the first and the last checkpoint stamped, and name the authority's root."""
    folder = CheckpointFolder(root)
    for size in {folder.sizes()[0], folder.sizes()[-1]}:
        query = query_for(folder.note(size).read_bytes())
        folder.query(size, 1).write_bytes(query)
        folder.reply(size, 1).write_bytes(authority.answer(query))
    folder.roots.write_bytes(authority.root)


def rewrite(scene: Scene, change: Callable[[Lines], Lines], *, chained: bool = True) -> None:
    """Write the log anew; ``chained``: so that each line fits the one before it."""
    made: list[bytes] = []
    for number, facts in enumerate(change(scene.lines)):
        own = {"prev": sha256(made[-1]) if made else "0" * 64, "seq": number} if chained else {}
        made.append(canonical({**facts, **own}))
    scene.entries.write_bytes(b"".join(line + b"\n" for line in made))


def rezip(path: Path, change: Callable[[dict[str, bytes]], None], *, honest: bool = True) -> None:
    """Take a package apart, change it, and put it together again; ``honest``: with manifests that fit."""
    with zipfile.ZipFile(path) as archive:
        members = {entry.filename.partition("/")[2]: archive.read(entry) for entry in archive.infolist()}
    change(members)
    if honest:
        members["manifest-sha256.txt"] = manifest({k: v for k, v in members.items() if k.startswith("data/")})
        tags = {k: v for k, v in members.items() if not k.startswith(("data/", "tagmanifest"))}
        members["tagmanifest-sha256.txt"] = manifest(tags)
    path.chmod(0o644)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for each, data in sorted(members.items()):
            archive.writestr(f"{path.stem}/{each}", data)


def manifest(members: dict[str, bytes]) -> bytes:
    """A BagIt manifest."""
    return "".join(f"{sha256(data)}  {name}\n" for name, data in sorted(members.items())).encode()


def forge_record(path: Path) -> None:
    """Make the record of a package say another name, with everything in the bag fitting."""

    def change(members: dict[str, bytes]) -> None:
        members["data/record.json"] = members["data/record.json"].replace(b"Mallory Reyes", b"Someone Else.")

    rezip(path, change)


def relined(scene: Scene, path: Path) -> Callable[[Lines], Lines]:
    """Lines in which the package at ``path`` has the digests that it has now."""
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        inner = {entry.filename.partition("/")[2]: archive.read(entry) for entry in archive.infolist()}
    now = {"sha256": sha256(data), "size": len(data), "manifest_sha256": sha256(inner["manifest-sha256.txt"])}
    now["tagmanifest_sha256"] = sha256(inner["tagmanifest-sha256.txt"])

    def change(lines: Lines) -> Lines:
        return [
            {**line, **{k: v for k, v in now.items() if k in line}} if line.get("id") == path.stem else line
            for line in lines
        ]

    return change


class Insider:
    """Whoever may write every file of the archive, and signs with a key of their own."""

    def __init__(self) -> None:
        self.key = EvidenceKey(Ed25519PrivateKey.generate())

    def rewrite(self, scene: Scene, change: Callable[[Lines], Lines]) -> None:
        """Rewrite the log under this key alone, and sign it as often as it was signed before."""
        history = KeyHistory()
        own = history.line_for(self.key.public, None)

        def all_mine(lines: Lines) -> Lines:
            changed = change(lines)
            first = next(number for number, line in enumerate(changed) if line["type"] == "key")
            return [
                {**own, "type": "key", "time": line["time"]} if number == first else _no_key(line)
                for number, line in enumerate(changed)
            ]

        rewrite(scene, all_mine)
        self.sign(scene)

    def sign(self, scene: Scene) -> None:
        """Put this key, and checkpoints signed by it, in the place of what was there."""
        tree, origin = Tree(), origin_of(self.key.public)
        lines = scene.entries.read_bytes().splitlines()
        for line in lines:
            tree.append(line)
        for path in scene.notes:
            size = int(path.stem)
            path.chmod(0o644)
            path.write_bytes(signed(Checkpoint(origin, size, tree.root(size)), self.key).data)
        keys = scene.root / "log" / "keys"
        shutil.rmtree(keys)
        keys.mkdir()
        pem = next(json.loads(line)["public_pem"] for line in lines if json.loads(line)["type"] == "key")
        (keys / f"{key_id(origin, self.key.public).hex()}.pub.pem").write_text(pem)


def _no_key(line: dict[str, Any]) -> dict[str, Any]:
    """A line that named a later key, as another that says nothing."""
    return {"type": "checked", "time": line["time"]} if line["type"] == "key" else line


def forged_signature(note: bytes) -> bytes:
    """A note whose signature has one bit changed."""
    head, _, line = note.decode().rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(line))
    raw[-1] ^= 1
    return f"{head} {base64.b64encode(bytes(raw)).decode()}\n".encode()


def rebag(folder: Path) -> None:
    """Make the manifests of a bag fit what lies in it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    payload = manifest({name: data for name, data in names.items() if name.startswith("data/")})
    (folder / "manifest-sha256.txt").write_bytes(payload)
    names["manifest-sha256.txt"] = payload
    tags = {name: data for name, data in names.items() if not name.startswith(("data/", "tagmanifest"))}
    (folder / "tagmanifest-sha256.txt").write_bytes(manifest(tags))


def _checkpoint(notary: Notary) -> Path:
    note = notary.checkpoint(_now())
    assert note is not None
    return notary.folder.note(note.checkpoint.size)


def _now() -> datetime:
    return datetime.now(UTC)
