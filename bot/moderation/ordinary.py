"""Ordinary words that resemble listed ones, in English, Spanish and Portuguese: what a guess must never flag.

No list of what is allowed: a listed word stays listed. Only guesses (swapped letters, other letters of the same sound,
words in pieces or backwards, masks among masks) keep away from these.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_LISTED = "+ "


@cache
def ordinary_words() -> frozenset[str]:
    """The ordinary words, folded."""
    return _read(listed=False)


@cache
def known_words() -> frozenset[str]:
    """The ordinary words and those listed words that a guess at another entry would hit: each is found as itself."""
    return ordinary_words() | _read(listed=True)


def _read(*, listed: bool) -> frozenset[str]:
    text = files("bot.moderation").joinpath("ordinary.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line.startswith(_LISTED) is listed and not line.startswith("#"))
    return frozenset(word for line in lines for word in line.removeprefix(_LISTED).split())
