"""What became of every comment, one by one: for a reckoning over a whole day."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from bot.ledger.tables import Case, CommentRow, Evidence, Revision
from bot.ledger.verdicts import of_case


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one revision: how it was judged, and its case where it was not clear."""

    comment_id: str
    outcome: str
    case_id: str | None
    status: str | None
    because: str
    clauses: tuple[str, ...]
    rules: tuple[str, ...]
    lang: str
    visibility: str
    package_id: str | None
    sha256: str | None
    picture: str | None
    text: str = field(repr=False)


def of_all(session: Session) -> list[Fate]:
    """The fate of every revision, in the order in which they were first seen."""
    query = (
        select(Revision, CommentRow, Case, Evidence)
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .outerjoin(Case, col(Case.revision) == col(Revision.id))
        .outerjoin(Evidence, col(Evidence.case_id) == col(Case.case_id))
        .order_by(col(Revision.id))
    )
    return [_fate(*row) for row in session.exec(query).all()]


def _fate(revision: Revision, comment: CommentRow, case: Case | None, evidence: Evidence | None) -> Fate:
    verdict = of_case(case, revision)
    return Fate(
        comment_id=comment.comment_id,
        outcome=revision.outcome,
        case_id=case.case_id if case else None,
        status=case.status if case else None,
        because=case.because if case else "",
        clauses=verdict.clauses,
        rules=tuple(finding.rule_id for finding in verdict.findings),
        lang=verdict.lang,
        visibility=comment.visibility,
        package_id=evidence.package_id if evidence else None,
        sha256=evidence.sha256 if evidence else None,
        picture=evidence.picture if evidence else None,
        text=revision.text,
    )
