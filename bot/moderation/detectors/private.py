"""Private data of a person: the detector ``private_data``.

A number, address or date says nothing by itself: an office publishes its own, and a shop gives the one of its counter.
It is somebody's own where the words beside it say so. Those words are the rule's; the shapes are in ``shapes``. Two
shapes name themselves, if the rule says ``alone``: a telephone number written as one, and a mailbox that has a
person's name at a provider of private mail. There it is the words beside it that can clear it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from pydantic import Field

from bot.moderation.detectors.detector import Kind, Match, Parameters, Texts
from bot.moderation.detectors.shapes import DESCRIPTIONS, FINDERS, HOUSE_NUMBERS, PATTERNS, Place, Shape, phones
from bot.moderation.dictated import mail_needs
from bot.moderation.links import touches, within
from bot.moderation.needs import ALWAYS, Digits, Needs, both, one_of
from bot.moderation.passage import INITIALS, Passage, Words, words_of
from bot.moderation.phrases import Phrasebook
from bot.moderation.text import Folded
from bot.moderation.verdict import Span
from bot.moderation.wordlists import WordLists

_ROLE_TEXT = """
info contact office clerk help support news press admin hello events tickets mail team volunteer council mayor permits
records planning webmaster noreply sales service services hr jobs rsvp editor board dpw police fire library parks
recreation tax taxes assessor dispatch tips orders booking bookings reservations billing accounts marketing media
alerts hotline feedback inquiries enquiries questions complaints reception frontdesk desk manager director city town
contacto contato oficina ayuda atencion ouvidoria prensa imprensa alcaldia ayuntamiento prefeitura secretaria ventas
vendas reservas informes atendimento comercial ajuda sac biblioteca escola escuela
"""
_ROLES = frozenset(_ROLE_TEXT.split())
_GROUPS = (
    *("friends", "club", "church", "committee", "association", "assoc", "shop", "store", "school", "library", "events"),
    *("market", "bakery", "farm", "neighbors", "neighbours", "plumbing", "roofing", "landscap", "repair", "cleaning"),
    *("realty", "salon", "cafe", "pizza", "council", "campaign", "parish", "league", "scouts", "rescue", "shelter"),
    *("studio", "services", "foundation", "iglesia", "igreja", "tienda", "loja", "vecinos", "amigos", "clube"),
)
_PRIVATE_MAIL = frozenset(
    (
        *(
            "gmail.com",
            "googlemail.com",
            "yahoo.com",
            "ymail.com",
            "hotmail.com",
            "outlook.com",
            "icloud.com",
            "me.com",
        ),
        *("aol.com", "live.com", "msn.com", "proton.me", "protonmail.com", "comcast.net", "sbcglobal.net", "gmx.com"),
        *("optonline.net", "verizon.net", "att.net", "charter.net", "frontier.com", "snet.net", "mail.com", "cox.net"),
        *("yahoo.es", "hotmail.es", "outlook.es", "yahoo.com.mx", "yahoo.com.br", "hotmail.com.br", "uol.com.br"),
        *("bol.com.br", "terra.com.br", "ig.com.br", "globo.com", "sapo.pt", "yahoo.co.uk", "hotmail.co.uk", "gmx.net"),
        *("outlook.com.br", "prodigy.net.mx", "earthlink.net", "mac.com", "rocketmail.com", "zoho.com", "tutanota.com"),
    )
)
_PUBLIC = frozenset(("gov", "mil", "us", "edu"))
_OF_BODIES = (".org", ".org.br", ".org.mx", ".info")
_OF_A_PERSON = re.compile(r"[a-z]{1,20}[._-][a-z]{2,20}[._-]?\d{0,4}|[a-z]{3,20}\d{1,4}")
_ENOUGH = {"phone": 7, "birth": 3, "plate": 2, "document": 5, "account": 5}  # digits
_MOST_PLACES = 2_000  # a text of nothing but addresses is read so far
_REACH_AFTER = 45


class PrivateParameters(Parameters):
    """``shape`` beside one of the ``beside`` phrases, unless a phrase of ``unless`` is there too (``nearest``: only if
    it stands no farther from the data). ``touching``: phrases that say whose it is only with no word between.
    ``unless_anywhere``: phrases that clear the whole comment. ``reach``: how many characters before the data are read.
    ``sets``: named sets that the phrases use. ``after``: a claim may also follow. ``alone``: a telephone number or
    mailbox that names itself needs no claim. ``allowed``: published telephone numbers and e-mail domains. ``regions``:
    ISO 3166 codes for telephones (``region``: the only one)."""

    shape: Shape
    beside: tuple[str, ...] = ()
    touching: tuple[str, ...] = ()
    reach: int = Field(default=70, ge=20, le=120)
    sets: Mapping[str, Texts] = {}
    alone: bool = False
    unless: tuple[str, ...] = ()
    unless_anywhere: tuple[str, ...] = ()
    nearest: bool = False
    after: bool = True
    allowed: tuple[str, ...] = ()
    region: str = Field(default="US", pattern="^[A-Z]{2}$")
    regions: tuple[str, ...] = ()


class PrivateData:
    """One shape of private data with words beside it that say whose it is."""

    enumerable = True

    def __init__(self, parameters: PrivateParameters) -> None:
        self._given = parameters
        self._beside = Phrasebook(parameters.beside, parameters.sets)
        self._touching = Phrasebook(parameters.touching, parameters.sets)
        self._unless = Phrasebook(parameters.unless, parameters.sets)
        self._anywhere = Phrasebook(parameters.unless_anywhere, parameters.sets)
        self._regions = parameters.regions or (parameters.region,)
        self._allowed = frozenset(parameters.allowed)

    def needs(self) -> Needs:
        shape = _needs_of_shape(self._given.shape)
        return shape if self._given.alone else both((*self._beside.needs(), *self._touching.needs()), shape)

    def find(self, passage: Passage) -> Iterator[Match]:
        readings = [folded for folded in (passage.folded, passage.dictated) if folded and self._could_be_in(folded)]
        if not readings or not (self._given.alone or self._could_be_claimed(passage)):
            return
        found = dict.fromkeys(span for folded in readings for span in self._in(folded, passage))
        if found and not any(True for _ in self._anywhere.found(passage.words)):
            yield from (Match((span,), 0.8) for span in found)

    def _could_be_in(self, folded: Folded) -> bool:
        """The cheap question first."""
        if self._given.shape == "email":
            return "@" in folded.text
        enough = _ENOUGH.get(self._given.shape, 0)
        return not enough or sum(map(folded.text.count, "0123456789")) >= enough

    def _could_be_claimed(self, passage: Passage) -> bool:
        initials = {found.replace(".", "") for found in INITIALS.findall(passage.folded.text)}
        words = passage.words.vocabulary | initials
        return self._beside.could_be_in(words) or self._touching.could_be_in(words)

    def _in(self, folded: Folded, passage: Passage) -> Iterator[Span]:
        # An address's name may look like a link (james.green), a dictated text has its links elsewhere.
        links = passage.links if folded is passage.folded and self._given.shape != "email" else ()
        for place in self._places(folded.text):
            if touches(links, place.start, place.end) or not self._is_meant(place, folded, passage.item.text):
                continue
            if self._is_claimed(folded.text, place):
                yield folded.span(place.start, place.end)

    def _is_meant(self, place: Place, folded: Folded, original: str) -> bool:
        """``of 40 Dunmore`` is a street, ``of 40 trucks`` is not."""
        if self._given.shape != "address" or not place.plain:
            return True
        return original[folded.origin[folded.text.index(" ", place.start) + 1]].isupper()

    def _places(self, text: str) -> Iterator[Place]:
        if self._given.shape == "phone":
            return (place for place in phones(text, self._regions) if place.said not in self._allowed)
        places = FINDERS[self._given.shape](text)
        places = filter(self._is_foreign_mail, places) if self._given.shape == "email" else places
        return islice(places, _MOST_PLACES)

    def _is_foreign_mail(self, place: Place) -> bool:
        name, _, domain = place.said.rstrip(".").partition("@")
        parts = re.split(r"[._+-]", name)
        # mayor.jones at a provider of private mail is a person, mayor@ is an office everywhere.
        is_role = _ROLES.issuperset(parts) if domain in _PRIVATE_MAIL else not _ROLES.isdisjoint(parts)
        return not is_role and not within(domain, self._allowed)

    def _is_claimed(self, text: str, place: Place) -> bool:
        before = _words(text[_word_start(text, place.start - self._given.reach) : place.start])
        after = _words(text[place.end : place.end + _REACH_AFTER])
        claims = _stretches(self._beside, before, after if self._given.after else None)
        claims += [each for each in _stretches(self._touching, before, None) if each[0] == 0]
        if not claims and not (self._given.alone and self._names_itself(place)):
            return False
        pardons = _stretches(self._unless, before, after)
        if not (self._given.nearest and claims):
            return not pardons
        # The nearest claim, and of these the shortest: what stands farther off than its beginning speaks of another.
        beginning = min(claims)[1]
        return not any(end < beginning for end, _ in pardons)

    def _names_itself(self, place: Place) -> bool:
        if self._given.shape == "email":
            return _is_of_a_person(*place.said.rstrip(".").split("@", 1))
        return not place.plain

    def describe(self) -> Iterator[str]:
        near = f"with one of these near before it{' or after' * self._given.after}:"
        yield f"{DESCRIPTIONS[self._given.shape]}{', by themselves, or' * self._given.alone}, {near}"
        yield f"  pattern: {PATTERNS[self._given.shape].pattern}"
        yield from (f"  {phrase}" for phrase in self._given.beside)
        yield from (f"  right before it: {phrase}" for phrase in self._given.touching)
        yield from (
            f"  but not {'nearer' if self._given.nearest else 'near'}: {phrase}" for phrase in self._given.unless
        )
        yield from (f"  not in a comment that says: {phrase}" for phrase in self._given.unless_anywhere)
        yield from (f"  where <{name}> is one of: {', '.join(members)}" for name, members in self._given.sets.items())
        yield from self._never()

    def _never(self) -> Iterator[str]:
        if self._given.allowed:
            yield f"  never: {', '.join(self._given.allowed)}"
        if self._given.shape == "email":
            yield f"  never a name with one of: {', '.join(sorted(_ROLES))}"
        if self._given.shape == "email" and self._given.alone:
            yield f"  by themselves at: {', '.join(sorted(_PRIVATE_MAIL))}, as {_OF_A_PERSON.pattern}"
            yield f"  or at any host that does not end in {', '.join(_OF_BODIES)}"
            yield f"  by themselves not: {', '.join((*_GROUPS, *sorted(_PUBLIC)))}"


def _needs_of_shape(shape: Shape) -> Needs:
    enough = _ENOUGH.get(shape)
    if shape == "email":
        return mail_needs()
    if shape == "address":
        return (one_of(Digits(1), *HOUSE_NUMBERS),)
    return (one_of(Digits(enough, together=shape == "phone")),) if enough else ALWAYS


def _is_of_a_person(name: str, domain: str) -> bool:
    if any(group in name for group in _GROUPS) or within(domain, _PUBLIC):
        return False
    if domain in _PRIVATE_MAIL or _OF_A_PERSON.fullmatch(name):
        return name not in domain
    return not domain.endswith(_OF_BODIES) and name not in domain and not any(group in domain for group in _GROUPS)


def _word_start(text: str, at: int) -> int:
    return text.find(" ", at) + 1 if at > 0 else 0


def _words(text: str) -> Words:
    text = INITIALS.sub(lambda found: found[0].replace(".", ""), text)
    return words_of(Folded(text, range(len(text)), len(text)))


def _stretches(phrases: Phrasebook, before: Words, after: Words | None) -> list[tuple[int, int]]:
    """For each phrase, how many characters from the data it ends that is nearer and the one that is farther."""
    found = [(len(before.row) - hit.end, len(before.row) - hit.start) for hit in phrases.found(before)]
    return found + [(hit.start, hit.end) for hit in phrases.found(after)] if after else found


def _build(parameters: PrivateParameters, _lists: WordLists) -> PrivateData:
    return PrivateData(parameters)


PRIVATE_DATA = Kind(PrivateParameters, _build)
