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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot.errors import EvidenceError
from bot.evidence.binder import Binder, Printer
from bot.evidence.capture import Capture
from bot.evidence.chain.log import Head, Line, Log, Pen, read_lines
from bot.evidence.dossier import Dossier
from bot.evidence.packing import package as bag
from bot.evidence.packing.circumstances import PublicKey
from bot.evidence.packing.leaks import Leaks
from bot.evidence.packing.package import Bag, Package
from bot.evidence.packing.refs import (
    EvidenceRef,
    SupplementRef,
    recovered_line,
    ref_of,
    supplement_key,
    supplement_line,
    supplement_ref_of,
)
from bot.evidence.packing.supplements import Cited, Later
from bot.evidence.storage.shelf import Shelf, new_package_id
from bot.evidence.wacz.page import Signer
from connectors.contract import Exchange

__all__ = ["Archive", "EvidenceRef", "Printer", "SupplementRef"]

events = structlog.get_logger(__name__)

Ref = TypeVar("Ref")

_CASE = re.compile(r"[\x21-\x7e]{1,300}")


class Archive:
    """The evidence of the city, in a directory. Safe to use from many threads and processes at once.

    ``reserve``: the share of the disk (0..1) that must stay free, else nothing is sealed. ``secrets``: none of them is
    ever sealed. ``signer`` signs the record of a page's traffic. Every method raises ``EvidenceError``, after which no
    act may follow.
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
        signer: Signer | None = None,
    ) -> None:
        self.root = root
        self._binder = Binder(printer, Leaks(secrets), self._key, signer)
        self._clock = clock
        self._log = Log(root / "log")
        self._shelf = Shelf(root, reserve, disk_usage)
        self._looked_round = False

    @property
    def log(self) -> Log:
        """The log, for whoever signs it (see ``bot.evidence.chain.notary``)."""
        return self._log

    def hide(self, secrets: Iterable[str]) -> None:
        """Never seal these either from now on: credentials that were renewed."""
        self._binder.leaks.add(secrets)

    def seal(self, dossier: Dossier, capture: Capture | None) -> EvidenceRef:
        """Seal a case, or return the package in which it is sealed already. It is on the disk and read back."""
        if not _CASE.fullmatch(dossier.case_id):
            raise EvidenceError("A case id must be 1 to 300 printable ASCII characters without spaces.")
        sealed = self._of_case(dossier.case_id)
        if sealed is not None:
            return sealed
        package = self._binder.package(dossier, capture, new_package_id(dossier.captured_at))
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
        exchanges: Sequence[Exchange] = (),
        *,
        capture: Capture | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> SupplementRef:
        """Seal what happened after ``parent_id`` was: an act, a decision. The parent isn't changed by a byte.

        The same parent, kind and key a second time adds nothing and returns the first. ``kind`` is one of
        ``packing.supplements.KINDS``, ``facts`` are JSON values; ``files`` maps plain names of ours to their bytes.
        """
        later = Later(key, kind, facts, capture, files or {})
        parent = self._cited(parent_id)
        whole_key = supplement_key(parent.case_id, kind, key)
        done = self._supplemented(whole_key)
        if done is not None:
            return done
        at = self._clock()
        package = self._binder.supplement(parent, later, exchanges, new_package_id(at), at)
        line = supplement_line(parent.case_id, parent_id, kind, key)
        with self._writing() as pen:
            if self._supplemented(whole_key) is None:
                self._put(pen, package, "supplement", line)
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

    def sealed(self, case_id: str) -> EvidenceRef | None:
        """The package in which a case is sealed, proven; ``None`` when it isn't yet."""
        return self._of_case(case_id)

    def restricted(self, name: str) -> bool:
        """Whether a package, or a case, is restricted (EV-20): its media and pictures are neither shown, posted, handed
        out nor copied. Said by the log's lines of type ``restricted``. Never raises: an alert must go out, and nothing
        of a package can be read anyway while the log is broken."""
        with suppress(EvidenceError):
            self._log.catch_up()
        return self._log.index.restricted(name)

    def noted(self, kind: str, key: str) -> bool:
        """Whether there is a line of this type with this key."""
        self._log.catch_up()
        return self._log.index.keyed(kind, key) is not None

    def not_copied(self, sha256: str) -> bool:
        """Whether the medium of this digest hangs on a restricted case, and so is never copied again."""
        self._log.catch_up()
        return self._log.index.not_copied(sha256)

    def head(self) -> Head:
        """The end of the log, for the digest."""
        return self._log.head()

    def lines(self, offset: int = 0) -> Iterator[Line]:
        """The whole lines of the log from ``offset`` on (bytes), without their newlines, after a look at the chain.
        Their true number is the ``seq`` in their facts."""
        self._log.catch_up()
        for line in read_lines(self.root / "log" / "entries.jsonl", offset):
            if line.data.endswith(b"\n"):
                yield Line(line.number, line.offset, line.data[:-1])

    def note(self, kind: str, facts: Mapping[str, object], key: str | None = None) -> None:
        """Add a line about the archive that needs no package (an export, a check). Nothing personal; safe to repeat
        with a ``key``."""
        with self._writing() as pen:
            pen.append(kind, facts, self._clock(), key)

    def _key(self) -> PublicKey | None:
        """The key that signs the log now, as the log itself names it; ``None`` before there is one."""
        self._log.catch_up()
        place = self._log.index.signs()
        if place is None:
            return None
        facts = self._log.line_at(place).facts
        return PublicKey(facts["key_id"], facts["public_pem"])

    def _cited(self, package_id: str) -> Cited:
        """A package as its supplements cite it, with its place in the log."""
        self._log.catch_up()
        place = self._log.index.package(package_id)
        ref, facts = self.ref(package_id), self._line(package_id)
        assert place is not None, "ref would have raised"
        # Lines from before this field was written: then the package says it.
        tags = facts.get("tagmanifest_sha256") or self.read(package_id).tagmanifest_sha256
        return Cited(package_id, ref.case_id, ref.sha256, tags, place.number, place.sha256)

    def _put(self, pen: Pen, package: Bag, kind: str, facts: Mapping[str, object]) -> None:
        path = self._shelf.put(package.package_id, package.data)
        self._shelf.check(path, package.sha256)
        own = {"id": package.package_id, "path": path, "sha256": package.sha256, "size": len(package.data)}
        bagged = {"manifest_sha256": package.manifest_sha256, "tagmanifest_sha256": package.tagmanifest_sha256}
        pen.append(kind, {**facts, **own, **bagged}, self._clock())

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
        bagged = {"manifest_sha256": package.manifest_sha256, "tagmanifest_sha256": package.tagmanifest_sha256}
        kind, facts = recovered_line(package.record)
        pen.append(kind, {**facts, **own, **bagged, "size": path.stat().st_size}, self._clock())
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
