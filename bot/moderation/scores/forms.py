"""Forms: how the model spells a token, so that a disguise, a plural sign and a plain word land on the same features."""

from __future__ import annotations

import re

from bot.moderation.tokens import LINE_END

_EDGES = "\"'“”‘’«»()[]{}<>¡¿.,;:!?…-–—_~|/\\=+*"
_ENDS = (".", "!", "?", "…", "\n", "。", "！", "？")
_CLOSERS = "\"')]}*_»”’"
_LEET = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "|": "i"}
)
_INSIDE = re.compile(r"[^\w*#@$]+")
_STRETCHED = re.compile(r"(.)\1{2,}")

LINK, MAIL, NUMBER, MARK = "<link>", "<mail>", "<number>", "<mark>"


def ends_sentence(token: str) -> bool:
    """Does a sentence end with this token? Abbreviations count as ends: a shorter segment does no harm."""
    return token.rstrip(_CLOSERS).endswith(_ENDS) or token == LINE_END


def forms(token: str) -> tuple[str, ...]:
    """The spellings of a folded token to look at; the first is its name in pairs. Never empty."""
    if token.isalpha():
        return _drawn_in(token)
    if "://" in token or token.startswith("www."):
        return (LINK,)
    bare = token.strip(_EDGES)
    if not bare:
        return (MARK + token[:3],)
    if bare.isalpha():
        return _drawn_in(bare)
    if "@" in bare[1:] and "." in bare:
        return (MAIL,)
    if bare[0] == "@" and bare[1:].replace("_", "").isalnum():
        return ("<user>",)
    return _mixed(bare)


def _mixed(bare: str) -> tuple[str, ...]:
    letters = sum(map(str.isalpha, bare))
    if not letters:
        return (re.sub(r"\d", "0", bare)[:12] if any(map(str.isdigit, bare)) else bare,)
    joined = _INSIDE.sub("", bare.lstrip("#"))
    if "*" in joined:
        return (joined,)
    plain = joined.translate(_LEET)
    return _drawn_in(plain.strip("#"))


def _drawn_in(word: str) -> tuple[str, ...]:
    """A stretched word said with two letters and with one: ``sooo`` is ``soo`` and ``so``."""
    if not _STRETCHED.search(word):
        return (word,)
    return (_STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word))
