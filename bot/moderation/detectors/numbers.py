"""Numbers that name one person's account or identity: the detector ``identity_numbers``.

Each is checked by the rules of whoever issues it, so that a parcel, case or tracking number is not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from stdnum import iban, luhn
from stdnum.exceptions import ValidationError
from stdnum.us import rtn

from bot.moderation.detectors.detector import Kind, Match, Parameters
from bot.moderation.detectors.identities import IDENTITIES, Identity, describe_identity, identities_in
from bot.moderation.links import touches
from bot.moderation.needs import Digits, Needs, matching, one_of
from bot.moderation.passage import Passage
from bot.moderation.text import Folded
from bot.moderation.verdict import Span
from bot.moderation.wordlists import WordLists

Number = Literal["ssn", "card", "bank", "access_key"] | Identity

_SSN = re.compile(r"(?<![\w-])(?<!\d[. ])(\d{3})([- .–_/*]?)(\d{2})\2(\d{4})(?![\w-]|[. ]\d)")
# After the words that name it, in any grouping.
_SSN_LOOSE = re.compile(
    r"\b(?:ssn|s\.s\.n|social security|social sec|social|seguro social|ss ?#)\b[^\d.!?\n]{0,30}"
    r"(\d(?:[ .,_/*-]{0,2}\d){8})(?![\w-]|[. ]\d)"
)
_SSN_SAID = re.compile(r"\b(?:ssn|social security|social sec|social|seguro social|ss ?(?:no|num|number|#))\b|\bss#")
_OTHER_NUMBER = re.compile(
    r"\b(?:parcel|apn|pin|map|lot|case|docket|permit|invoice|ticket|bid|rfp|rfq|ordinance|item|order|tracking"
    r"|confirmation|reference|ref|account|acct|model|part|serial|isbn|ein|fein|tax id|expediente|pedido|factura)\b"
    r"[^.!?\n]{0,20}$"
)
_CARD = re.compile(
    r"(?<![\w.,/=#-])(?<!\d )(?:\d(?:[ -]?\d){12,18}|\d{4}([._*])\d{4}\1\d{4}\1\d{4}|\d{4}(?: - \d{4}){3})"
    r"(?![\w/-]| \d)"
)
# With more digits behind it, such as its expiry date or code.
_CARD_GROUPS = re.compile(r"(?<![\w.,/=#-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5})(?!\w)")
_ACCESS_KEY = re.compile(
    r"(?<![\w-])(?:akia[0-9a-z]{16}|gh[pousr]_[0-9a-z]{30,60}|sk[-_](?:live|test|proj|ant)[-_][\w-]{16,120}"
    r"|xox[abprs]-[0-9a-z-]{20,80}|aiza[\w-]{30,40}|glpat-[\w-]{16,40}|eyj[\w-]{15,400}\.eyj[\w-]{15,800}\.[\w-]{10,400})"
)
_KEY_BEGINS = re.compile(r"akia|gh[pousr]_|sk[-_]|xox|aiza|glpat-|eyj")
_A_KEY = matching("the beginning of an access key", _KEY_BEGINS)
_IBAN = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?(?!\w)")
_ROUTING = re.compile(r"\b(?:routing|aba|rtn|ruta)\b[^\d\n]{0,20}(\d{9})(?!\d)")
_ACCOUNT = re.compile(r"\b(?:account|acct|checking|savings|cuenta|conta)\b[^\d\n]{0,20}(\d{6,17})(?!\d)")
_BEFORE = 40
_FEWEST_DIGITS, _FEWEST_PLAIN_DIGITS = 5, 6
_MIXED = matching("letters and digits together", re.compile(r"[a-z]\d|\d[a-z]"))

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
_DESCRIPTIONS: Mapping[Number, str] = {
    "ssn": "US Social Security numbers: 123-45-6789 in groups (not area 000, 666 or 900-999, group 00, serial 0000; not"
    f" after {_OTHER_NUMBER.pattern}), or nine digits in a row after {_SSN_SAID.pattern}",
    "card": "payment card numbers of 13 to 19 digits whose Luhn check digit is right and whose first digits are an"
    f" issuer's (from, to, lengths): {', '.join(map(str, _ISSUERS))}",
    "access_key": f"access keys in their issuers' forms: {_ACCESS_KEY.pattern}",
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

    def needs(self) -> Needs:
        key: Needs = (one_of(_A_KEY),) if "access_key" in self._kinds else ()
        if set(self._kinds) == {"access_key"}:
            return key
        # Of fewer than six digits none is a number without letters among them: no price, no year.
        plain = one_of(Digits(_FEWEST_PLAIN_DIGITS, together=True))
        mixed = (*one_of(Digits(_FEWEST_DIGITS, together=True)), *one_of(_MIXED))
        return (*key, plain, mixed)

    def find(self, passage: Passage) -> Iterator[Match]:
        found = [self._in(folded, passage) for folded in (passage.folded, passage.dictated) if folded]
        for span in dict.fromkeys(span for spans in found for span in spans):
            yield Match((span,))

    def _in(self, folded: Folded, passage: Passage) -> Iterator[Span]:
        if not _could_hold(self._kinds, folded.text):
            return
        links = passage.links if folded is passage.folded else ()
        places = (place for kind in self._kinds for place in _found(kind, folded.text))
        yield from (folded.span(start, end) for start, end in places if not touches(links, start, end))

    def describe(self) -> Iterator[str]:
        yield "Numbers, outside links, also spelt out in words:"
        yield from (f"  {_DESCRIPTIONS.get(kind) or describe_identity(_identity(kind))}" for kind in self._kinds)


def _could_hold(kinds: Sequence[Number], text: str) -> bool:
    """The cheap question first."""
    return "access_key" in kinds or sum(map(text.count, "0123456789")) >= _FEWEST_DIGITS


def _found(kind: Number, text: str) -> Iterator[tuple[int, int]]:
    finder = _FINDERS.get(kind)
    return finder(text) if finder else identities_in(_identity(kind), text)


def _identity(kind: Number) -> Identity:
    return next(identity for identity in IDENTITIES if identity == kind)


def _ssns(text: str) -> Iterator[tuple[int, int]]:
    for found in _SSN.finditer(text):
        before = text[max(0, found.start() - _BEFORE) : found.start()]
        said = bool(_SSN_SAID.search(before))
        plausible = found[2] and not _OTHER_NUMBER.search(before) and not (found[2] == "/" and not said)
        if _is_ssn(found[1] + found[3] + found[4]) and (said or plausible):
            yield found.span()
    for found in _SSN_LOOSE.finditer(text):
        if _is_ssn(re.sub(r"\D", "", found[1])):
            yield found.span(1)


def _is_ssn(digits: str) -> bool:
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _cards(text: str) -> Iterator[tuple[int, int]]:
    seen: set[tuple[int, int]] = set()
    for pattern in (_CARD, _CARD_GROUPS):
        for found in pattern.finditer(text):
            digits = re.sub(r"\D", "", found[0])
            if found.span() not in seen and _has_issuer(digits) and len(set(digits)) > 1 and luhn.is_valid(digits):
                seen.add(found.span())
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


def _access_keys(text: str) -> Iterator[tuple[int, int]]:
    yield from (found.span() for found in _ACCESS_KEY.finditer(text))


def _is_routing_number(digits: str) -> bool:
    try:
        return bool(rtn.validate(digits))
    except ValidationError:
        return False


_FINDERS: Mapping[Number, Callable[[str], Iterator[tuple[int, int]]]] = {
    "ssn": _ssns,
    "card": _cards,
    "bank": _banks,
    "access_key": _access_keys,
}


def _build(parameters: NumberParameters, _lists: WordLists) -> IdentityNumbers:
    return IdentityNumbers(parameters)


IDENTITY_NUMBERS = Kind(NumberParameters, _build)
