"""Looking into a record that anybody may have made: whatever isn't of the kind it should be is as if it weren't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

NOT_GIVEN = ""


class Peek:
    """A value somewhere in a record. ``peek["comment"]["text"].text`` never raises."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __getitem__(self, name: str) -> Peek:
        return Peek(self._value.get(name) if isinstance(self._value, Mapping) else None)

    def __bool__(self) -> bool:
        return bool(self._value)

    @property
    def text(self) -> str:
        """The text; empty for anything else but a number."""
        if isinstance(self._value, str):
            return self._value
        is_number = isinstance(self._value, int | float) and not isinstance(self._value, bool)
        return str(self._value) if is_number else NOT_GIVEN

    @property
    def yes(self) -> bool:
        """Whether it says yes, and nothing like it."""
        return self._value is True

    @property
    def number(self) -> int:
        """The whole number; 0 for anything else."""
        return self._value if isinstance(self._value, int) and not isinstance(self._value, bool) else 0

    @property
    def moment(self) -> datetime | None:
        """The time, in UTC; ``None`` where there is none, or one without a zone."""
        try:
            found = datetime.fromisoformat(self.text)
        except ValueError:
            return None
        return found.astimezone(UTC) if found.tzinfo is not None else None

    def each(self, most: int) -> Iterator[Peek]:
        """The entries of a list, at most so many."""
        if isinstance(self._value, list):
            yield from (Peek(each) for each in self._value[:most])

    def rows(self, most: int) -> Iterator[tuple[str, str]]:
        """(place, value) of every leaf below, at most so many: ``parent.sha256``."""
        waiting: list[tuple[str, Any]] = [("", self._value)]
        while waiting and most:
            name, value = waiting.pop()
            if isinstance(value, Mapping):
                waiting += [
                    (f"{name}.{key}" if name else str(key), below) for key, below in reversed(list(value.items()))
                ]
            elif isinstance(value, list):
                waiting += [(f"{name} {number}", each) for number, each in reversed(list(enumerate(value, 1)))]
            elif value is not None:
                most -= 1
                yield name, {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
