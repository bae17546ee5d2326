"""What other rooms have to say in the digest, in a sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

import connectors
from bot.ledger import offenders, residents
from bot.notify.figures import plural, short_day

PROPOSAL = (
    "Account displayed as {name} on {platform} reached {total} of {threshold} strikes: people decide, by {until}; "
    "`beadle offender {account}` shows all of its comments."
)
APPEALS = "{open} waiting for an answer{overdue}{unmatched}; `beadle appeals` lists them."
OVERDUE = ", {count} OVERDUE"
UNMATCHED = ", {count} not yet matched to a case"
NEXT_DUE = "The next is due on {day}: {number}."


def proposals(session: Session) -> Iterator[str]:
    """The accounts about which people are to decide."""
    for each in offenders.proposals(session):
        account, proposal = each.account, each.proposal
        yield PROPOSAL.format(
            name=account.name or "(no name)",
            platform=connectors.spoken(account.platform),
            total=proposal.total,
            threshold=proposal.threshold,
            until=short_day(proposal.expires_at.date()),
            account=f"{account.platform}:{account.author_id}",
        )


def appeals(session: Session, now: datetime, timezone: ZoneInfo) -> Iterator[str]:
    """How many appeals are open, and which is due next; nothing that is a resident's."""
    found = residents.open_appeals(session, now)
    if not found:
        return
    overdue = sum(each.overdue for each in found)
    unmatched = sum(each.case_id is None for each in found)
    yield APPEALS.format(
        open=plural(len(found), "appeal"),
        overdue=OVERDUE.format(count=overdue) if overdue else "",
        unmatched=UNMATCHED.format(count=unmatched) if unmatched else "",
    )
    coming = [each for each in found if not each.overdue]
    if coming:
        due = short_day(coming[0].answer_by.astimezone(timezone).date())
        yield NEXT_DUE.format(day=due, number=coming[0].number)
