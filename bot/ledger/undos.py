"""What a rule did by itself, case by case, and the journal of taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from bot.ledger import cases
from bot.ledger.acts import BY_RULE, BY_SCORE
from bot.ledger.tables import Act, Case, CaseStatus, Decision, Revision, UndoRun
from bot.ledger.verdicts import from_json
from bot.permission import acting_rules
from bot.voice import Voice

_LEFT_ALONE = timedelta(minutes=5)  # the command itself is still at it


@dataclass(frozen=True, slots=True)
class Trace:
    """One case that a rule acted on by itself. ``decided``: a person has spoken."""

    case_id: str
    page: str
    status: str
    because: str
    acted_at: datetime
    decided: bool

    @property
    def can_be_undone(self) -> bool:
        """Hidden still, and nobody has said anything."""
        return self.status == CaseStatus.HIDDEN and not self.decided


def traces(session: Session, rule: str, page: str | None, since: datetime, until: datetime) -> list[Trace]:
    """All that a rule did by itself in ``[since, until]``, alone or beside other rules, oldest first."""
    query = (
        select(Case, Act.done_at, Revision.verdict)
        .join(Act, col(Act.case_id) == col(Case.case_id))
        .join(Revision, col(Revision.id) == col(Case.revision))
        .where(col(Act.by).in_((BY_RULE, BY_SCORE)), Act.outcome == "done", Act.done_at >= since, Act.done_at <= until)
        .order_by(col(Act.done_at), col(Case.case_id))
    )
    if page is not None:
        query = query.where(Case.page == page)
    return [
        Trace(case.case_id, case.page, case.status, case.because, at, cases.decided_by_person(session, case.case_id))
        for case, at, verdict in session.exec(query).all()
        if rule in acting_rules(from_json(verdict))
    ]


def begin(
    session: Session, rule: str, page: str | None, since: datetime, voice: Voice, reason: str, now: datetime
) -> UndoRun:
    """Write down what is about to be taken back, and by whose word."""
    run = UndoRun(
        rule=rule,
        page=page,
        since=since,
        until=now,
        person=voice.person.id,
        account=voice.account,
        door=voice.door,
        saw=voice.saw,
        reason=reason,
        at=now,
    )
    session.add(run)
    session.flush()
    session.refresh(run)
    session.expunge(run)
    return run


def end(session: Session, run: int, now: datetime) -> None:
    """It came to its end; how many cases it decided is counted from the decisions themselves."""
    row = session.get_one(UndoRun, run)
    row.done_at = now
    row.cases = session.exec(select(func.count()).where(col(Decision.press).like(f"undo:{run}:%"))).one()
    session.add(row)


def cut_off(session: Session, now: datetime) -> list[UndoRun]:
    """The runs that never came to their end, oldest first."""
    query = select(UndoRun).where(col(UndoRun.done_at).is_(None), UndoRun.at <= now - _LEFT_ALONE)
    return list(session.exec(query.order_by(col(UndoRun.id))).all())


def came_of(session: Session, case_ids: list[str]) -> dict[str, tuple[str, str, bool]]:
    """Status, reason, and whether the last word was carried out, of each of these cases."""
    found: dict[str, tuple[str, str, bool]] = {}
    for case_id in case_ids:
        case = session.get_one(Case, case_id)
        last = [each for each in cases.decisions(session, case_id) if each.verb in cases.SETTLING]
        found[case_id] = (case.status, case.because, bool(last) and last[-1].carried_out_at is not None)
    return found
