"""What a block rests on, asked anew at each step: when it is asked for, when it is approved, and before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from bot.desk import Desk
from bot.ledger import blocks, proposals
from bot.ledger.tables import Proposal, ProposalStatus
from bot.ledger.tally import Event, Standing
from bot.offenders.watching import Offenders, spoken
from bot.pages import Mode
from connectors.contract import Way

BY_HAND = "by-hand"
"""The way of a platform where Beadle can't keep anybody away: people do it there, and Beadle keeps the record."""

NO_PROPOSAL = (
    "there is no open proposal about account {account}; one opens by itself when its confirmed strikes reach the "
    "threshold of the policy. `beadle offender {account}` shows how it stands."
)
EXPIRED = "the proposal about account {account} was to be answered by {until:%Y-%m-%d}; a further strike opens it anew."
EXEMPT = "account {account} is the city's own or its staff's; it is never blocked."
TOO_FEW = "account {account} has {total} strikes that count; the policy asks for {threshold}."
UNDER_APPEAL = (
    "account {account} has {total} final strikes and the policy asks for {threshold}; an appeal is open on others, "
    "and they are not final until it is decided."
)
ELSEWHERE = "none of the strikes of account {account} is from page {page}; a block there would rest on nothing."
FEW_WARNINGS = (
    "account {account} has been given {given} of {needed} warnings; a block comes after all of them. Record one with "
    "`beadle warn {account} --page {page} --how ... --reason ...`."
)
NO_COUNSEL = "counsel has not written into the box of this proposal; they do so with `beadle opine {account}`."
DAYS = "a block ends: name 1 to {most} days with --days."
AWAY_ALREADY = "account {account} is kept away from page {page} already, or is about to be ({status})."
OBSERVES = 'page "{page}" is in observe, where nothing is changed on the platform; set its mode to assist.'
NO_SUCH_WAY = '"{way}" is no way to keep an account away on {platform}; there is: {known}.'
ONLY_BY_HAND = (
    "Beadle can't keep anybody away on {platform}. By hand: {by_hand} With --way by-hand two people decide it here all "
    "the same, and the record is kept."
)
ONE_WAY = (
    "{way} on {platform} can't be taken back by Beadle; if that is meant, say so with --one-way. It means: {effect}"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What exactly is asked for. ``accept_one_way``: those who decide know that Beadle can't take it back."""

    way: str
    days: int
    accept_one_way: bool = False

    def as_json(self, proposal: Proposal) -> dict[str, object]:
        """As a request keeps it."""
        return {
            "proposal": proposal.id,
            "platform": proposal.platform,
            "author_id": proposal.author_id,
            "way": self.way,
            "days": self.days,
            "one_way": self.accept_one_way,
        }

    @staticmethod
    def of(asked: Mapping[str, Any]) -> Terms:
        """As a request kept it."""
        return Terms(str(asked["way"]), int(asked["days"]), bool(asked["one_way"]))


def why_no_block(session: Session, offenders: Offenders, desk: Desk, proposal: Proposal, terms: Terms) -> str | None:
    """Why this account may not be kept away from this page on these terms now; ``None`` if it may."""
    standing = offenders.standing(session, proposal.platform, proposal.author_id)
    return (
        _why_no_ground(offenders, desk, proposal, standing)
        or _why_no_ladder(session, offenders, desk, proposal, standing)
        or _why_not_so(desk, standing, terms)
        or _why_not_there(session, desk, proposal)
    )


def ground_lost(session: Session, offenders: Offenders, desk: Desk, proposal: Proposal) -> str | None:
    """Why a block that two people approved has lost its ground since; ``None`` if it has not."""
    standing = offenders.standing(session, proposal.platform, proposal.author_id)
    return _why_no_strikes(desk, proposal, standing)


def newest_event(standing: Standing, page: str) -> Event | None:
    """The newest event that counts on a page: what a block is sealed to."""
    return next((each for each in reversed(standing.counted) if _is_from(each, page)), None)


def ways(desk: Desk) -> tuple[Way, ...]:
    """The ways to keep an account away there."""
    return desk.connector.capabilities.block_ways


def can_lift(desk: Desk, way: str) -> bool:
    """Whether Beadle itself can take it back. A block that was found has no way by name: then the first is tried."""
    return any(each.reversible for each in ways(desk) if way in ("", each.name))


def _why_no_ground(offenders: Offenders, desk: Desk, proposal: Proposal, standing: Standing) -> str | None:
    account = spoken(proposal.platform, proposal.author_id)
    if proposal.status != ProposalStatus.OPEN:
        return NO_PROPOSAL.format(account=account)
    if offenders.route.clock() >= proposal.expires_at:
        return EXPIRED.format(account=account, until=proposal.expires_at)
    return _why_no_strikes(desk, proposal, standing)


def _why_no_strikes(desk: Desk, proposal: Proposal, standing: Standing) -> str | None:
    account, threshold = spoken(proposal.platform, proposal.author_id), standing.threshold
    if standing.exempt:
        return EXEMPT.format(account=account)
    if not standing.reached:
        text = UNDER_APPEAL if standing.with_appeals >= threshold else TOO_FEW
        return text.format(account=account, total=standing.total, threshold=threshold)
    if newest_event(standing, desk.page.slug) is None:
        return ELSEWHERE.format(account=account, page=desk.page.slug)
    return None


def _why_no_ladder(
    session: Session, offenders: Offenders, desk: Desk, proposal: Proposal, standing: Standing
) -> str | None:
    account = spoken(proposal.platform, proposal.author_id)
    since = offenders.today() - timedelta(days=standing.window_days)
    given = len(proposals.warnings_given(session, proposal.platform, proposal.author_id, since))
    if given < standing.warnings:
        return FEW_WARNINGS.format(account=account, given=given, needed=standing.warnings, page=desk.page.slug)
    if proposals.counsels_word(session, proposal.id or 0) is None:
        return NO_COUNSEL.format(account=account)
    return None


def _why_not_so(desk: Desk, standing: Standing, terms: Terms) -> str | None:
    can, platform = desk.connector.capabilities, desk.page.platform
    if not 1 <= terms.days <= standing.block_days:
        return DAYS.format(most=standing.block_days)
    if desk.page.mode is Mode.OBSERVE:
        return OBSERVES.format(page=desk.page.slug)
    if not can.block_ways:
        return None if terms.way == BY_HAND else ONLY_BY_HAND.format(platform=platform, by_hand=can.by_hand)
    way = next((each for each in can.block_ways if each.name == terms.way), None)
    if way is None:
        known = "; ".join(f"{each.name} ({each.effect})" for each in can.block_ways)
        return NO_SUCH_WAY.format(way=terms.way, platform=platform, known=known)
    if not way.reversible and not terms.accept_one_way:
        return ONE_WAY.format(way=way.name, platform=platform, effect=way.effect)
    return None


def _why_not_there(session: Session, desk: Desk, proposal: Proposal) -> str | None:
    standing = blocks.alive(session, desk.page.slug, proposal.author_id)
    if standing is None:
        return None
    account = spoken(proposal.platform, proposal.author_id)
    return AWAY_ALREADY.format(account=account, page=desk.page.slug, status=standing.status)


def _is_from(event: Event, page: str) -> bool:
    return any(each.page == page for each in event.confirmed)
