"""An export, as its receiver checks it: the packages of some cases, each with the proof that the city's log holds it.

There is no log in it (that would show other cases), so everything hangs on one signed checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.errors import EvidenceError
from bot.evidence.chain.checkpoint import LARGEST_NOTE, CheckpointError, Note, read_note
from bot.evidence.chain.keys import KeyHistory, KnownKey, public_from_pem
from bot.evidence.proof import inclusion
from bot.evidence.proof.fixity import bag_faults, in_parallel, read_package
from bot.evidence.proof.folders import read_files, unpacked
from bot.evidence.proof.inclusion import Proof
from bot.evidence.proof.outside import Outside
from bot.evidence.proof.report import Flaw, Report, Signed, refused
from bot.evidence.proof.stamped import check_stamps_of

PROOFS, PACKAGES, LOG = "data/proofs", "data/packages", "data/log"
NOTE = f"{LOG}/checkpoint.note"
_KEY_PROOF = re.compile(r"key-[0-9a-f]{8}")


def verify_export(path: Path, kept: Outside) -> Report:
    """Check an export, a folder or a ZIP of one: its bag, its checkpoint, and each package against its proof."""
    try:
        if path.is_dir():
            return _verify(path, str(path), kept)
        with unpacked(path) as folder:
            return _verify(folder, str(path), kept)
    except OSError as error:
        return refused(str(path), f"{path} can't be read ({error.strerror}).")
    except ValueError as error:
        return Report("export", str(path), flaws=(Flaw("altered", path.name, f"{path.name} {error}."),))


@dataclass(slots=True)
class _Export:
    """What was made out of one export so far."""

    folder: Path
    note: Note | None = None
    proofs: dict[str, Proof] = field(default_factory=dict)
    history: KeyHistory = field(default_factory=KeyHistory)
    flaws: list[Flaw] = field(default_factory=list)

    def flaw(self, kind: str, subject: str, sentence: str) -> None:
        assert kind in ("altered", "incomplete", "unknown_key")
        self.flaws.append(Flaw(kind, subject, sentence))  # type: ignore[arg-type]


def _verify(folder: Path, path: str, kept: Outside) -> Report:
    export = _Export(folder)
    members, tags, size, strange = read_files(folder)
    for fault in (*strange, *bag_faults(members, tags)):
        export.flaw(fault.kind, folder.name, fault.sentence)
    _read_checkpoint(export)
    _read_proofs(export, members)
    _check_keys(export, kept)
    packages, supplements = _check_packages(export, members)
    report = Report("export", path, packages=packages, supplements=supplements, size=size, flaws=tuple(export.flaws))
    return _with_checkpoint(report, export, kept)


def _with_checkpoint(report: Report, export: _Export, kept: Outside) -> Report:
    note = export.note
    if note is None:
        return report
    stamps = check_stamps_of(export.folder / LOG, "checkpoint", note, kept)
    key = export.history.at(note.checkpoint.size)
    return replace(
        report,
        checkpoints=1,
        signed=Signed(note.checkpoint.size, note.checkpoint.root.hex(), key.key_id if key else ""),
        keys=tuple(each.key_id for each in export.history.keys),
        stamps=stamps.stamps,
        flaws=(*report.flaws, *_against_outside(note, kept), *stamps.flaws),
        notes=(*_remarks(note, key, kept), *stamps.remarks),
    )


def _read_checkpoint(export: _Export) -> None:
    try:
        with (export.folder / NOTE).open("rb") as file:
            export.note = read_note(file.read(LARGEST_NOTE + 1))
    except OSError:
        export.flaw("incomplete", NOTE, f"{NOTE} is missing: nothing shows that the city's log holds these packages.")
    except CheckpointError as error:
        export.flaw("altered", NOTE, f"{NOTE}: {error.sentence}")


def _read_proofs(export: _Export, members: Mapping[str, str]) -> None:
    for name in sorted(each for each in members if each.startswith(f"{PROOFS}/")):
        stem = Path(name).stem
        try:
            with (export.folder / name).open("rb") as file:
                proof = inclusion.read_proof(file.read(inclusion.LARGEST + 1))
        except (OSError, ValueError):
            export.flaw("altered", name, f"{name} is not a proof that can be read.")
            continue
        if proof.id != stem or _names(proof) != stem:
            export.flaw("altered", name, f"{name} is the proof of something else.")
        elif export.note is not None and not proof.holds(export.note):
            export.flaw("altered", name, f"{name} doesn't hold: its line is not in the log that the checkpoint covers.")
        else:
            export.proofs[stem] = proof


def _names(proof: Proof) -> str:
    facts = proof.facts
    return f"key-{facts.get('key_id')}" if facts.get("type") == "key" else str(facts.get("id"))


def _check_keys(export: _Export, kept: Outside) -> None:
    """The keys come from lines of the log, each with its proof; the files beside them are for people with openssl."""
    lines = [proof for name, proof in export.proofs.items() if _KEY_PROOF.fullmatch(name)]
    for proof in sorted(lines, key=lambda each: each.index):
        try:
            export.history.take(proof.facts, proof.index)
        except EvidenceError as error:
            export.flaw("unknown_key", proof.id, error.sentence)
    if export.note is not None:
        _check_signature(export, export.note, kept.key)
    named = {key.key_id: key.public.public_bytes_raw() for key in export.history.keys}
    for path in sorted((export.folder / LOG / "keys").glob("*.pem")):
        if _raw(path) != named.get(path.name.partition(".")[0]):
            export.flaw("altered", path.name, f"{path.name} is not the key that the log names.")


def _check_signature(export: _Export, note: Note, pinned: Ed25519PublicKey | None) -> None:
    key = export.history.at(note.checkpoint.size)
    if key is None or note.checkpoint.origin != export.history.origin:
        export.flaw("unknown_key", NOTE, f"{NOTE} is signed with a key that no line of the log names.")
    elif not note.signed_by(key.public):
        ids = {each.key_id.hex() for each in note.signatures}
        if key.key_id in ids:
            export.flaw("altered", NOTE, f"{NOTE} bears a false signature: it isn't what key {key.key_id} signed.")
        else:
            export.flaw("unknown_key", NOTE, f"{NOTE} is signed with a key that no line of the log names.")
    if pinned is not None and not any(
        each.public.public_bytes_raw() == pinned.public_bytes_raw() for each in export.history.keys
    ):
        export.flaw("unknown_key", NOTE, "The key that was kept outside is not among the keys of this export.")


def _check_packages(export: _Export, members: Mapping[str, str]) -> tuple[int, int]:
    names = sorted(each for each in members if each.startswith(f"{PACKAGES}/"))
    counted = [0, 0]
    for is_supplement, flaws in in_parallel(lambda name: _check_package(export, name, members[name]), names):
        counted[is_supplement] += 1
        export.flaws += flaws
    there = {Path(name).stem for name in names}
    for name in sorted(set(export.proofs) - there):
        if not _KEY_PROOF.fullmatch(name):
            export.flaw("incomplete", name, f"{PROOFS}/{name}.json proves a package that isn't in the export.")
    return counted[0], counted[1]


def _check_package(export: _Export, name: str, digest: str) -> tuple[bool, list[Flaw]]:
    stem = Path(name).stem
    found = read_package(export.folder / name)
    sentences = [Flaw(each.kind, name, f"{stem}: {each.sentence}") for each in found.faults]
    proof = export.proofs.get(stem)
    if proof is None:
        said = f"{name} has no proof: nothing shows that the city's log holds it."
        return False, [*sentences, Flaw("incomplete", name, said)]
    said_altered = [Flaw("altered", name, sentence) for sentence in _against_proof(export, name, digest, proof)]
    if found.top != stem:
        said_altered.append(Flaw("altered", name, f"{name}: the bag inside is {found.top or 'none'}."))
    if found.record and proof.facts.get("type") == "supplement":
        said_altered += [Flaw("altered", name, each) for each in _parent(export, stem, found.record, proof)]
    return proof.facts.get("type") == "supplement", [*said_altered, *sentences]


def _against_proof(export: _Export, name: str, digest: str, proof: Proof) -> Iterator[str]:
    if proof.facts.get("sha256") != digest:
        yield f"{name} is not what was sealed: the city's log has another digest for it."


def _parent(export: _Export, stem: str, record: Mapping[str, object], proof: Proof) -> Iterator[str]:
    parent = record.get("parent")
    cited = parent if isinstance(parent, dict) else {}
    above = export.proofs.get(str(proof.facts.get("parent")))
    if cited.get("package_id") != proof.facts.get("parent"):
        yield f"{stem} cites another package than its line in the log does."
    elif above is not None and cited.get("sha256") != above.facts.get("sha256"):
        yield f"{stem} cites {above.id} with another digest than the log does."


def _against_outside(note: Note, kept: Outside) -> Iterator[Flaw]:
    for where, other in kept.notes:
        if other.checkpoint.size == note.checkpoint.size and other.checkpoint.root != note.checkpoint.root:
            yield Flaw("altered", NOTE, f"{NOTE} is not the checkpoint that was kept outside ({where}).")


def _remarks(note: Note, key: KnownKey | None, kept: Outside) -> Iterator[str]:
    if any(other.checkpoint.size != note.checkpoint.size for _, other in kept.notes):
        yield "The checkpoint that was kept outside is of another moment; only the archive can be held against it."
    if key is not None and kept.key is None:
        yield (
            f"The checkpoint is signed with key {key.key_id}. That it is the city's, only a copy kept outside can show:"
            " --key."
        )


def _raw(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return public_from_pem(file.read(1 << 14).decode("ascii")).public_bytes_raw()
    except (OSError, ValueError, TypeError):
        return b""
