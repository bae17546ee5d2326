"""Rows: labelled comments to learn from, with their source and licence."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.moderation.pack import CATEGORIES

OWN = "own"
LABELS = (*CATEGORIES, "toxic")
SHARE_ALIKE = frozenset({"vicomtech_stormfront", "toldbr"})
UNCLEAR = frozenset({"offendes", "decide_madrid", "youtube_spam_uci", "sms_spam_uci"})
TEMPLATES = frozenset({"synthetic_hate_dev"})
CIVIC = frozenset({"polis_civic", "decide_madrid"})
TALK = "context_toxicity_wiki"


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of one length n. ``labels`` is [n, ``LABELS``]: 1, 0, or NaN for unknown. ``fold`` is 0, 1 or 2, by the
    text alone, so that copies of one text never stand on both sides of a cut."""

    texts: tuple[str, ...]
    langs: NDArray[np.str_]
    sources: NDArray[np.str_]
    kinds: NDArray[np.str_]
    splits: NDArray[np.str_]
    labels: NDArray[np.float32]
    fold: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.texts)

    def label(self, name: str) -> NDArray[np.float32]:
        """One column of labels."""
        return self.labels[:, LABELS.index(name)]

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """The rows where ``mask`` holds."""
        return Rows(
            tuple(self.texts[i] for i in np.flatnonzero(mask)),
            self.langs[mask],
            self.sources[mask],
            self.kinds[mask],
            self.splits[mask],
            self.labels[mask],
            self.fold[mask],
        )

    @property
    def civic(self) -> NDArray[np.bool_]:
        """Ordinary and angry civic speech that breaks no rule: what false alarms are counted on."""
        quiet = np.nansum(self.labels, axis=1) == 0
        known = self.label("hate") == 0
        civic = np.isin(self.sources, list(CIVIC)) | (self.sources == OWN)
        return np.asarray(quiet & known & civic, np.bool_)

    @property
    def everyday(self) -> NDArray[np.bool_]:
        """Civic speech without our near misses and protected speech, which are written to lie on the edge."""
        edge = np.char.endswith(self.kinds.astype(np.str_), "-near") | (self.kinds == "protected")
        return np.asarray(self.civic & ~edge, np.bool_)

    @property
    def talk(self) -> NDArray[np.bool_]:
        """Editors' discussions: no civic speech, but plain talk, and much of it."""
        quiet = (np.nansum(self.labels, axis=1) == 0) & (self.label("toxic") == 0)
        return np.asarray(quiet & (self.sources == TALK), np.bool_)


def read_rows(folder: Path, own: Path, *, without: frozenset[str] = frozenset()) -> Rows:
    """All rows of ``folder/comments-*.jsonl.gz`` and of our own ``own/*.jsonl``, but for the sources in ``without``.

    Raises ``ValueError`` for a line that is no row, naming file and line.
    """
    every = [row for row in (*_given(folder), *_written(own)) if row[2] not in without]
    texts, langs, sources, kinds, splits, labels = zip(*every, strict=True)
    fold = [zlib.crc32(text.lower().encode("utf-8", "replace")) % 3 for text in texts]
    return Rows(
        tuple(texts),
        np.array(langs),
        np.array(sources),
        np.array(kinds),
        np.array(splits),
        np.array(labels, np.float32),
        np.array(fold, np.intp),
    )


def own_rows(folder: Path) -> Rows:
    """Our own rows alone."""
    return read_rows(folder / "none", folder)


_Row = tuple[str, str, str, str, str, tuple[float, ...]]


def _given(folder: Path) -> Iterator[_Row]:
    for path in sorted(folder.glob("comments-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield _row(line, path, number)


def _written(folder: Path) -> Iterator[_Row]:
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if line.strip():
                yield _row(line, path, number)


def _row(line: str, path: Path, number: int) -> _Row:
    try:
        row = json.loads(line)
        known = [row["labels"].get(name) for name in LABELS]
        labels = tuple(float("nan") if value is None else float(value) for value in known)
        return (row["text"], row["lang"], row.get("source", OWN), row.get("kind", ""), row.get("split", ""), labels)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'{path}:{number}: no row; write {{"text": ..., "lang": ..., "labels": {{...}}}}.') from error
