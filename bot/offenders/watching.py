"""Watches the strikes: an account that reaches the threshold is put before people, once; and what is due is said.

Nothing here asks a platform for anything, and nothing here decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlmodel import Session

from bot.desk import Desk
from bot.ledger import blocks, offenders, proposals
from bot.ledger.offenders import Court, no_appeals
from bot.ledger.tables import Block, BlockList, BlockStatus, Proposal, ProposalStatus
from bot.ledger.tally import Standing
from bot.moderation.pack import PolicyPack
from bot.notify.quoted import one_line
from bot.pipeline import Route

log = structlog.get_logger(__name__)

REACHED = (
    "Account {account} on {page} has {total} confirmed strikes; the policy asks people from {threshold} on. Nothing "
    "is done by itself. All it wrote, the lawful comments too: `beadle offender {account}`. No action is an answer: "
    "`beadle decline`."
)
FURTHER = "Account {account} on {page} has a further confirmed strike: {total} now. Its proposal waits for people."
LAPSED = "Nobody decided within {days} days; a further strike opens it anew."
AGED = "Strikes have aged out: {total} of {threshold} are left."
DUE = (
    "The block of account {account} on {page} was to end on {until:%Y-%m-%d} and stands; `beadle unblock {account} "
    "--page {slug}` lifts it."
)
GROUNDLESS = (
    "The block of account {account} on {page} no longer rests on the strikes that it takes: a strike was taken back. "
    "`beadle unblock {account} --page {slug}` lifts it."
)
STUCK = "The block of account {account} on {page} was ordered and is not carried out yet; `beadle offender {account}`."
STUCK_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Offenders:
    """Accounts with strikes. ``pack`` finds a policy by slug and version, ``pack_of`` the one in force on a page;
    ``today`` is the city's own day; ``tell`` says one sentence of ours in a page's channel; ``under_appeal``
    finds the cases that an appeal is open on."""

    route: Route
    pack: Callable[[str, str], PolicyPack]
    pack_of: Callable[[Desk, datetime], PolicyPack | None]
    today: Callable[[], date]
    tell: Callable[[Desk, str, str], None]
    under_appeal: Callable[[Session], frozenset[str]] = no_appeals

    @property
    def court(self) -> Court:
        """What strikes are judged by."""
        return Court(self.pack, self.under_appeal, self.is_exempt)

    def is_exempt(self, platform: str, author_id: str) -> bool:
        """Whether an account is the city's own: recorded, and never put before people as an offender."""
        pages = (desk.page for desk in self.route.desks.values())
        return any(page.platform == platform and page.is_own(author_id) for page in pages)

    def standing(self, session: Session, platform: str, author_id: str) -> Standing:
        """How one account stands now."""
        return offenders.standing(session, self.court, platform, author_id, self.route.clock())

    def see_to(self, now: datetime) -> None:
        """Open, refresh and close proposals; then say what people have not been told. May run twice."""
        with Session(self.route.writing) as session, session.begin():
            self._weigh(session, now)
            self._say_groundless(session)
        self._tell_all()
        self._tell_due(now)

    def _weigh(self, session: Session, now: datetime) -> None:
        ranked = offenders.standings(session, now, self.court, confirmed_only=True)
        for standing in ranked:
            row = proposals.open_one(session, standing.platform, standing.author_id)
            if row is None:
                self._open(session, standing, now)
            else:
                self._keep_up(session, row, standing, now)

    def _open(self, session: Session, standing: Standing, now: datetime) -> None:
        if not standing.reached or not _is_news(session, standing):
            return
        row = proposals.put(session, standing, "", now)
        row.say = self._sentence(REACHED, row)
        log.info("an account reached the threshold", proposal=row.id, platform=row.platform, strikes=row.total)

    def _keep_up(self, session: Session, row: Proposal, standing: Standing, now: datetime) -> None:
        if standing.with_appeals < row.threshold:
            because = AGED.format(total=standing.with_appeals, threshold=row.threshold)
            proposals.close(session, row, ProposalStatus.LAPSED, because, now)
        elif standing.total >= row.threshold and proposals.refresh(row, standing, now):
            row.say = self._sentence(FURTHER, row)
        elif now >= row.expires_at:
            because = LAPSED.format(days=proposals.EXPIRES_AFTER.days)
            proposals.close(session, row, ProposalStatus.LAPSED, because, now)

    def _say_groundless(self, session: Session) -> None:
        for block in blocks.standing(session):
            if block.status != BlockStatus.STANDING or block.proposal is None or block.because:
                continue
            proposal = session.get_one(Proposal, block.proposal)
            if proposals.confirmed_total(session, proposal) < proposal.threshold:
                block.because = block.say = self.of_block(GROUNDLESS, block)

    def _tell_all(self) -> None:
        """Say what is to be said. A crash between the saying and the note of it says it again under the same key."""
        with Session(self.route.reading) as session:
            waiting = [("proposal", each.id, each.page, each.say) for each in proposals.untold(session)]
            waiting += [("block", each.id, each.page, each.say) for each in blocks.untold(session)]
            waiting += [("list", None, each.page, each.say) for each in blocks.lists(session).values() if each.say]
        for kind, number, page, sentence in waiting:
            # Under a key of its own: a second sentence of the same day is no repeat of the first.
            mark = hashlib.sha256(sentence.encode()).hexdigest()[:8]
            self._tell(page, sentence, f"note-{kind}-{number or page}-{mark}")
            with Session(self.route.writing) as session, session.begin():
                _told(session, kind, number, page, sentence)

    def _tell_due(self, now: datetime) -> None:
        """Once a day for each block whose time is over, or that was ordered and is not done."""
        today = self.today().isoformat()
        with Session(self.route.writing) as session, session.begin():
            late = [(each, DUE) for each in blocks.due(session, now)]
            late += [(each, STUCK) for each in blocks.under_way(session, now - STUCK_AFTER)]
            said = [(each.id, each.page, self.of_block(text, each)) for each, text in late if each.told_on != today]
            for each, _ in late:
                each.told_on = today
        for number, page, sentence in said:
            self._tell(page, sentence, f"note-due-{number}")

    def _tell(self, page: str, sentence: str, key: str) -> None:
        desk = self.route.desks.get(page)
        log.info("people are told of an account", page=page, key=key)
        if desk is not None:
            self.tell(desk, sentence, key)

    def _sentence(self, text: str, row: Proposal) -> str:
        return text.format(
            account=spoken(row.platform, row.author_id),
            page=self.name_of(row.page),
            total=row.total,
            threshold=row.threshold,
        )

    def of_block(self, text: str, block: Block) -> str:
        """A sentence about a block."""
        page = self.name_of(block.page)
        return text.format(account=self.named(block), page=page, slug=block.page, until=block.until)

    def named(self, block: Block) -> str:
        """The account of a block, as a sentence names it."""
        return spoken(block.platform, block.author_id)

    def name_of(self, slug: str) -> str:
        """The name of a page, for a sentence."""
        desk = self.route.desks.get(slug)
        return desk.page.name if desk is not None else slug


def _is_news(session: Session, standing: Standing) -> bool:
    """Whether something counts that people have not answered yet. What a reversal voided asks anew when it is back."""
    answered = {ProposalStatus.DECLINED, ProposalStatus.BLOCKED, ProposalStatus.LAPSED}
    earlier = proposals.of_account(session, standing.platform, standing.author_id)
    known = {case_id for row in earlier if row.status in answered for case_id in proposals.cases_of(row)}
    return any(not known & {each.case_id for each in event.confirmed} for event in standing.counted)


def _told(session: Session, kind: str, number: int | None, page: str, sentence: str) -> None:
    row: Proposal | Block | BlockList
    if kind == "list":
        row = blocks.list_of(session, page)
    elif kind == "block":
        row = session.get_one(Block, number)
    else:
        row = session.get_one(Proposal, number)
    if row.say == sentence:  # what was put there since is still to be said
        row.say = ""


def spoken(platform: str, author_id: str) -> str:
    """An account as a sentence names it: by its id, never by what it is displayed as."""
    return one_line(f"{platform}:{author_id}", limit=100)
