"""The facts of a gathering, put together from the ledger as it stands now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from bot.desk import Desk
from bot.ledger import cases, gatherings
from bot.ledger.cases import File
from bot.ledger.gatherings import Gathered
from bot.ledger.tables import CaseStatus, Gathering
from bot.notify.alerts import Alert
from bot.notify.case_facts import NOT_QUOTED_ELSEWHERE, STANDING, Standing
from bot.notify.summaries import Example, Summary
from bot.tell.wishes import Wishes

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Summing:
    """Builds summaries. ``restricted`` says of a case whether its media may be shown (``Archive.restricted``)."""

    alert: Callable[[Desk, File, Session], Alert]
    restricted: Callable[[str], bool]
    wishes: Wishes

    def __call__(self, session: Session, row: Gathering, desk: Desk) -> Summary:
        """The facts of a gathering as it stands now."""
        number, kind = gatherings.number_of(row), row.key.partition(":")[0]
        first = gatherings.first(session, number)
        told = None if first is None else self.alert(desk, cases.open_file(session, first), session)
        return Summary(
            mark=f"{row.key}@{row.opened_at:%Y-%m-%dT%H:%M:%S.%f}",
            kind=kind,
            page=desk.page.name,
            slug=desk.page.slug,
            counts=_in_order(gatherings.counts(session, number)),
            clauses=tuple(gatherings.clauses(session, number).items()),
            opened_at=row.opened_at,
            last_at=row.last_at,
            clause_summary=dict(told.clauses).get(row.clause, "") if told else "",
            policy=told.policy if told else "",
            policy_version=told.policy_version if told else "",
            post_text=told.post_text if told and not told.withheld else "",
            author=told.author if told else None,
            examples=tuple(self._example(each) for each in gatherings.newest(session, number, _EXAMPLES)),
            closed=row.closed_at is not None,
            withheld=desk.withheld is not None,
            answers=self.wishes.answers,
            timezone=self.wishes.timezone,
        )

    def _example(self, case: Gathered) -> Example:
        categories = {finding.category for finding in case.verdict.findings}
        quotable = not categories & NOT_QUOTED_ELSEWHERE and not self.restricted(case.case_id)
        text = case.text if quotable else ""
        return Example(case.case_id, case.author, text, STANDING[CaseStatus(case.status)], quotable=quotable)


def _in_order(counts: Mapping[str, int]) -> tuple[tuple[Standing, int], ...]:
    found: Counter[Standing] = Counter()
    for status, count in counts.items():
        found[STANDING[CaseStatus(status)]] += count
    return tuple((standing, found[standing]) for standing in Standing if found[standing])
