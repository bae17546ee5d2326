"""Listed words: the detector ``word_list``."""

from __future__ import annotations

from collections.abc import Iterator

from bot.moderation.detectors.detector import Kind, Match, Parameters, Texts, once
from bot.moderation.lexicon import Lexicon
from bot.moderation.passage import Passage
from bot.moderation.wordlists import WordList, WordLists

SPELLINGS = (
    "Found in any case, font or look-alike letters, with accents or invisible characters, with letters drawn out"
    " (fuuuck), with digits or signs for letters (5h1t), with letters masked (f*ck: the first letter and one more must"
    " show), and, from four letters on, with signs or blanks between the letters (f.u.c.k, f u c k)."
)


class WordListParameters(Parameters):
    """``lists``: names of word lists, without ``.txt``."""

    lists: Texts


class ListedWords:
    """Finds the words of some lists, in every spelling that ``SPELLINGS`` names."""

    enumerable = True

    def __init__(self, lists: tuple[WordList, ...]) -> None:
        self._lists = lists
        self._lexicon = Lexicon(lists)

    def find(self, passage: Passage) -> Iterator[Match]:
        yield from once(Match((hit.span,)) for hit in self._lexicon.hits(passage))

    def describe(self) -> Iterator[str]:
        yield SPELLINGS
        for listed in self._lists:
            yield f"List {listed.name} (sha256 {listed.digest}), {len(listed.entries)} entries:"
            yield "  " + ", ".join(str(entry) for entry in listed.entries)
            if listed.exceptions:
                yield "  never: " + ", ".join(str(entry) for entry in listed.exceptions)


def _build(parameters: WordListParameters, lists: WordLists) -> ListedWords:
    return ListedWords(tuple(lists.by_name[name] for name in parameters.lists))


WORD_LIST = Kind(WordListParameters, _build)
