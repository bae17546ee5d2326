"""Tokens: a batch of texts as rows of numbers, every distinct token looked at once and remembered.

A city's comments repeat themselves: nineteen tokens in twenty were met before. What is dear to find out about a token
(how it folds, whether it is listed, what the model thinks of it) is found out when it is first met and then is one
look into a column. No step here is a step of Python for each token: a batch is one array of bytes, a token is known
by a keyed 64-bit digest of its bytes, and digests are looked up all at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.moderation.folding import Signs, fold_all
from bot.moderation.hashtable import HashTable

LONGEST = 80
"""Characters. A longer token is an id of its own in its batch, but is cut here before a column is shown it."""

LINE_END = "\n"

MOST_TOKENS = 400_000
"""So many different ones are remembered, about 100 MB of them."""

_BLANK = 0x20
# Control characters fold to nothing, so that these two can stand for what joins texts and for the end of a line.
_BETWEEN = "\x00"
_LINE_END = b"\x7f"
_LOWER = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
_WORD_BYTES = 8
_MOST_WORDS = 8
_MASKS = np.array([(1 << 8 * kept) - 1 for kept in range(_WORD_BYTES + 1)], np.uint64)

Numbers = NDArray[np.intp]
Digests = NDArray[np.uint64]


class Column(Protocol):
    """What is known of every token. Kept in step with the vocabulary's ids."""

    def learn(self, tokens: Sequence[str]) -> None:
        """Take in new tokens; the first gets the next id."""

    def forget(self) -> None:
        """Start again at id 0."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The tokens of several texts in one row: text ``i`` is ``ids[starts[i]:starts[i + 1]]``.

    ``signs`` is what the original characters of each text tell.
    """

    ids: Numbers
    starts: Numbers
    signs: Signs


class Vocabulary:
    """Numbers for tokens. Bounded: when it has met too many it forgets all of them and begins again."""

    def __init__(self, columns: Sequence[Column], most: int = MOST_TOKENS) -> None:
        self._columns = tuple(columns)
        self._most = most
        self._ids = HashTable()
        self._digest = _Digest()

    def __len__(self) -> int:
        return len(self._ids)

    def batch(self, texts: Sequence[str]) -> Batch:
        """The texts, folded, as rows of ids. Tokens are cut at blanks; the end of a line is the token ``LINE_END``.

        The ids hold until the next call.
        """
        if len(self._ids) > self._most:
            self._forget()
        folded, signs = fold_all(texts)
        laid = _laid_out(folded)
        digests = self._digest.of(laid)
        return Batch(self._numbers(digests, laid), laid.rows, signs)

    def _numbers(self, digests: Digests, laid: _Laid) -> Numbers:
        ids = self._ids.find(digests)
        missing = np.flatnonzero(ids < 0)
        if missing.size:
            _, first = np.unique(digests[missing], return_index=True)
            new = missing[np.sort(first)]
            self._ids.add(digests[new])
            tokens = laid.tokens(new)
            for column in self._columns:
                column.learn(tokens)
            ids[missing] = self._ids.find(digests[missing])
        return ids

    def _forget(self) -> None:
        self._ids = HashTable()
        for column in self._columns:
            column.forget()


@dataclass(frozen=True, slots=True)
class _Laid:
    """Folded texts end to end: the bytes, where each token begins, how many bytes it has, where each text begins."""

    source: bytes
    begins: Numbers
    lengths: Numbers
    rows: Numbers

    def tokens(self, which: Numbers) -> list[str]:
        """Those tokens as text, cut at ``LONGEST``."""
        ends = self.begins[which] + self.lengths[which]
        source, mark = self.source, _LINE_END
        cut = [source[at:end] for at, end in zip(self.begins[which].tolist(), ends.tolist(), strict=True)]
        return [LINE_END if token == mark else token.decode()[:LONGEST] for token in cut]


def _laid_out(folded: Sequence[str]) -> _Laid:
    """Find the tokens: what stands between two blanks. A byte of a longer character is never one."""
    joined = _BETWEEN.join((*folded, "")).encode()
    source = joined.replace(b"\n", b" " + _LINE_END + b" ").translate(_LOWER)
    characters = np.frombuffer(source, np.uint8)
    blanks = np.flatnonzero(characters <= _BLANK)
    begins = np.empty_like(blanks)
    begins[:1] = 0
    begins[1:] = blanks[:-1] + 1
    lengths = blanks - begins
    full = lengths > 0
    before = np.cumsum(full)  # the blank that ends a text is the one after its last token
    rows = np.zeros(len(folded) + 1, np.intp)
    rows[1:] = before[characters[blanks] == 0]
    kept = np.flatnonzero(full)
    return _Laid(source + bytes(_WORD_BYTES), begins[kept], lengths[kept], rows)


class _Digest:
    """A keyed digest of each token, eight bytes at a time.

    The keys are drawn for each process: who doesn't know them can't write two tokens of one digest. Of tokens up to
    eight bytes no two have the same one at all.
    """

    def __init__(self) -> None:
        self._secret = os.urandom(16)
        drawn = np.frombuffer(os.urandom(16 * _MOST_WORDS), np.uint64)
        self._keys, self._factors = drawn[:_MOST_WORDS], drawn[_MOST_WORDS:] | np.uint64(1)

    def of(self, laid: _Laid) -> Digests:
        """One digest for each token, never 0."""
        words = np.ndarray((len(laid.source) - 7,), "<u8", laid.source, strides=(1,))
        digests = self._mixed(words[laid.begins] & _MASKS[np.minimum(laid.lengths, _WORD_BYTES)], 0)
        more = np.flatnonzero(laid.lengths > _WORD_BYTES)
        for place in range(1, _MOST_WORDS):
            if not more.size:
                break
            left = laid.lengths[more] - _WORD_BYTES * place
            read = words[laid.begins[more] + _WORD_BYTES * place] & _MASKS[np.minimum(left, _WORD_BYTES)]
            digests[more] = self._mixed(digests[more] ^ read, place)
            more = more[left > _WORD_BYTES]
        for token in more.tolist():
            digests[token] = self._of_long(laid, token)
        return digests

    def _mixed(self, words: Digests, place: int) -> Digests:
        mixed: Digests = (words ^ self._keys[place]) * self._factors[place]
        mixed ^= mixed >> np.uint64(32)
        mixed *= self._factors[place - 1]
        mixed ^= mixed >> np.uint64(29)
        return mixed

    def _of_long(self, laid: _Laid, token: int) -> int:
        begin = int(laid.begins[token])
        content = laid.source[begin : begin + int(laid.lengths[token])]
        return int.from_bytes(hashlib.blake2b(content, digest_size=8, key=self._secret).digest(), "little")
