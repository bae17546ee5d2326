"""Our list of blocked accounts against the platform's own, once a day: people also block by hand (FA-25).

A list that can't be read to its end proves nothing, and nothing is concluded from it. Nothing is ever blocked or let
back here: what doesn't agree is put before people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.desk import Desk
from bot.ledger import blocks
from bot.ledger.tables import Block, BlockList, BlockStatus
from bot.offenders.grounds import BY_HAND, can_lift
from bot.offenders.watching import Offenders
from connectors.contract import Blocker, ConnectorError, Unsupported

log = structlog.get_logger(__name__)

FOUND_ONE = (
    "An account is blocked on {page} and nobody recorded it: {first}. Say why with `beadle explain-block`, or let it "
    "back with `beadle unblock`; `beadle offenders` lists it."
)
FOUND = (
    "{count} accounts are blocked on {page} and nobody recorded it, {first} among them. Say why with `beadle "
    "explain-block`, or let them back with `beadle unblock`; `beadle offenders` lists them."
)
NOT_THERE = "Not in the platform's list of blocked accounts any more, read {at:%Y-%m-%d %H:%M} UTC."
SAY_NOT_THERE = "Account {account} is not blocked on {page} any more: somebody lifted it there. It is recorded so."
CANT_READ = (
    "The list of blocked accounts of {page} can't be read: {why} Until it can, nobody knows whether people were "
    "blocked there by hand."
)
CAN_AGAIN = "The list of blocked accounts of {page} is read again."
ON_THE_PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Compares the two lists. ``blockers`` by page."""

    offenders: Offenders
    blockers: Mapping[str, Blocker]

    def see_to(self, now: datetime) -> None:
        """Every page whose list has not been tried on the city's own day yet."""
        today = self.offenders.today().isoformat()
        with Session(self.offenders.route.reading) as session:
            tried = {page: row.tried_on for page, row in blocks.lists(session).items()}
        for page in sorted(self.blockers):
            if tried.get(page) != today and page in self.offenders.route.desks:
                self.compare(page)

    def compare(self, page: str) -> None:
        """Read one page's list, and record where the two don't agree."""
        began = self.offenders.route.clock()
        listed, failure = self._read(page)
        with Session(self.offenders.route.writing) as session, session.begin():
            row = blocks.list_of(session, page)
            row.tried_on = self.offenders.today().isoformat()
            if failure is not None:
                self._note_failure(session, row, failure, began)
            elif listed is not None:
                found = self._agree(session, page, listed, began)
                self._note_read(row, found, began)

    def _read(self, page: str) -> tuple[set[str] | None, str | None]:
        """The ids in the page's list, and why it can't be read. Neither, where the platform has no such list."""
        try:
            return {author.author_id for author in self.blockers[page].blocked() if author.author_id}, None
        except Unsupported:
            return None, None
        except ConnectorError as error:
            log.warning("a list of blocked accounts can't be read", page=page, because=error.sentence)
            return None, error.sentence

    def _agree(self, session: Session, page: str, listed: set[str], began: datetime) -> list[Block]:
        ours = {each.author_id: each for each in blocks.of_page(session, page)}
        recent = {each.author_id for each in blocks.touched(session, page, began)}
        found = [self._found(session, page, author_id, began) for author_id in sorted(listed - set(ours) - recent)]
        for author_id in sorted(set(ours) - listed):
            self._conclude(session, self.offenders.route.desks[page], ours[author_id], began)
        if found:
            log.warning("accounts are blocked and nobody recorded it", page=page, count=len(found))
        return found

    def _found(self, session: Session, page: str, author_id: str, now: datetime) -> Block:
        return blocks.put(
            session,
            Block(
                platform=self.offenders.route.desks[page].page.platform,
                author_id=author_id,
                page=page,
                status=BlockStatus.UNEXPLAINED,
                placed_at=now,
                since=now,
                reason="",
                lifted_because="",
                because="",
                say="",
            ),
        )

    def _conclude(self, session: Session, desk: Desk, block: Block, began: datetime) -> None:
        """Ours, and not listed: lifted there. Not where it was done while the list was read, or is never listed."""
        young = block.since is None or block.since >= began
        if block.status not in blocks.LIFTABLE or young or block.way == BY_HAND or not can_lift(desk, block.way):
            return
        block.status, block.lifted_at, block.lifted_by = BlockStatus.LIFTED, began, ON_THE_PLATFORM
        block.lifted_because = NOT_THERE.format(at=began)
        block.say = self.offenders.of_block(SAY_NOT_THERE, block)
        session.add(block)

    def _note_failure(self, session: Session, row: BlockList, why: str, now: datetime) -> None:
        """Said when it breaks, and not again until it has mended."""
        if row.failing_since is None:
            row.failing_since = now
            row.say = CANT_READ.format(page=self.offenders.name_of(row.page), why=why)
            blocks.gap(session, row.page, row.say, now)
        row.failure = why

    def _note_read(self, row: BlockList, found: list[Block], now: datetime) -> None:
        name = self.offenders.name_of(row.page)
        says = [CAN_AGAIN.format(page=name)] if row.failing_since is not None else []
        row.read_at, row.failing_since, row.failure = now, None, ""
        if found:
            text = FOUND_ONE if len(found) == 1 else FOUND
            says.append(text.format(count=len(found), page=name, first=self.offenders.named(found[0])))
        row.say = " ".join(says) or row.say
