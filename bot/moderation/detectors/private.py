"""Private data of a person: the detector ``private_data``.

A number, address or date says nothing by itself: an office publishes its own, and a resident may give theirs. It is
somebody else's only where the words beside it say so. Those words are the rule's; the shapes are here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

import phonenumbers
from pydantic import Field

from bot.moderation.detectors.detector import Kind, Match, Parameters, Texts
from bot.moderation.links import touches, within
from bot.moderation.passage import Passage, words_of
from bot.moderation.phrases import Phrasebook
from bot.moderation.text import Folded
from bot.moderation.wordlists import WordLists

Shape = Literal["phone", "email", "address", "birth", "plate", "secret"]

_STREET = (
    "street|st|avenue|ave|av|road|rd|drive|dr|lane|ln|court|ct|place|pl|boulevard|blvd|terrace|ter|circle|cir|way"
    "|highway|hwy|turnpike|tpke|parkway|pkwy|square|sq|trail|trl|extension|ext|row|loop|pike"
)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez)[a-z]*"
_SHAPES: dict[Shape, re.Pattern[str]] = {
    "phone": re.compile(r"(?<![\w/=.-])\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?![\w/])"),
    "email": re.compile(r"(?<![\w.+-])[\w+-]{1,64}(?:\.[\w+-]{1,64}){0,5}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
    "address": re.compile(
        rf"(?<![\w$#.-])\d{{1,5}}[a-z]?(?: (?!{_STREET}\b)[\w.'-]{{1,20}}){{1,3}} (?:{_STREET})\b"
        r"(?:\.?,? ?(?:#|apt|unit|apto|piso)\.? ?\w{1,5})?"
        r"|\b(?:calle|avenida|avda|rua|calzada|carretera)\.? [\w.' -]{2,30}?"
        r"(?:,| numero| no\.?| #| n\.?)? ?\d{1,5}\b"
    ),
    "birth": re.compile(
        r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)?\d\d\b"
        rf"|\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b"
        rf"|\b\d{{1,2}} (?:de |of )?{_MONTH}\.?,? (?:de |del )?(?:19|20)\d\d\b"
    ),
    "plate": re.compile(
        r"(?<![\w-])(?=(?:[ -]?[a-z0-9]){5,8}(?!\w))"
        r"(?:[a-z]{1,3}[ -]?\d{2,5}[a-z]?|\d{1,4}[ -]?[a-z]{2,3}(?:[ -]?\d{1,3})?)(?!\w)"
    ),
    "secret": re.compile(r"(?:(?<=[:=\"' ])|^)(?=[^\s\"']*[\d!@#$%^&*])[^\s\"',:=]{4,40}"),
}
_ROLES = (
    *("info", "contact", "office", "clerk", "help", "support", "news", "press", "admin", "hello", "events"),
    *("tickets", "mail", "team", "volunteer"),
)
_DESCRIPTIONS: dict[Shape, str] = {
    "phone": "telephone numbers that could exist in the region, toll-free ones aside",
    "email": f"e-mail addresses outside the allowed domains, and not beginning with {', '.join(_ROLES)}",
    "address": "a house number and a street",
    "birth": "a full date",
    "plate": "letters and digits as on a licence plate",
    "secret": "a word with a digit or sign in it",
}
_REACH_BEFORE = 70
_REACH_AFTER = 30


class PrivateParameters(Parameters):
    """``shape`` beside one of the ``beside`` phrases (the window ends at a sentence), unless a phrase of ``unless`` is
    there too. ``allowed``: published telephone numbers and e-mail domains. ``region``: ISO 3166 code for telephones."""

    shape: Shape
    beside: Texts
    unless: tuple[str, ...] = ()
    after: bool = True
    allowed: tuple[str, ...] = ()
    region: str = Field(default="US", pattern="^[A-Z]{2}$")


class PrivateData:
    """One shape of private data with words beside it that say whose it is."""

    enumerable = True

    def __init__(self, parameters: PrivateParameters) -> None:
        self._given = parameters
        self._beside = Phrasebook(parameters.beside)
        self._unless = Phrasebook(parameters.unless)
        self._is_such: Callable[[str], bool] = {"phone": self._is_phone, "email": self._is_foreign_mail}.get(
            parameters.shape, lambda _found: True
        )

    def find(self, passage: Passage) -> Iterator[Match]:
        if not self._beside.could_be_in(passage.words.vocabulary):
            return
        for found in _SHAPES[self._given.shape].finditer(passage.folded.text):
            if touches(passage.links, *found.span()) or not self._is_such(found[0]):
                continue
            if self._is_claimed(passage.folded.text, *found.span()):
                yield Match((passage.folded.span(*found.span()),), 0.8)

    def _is_claimed(self, text: str, start: int, end: int) -> bool:
        after = _REACH_AFTER if self._given.after else 0
        near = text[max(0, start - _REACH_BEFORE) : start] + " \N{REPLACEMENT CHARACTER} " + text[end : end + after]
        words = words_of(Folded(near, range(len(near)), len(near)))
        claimed = any(True for _ in self._beside.found(words))
        return claimed and not any(True for _ in self._unless.found(words))

    def _is_phone(self, found: str) -> bool:
        try:
            number = phonenumbers.parse(found, self._given.region)
        except phonenumbers.NumberParseException:
            return False
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        toll_free = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.TOLL_FREE
        return phonenumbers.is_possible_number(number) and not toll_free and written not in self._given.allowed

    def _is_foreign_mail(self, found: str) -> bool:
        role, _, domain = found.partition("@")
        return role not in _ROLES and not within(domain.rstrip("."), frozenset(self._given.allowed))

    def describe(self) -> Iterator[str]:
        yield f"{_DESCRIPTIONS[self._given.shape]}, with one of these near before it{' or after' * self._given.after}:"
        yield f"  pattern: {_SHAPES[self._given.shape].pattern}"
        yield from (f"  {phrase}" for phrase in self._given.beside)
        yield from (f"  but not near: {phrase}" for phrase in self._given.unless)
        if self._given.allowed:
            yield f"  never: {', '.join(self._given.allowed)}"


def _build(parameters: PrivateParameters, _lists: WordLists) -> PrivateData:
    return PrivateData(parameters)


PRIVATE_DATA = Kind(PrivateParameters, _build)
