"""The judge: one comment in, one verdict out. Holds a pack and its lists; knows no page, no account, no clock."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from bot.moderation.detectors.detector import Detector, Match
from bot.moderation.detectors.excepted import Excepted
from bot.moderation.detectors.registry import DETECTORS
from bot.moderation.detectors.sayings import PhraseParameters
from bot.moderation.detectors.scores import CLEARED, Scored
from bot.moderation.links import links_in
from bot.moderation.models import Scorer, SharingScorer
from bot.moderation.needs import needs_of
from bot.moderation.pack import CATEGORIES, PolicyPack, Rule
from bot.moderation.passage import Passage
from bot.moderation.reading import Reading, reading_of
from bot.moderation.screen import Screen, Screened
from bot.moderation.text import fold
from bot.moderation.tokens import MOST_TOKENS, Vocabulary
from bot.moderation.verdict import Finding, Item, Measure, Outcome, Span, Verdict, decide
from bot.moderation.wordlists import WordLists

_FEWEST_LETTERS = 12
_LARGEST_BATCH = 2_048
_LARGEST_TEXT = 1_000_000
_OF_THE_WHOLE = frozenset({"scores", "unread_language"})
"""Detectors that judge how a comment reads as a whole: of a disguised one, only as it is meant."""
_NO_LABELS: Mapping[str, float] = dict.fromkeys(CATEGORIES, 0.0)


class Judge:
    """Judges by one version of one policy. Built once, used for every comment; thousands a second."""

    def __init__(
        self,
        pack: PolicyPack,
        wordlists: WordLists,
        scorer: Scorer | None = None,
        earned: frozenset[str] = frozenset(),
        vocabulary: int = MOST_TOKENS,
    ) -> None:
        """``scorer`` is the model that the pack pins; ``earned`` holds the ids of score rules that may hide.

        ``vocabulary`` bounds the memory: after so many different tokens the judge forgets them and begins again.
        """
        self.pack = pack
        self.scorer = scorer
        self.earned = earned
        self._ref = pack.ref
        self.seats = tuple(Seat(rule, detector_of(rule, wordlists)) for rule in pack.rules)
        self._screen = Screen([needs_of(seat.detector) for seat in self.seats])
        self._sharing = scorer.beside(self._screen.columns, vocabulary) if isinstance(scorer, SharingScorer) else None
        self._vocabulary = self._sharing.vocabulary if self._sharing else Vocabulary(self._screen.columns, vocabulary)
        self._screening = Lock()

    def judge(self, item: Item) -> Verdict:
        """The verdict on one item. Any string can be judged."""
        return self.judge_all([item])[0]

    def judge_all(self, items: Iterable[Item]) -> list[Verdict]:
        """The verdicts on several items, in their order. Rules that can find nothing are not asked."""
        return [verdict for batch in _batches(items) for verdict in self._judge_as_meant(batch)]

    def judge_fully(self, item: Item) -> Verdict:
        """The same verdict with every rule asked: what the fast way is compared with."""
        verdict, reading = self._every_rule(item), reading_of(item.text)
        if reading is None:
            return verdict
        return self._with_meant(verdict, reading, self._every_rule(replace(item, text=reading.text)))

    def looked_at(self, items: Sequence[Item]) -> int:
        """How many of the items the screen would not clear by itself."""
        screened, _ = self._screened(items)
        return len(list(screened.places()))

    def _judge_as_meant(self, items: Sequence[Item]) -> list[Verdict]:
        """As they stand; where words are disguised, also as they are meant."""
        verdicts = self._judge_batch(items)
        readings = {place: reading for place, item in enumerate(items) if (reading := reading_of(item.text))}
        meant = self._judge_batch([replace(items[place], text=each.text) for place, each in readings.items()])
        for (place, reading), other in zip(readings.items(), meant, strict=True):
            verdicts[place] = self._with_meant(verdicts[place], reading, other)
        return verdicts

    def _with_meant(self, verdict: Verdict, reading: Reading, meant: Verdict) -> Verdict:
        """What is found only through a disguise is added, and is for people: the disguise was seen through by guess."""
        fluent = reading.is_fluent
        plain = [each for each in verdict.findings if not (fluent and each.detector in _OF_THE_WHOLE)]
        found = {finding.rule_id for finding in plain}
        more = [
            _through(finding, reading)
            for finding in meant.findings
            if finding.rule_id not in found and any(map(reading.was_disguised, finding.spans))
        ]
        either = {name: max(score, meant.labels[name]) for name, score in verdict.labels.items()}
        scores = meant.labels if fluent else either
        return decide([*plain, *more], self.pack, verdict.lang, scores=scores, earned=self.earned)

    def _every_rule(self, item: Item) -> Verdict:
        passage = passage_of(item, self.scorer)
        return self._decided(passage, self.seats, passage.language.code)

    def _judge_batch(self, items: Sequence[Item]) -> list[Verdict]:
        screened, scores = self._screened(items)
        labels = [_NO_LABELS] * len(items) if scores is None else [_labels(row) for row in scores.tolist()]
        verdicts = [self._clear(code, each) for code, each in zip(screened.languages, labels, strict=True)]
        for place, seats in screened.places():
            verdicts[place] = self._look(items[place], labels[place], seats, screened.languages[place])
        return verdicts

    def _screened(self, items: Sequence[Item]) -> tuple[Screened, NDArray[np.float32] | None]:
        texts = [item.text for item in items]
        scores = None if self.scorer is None or self._sharing else self.scorer.scores(texts)
        with self._screening:  # the ids of a batch hold until the next
            batch = self._vocabulary.batch(texts)
            if self._sharing:
                scores = self._sharing.scores_of(batch)
            return self._screen.screen(batch, items, scores), scores

    def _why(self, text: str, category: str) -> tuple[Span, ...]:
        with self._screening:
            scorer = self._sharing or self.scorer
            return scorer.why(text, category) if scorer else ()

    def _look(self, item: Item, scores: Mapping[str, float], seats: Sequence[int], code: str) -> Verdict:
        why = None if self.scorer is None else partial(self._why, item.text)
        passage = Passage(item, scores, why)
        return self._decided(passage, [self.seats[seat] for seat in seats], code or passage.language.code)

    def _decided(self, passage: Passage, seats: Iterable[Seat], code: str) -> Verdict:
        by_page = passage.item.by_page
        bound = [seat for seat in seats if seat.rule.binds(by_page)]
        findings = [finding for seat in bound for finding in seat.findings(passage)]
        return decide(findings, self.pack, code, scores=_with_cleared(bound, passage), earned=self.earned)

    def _clear(self, code: str, labels: Mapping[str, float]) -> Verdict:
        return Verdict(Outcome.CLEAR, Measure.NONE, (), self._ref, code, labels)


def _with_cleared(seats: Iterable[Seat], passage: Passage) -> Mapping[str, float]:
    """The scores; where a rule says that the words are another's, the label stays under what a person would see."""
    scores = passage.scores
    for seat in seats:
        detector = seat.detector
        if isinstance(detector, Scored) and scores.get(detector.category, 0) > CLEARED and detector.is_cleared(passage):
            scores = {**scores, detector.category: CLEARED}
    return scores


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.text)
        if len(batch) >= _LARGEST_BATCH or size >= _LARGEST_TEXT:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _labels(row: Sequence[float]) -> dict[str, float]:
    return dict(zip(CATEGORIES, row, strict=True))


