"""What the judge can't read: the detectors ``unreadable_media`` and ``unread_language``."""

from __future__ import annotations

from collections.abc import Iterator

from bot.moderation.detectors.detector import Kind, Match, Parameters
from bot.moderation.needs import Needs, Whole, one_of
from bot.moderation.passage import Passage
from bot.moderation.verdict import Span


class NoParameters(Parameters):
    """Takes none."""


class UnreadableMedia:
    """A picture, video or sticker without a word beside it."""

    enumerable = True

    def needs(self) -> Needs:
        return (one_of(Whole.MEDIA),)

    def find(self, passage: Passage) -> Iterator[Match]:
        if passage.item.has_media and not any(c.isalnum() for c in passage.folded.text):
            yield Match(())

    def describe(self) -> Iterator[str]:
        yield "Comments of media alone, without a word."


class UnreadLanguage:
    """A text in a script or language that the lists don't cover."""

    enumerable = True

    def needs(self) -> Needs:
        return (one_of(Whole.UNREAD),)

    def find(self, passage: Passage) -> Iterator[Match]:
        if not passage.language.readable:
            yield Match((Span(0, len(passage.item.text)),))

    def describe(self) -> Iterator[str]:
        yield "Texts not in English, Spanish or Portuguese: another script, or seven words of another language."


UNREADABLE_MEDIA = Kind(NoParameters, lambda _parameters, _lists: UnreadableMedia())
UNREAD_LANGUAGE = Kind(NoParameters, lambda _parameters, _lists: UnreadLanguage())
