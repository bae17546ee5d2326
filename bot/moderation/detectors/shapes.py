"""The shapes of private data: telephone numbers, e-mail and home addresses, dates, plates, secrets, documents.

What each looks like, and nothing on whose it is: ``private`` asks that. All patterns are bounded; folded text only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import phonenumbers

Shape = Literal["phone", "email", "address", "birth", "plate", "secret", "document", "account"]

_SEPARATORS = r"[ ().*_~|•·–/-]"
_GROUPED_PHONE = re.compile(
    rf"(?<![\w/=#$.,-])(?:\+ ?\d{{1,3}}{_SEPARATORS}{{0,2}})?(?:1[ .-]{{1,2}})?"
    rf"(?:\(?\d{{2,5}}{_SEPARATORS}{{1,3}}){{1,4}}\d{{2,5}}(?![\w/%]|[.,-]\d)"
)
_PLAIN_PHONE = re.compile(r"(?<![\w/=#$.,-])\+?\d{7,15}(?![\w/%]|[.,-]\d)")
_SPACED_PHONE = re.compile(r"(?<![\w/=#$.,-])\d(?:[ ._*-]{1,2}\d){6,12}(?![\w/%]|[.,-]\d)")
_LOCAL_PHONE = re.compile(r"(?<![\w/=#$.,-])(?<!\d[ )])\d{3}[ .-]\d{4}(?![\w/%-]|[.,]\d)")
_NO_PHONE = re.compile(
    r"\(?\d{1,3}(?:\.\d{1,3}){3}\)?|(?:19|20)\d\d-\d\d-\d\d\s\d\d?|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}"
    r"|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d"
)
_OTHER_NUMBER = re.compile(
    r"\b(?:parcel|apn|map|lot|case|docket|permit|invoice|ticket|bid|rfp|rfq|ordinance|resolution|bill|item|order"
    r"|tracking|confirmation|reference|ref|account|acct|model|part|serial|isbn|ein|id|caso|expediente|pedido|factura"
    r"|boleto|protocolo|processo|solicitud|reporte|zip|box|ssn|social)\b[^.!?\n]{0,16}$"
)

_MOST_NUMBERS = 2_000  # a text of nothing but numbers is parsed so far

_STREET = (
    "street|st|avenue|ave|av|road|rd|drive|dr|lane|ln|court|ct|place|pl|boulevard|blvd|terrace|ter|circle|cir|way"
    "|highway|hwy|turnpike|tpke|parkway|pkwy|square|sq|trail|trl|extension|ext|row|loop|pike|crescent|heights|run"
    "|alley|path|plaza|plz|bend|cove|crossing|xing|landing|ridge|hollow|commons|mews|manor|glen|knoll|view|point"
)
_HOUSE_WORDS = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five"
    "|six|seven|eight|nine))?)"
)
HOUSE_NUMBERS = tuple(re.findall("[a-z]+", _HOUSE_WORDS))
"""The words that can stand for a house number."""

_CALLE = (
    r"(?:(?:calle|callejon|avenida|avda|avd|calzada|carretera|carrera|cra|paseo|plaza|pasaje|camino|bulevar|rua"
    r"|travessa|alameda|praca|estrada|rodovia|ladeira|largo|urbanizacion|urb|residencial|cerrada|privada)\.?"
    r"|(?:av|r|c|cl|cll)[./])"
)
_NO_NAME = "(?:desde|ha|hace|que|com|con|em|en|e|y|por|se|sem|sin|tem|tiene|fica|no|na|as|os|hasta|ate|mas)"
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez)[a-z]*"
_ADDRESS = re.compile(
    rf"(?<![\w$#.-])(?:\d{{1,5}}(?:-?[a-z])?(?:-\d{{1,4}})?|{_HOUSE_WORDS})"
    rf"(?: [\w.'-]{{1,20}}){{1,3}}? (?:{_STREET})\b"
    r"(?:\.?,? ?(?:#|apt|unit|apto|piso|suite)\.? ?\w{1,5})?"
    rf"|\b{_CALLE} ?(?:(?:de|del|da|do|das|dos|la|las|los) ){{0,2}}(?!{_NO_NAME}\b)[a-z][\w.' -]{{1,30}}?"
    r"(?:,? ?(?:numero|num\.?|no\.?|n\.?|n°|#))?,? ?#? ?\d{1,5}(?:[ -]{1,3}\d{1,4})?\b"
    r"(?:,? ?(?:apto|apt|ap|piso|depto|bloco|casa|apartamento|interior|int)\.? ?\w{1,5}"
    r"|, ?\d{1,2}[oa]\.? ?[a-z]{1,3}\b)?"
    r"|\b(?:quadra|qd)\.? ?\d{1,4},? (?:lote|lt|casa|conjunto|conj)\.? ?\d{1,4}|\b(?:hc|rr)[ -]?\d{1,3},? box \d{1,5}"
    r"|\b(?:calle|carrera|cra|cll?|avenida|av|transversal|diagonal|rua)\.? ?\d{1,3}[a-z]? ?(?:,? ?(?:#|no\.?|numero)|,)"
    r" ?\d{1,4}(?:-\d{1,4})?"
    r"|(?<![\w$#.-])\d{1,5} (?:de la|de|da|do) (?:calle|avenida|rua) [a-z]{3,20}"
    r"|\b(?:edificio|torre|condominio|conjunto|colonia|col\.|bairro|barrio) [\w.' -]{1,30}?(?:, ?| )"
    r"(?:apto|apt|apartamento|bloco|depto|departamento|piso|casa|bloco|no\.?|numero)\.? ?\d{1,5}\b"
)
# Without a word for street: "14 Elm". Only after "at" is that clear in small letters too.
_STREETLESS = re.compile(
    r"(?:(?<=\bat )|(?<=\b(?:of|on|in|to) )|(?<=[a-z], ))(?!(?:19|20)\d\d )\d{1,5} "
    r"(?!(?:miles|percent|dollars|times|hours|people|years|days|months|weeks|minutes|acres|feet|blocks|kids|different"
    r"|other|more|and|the|per|for|with|bedroom|cents|january|february|march|april|may|june|july|august|september"
    r"|october|november|december|de|do|da|anos|horas|dias)\b)[a-z][a-z'-]{2,20}\b(?! (?:miles|percent|dollars|times))"
)
_BIRTH = re.compile(
    r"(?<![\d/.-])\d{1,2} ?[/.-] ?\d{1,2} ?[/.-] ?(?:19|20)?\d\d(?![\d/-])"
    r"|(?<![\d/.-])(?:19|20)\d\d[/.-]\d{1,2}[/.-]\d{1,2}(?![\d/-])"
    rf"|\b{_MONTH}\.? ?\d{{1,2}}(?:st|nd|rd|th)?[, ]{{1,2}}(?:of )?(?:19|20)?\d\d\b"
    rf"|\b(?:the )?\d{{1,2}}(?:st|nd|rd|th|o)? ?(?:de |of )?{_MONTH}\.?,? ?(?:de |del |of )?(?:19|20)\d\d\b"
    r"|(?<![\d/.-])[01]\d[0-3]\d(?:19|20)\d\d(?![\d/-])"
)
_PLATE = re.compile(
    r"(?<![\w-])(?=(?:[ -]?[a-z0-9]){5,8}(?!\w))"
    r"(?:[a-z]{1,3}[ -]?\d{2,5}[a-z]?|\d{1,4}[ -]?[a-z]{2,3}(?:[ -]?\d{1,3})?|[a-z]{3}\d[a-z]\d\d"
    r"|\d[a-z]{3}\d{3}|[a-z]{2}[ -]?\d{3}[ -]?[a-z]{2}|[a-z]\d{2}[ -]?[a-z]{3}|\d{2}-[a-z]{2}-\d{2}"
    r"|\d{1,3}[a-z][ -]\d{2,3}|[a-z]{3}-\d{2}-\d{2}|[a-z]{3}[ -]?\d{3}[ -]?[a-z]|[a-z]{1,2}-\d{4}-[a-z]{1,2}"
    r"|[a-z]{2}[ -]\d{2}[ -][a-z]{2}"
    r"|\d{2}[ -]\d{2}[ -][a-z]{2}|[a-z]{2}[ -]\d{2}[ -]\d{2}|(?=[a-z]{0,4}-?[a-z]{0,4}\d)(?=\d{0,4}-?\d{0,4}[a-z])"
    r"[a-z0-9]{2,4}-[a-z0-9]{2,4})(?![\w-])"
)
_ORDINAL = re.compile(r"\d{1,4}(?:st|nd|rd|th)")
_PLAIN_ENDINGS = (
    "not|too|wrong|weak|strong|the|an|in|on|my|your|our|his|her|expired|required|protected|invalid|incorrect|stupid"
    "|only|for|reset|needed|always|never|just|so|very|still|that|what|incorrecta|muy|una|un|la|el|no|errada|fraca"
    "|muito|uma|para|por|temporary|available|posted|case"
)
_SECRET = re.compile(
    r"(?:(?<=password is )|(?<=passcode is )|(?<=contrasena es )|(?<=clave es )|(?<=senha e )|(?<=pw is )|(?<=pwd is ))"
    rf"(?!(?:{_PLAIN_ENDINGS})\b)[^\s\"',:=]{{4,40}}|"
    r"(?<=[:=\"' ])(?=[^\s\"']{0,39}[\d!@#$%^&*])[^\s\"',:=]{4,40}"
    r"|(?<=[:=])(?!//)[^\s\"',:=]{5,40}|(?<=[:=] )[^\s\"',:=]{5,40}(?=[\s.,;]|$)"
)
_DOCUMENT = re.compile(
    r"(?<![\w$/@#-])(?=[a-z0-9 .-]{0,8}\d)(?:[a-z]{1,4}-?)?\d(?:[ .-]?\d){4,18}(?:[ -]?[a-z0-9]{1,2}|[a-z0-9]{3,8})?"
    r"(?![\w/@])"
)
_LIKE_PHONE = re.compile(r"(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4}")
_ACCOUNT = re.compile(r"(?<![\w$/@#.,-])(?:\d(?:[ -]?\d){6,22}(?:-?[\dx])?|\d{4,6}-[\dx])(?![\w/@]|[.,-]\d)")
_EMAIL = re.compile(r"(?<![\w.+-])[\w+-]{1,64}(?:\.[\w+-]{1,64}){0,5}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")


@dataclass(frozen=True, slots=True)
class Place:
    """Folded characters ``[start, end)``. ``plain``: written in a way that by itself names no kind of number."""

    start: int
    end: int
    said: str
    plain: bool = False


def phones(text: str, regions: Sequence[str]) -> Iterator[Place]:
    """Telephone numbers that could exist in one of the regions; toll-free ones are nobody's home."""
    covered = bytearray(len(text))
    for found, plain, local in islice(_candidates(text), _MOST_NUMBERS):
        written = found[0]
        if any(covered[found.start() : found.end()]) or _NO_PHONE.fullmatch(written):
            continue
        if _OTHER_NUMBER.search(text[max(0, found.start() - 28) : found.start()]):
            continue
        number = _number(written, regions, local)
        if number != _TOLL_FREE and (number or 9 <= sum(map(str.isdigit, written)) <= 13):
            # A number of no such region is a telephone number only if the words beside it say so.
            yield Place(*found.span(), number or written, not number or (plain and not written.startswith("+")))
        if number:
            covered[found.start() : found.end()] = b"\1" * len(written)


