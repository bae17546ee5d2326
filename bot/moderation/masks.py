"""Listed words behind masks: ``?`` stands for one unknown letter (``f?ck``), one ``*`` for some (``mother*er``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from bot.moderation.ordinary import ordinary_words
from bot.moderation.spelling import Decoded
from bot.moderation.wordlists import Entry

_LEAST_KNOWN = 2
_MOST_KNOWN = 50_000
_KNOWN_SHARE = 0.28
_LEAST_KNOWN_OF_GUESS = 3
_KNOWN_SHARE_OF_GUESS = 0.5
_KNOWN_SHARE_OF_CERTAIN = 0.5
_MASKS_EVERYTHING = 2
_KNOWN_SHARE_AMONG_MASKS = 0.7


class Masks:
    """Entries by what shows of them."""

    def __init__(self, entries: Iterable[Entry], shortest: int) -> None:
        self._by_length: dict[tuple[int, str], list[Entry]] = defaultdict(list)
        self._by_letter: dict[str, list[Entry]] = defaultdict(list)
        self._known: dict[str, Entry | None] = {}
        for entry in entries:
            if len(entry.stem) >= shortest:
                self._by_letter[entry.stem[0]].append(entry)
                for first in (entry.stem[0], "?"):
                    self._by_length[len(entry.stem), first].append(entry)

    def entry(self, masked: str) -> Entry | None:
        """The first entry that ``masked`` can be, if enough of it shows. Remembered: a wall of stars repeats itself."""
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        if masked not in self._known:
            self._known[masked] = self._first(masked)
        return self._known[masked]

    def _first(self, masked: str) -> Entry | None:
        if "*" in masked:
            return next(self._of_any_length(*masked.split("*", 1)), None)
        same = self._by_length.get((len(masked), masked[0]), ())
        return next((entry for entry in same if _unmasks(masked, entry.stem)), None)

    def _of_any_length(self, head: str, tail: str) -> Iterator[Entry]:
        known = len(head) + len(tail)
        for entry in self._by_letter.get(head[:1], ()):
            least = max(_LEAST_KNOWN_OF_GUESS, _KNOWN_SHARE_OF_GUESS * len(entry.stem))
            if least <= known < len(entry.stem) and entry.stem.startswith(head) and entry.stem.endswith(tail):
                yield entry


def sifted(masked: Sequence[tuple[Decoded, Entry | None]]) -> Iterator[tuple[Decoded, Entry, bool]]:
    """The masked readings that say an entry, and whether surely.

    Who masks words that no list holds masks for another reason: there a mask is a guess, must show more, and says
    nothing where an ordinary word fits too (``wh*re`` in ``wh*re *re th* c*ty c**ncil``).
    """
    found = {(reading.start, reading.end) for reading, entry in masked if entry}
    others = {(reading.start, reading.end) for reading, _ in masked if "*" not in reading.word} - found
    for reading, entry in masked:
        if entry and len(others) < _MASKS_EVERYTHING:
            listed_so = reading.word == entry.stem
            yield reading, entry, listed_so or (reading.certain and _shows(reading.word) >= _KNOWN_SHARE_OF_CERTAIN)
        elif entry and _shows(reading.word) >= _KNOWN_SHARE_AMONG_MASKS and not _could_be_ordinary(reading.word):
            yield reading, entry, False


def _shows(masked: str) -> float:
    return sum(letter not in "?*" for letter in masked) / len(masked)


def _could_be_ordinary(masked: str) -> bool:
    same = _ordinary_by_length().get((len(masked), masked[0]), ())
    return "*" in masked or any(_agrees(masked, word) for word in same)


@cache
def _ordinary_by_length() -> Mapping[tuple[int, str], Sequence[str]]:
    table: dict[tuple[int, str], list[str]] = defaultdict(list)
    for word in ordinary_words():
        table[len(word), word[0]].append(word)
        table[len(word), "?"].append(word)
    return table


def _agrees(masked: str, word: str) -> bool:
    return all(have in {"?", want} for have, want in zip(masked, word, strict=True))


def _unmasks(masked: str, stem: str) -> bool:
    known = sum(letter != "?" for letter in masked)
    enough = known >= max(_LEAST_KNOWN, _KNOWN_SHARE * len(stem)) and (masked[-1] != "?" or masked[1] != "?")
    return masked == stem or (enough and _agrees(masked, stem))