def passage_of(item: Item, scorer: Scorer | None) -> Passage:
    """The item as the detectors read it, with the model's scores where there is a model."""
    if scorer is None:
        return Passage(item)
    return Passage(item, _labels(scorer.scores([item.text])[0].tolist()), partial(scorer.why, item.text))


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
        surest = max(matches, key=lambda match: match.score)
        spans = sorted({span for match in matches for span in match.spans}, key=lambda span: (span.start, span.end))
        return Finding(
            rule_id=self.rule.id,
            clause=self.rule.clause,
            category=self.rule.category,
            detector=self.rule.detector,
            spans=tuple(spans),
            score=surest.score,
            reason=self.rule.reason.rstrip(".") + surest.note if surest.note else self.rule.reason,
            measure=self.rule.measure if surest.sure else _at_most_review(self.rule.measure),
            enumerable=self.detector.enumerable,
            urgent=self.rule.urgent,
        )


def _through(finding: Finding, reading: Reading) -> Finding:
    spans = tuple(dict.fromkeys(map(reading.original, finding.spans)))
    reason = f"{finding.reason.rstrip('.')} (disguised)."
    return replace(finding, spans=spans, reason=reason, measure=_at_most_review(finding.measure))


def _at_most_review(measure: Measure) -> Measure:
    return Measure.REVIEW if measure in (Measure.HIDE, Measure.REMOVE) else measure


def detector_of(rule: Rule, wordlists: WordLists) -> Detector:
    """Build the detector that a rule names, with the rule's parameters and exceptions."""
    kind = DETECTORS[rule.detector]
    parameters = kind.parameters.model_validate(rule.parameters)
    if not rule.exceptions:
        return kind.build(parameters, wordlists)
    sets: Mapping[str, tuple[str, ...]] = {}
    if isinstance(parameters, PhraseParameters):
        # A phrase with a link is one match of two places: the phrase must be cleared before it is joined to the link.
        more = tuple(phrase for each in rule.exceptions for phrase in each.unless)
        parameters, sets = parameters.model_copy(update={"unless": parameters.unless + more}), parameters.sets
    return Excepted(kind.build(parameters, wordlists), rule.exceptions, sets)


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
