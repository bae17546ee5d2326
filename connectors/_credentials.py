"""What opens a platform: one token, or several named parts in one JSON object. Never quoted, in no representation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from connectors._errors import AuthFailed
from connectors._names import spoken

UNLIKELY_SHAPE = "The stored token has characters that no token has; store it again, alone and on one line."
PARTS_NEEDED = "{platform} needs {parts}; store them together as one JSON object, such as {example}."
PART_MISSING = "The stored credentials of {platform} lack {missing}; they are one JSON object, such as {example}."
UNLIKELY_PART = "The part {name!r} of {platform}'s stored credentials has characters that none has; store it again."

_TOKEN = re.compile(r"[\x21-\x7e]+")
# WordPress prints its application passwords in groups, with spaces between them.
_PART = re.compile(r"[\x20-\x7e]+")


class Credentials(Mapping[str, str]):
    """The parts by name. ``secrets`` are all values: what no log line, record or error may show."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = dict(parts)

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(self._parts.values())

    def with_parts(self, **changed: str) -> Credentials:
        """The same with some parts renewed."""
        return Credentials({**self._parts, **changed})

    def as_json(self) -> str:
        """As it is stored."""
        return json.dumps(self._parts)

    def __getitem__(self, name: str) -> str:
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self._parts)})"


def read_credentials(
    stored: str, platform: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Credentials:
    """The parts in what the city stored. A bare token stands for the one part that is needed, where it is one.

    Errors: ``AuthFailed`` with a sentence that names what is missing and quotes nothing.
    """
    text = stored.strip()
    if not text.startswith("{"):
        return _single(text, platform, needed)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        # Not chained: the error of the parser carries the whole text.
        raise AuthFailed(_words(PARTS_NEEDED, platform, needed)) from None
    parts = {name: told[name].strip() for name in (*needed, *optional) if isinstance(told.get(name), str)}
    if missing := [name for name in needed if not parts.get(name)]:
        raise AuthFailed(_words(PART_MISSING, platform, needed, missing=", ".join(missing)))
    for name, value in parts.items():
        if not _PART.fullmatch(value):
            raise AuthFailed(UNLIKELY_PART.format(name=name, platform=spoken(platform)))
    return Credentials(parts)


def _single(text: str, platform: str, needed: tuple[str, ...]) -> Credentials:
    if len(needed) != 1:
        raise AuthFailed(_words(PARTS_NEEDED, platform, needed))
    if not _TOKEN.fullmatch(text):
        raise AuthFailed(UNLIKELY_SHAPE)
    return Credentials({needed[0]: text})


def _words(sentence: str, platform: str, needed: tuple[str, ...], **more: str) -> str:
    example = "{" + ", ".join(f'"{name}": "..."' for name in needed) + "}"
    return sentence.format(platform=spoken(platform), parts=", ".join(needed), example=example, **more)
