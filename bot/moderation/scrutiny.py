"""Is a policy pack one that a city can defend? Every question that the loader asks of it, in the order asked.

Sources: vagueness, Robinson v. Hunt County; nameable words, Tanner v. Ziegenhorn; keyword lists for "off topic", PETA
v. Tabak. What a court asks of a policy, it is cheaper to ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from bot.errors import PolicyError, at_line
from bot.mistakes import details, did_you_mean, or_list, printable, sentence
from bot.moderation.detectors.detector import Detector
from bot.moderation.detectors.registry import DETECTORS
from bot.moderation.judge import detector_of
from bot.moderation.pack import CATEGORIES, FLAGS, PolicyPack, Rule
from bot.moderation.passage import Passage
from bot.moderation.phrases import PhraseError
from bot.moderation.verdict import SIGNABLE, Item, Measure
from bot.moderation.wordlists import WordLists
from bot.yamlfile import YamlFile

# Words of anger at officials. Blocking such words was held viewpoint discrimination (Tanner: pig, pigs, copper, jerk).
CRITICISM_TEXT = """
pig pigs copper jerk jerks corrupt crook crooks liar liars lies lying thief thieves clown clowns idiot idiots stupid
incompetent fascist fascists nazi nazis communist communists socialist tyrant dictator bully coward cowards traitor
resign recall shame disgrace disgraceful useless racist bigot damn hell mayor police cops cop council democrat
republican corrupto corrupta mentiroso mentirosa ladron ladrones payaso idiota inepto fascista ladrao
"""
_VAGUE = frozenset(
    ("inappropriate", "offensive", "derogatory", "rude", "disrespectful", "negative", "objectionable", "unacceptable")
)
_CONTEXTUAL = frozenset(("off_topic", "offtopic", "off-topic", "jurisdiction"))


def scrutinise(pack: PolicyPack, file: YamlFile, wordlists: WordLists) -> None:
    """Ask everything. Raises ``PolicyError`` with the first thing that is wrong."""
    _Scrutiny(pack, file, wordlists).run()


class _Scrutiny:
    def __init__(self, pack: PolicyPack, file: YamlFile, wordlists: WordLists) -> None:
        self._pack = pack
        self._file = file
        self._lists = wordlists

    def run(self) -> None:
        self._name()
        self._dates()
        self._clauses()
        self._pinned_lists()
        for place, rule in enumerate(self._pack.rules):
            self._twin(place, rule)
            for question in self._questions():
                question(rule)
            self._examples(rule, self._build(rule))

    def _questions(self) -> tuple[Callable[[Rule], None], ...]:
        return (self._clause_of, self._category, self._measure, self._detector, self._lists_of, self._has_examples)

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

    def _twin(self, place: int, rule: Rule) -> None:
        earlier = [other for other in self._pack.rules[:place] if other.id == rule.id]
        if earlier:
            self._refuse_rule(
                rule, f'rule "{rule.id}" stands on line {earlier[0].line} already; give this one another id.'
            )

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
        if rule.category in _VAGUE:
            what = f'category "{rule.category}" of rule "{rule.id}" enumerates nothing'
            self._refuse_rule(rule, f"{what}; use one of {or_list(CATEGORIES)}.", "category")
        if rule.category in _CONTEXTUAL:
            what = f'rule "{rule.id}" would tell by {rule.detector} what is off topic, which only the post can show'
            self._refuse_rule(rule, f"{what}; leave it to people.", "category")
        known = FLAGS if self._is_written_as_flag(rule) else CATEGORIES
        if rule.category not in known:
            what = f'category "{rule.category}" of rule "{rule.id}" is unknown'
            self._refuse_rule(rule, f"{what}; use one of {or_list(known)}.", "category")

    def _measure(self, rule: Rule) -> None:
        if rule.measure is Measure.HIDE and rule.category not in SIGNABLE:
            what = f'rule "{rule.id}" asks to hide for "{rule.category}", which takes a person\'s judgement'
            self._refuse_rule(rule, f"{what}; use alert or review.", "measure")

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

    def _lists_of(self, rule: Rule) -> None:
        for name in _given(rule, "lists"):
            listed = self._lists.by_name.get(name)
            if listed is None:
                what = f'rule "{rule.id}" uses the word list "{name}", which is not there'
                self._refuse_rule(rule, f"{what}; there is {', '.join(self._lists.by_name) or 'none'}.", "parameters")
            if name not in self._pack.wordlists:
                what = f'rule "{rule.id}" uses the word list "{name}", which the policy does not pin'
                self._refuse_rule(rule, f'{what}; add "{name}: {listed.digest}" under wordlists.', "parameters")

    def _has_examples(self, rule: Rule) -> None:
        for section, examples in (("violates", rule.violates), ("allowed", rule.allowed)):
            if not examples:
                what = f'rule "{rule.id}" has no example under "{section}"; examples are its tests, write one.'
                self._refuse_rule(rule, what, section)

    def _build(self, rule: Rule) -> Detector:
        try:
            detector = detector_of(rule, self._lists)
        except PhraseError as error:
            self._refuse_rule(rule, f'rule "{rule.id}": {error}.', "parameters")
        if rule.measure is Measure.HIDE and not detector.enumerable:
            what = f'rule "{rule.id}" asks to hide by "{rule.detector}", whose content can\'t be printed'
            self._refuse_rule(rule, f"{what}; use alert or review.", "measure")
        return detector

    def _examples(self, rule: Rule, detector: Detector) -> None:
        for place, item in enumerate(rule.violates):
            if not _finds(detector, item):
                self._refuse_example(rule, "violates", place, item, "does not find", "extend the rule or take it out")
        for place, item in enumerate(rule.allowed):
            if _finds(detector, item):
                self._refuse_example(rule, "allowed", place, item, "finds", "narrow the rule or take it out")

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
        section, place = next(
            (section, place)
            for section in ("rules", "flags")
            for place in range(len(self._file.get(section) or ()))
            if self._file.line(section, place) == rule.line
        )
        self._refuse(what, section, place, *steps)

    def _refuse(self, what: str, *steps: str | int) -> NoReturn:
        raise PolicyError(at_line(self._file.path, self._file.line(*steps), what))


def _given(rule: Rule, key: str) -> list[str]:
    given = rule.parameters.get(key)
    return [str(each) for each in given] if isinstance(given, list | tuple) else []


def _criticism(words: Iterable[str]) -> Iterator[str]:
    protected = frozenset(CRITICISM_TEXT.split())
    return (word for word in words if word.lower() in protected)


def _finds(detector: Detector, item: Item) -> bool:
    return any(True for _ in detector.find(Passage(item)))
