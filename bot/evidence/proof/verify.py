"""Does the evidence still hold? Everything is read again and compared; nothing is mended and nothing written.

Exit codes (EV-12): 0 it holds, 2 something was altered, 3 something is missing or unfinished, 4 a time stamp is not
valid, 5 a key isn't known, 64 asked wrongly. Of several the first of 2, 3, 5, 4.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.evidence.chain.log import Head
from bot.evidence.proof.fixity import Reading, read_package
from bot.evidence.proof.folders import read_folder
from bot.evidence.proof.lines import LogReading, read_log
from bot.evidence.proof.outside import Outside
from bot.evidence.proof.places import LOG, archive_around, what_is
from bot.evidence.proof.received import verify_export
from bot.evidence.proof.report import Flaw, Report, refused, together
from bot.evidence.proof.seals import Seals, check_seals
from bot.evidence.proof.shelves import Progress, check_packages, check_sealed, check_shelf
from bot.evidence.proof.stamped import Stamps, check_stamps

__all__ = ["Flaw", "Outside", "Progress", "Report", "verify", "verify_archive", "verify_package"]

_SUPPLEMENT = "beadle-supplement/"
_ALONE = (
    "Checked by itself: the bag against its own manifests. Whether it is the one that was sealed, only the log of the"
    " archive, or the proof in an export, can tell."
)


def verify(path: Path, kept: Outside = Outside(), progress: Progress | None = None) -> Report:  # noqa: B008
    """Check whatever lies at ``path``: an archive, a package, a supplement, an unpacked one, or an export."""
    what = what_is(path)
    if what == "archive":
        return verify_archive(path, kept=kept, progress=progress)
    if what == "export":
        return verify_export(path, kept)
    if what in ("zip", "bag"):
        return verify_package(path, kept)
    if not path.exists():
        return refused(str(path), f"{path} is not there; name a package, an export or an archive.")
    return refused(str(path), f"{path} is not evidence: neither a package (ev-….zip), nor an export, nor an archive.")


def verify_package(path: Path, kept: Outside = Outside()) -> Report:  # noqa: B008
    """Check one package, zipped or unpacked. One that lies in an archive is held against its line of the log, and the
    log against its checkpoints; by itself a bag only shows that it fits its own manifests."""
    if not path.exists():
        return refused(str(path), f"{path} is not a file; name a package, ev-….zip.")
    try:
        found = read_folder(path) if path.is_dir() else read_package(path)
    except OSError as error:
        return refused(str(path), f"{path} can't be read ({error.strerror}).")
    alone = _of_package(path, found)
    root = archive_around(path)
    return alone if root is None else _in_archive(alone, root, path, found.top, kept)


def verify_archive(
    root: Path,
    head: Head | None = None,
    progress: Progress | None = None,
    *,
    kept: Outside = Outside(),  # noqa: B008
) -> Report:
    """Check the log, its checkpoints and their time stamps, every package against its line and its manifests, and that
    neither lacks the other.

    ``head`` and ``kept`` are what was published or kept outside: with them, cut or rewritten lines are found, too.
    """
    if not (root / LOG).is_file() and not (root / "packages").is_dir():
        return refused(str(root), f"{root} is not an archive: it has no log and no packages.")
    kept = kept if head is None else replace(kept, head=head)
    try:
        reading, seals = _log(root, kept)
        stamps = check_stamps(root / "log", seals.notes, kept, reading.times)
        shelf = [*check_packages(root, reading, progress), *check_shelf(root, reading)]
    except OSError as error:
        return refused(str(root), f"{root} can't be read ({error.strerror}).")
    report = _with_log(Report("archive", str(root)), reading, seals, stamps)
    sealed = reading.sealed.values()
    return replace(
        report,
        packages=sum(1 for each in sealed if not each.is_supplement),
        supplements=sum(1 for each in sealed if each.is_supplement),
        recovered=sum(1 for each in sealed if each.kind == "package-recovered"),
        size=sum(each.size for each in sealed),
        flaws=(*report.flaws, *shelf),
    )


def _log(root: Path, kept: Outside) -> tuple[LogReading, Seals]:
    reading = read_log(root / LOG)
    return reading, check_seals(root / "log", reading, kept)


def _with_log(report: Report, reading: LogReading, seals: Seals, stamps: Stamps) -> Report:
    return replace(
        report,
        lines=len(reading.digests),
        head=reading.head,
        checkpoints=len(seals.notes),
        signed=seals.newest,
        keys=tuple(key.key_id for key in seals.keys),
        stamps=stamps.stamps,
        flaws=(*report.flaws, *reading.flaws, *seals.flaws, *stamps.flaws),
        notes=together((*report.notes, *seals.remarks, *stamps.remarks)),
    )


def _of_package(path: Path, found: Reading) -> Report:
    is_supplement = str(found.record.get("schema", "")).startswith(_SUPPLEMENT)
    flaws = [Flaw(each.kind, path.name, each.sentence) for each in found.faults]
    if found.top and not path.is_dir() and found.top != path.stem:
        flaws.insert(0, Flaw("altered", path.name, f"The bag inside is {found.top}."))
    return Report(
        what="supplement" if is_supplement else "package",
        path=str(path),
        packages=int(not is_supplement),
        supplements=int(is_supplement),
        size=found.size,
        flaws=tuple(flaws),
        notes=(_ALONE,),
    )


def _in_archive(alone: Report, root: Path, path: Path, package_id: str, kept: Outside) -> Report:
    reading, seals = _log(root, kept)
    sealed = reading.sealed.get(path.stem) or reading.sealed.get(package_id)
    covering = [note for note in seals.notes if sealed is not None and note.checkpoint.size > sealed.number]
    # The first stamps over a line bind it to a time; of the many after it, the newest is enough.
    stamps = check_stamps(root / "log", dict.fromkeys((*covering[:3], *covering[-1:])), kept, reading.times)
    report = _with_log(replace(alone, notes=()), reading, seals, stamps)
    if sealed is None:
        said = f"The log of the archive has no line for {path.name}: it was put there, or lines were cut off."
        return replace(report, flaws=(Flaw("incomplete", path.name, said), *report.flaws))
    if (root / sealed.path).absolute() != path.absolute():
        said = f"The log places {sealed.package_id} elsewhere, at {sealed.path}."
        return replace(report, flaws=(Flaw("altered", path.name, said), *report.flaws))
    # Held against its line, each fault of the bag is named again: once is enough.
    rest = report.flaws[len(alone.flaws) :]
    said = f"It is line {sealed.number + 1} of the log of its archive."
    flaws = (*check_sealed(root, reading, sealed), *rest)
    return replace(report, line=sealed.number + 1, flaws=flaws, notes=(said, *report.notes))
