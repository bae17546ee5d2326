"""Preserve one case: read again, fetch what hangs on it, picture the page, seal, and restrict what must not be shown.

    read again → media → picture (none where a medium may not be copied) → seal → restricted, in the log

A kill at any point leaves nothing outside the archive; the second run finds what the first one sealed, adds what is
missing after it, and reads back what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.desk import Desk
from bot.evidence.capture import Capture, Capturer
from bot.evidence.dossier import Dossier, Medium
from bot.evidence.media.hosts import media_hosts
from bot.evidence.store import Archive, EvidenceRef
from bot.ledger.cases import File
from bot.outcomes import Sealed
from connectors.contract import Attachment, ConnectorError, Exchange, Reading

log = structlog.get_logger(__name__)

UNREAD = "The comment could not be read again at capture: {because}"
GONE = "The comment was gone when it was read again at capture."
EDITED = "The comment had been edited when it was read again at capture."
NO_PICTURE = "No picture of the page was taken: a file that may not be copied hangs on the comment."
NO_BROWSER = "The terms of {platform} let no browser of a program open its pages; the record is kept instead."
BY_LIST = "hash list"

NOT_EMBEDDED = "What the platform gives to whoever embeds the comment could not be had: {because}"

Embedded = Callable[[str, str | None, Sequence[str]], Exchange | str | None]
Media = Callable[[Sequence[Attachment], Sequence[str]], tuple[Medium, ...]]
MakeDossier = Callable[[Desk, File, Reading | None, Sequence[str], Sequence[str]], Dossier]


def no_media(attachments: Sequence[Attachment], hosts: Sequence[str]) -> tuple[Medium, ...]:
    """Fetches nothing: for commands that preserve nothing."""
    return ()


def not_embedded(platform: str, permalink: str | None, hosts: Sequence[str]) -> Exchange | str | None:
    """Asks nobody: for commands that preserve nothing."""
    return None


@dataclass(frozen=True, slots=True)
class Preserving:
    """Seals cases. ``media`` fetches attachments from the hosts that it is given, and from no other; ``embedded`` asks
    for the comment's text where a platform's terms forbid a picture of it."""

    archive: Archive
    capturer: Capturer
    media: Media
    dossier: MakeDossier
    embedded: Embedded = not_embedded

    def case(self, desk: Desk, file: File, earlier: Sequence[str]) -> Sealed:
        """Seal a case, or find its seal. ``earlier``: packages of the same account. Raises ``EvidenceError``."""
        ref = self.archive.sealed(file.case.case_id) or self._seal(desk, file, earlier)
        record = self.archive.read(ref.package_id).record
        self._restrict(ref, record)
        return _outcome(ref, record["capture"], self.archive.restricted(ref.package_id))

    def _seal(self, desk: Desk, file: File, earlier: Sequence[str]) -> EvidenceRef:
        reading, gaps = _read_again(desk, file)
        media = self._media(desk, file, reading)
        capture = self._capture(desk, file, reading, media)
        dossier = replace(self.dossier(desk, file, reading, earlier, gaps), media=media)
        return self.archive.seal(self._with_embedded(dossier, desk, file), capture)

    def _with_embedded(self, dossier: Dossier, desk: Desk, file: File) -> Dossier:
        """With the answer that stands for a picture, where there may be none; with the reason, where there is none."""
        found = self.embedded(file.comment.platform, file.comment.permalink, desk.page.public_hosts)
        if isinstance(found, str):
            return replace(dossier, gaps=(*dossier.gaps, NOT_EMBEDDED.format(because=found)))
        return dossier if found is None else replace(dossier, exchanges=(*dossier.exchanges, found))

    def _media(self, desk: Desk, file: File, reading: Reading | None) -> tuple[Medium, ...]:
        attachments = _attachments(file, reading)
        if not attachments:
            return ()
        page = desk.page
        hosts = media_hosts(page.platform, page.public_hosts, stand_in=page.base_url is not None)
        return self.media(attachments, hosts)

    def _capture(self, desk: Desk, file: File, reading: Reading | None, media: Sequence[Medium]) -> Capture | None:
        if any(medium.restricted for medium in media):
            # The page could show it. The words stand in the platform's answer, which is sealed.
            return Capture("refused", NO_PICTURE, url_asked=file.comment.permalink)
        if reading is not None and reading.comment is None:
            return None
        comment, words = file.comment, file.revision.text
        if not desk.connector.capabilities.pictures:
            return Capture("refused", NO_BROWSER.format(platform=comment.platform), url_asked=comment.permalink)
        return self.capturer.capture(comment.permalink, words, comment.comment_id, comment.platform)

    def _restrict(self, ref: EvidenceRef, record: dict[str, Any]) -> None:
        """Say in the log what the sealed record says: from the record, so that a crash in between loses nothing."""
        digests = [medium["sha256"] for medium in record.get("media", ()) if medium["restricted"]]
        if digests:
            facts = {"package": ref.package_id, "case_id": ref.case_id, "media": digests, "by": BY_LIST}
            self.archive.note("restricted", facts, key=f"{ref.package_id}/{BY_LIST}")
            log.warning("a case is restricted", case=ref.case_id, package=ref.package_id)


def _read_again(desk: Desk, file: File) -> tuple[Reading | None, list[str]]:
    """The comment as it stands now, for the package. A platform that is down must not stop the sealing."""
    try:
        reading = desk.connector.read(file.ref)
    except ConnectorError as error:
        return None, [UNREAD.format(because=error.sentence)]
    if reading.comment is None:
        return reading, [GONE]
    if reading.comment.revision != file.revision.digest:
        return reading, [EDITED]
    return reading, []


def _attachments(file: File, reading: Reading | None) -> tuple[Attachment, ...]:
    """What hung on the judged words; with the addresses of this minute, which platforms sign anew at each answer."""
    stands = reading.comment if reading is not None else None
    if stands is not None and stands.revision == file.revision.digest:
        return stands.attachments
    return file.as_comment().attachments


def _outcome(ref: EvidenceRef, capture: dict[str, Any], restricted: bool) -> Sealed:
    proof = bool(capture["comment_text_visible"])
    pictured = capture.get("viewport_sha256") is not None
    return Sealed(
        status="sealed",
        because="",
        package_id=ref.package_id,
        path=ref.path,
        sha256=ref.sha256,
        manifest_sha256=ref.manifest_sha256,
        picture="proof" if proof else "kept" if pictured else "none",
        picture_reason="" if proof or capture["status"] == "not_asked" else str(capture["reason"]),
        restricted=restricted,
    )
