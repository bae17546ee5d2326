"""The statistical model that a pack pins: found by name, proven by digest, loaded once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from bot.errors import PolicyError
from bot.mistakes import printable
from bot.moderation.pack import ModelRef
from bot.moderation.tokens import Batch, Column, Vocabulary
from bot.moderation.verdict import Span


class Scorer(Protocol):
    """A loaded model. ``digest`` is the SHA-256 of its file, in hexadecimal."""

    @property
    def digest(self) -> str: ...

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row a text, one column a category in the order of ``CATEGORIES``, 0..1."""

    def why(self, text: str, category: str) -> tuple[Span, ...]:
        """The words of the text that weighed most for a category."""


@runtime_checkable
class SharingScorer(Scorer, Protocol):
    """A model that can look at the same tokens as others, so that they are found and numbered once."""

    vocabulary: Vocabulary

    def beside(self, columns: Sequence[Column], most: int) -> SharingScorer:
        """The same model with a vocabulary that holds these columns too."""

    def scores_of(self, batch: Batch) -> NDArray[np.float32]:
        """As ``scores``, for a batch of its vocabulary."""


class Models:
    """The files ``<name>@<n>.npz`` of a folder. ``load`` makes a scorer of one; the shipped kind if not given."""

    def __init__(self, folder: Path, load: Callable[[Path], Scorer] | None = None) -> None:
        self._folder = folder
        self._load = load or _shipped
        self._loaded: dict[str, Scorer] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every model's name, in order."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.npz")))

    def digest(self, name: str) -> str:
        """The SHA-256 of a model's file. Raises ``PolicyError`` when there is none of that name."""
        if name not in self.names:
            known = ", ".join(self.names) or "none yet"
            raise PolicyError(f'there is no model "{printable(name)}" in {self._folder}; there is {known}.')
        return hashlib.sha256((self._folder / f"{name}.npz").read_bytes()).hexdigest()

    def scorer(self, ref: ModelRef) -> Scorer:
        """The model that a pack pins. Raises ``PolicyError``: not there, another than the pinned one, or damaged."""
        found = self.digest(ref.name)
        if found != ref.digest:
            what = f'model "{ref.name}" is not the one that this version names: its SHA-256 is {found}'
            raise PolicyError(f"{what}; put the file back, or publish the change in a new version of the policy.")
        if found not in self._loaded:
            self._loaded[found] = self._load(self._folder / f"{ref.name}.npz")
        return self._loaded[found]


def _shipped(path: Path) -> Scorer:
    # Imported here: a policy without score rules needs no model, and the command line no longer start.
    from bot.moderation.scores import Scorer as Shipped

    scorer: Scorer = Shipped.load(path)
    return scorer
