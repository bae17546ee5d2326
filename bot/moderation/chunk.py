"""One folded token on its own, with what more than one test wants to know about it, found once and only if asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from bot.moderation.letters import PICTURES
from bot.moderation.passage import rows_in
from bot.moderation.spelling import Decoded, decodings

_NUMBER = re.compile(r"[\d.,:/$%+#-]+")
_SINGLE = re.compile(r"(?<![^\W_])(?<![$@])(?:[^\W_]|[$@])(?![^\W_]|[$@])")
_SPELLED_OUT = 4


@dataclass(frozen=True)
class Chunk:
    """Folded text without a blank."""

    text: str

    @cached_property
    def rows(self) -> tuple[list[str], ...]:
        """Its words in their order, as they stand and, if that differs, with letters for digits."""
        return rows_in(self.text)

    @cached_property
    def readings(self) -> tuple[Decoded, ...]:
        """What it may say if it is obfuscated."""
        if _NUMBER.fullmatch(self.text) and self.singles < _SPELLED_OUT:
            return ()
        return tuple(decodings(self.text))

    @cached_property
    def singles(self) -> int:
        """How many letters, digits and signs for letters stand alone."""
        return len(_SINGLE.findall(self.text))

    @cached_property
    def has_picture(self) -> bool:
        """Is there a picture that can stand for a word?"""
        return not PICTURES.isdisjoint(self.text)
