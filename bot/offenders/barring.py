"""A block that two people approved is carried out, and one that a person lifts is lifted.

The only place with a hand that keeps accounts away: the route, its desks and everything that acts by rule have none
(FA-20). What it rests on is asked once more in the step that does it, and the evidence behind it is proven against the
disk. Each part may run twice; the second time the platform says that it stands so already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S
from bot.desk import Desk
from bot.errors import EvidenceError, NotAllowed
from bot.evidence.canonical import utc
from bot.ledger import blocks, cases, proposals, switches
from bot.ledger.cases import File
from bot.ledger.tables import Ask, Block, BlockStatus, Proposal, ProposalStatus
from bot.offenders.grounds import BY_HAND, NO_PROPOSAL, Terms, ground_lost, newest_event, why_no_block
from bot.offenders.watching import Offenders, spoken
from connectors.contract import Blocker, CommentRef, ConnectorError, RateLimited, Standing, Unavailable, Unsupported

log = structlog.get_logger(__name__)

APPROVED = "Approved: account {account} will be kept away from {page} by {way} until {until:%Y-%m-%d} at the latest."
APPROVED_BY_HAND = (
    "Approved and recorded. Beadle can't do it on {platform}; do it by hand now, and take it back by {until:%Y-%m-%d}: "
    "{by_hand}"
)
NO_EVENT = "none of the confirmed strikes of this account is from page {page} any more; nothing is done."
NO_HAND = "Beadle can't keep anybody away there; do it by hand: {by_hand}"
BLOCKED = "By two people: {person} asked, {second} approved."
OVERTAKEN = "What the block rested on was gone before it was done: {why}"
FAILED = "The platform did not do it: {why}"
SAY_DONE = "Account {account} is kept away from {page} by {way} until {until:%Y-%m-%d}, by two people. {effect}"
SAY_FAILED = "The block of account {account} on {page} could not be done: {why} Its proposal waits for people again."
SAY_OVERTAKEN = "The block of account {account} on {page} is not done: {why}"
SAY_LIFTED = "The block of account {account} on {page} is lifted, by {person}."
SAY_NOT_LIFTED = "The block of account {account} on {page} could not be lifted: {why} Do it by hand: {by_hand}"
SAY_TAKEN_BACK = (
    "The block of account {account} on {page} was done at the moment when a strike that it rested on was taken back; "
    "it is being lifted."
)
BY_BEADLE = "beadle"
TAKEN_BACK = "A strike that it rested on was taken back while it was being done."
_RETRY_S = 30.0
_BAR, _LIFT = "bar", "lift"


@dataclass(frozen=True, slots=True)
class Barring:
    """Keeps accounts away and lets them back, on people's orders. ``blockers`` by page; none where there is no hand."""

    offenders: Offenders
    blockers: Mapping[str, Blocker]

    def approved(self, session: Session, ask: Ask) -> str:
        """A second person approved: the order is placed in the same commit. Raises ``NotAllowed`` where what it rests
        on has gone since it was asked for."""
        route, now = self.offenders.route, self.offenders.route.clock()
        desk, terms = route.desks[ask.page or ""], Terms.of(ask.terms)
        platform, author_id = str(ask.terms["platform"]), str(ask.terms["author_id"])
        proposal = proposals.open_one(session, platform, author_id)
        if proposal is None or proposal.id != ask.terms["proposal"]:
            raise NotAllowed(NO_PROPOSAL.format(account=spoken(platform, author_id)))
        refused = why_no_block(session, self.offenders, desk, proposal, terms)
        if refused is not None:
            raise NotAllowed(refused)
        event = newest_event(self.offenders.standing(session, platform, author_id), desk.page.slug)
        assert event is not None, "why_no_block has asked for one"
        block = blocks.put(session, _ordered(ask, proposal, terms, event.confirmed[-1].case_id, now))
        because = BLOCKED.format(person=block.person, second=block.second)
        proposals.close(session, proposal, ProposalStatus.BLOCKED, because, now)
        route.orders.place(session, "bar", f"{_BAR}/{block.id}", block.orders)
        text = APPROVED_BY_HAND if terms.way == BY_HAND else APPROVED
        by_hand = desk.connector.capabilities.by_hand
        until = now + timedelta(days=terms.days)
        account = spoken(platform, author_id)
        return text.format(
            account=account, page=desk.page.name, way=terms.way, until=until, platform=platform, by_hand=by_hand
        )

    def bar(self, key: str) -> dict[str, Any]:
        """Do what was ordered: ``bar/<block>`` or ``lift/<block>``. May run twice."""
        what, number = _order(key)
        route = self.offenders.route
        with Session(route.reading) as session:
            block = blocks.read(session, number)
            desk = route.desks.get(block.page)
            wanted = BlockStatus.ORDERED if what == _BAR else BlockStatus.LIFTING
            if block.status != wanted:
                return _done("moot", "It stands otherwise by now.")
            if desk is None:
                return _done("later", AWAY.format(page=block.page), retry_s=LONGEST_RETRY_S)
            held = self._held_back(session, block, desk) if what == _BAR else None
            if held is not None:
                return held
            files = self._files(session, block)
        try:
            for file in files:
                assert file.evidence is not None
                route.archive.prove_package(file.evidence.package_id, file.evidence.sha256)
            standing = self._ask_platform(what, block, files)
            self._seal(what, block, desk, files, standing)
        except RateLimited as error:
            wait = max((error.until - route.clock()).total_seconds(), 1.0)
            return _done("later", error.sentence, retry_s=wait)
        except (Unavailable, EvidenceError) as error:
            return _done("later", error.sentence, retry_s=_RETRY_S)
        except ConnectorError as error:
            log.warning("the platform refused", order=key, because=error.sentence)
            return _done("failed", error.sentence)
        return _done("done", "", already_done=standing is not None and standing.already_done)

    def record(self, session: Session, key: str, done: dict[str, Any]) -> None:
        """What came of it becomes a fact. A strike that was taken back meanwhile has the last word."""
        what, number = _order(key)
        block = blocks.find(session, number)
        now = self.offenders.route.clock()
        if done["status"] == "later":
            self._again(session, key, block, done)
        elif what == _BAR:
            self._record_bar(session, block, done, now)
        elif block.status == BlockStatus.LIFTING:
            self._record_lift(block, done, now)
        session.add(block)

    def _held_back(self, session: Session, block: Block, desk: Desk) -> dict[str, Any] | None:
        proposal = session.get_one(Proposal, block.proposal)
        lost = ground_lost(session, self.offenders, desk, proposal)
        if lost is not None:
            return _done("lost", lost)
        paused = switches.thrown(session, block.page)
        return None if paused is None else _done("later", f"Acts are paused ({paused.scope}).", retry_s=_RETRY_S)

    def _files(self, session: Session, block: Block) -> list[File]:
        """The cases that the block rests on, newest last: the one that it is sealed to."""
        if block.proposal is None or block.case_id is None:
            return []
        ids = proposals.cases_of(session.get_one(Proposal, block.proposal)) - {block.case_id}
        files = [cases.open_file(session, case_id) for case_id in (*sorted(ids), block.case_id)]
        return [file for file in files if file.evidence is not None]

    def _ask_platform(self, what: str, block: Block, files: list[File]) -> Standing | None:
        if block.way == BY_HAND:
            return None
        blocker = self.blockers.get(block.page)
        if blocker is None:
            by_hand = self.offenders.route.desks[block.page].connector.capabilities.by_hand
            raise Unsupported(NO_HAND.format(by_hand=by_hand))
        if what == _LIFT:
            return blocker.unblock(block.author_id, way=block.way or None)
        over: CommentRef | None = files[-1].ref if files else None
        one_way = block.accept_one_way
        return blocker.block(block.author_id, way=block.way, over=over, accept_one_way=one_way)

    def _seal(self, what: str, block: Block, desk: Desk, files: list[File], standing: Standing | None) -> None:
        """Beside the newest case of the proposal. A block that was found on the platform has no case of ours."""
        if not files:
            return
        evidence = files[-1].evidence
        assert evidence is not None
        facts = _facts(what, block, desk, files, standing)
        exchanges = standing.exchanges if standing else ()
        self.offenders.route.archive.supplement(
            evidence.package_id, f"{what}:{block.id}:{block.orders}", "decision", facts, exchanges
        )

    def _again(self, session: Session, key: str, block: Block, done: dict[str, Any]) -> None:
        if block.status not in (BlockStatus.ORDERED, BlockStatus.LIFTING):
            return
        block.orders += 1
        self.offenders.route.orders.place(session, "bar", key, block.orders, delay_s=done["retry_s"])
        log.warning("a block waits", order=key, because=done["because"])

    def _record_bar(self, session: Session, block: Block, done: dict[str, Any], now: datetime) -> None:
        if block.status == BlockStatus.OVERTAKEN:
            if done["status"] == "done":
                self._take_back(session, block, now)
            elif not block.say:
                block.say = self._said(SAY_OVERTAKEN, block, why=block.because)
        elif block.status != BlockStatus.ORDERED:
            return
        elif done["status"] == "done":
            block.status, block.since = BlockStatus.STANDING, now
            block.until = now + timedelta(days=block.days or 1)
            block.say = self._said(SAY_DONE, block, effect=self._effect(block))
        elif done["status"] == "lost":
            block.status, block.because = BlockStatus.OVERTAKEN, OVERTAKEN.format(why=done["because"])
            block.say = self._said(SAY_OVERTAKEN, block, why=done["because"])
            _reopen(session, block, now)
        elif done["status"] == "failed":
            block.status, block.because = BlockStatus.FAILED, FAILED.format(why=done["because"])
            block.say = self._said(SAY_FAILED, block, why=done["because"])
            _reopen(session, block, now)

    def _take_back(self, session: Session, block: Block, now: datetime) -> None:
        """Overtaken while the platform was doing it: what nobody stands behind any more is lifted at once."""
        block.status, block.since, block.placed_at = BlockStatus.LIFTING, now, now
        block.lifted_by, block.lifted_because = BY_BEADLE, TAKEN_BACK
        block.say = self._said(SAY_TAKEN_BACK, block)
        block.orders += 1
        self.offenders.route.orders.place(session, "bar", f"{_LIFT}/{block.id}", block.orders)

    def _record_lift(self, block: Block, done: dict[str, Any], now: datetime) -> None:
        if done["status"] == "done":
            block.status, block.lifted_at = BlockStatus.LIFTED, now
            block.say = self._said(SAY_LIFTED, block, person=block.lifted_by)
        elif done["status"] == "failed":
            block.status, block.because = _as_before(block), FAILED.format(why=done["because"])
            desk = self.offenders.route.desks.get(block.page)
            by_hand = desk.connector.capabilities.by_hand if desk else ""
            block.say = self._said(SAY_NOT_LIFTED, block, why=done["because"], by_hand=by_hand)

    def _effect(self, block: Block) -> str:
        desk = self.offenders.route.desks.get(block.page)
        if desk is None:
            return ""
        can = desk.connector.capabilities
        if block.way == BY_HAND:
            return NO_HAND.format(by_hand=can.by_hand)
        return next((way.effect for way in can.block_ways if way.name == block.way), "")

    def _said(self, text: str, block: Block, **more: str) -> str:
        return text.format(
            account=spoken(block.platform, block.author_id),
            page=self.offenders.name_of(block.page),
            way=block.way or "a block",
            until=block.until,
            **more,
        ).strip()


