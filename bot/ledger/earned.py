"""What people decided of the cases that rules found: what a rule's trust is counted from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, or_, select

from bot.ledger.cases import SETTLING
from bot.ledger.tables import Case, CaseStatus, Decision, Revision
from bot.ledger.verdicts import from_json

_AGREED = frozenset({CaseStatus.HIDDEN, CaseStatus.REMOVED, CaseStatus.BY_HAND})
_DISAGREED = frozenset({CaseStatus.KEPT, CaseStatus.RESTORED})
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Word:
    """One person's word on one rule. ``policy`` is the digest of the pack by which the comment was judged.

    ``text`` is the fingerprint of the comment, empty for a short one: copies of one text are one event (FA-22). ``at``:
    when the case was opened.
    """

    page: str
    policy: str
    rule_id: str
    enumerable: bool
    score: float
    text: str
    agreed: bool
    at: datetime


def words(session: Session, since: datetime, page: str | None = None) -> Iterator[Word]:
    """Every rule's finding in a decided case opened since then. Only people's decisions count, not silence.

    What somebody showed again on the platform itself is a person's decision too, and it is against the rule.
    """
    settled = (Decision.case_id == Case.case_id, col(Decision.verb).in_(SETTLING))
    spoken = or_(select(Decision.id).where(*settled).exists(), col(Case.status) == CaseStatus.RESTORED)
    query = (
        select(Case, Revision.fingerprint, Revision.verdict)
        .join(Revision, col(Case.revision) == col(Revision.id))
        .where(Case.opened_at >= since, spoken, col(Case.status).in_(_AGREED | _DISAGREED))
        .order_by(col(Case.opened_at))
    )
    if page is not None:
        query = query.where(Case.page == page)
    for case, text, stored in session.exec(query.execution_options(yield_per=_AT_A_TIME)):
        verdict = from_json(stored)
        for finding in verdict.findings:
            digest, agreed = verdict.policy.digest, case.status in _AGREED
            yield Word(
                case.page, digest, finding.rule_id, finding.enumerable, finding.score, text, agreed, case.opened_at
            )


def mark(session: Session) -> tuple[int, datetime | None]:
    """What changes whenever a decision was carried out: how many were, and when the last one was."""
    query = select(func.count(), func.max(Decision.carried_out_at)).where(col(Decision.carried_out_at).is_not(None))
    count, last = session.exec(query).one()
    return count, last


def contested(session: Session, since: datetime, page: str) -> dict[str, int]:
    """How many cases of each rule, opened on a page since then, people contest."""
    doubted = (Decision.case_id == Case.case_id, Decision.verb == "contest")
    query = (
        select(Revision.verdict)
        .join(Case, col(Case.revision) == col(Revision.id))
        .where(Case.page == page, Case.opened_at >= since, select(Decision.id).where(*doubted).exists())
    )
    found: dict[str, int] = {}
    for stored in session.exec(query):
        for rule in {finding.rule_id for finding in from_json(stored).findings}:
            found[rule] = found.get(rule, 0) + 1
    return found
