"""From a case's file to the alert that people read: where it stands, under which clause, and what is proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from sqlmodel import Session

import connectors
from bot.desk import Desk
from bot.errors import EvidenceError
from bot.evidence.media.thumbnail import thumbnail
from bot.evidence.store import Archive
from bot.ledger import acts
from bot.ledger.cases import File
from bot.ledger.tables import CaseStatus
from bot.moderation.policy import PolicyPack
from bot.notify.alerts import Alert, Standing

_STANDING = {
    CaseStatus.HIDDEN: Standing.HIDDEN,
    CaseStatus.WAITING: Standing.WAITS,
    CaseStatus.OPENED: Standing.WAITS,
    CaseStatus.SEALED: Standing.WAITS,
    CaseStatus.PAUSED: Standing.NOT_HIDDEN,
    CaseStatus.QUARANTINED: Standing.NOT_HIDDEN,
    CaseStatus.GONE: Standing.GONE,
    CaseStatus.KEPT: Standing.KEPT,
    CaseStatus.RESTORED: Standing.RESTORED,
    CaseStatus.REMOVED: Standing.REMOVED,
    CaseStatus.SUPERSEDED: Standing.CLOSED,
    CaseStatus.BY_HAND: Standing.BY_HAND,
}


@dataclass(frozen=True, slots=True)
class Alerts:
    """Builds alerts. ``pack`` finds a policy by slug and version; ``restricted`` says of a case whether its media may
    be shown (``Archive.restricted``)."""

    city: str
    pack: Callable[[str, str], PolicyPack]
    restricted: Callable[[str], bool]

    def __call__(self, desk: Desk, file: File, session: Session) -> Alert:
        """The alert of one case as it stands now."""
        verdict, comment = file.verdict, file.comment
        pack = self.pack(verdict.policy.slug, verdict.policy.version)
        standing = acts.standing(session, comment.platform, comment.author_id)
        private = tuple(span for f in verdict.findings if f.category == "pii" for span in f.spans)
        return Alert(
            case_id=file.case.case_id,
            city=self.city,
            page=desk.page.name,
            platform=connectors.spoken(comment.platform),
            clauses=tuple((clause, pack.clause(clause).summary) for clause in verdict.clauses),
            policy=pack.title,
            policy_version=verdict.policy.version,
            reasons=tuple(dict.fromkeys(finding.reason for finding in verdict.findings)),
            categories=frozenset(finding.category for finding in verdict.findings),
            text=file.revision.text,
            posted_at=comment.posted_at,
            standing=_STANDING[CaseStatus(file.case.status)],
            because=file.case.because,
            effect=desk.connector.capabilities.effect if file.case.status == CaseStatus.HIDDEN else "",
            urgent=file.case.urgent,
            restricted=self.restricted(file.case.case_id),
            spans=tuple(span for finding in verdict.findings for span in finding.spans),
            private=private,
            author=comment.author_name,
            author_id=comment.author_id,
            post_text=file.post_text,
            permalink=comment.permalink,
            digest=file.evidence.sha256 if file.evidence else None,
            picture=_worth(file),
            picture_reason=file.evidence.picture_reason if file.evidence else "",
            strikes=standing.confirmed,
            strikes_provisional=standing.provisional,
            withheld=desk.withheld is not None,
            can_hide=desk.hider is not None,
        )


@dataclass(frozen=True, slots=True)
class Pictures:
    """Finds the picture for an alert in the sealed package; the rendering, where there is no picture.

    A picture of a stranger's page is never handed on as it is: ``small`` makes it anew, small and without metadata, and
    gives ``None`` for one that is better not looked at.
    """

    archive: Archive
    rendering: Callable[[dict[str, object]], bytes]
    small: Callable[[bytes], bytes | None] = thumbnail

    def __call__(self, file: File) -> bytes | None:
        """PNG bytes, or ``None`` before the seal, and for what is restricted."""
        if file.evidence is None or self.archive.restricted(file.evidence.package_id):
            return None
        try:
            package = self.archive.read(file.evidence.package_id)
        except EvidenceError:
            return None  # the alert goes out all the same and says what the evidence is worth
        made = None if package.picture is None else self.small(package.picture)
        return made or self.rendering(package.record)


def _worth(file: File) -> Literal["proof", "kept", "none"]:
    found = file.evidence.picture if file.evidence else "none"
    return cast(Literal["proof", "kept", "none"], found)