def kinds(barring: Barring) -> Mapping[str, Callable[[Session, Ask], str]]:
    """What does each kind of request that is approved here (``bot.asking.Requests``)."""
    return {proposals.KIND: barring.approved}


def _ordered(ask: Ask, proposal: Proposal, terms: Terms, case_id: str, now: datetime) -> Block:
    return Block(
        platform=proposal.platform,
        author_id=proposal.author_id,
        page=ask.page or "",
        way=terms.way,
        status=BlockStatus.ORDERED,
        proposal=proposal.id,
        ask=ask.id,
        case_id=case_id,
        days=terms.days,
        accept_one_way=terms.accept_one_way,
        person=ask.person,
        second=ask.second or "",
        reason=ask.reason,
        placed_at=now,
        lifted_because="",
        because="",
        say="",
        orders=1,
    )


def _as_before(block: Block) -> BlockStatus:
    """How a block stood before somebody wanted to lift it."""
    if block.proposal is not None:
        return BlockStatus.STANDING
    return BlockStatus.EXPLAINED if block.person else BlockStatus.UNEXPLAINED


def _reopen(session: Session, block: Block, now: datetime) -> None:
    """What is not done is not decided: people are asked again, if the strikes still ask for it."""
    proposal = session.get_one(Proposal, block.proposal)
    open_already = proposals.open_one(session, block.platform, block.author_id)
    if proposal.status == ProposalStatus.BLOCKED and open_already is None:
        proposal.status, proposal.because, proposal.closed_at = ProposalStatus.OPEN, block.because, None
        proposal.expires_at = max(proposal.expires_at, now + proposals.EXPIRES_AFTER)
        session.add(proposal)


