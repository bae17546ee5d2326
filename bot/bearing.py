"""How a rule stands on a page, for people who ask: what was decided, how sure that is, and whether it acts alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log

from sqlmodel import Session

from bot.brake import FIRST_DAY_SHARE
from bot.ledger import earned, trust
from bot.ledger.earned import Word
from bot.ledger.trust import Standing
from bot.moderation.earned import LOWEST_FLOOR, Tally
from bot.moderation.pack import PolicyPack, Rule
from bot.moderation.verdict import Finding, Measure, Outcome, Verdict
from bot.pages import Flag, Page
from bot.permission import CARETAKER, Permission, may_hide
from bot.trust import COUNTED_BACK, Trust, by_rule, could_act, could_earn, floor_of

NOT_EARNED = 'rule "{rule}" has not earned it on "{page}": {lacking}.'
ASKS = "asks a person, always: its policy asks for no hide."
ASKS_ALWAYS = "asks a person, always: what it is about is never hidden without one."
LACKS = "{more:,} more agreements of people, without one disagreement, would do"
NOT_YET = "asks a person: a score, and {lacking}."
EARNED = "asks a person: it has earned it; two people promote it with `beadle promote {rule} --page {page}`."
IN_CARETAKER = (
    "in caretaker: a person decides everything and no rule is promoted; version {version} of {policy} is in force "
    "since {since:%Y-%m-%d}{next}."
)
NEXT_VERSION = ", and version {version} takes effect on {at:%Y-%m-%d}, which counsel should know before"
IN_INCIDENT = "in an incident: a person decides everything until the flag is taken out of pages.yaml."
LOOSENED = (
    "{signed_by} signed that a rule may act on {share:.0%} of the comments in its first day; the usual is {usual:.0%}."
)


@dataclass(frozen=True, slots=True)
class Bearing:
    """One rule on one page. ``floor``: the precision that is asked of it; ``may``: whether it acts alone now, and the
    sentence that a case would be given."""

    page: str
    policy: str
    version: str
    rule: Rule
    tally: Tally
    contested: int
    standing: Standing
    floor: float
    may: Permission

    @property
    def has_earned(self) -> bool:
        """Whether people's decisions alone would let a score act."""
        return could_earn(self.rule) and self.tally.has_earned(self.floor)

    @property
    def lacking(self) -> str:
        """How far a score is from its floor, in words."""
        return LACKS.format(more=lacking(self.tally, self.floor))

    @property
    def tripped_since(self) -> datetime | None:
        """When its brake tripped, if that holds now."""
        return self.standing.tripped.at if self.standing.tripped is not None else None


@dataclass(frozen=True, slots=True)
class Bearings:
    """Says how rules stand. ``clock`` is the city's."""

    trust: Trust
    clock: Callable[[], datetime]

    def on(self, session: Session, page: Page) -> list[Bearing]:
        """Every rule of the page's policy in force, in its order; nothing before the first version."""
        pack = self.trust.in_force(page)
        if pack is None:
            return []
        since = self.clock() - COUNTED_BACK
        words = by_rule(earned.words(session, since, page.slug))
        doubts = earned.contested(session, since, page.slug)
        standings = trust.standings(session, page.slug)
        rules = [rule for rule in pack.rules if rule.binds(by_page=False)]
        return [
            self._bearing(page, pack, rule, words.get((page.slug, rule.id), ()), doubts, standings) for rule in rules
        ]

    def of(self, session: Session, page: Page, pack: PolicyPack, rule: Rule) -> Bearing:
        """One rule, in the caller's transaction."""
        words = by_rule(earned.words(session, self.clock() - COUNTED_BACK, page.slug)).get((page.slug, rule.id), ())
        return self._bearing(page, pack, rule, words, {}, trust.standings(session, page.slug))

    def notes(self, session: Session, page: Page) -> list[str]:
        """What somebody who looks after the page should know of its rules, as sentences."""
        found = [self._caretaker(page)] if Flag.CARETAKER in page.flags else []
        if Flag.INCIDENT in page.flags:
            found.append(IN_INCIDENT)
        signed = page.auto_hide
        if signed is not None and signed.first_day > FIRST_DAY_SHARE:
            share, usual = signed.first_day, FIRST_DAY_SHARE
            found.append(LOOSENED.format(signed_by=signed.signed_by, share=share, usual=usual))
        return found + list(trust.stopped(session, page.slug).values())

    def _caretaker(self, page: Page) -> str:
        pack, now = self.trust.in_force(page), self.clock()
        if pack is None:
            return CARETAKER
        later = [each for each in self.trust.versions(page) if each.effective_at > now]
        coming = min(later, key=lambda each: each.effective_at, default=None)
        says = "" if coming is None else NEXT_VERSION.format(version=coming.version, at=coming.effective_at)
        return IN_CARETAKER.format(version=pack.version, policy=pack.slug, since=pack.effective_at, next=says)

    def _bearing(
        self,
        page: Page,
        pack: PolicyPack,
        rule: Rule,
        words: Sequence[Word],
        doubts: dict[str, int],
        standings: dict[str, Standing],
    ) -> Bearing:
        tally, floor = self.trust.tally(pack, rule, words), max(floor_of(rule), LOWEST_FLOOR)
        standing = standings.get(rule.id, Standing())
        may = _may(page, pack, rule, tally, standing, floor)
        return Bearing(page.slug, pack.slug, pack.version, rule, tally, doubts.get(rule.id, 0), standing, floor, may)


def _may(page: Page, pack: PolicyPack, rule: Rule, tally: Tally, standing: Standing, floor: float) -> Permission:
    """What a comment that only this rule found would be told."""
    if not could_act(rule):
        return Permission(False, ASKS if rule.measure is not Measure.HIDE else ASKS_ALWAYS)
    if rule.reads_scores and standing.stopped is None and not (standing.promoted and tally.has_earned(floor)):
        if not tally.has_earned(floor):
            return Permission(False, NOT_YET.format(lacking=LACKS.format(more=lacking(tally, floor))))
        return Permission(False, EARNED.format(rule=rule.id, page=page.slug))
    stopped = {rule.id: standing.stopped} if standing.stopped is not None else {}
    return may_hide(page, _verdict(pack, rule), frozenset({rule.id}), stopped)


def _verdict(pack: PolicyPack, rule: Rule) -> Verdict:
    finding = Finding(
        rule.id, rule.clause, rule.category, rule.detector, (), 1.0, "", rule.measure, not rule.reads_scores
    )
    return Verdict(Outcome.ACT, rule.measure, (finding,), pack.ref, "und")


def lacking(tally: Tally, floor: float) -> int:
    """How many agreements in a row would bring the bound up to the floor."""
    fewest = ceil(log(0.05) / log(floor)) if floor < 1 else 10**6
    low, high = 0, max(fewest, 1) + 60 * (tally.decided - tally.agreed + 1)
    while not Tally(tally.agreed + high, tally.decided + high).has_earned(floor) and high < 10**6:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        if Tally(tally.agreed + middle, tally.decided + middle).has_earned(floor):
            high = middle
        else:
            low = middle + 1
    return low
