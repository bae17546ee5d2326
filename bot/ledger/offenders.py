"""Accounts with strikes, as they stand now. Worked out anew from the facts each time: there is nothing to go stale.

Strikes attach to an account's id on one platform. Nothing is joined by name, or across platforms (FA-24).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from bot.errors import PolicyError
from bot.ledger import proposals as proposed
from bot.ledger.cases import NOT_QUOTED
from bot.ledger.tables import (
    Case,
    CommentRow,
    Evidence,
    Proposal,
    Revision,
    Strike,
    StrikeStatus,
)
from bot.ledger.tally import Standing, Struck, events, weight
from bot.ledger.verdicts import from_json, of_case
from bot.moderation.pack import PolicyPack
from bot.moderation.verdict import Span

Packs = Callable[[str, str], PolicyPack]
"""Finds a policy by slug and version; raises ``PolicyError``."""


def no_appeals(_session: Session) -> frozenset[str]:
    """No appeal is open: where nobody takes any."""
    return frozenset()


def nobody_is_exempt(_platform: str, _author_id: str) -> bool:
    """No account is the city's own."""
    return False


@dataclass(frozen=True, slots=True)
class Court:
    """What strikes are judged by: the policies, the cases that an appeal is open on, the accounts of the city."""

    pack: Packs
    under_appeal: Callable[[Session], frozenset[str]] = no_appeals
    exempt: Callable[[str, str], bool] = nobody_is_exempt


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it was last displayed. A name is what somebody chose to be displayed as, and proves nothing."""

    platform: str
    author_id: str
    name: str
    handle: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One comment of an account, the lawful ones too, with its newest words."""

    page: str
    comment_id: str
    posted_at: datetime
    visibility: str
    digest: str
    text: str
    clauses: tuple[str, ...]
    case_id: str | None
    status: str | None
    spans: tuple[Span, ...]
    may_be_quoted: bool
    by_page: bool


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal for a list."""

    account: Account
    proposal: Proposal


def standing(session: Session, court: Court, platform: str, author_id: str, now: datetime) -> Standing:
    """How one account stands."""
    found = _standings(session, court, now, Strike.platform == platform, Strike.author_id == author_id)
    return found[0] if found else Standing(platform, author_id, (), now, court.exempt(platform, author_id))


def standings(
    session: Session,
    now: datetime,
    court: Court,
    *,
    page: str | None = None,
    confirmed_only: bool = False,
    at_least: int = 0,
) -> list[Standing]:
    """Every account with a strike, most strikes first. ``page``: those that have one there; ``confirmed_only``: those
    of which a person confirmed one; ``at_least``: those with so many that count now."""
    wanted = select(Strike.author_id)
    if page is not None:
        wanted = wanted.join(Case, col(Case.case_id) == col(Strike.case_id)).where(Case.page == page)
    if confirmed_only:
        wanted = wanted.where(Strike.status == StrikeStatus.CONFIRMED)
    found = [
        each
        for each in _standings(session, court, now, col(Strike.author_id).in_(wanted))
        if page is None or any(strike.page == page for event in each.events for strike in event.strikes)
    ]
    ranked = sorted(found, key=lambda each: (-each.total, -each.provisional, each.platform, each.author_id))
    return [each for each in ranked if each.total >= at_least]


def proposals(session: Session) -> list[ProposalLine]:
    """The proposals that wait for people, oldest first."""
    return [ProposalLine(account(session, each.platform, each.author_id), each) for each in proposed.open_ones(session)]


def account(session: Session, platform: str, author_id: str) -> Account:
    """An account as it was last displayed."""
    query = (
        select(CommentRow.author_name, CommentRow.author_handle, CommentRow.page)
        .where(CommentRow.platform == platform, CommentRow.author_id == author_id)
        .order_by(col(CommentRow.posted_at).desc(), col(CommentRow.id).desc())
    )
    rows = session.exec(query).all()
    name, handle = (rows[0][0], rows[0][1]) if rows else (None, None)
    return Account(platform, author_id, name or "", handle or "", tuple(sorted({row[2] for row in rows})))


def accounts_of_id(session: Session, author_id: str, platform: str | None) -> list[Account]:
    """The accounts of this id: one on each platform at most."""
    return _accounts(session, [CommentRow.author_id == author_id], platform)


def accounts_displayed_as(session: Session, name: str, platform: str | None, limit: int = 20) -> list[Account]:
    """The accounts that were displayed under this name or handle. Anybody can be displayed as anybody."""
    shown = (col(CommentRow.author_name) == name) | (col(CommentRow.author_handle) == name)
    return _accounts(session, [shown, col(CommentRow.author_id).is_not(None)], platform, limit)


def comments(session: Session, platform: str, author_id: str) -> list[Said]:
    """All that an account said on the city's pages, oldest first (FA-21)."""
    query = (
        select(CommentRow, Revision, Case)
        .join(Revision, (col(Revision.comment) == col(CommentRow.id)) & (col(Revision.digest) == col(CommentRow.says)))
        .outerjoin(Case, col(Case.revision) == col(Revision.id))
        .where(CommentRow.platform == platform, CommentRow.author_id == author_id)
        .order_by(col(CommentRow.posted_at), col(CommentRow.id))
    )
    return [_said(*row) for row in session.exec(query).all()]


