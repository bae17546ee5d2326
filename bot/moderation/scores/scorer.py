"""The scorer: how much each comment reads like what a category forbids, and which words weighed most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.errors import PolicyError
from bot.moderation.scores.lexicon import FINE, Lexicon
from bot.moderation.scores.model import HEADS, LANES, Model
from bot.moderation.scores.segments import Segments, cut, sentences_of
from bot.moderation.scores.tally import counts
from bot.moderation.scores.weights import read
from bot.moderation.text import fold
from bot.moderation.tokens import Batch, Column, Vocabulary
from bot.moderation.verdict import Span

MOST_WORDS = 8
_TOKENS = re.compile(r"\n|\S+")
_SPANISH, _PORTUGUESE = LANES.index("es"), LANES.index("pt")

Floats = NDArray[np.float32]


class Scorer:
    """Scores by one weights file. ``digest`` is its SHA-256, in hexadecimal.

    It remembers tokens in its own ``vocabulary``; ``beside`` makes a scorer whose vocabulary others share. Serves one
    thread.
    """

    def __init__(self, model: Model, digest: str = "") -> None:
        self.digest = digest
        self.model = model
        self.column = Lexicon(model.table, len(LANES), model.classes)
        self.vocabulary = Vocabulary([self.column])

    def beside(self, columns: Sequence[Column], most: int) -> Scorer:
        """The same model, with a vocabulary of its own that holds these columns too; ``most`` as there."""
        other = Scorer(self.model, self.digest)
        other.vocabulary = Vocabulary([*columns, other.column], most)
        return other

    @classmethod
    def load(cls, path: Path) -> Scorer:
        """Read a weights file. Raises ``PolicyError`` for one that is missing or damaged."""
        arrays, digest = read(path)
        try:
            return cls(Model.of(arrays), digest)
        except (KeyError, ValueError, TypeError) as error:
            raise PolicyError(f"{path} is no weights file of this version; make it anew with its trainer.") from error

    def scores(self, texts: Sequence[str]) -> Floats:
        """Scores 0..1, ``[texts, 9]`` in the order of ``CATEGORIES``; 0.5 is where review begins, 0.9 is strict."""
        return self.scores_of(self.vocabulary.batch(texts))

    def scores_of(self, batch: Batch) -> Floats:
        """The same for a batch of ``vocabulary``."""
        return self.model.scores(*self.signs_of(batch))

    def signs_of(self, batch: Batch) -> tuple[Floats, NDArray[np.intp]]:
        """The uncalibrated signs of each text, the greatest of its segments, and its language's number."""
        segments, sums = self._sums(batch)
        lanes = len(LANES)
        language = self._language(batch, sums[0])
        raw = self.model.raw(sums[1][:, :lanes], segments.last - segments.first, FINE)
        rows = self.model.sign_rows(raw, sums[1][:, lanes:], language[segments.text])
        begin = np.searchsorted(segments.text, np.arange(len(batch.starts) - 1))
        return (np.maximum.reduceat(rows, begin, axis=0) if len(rows) else rows), language

    def heaviest(self, texts: Sequence[str]) -> Floats:
        """What the forest would see of each text's segment with the most hate and abuse; for learning the forest."""
        batch = self.vocabulary.batch(texts)
        segments, (whole, sums) = self._sums(batch)
        raw = self.model.raw(sums[:, : len(LANES)], segments.last - segments.first, FINE)
        weight = raw[:, HEADS.index("hate")] + raw[:, HEADS.index("toxic")]
        order = np.lexsort((-weight, segments.text))
        best = order[np.searchsorted(segments.text, np.arange(len(texts)))]
        language = self._language(batch, whole)
        return self.model.forest_features(raw[best], counts(sums[best][:, len(LANES) :]), language)

    def why(self, text: str, category: str) -> tuple[Span, ...]:
        """The words that weighed most in the segment that weighs most, at most eight, in the order of the text."""
        if category not in HEADS:
            return ()
        batch = self.vocabulary.batch([text])
        segments, (_, sums) = self._sums(batch)
        lane = HEADS.index(category)
        raw = self.model.raw(sums[:, : len(LANES)], segments.last - segments.first, FINE)[:, : len(HEADS)]
        if category == "hate":
            raw[:, lane] += raw[:, HEADS.index("toxic")]
        folded = fold(text)
        found = [match.span() for match in _TOKENS.finditer(folded.text)]
        words = np.array([place for place, (at, _) in enumerate(found) if folded.text[at] != "\n"], np.intp)
        first, last = np.searchsorted(words, segments.first), np.searchsorted(words, segments.last)
        best = int(np.where(last > first, raw[:, lane], -np.inf).argmax())
        chosen = self._weightiest(batch, words[first[best] : last[best]].tolist(), category)
        return tuple(folded.span(*found[place]) for place in chosen)

    def _weightiest(self, batch: Batch, places: list[int], category: str) -> list[int]:
        """Of these places those that weighed most; one at least, if there is one: a finding without words is none."""
        steps = np.zeros(len(LANES), np.float32)
        for head in (category, "toxic") if category == "hate" else (category,):
            steps[HEADS.index(head)] = self.model.steps[HEADS.index(head)]
        worth = dict(zip(places, (self._worth(batch)[1][places, : len(LANES)] @ steps).tolist(), strict=True))
        order = sorted(places, key=lambda place: -worth[place])[:MOST_WORDS]
        return sorted(place for place in order if worth[place] > max(0, worth[order[0]]) / 5 or place == order[0])

    def _worth(self, batch: Batch) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        sentences = sentences_of(self.column.ends(batch.ids), batch.starts)
        return sentences, self.column.worth(batch.ids, sentences)

    def _sums(self, batch: Batch) -> tuple[Segments, tuple[NDArray[np.int32], NDArray[np.int32]]]:
        sentences, worth = self._worth(batch)
        total = np.zeros((len(worth) + 1, worth.shape[1]), np.int32)
        np.cumsum(worth, axis=0, out=total[1:])
        segments = cut(sentences, batch.starts)
        texts = total[batch.starts[1:]] - total[batch.starts[:-1]]
        return segments, (texts, total[segments.last] - total[segments.first])

    def _language(self, batch: Batch, texts: NDArray[np.int32]) -> NDArray[np.intp]:
        raw = self.model.raw(texts[:, : len(LANES)], np.diff(batch.starts), FINE)
        foreign = raw[:, [_SPANISH, _PORTUGUESE]]
        return np.where(foreign.max(axis=1) > 0, 1 + foreign.argmax(axis=1), 0)
