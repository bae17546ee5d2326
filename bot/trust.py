"""What rules have earned on people's decisions, page by page: counted anew now and then, and before a score acts.

Nothing is earned by silence. A score rule acts only while the lower bound of its precision stands at its floor and two
people have promoted it (``bot.promoting``); a printed rule acts under the city's signature until people's decisions
rule out that it is as good as its floor. Whatever falls is demoted at once, and people are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from bot.ledger import earned, trust
from bot.ledger.earned import Word
from bot.ledger.trust import FELL, NOBODY, What
from bot.moderation.earned import LOWEST_FLOOR, USUAL_FLOOR, Tally
from bot.moderation.pack import PolicyPack, Rule
from bot.moderation.verdict import EARNABLE, SIGNABLE, Measure
from bot.pages import Page

log = structlog.get_logger(__name__)

Mark = tuple[int, datetime | None]
_Words = Mapping[tuple[str, str], list[Word]]

COUNTED_BACK = timedelta(days=365)
COUNT_EVERY = timedelta(minutes=10)
_LOOK_EVERY = timedelta(seconds=10)
SCORE_FELL = (
    "people agreed with {agreed:,} of {decided:,}, which shows no more than {bound:.1%} for sure; {floor:.0%} is asked"
)
LIST_FELL = "people agreed with {agreed:,} of {decided:,}, which is {high:.1%} at the very best; {floor:.0%} is asked"


@dataclass(frozen=True, slots=True)
class _Counted:
    """``mark``: which decisions were counted. ``earned``: by page and digest of a policy version, promoted or not."""

    at: datetime
    mark: Mark
    earned: Mapping[tuple[str, str], frozenset[str]]
    promoted: Mapping[str, frozenset[str]]


class Trust:
    """Says which score rules of a policy may hide on a page, and demotes what falls. ``writing`` is ``None`` for
    whoever only asks."""

    def __init__(
        self,
        packs: Iterable[PolicyPack],
        reading: sa.Engine,
        clock: Callable[[], datetime],
        *,
        pages: Sequence[Page] = (),
        writing: sa.Engine | None = None,
    ) -> None:
        self._packs = {pack.digest: pack for pack in packs}
        self._pages = tuple(pages)
        self._reading, self._writing, self._clock = reading, writing, clock
        self._counted: _Counted | None = None
        self._demoted: tuple[datetime, Mark] | None = None

    def earned(self, page: str, policy: str) -> frozenset[str]:
        """The ids of the score rules that have earned a hide on a page and are promoted there, as last counted.
        ``policy``: digest of a version."""
        if self._counted is None:
            return frozenset()
        return self._counted.earned.get((page, policy), frozenset()) & self._counted.promoted.get(page, frozenset())

    def earned_now(self, page: str, policy: str) -> frozenset[str]:
        """The same, counted anew if people decided anything since; for the moment before an act. Writes nothing."""
        if self.earned(page, policy):
            with Session(self._reading) as session:
                decided_since = self._counted is None or earned.mark(session) != self._counted.mark
            if decided_since:
                self._count()
        return self.earned(page, policy)

    def count_due(self) -> None:
        """Count anew if people decided anything since the last time, or it is long ago; and demote what fell."""
        now = self._clock()
        if self._demoted is not None and now - self._demoted[0] < _LOOK_EVERY:
            return
        with Session(self._reading) as session:
            mark = earned.mark(session)
        if self._demoted is None or mark != self._demoted[1] or now - self._demoted[0] >= COUNT_EVERY:
            self.count()

    def count(self) -> None:
        """Count what people decided, and demote what fell."""
        counted, words, standings = self._count()
        for page in self._pages if self._writing is not None else ():
            self._demote_fallen(page, words, standings[page.slug], counted.at)
        self._demoted = counted.at, counted.mark

    def _count(self) -> tuple[_Counted, _Words, Mapping[str, Mapping[str, trust.Standing]]]:
        now = self._clock()
        with Session(self._reading) as session:
            mark = earned.mark(session)
            words = by_rule(earned.words(session, now - COUNTED_BACK))
            standings = {page.slug: trust.standings(session, page.slug) for page in self._pages}
        found = {(page.slug, pack.digest): self._of(page, pack, words) for page, pack in self._pairs()}
        promoted = {
            slug: frozenset(rule for rule, each in of.items() if each.promoted) for slug, of in standings.items()
        }
        self._counted = _Counted(now, mark, found, promoted)
        return self._counted, words, standings

    def tally(self, pack: PolicyPack, rule: Rule, words: Sequence[Word], since: datetime | None = None) -> Tally:
        """Counts where the same rule with the same model was sure, whatever else changed between versions. ``since``:
        only cases opened after that."""
        agreed: dict[str, bool] = {}
        alone = [0, 0]
        for word in words:
            if not self._counts(pack, rule, word) or (since is not None and word.at <= since):
                continue
            if word.text:
                # Copies of one text are one event; if people differed over them, they did not agree.
                agreed[word.text] = agreed.get(word.text, True) and word.agreed
            else:
                alone[word.agreed] += 1
        return Tally(sum(agreed.values()) + alone[True], len(agreed) + sum(alone))

    def versions(self, page: Page) -> list[PolicyPack]:
        """Every version of the page's policy, those to come too."""
        return [pack for pack in self._packs.values() if pack.slug == page.policy]

    def in_force(self, page: Page) -> PolicyPack | None:
        """The version of the page's policy that is in force now."""
        now = self._clock()
        begun = [each for each in self.versions(page) if each.effective_at <= now]
        return max(begun, key=lambda each: each.effective_at, default=None)

    def _pairs(self) -> Iterable[tuple[Page, PolicyPack]]:
        return ((page, pack) for page in self._pages for pack in self._packs.values() if pack.slug == page.policy)

    def _of(self, page: Page, pack: PolicyPack, words: _Words) -> frozenset[str]:
        return frozenset(
            rule.id
            for rule in pack.rules
            if could_earn(rule)
            and self.tally(pack, rule, words.get((page.slug, rule.id), ())).has_earned(floor_of(rule))
        )

    def _demote_fallen(
        self,
        page: Page,
        words: _Words,
        standings: Mapping[str, trust.Standing],
        now: datetime,
    ) -> None:
        pack = self.in_force(page)
        for rule in pack.rules if pack is not None else ():
            assert pack is not None
            why = self._fallen(pack, rule, words.get((page.slug, rule.id), ()), standings.get(rule.id))
            if why is not None:
                self._demote(page, pack, rule, why, now)

    def _fallen(
        self, pack: PolicyPack, rule: Rule, words: Sequence[Word], standing: trust.Standing | None
    ) -> str | None:
        """Why a rule that acts now must not any longer; ``None`` for one that goes on, or asks people anyway."""
        rank = standing.rank if standing is not None else None
        floor = max(floor_of(rule), LOWEST_FLOOR)
        if rule.reads_scores:
            tally = self.tally(pack, rule, words)
            if rank is None or rank.what != What.PROMOTED or tally.has_earned(floor):
                return None
            bound = tally.precision_bound
            return SCORE_FELL.format(agreed=tally.agreed, decided=tally.decided, bound=bound, floor=floor)
        if not could_act(rule) or (rank is not None and rank.what != What.PROMOTED):
            return None
        tally = self.tally(pack, rule, words, rank.at if rank is not None else None)
        if not tally.has_lost(floor):
            return None
        return LIST_FELL.format(agreed=tally.agreed, decided=tally.decided, high=tally.interval[1], floor=floor)

    def _demote(self, page: Page, pack: PolicyPack, rule: Rule, why: str, now: datetime) -> None:
        assert self._writing is not None
        with Session(self._writing) as session, session.begin():
            trust.hold(session, page.slug)
            rank = trust.standings(session, page.slug).get(rule.id, trust.Standing()).rank
            if rank is not None and rank.what in (What.FELL, What.DEMOTED):
                return
            because = FELL.format(rule=rule.id, page=page.slug, why=why)
            trust.note(session, page.slug, rule.id, What.FELL, f"{pack.slug} {pack.version}", because, NOBODY, now)
        log.warning("a rule fell below its floor", page=page.slug, rule=rule.id, because=why)

    def _counts(self, pack: PolicyPack, rule: Rule, word: Word) -> bool:
        if rule.reads_scores and word.score < _sure_at(rule):
            return False
        other = self._packs.get(word.policy)
        if other is None or other.slug != pack.slug or (rule.reads_scores and other.model != pack.model):
            return False
        return any(each.id == rule.id and each.parameters == rule.parameters for each in other.rules)


def by_rule(words: Iterable[Word]) -> dict[tuple[str, str], list[Word]]:
    """People's words by page and rule."""
    found: dict[tuple[str, str], list[Word]] = {}
    for word in words:
        found.setdefault((word.page, word.rule_id), []).append(word)
    return found


def could_earn(rule: Rule) -> bool:
    """Whether a score rule may ever hide by itself: where it asks for it, in a category that the law leaves open."""
    return rule.reads_scores and rule.measure is Measure.HIDE and rule.category in EARNABLE


def could_act(rule: Rule) -> bool:
    """Whether a rule may ever act by itself, printed or by score."""
    return could_earn(rule) or (not rule.reads_scores and rule.measure is Measure.HIDE and rule.category in SIGNABLE)


def floor_of(rule: Rule) -> float:
    """The precision that is asked of a rule: what its pack says, or the usual of a score, or the lowest of a list."""
    return rule.floor or (USUAL_FLOOR if rule.reads_scores else LOWEST_FLOOR)


def _sure_at(rule: Rule) -> float:
    hide_at = rule.parameters.get("hide_at", 0.9)
    assert isinstance(hide_at, int | float)
    return float(hide_at)