def _facts(what: str, block: Block, desk: Desk, files: list[File], standing: Standing | None) -> dict[str, object]:
    policies = {f"{file.verdict.policy.slug} {file.verdict.policy.version}" for file in files}
    lifting = what == _LIFT
    return {
        "verb": "unblock" if lifting else "block",
        "account": {"platform": block.platform, "id": block.author_id},
        "page": desk.page.slug,
        "way": block.way or None,
        "by": block.lifted_by if lifting else block.person,
        "second": None if lifting else block.second,
        "reason": block.lifted_because if lifting else block.reason,
        "days": block.days,
        "rests_on": [
            {"case": file.case.case_id, "package": file.evidence.package_id, "clause": file.verdict.clause}
            for file in files
            if file.evidence is not None
        ],
        "policies": sorted(policies),
        "kept_away": None if standing is None else standing.kept_away,
        "read_back_at": None if standing is None else utc(standing.done_at),
        "already_done": None if standing is None else standing.already_done,
    }


def _order(key: str) -> tuple[str, int]:
    what, _, number = key.partition("/")
    return what, int(number)


def _done(status: str, because: str, *, already_done: bool = False, retry_s: float = 0.0) -> dict[str, Any]:
    return {"status": status, "because": because, "already_done": already_done, "retry_s": retry_s}
