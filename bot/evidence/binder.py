"""Binds a package: record, card, archives of the traffic, custody, and the last look for secrets. Writes nothing.

The same dossier and capture, under the same id, are the same bytes, whichever process binds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from bot import __version__
from bot.evidence.canonical import utc
from bot.evidence.capture import Capture
from bot.evidence.dossier import Dossier
from bot.evidence.packing import package as bag
from bot.evidence.packing.answers import Mask, fit
from bot.evidence.packing.circumstances import PublicKey
from bot.evidence.packing.custody import Event, answered, custody_of, events_of, looked, sealing
from bot.evidence.packing.leaks import Leaks
from bot.evidence.packing.members import (
    CARD,
    DOM,
    PAGE,
    WARC,
    api_members,
    context_members,
    package_members,
    supplement_members,
)
from bot.evidence.packing.package import Bag
from bot.evidence.packing.record import record_of
from bot.evidence.packing.refs import package_info
from bot.evidence.packing.supplements import Cited, Later, supplement_record
from bot.evidence.wacz.api import api_warc
from bot.evidence.wacz.page import Signer, page_wacz, scannable
from connectors.contract import Exchange

LARGEST_PICTURE = 20 * 1024 * 1024
LARGEST_PAGE = 40 * 1024 * 1024

TOO_LARGE = "{what} had {size:,} bytes, more than is kept of one; it is left out."
SECRET_ON_PAGE = "The record of the page's traffic is left out: a secret of the city stood in it."  # noqa: S105
NOT_PICTURED = "No picture of the page and no record of its traffic is kept: they could show what may not be copied."
_SOFTWARE = f"beadle {__version__}"
_CUSTODIAN = "records custodian"


class Printer(Protocol):
    """Makes the card from a record (see ``bot.evidence.card.printer``)."""

    def pdf(self, record: Mapping[str, Any], picture: bytes | None = None) -> bytes: ...


@dataclass(slots=True)
class _Findings:
    """What was masked or left out on the way."""

    masks: list[Mask] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Binder:
    """Makes packages and supplements. ``key`` gives the public key in use; ``signer`` signs the page's traffic."""

    printer: Printer
    leaks: Leaks
    key: Callable[[], PublicKey | None] = lambda: None
    signer: Signer | None = None

    def package(self, dossier: Dossier, capture: Capture | None, package_id: str) -> Bag:
        """The package of a case. Raises ``EvidenceError`` where the card can't be set or a secret is left in it."""
        found, at, key = _Findings(), dossier.captured_at, self.key()
        answers = fit(dossier.exchanges, self.leaks)
        capture = self._fit(_shown(capture, dossier, found), found)
        context = self._masked(context_members(dossier), found)
        page = self._page(capture, package_id, at, found)
        record = record_of(dossier, capture, package_id, answers=answers, masks=found.masks, gaps=found.gaps, key=key)
        members = {
            **package_members(dossier, record, capture),
            **context,
            **self._traffic(answers.exchanges, page, package_id),
            **({} if key is None else {key.member: key.pem.encode()}),
            CARD: self.printer.pdf(record, None if capture is None else capture.viewport_png),
        }
        signed = at if page is not None and self.signer is not None else None
        events = [*events_of(dossier, capture, answers, found.masks, signed=signed)]
        return self._bound(record, members, at, events, dossier.custodian_role)

    def supplement(
        self, parent: Cited, later: Later, exchanges: Sequence[Exchange], package_id: str, at: datetime
    ) -> Bag:
        """What happened after. Raises ``EvidenceError`` where a secret is left in it."""
        found = _Findings()
        answers = fit(exchanges, self.leaks)
        later = replace(later, capture=self._fit(later.capture, found))
        page = self._page(later.capture, package_id, at, found)
        answers = replace(answers, masks=(*answers.masks, *found.masks))
        record = supplement_record(package_id, parent, later, answers, utc(at), found.gaps)
        members = {
            **supplement_members(record, later.capture, later.files),
            **self._traffic(answers.exchanges, page, package_id),
        }
        events = [*answered(answers), *([looked(later.capture, at)] if later.capture is not None else [])]
        return self._bound(record, members, at, events, _CUSTODIAN)

    def _fit(self, capture: Capture | None, found: _Findings) -> Capture | None:
        """The capture as it is kept: without secrets in its text, without pictures that are out of all proportion."""
        if capture is None:
            return None
        for name, png in (("viewport_png", capture.viewport_png), ("comment_png", capture.comment_png)):
            if png is not None and len(png) > LARGEST_PICTURE:
                found.gaps.append(TOO_LARGE.format(what=f"data/capture/{name.replace('_', '.')}", size=len(png)))
                capture = replace(capture, **{name: None})  # type: ignore[arg-type]
        if capture.dom_html is None:
            return capture
        html, spans = self.leaks.mask_text(capture.dom_html)
        if spans:
            found.masks.append(Mask(DOM, "body", spans))
        return replace(capture, dom_html=html)

    def _masked(self, members: Mapping[str, bytes], found: _Findings) -> dict[str, bytes]:
        clean: dict[str, bytes] = {}
        for name, data in members.items():
            clean[name], spans = self.leaks.mask(data)
            if spans:
                found.masks.append(Mask(name, "body", spans))
        return clean

    def _page(self, capture: Capture | None, package_id: str, at: datetime, found: _Findings) -> bytes | None:
        """The record of the page's traffic. It is signed and compressed, so a secret in it can't be masked after."""
        if capture is None or not capture.exchanges:
            return None
        if any(self.leaks.find(piece) for _, piece in scannable(capture)):
            found.gaps.append(SECRET_ON_PAGE)
            return None
        page = page_wacz(capture, package_id, self.signer, at)
        if page is not None and len(page) > LARGEST_PAGE:
            found.gaps.append(TOO_LARGE.format(what=PAGE, size=len(page)))
            return None
        return page

    def _traffic(self, exchanges: Sequence[Exchange], page: bytes | None, package_id: str) -> dict[str, bytes]:
        """The exchanges, file by file and as archives. What the archives compress was searched for secrets before."""
        warc = api_warc(exchanges, package_id)
        return {
            **api_members(exchanges),
            **({WARC: warc} if warc else {}),
            **({PAGE: page} if page is not None else {}),
        }

    def _bound(
        self, record: Mapping[str, Any], members: Mapping[str, bytes], at: datetime, events: Sequence[Event], role: str
    ) -> Bag:
        package_id, info = record["package_id"], package_info(record)
        self.leaks.refuse({**members, "bag-info.txt": "\n".join(info.values()).encode()})

        def custody(manifest_sha256: str) -> bytes:
            return custody_of([*events, *sealing(package_id, manifest_sha256, at)], package_id, _SOFTWARE, role)

        return bag.build(package_id, members, info, at, custody)


def _shown(capture: Capture | None, dossier: Dossier, found: _Findings) -> Capture | None:
    """The capture without anything that could show a medium that may not be copied (EV-20), whoever took it."""
    restricted = any(medium.restricted for medium in dossier.media)
    if capture is None or not restricted or not (capture.viewport_png or capture.comment_png or capture.exchanges):
        return capture
    found.gaps.append(NOT_PICTURED)
    return replace(capture, viewport_png=None, comment_png=None, exchanges=(), comment_text_visible=False)
