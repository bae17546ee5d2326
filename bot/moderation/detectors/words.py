"""Listed words: the detector ``word_list``."""

from __future__ import annotations

from collections.abc import Iterator

from bot.moderation.detectors.clearing import Clearing, ClearingParameters, describe_sets
from bot.moderation.detectors.detector import Kind, Match, Texts, once
from bot.moderation.lexicon import Lexicon
from bot.moderation.needs import Needs
from bot.moderation.passage import Passage
from bot.moderation.phrases import Sets
from bot.moderation.wordlists import WordList, WordLists

SPELLINGS = (
    "Found in any case, font or look-alike letters, with accents or invisible characters, with letters drawn out"
    " (fuuuck), with digits or signs for letters (5h1t), with letters masked (f*ck: the first letter and one more must"
    " show), and, from four letters on, with signs, blanks or line ends between the letters (f.u.c.k, f u c k)."
)
GUESSES = (
    "Guessed at, for a person to look and never more: letters swapped or dropped (btich, bulshit), spelt by sound"
    " (phuk), crossed out (shxt), in pieces (bu llshit), backwards, on their heads, masked by a picture or any number"
    " of stars. Never guessed: the words of bot/moderation/ordinary.txt."
)

GUESSED = 0.6
GUESS = ", by a guess from its spelling: a person looks."


class WordListParameters(ClearingParameters):
    """``lists``: names of word lists, without ``.txt``; and what clears their words."""

    lists: Texts


class ListedWords:
    """Finds the words of some lists, in every spelling that ``SPELLINGS`` names."""

    enumerable = True

    def __init__(self, lists: tuple[WordList, ...], parameters: ClearingParameters) -> None:
        self._lists = lists
        self._lexicon = Lexicon(lists)
        self._given = parameters
        self._clearing = Clearing(parameters, Sets(parameters.sets))

    def find(self, passage: Passage) -> Iterator[Match]:
        hits = list(self._lexicon.hits(passage))
        standing = set(self._clearing.standing([hit.span for hit in hits], passage))
        hits = [hit for hit in hits if hit.span in standing]
        certain = [Match((hit.span,)) for hit in hits if hit.certain]
        # A guess beside a certain word adds nothing to the act, and must not stand among the words that it cites.
        yield from once(certain or [Match((hit.span,), GUESSED, GUESS, sure=False) for hit in hits])

    def needs(self) -> Needs:
        return self._lexicon.needs(" ".join(each.name for each in self._lists))

    def describe(self) -> Iterator[str]:
        yield SPELLINGS
        yield GUESSES
        for listed in self._lists:
            yield f"List {listed.name} (sha256 {listed.digest}), {len(listed.entries)} entries:"
            yield "  " + ", ".join(str(entry) for entry in listed.entries)
            if listed.exceptions:
                yield "  never: " + ", ".join(str(entry) for entry in listed.exceptions)
        yield from describe_sets(self._given.sets)
        yield from self._clearing.describe()


def _build(parameters: WordListParameters, lists: WordLists) -> ListedWords:
    return ListedWords(tuple(lists.by_name[name] for name in parameters.lists), parameters)


WORD_LIST = Kind(WordListParameters, _build)
