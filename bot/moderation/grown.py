"""Arrays that grow at their end, as a vocabulary learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)

_FIRST = 1 << 12


class Grown(Generic[Number]):
    """One row for each token. ``rows`` are those given so far."""

    def __init__(self, kind: type[Number], width: int = 0) -> None:
        self._kind = kind
        self._width = width
        self.forget()

    def __len__(self) -> int:
        return self._count

    def forget(self) -> None:
        """Start again with none."""
        self._count = 0
        self._room: NDArray[Number] = np.zeros(self._shape(_FIRST), self._kind)

    @property
    def rows(self) -> NDArray[Number]:
        return self._room[: self._count]

    def add(self, rows: Sequence[float] | Sequence[NDArray[Number]] | NDArray[Number]) -> None:
        """Put ``rows`` at the end."""
        count = self._count + len(rows)
        if count > len(self._room):
            room = np.zeros(self._shape(max(count, 2 * len(self._room))), self._kind)
            room[: self._count] = self.rows
            self._room = room
        self._room[self._count : count] = rows
        self._count = count

    def _shape(self, count: int) -> tuple[int, ...]:
        return (count, self._width) if self._width else (count,)
