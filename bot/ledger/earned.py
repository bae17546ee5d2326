"""What people decided of the cases that scores found: what the scores' trust is counted from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger.cases import SETTLING
from bot.ledger.tables import Case, CaseStatus, Decision, Revision
from bot.ledger.verdicts import from_json

_AGREED = frozenset({CaseStatus.HIDDEN, CaseStatus.REMOVED, CaseStatus.BY_HAND})
_DISAGREED = frozenset({CaseStatus.KEPT, CaseStatus.RESTORED})
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Word:
    """One person's word on one score. ``policy`` is the digest of the pack by which the comment was judged.

    ``text`` is the fingerprint of the comment, empty for a short one: copies of one text are one event (FA-22).
    """

    policy: str
    rule_id: str
    score: float
    text: str
    agreed: bool


def words(session: Session, since: datetime) -> Iterator[Word]:
    """Every decided case with a finding of a score, opened since then. Only people's decisions count, not silence."""
    settled = (Decision.case_id == Case.case_id, col(Decision.verb).in_(SETTLING))
    spoken = select(Decision.id).where(*settled).exists()
    query = (
        select(Case.status, Revision.fingerprint, Revision.verdict)
        .join(Revision, col(Case.revision) == col(Revision.id))
        .where(Case.opened_at >= since, spoken, col(Case.status).in_(_AGREED | _DISAGREED))
        .order_by(col(Case.opened_at))
    )
    for status, text, stored in session.exec(query.execution_options(yield_per=_AT_A_TIME)):
        verdict = from_json(stored)
        for finding in verdict.findings:
            if not finding.enumerable:
                yield Word(verdict.policy.digest, finding.rule_id, finding.score, text, status in _AGREED)
