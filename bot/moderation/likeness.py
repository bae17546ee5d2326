"""How alike two comments are, for putting like beside like before a person. Never a finding, never a verdict."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import log1p, sqrt

from bot.moderation.text import fold

_WORD = re.compile(r"[^\W_]{2,40}")
_MOST_WORDS = 400


class Likeness:
    """Some texts, to which others are compared by their rarer words (cosine of TF-IDF; Salton and Buckley, 1988).

    ``background`` teaches which words are common. Memory and time go with ``texts``, not with what is compared.
    """

    def __init__(self, texts: Sequence[str], background: Iterable[str]) -> None:
        self._seen: Counter[str] = Counter()
        self._total = 0
        for text in (*texts, *background):
            self._seen.update(set(_words(text)))
            self._total += 1
        self._index: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, text in enumerate(texts):
            for word, weight in self._vector(text).items():
                self._index[word].append((place, weight))

    def to(self, text: str) -> dict[int, float]:
        """The likeness, 0..1, of this text to each of the texts that share a word with it, by their place."""
        likeness: dict[int, float] = defaultdict(float)
        for word, weight in self._vector(text).items():
            for place, other in self._index.get(word, ()):
                likeness[place] += weight * other
        return likeness

    def _vector(self, text: str) -> dict[str, float]:
        counts = Counter(_words(text))
        weights = {word: (1 + log1p(count - 1)) * self._rarity(word) for word, count in counts.items()}
        length = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}

    def _rarity(self, word: str) -> float:
        return log1p(self._total / (1 + self._seen[word]))


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text).text)[:_MOST_WORDS]
