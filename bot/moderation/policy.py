"""Policies from files: ``read_pack`` for one, ``PolicyShelf`` for all versions of all of them.

A pack that can't be defended is refused, not repaired: each ``PolicyError`` is one sentence with file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from bot.errors import ConfigError, PolicyError
from bot.mistakes import details, sentence
from bot.moderation.pack import Clause, PolicyPack, Rule, Strikes
from bot.moderation.packfile import PackShape, RuleShape, item_of
from bot.moderation.render import render
from bot.moderation.scrutiny import scrutinise
from bot.moderation.verdict import Measure
from bot.moderation.wordlists import WordLists
from bot.yamlfile import YamlFile, read

__all__ = ["PolicyPack", "PolicyShelf", "read_pack", "render"]


@dataclass(frozen=True, slots=True)
class PolicyShelf:
    """Every version of every policy of a city. ``refused`` holds the error of each file that can't be used, by slug."""

    packs: tuple[PolicyPack, ...]
    wordlists: WordLists
    refused: Mapping[str, PolicyError]

    @classmethod
    def load(cls, folder: Path, wordlists: Path | None = None) -> PolicyShelf:
        """Read ``folder/*.yaml``, word lists from ``wordlists`` or the folder ``wordlists`` beside.

        A file that is refused stops only the policy that it belongs to. Raises ``PolicyError`` for a broken word list.
        """
        lists = WordLists.load(wordlists or folder.parent / "wordlists")
        packs: list[PolicyPack] = []
        refused: dict[str, PolicyError] = {}
        for path in sorted(folder.glob("*.yaml")):
            try:
                packs.append(read_pack(path, lists))
            except PolicyError as error:
                refused[path.stem.split("@")[0]] = error
        for pack in packs:
            _refuse_twins(pack, packs, refused)
        return cls(tuple(pack for pack in packs if pack.slug not in refused), lists, refused)

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


def read_pack(path: Path, wordlists: WordLists) -> PolicyPack:
    """Read one pack and run its examples. Raises ``PolicyError``."""
    try:
        file = read(path)
    except ConfigError as error:
        raise PolicyError(error.sentence) from error
    shape = _fit(file)
    pack = _pack(shape, file, path.read_bytes())
    scrutinise(pack, file, wordlists)
    return pack


def _fit(file: YamlFile) -> PackShape:
    try:
        return PackShape.model_validate(file.get())
    except ValidationError as error:
        first = details(error)[0]
        loc = tuple(step for step in first["loc"] if step not in {"str", "ExampleShape"})
        where = file.error(sentence({**first, "loc": loc}, PackShape), *loc)
        raise PolicyError(where.sentence) from error


def _pack(shape: PackShape, file: YamlFile, source: bytes) -> PolicyPack:
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
        rules=tuple(
            _rule(rule, file.line(section, place))
            for section in ("rules", "flags")
            for place, rule in enumerate(getattr(shape, section))
        ),
        strikes=Strikes(**shape.strikes.model_dump()),
        wordlists=dict(shape.wordlists),
        source=source,
        path=str(file.path),
    )


def _rule(shape: RuleShape, line: int) -> Rule:
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
