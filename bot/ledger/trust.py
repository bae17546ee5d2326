"""What changed in what rules may do alone: promotions, demotions, trips of the brake, resets; and how it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from bot.ledger.tables import PageRow, RuleEvent
from bot.voice import Voice

PROMOTED = 'Rule "{rule}" may act by itself on {page}: asked for by {person}, approved by {second}, on {shown}.'
DEMOTED = 'Rule "{rule}" asks people on {page} again: {person} has demoted it.'
FELL = 'Rule "{rule}" asks people on {page} again: {why}. `beadle rules --page {page}` shows it.'
TRIPPED = (
    'Rule "{rule}" has stopped acting by itself on {page} and asks people: {why}. Look at what it did '
    "(`beadle undo --rule {rule} --page {page} --since … --dry-run`), then `beadle rules reset {rule} --page {page}`."
)
RESET = 'Rule "{rule}" may act by itself on {page} again: {person} has reset its brake.'
STOPPED: dict[str, str] = {
    "demoted": 'rule "{rule}" was demoted on {at:%Y-%m-%d} by {person}: a person decides.',
    "fell": 'rule "{rule}" fell below its floor on {at:%Y-%m-%d} by people\'s decisions: a person decides.',
    "tripped": 'rule "{rule}" was stopped by its brake on {at:%Y-%m-%d %H:%M} UTC: a person decides.',
}


class What(StrEnum):
    """What happened to a rule on a page."""

    PROMOTED = "promoted"
    DEMOTED = "demoted"
    FELL = "fell"
    TRIPPED = "tripped"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class By:
    """Who said so, and why. Nobody, where the ledger itself counted it."""

    person: str | None = None
    account: str | None = None
    roles: str = ""
    second: str | None = None
    reason: str = ""

    @staticmethod
    def voice(voice: Voice, reason: str) -> By:
        """A person who speaks."""
        return By(voice.person.id, voice.account, voice.roles, reason=reason)


NOBODY = By()
_RANKS = (What.PROMOTED, What.DEMOTED, What.FELL)
_BRAKE = (What.TRIPPED, What.RESET)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule stands on a page: the last word on its rank, and the last on its brake."""

    rank: RuleEvent | None = None
    brake: RuleEvent | None = None

    @property
    def promoted(self) -> bool:
        return self.rank is not None and self.rank.what == What.PROMOTED

    @property
    def tripped(self) -> RuleEvent | None:
        """The trip that holds now."""
        return self.brake if self.brake is not None and self.brake.what == What.TRIPPED else None

    @property
    def stopped(self) -> str | None:
        """Why the rule may not act here, whatever it has earned and whoever signed; ``None`` if nothing stops it."""
        low = self.rank if self.rank is not None and self.rank.what != What.PROMOTED else None
        event = self.tripped or low
        if event is None:
            return None
        return STOPPED[event.what].format(rule=event.rule, at=event.at, person=event.person)


def standings(session: Session, page: str) -> dict[str, Standing]:
    """How the rules stand on a page, by their ids; a rule of which nothing was ever said is not among them."""
    found: dict[str, Standing] = {}
    query = select(RuleEvent).where(RuleEvent.page == page).order_by(col(RuleEvent.id))
    for event in session.exec(query).all():
        was = found.get(event.rule, Standing())
        is_rank = event.what in _RANKS
        found[event.rule] = Standing(event if is_rank else was.rank, was.brake if is_rank else event)
    return found


def stopped(session: Session, page: str) -> dict[str, str]:
    """The rules that may not act by themselves on a page now, with the sentence that says why."""
    return {rule: why for rule, each in standings(session, page).items() if (why := each.stopped) is not None}


def promoted(session: Session, page: str) -> frozenset[str]:
    """The rules that two people have let act by themselves on a page, and that nobody has taken back."""
    return frozenset(rule for rule, each in standings(session, page).items() if each.promoted)


def hold(session: Session, page: str) -> None:
    """Let nobody else change how rules stand on a page, or take leave there, until the transaction ends."""
    session.exec(select(PageRow.slug).where(PageRow.slug == page).with_for_update()).first()


def note(session: Session, page: str, rule: str, what: What, policy: str, because: str, by: By, now: datetime) -> None:
    """Record what happened to a rule. ``because`` is told to people."""
    session.add(
        RuleEvent(
            page=page,
            rule=rule,
            what=what,
            policy=policy,
            person=by.person,
            account=by.account,
            roles=by.roles,
            second=by.second,
            reason=by.reason,
            because=because,
            at=now,
        )
    )
    session.flush()


def last_reset(session: Session, page: str, rule: str) -> datetime | None:
    """When the brake of a rule was last reset on a page: what came before is not counted against it again."""
    query = (
        select(RuleEvent.at)
        .where(RuleEvent.page == page, RuleEvent.rule == rule, RuleEvent.what == What.RESET)
        .order_by(col(RuleEvent.id).desc())
    )
    return session.exec(query).first()


def untold(session: Session) -> list[RuleEvent]:
    """What people have not been told yet, oldest first."""
    return list(session.exec(select(RuleEvent).where(col(RuleEvent.told_at).is_(None)).order_by(col(RuleEvent.id))))


def told(session: Session, event: int, now: datetime) -> None:
    """Note that people were told."""
    row = session.get_one(RuleEvent, event)
    row.told_at = now
    session.add(row)


def changes(session: Session, since: datetime, until: datetime, pages: frozenset[str] | None = None) -> list[str]:
    """What changed in ``[since, until)``, as sentences for the digest, oldest first; of these pages, or of all."""
    query = select(RuleEvent).where(RuleEvent.at >= since, RuleEvent.at < until).order_by(col(RuleEvent.id))
    return [each.because for each in session.exec(query).all() if pages is None or each.page in pages]
