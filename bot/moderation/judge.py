"""The judge: one comment in, one verdict out. Holds a pack and its lists; knows no page, no account, no clock."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.moderation.detectors.detector import Detector, Match
from bot.moderation.detectors.registry import DETECTORS
from bot.moderation.links import links_in
from bot.moderation.pack import PolicyPack, Rule
from bot.moderation.passage import Passage
from bot.moderation.text import fold
from bot.moderation.verdict import Finding, Item, Verdict, decide
from bot.moderation.wordlists import WordLists

_FEWEST_LETTERS = 12


class Judge:
    """Judges by one version of one policy. Built once, used for every comment; thousands a second."""

    def __init__(self, pack: PolicyPack, wordlists: WordLists) -> None:
        self.pack = pack
        self._seats = tuple(Seat(rule, detector_of(rule, wordlists)) for rule in pack.rules)

    def judge(self, item: Item) -> Verdict:
        """The verdict on one item. Any string can be judged."""
        passage = Passage(item)
        findings = [f for seat in self._seats if seat.rule.binds(item.by_page) for f in seat.findings(passage)]
        return decide(findings, self.pack, passage.language.code)

    def judge_all(self, items: Iterable[Item]) -> list[Verdict]:
        """The verdicts on several items, in their order."""
        return [self.judge(item) for item in items]


@dataclass(frozen=True, slots=True)
class Seat:
    """A rule and the detector that works for it."""

    rule: Rule
    detector: Detector

    def findings(self, passage: Passage) -> Iterator[Finding]:
        """One finding for all the places where the rule matched, none if it matched nowhere."""
        matches = list(self.detector.find(passage))
        if matches:
            yield self._finding(matches)

    def _finding(self, matches: list[Match]) -> Finding:
        spans = sorted({span for match in matches for span in match.spans}, key=lambda span: (span.start, span.end))
        return Finding(
            rule_id=self.rule.id,
            clause=self.rule.clause,
            category=self.rule.category,
            detector=self.rule.detector,
            spans=tuple(spans),
            score=max(match.score for match in matches),
            reason=self.rule.reason,
            measure=self.rule.measure,
            enumerable=self.detector.enumerable,
            urgent=self.rule.urgent,
        )


def detector_of(rule: Rule, wordlists: WordLists) -> Detector:
    """Build the detector that a rule names, with the rule's parameters."""
    kind = DETECTORS[rule.detector]
    return kind.build(kind.parameters.model_validate(rule.parameters), wordlists)


def fingerprint(text: str) -> str:
    """A digest that copies of one text share: letters alone count, drawn out or not; of a link only its host.

    16 hexadecimal digits, or ``""`` for a text under twelve letters, which too many people write alike.
    """
    folded = fold(text)
    rest, at = [], 0
    for link in links_in(folded):
        rest += [folded.text[at : link.start], link.host]
        at = link.end
    letters = re.sub(r"[\W\d_]+|(.)(?=\1)", "", "".join(rest) + folded.text[at:])
    if len(letters) < _FEWEST_LETTERS:
        return ""
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()[:16]
