"""What people do about an account: warn it, say what counsel thinks, take no action, ask for a block, lift one.

A block is asked for here and done nowhere: it takes an open proposal, the warnings of the policy, counsel's word, an
end, and another person (FA-20, FA-21). Every step is a record of who, when, by which door and why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from bot import authority
from bot.authority import Verb
from bot.desk import Desk
from bot.errors import NotAllowed
from bot.ledger import asks, blocks, offenders, proposals
from bot.ledger.offenders import Account
from bot.ledger.tables import AccountWord, Block, BlockStatus, Proposal, ProposalStatus
from bot.offenders.grounds import BY_HAND, NO_PROPOSAL, Terms, can_lift, ways, why_no_block
from bot.offenders.sheet import open_sheet
from bot.offenders.watching import Offenders, spoken
from bot.voice import Voice

NO_PAGE = 'page "{page}" is not in pages.yaml; there are: {known}.'
NOT_THERE = "no comment of account {account} on page {page} is known; name the page that it is about."
NO_REASON = "say why, in a sentence; it is kept with the record."
NO_HOW = "say how the warning was given, for example: direct message."
NOT_YET = "a warning is recorded after it was given; {given_on} is still to come."
TOO_OLD = "a warning of {given_on} is outside the {days} days in which it counts."
NOTHING_TO_WARN = "account {account} has no confirmed strike that counts; there is nothing to warn it of."
EXEMPT = "account {account} is the city's own or its staff's; speak with them instead."
WARNED = "Recorded as warning {count} of {needed}."
SAME_DAY = (
    "Recorded. It is the second one on {given_on}: warnings of one day count as one, so {count} of {needed} count."
)
OPINED = "Recorded in counsel's box of the proposal."
DECLINED = "Recorded: no action. The strikes stand; a further one asks people anew."
ALREADY = "Recorded before, by the same press."
STALE = (
    "look at the whole account first: `beadle offender {account}` shows all that it wrote and ends with the mark of "
    "what it showed; add that mark with --sheet. It is another one now if anything came since."
)
ASKED = (
    "Request R-{number}: keep account {account} away from {page} by {way} for {days} days. What that means: {effect} "
    "Another person approves it with `beadle approve R-{number}`."
)
NOT_KEPT_AWAY = "account {account} is not kept away from page {page} as far as Beadle knows; nothing was changed."
LIFT_ORDERED = "It will be lifted on the platform, read back and recorded."
LIFT_BY_HAND = "Recorded as lifted. Beadle can't lift it there; do it by hand now: {by_hand}"
NOT_UNEXPLAINED = "the block of account {account} on page {page} is {status}; only one that nobody recorded needs this."
EXPLAINED = "Recorded. It is listed as explained and ends on {until:%Y-%m-%d}; lift it with `beadle unblock`."
DAYS = "a block ends: name 1 to {most} days with --days."
_LONGEST_EXPLAINED = 365
_EXPLAIN = "explain"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Takes what people say of accounts. Raises ``NotAllowed`` with what to do instead; then nothing is recorded."""

    offenders: Offenders

    def warn(self, account: Account, page: str, how: str, given_on: date, reason: str, voice: Voice) -> str:
        """Record a warning that was given to the account, when, how and by whom."""
        with self._writing() as session, session.begin():
            now = self._begin(session, account, page, Verb.WARN, voice, reason)
            if proposals.by_press(session, voice.press) is not None:
                return ALREADY
            standing = self.offenders.standing(session, account.platform, account.author_id)
            self._check_warning(account, how, given_on, standing.exempt, bool(standing.counted), standing.window_days)
            since = self.offenders.today() - timedelta(days=standing.window_days)
            before = proposals.warnings_given(session, account.platform, account.author_id, since)
            self._say(session, Verb.WARN, account, page, voice, reason, now, None, how, given_on)
            count = len(proposals.warnings_given(session, account.platform, account.author_id, since))
        says = SAME_DAY if count == len(before) else WARNED
        return says.format(given_on=given_on, count=count, needed=standing.warnings)

    def opine(self, account: Account, page: str, text: str, voice: Voice) -> str:
        """Counsel's word on the open proposal; a block can't be asked for without it."""
        with self._writing() as session, session.begin():
            now = self._begin(session, account, page, Verb.OPINE, voice, text)
            if proposals.by_press(session, voice.press) is not None:
                return ALREADY
            proposal = self._proposal(session, account)
            self._say(session, Verb.OPINE, account, page, voice, text, now, proposal)
        return OPINED

    def decline(self, account: Account, page: str, reason: str, voice: Voice) -> str:
        """Answer the open proposal with no action."""
        with self._writing() as session, session.begin():
            now = self._begin(session, account, page, Verb.DECLINE, voice, reason)
            if proposals.by_press(session, voice.press) is not None:
                return ALREADY
            proposal = self._proposal(session, account)
            self._say(session, Verb.DECLINE, account, page, voice, reason, now, proposal)
            because = f"No action, by {voice.person.id}."
            proposals.close(session, proposal, ProposalStatus.DECLINED, because, now)
        return DECLINED

    def ask_block(self, account: Account, page: str, terms: Terms, reason: str, voice: Voice) -> str:
        """Ask for a block. ``voice.saw`` is the mark of the sheet that was shown. Another person approves it."""
        with self._writing() as session, session.begin():
            now = self._begin(session, account, page, Verb.BLOCK, voice, reason)
            desk = self.offenders.route.desks[page]
            proposal = self._proposal(session, account)
            refused = why_no_block(session, self.offenders, desk, proposal, terms)
            if refused is not None:
                raise NotAllowed(refused)
            if voice.saw != open_sheet(session, self.offenders.court, account, now).mark:
                raise NotAllowed(STALE.format(account=_spoken(account)))
            asked = terms.as_json(proposal)
            subject = proposals.subject(account.platform, account.author_id)
            ask = asks.put(session, proposals.KIND, subject, page, asked, voice, reason, now)
            effect = next((way.effect for way in ways(desk) if way.name == terms.way), "")
            by_hand = desk.connector.capabilities.by_hand if terms.way == BY_HAND else ""
            return ASKED.format(
                number=ask.id,
                account=_spoken(account),
                page=desk.page.name,
                way=terms.way,
                days=terms.days,
                effect=effect or f"nothing happens by itself; a person does it: {by_hand}",
            )

    def unblock(self, account: Account, page: str, reason: str, voice: Voice) -> str:
        """Let an account back: one person's word. It is lifted on the platform by the same stage that blocked it."""
        with self._writing() as session, session.begin():
            now = self._begin(session, account, page, Verb.UNBLOCK, voice, reason)
            block = blocks.alive(session, page, account.author_id)
            if block is None or block.status not in blocks.LIFTABLE:
                raise NotAllowed(NOT_KEPT_AWAY.format(account=_spoken(account), page=page))
            self._say(session, Verb.UNBLOCK, account, page, voice, reason, now, None)
            block.lifted_by, block.lifted_because = voice.person.id, reason
            return self._lift(session, block, now)

    def explain(self, account: Account, page: str, days: int, reason: str, voice: Voice) -> str:
        """Say why an account that Beadle found blocked is, and until when (FA-25). It takes who may ask for a block."""
        with self._writing() as session, session.begin():
            now = self._begin(session, account, page, Verb.BLOCK, voice, reason)
            block = blocks.alive(session, page, account.author_id)
            if block is None or block.status != BlockStatus.UNEXPLAINED:
                status = "not known" if block is None else block.status
                raise NotAllowed(NOT_UNEXPLAINED.format(account=_spoken(account), page=page, status=status))
            most = self._longest(self.offenders.route.desks[page], now)
            if not 1 <= days <= most:
                raise NotAllowed(DAYS.format(most=most))
            self._say(session, _EXPLAIN, account, page, voice, reason, now, None)
            block.status, block.person, block.reason = BlockStatus.EXPLAINED, voice.person.id, reason
            block.days, block.until = days, now + timedelta(days=days)
            session.add(block)
            return EXPLAINED.format(until=block.until)

    def _writing(self) -> Session:
        return Session(self.offenders.route.writing)

    def _begin(self, session: Session, account: Account, page: str, verb: Verb, voice: Voice, reason: str) -> datetime:
        """Who may say it, of whom, and why; the moment at which it is said."""
        route, now = self.offenders.route, self.offenders.route.clock()
        desk = route.desks.get(page)
        if desk is None:
            raise NotAllowed(NO_PAGE.format(page=page, known=", ".join(sorted(route.desks))))
        pack = self.offenders.pack_of(desk, now)
        refused = authority.why_not(voice.person, verb, desk.page, pack, self.offenders.today())
        if refused is not None:
            raise NotAllowed(refused)
        if not reason.strip():
            raise NotAllowed(NO_REASON)
        if desk.page.platform != account.platform or not self._is_known(session, account, page):
            raise NotAllowed(NOT_THERE.format(account=_spoken(account), page=page))
        return now

    def _is_known(self, session: Session, account: Account, page: str) -> bool:
        """By a comment on the page, or by the page's own list of blocked accounts."""
        listed = blocks.alive(session, page, account.author_id) is not None
        return listed or offenders.commented(session, page, account.author_id)

    def _check_warning(
        self, account: Account, how: str, given_on: date, exempt: bool, any_counts: bool, window: int
    ) -> None:
        if exempt:
            raise NotAllowed(EXEMPT.format(account=_spoken(account)))
        if not any_counts:
            raise NotAllowed(NOTHING_TO_WARN.format(account=_spoken(account)))
        if not how.strip():
            raise NotAllowed(NO_HOW)
        if given_on > self.offenders.today():
            raise NotAllowed(NOT_YET.format(given_on=given_on))
        if given_on < self.offenders.today() - timedelta(days=window):
            raise NotAllowed(TOO_OLD.format(given_on=given_on, days=window))

    def _proposal(self, session: Session, account: Account) -> Proposal:
        found = proposals.open_one(session, account.platform, account.author_id)
        if found is None:
            raise NotAllowed(NO_PROPOSAL.format(account=_spoken(account)))
        return found

    def _say(
        self,
        session: Session,
        verb: str,
        account: Account,
        page: str,
        voice: Voice,
        reason: str,
        now: datetime,
        proposal: Proposal | None,
        how: str = "",
        given_on: date | None = None,
    ) -> AccountWord:
        return proposals.say(
            session,
            str(verb),
            account.platform,
            account.author_id,
            page,
            voice,
            reason,
            now,
            proposal=None if proposal is None else proposal.id,
            how=how,
            given_on=given_on,
        )

    def _lift(self, session: Session, block: Block, now: datetime) -> str:
        desk = self.offenders.route.desks[block.page]
        session.add(block)
        if not can_lift(desk, block.way):
            block.status, block.lifted_at = BlockStatus.LIFTED, now
            return LIFT_BY_HAND.format(by_hand=desk.connector.capabilities.by_hand)
        block.status, block.placed_at = BlockStatus.LIFTING, now
        block.orders += 1
        self.offenders.route.orders.place(session, "bar", f"lift/{block.id}", block.orders)
        return LIFT_ORDERED

    def _longest(self, desk: Desk, now: datetime) -> int:
        pack = self.offenders.pack_of(desk, now)
        return _LONGEST_EXPLAINED if pack is None else pack.strikes.block_days


def _spoken(account: Account) -> str:
    return spoken(account.platform, account.author_id)
