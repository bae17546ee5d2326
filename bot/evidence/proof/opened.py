"""Lays a package open in a folder: its files, and one page that shows it and what was sealed after it.

The page runs no script and loads nothing. Files that a browser would run (the page's HTML, as the platform sent it) are
given names that end in ``.txt``.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.errors import EvidenceError
from bot.evidence.packing import package as bag
from bot.evidence.packing.package import Package
from bot.evidence.proof.fixity import read_package
from bot.evidence.proof.lines import LogReading, read_log
from bot.evidence.proof.outside import Outside
from bot.evidence.proof.peek import Peek
from bot.evidence.proof.places import LOG, archive_around
from bot.evidence.proof.report import Report
from bot.evidence.proof.shelves import check_sealed
from bot.evidence.proof.verify import verify_package
from bot.evidence.proof.view import Seen, view_of

PAGE = "index.html"
LARGEST = 1 << 30
_TEMPLATES = Path(__file__).parent / "templates"
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".heic"})
_FILMS = frozenset({".mp4", ".mov", ".webm", ".mp3", ".ogg"})
_AS_IT_IS = _PICTURES | _FILMS | {".pdf", ".json", ".txt", ".gz", ".wacz", ".bin"}
_NOT_OF_RESTRICTED = ("data/media/", "data/capture/", "data/card/", "data/files/")
_SIBLINGS = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """Where the page lies, and what the check of the package found."""

    page: Path
    report: Report


@dataclass(frozen=True, slots=True)
class _Found:
    """What is to be shown: a package, the supplements that cite it, and what the log says besides."""

    path: Path
    later: tuple[Path, ...] = ()
    restricted: bool = False
    exports: tuple[Peek, ...] = ()
    report: Report = Report()  # noqa: RUF009  (frozen)


def lay_open(path: Path, folder: Path, kept: Outside = Outside(), *, now: datetime | None = None) -> Opened:  # noqa: B008
    """Unpack the package at ``path`` and its supplements into the empty ``folder`` and write its page there.

    Of a supplement in an archive, the package that it belongs to is shown. Raises ``EvidenceError`` for what is no
    package at all; one that was altered is shown with what is wrong.
    """
    found = _find(path, kept)
    first = _unpack(found.path, folder, restricted=found.restricted)
    later = [_unpack(each, folder, restricted=found.restricted) for each in found.later]
    view = view_of(
        first,
        later,
        found.report,
        restricted=found.restricted,
        made_at=now or datetime.now(UTC),
        exports=found.exports,
    )
    page = folder / PAGE
    _write(page, _rendered(view).encode("utf-8", "backslashreplace"))
    return Opened(page, found.report)


def package_of(root: Path, name: str) -> Path | None:
    """The package of an archive with this id, or of the case with this id; ``None`` where the log has neither."""
    reading = read_log(root / LOG)
    sealed = reading.sealed.get(name)
    if sealed is None:
        sealed = next(
            (each for each in reading.sealed.values() if each.case_id == name and not each.is_supplement), None
        )
    return None if sealed is None else root / sealed.path


def _find(path: Path, kept: Outside) -> _Found:
    root = archive_around(path)
    if root is None:
        report = verify_package(path, kept)
        return _Found(path, tuple(_beside(path)), report=report)
    reading = read_log(root / LOG)
    sealed = reading.sealed.get(path.stem)
    if sealed is not None and sealed.is_supplement and sealed.parent in reading.sealed:
        sealed = reading.sealed[sealed.parent]
        path = root / sealed.path
    report = verify_package(path, kept)
    if sealed is None:
        return _Found(path, report=report)
    return _in_log(root, path, reading, sealed.package_id, report)


def _in_log(root: Path, path: Path, reading: LogReading, package_id: str, report: Report) -> _Found:
    supplements = reading.supplements_of(package_id)
    flaws = [flaw for each in supplements for flaw in check_sealed(root, reading, each)]
    names = {package_id, reading.sealed[package_id].case_id}
    exports = [Peek(each) for each in reading.exports if package_id in (each.get("ids") or ())]
    return _Found(
        path,
        tuple(root / each.path for each in supplements if (root / each.path).is_file()),
        bool(names & reading.restricted),
        tuple(exports),
        replace(report, supplements=len(supplements), flaws=(*report.flaws, *flaws)),
    )


def _beside(path: Path) -> Iterator[Path]:
    """In an export, the supplements lie beside their package."""
    if path.parent.name != "packages":
        return
    for other in sorted(path.parent.glob("ev-*.zip"))[:_SIBLINGS]:
        if other != path and other.is_file():
            parent = Peek(read_package(other).record)["parent"]["package_id"].text
            if parent == path.stem:
                yield other


def _unpack(path: Path, folder: Path, *, restricted: bool) -> Seen:
    if path.stat().st_size > LARGEST:
        raise EvidenceError(f"{path.name} is too large to be shown; unpack it with `unzip`.")
    package = bag.read(path)
    files = dict(_files(package, folder, restricted=restricted))
    return Seen(package, bag.digest_of(path), path.stat().st_size, files)


def _files(package: Package, folder: Path, *, restricted: bool) -> Iterator[tuple[str, str]]:
    closed = _closed(package, restricted)
    for name, data in sorted(package.members.items()):
        parts = name.split("/")
        if name in closed or len(parts) > 6 or not all(_PART.fullmatch(part) for part in parts):
            continue
        if Path(name).suffix not in _AS_IT_IS:
            parts[-1] += ".txt"
        address = "/".join((package.package_id, *parts))
        target = folder / address
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(target, data)
        yield name, address


def _closed(package: Package, restricted: bool) -> set[str]:
    """What is not unpacked: attachments that may not be shown, and of a restricted package every picture."""
    named = {each["file"].text for each in Peek(package.record)["media"].each(_SIBLINGS) if each["restricted"].yes}
    return named | {name for name in package.members if restricted and name.startswith(_NOT_OF_RESTRICTED)}


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _rendered(view: Mapping[str, object]) -> str:
    style = (_TEMPLATES / "package.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    words = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The style sheet is ours, and named by its digest: no other style, and no script, runs in the page.
    style_of_ours = Markup(style)  # noqa: S704
    return words.get_template("package.html.j2").render(view, style=style_of_ours, style_sha256=digest)
