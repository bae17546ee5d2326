"""All that is known of one account on one platform: what whoever decides on it must have seen (FA-21)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.errors import NotAllowed
from bot.ledger import blocks, offenders, proposals
from bot.ledger.offenders import Account, Court, Said
from bot.ledger.tables import AccountWord, Block, Proposal, ProposalStatus
from bot.ledger.tally import Standing
from bot.notify.quoted import one_line

NOBODY = (
    'no comment of "{account}" on the city\'s pages is known; `beadle offenders` lists the accounts with strikes. '
    "Name an account by its id, or as platform:id."
)
SEVERAL = '"{account}" fits several accounts; name one by its id: {found}.'
BY_NAME = (
    '"{account}" is a name, and anybody can be displayed under any name; what is decided is decided on an account '
    "by its id: {found}."
)
_ONE = "{platform}:{author_id} (displayed as {name})"
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """One account. ``comments`` are all of them, the lawful ones too."""

    account: Account
    standing: Standing
    comments: tuple[Said, ...]
    words: tuple[AccountWord, ...]
    proposals: tuple[Proposal, ...]
    blocks: tuple[Block, ...]

    @property
    def open_proposal(self) -> Proposal | None:
        """The proposal that waits for people, if there is one."""
        return next((each for each in self.proposals if each.status == ProposalStatus.OPEN), None)

    @property
    def mark(self) -> str:
        """A digest of what the sheet shows: whoever asks for a block names the sheet that they saw."""
        shown = {
            "account": [self.account.platform, self.account.author_id],
            "comments": [[each.page, each.comment_id, each.digest, each.status] for each in self.comments],
            "events": [[strike.case_id, strike.status, event.says(self.standing.now)] for event in self.standing.events
                       for strike in event.strikes],
            "words": [each.id for each in self.words],
            "blocks": [[each.id, each.status] for each in self.blocks],
        }  # fmt: skip
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:_DIGITS]


def open_sheet(session: Session, court: Court, account: Account, now: datetime) -> Sheet:
    """The sheet of one account."""
    platform, author_id = account.platform, account.author_id
    return Sheet(
        account=account,
        standing=offenders.standing(session, court, platform, author_id, now),
        comments=tuple(offenders.comments(session, platform, author_id)),
        words=tuple(proposals.words(session, platform, author_id)),
        proposals=tuple(proposals.of_account(session, platform, author_id)),
        blocks=tuple(blocks.of_account(session, platform, author_id)),
    )


def find_account(session: Session, written: str, platform: str | None = None, *, by_name: bool = False) -> Account:
    """The one account that somebody means by an id, or ``platform:id``. ``by_name``: a displayed name will do where one
    account alone bears it. Raises ``NotAllowed`` with the accounts that it may be."""
    found = _of_id(session, written, platform)
    if not found:
        found = offenders.accounts_displayed_as(session, written, platform)
        if found and (len(found) > 1 or not by_name):
            says = SEVERAL if len(found) > 1 else BY_NAME
            raise NotAllowed(says.format(account=_shown(written), found=_listed(found)))
    if not found:
        raise NotAllowed(NOBODY.format(account=_shown(written)))
    if len(found) > 1:
        raise NotAllowed(SEVERAL.format(account=_shown(written), found=_listed(found)))
    return found[0]


def _of_id(session: Session, written: str, platform: str | None) -> list[Account]:
    found = offenders.accounts_of_id(session, written, platform) or _blocked(session, written, platform)
    head, colon, rest = written.partition(":")
    if not found and colon and platform in (None, head):
        found = offenders.accounts_of_id(session, rest, head) or _blocked(session, rest, head)
    return found


def _blocked(session: Session, author_id: str, platform: str | None) -> list[Account]:
    known = sorted({each.platform for each in blocks.standing(session) if each.author_id == author_id})
    return [offenders.account(session, each, author_id) for each in known if platform in (None, each)]


def _listed(found: Sequence[Account]) -> str:
    return ", ".join(
        _ONE.format(platform=each.platform, author_id=_shown(each.author_id), name=_shown(each.name or "(no name)"))
        for each in found
    )


def _shown(text: str) -> str:
    return one_line(text, limit=80)
