"""Proposals, and what people said about an account: warnings, counsel's word, no action."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from bot.ledger import asks
from bot.ledger.tables import (
    AccountWord,
    Ask,
    AskStatus,
    Block,
    BlockStatus,
    Proposal,
    ProposalStatus,
    Strike,
    StrikeStatus,
)
from bot.ledger.tally import Event, Standing
from bot.voice import Voice

KIND = "block"
"""The kind of request by which a person asks for a block."""

EXPIRES_AFTER = timedelta(days=30)
REVERSED = "A reversal left {total} of the {threshold} strikes that it takes."
OVERTAKEN = "A strike that this block rested on was taken back before it was done."


def subject(platform: str, author_id: str) -> str:
    """What a request about an account is about."""
    return f"{platform}:{author_id}"


def open_ones(session: Session) -> list[Proposal]:
    """The proposals that wait for people, oldest first."""
    query = select(Proposal).where(Proposal.status == ProposalStatus.OPEN).order_by(col(Proposal.opened_at))
    return list(session.exec(query).all())


def of_account(session: Session, platform: str, author_id: str) -> list[Proposal]:
    """Every proposal about an account, oldest first."""
    query = select(Proposal).where(Proposal.platform == platform, Proposal.author_id == author_id)
    return list(session.exec(query.order_by(col(Proposal.number))).all())


def open_one(session: Session, platform: str, author_id: str) -> Proposal | None:
    """The open proposal about an account, if there is one. Nobody else changes it until the transaction ends."""
    _hold_requests(session, platform, author_id)
    query = select(Proposal).where(
        Proposal.platform == platform, Proposal.author_id == author_id, Proposal.status == ProposalStatus.OPEN
    )
    return session.exec(query.with_for_update()).first()


def put(session: Session, standing: Standing, say: str, now: datetime) -> Proposal:
    """Open a proposal for an account that reached the threshold."""
    earlier = select(func.count()).where(
        Proposal.platform == standing.platform, Proposal.author_id == standing.author_id
    )
    row = Proposal(
        platform=standing.platform,
        author_id=standing.author_id,
        number=session.exec(earlier).one() + 1,
        page=standing.counted[-1].first.page,
        total=0,
        threshold=0,
        warnings=0,
        block_days=0,
        opened_at=now,
        changed_at=now,
        expires_at=now,
        because="",
        say=say,
    )
    refresh(row, standing, now)
    session.add(row)
    session.flush()
    return row


def refresh(row: Proposal, standing: Standing, now: datetime) -> bool:
    """Bring an open proposal up to date; ``True`` when a further event came. Then it waits for people anew."""
    before, after = cases_of(row), {each.case_id for event in standing.counted for each in event.confirmed}
    row.events = [_event(each) for each in standing.counted]
    row.total, row.threshold = standing.total, standing.threshold
    row.warnings, row.block_days = standing.warnings, standing.block_days
    if not after - before:
        return False
    row.page = standing.counted[-1].first.page
    row.changed_at, row.expires_at = now, now + EXPIRES_AFTER
    return True


def cases_of(row: Proposal) -> set[str]:
    """The cases whose strikes counted when the proposal was last brought up to date."""
    return {case_id for event in row.events or [] for case_id in event["cases"]}


def close(session: Session, row: Proposal, status: ProposalStatus, because: str, now: datetime) -> None:
    """Close a proposal, and every request that rests on it."""
    row.status, row.because, row.closed_at = status, because, now
    session.add(row)
    asked = select(Ask).where(
        Ask.kind == KIND, Ask.subject == subject(row.platform, row.author_id), Ask.status == AskStatus.OPEN
    )
    for ask in session.exec(asked).all():
        asks.close(session, ask)
    session.flush()


def recount(session: Session, platform: str, author_id: str, now: datetime) -> None:
    """After a reversal, in its own transaction: what rested on the strike and lacks the threshold now is void at once,
    and so is a block that was ordered and not done. Asks no policy: the proposal holds the terms that it was put by."""
    _hold_requests(session, platform, author_id)
    query = select(Proposal).where(
        Proposal.platform == platform,
        Proposal.author_id == author_id,
        col(Proposal.status).in_([ProposalStatus.OPEN, ProposalStatus.BLOCKED]),
    )
    for row in session.exec(query.with_for_update()).all():
        total = confirmed_total(session, row)
        if total >= row.threshold:
            continue
        ordered = _ordered(session, row)
        for block in ordered:
            block.status, block.because = BlockStatus.OVERTAKEN, OVERTAKEN
            session.add(block)
        if row.status == ProposalStatus.OPEN or ordered:
            row.total, row.events = total, _still_confirmed(session, row)
            close(session, row, ProposalStatus.VOID, REVERSED.format(total=total, threshold=row.threshold), now)


def confirmed_total(session: Session, row: Proposal) -> int:
    """How many of the strikes that a proposal was put for are confirmed still. Time takes none of them away here."""
    return sum(int(event["weight"]) for event in _still_confirmed(session, row))


def say(
    session: Session,
    verb: str,
    platform: str,
    author_id: str,
    page: str,
    voice: Voice,
    reason: str,
    now: datetime,
    *,
    proposal: int | None = None,
    how: str = "",
    given_on: date | None = None,
) -> AccountWord:
    """Record what a person said of an account, or did about it."""
    row = AccountWord(
        platform=platform,
        author_id=author_id,
        page=page,
        verb=verb,
        proposal=proposal,
        person=voice.person.id,
        account=voice.account,
        roles=voice.roles,
        door=voice.door,
        saw=voice.saw,
        press=voice.press or None,
        reason=reason,
        how=how,
        given_on=given_on.isoformat() if given_on else "",
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def words(session: Session, platform: str, author_id: str) -> Sequence[AccountWord]:
    """What people said of an account, oldest first."""
    query = select(AccountWord).where(AccountWord.platform == platform, AccountWord.author_id == author_id)
    return session.exec(query.order_by(col(AccountWord.id))).all()


def by_press(session: Session, press: str) -> AccountWord | None:
    """What this press recorded, if it did."""
    return session.exec(select(AccountWord).where(AccountWord.press == press)).first() if press else None


def warnings_given(session: Session, platform: str, author_id: str, since: date) -> list[AccountWord]:
    """The warnings that count: given since then, one a day."""
    given = [each for each in words(session, platform, author_id) if each.verb == "warn"]
    days = {each.given_on: each for each in given if each.given_on >= since.isoformat()}
    return [days[day] for day in sorted(days)]


def counsels_word(session: Session, proposal: int) -> AccountWord | None:
    """What counsel wrote into the box of this proposal last."""
    query = select(AccountWord).where(AccountWord.proposal == proposal, AccountWord.verb == "opine")
    return session.exec(query.order_by(col(AccountWord.id).desc())).first()


def untold(session: Session) -> list[Proposal]:
    """The proposals of which people are still to be told something."""
    return list(session.exec(select(Proposal).where(Proposal.say != "").order_by(col(Proposal.id))).all())


def _hold_requests(session: Session, platform: str, author_id: str) -> None:
    """Always before the proposal: whoever approves holds the request first, and the two would wait for each other."""
    query = select(Ask.id).where(Ask.kind == KIND, Ask.subject == subject(platform, author_id))
    session.exec(query.where(Ask.status == AskStatus.OPEN).with_for_update()).all()


def _event(event: Event) -> dict[str, Any]:
    until = event.expires_at
    return {
        "cases": [each.case_id for each in event.confirmed],
        "packages": [each.package_id for each in event.confirmed],
        "clause": event.heaviest.clause,
        "policy": event.heaviest.policy,
        "weight": event.heaviest.weight,
        "expires_at": until.isoformat() if until else None,
    }


def _still_confirmed(session: Session, row: Proposal) -> list[dict[str, Any]]:
    confirmed = select(Strike.case_id).where(
        col(Strike.case_id).in_(sorted(cases_of(row))), Strike.status == StrikeStatus.CONFIRMED
    )
    found = set(session.exec(confirmed).all())
    return [event for event in row.events or [] if found & set(event["cases"])]


def _ordered(session: Session, row: Proposal) -> list[Block]:
    query = select(Block).where(Block.proposal == row.id, Block.status == BlockStatus.ORDERED)
    return list(session.exec(query).all())
