"""Which language each of many texts is in: the same answer as ``language_of``, by counting all texts at once.

Where the counting leaves a doubt (another script, words of another language, no hint at all) the answer is left open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.moderation.folding import PORTUGUESE, SPANISH
from bot.moderation.gathering import Bits, Flags, Places, gathered, sums
from bot.moderation.language import READ, UNKNOWN
from bot.moderation.lexemes import Lexemes
from bot.moderation.tokens import Batch, Numbers
from bot.moderation.verdict import Item

_FEW = 4
_FEW_FOREIGN, _ENOUGH_FOREIGN = 2, 3
_NO_HINT_AT_ALL = 10
_NOT_TOLD, _OPEN = len(READ), len(READ) + 1
_TOLD: Mapping[str | None, int] = {None: _NOT_TOLD, **{code: place for place, code in enumerate(READ)}}
_ANSWERS = (*READ, UNKNOWN, "")


def languages(lexemes: Lexemes, found: Places, batch: Batch, items: Sequence[Item]) -> list[str]:
    """The code of each text's language, empty where only ``language_of`` can tell. ``found`` are the lexemes."""
    told = np.fromiter((_TOLD.get(item.lang, _OPEN) for item in items), np.intp, len(items))
    functional = lexemes.functional
    bits = gathered(functional.bits, functional.rows[found], batch.starts)
    counts = np.stack([_ones(bits & mask) for mask in functional.masks], axis=1)
    words = sums(lexemes.counts[found] + lexemes.stops[batch.ids], batch.starts)
    owns = sums(functional.owns[found], batch.starts) > 0
    doubtful = _is_foreign(batch, words) | (~_any(counts) & (words >= _NO_HINT_AT_ALL))
    doubtful |= _tells(lexemes, found, batch, owns) & (words > _FEW)
    counts[:, READ.index("es")] += 2 * ((batch.signs.flags & SPANISH) != 0)
    counts[:, READ.index("pt")] += 2 * ((batch.signs.flags & PORTUGUESE) != 0)
    best = np.argmax(2 * counts + (told[:, None] == np.arange(len(READ))), axis=1)
    most = counts[np.arange(len(best)), best]
    answers = np.where((most >= 2) | ((most == 1) & (words <= _FEW)), best, told)
    lines = sums(found == lexemes.line_end, batch.starts)  # several in a row are one stop
    answers[doubtful | ((most == 1) & (words > _FEW) & (words - lines <= _FEW))] = _OPEN
    return [_ANSWERS[answer] for answer in answers.tolist()]


def _is_foreign(batch: Batch, words: Numbers) -> Flags:
    foreign = batch.signs.foreign
    return (foreign >= _ENOUGH_FOREIGN) | ((foreign >= _FEW_FOREIGN) & (words <= 2 * _FEW))


def _tells(lexemes: Lexemes, found: Places, batch: Batch, owns: Flags) -> Flags:
    """Two words or letters speak for one other language, or one where none speaks for one that is read (``owns``)."""
    letters = batch.signs.telling
    tells = sums(lexemes.functional.tells[found], batch.starts) + letters
    doubtful: Flags = (tells > 0) & ((tells > 1) | ~owns)
    for text in np.flatnonzero(doubtful).tolist():
        said = found[batch.starts[text] : batch.starts[text + 1]].tolist()
        doubtful[text] = lexemes.functional.telling(said) + letters[text] > owns[text]
    return doubtful


def _any(rows: NDArray[Any]) -> Flags:
    return np.asarray(rows.any(axis=1), np.bool_)


def _ones(bits: Bits) -> NDArray[np.intp]:
    return np.asarray(np.bitwise_count(bits).sum(axis=1), np.intp)
