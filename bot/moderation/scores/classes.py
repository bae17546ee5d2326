"""Classes: the part that a word plays in a sentence, after the lexicon that lies in the weights file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.moderation.scores.forms import forms
from bot.moderation.text import fold

_SHORTEST = 3
UNNAMED = frozenset({"group", "side", "office"})
"""Classes whose words the model never tells apart: which group, which party, which official makes no difference."""


@dataclass(frozen=True, slots=True)
class Classes:
    """``exact`` and ``begins`` give a class number from 1; 0 is a word of no class. ``names`` are in number order,
    ``text`` is what was read."""

    text: str
    names: tuple[str, ...]
    exact: Mapping[str, int]
    begins: Mapping[str, int]
    longest: int

    @classmethod
    def parse(cls, text: str) -> Classes:
        """Read ``[class]`` headings with words under them; ``#`` begins a remark, ``*`` stands for any ending.

        A word that stands in two classes belongs to the first. Raises ``ValueError`` for a word above all headings.
        """
        names: list[str] = []
        exact: dict[str, int] = {}
        begins: dict[str, int] = {}
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if line.startswith("["):
                names.append(line.strip("[]"))
                continue
            for word in line.split():
                if not names:
                    raise ValueError(f'"{word}" stands above the first [class]')
                stem = fold(word.rstrip("*")).text.replace("'", "")
                (begins if word.endswith("*") else exact).setdefault(stem, len(names))
        return cls(text, tuple(names), exact, begins, max(map(len, begins), default=0))

    def number(self, name: str) -> int:
        """The number of a class. Raises ``ValueError`` for a name that there is not."""
        return self.names.index(name) + 1

    def spell(self, token: str) -> tuple[tuple[str, ...], int]:
        """The forms of a folded token as the model may see them, and its class."""
        spelt = forms(token)
        kind = self.of(spelt[0])
        if kind and self.names[kind - 1] in UNNAMED:
            return (f"<{self.names[kind - 1]}>",), kind
        return spelt, kind

    def of(self, word: str) -> int:
        """The class of a word's form."""
        found = self.exact.get(word)
        if found is not None:
            return found
        for length in range(min(len(word), self.longest), _SHORTEST - 1, -1):
            found = self.begins.get(word[:length])
            if found is not None:
                return found
        return 0
