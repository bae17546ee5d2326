"""The rule library: rules that several cities' policies share, one file each, in ``config/rules``.

A file is called ``<name>@<number>.yaml`` and says what is looked for and how that is tested; clause, consequence and
exceptions stand in the pack that uses it. A published file is never edited: its successor gets the next number,
because a pack names each entry with its digest.

What several entries need alike (the groups that hate rules protect, the words by which speech is reported) is a *part*:
a file of the same folder with ``part`` and ``parameters``, on which entries ``draw``. A pack names its digest too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from bot.errors import ConfigError, PolicyError
from bot.mistakes import details, did_you_mean, printable, sentence
from bot.moderation.packfile import LibraryShape, PartShape, without_choice
from bot.yamlfile import YamlFile, read

S = TypeVar("S", LibraryShape, PartShape)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*@[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class LibraryRule:
    """One entry as read. ``digest`` is the SHA-256 of the file, in hexadecimal."""

    name: str
    shape: LibraryShape
    digest: str
    file: YamlFile = field(repr=False)


@dataclass(frozen=True, slots=True)
class LibraryPart:
    """One part as read. ``digest`` as of a rule."""

    name: str
    shape: PartShape
    digest: str


class RuleLibrary:
    """The entries of a folder. Each is read when it is first asked for, and once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, LibraryRule | LibraryPart] = {}
        self.proven: set[object] = set()
        """What has been found to hold its examples already; packs share entries, and need not prove them again."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every entry's name, in order."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.yaml")))

    def missing(self, name: str) -> str | None:
        """The sentence for a name that no entry has; ``None`` where one has it."""
        if name in self._read or (_NAME.fullmatch(name) and (self._folder / f"{name}.yaml").is_file()):
            return None
        near = did_you_mean(name, self.names)
        hint = f'did you mean "{near}"?' if near else "name a file of config/rules without .yaml."
        return f'there is no library rule "{printable(name)}"; {hint}'

    def rule(self, name: str) -> LibraryRule:
        """The entry of that name. Raises ``PolicyError``: not there, no rule, or its file can't be used."""
        found = self._entry(name)
        if isinstance(found, LibraryPart):
            raise PolicyError(f'"{name}" is a part of the library, not a rule; name it under "draws" of a rule.')
        return found

    def digest(self, name: str) -> str:
        """The SHA-256 of a rule's or a part's file, in hexadecimal. Raises ``PolicyError``."""
        return self._entry(name).digest

    def pinned(self, names: Iterable[str]) -> frozenset[str]:
        """What a pack must pin that uses these rules: they, and the parts that they draw on. Raises ``PolicyError``."""
        rules = [self.rule(name) for name in names]
        return frozenset(name for rule in rules for name in (rule.name, *rule.shape.draws))

    def parameters(self, rule: LibraryRule) -> dict[str, Any]:
        """A rule's own parameters, and after them those of the parts that it draws on. Raises ``PolicyError``."""
        merged: dict[str, Any] = {}
        for given in (*(self._part(name, rule).shape.parameters for name in rule.shape.draws), rule.shape.parameters):
            for key, value in given.items():
                merged[key] = _together(merged[key], value, key, rule) if key in merged else value
        return merged

    def _part(self, name: str, rule: LibraryRule) -> LibraryPart:
        if missing := self.missing(name):
            raise PolicyError(rule.file.error(missing, "draws").sentence)
        found = self._entry(name)
        if isinstance(found, LibraryRule):
            raise PolicyError(rule.file.error(f'"{name}" is a rule and no part; name a part.', "draws").sentence)
        return found

    def _entry(self, name: str) -> LibraryRule | LibraryPart:
        if missing := self.missing(name):
            raise PolicyError(missing)
        if name not in self._read:
            self._read[name] = _read_entry(self._folder / f"{name}.yaml")
        return self._read[name]


def _together(first: object, second: object, key: str, rule: LibraryRule) -> object:
    """Two parts' lists one after the other, their sets side by side; anything else can stand only once."""
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        if first.keys().isdisjoint(second):
            return {**first, **second}
        key = f"{key}.{min(first.keys() & second.keys())}"
    raise PolicyError(rule.file.error(f'"{key}" stands in two of its parts; say it once.', "draws").sentence)


def _read_entry(path: Path) -> LibraryRule | LibraryPart:
    try:
        file = read(path)
    except ConfigError as error:
        raise PolicyError(error.sentence) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if file.get("part") is not None:
        return LibraryPart(path.stem, _fit(PartShape, file), digest)
    return LibraryRule(path.stem, _fit(LibraryShape, file), digest, file)


def _fit(shape: type[S], file: YamlFile) -> S:
    try:
        return shape.model_validate(file.get())
    except ValidationError as error:
        first = without_choice(details(error)[0])
        raise PolicyError(file.error(sentence(first, shape), *first["loc"]).sentence) from error
