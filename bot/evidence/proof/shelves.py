"""The packages of an archive against the lines of its log: each is there, and what was sealed; nothing is too many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from bot.evidence.proof.fixity import Reading, in_parallel, read_package
from bot.evidence.proof.lines import LogReading, Sealed
from bot.evidence.proof.report import Flaw

Progress = Callable[[int, int], None]


def check_packages(root: Path, reading: LogReading, progress: Progress | None = None) -> Iterator[Flaw]:
    """Read every package that the log names, two at a time. ``progress`` is told how many of how many were read."""
    sealed = list(reading.sealed.values())
    check = partial(check_sealed, root, reading)
    for done, flaws in enumerate(in_parallel(check, sealed), start=1):
        yield from flaws
        if progress is not None:
            progress(done, len(sealed))


def check_sealed(root: Path, reading: LogReading, sealed: Sealed) -> list[Flaw]:
    """Read one package from disk and hold it against its line, its manifests and its parent's line."""
    relative = PurePosixPath(sealed.path)
    if relative.is_absolute() or ".." in relative.parts or relative.parts[:1] != ("packages",):
        return [Flaw("altered", sealed.path, f"The log places {sealed.package_id} outside the packages.")]
    try:
        found = read_package(root / sealed.path, checksums=False)
    except FileNotFoundError:
        return [Flaw("incomplete", sealed.path, f"{sealed.path} is in the log and not in the archive.")]
    except OSError as error:
        return [Flaw("incomplete", sealed.path, f"{sealed.path} can't be read ({error.strerror}).")]
    own = [Flaw(each.kind, sealed.path, f"{sealed.package_id}: {each.sentence}") for each in found.faults]
    said = [Flaw("altered", sealed.path, sentence) for sentence in _against_line(found, sealed, reading)]
    return [*said, *own]


def check_shelf(root: Path, reading: LogReading) -> Iterator[Flaw]:
    """What lies among the packages and shouldn't: files without a line, and links."""
    logged = {os.path.normpath(each.path) for each in reading.sealed.values()}
    for folder, folders, names in os.walk(root / "packages"):
        here = Path(folder)
        for name in sorted([*names, *(each for each in folders if (here / each).is_symlink())]):
            path = here / name
            relative = str(path.relative_to(root))
            if path.is_symlink():
                yield Flaw("altered", relative, f"{relative} is a link; the archive holds files only.")
            elif relative not in logged:
                yield Flaw("incomplete", relative, f"{relative} has no line in the log: sealing was broken off, lines"
                           " were cut off, or it was put there.")  # fmt: skip


def _against_line(found: Reading, sealed: Sealed, reading: LogReading) -> Iterator[str]:
    if found.sha256 != sealed.sha256:
        yield f"{sealed.path} is not what was sealed."
    if found.top and found.top != sealed.package_id:
        yield f"{sealed.path}: the bag inside is {found.top}."
    if found.sha256 == sealed.sha256 and sealed.manifest_sha256 not in ("", found.manifest_sha256):
        yield f"The log names another manifest for {sealed.package_id} than the one inside."
    record = found.record
    if record and record.get("case_id") != sealed.case_id:
        yield f"The log gives {sealed.package_id} to another case than its record does."
    if record and sealed.is_supplement:
        yield from parent_faults(record, sealed, reading)


def parent_faults(record: dict[str, object], sealed: Sealed, reading: LogReading) -> Iterator[str]:
    """A supplement must cite the package that its line cites, with the digest that the log gives that package."""
    parent = record.get("parent")
    cited = parent if isinstance(parent, dict) else {}
    above = reading.sealed.get(sealed.parent or "")
    if cited.get("package_id") != sealed.parent:
        yield f"{sealed.package_id} cites another package than its line in the log does."
    elif above is None or above.number > sealed.number or above.is_supplement:
        yield f"{sealed.package_id} belongs to {sealed.parent}, of which no earlier line speaks."
    elif cited.get("sha256") != above.sha256 or above.case_id != sealed.case_id:
        yield f"{sealed.package_id} cites {sealed.parent} with another digest, or case, than the log does."
    elif cited.get("log_line_sha256", reading.digests[above.number]) != reading.digests[above.number]:
        yield f"{sealed.package_id} cites another line of the log for {sealed.parent} than the one that sealed it."
