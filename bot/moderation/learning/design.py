"""Design: rows as a sparse matrix of the model's own features, exactly as the scorer adds them up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bot.moderation.scores.classes import Classes
from bot.moderation.scores.features import COLUMNS, pair_features, skeleton_features, token_features
from bot.moderation.scores.forms import ends_sentence
from bot.moderation.scores.model import SHORTEST
from bot.moderation.scores.segments import sentences_of
from bot.moderation.tokens import Vocabulary


class _Tokens:
    """A column that keeps the tokens themselves."""

    def __init__(self) -> None:
        self.known: list[str] = []

    def learn(self, tokens: Sequence[str]) -> None:
        self.known += tokens

    def forget(self) -> None:
        raise RuntimeError("too many distinct tokens for one vocabulary")


def design(texts: Sequence[str], classes: Classes) -> sp.csr_matrix:
    """``[texts, COLUMNS]``: each text's features, tempered by the root of its length."""
    tokens = _Tokens()
    batch = Vocabulary([tokens], most=len(texts) * 1000).batch(texts)
    spelt = [classes.spell(token) for token in tokens.known]
    owner, column, value, numbers = token_features([forms for forms, _ in spelt])
    meaning = sp.csr_matrix((value, (owner, column)), shape=(len(spelt), COLUMNS), dtype=np.float32)
    kinds = np.array([kind for _, kind in spelt], np.uint8)
    ends = np.array([ends_sentence(token) for token in tokens.known])
    lengths = np.diff(batch.starts)
    row = np.repeat(np.arange(len(texts)), lengths)
    norm = (1 / np.sqrt(np.maximum(lengths, SHORTEST))).astype(np.float32)[row]
    bag = sp.csr_matrix((norm, batch.ids, batch.starts), shape=(len(texts), len(spelt)))
    sentences = sentences_of(ends[batch.ids], batch.starts)
    runs = list(pair_features(numbers[batch.ids], sentences))
    kind = kinds[batch.ids]
    classed = np.flatnonzero(kind)
    runs += [(classed[at], each) for at, each in skeleton_features(kind[classed], classed, sentences[classed])]
    places = np.concatenate([at for at, _ in runs])
    columns = np.concatenate([each for _, each in runs])
    joined = sp.csr_matrix((norm[places], (row[places], columns)), shape=(len(texts), COLUMNS), dtype=np.float32)
    return sp.csr_matrix(bag @ meaning + joined)


def seen_often(matrix: sp.csr_matrix, least: int = 3) -> NDArray[np.intp]:
    """The columns that stand in at least so many rows."""
    return np.flatnonzero(np.bincount(matrix.indices, minlength=matrix.shape[1]) >= least)
