"""The archive: where evidence is sealed, proven again, and never changed.

    root/packages/2026/11/20/ev-….zip     one package or supplement each, 0444
    root/log/entries.jsonl                one line each, hash-linked
    root/incoming/                        what is being written; empty between seals
    root/aside/                           found in packages/ and neither logged nor whole

``seal`` returns only after the package and its line are on the disk and were read back. It may be called again after
a crash at any point: the case that is sealed is not sealed twice.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from bot.errors import EvidenceError
from bot.evidence.canonical import utc
from bot.evidence.capture import Capture
from bot.evidence.chain.log import Head, Log, Pen
from bot.evidence.dossier import Dossier
from bot.evidence.packing import package as bag
from bot.evidence.packing.leaks import Leaks
from bot.evidence.packing.members import package_members, supplement_members
from bot.evidence.packing.package import Bag, Package
from bot.evidence.packing.record import record_of, supplement_record
from bot.evidence.packing.refs import (
    EvidenceRef,
    SupplementRef,
    package_info,
    recovered_line,
    ref_of,
    supplement_key,
    supplement_line,
    supplement_ref_of,
)
from bot.evidence.storage.shelf import Shelf, new_package_id
from connectors.contract import Exchange

__all__ = ["Archive", "EvidenceRef", "Printer", "SupplementRef"]

events = structlog.get_logger(__name__)

Ref = TypeVar("Ref")

_CASE = re.compile(r"[\x21-\x7e]{1,300}")


class Printer(Protocol):
    """Makes the card from a record (see ``bot.evidence.card.printer``)."""

    def pdf(self, record: Mapping[str, Any], picture: bytes | None = None) -> bytes: ...


class Archive:
    """The evidence of the city, in a directory. Safe to use from many threads and processes at once.

    ``reserve``: the share of the disk (0..1) that must stay free, else nothing is sealed. ``secrets``: none of them is
    ever sealed. Every method raises ``EvidenceError``, after which no act may follow.
    """

    def __init__(
        self,
        root: Path,
        printer: Printer,
        *,
        secrets: Iterable[str] = (),
        reserve: float = 0.05,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        disk_usage: Callable[[Path], Any] = shutil.disk_usage,
    ) -> None:
        self.root = root
        self._printer = printer
        self._leaks = Leaks(secrets)
        self._clock = clock
        self._log = Log(root / "log")
        self._shelf = Shelf(root, reserve, disk_usage)
        self._looked_round = False

    def seal(self, dossier: Dossier, capture: Capture | None) -> EvidenceRef:
        """Seal a case, or return the package in which it is sealed already. It is on the disk and read back."""
        if not _CASE.fullmatch(dossier.case_id):
            raise EvidenceError("A case id must be 1 to 300 printable ASCII characters without spaces.")
        sealed = self._of_case(dossier.case_id)
        if sealed is not None:
            return sealed
        package_id = new_package_id(dossier.captured_at)
        record = record_of(dossier, capture, package_id)
        card = self._printer.pdf(record, None if capture is None else capture.viewport_png)
        members = package_members(dossier, record, capture, card)
        package = self._packed(record, members, dossier.captured_at)
        with self._writing() as pen:
            # Another worker, or this one before a crash, may have sealed the case while the card was being set.
            if self._of_case(dossier.case_id) is None:
                self._put(pen, package, "package", {"case_id": dossier.case_id})
        return _there(self._of_case(dossier.case_id))

    def supplement(
        self,
        parent_id: str,
        key: str,
        kind: str,
        facts: Mapping[str, object],
        exchanges: tuple[Exchange, ...] = (),
    ) -> SupplementRef:
        """Seal what happened after ``parent_id`` was: an act, a decision. The parent isn't changed by a byte.

        The same parent, kind and key a second time adds nothing and returns the first. ``facts`` are JSON values.
        """
        parent = self.ref(parent_id)
        whole_key = supplement_key(parent.case_id, kind, key)
        done = self._supplemented(whole_key)
        if done is not None:
            return done
        at = self._clock()
        package_id = new_package_id(at)
        cited = {"package_id": parent_id, "sha256": parent.sha256, "case_id": parent.case_id}
        record = supplement_record(package_id, cited, key, kind, facts, exchanges, utc(at))
        package = self._packed(record, supplement_members(record, exchanges), at)
        with self._writing() as pen:
            if self._supplemented(whole_key) is None:
                self._put(pen, package, "supplement", supplement_line(record))
        return _there(self._supplemented(whole_key))

    def prove(self, ref: EvidenceRef) -> None:
        """Read the package and its line from disk again; returns only if both are exactly what was sealed."""
        line = self._line(ref.package_id)
        if line.get("sha256") != ref.sha256 or line.get("path") != ref.path or line.get("case_id") != ref.case_id:
            raise EvidenceError(f"The log says otherwise of package {ref.package_id}; run `beadle verify`.")
        self._shelf.check(ref.path, ref.sha256)

    def prove_package(self, package_id: str, sha256: str) -> None:
        """As ``prove``, for a caller who kept only the id and the digest."""
        ref = self.ref(package_id)
        if ref.sha256 != sha256:
            raise EvidenceError(f"The log says otherwise of package {package_id}; run `beadle verify`.")
        self.prove(ref)

    def ref(self, package_id: str) -> EvidenceRef:
        """What the log says of a package. Raises ``EvidenceError`` if it says nothing."""
        return ref_of(self._line(package_id))

    def read(self, package_id: str) -> Package:
        """A package or supplement, read from disk and checked against its line."""
        line = self._line(package_id)
        self._shelf.check(line["path"], line["sha256"])
        return bag.read(self.root / line["path"])

    def head(self) -> Head:
        """The end of the log, for the digest."""
        return self._log.head()

    def note(self, kind: str, facts: Mapping[str, object], key: str | None = None) -> None:
        """Add a line about the archive that needs no package (an export, a check). Nothing personal; safe to repeat
        with a ``key``."""
        with self._writing() as pen:
            pen.append(kind, facts, self._clock(), key)

    def _packed(self, record: Mapping[str, Any], members: Mapping[str, bytes], at: datetime) -> Bag:
        self._leaks.refuse(members)
        return bag.build(record["package_id"], members, package_info(record), at)

    def _put(self, pen: Pen, package: Bag, kind: str, facts: Mapping[str, object]) -> None:
        path = self._shelf.put(package.package_id, package.data)
        self._shelf.check(path, package.sha256)
        own = {"id": package.package_id, "path": path, "sha256": package.sha256, "size": len(package.data)}
        pen.append(kind, {**facts, **own, "manifest_sha256": package.manifest_sha256}, self._clock())

    @contextmanager
    def _writing(self) -> Iterator[Pen]:
        """The lock. What a crash left behind is put right first: at the first use, and after any holder was killed."""
        with self._log.writing() as pen:
            if pen.interrupted or not self._looked_round:
                self._recover(pen)
                self._looked_round = True
                pen.made_good()
            yield pen

    def _recover(self, pen: Pen) -> None:
        self._shelf.sweep()
        for path in self._shelf.packages():
            if self._log.index.package(path.stem) is None:
                self._adopt(pen, path)

    def _adopt(self, pen: Pen, path: Path) -> None:
        package = self._shelf.whole(path)
        if package is None:
            aside = self._shelf.put_aside(path)
            pen.append("set-aside", {"found": path.name, "path": aside}, self._clock())
            events.warning("a file among the packages is no package of ours", found=path.name, aside=aside)
            return
        own = {"id": package.package_id, "path": str(path.relative_to(self.root)), "sha256": bag.digest_of(path)}
        size = {"manifest_sha256": package.manifest_sha256, "size": path.stat().st_size}
        kind, facts = recovered_line(package.record)
        pen.append(kind, {**facts, **own, **size}, self._clock())
        events.warning("a package sealed before a crash was recovered", package=package.package_id)

    def _of_case(self, case_id: str) -> EvidenceRef | None:
        """The sealed package of a case, proven; ``None`` when there is none."""
        self._log.catch_up()
        place = self._log.index.case(case_id)
        if place is None:
            return None
        ref = ref_of(self._log.line_at(place).facts)
        self.prove(ref)
        return ref

    def _supplemented(self, key: str) -> SupplementRef | None:
        self._log.catch_up()
        place = self._log.index.keyed("supplement", key)
        if place is None:
            return None
        ref = supplement_ref_of(self._log.line_at(place).facts)
        self._shelf.check(ref.path, ref.sha256)
        return ref

    def _line(self, package_id: str) -> dict[str, Any]:
        self._log.catch_up()
        place = self._log.index.package(package_id)
        if place is None:
            raise EvidenceError(f"The evidence log has no line for package {package_id}; run `beadle verify`.")
        return self._log.line_at(place).facts


def _there(ref: Ref | None) -> Ref:
    """What was just sealed, read back from the log."""
    if ref is None:
        raise EvidenceError("What was just sealed is not in the evidence log; run `beadle verify`.")
    return ref
