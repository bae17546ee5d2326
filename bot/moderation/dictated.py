"""What a text says when it is read aloud: number words as digits, "at" and "dot" as signs.

Who wants to get a telephone number or an e-mail address past a filter writes "two zero three, five five five ..." or
"jo dot reader at gmail dot com". This reading puts the signs in place, with the way back to the original characters.
Linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.moderation.needs import Fact, Holds, Needs, matching, one_of
from bot.moderation.text import Folded

DIGIT_WORDS = {
    **dict.fromkeys(("zero", "oh", "cero"), "0"),
    **dict.fromkeys(("one", "uno", "um", "uma"), "1"),
    **dict.fromkeys(("two", "dos", "dois", "duas"), "2"),
    **dict.fromkeys(("three", "tres"), "3"),
    **dict.fromkeys(("four", "cuatro", "quatro"), "4"),
    **dict.fromkeys(("five", "cinco"), "5"),
    **dict.fromkeys(("six", "seis", "meia"), "6"),
    **dict.fromkeys(("seven", "siete", "sete"), "7"),
    **dict.fromkeys(("eight", "ocho", "oito"), "8"),
    **dict.fromkeys(("nine", "nueve", "nove"), "9"),
}
"""Each word that stands for a digit, folded."""

AT_WORDS = frozenset(("at", "arroba"))
"""Words that stand for ``@``."""

_DIGIT = f"(?:{'|'.join(DIGIT_WORDS)})"
_PAUSE = r"(?:[ ,.;:/_*-]{1,3}(?:(?:dash|guion|traco|hyphen)[ ,]{1,2})?)"
_NUMBER = re.compile(
    rf"\b(?:(?:double |triple )?{_DIGIT}|\d{{1,4}})(?:{_PAUSE}(?:(?:double |triple )?{_DIGIT}|\d{{1,4}}\b)){{5,25}}\b"
)
_SAID = re.compile(rf"(double |triple )?\b({_DIGIT})\b|\d")
# Letters that are read as digits, among digits: 2O3-555-Ol88.
_ALIKE = re.compile(r"(?<![\w@.])(?=[oil.() -]{0,12}\d)[\doil](?:[ ().-]{0,2}[\doil]){9,13}(?![\w@])")
_FEWEST_DIGITS, _FEWEST_WORDS, _FEWEST_REAL = 7, 3, 6
_WEBMAIL = (
    "gmail|googlemail|yahoo|ymail|hotmail|outlook|icloud|aol|live|proton|protonmail|msn|comcast|sbcglobal|optonline"
    "|verizon|att|uol|bol|terra|gmx"
)
_DOT = r"(?: ?[(\[{]\s?(?:dot|punto|ponto|\.)\s?[)\]}] ?| (?:dot|punto|ponto) | ?\. ?)"
_SPELT_DOT = r"(?: ?[(\[{]\s?(?:dot|punto|ponto|\.)\s?[)\]}] ?| (?:dot|punto|ponto) | \. ?)"
_LOCAL = rf"(?<![\w.@+-])(?P<local>[\w+-]{{1,40}}(?:(?:{_SPELT_DOT}|\.)[\w+-]{{1,40}}){{0,3}})"
_AT = r"(?: ?[(\[{]\s?(?:at|arroba|a|@)\s?[)\]}] ?| arroba | @ ?|@ )"
_SURE_ENDS = ("com", "net", "org", "edu", "gov", "info", "io", "co", "pt", "br", "mx")
_WORDY_ENDS = ("me", "us", "es")  # words of their own: they end a domain only after a stop
_END = rf"(?:{'|'.join((*_SURE_ENDS, *_WORDY_ENDS))})"
_ENDED = re.compile(rf"\.{_END}\b")
_TYPED = re.compile(r"[\w+-]@[\w-]")
_STOPPED = re.compile(r"@$|@\S*\.$|^\.$|[(\[{]\.|arroba")
_DOMAIN = rf"(?P<domain>[a-z0-9-]{{2,40}}(?:{_DOT}[a-z0-9-]{{2,20}}){{0,2}}{_DOT}{_END})\b"
_SPELT_DOMAIN = rf"[a-z0-9-]{{2,40}}(?:{_SPELT_DOT}[a-z0-9-]{{2,20}}){{0,2}}{_SPELT_DOT}{_END}"
_MAILS = (
    re.compile(rf"{_LOCAL}(?P<at>{_AT}){_DOMAIN}"),
    re.compile(rf"{_LOCAL}(?P<at> at |@)(?P<domain>{_SPELT_DOMAIN})\b"),
    re.compile(rf"{_LOCAL}(?P<at> at )(?P<domain>(?:{_WEBMAIL}){_DOT}{_END})\b"),
)
_BRACKETED_AT = re.compile(r"[(\[{] ?(?:at|a) ?[)\]}]")
_OPENED = re.compile(r"[(\[{](?:(?:at|a)?[)\]}]|(?:at|a)?$)")
_DOT_OR_MAIL = re.compile(rf" dot | at (?:{_WEBMAIL})\b|[(\[{{] ?dot")
_NO_DOMAIN = frozenset(("the", "a", "an", "our", "my", "this", "that", "your", "his", "her"))
_NO_NAME = frozenset(
    (
        *(
            "a",
            "i",
            "me",
            "us",
            "in",
            "up",
            "look",
            "out",
            "here",
            "is",
            "are",
            "was",
            "sign",
            "log",
            "him",
            "her",
            "them",
            "it",
        ),
        *("on", "mail", "email", "available", "working", "account", "box", "people", "everyone", "someone", "anyone"),
    )
)


def mail_needs() -> Needs:
    """What must be in a text for an e-mail address to be in it, typed or dictated."""
    at = frozenset[Fact](("at", "a"))
    signed = frozenset[Fact]((Holds("@"), Holds("arroba")))
    dotted = frozenset[Fact](("dot", "punto", "ponto", *_SURE_ENDS, matching("an end of a domain", _ENDED)))
    return (
        one_of(matching("a typed address", _TYPED)),
        (signed, dotted),
        (signed, frozenset(_WORDY_ENDS), frozenset((matching("a stop that may end a host", _STOPPED),))),
        (at, frozenset((matching("a bracket before at", _OPENED),))),
        (at, frozenset(("dot", *_WEBMAIL.split("|")))),
    )


def dictated(folded: Folded) -> Folded | None:
    """The text as it would be typed, or ``None`` where nothing in it is dictated."""
    if not (pieces := sorted(_pieces(folded.text))):
        return None
    letters: list[str] = []
    origin: list[int] = []
    at = 0
    for start, end, written in pieces:
        if start >= at:
            letters += (folded.text[at:start], written)
            origin += (*folded.origin[at:start], *([folded.origin[start]] * len(written)))
            at = end
    return Folded("".join((*letters, folded.text[at:])), [*origin, *folded.origin[at:]], folded.length)


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """What is to be replaced by what. The cheap questions come first: nearly all texts dictate nothing."""
    if sum(word in text for word in DIGIT_WORDS) >= 2:
        yield from _numbers(text)
    if sum(map(text.count, "0123456789")) >= _FEWEST_REAL:
        yield from _alike(text)
    if "@" in text or "arroba" in text or _BRACKETED_AT.search(text) or (" at " in text and _DOT_OR_MAIL.search(text)):
        yield from _mails(text)


def _numbers(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _NUMBER.finditer(text):
        said = list(_SAID.finditer(found[0]))
        digits = "".join(DIGIT_WORDS.get(each[2] or "", each[0]) * _times(each[1]) for each in said)
        words = sum(each[2] is not None for each in said)
        if len(digits) >= _FEWEST_DIGITS and words >= _FEWEST_WORDS:
            yield *found.span(), _grouped(digits)


def _times(multiple: str | None) -> int:
    return {"double ": 2, "triple ": 3}.get(multiple or "", 1)


def _grouped(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else digits


def _alike(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _ALIKE.finditer(text):
        if sum(map(str.isdigit, found[0])) >= _FEWEST_REAL and not found[0].isdigit():
            plain = found[0].translate({ord("o"): "0", ord("i"): "1", ord("l"): "1"})
            if plain != found[0] and all(map(_has_digit, re.split(r"[ ().-]+", found[0].strip(" ().-")))):
                yield *found.span(), plain


def _has_digit(chunk: str) -> bool:
    return any(map(str.isdigit, chunk))


def _mails(text: str) -> Iterator[tuple[int, int, str]]:
    for pattern in _MAILS:
        for found in pattern.finditer(text):
            if found["local"] not in _NO_NAME and re.split(r"\W", found["domain"], maxsplit=1)[0] not in _NO_DOMAIN:
                yield *found.span(), f"{_plain(found['local'])}@{_plain(found['domain'])}"


def _plain(part: str) -> str:
    return re.sub(_SPELT_DOT, ".", part).replace(" ", "")
