"""Numbers that name one person's account or identity: the detector ``identity_numbers``.

Each is checked by the rules of whoever issues it, so that a parcel, case or tracking number is not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from stdnum import iban, luhn
from stdnum.exceptions import ValidationError
from stdnum.us import rtn

from bot.moderation.detectors.detector import Kind, Match, Parameters
from bot.moderation.links import touches
from bot.moderation.passage import Passage
from bot.moderation.wordlists import WordLists

Number = Literal["ssn", "card", "bank"]

_SSN = re.compile(r"(?<![\w-])(?<!\d[. ])(\d{3})([- .–]?)(\d{2})\2(\d{4})(?![\w-]|[. ]\d)")
_SSN_SAID = re.compile(r"\b(?:ssn|social security|social sec|social|seguro social|ss ?(?:no|num|number|#))\b|\bss#")
_OTHER_NUMBER = re.compile(
    r"\b(?:parcel|apn|pin|map|lot|case|docket|permit|invoice|ticket|bid|rfp|rfq|ordinance|item|order|tracking"
    r"|confirmation|reference|ref|account|acct|model|part|serial|isbn|ein|fein|tax id|expediente|pedido|factura)\b"
    r"[^.!?\n]{0,20}$"
)
_CARD = re.compile(r"(?<![\w.,/=#-])(?<!\d )\d(?:[ -]?\d){12,18}(?![\w/-]| \d)")
_IBAN = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?(?!\w)")
_ROUTING = re.compile(r"\b(?:routing|aba|rtn)\b[^\d\n]{0,20}(\d{9})(?!\d)")
_ACCOUNT = re.compile(r"\b(?:account|acct|checking|savings)\b[^\d\n]{0,20}(\d{6,17})(?!\d)")
_BEFORE = 40

# ISO/IEC 7812 issuer ranges: (first, last, lengths), compared with as many leading digits as the ends have.
_ISSUERS: Sequence[tuple[int, int, tuple[int, ...]]] = (
    (4, 4, (13, 16, 19)),
    (51, 55, (16,)),
    (2221, 2720, (16,)),
    (34, 34, (15,)),
    (37, 37, (15,)),
    (6011, 6011, (16, 19)),
    (644, 659, (16, 19)),
    (300, 305, (14, 16, 19)),
    (36, 36, (14, 16, 19)),
    (38, 39, (14, 16, 19)),
    (3528, 3589, (16, 19)),
)
_DESCRIPTIONS = {
    "ssn": "US Social Security numbers: 123-45-6789 in groups (not area 000, 666 or 900-999, group 00, serial 0000; not"
    f" after {_OTHER_NUMBER.pattern}), or nine digits in a row after {_SSN_SAID.pattern}",
    "card": "payment card numbers of 13 to 19 digits whose Luhn check digit is right and whose first digits are an"
    f" issuer's (from, to, lengths): {', '.join(map(str, _ISSUERS))}",
    "bank": "IBANs with a right check sum; a US routing number with a right check sum together with an account number",
}


class NumberParameters(Parameters):
    """``kinds``: which numbers are looked for."""

    kinds: tuple[Number, ...]


class IdentityNumbers:
    """Finds validated numbers; nothing inside a link is taken for one."""

    enumerable = True

    def __init__(self, parameters: NumberParameters) -> None:
        self._kinds = parameters.kinds

    def find(self, passage: Passage) -> Iterator[Match]:
        text = passage.folded.text
        if sum(map(str.isdigit, text)) >= 8:
            places = [place for kind in self._kinds for place in _FINDERS[kind](text)]
            for start, end in places:
                if not touches(passage.links, start, end):
                    yield Match((passage.folded.span(start, end),))

    def describe(self) -> Iterator[str]:
        yield "Numbers, outside links:"
        yield from (f"  {_DESCRIPTIONS[kind]}" for kind in self._kinds)


def _ssns(text: str) -> Iterator[tuple[int, int]]:
    for found in _SSN.finditer(text):
        area, separator, group, serial = found.groups()
        said = bool(_SSN_SAID.search(text, max(0, found.start() - _BEFORE), found.start()))
        other = _OTHER_NUMBER.search(text[max(0, found.start() - _BEFORE) : found.start()])
        valid = area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"
        if valid and (said or (separator and not other)):
            yield found.span()


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if _has_issuer(digits) and len(set(digits)) > 1 and luhn.is_valid(digits):
            yield found.span()


def _has_issuer(digits: str) -> bool:
    return any(
        len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last for first, last, lengths in _ISSUERS
    )


def _banks(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in _IBAN.finditer(text) if iban.is_valid(found[0]))
    account = _ACCOUNT.search(text)
    for found in _ROUTING.finditer(text) if account else ():
        if account and _is_routing_number(found[1]) and account[1] != found[1]:
            yield found.span(1)
            yield account.span(1)


def _is_routing_number(digits: str) -> bool:
    try:
        return bool(rtn.validate(digits))
    except ValidationError:
        return False


_FINDERS = {"ssn": _ssns, "card": _cards, "bank": _banks}


def _build(parameters: NumberParameters, _lists: WordLists) -> IdentityNumbers:
    return IdentityNumbers(parameters)


IDENTITY_NUMBERS = Kind(NumberParameters, _build)
