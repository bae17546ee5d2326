"""Which score rules have earned hiding by themselves, counted from what people decided. Counted anew now and then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from bot.ledger import earned
from bot.ledger.earned import Word
from bot.moderation.earned import USUAL_FLOOR, Tally
from bot.moderation.pack import PolicyPack, Rule
from bot.moderation.verdict import EARNABLE, Measure

log = structlog.get_logger(__name__)

COUNTED_BACK = timedelta(days=365)
COUNT_EVERY = timedelta(minutes=10)


class Trust:
    """Says which score rules of a pack may hide. Nothing, until people have decided enough of their cases alike."""

    def __init__(self, packs: Iterable[PolicyPack], reading: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._packs = {pack.digest: pack for pack in packs}
        self._reading, self._clock = reading, clock
        self._earned: Mapping[str, frozenset[str]] = {}
        self._counted: datetime | None = None

    def earned(self, policy: str) -> frozenset[str]:
        """The ids of the score rules that have earned a hide, as last counted. ``policy``: digest of a version."""
        return self._earned.get(policy, frozenset())

    def count_due(self) -> None:
        """Count anew if the last time is long enough ago, and log what was earned or lost."""
        now = self._clock()
        if self._counted is not None and now - self._counted < COUNT_EVERY:
            return
        self._counted = now
        with Session(self._reading) as session:
            words = list(earned.words(session, now - COUNTED_BACK))
        before, self._earned = self._earned, {digest: self._of(pack, words) for digest, pack in self._packs.items()}
        for digest, rules in self._earned.items():
            if rules != before.get(digest, frozenset()):
                log.warning("what scores may do has changed", policy=self._packs[digest].slug, may_hide=sorted(rules))

    def tallies(self, pack: PolicyPack) -> dict[str, Tally]:
        """How people decided what each score rule of a pack was sure of, for a person who asks."""
        with Session(self._reading) as session:
            words = list(earned.words(session, self._clock() - COUNTED_BACK))
        return {rule.id: self._tally(pack, rule, words) for rule in pack.rules if rule.detector == "scores"}

    def _of(self, pack: PolicyPack, words: list[Word]) -> frozenset[str]:
        return frozenset(
            rule.id
            for rule in pack.rules
            if _could_earn(rule) and self._tally(pack, rule, words).has_earned(rule.floor or USUAL_FLOOR)
        )

    def _tally(self, pack: PolicyPack, rule: Rule, words: list[Word]) -> Tally:
        """Counts where the same rule with the same model was sure, whatever else changed between versions."""
        agreed: dict[str, bool] = {}
        alone = defaultdict[bool, int](int)
        for word in words:
            if word.rule_id == rule.id and word.score >= _sure_at(rule) and self._is_same(pack, rule, word.policy):
                if word.text:
                    # Copies of one text are one event; if people differed over them, they did not agree.
                    agreed[word.text] = agreed.get(word.text, True) and word.agreed
                else:
                    alone[word.agreed] += 1
        return Tally(sum(agreed.values()) + alone[True], len(agreed) + alone[True] + alone[False])

    def _is_same(self, pack: PolicyPack, rule: Rule, digest: str) -> bool:
        other = self._packs.get(digest)
        if other is None or other.slug != pack.slug or other.model != pack.model:
            return False
        return any(each.id == rule.id and each.parameters == rule.parameters for each in other.rules)


def _could_earn(rule: Rule) -> bool:
    return rule.detector == "scores" and rule.measure is Measure.HIDE and rule.category in EARNABLE


def _sure_at(rule: Rule) -> float:
    hide_at = rule.parameters.get("hide_at", 0.9)
    assert isinstance(hide_at, int | float)
    return float(hide_at)
