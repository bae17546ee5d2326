"""The Graph's ``fields`` grammar: ``id,comments.filter(stream).limit(50){id,from{name}}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_DEEP = 12
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class FieldSyntaxError(Exception):
    """The expression can't be read; the message is worded as the Graph words it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One wanted field, its modifiers by name, and the fields wanted of what it holds (``None``: the default ones)."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    inner: tuple[Field, ...] | None = None


def parse_fields(expression: str) -> tuple[Field, ...]:
    """Read a ``fields`` parameter. Raises ``FieldSyntaxError``."""
    reader = _Reader(expression)
    fields = reader.fields(depth=0)
    reader.end()
    return fields


def write_fields(fields: tuple[Field, ...]) -> str:
    """The expression that ``parse_fields`` reads as ``fields``."""
    return ",".join(_written(one) for one in fields)


def _written(one: Field) -> str:
    modifiers = "".join(f".{name}({value})" for name, value in one.modifiers.items())
    inner = "" if one.inner is None else "{" + write_fields(one.inner) + "}"
    return one.name + modifiers + inner


class _Reader:
    """Reads an expression from left to right; ``at`` is the next character."""

    def __init__(self, expression: str) -> None:
        self._text = expression
        self._at = 0

    def fields(self, depth: int) -> tuple[Field, ...]:
        if depth > MOST_DEEP:
            raise FieldSyntaxError("Syntax error: fields are nested too deeply")
        found = [self._field(depth)]
        while self._take(","):
            found.append(self._field(depth))
        return tuple(found)

    def end(self) -> None:
        self._skip_spaces()
        if self._at < len(self._text):
            raise self._expected("end of string")

    def _field(self, depth: int) -> Field:
        name = self._name()
        modifiers = {}
        while self._take("."):
            modifier = self._name()
            modifiers[modifier] = self._argument()
        inner = None
        if self._take("{"):
            inner = self.fields(depth + 1)
            self._must("}")
        return Field(name, modifiers, inner)

    def _name(self) -> str:
        self._skip_spaces()
        match = _NAME.match(self._text, self._at)
        if not match:
            raise self._expected("string")
        self._at = match.end()
        return match[0]

    def _argument(self) -> str:
        self._must("(")
        end = self._text.find(")", self._at)
        if end < 0:
            self._at = len(self._text)
            raise self._expected('")"')
        argument = self._text[self._at : end].strip()
        self._at = end + 1
        return argument

    def _take(self, sign: str) -> bool:
        self._skip_spaces()
        if not self._text.startswith(sign, self._at):
            return False
        self._at += 1
        return True

    def _must(self, sign: str) -> None:
        if not self._take(sign):
            raise self._expected(f'"{sign}"')

    def _skip_spaces(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _expected(self, what: str) -> FieldSyntaxError:
        found = self._text[self._at : self._at + 1] or "end of string"
        rest = self._text[self._at : self._at + 40]
        return FieldSyntaxError(f'Syntax error "Expected {what} instead of "{found}"." at character {self._at}: {rest}')