def _candidates(text: str) -> Iterator[tuple[re.Match[str], bool, bool]]:
    for pattern in (_GROUPED_PHONE, _SPACED_PHONE, _PLAIN_PHONE, _LOCAL_PHONE):
        for found in pattern.finditer(text):
            yield found, pattern is not _GROUPED_PHONE, pattern is _LOCAL_PHONE


def _number(written: str, regions: Sequence[str], local: bool) -> str | None:
    digits = re.sub(r"[^\d+]", "", written)
    if local or (len(digits) == 7 and written.isdigit()):
        return digits if len(digits) == 7 and digits[0] not in "01" else None
    for region in regions:
        if number := _parsed(digits, region):
            return number
    return None


def _parsed(digits: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    national = str(number.national_number)
    # The United States keep 555-01xx for fiction: such a number is possible, never valid.
    american = number.country_code == 1 and len(national) == 10 and national[0] > "1" < national[3]
    abroad = digits.startswith("+") and phonenumbers.is_possible_number(number)
    if not (american or abroad or phonenumbers.is_valid_number(number)):
        return None
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.TOLL_FREE:
        return _TOLL_FREE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_TOLL_FREE = "toll-free"


def _matches(pattern: re.Pattern[str]) -> Callable[[str], Iterator[Place]]:
    return lambda text: (Place(*found.span(), found[0]) for found in pattern.finditer(text))


PATTERNS: Mapping[Shape, re.Pattern[str]] = {
    "phone": _GROUPED_PHONE,
    "email": _EMAIL,
    "address": re.compile(f"{_ADDRESS.pattern}|{_STREETLESS.pattern}"),
    "birth": _BIRTH,
    "plate": _PLATE,
    "secret": _SECRET,
    "document": _DOCUMENT,
    "account": _ACCOUNT,
}
"""The pattern of each shape; telephone numbers are found in a few more writings (``phones``)."""

_SMALL_WORDS = frozenset(
    (
        *(
            "in",
            "at",
            "on",
            "of",
            "to",
            "by",
            "is",
            "are",
            "and",
            "so",
            "the",
            "for",
            "or",
            "as",
            "no",
            "de",
            "en",
            "em",
        ),
        *(
            "el",
            "la",
            "do",
            "da",
            "am",
            "pm",
            "ft",
            "lb",
            "lbs",
            "mph",
            "rts",
            "i",
            "a",
            "y",
            "e",
            "o",
            "th",
            "st",
            "nd",
        ),
    )
)


def _addresses(text: str) -> Iterator[Place]:
    """``plain`` where nothing but a large letter could tell that a street is meant."""
    begun = set()
    for found in _ADDRESS.finditer(text):
        begun.add(found.start())
        yield Place(*found.span(), found[0])
    for found in _STREETLESS.finditer(text):
        if found.start() not in begun:
            yield Place(*found.span(), found[0], not text.endswith("at ", 0, found.start()))


def _plates(text: str) -> Iterator[Place]:
    """Small words beside a number are no plate: ``in 2018``, ``50 and``."""
    for found in _PLATE.finditer(text):
        if _SMALL_WORDS.isdisjoint(re.split(r"[ -]", found[0])) and not _ORDINAL.fullmatch(found[0]):
            yield Place(*found.span(), found[0])


def _documents(text: str) -> Iterator[Place]:
    """A telephone number is none."""
    for found in _DOCUMENT.finditer(text):
        if not _LIKE_PHONE.fullmatch(found[0]):
            yield Place(*found.span(), found[0])


FINDERS: Mapping[Shape, Callable[[str], Iterator[Place]]] = {
    "email": _matches(_EMAIL),
    "address": _addresses,
    "birth": _matches(_BIRTH),
    "plate": _plates,
    "secret": _matches(_SECRET),
    "document": _documents,
    "account": _matches(_ACCOUNT),
}
"""How each shape is found; telephone numbers are by ``phones``, which asks for their regions."""

DESCRIPTIONS: Mapping[Shape, str] = {
    "phone": "telephone numbers that could exist in the regions, toll-free ones aside, also spelt out in words",
    "email": "e-mail addresses, also as 'name at host dot com'",
    "address": "a house number and a street, its name written large if no word for street stands with it",
    "birth": "a full date",
    "plate": "letters and digits as on a licence plate",
    "secret": "a word with a digit or sign in it, or after a colon",
    "document": "letters and digits as on an identity document",
    "account": "seven digits and more, or some and a check digit behind a dash",
}
