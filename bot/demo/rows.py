"""A YAML file as rows that know their line, so that an error can name it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError


class ScriptError(Exception):
    """A script that can't be played. The sentence names the file, the line and what would be right."""


@dataclass(frozen=True)
class Row:
    """One mapping of a YAML file, with the place that an error has to name."""

    values: Mapping[str, Any]
    file: str
    line: int

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def error(self, what: str) -> ScriptError:
        return ScriptError(f"{self.file}, line {self.line}: {what}")

    def only(self, *known: str) -> None:
        """Refuse any other key."""
        for key in self.values:
            if key not in known:
                raise self.error(f'unknown key "{key}"; known are {", ".join(known)}.')

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or (not value and key != "text"):
            raise self.error(f'"{key}" must be a text in quotes.')
        return str(value)

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if key in self else None

    def minute(self, key: str) -> int:
        return self.minute_of(self.text(key), key)

    def minute_of(self, clock: str, key: str) -> int:
        try:
            return minute_of(clock)
        except ValueError as error:
            raise self.error(f'"{key}": {error}.') from error

    def minute_or_none(self, key: str) -> int | None:
        return self.minute(key) if key in self else None

    def whole(self, key: str) -> int:
        value = self.values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(f'"{key}" must be a whole number.')
        return int(value)

    def mapping(self, key: str) -> dict[str, Any]:
        """The values of a mapping, unread; empty when it isn't there."""
        row = self.inner(key)
        return dict(row.values) if row else {}

    def inner(self, key: str) -> Row | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.error(f'"{key}" must be a mapping.')
        return Row(value, self.file, self.line)


def read_rows(path: Path) -> list[Row]:
    """A list of mappings. Raises ``ScriptError``."""
    listed = _read_yaml(path)
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise ScriptError(f"{path.name}, line 1: must be a list.")
    rows = []
    for index, values in enumerate(listed):
        row = Row(values, path.name, listed.lc.item(index)[0] + 1)  # type: ignore[attr-defined]
        if not isinstance(values, Mapping):
            raise row.error("must be a mapping.")
        rows.append(row)
    return rows


def read_named_rows(path: Path) -> list[tuple[str, Row]]:
    """A mapping of mappings. Raises ``ScriptError``."""
    named = _read_yaml(path)
    if not isinstance(named, Mapping):
        raise ScriptError(f"{path.name}, line 1: must be a mapping of account keys.")
    rows = []
    for key, values in named.items():
        row = Row(values, path.name, named.lc.key(key)[0] + 1)  # type: ignore[attr-defined]
        if not isinstance(values, Mapping):
            raise row.error(f'account "{key}" must be a mapping.')
        rows.append((str(key), row))
    return rows


def _read_yaml(path: Path) -> object:
    try:
        return YAML(typ="rt").load(path.read_text("utf-8"))
    except OSError as error:
        raise ScriptError(f"{path} can't be read; the script needs it.") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScriptError(f"{path.name}, line {line}: not valid YAML, {error.problem}.") from error


def minute_of(clock: str) -> int:
    """Minutes since midnight of ``"07:12"``. Raises ``ValueError``."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", clock)
    if not match:
        raise ValueError(f'"{clock}" is not a time of day such as "07:12"')
    return int(match[1]) * 60 + int(match[2])
