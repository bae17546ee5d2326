"""Policies from files: ``read_pack`` for one, ``PolicyShelf`` for all versions of all of them.

A pack that can't be defended is refused, not repaired: each ``PolicyError`` is one sentence with file and line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from bot.errors import ConfigError, PolicyError
from bot.mistakes import details, sentence
from bot.moderation.earned import USUAL_FLOOR
from bot.moderation.judge import Judge
from bot.moderation.library import LibraryRule, RuleLibrary
from bot.moderation.models import Models
from bot.moderation.pack import Authority, Clause, Exemption, ModelRef, PolicyPack, ReasonCode, Rule, Strikes, TwoPeople
from bot.moderation.packfile import (
    AuthorityShape,
    PackShape,
    ReasonsShape,
    RuleShape,
    TwoPeopleShape,
    item_of,
    without_choice,
)
from bot.moderation.render import render
from bot.moderation.scrutiny import scrutinise
from bot.moderation.stock import Stock
from bot.moderation.verdict import Measure
from bot.moderation.wordlists import WordLists
from bot.yamlfile import YamlFile, read

__all__ = ["PolicyPack", "PolicyShelf", "Stock", "read_pack", "render", "stock_beside"]

_FROM_LIBRARY = ("category", "detector", "parameters")


@dataclass(frozen=True, slots=True)
class PolicyShelf:
    """Every version of every policy of a city. ``refused`` holds the error of each file that can't be used, by slug."""

    packs: tuple[PolicyPack, ...]
    stock: Stock
    refused: Mapping[str, PolicyError] = field(default_factory=dict)

    @classmethod
    def load(
        cls, folder: Path, wordlists: Path | None = None, *, only: str | None = None, examples: bool = True
    ) -> PolicyShelf:
        """Read ``folder/*.yaml``, word lists from ``wordlists`` or the folder ``wordlists`` beside, shared rules from
        ``rules`` and weights from ``models`` beside.

        ``only``: one policy alone. ``examples=False`` does not run the examples: for a caller who knows that they hold.
        A file that is refused stops only the policy that it belongs to. Raises ``PolicyError`` for a broken word list.
        """
        stock = stock_beside(folder, wordlists)
        packs: list[PolicyPack] = []
        refused: dict[str, PolicyError] = {}
        for path in sorted(folder.glob("*.yaml")):
            slug = path.stem.split("@")[0]
            if only in (None, slug):
                try:
                    packs.append(read_pack(path, stock, examples=examples))
                except PolicyError as error:
                    refused[slug] = error
        for pack in packs:
            _refuse_twins(pack, packs, refused)
        return cls(tuple(pack for pack in packs if pack.slug not in refused), stock, refused)

    def proven(self, slugs: Collection[str]) -> PolicyShelf:
        """The same shelf after running the examples of these policies; one whose examples fail is refused."""
        refused = dict(self.refused)
        for pack in self.packs:
            if pack.slug in slugs:
                try:
                    read_pack(Path(pack.path), self.stock)
                except PolicyError as error:
                    refused[pack.slug] = error
        return PolicyShelf(tuple(pack for pack in self.packs if pack.slug not in refused), self.stock, refused)

    @property
    def wordlists(self) -> WordLists:
        """The word lists that the packs name."""
        return self.stock.wordlists

    def judge(self, pack: PolicyPack, earned: frozenset[str] = frozenset()) -> Judge:
        """A judge by one version, with the model that it pins. ``earned``: ids of score rules that may hide."""
        return Judge(pack, self.wordlists, self.stock.scorer(pack), earned)

    @property
    def slugs(self) -> frozenset[str]:
        """The policies that can be used."""
        return frozenset(pack.slug for pack in self.packs)

    def in_force(self, slug: str, at: datetime) -> PolicyPack:
        """The version in force at a time (aware). Raises ``PolicyError``: refused, unknown, or not yet in force."""
        versions = [pack for pack in self._versions(slug) if pack.effective_at <= at]
        if not versions:
            since = min(pack.effective_at for pack in self._versions(slug))
            raise PolicyError(
                f'Policy "{slug}" was not in force on {at:%Y-%m-%d}: its first version begins on {since:%Y-%m-%d};'
                " what was posted before can't be judged by it."
            )
        return max(versions, key=lambda pack: pack.effective_at)

    def version(self, slug: str, version: str) -> PolicyPack:
        """One version, in force or not. Raises ``PolicyError``."""
        for pack in self._versions(slug):
            if pack.version == version:
                return pack
        known = ", ".join(pack.version for pack in self._versions(slug))
        raise PolicyError(f'Policy "{slug}" has no version "{version}"; there is {known}.')

    def _versions(self, slug: str) -> list[PolicyPack]:
        if slug in self.refused:
            raise self.refused[slug]
        versions = [pack for pack in self.packs if pack.slug == slug]
        if not versions:
            known = ", ".join(sorted(self.slugs)) or "none"
            raise PolicyError(f'There is no policy "{slug}"; name one of those in config/policies: {known}.')
        return versions


def stock_beside(folder: Path, wordlists: Path | None = None) -> Stock:
    """What packs of a folder are made from: the folders ``wordlists``, ``rules`` and ``models`` beside it."""
    lists = WordLists.load(wordlists or folder.parent / "wordlists")
    return Stock(lists, RuleLibrary(folder.parent / "rules"), Models(folder.parent / "models"))