def commented(session: Session, page: str, author_id: str) -> bool:
    """Whether this account ever commented on this page."""
    query = select(func.count()).where(CommentRow.page == page, CommentRow.author_id == author_id)
    return session.exec(query).one() > 0


def _accounts(session: Session, wanted: Sequence[Any], platform: str | None, limit: int = 20) -> list[Account]:
    query = select(CommentRow.platform, CommentRow.author_id).where(*wanted).distinct().limit(limit)
    if platform is not None:
        query = query.where(CommentRow.platform == platform)
    rows = sorted((found, author) for found, author in session.exec(query).all() if author)
    return [account(session, found, author) for found, author in rows]


def _standings(session: Session, court: Court, now: datetime, *where: Any) -> list[Standing]:
    query = (
        select(Strike, Case, Revision, CommentRow)
        .join(Case, col(Case.case_id) == col(Strike.case_id))
        .join(Revision, col(Revision.id) == col(Case.revision))
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .where(*where)
    )
    sealed = select(Evidence.case_id, Evidence.package_id).join(Strike, col(Strike.case_id) == col(Evidence.case_id))
    packages = dict(session.exec(sealed.where(*where)).all())
    contested = court.under_appeal(session)
    found: dict[tuple[str, str], list[Struck]] = defaultdict(list)
    for strike, case, revision, comment in session.exec(query).all():
        struck = _struck(court, strike, case, revision, comment, packages.get(case.case_id), contested)
        found[strike.platform, strike.author_id].append(struck)
    return [
        Standing(platform, author_id, events(strikes), now, court.exempt(platform, author_id))
        for (platform, author_id), strikes in sorted(found.items())
    ]


def _struck(
    court: Court,
    strike: Strike,
    case: Case,
    revision: Revision,
    comment: CommentRow,
    package_id: str | None,
    contested: frozenset[str],
) -> Struck:
    verdict = of_case(case, revision)
    try:
        pack = court.pack(verdict.policy.slug, verdict.policy.version)
    except PolicyError:
        pack = None
    return Struck(
        case_id=strike.case_id,
        page=case.page,
        clause=strike.clause,
        status=strike.status,
        comment=revision.comment,
        mark=revision.fingerprint or revision.digest,
        said_at=revision.edited_at or comment.posted_at,
        package_id=package_id,
        policy=f"{verdict.policy.slug} {verdict.policy.version}",
        weight=0 if pack is None else weight(verdict, pack),
        terms=None if pack is None else pack.strikes,
        contested=strike.case_id in contested,
        own=comment.by_page,
    )


def _said(comment: CommentRow, revision: Revision, case: Case | None) -> Said:
    verdict = from_json(revision.verdict) if case is None else of_case(case, revision)
    return Said(
        page=comment.page,
        comment_id=comment.comment_id,
        posted_at=comment.posted_at,
        visibility=comment.visibility,
        digest=revision.digest,
        text=revision.text,
        clauses=verdict.clauses,
        case_id=case.case_id if case else None,
        status=case.status if case else None,
        spans=tuple(span for finding in verdict.findings for span in finding.spans),
        may_be_quoted=not {finding.category for finding in verdict.findings} & NOT_QUOTED,
        by_page=comment.by_page,
    )
