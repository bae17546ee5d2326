"""Is a policy pack one that a city can defend? Every question that the loader asks of it, in the order asked.

What a court asks of a policy, it is cheaper to ask here. The limits that law sets are in ``limits``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from bot.errors import PolicyError, at_line
from bot.mistakes import details, did_you_mean, or_list, printable, sentence
from bot.moderation.detectors.detector import Detector
from bot.moderation.detectors.registry import DETECTORS
from bot.moderation.judge import detector_of, passage_of
from bot.moderation.limits import (
    CRITICISM,
    why_not_category,
    why_not_floor,
    why_not_measure,
    why_vague_clause,
    why_vague_phrase,
)
from bot.moderation.models import Scorer
from bot.moderation.pack import CATEGORIES, FLAGS, Exemption, PolicyPack, Rule
from bot.moderation.phrases import PhraseError
from bot.moderation.stock import Stock
from bot.moderation.verdict import Item
from bot.yamlfile import YamlFile

_CONTENT = frozenset(("category", "detector", "parameters", "reason", "violates", "allowed"))


def scrutinise(pack: PolicyPack, file: YamlFile, stock: Stock, *, examples: bool = True) -> None:
    """Ask everything. Raises ``PolicyError`` with the first thing that is wrong."""
    _Scrutiny(pack, file, stock).run(examples)


class _Scrutiny:
    def __init__(self, pack: PolicyPack, file: YamlFile, stock: Stock) -> None:
        self._pack = pack
        self._file = file
        self._stock = stock
        self._lists = stock.wordlists
        self._scorer: Scorer | None = None

    def run(self, examples: bool) -> None:
        self._name()
        self._dates()
        self._clauses()
        self._reasons()
        self._pinned_lists()
        self._pinned_library()
        self._pinned_model()
        for place, rule in enumerate(self._pack.rules):
            self._twin(place, rule)
            for question in self._questions():
                question(rule)
            if examples:
                self._examples(rule)
        self._unserved_clauses()

    def _questions(self) -> tuple[Callable[[Rule], None], ...]:
        return (
            *(self._content, self._clause_of, self._category, self._measure, self._detector, self._lists_of),
            *(self._pinned, self._has_examples, self._has_exceptions),
        )

    def _name(self) -> None:
        stem, slug = Path(self._pack.path).stem.split("@")[0], self._pack.slug
        if stem != slug:
            self._refuse(f'the file of policy "{slug}" must be called {slug}.yaml or {slug}@<version>.yaml.', "slug")

    def _dates(self) -> None:
        if self._pack.effective_at.date() < self._pack.adopted_on:
            self._refuse(
                f"the policy takes effect on {self._pack.effective_at:%Y-%m-%d}, before it was adopted on"
                f" {self._pack.adopted_on}; no city can do that, correct one of the two.",
                "effective_at",
            )

    def _clauses(self) -> None:
        seen: set[str] = set()
        for place, clause in enumerate(self._pack.clauses):
            if clause.id in seen:
                self._refuse(f'clause "{clause.id}" stands twice; keep one.', "clauses", place)
            if clause.judged_by == "people" and not clause.why:
                self._refuse(f'clause "{clause.id}" is for people to judge; say why under "why".', "clauses", place)
            seen.add(clause.id)

    def _reasons(self) -> None:
        """A code that stands twice would mean two things."""
        for verb, codes in self._pack.reasons.items():
            seen: set[str] = set()
            for place, code in enumerate(codes):
                if code.id in seen:
                    self._refuse(f'reason "{code.id}" of {verb} stands twice; keep one.', "reasons", verb, place)
                seen.add(code.id)

    def _pinned_lists(self) -> None:
        for name, digest in self._pack.wordlists.items():
            listed = self._lists.by_name.get(name)
            if listed is None:
                self._refuse(f'there is no word list "{name}"; name a file of config/wordlists.', "wordlists", name)
            if listed.digest != digest:
                what = f'word list "{name}" is not the one that this version names: its SHA-256 is {listed.digest}'
                remedy = "put the list back, or publish the change as a new list in a new version of the policy"
                self._refuse(f"{what}; {remedy}.", "wordlists", name)
            for word in _criticism(entry.stem for entry in listed.entries):
                what = f'word list "{name}" holds "{word}", which is criticism and protected'
                self._refuse(f"{what}; take it out.", "wordlists", name)

    def _pinned_library(self) -> None:
        for name, digest in self._pack.library.items():
            if missing := self._stock.library.missing(name):
                self._refuse(missing, "library", name)
            found = self._stock.library.digest(name)
            if found != digest:
                what = f'library rule "{name}" is not the one that this version names: its SHA-256 is {found}'
                remedy = "put the file back, or publish the change as a new entry in a new version of the policy"
                self._refuse(f"{what}; {remedy}.", "library", name)

    def _pinned_model(self) -> None:
        try:
            self._scorer = self._stock.scorer(self._pack)
        except PolicyError as error:
            self._refuse(error.sentence, "model", "name")

    def _twin(self, place: int, rule: Rule) -> None:
        earlier = [other for other in self._pack.rules[:place] if other.id == rule.id]
        if earlier:
            self._refuse_rule(
                rule, f'rule "{rule.id}" stands on line {earlier[0].line} already; give this one another id.'
            )

    def _content(self, rule: Rule) -> None:
        if not rule.detector:
            what = f'rule "{rule.id}" enumerates nothing: give it "uses" with an entry of config/rules'
            self._refuse_rule(rule, f'{what}, or "detector" with "parameters".')
        for key in ("category", "reason"):
            if not getattr(rule, key):
                right = or_list(CATEGORIES) if key == "category" else "the sentence that people read"
                self._refuse_rule(rule, f'rule "{rule.id}" needs "{key}": write {right}.')

    def _clause_of(self, rule: Rule) -> None:
        if not rule.clause:
            self._refuse_rule(rule, f'rule "{rule.id}" cites no clause; cite one of {self._citable()}.')
        clause = next((c for c in self._pack.clauses if c.id == rule.clause), None)
        if clause is None:
            what = f'rule "{rule.id}" cites clause "{rule.clause}", which the policy does not have'
            self._refuse_rule(rule, f"{what}; cite one of {self._citable()}.", "clause")
        elif clause.judged_by == "people" or (clause.judged_by == "records" and not rule.is_flag):
            what = f'rule "{rule.id}" would judge clause "{clause.id}", which is for {clause.judged_by}, not for rules'
            self._refuse_rule(rule, f"{what}; take the rule out.", "clause")

    def _category(self, rule: Rule) -> None:
        known = tuple(FLAGS) if self._is_written_as_flag(rule) else CATEGORIES
        if why := why_not_category(rule, known):
            self._refuse_rule(rule, why, "category")

    def _measure(self, rule: Rule) -> None:
        if why := why_not_measure(rule):
            self._refuse_rule(rule, why, "measure")
        if why := why_not_floor(rule):
            self._refuse_rule(rule, why, "floor")

    def _detector(self, rule: Rule) -> None:
        if rule.detector not in DETECTORS:
            near = did_you_mean(rule.detector, DETECTORS)
            hint = f'did you mean "{near}"?' if near else f"use one of {or_list(sorted(DETECTORS))}."
            what = f'rule "{rule.id}" names the detector "{rule.detector}", which is unknown'
            self._refuse_rule(rule, f"{what}; {hint}", "detector")
        self._parameters(rule)

    def _parameters(self, rule: Rule) -> None:
        shape = DETECTORS[rule.detector].parameters
        try:
            shape.model_validate(rule.parameters)
        except ValidationError as error:
            first = details(error)[0]
            if first["type"] == "too_short" or (first["type"] == "missing" and not rule.parameters):
                what = f'rule "{rule.id}" enumerates nothing: give "{first["loc"][0]}" of its parameters'
                self._refuse_rule(rule, f"{what} at least one entry.", "parameters")
            self._refuse_rule(rule, f'rule "{rule.id}": {sentence(first, shape)}', "parameters", *first["loc"])
        for phrase in _criticism(_given(rule, "phrases")):
            what = f'rule "{rule.id}" looks for "{phrase}", which is criticism and protected'
            self._refuse_rule(rule, f"{what}; take it out.", "parameters", "phrases")
        for place, phrase in enumerate(_given(rule, "phrases")):
            if why := why_vague_phrase(phrase, rule):
                self._refuse_rule(rule, why, "parameters", "phrases", place)
        if rule.reads_scores and rule.parameters.get("category") != rule.category:
            what = f'rule "{rule.id}" is about "{rule.category}" and reads the score of another category'
            self._refuse_rule(rule, f"{what}; name the same one.", "parameters", "category")

    def _lists_of(self, rule: Rule) -> None:
        for name in _given(rule, "lists"):
            listed = self._lists.by_name.get(name)
            if listed is None:
                what = f'rule "{rule.id}" uses the word list "{name}", which is not there'
                self._refuse_rule(rule, f"{what}; there is {', '.join(self._lists.by_name) or 'none'}.", "parameters")
            if name not in self._pack.wordlists:
                what = f'rule "{rule.id}" uses the word list "{name}", which the policy does not pin'
                self._refuse_rule(rule, f'{what}; add "{name}: {listed.digest}" under wordlists.', "parameters")

    def _pinned(self, rule: Rule) -> None:
        for name in (rule.uses, *rule.draws) if rule.uses else ():
            if name not in self._pack.library:
                what = f'rule "{rule.id}" uses "{name}", which the policy does not pin'
                digest = self._stock.library.digest(name)
                self._refuse_rule(rule, f'{what}; add "{name}: {digest}" under library.', "uses")
        if rule.reads_scores and self._scorer is None:
            what = f'rule "{rule.id}" reads scores, and the policy names no model'
            self._refuse_rule(rule, f'{what}; add "model" with name and digest (`beadle policy pin` writes both).')

    def _has_examples(self, rule: Rule) -> None:
        for section, examples in (("violates", rule.violates), ("allowed", rule.allowed)):
            if not examples:
                what = f'rule "{rule.id}" has no example under "{section}"; examples are its tests, write one.'
                self._refuse_rule(rule, what, section)

    def _has_exceptions(self, rule: Rule) -> None:
        for place, exception in enumerate(rule.exceptions):
            if not exception.unless and not exception.unless_anywhere:
                what = f'the exception "{printable(exception.says)}" of rule "{rule.id}" enumerates nothing'
                remedy = 'give it phrases under "unless" or "unless_anywhere"'
                self._refuse_rule(rule, f"{what}; {remedy}.", "exceptions", place)

    def _examples(self, rule: Rule) -> None:
        detector = self._build(rule)
        # Packs share entries of the library: what was found to hold for one holds for the next.
        proof = (rule.uses, rule.exceptions, rule.violates, rule.allowed, self._pack.model)
        if rule.uses and proof in self._stock.library.proven:
            return
        for place, item in enumerate(rule.violates):
            if not self._finds(detector, item):
                self._refuse_example(rule, "violates", place, item, "does not find", "extend the rule or take it out")
        for place, item in enumerate(rule.allowed):
            if self._finds(detector, item):
                self._refuse_example(rule, "allowed", place, item, "finds", "narrow the rule or take it out")
        for place, exception in enumerate(rule.exceptions):
            self._is_shown(rule, place, exception)
        self._stock.library.proven.add(proof)

    def _build(self, rule: Rule) -> Detector:
        try:
            return detector_of(rule, self._lists)
        except PhraseError as error:
            self._refuse_rule(rule, f'rule "{rule.id}": {error}.', "parameters")

    def _is_shown(self, rule: Rule, place: int, exception: Exemption) -> None:
        others = tuple(each for each in rule.exceptions if each is not exception)
        without = detector_of(replace(rule, exceptions=others), self._lists)
        if not any(self._finds(without, item) for item in rule.allowed):
            what = f'the exception "{printable(exception.says)}" of rule "{rule.id}" clears none of its examples'
            self._refuse_rule(rule, f'{what}; write one under "allowed" that it clears.', "exceptions", place)

    def _finds(self, detector: Detector, item: Item) -> bool:
        return any(True for _ in detector.find(passage_of(item, self._scorer)))

    def _unserved_clauses(self) -> None:
        cited = {rule.clause for rule in self._pack.rules}
        for place, clause in enumerate(self._pack.clauses):
            if clause.judged_by == "rules" and clause.id not in cited:
                self._refuse(why_vague_clause(clause), "clauses", place)

    def _refuse_example(self, rule: Rule, section: str, place: int, item: Item, what: str, remedy: str) -> NoReturn:
        shown = printable(item.text)
        self._refuse_rule(
            rule, f'rule "{rule.id}" {what} its example "{shown}" under "{section}"; {remedy}.', section, place
        )

    def _citable(self) -> str:
        ids = [clause.id for clause in self._pack.clauses if clause.judged_by != "records"]
        return f"{ids[0]} ... {ids[-1]}" if ids else "none: the policy has no clause that rules may judge"

    def _is_written_as_flag(self, rule: Rule) -> bool:
        return any(self._file.line("flags", place) == rule.line for place in range(len(self._file.get("flags") or ())))

    def _refuse_rule(self, rule: Rule, what: str, *steps: str | int) -> NoReturn:
        """Refuse, at the place in the pack's file or, for what the library says, in the library's."""
        if rule.uses and steps and steps[0] in _CONTENT:
            file, steps = self._place_of_content(rule, *steps)
            raise PolicyError(at_line(file.path, file.line(*steps), what))
        self._refuse(what, *self._section_and_place(rule), *steps)

    def _place_of_content(
        self, rule: Rule, section: str | int, *rest: str | int
    ) -> tuple[YamlFile, tuple[str | int, ...]]:
        entry = self._stock.library.rule(rule.uses)
        of_library = len(getattr(entry.shape, str(section))) if section in {"violates", "allowed"} else 0
        if of_library and rest and isinstance(rest[0], int) and rest[0] >= of_library:
            return self._file, (*self._section_and_place(rule), section, rest[0] - of_library)
        return entry.file, (section, *rest)

    def _section_and_place(self, rule: Rule) -> tuple[str, int]:
        return next(
            (section, place)
            for section in ("rules", "flags")
            for place in range(len(self._file.get(section) or ()))
            if self._file.line(section, place) == rule.line
        )

    def _refuse(self, what: str, *steps: str | int) -> NoReturn:
        raise PolicyError(at_line(self._file.path, self._file.line(*steps), what))


def _given(rule: Rule, key: str) -> list[str]:
    given = rule.parameters.get(key)
    return [str(each) for each in given] if isinstance(given, list | tuple) else []


def _criticism(words: Iterable[str]) -> Iterator[str]:
    return (word for word in words if word.lower() in CRITICISM)
