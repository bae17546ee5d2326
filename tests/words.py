"""What people decided of a rule's cases, put into the ledger by the dozen; and a policy of one rule by scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from bot.ledger.tables import Case, CaseStatus, CommentRow, Decision, Revision
from bot.ledger.verdicts import as_json
from bot.moderation.pack import ModelRef, PolicyPack
from bot.moderation.verdict import Finding, Measure, Outcome, Span, Verdict
from tests.office import NOW, SLUG, Office, shelf

RULE = "reads-like-spam"


def pack_of_one(
    version: str = "1", *, model: str = "a", measure: Measure = Measure.HIDE, floor: float = 0.95
) -> PolicyPack:
    """A policy with one rule, which reads scores."""
    shipped = shelf().in_force("clinton-city", NOW)
    rule = replace(
        shipped.rules[0],
        id=RULE,
        category="spam",
        detector="scores",
        parameters={"category": "spam", "hide_at": 0.9},
        measure=measure,
        floor=floor,
    )
    return replace(
        shipped, version=version, rules=(rule,), model=ModelRef(model, model), source=f"{version}{model}".encode()
    )


def decide(
    office: Office,
    pack: PolicyPack,
    how_many: int,
    *,
    agreed: bool = True,
    score: float = 0.95,
    text: str = "",
    at: datetime = NOW,
    spoken: bool = True,
    rule: str = RULE,
    enumerable: bool = False,
    page: str = SLUG,
    status: CaseStatus | None = None,
) -> None:
    """So many decided cases of a rule; ``agreed`` with it or not."""
    finding = Finding(rule, "3.4.3.D", "spam", "scores", (Span(0, 1),), score, "", Measure.REVIEW, enumerable)
    verdict = as_json(Verdict(Outcome.REVIEW, Measure.REVIEW, (finding,), pack.ref, "en"))
    with Session(office.route.writing) as session, session.begin():
        for _ in range(how_many):
            row = _comment(session, at)
            revision = Revision(
                comment=row, digest=str(row), text="?", seen_at=at, fingerprint=text, outcome="review", verdict=verdict
            )
            session.add(revision)
            session.flush()
            became = status or (CaseStatus.HIDDEN if agreed else CaseStatus.KEPT)
            case = Case(
                case_id=f"case{row}",
                page=page,
                revision=revision.id or 0,
                status=became,
                outcome="review",
                opened_at=at,
            )
            session.add(case)
            session.flush()
            if spoken:
                verb = "hide" if agreed else "keep"
                decision = Decision(
                    case_id=case.case_id, verb=verb, person="noor", account="1", roles="sma", reason="", at=at
                )
                decision.carried_out_at = at
                session.add(decision)


def _comment(session: Session, at: datetime) -> int:
    row = CommentRow(
        page=SLUG, platform="facebook", page_id="1", comment_id="", post_id="1", posted_at=at, first_seen_at=at
    )
    session.add(row)
    session.flush()
    row.comment_id = str(row.id)
    session.add(row)
    session.flush()
    return row.id or 0