def read_pack(path: Path, stock: Stock, *, examples: bool = True) -> PolicyPack:
    """Read one pack and run its examples. Raises ``PolicyError``."""
    try:
        file = read(path)
    except ConfigError as error:
        raise PolicyError(error.sentence) from error
    shape = _fit(file)
    pack = _pack(shape, file, path.read_bytes(), stock.library)
    scrutinise(pack, file, stock, examples=examples)
    return pack


def _fit(file: YamlFile) -> PackShape:
    try:
        return PackShape.model_validate(file.get())
    except ValidationError as error:
        first = without_choice(details(error)[0])
        raise PolicyError(file.error(sentence(first, PackShape), *first["loc"]).sentence) from error


def _pack(shape: PackShape, file: YamlFile, source: bytes, library: RuleLibrary) -> PolicyPack:
    return PolicyPack(
        slug=shape.slug,
        title=shape.title,
        city=shape.city,
        version=shape.version,
        adopted_on=shape.adopted_on,
        effective_at=shape.effective_at.astimezone(UTC),
        published=shape.published,
        forum_purpose=shape.forum_purpose,
        clauses=tuple(Clause(c.id, c.summary, c.judged_by, c.why) for c in shape.clauses),
        rules=tuple(_rules(shape, file, library)),
        strikes=Strikes(**shape.strikes.model_dump()),
        wordlists=dict(shape.wordlists),
        source=source,
        path=str(file.path),
        library=dict(shape.library),
        model=ModelRef(shape.model.name, shape.model.digest) if shape.model else None,
        authority=_authority(shape.authority),
        reasons=_reasons(shape.reasons),
    )


def _authority(shape: AuthorityShape) -> Authority:
    def two(people: TwoPeopleShape) -> TwoPeople:
        return TwoPeople(frozenset(people.asks), frozenset(people.seconds))

    return Authority(shape.training, shape.retrain_days, two(shape.remove), two(shape.block), two(shape.promote))


def _reasons(shape: ReasonsShape) -> dict[str, tuple[ReasonCode, ...]]:
    """Only the verbs that ask for a reason from a list."""
    given = {verb: getattr(shape, verb) for verb in ReasonsShape.model_fields}
    return {verb: tuple(ReasonCode(each.id, each.says) for each in listed) for verb, listed in given.items() if listed}


def _rules(shape: PackShape, file: YamlFile, library: RuleLibrary) -> Iterator[Rule]:
    for section, rules in (("rules", shape.rules), ("flags", shape.flags)):
        for place, rule in enumerate(rules):
            line = file.line(section, place)
            own = _own(rule, line)
            yield _floored(_used(own, rule, _entry(rule, file, library, section, place), library) if rule.uses else own)


def _entry(shape: RuleShape, file: YamlFile, library: RuleLibrary, *steps: str | int) -> LibraryRule:
    given = [key for key in _FROM_LIBRARY if key in shape.model_fields_set]
    if given:
        what = f'rule "{shape.id}" uses "{shape.uses}", which says its {given[0]}'
        raise PolicyError(file.error(f"{what}; take one of the two out.", *steps, given[0]).sentence)
    if missing := library.missing(shape.uses):
        raise PolicyError(file.error(f'rule "{shape.id}": {missing}', *steps, "uses").sentence)
    return library.rule(shape.uses)


def _floored(rule: Rule) -> Rule:
    if rule.reads_scores and rule.measure is Measure.HIDE and rule.floor is None:
        return replace(rule, floor=USUAL_FLOOR)
    return rule


def _used(own: Rule, shape: RuleShape, entry: LibraryRule, library: RuleLibrary) -> Rule:
    """A rule whose content is the library's. The pack's own examples come after the library's."""
    return replace(
        own,
        category=entry.shape.category,
        detector=entry.shape.detector,
        parameters=library.parameters(entry),
        draws=entry.shape.draws,
        reason=shape.reason or entry.shape.reason,
        violates=tuple(item_of(each) for each in (*entry.shape.violates, *shape.violates)),
        allowed=tuple(item_of(each) for each in (*entry.shape.allowed, *shape.allowed)),
    )


def _own(shape: RuleShape, line: int) -> Rule:
    return Rule(
        id=shape.id,
        clause=shape.clause,
        category=shape.category,
        applies_to=shape.applies_to,
        detector=shape.detector,
        parameters=dict(shape.parameters),
        measure=Measure(shape.measure),
        strikes=shape.strikes,
        urgent=shape.urgent,
        reason=shape.reason,
        violates=tuple(item_of(example) for example in shape.violates),
        allowed=tuple(item_of(example) for example in shape.allowed),
        line=line,
        uses=shape.uses,
        exceptions=tuple(Exemption(each.says, each.unless, each.unless_anywhere) for each in shape.exceptions),
        floor=shape.floor,
    )


def _refuse_twins(pack: PolicyPack, packs: list[PolicyPack], refused: dict[str, PolicyError]) -> None:
    for other in packs:
        if other is not pack and other.slug == pack.slug:
            for what in ("version", "effective_at"):
                if getattr(other, what) == getattr(pack, what):
                    both = " and ".join(sorted((other.path, pack.path)))
                    refused[pack.slug] = PolicyError(
                        f'{both} have the same {what}; each version of "{pack.slug}" needs its own.'
                    )
