"""What is taken out of a comment before it leaves the house: everything by which somebody could be found.

It takes out too much on purpose: a date, a year, a house number go as well. The copy that is left is for the asking
alone; the original is untouched. Linear in the text, which is refused above ``LONGEST`` characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from bot.moderation.detectors.identities import IDENTITIES
from bot.moderation.detectors.numbers import IdentityNumbers, NumberParameters
from bot.moderation.detectors.shapes import FINDERS, Shape
from bot.moderation.passage import Passage
from bot.moderation.text import Folded
from bot.moderation.verdict import Item, Span

LONGEST = 8_000
"""Characters of a comment that is sent; no platform's ordinary comment is longer."""

_KINDS = ("ssn", "card", "bank", "access_key", *IDENTITIES)
_NUMBERS = IdentityNumbers(NumberParameters.model_validate({"kinds": _KINDS}))
_ALWAYS: Mapping[Shape, str] = {
    "email": "[email]",
    "address": "[address]",
    "birth": "[date]",
}
# These two look like ordinary words ("the 50", "enough!"), so they count only where the text speaks of such a thing.
_NAMED: Mapping[Shape, re.Pattern[str]] = {
    "secret": re.compile(
        r"\b(?:passw|passcode|passphrase|pwd\b|pin\b|login|log in|log-in|credential|senha|clave|contrase|contra\b)"
    ),
    "plate": re.compile(
        r"\b(?:plate|tag|licen[cs]e|registration|vin\b|placa|matricula|patente|tablilla|chapa|emplacamento|reg\b)"
    ),
}
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_KEPT = frozenset("\n\t")
_NUMBER = re.compile(r"\d(?:[\W_]{0,5}\d){3,}")
_WORD = re.compile(r"\w+")
_PLACEHOLDER = re.compile(r"\[[a-z]+\]")
_CHUNK = re.compile(r"\S+")
_AFTER = ".,;:!?)]\"'"
_MAILED = re.compile(r"\w@\w")
_SCHEME = re.compile("://")
_DOTTED = re.compile(r"\w\.\w")
_PATH = re.compile(r"/|[?#\\](?=[\w%&=$\[])")
_NAME = r"[^\W\d_][\w'’-]{0,30}"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’-]{0,30}"
_NAMES = re.compile(
    rf"(?P<cue>(?i:\b(?:(?:my|his|her|their|your|whose)\ (?:full\ |real\ |last\ |first\ )?name(?:\ is|'s|’s|:)"
    rf"|me\ llamo|se\ llama|(?:mi|su|tu)\ nombre\ es|(?:me\ )?chamo(?:-me)?|(?:meu|seu)\ nome\ (?:é|e))\ ))"
    rf"(?:{_NAME})(?:\ {_CAPITAL}){{0,2}}"
    rf"|(?P<title>(?i:\b(?:mr|mrs|ms|miss|sr|sra|dr|dra|don|doña|dona)\.?)\ )(?:{_CAPITAL})(?:\ {_CAPITAL}){{0,2}}"
)


def masked(text: str) -> str | None:
    """A copy of ``text`` without private data; ``None`` where nothing that could be asked about is left of it.

    Nothing with four digits in a row is left in it, however they are parted, no ``@`` and no path of a link. Any
    string can be given: null bytes and lone surrogates too.
    """
    if len(text) > LONGEST:
        return None
    plain = _legible(text)
    if len(plain) > LONGEST:
        return None
    left = _without_places(plain)
    left = _NAMES.sub(lambda found: f"{found['cue'] or found['title']}[name]", left)
    # Once more: where something was taken out, what stood on both sides of it is nearer now.
    left = _WORD.sub(_mixed, _NUMBER.sub("[number]", left))
    return left if re.search(r"[^\W\d_]", _PLACEHOLDER.sub("", left)) else None


def _legible(text: str) -> str:
    """The text in plain characters: what looks like a digit or a sign is one, and nothing in it is invisible."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(_plain(c) for c in normal if c in _KEPT or unicodedata.category(c) not in _DROPPED)


def _plain(character: str) -> str:
    """Digits of every script, and those in black circles that have no plain form, as 0 to 9."""
    value = None if character.isascii() else unicodedata.digit(character, None)
    return character if value is None else str(value)


def _without_places(text: str) -> str:
    """Every place is looked for in the same text, so that taking one out hides no other."""
    pieces, at = [], 0
    for span, instead in sorted(_places(text), key=lambda place: (place[0].start, -place[0].end)):
        if span.end > at:
            # What begins inside an earlier place is taken out from there on.
            pieces += [text[at : max(span.start, at)], instead]
            at = span.end
    return "".join(pieces) + text[at:]


def _places(text: str) -> Iterator[tuple[Span, str]]:
    """What the detectors of private data and of identity numbers match, whoever it belongs to; signs and paths."""
    passage = Passage(Item(text))
    yield from ((span, "[number]") for match in _NUMBERS.find(passage) for span in match.spans)
    for folded in (passage.folded, passage.dictated):
        if folded is not None:
            yield from _shapes(folded)
    chunks = list(_CHUNK.finditer(text))
    for place, chunk in enumerate(chunks):
        if "@" in chunk[0]:
            yield from _handles(chunks, place)
        elif (path := _path_in(chunk[0])) is not None:
            yield Span(chunk.start() + path, max(_end(chunk), chunk.start() + path + 1)), "/[path]"


def _shapes(folded: Folded) -> Iterator[tuple[Span, str]]:
    named = {shape: f"[{shape}]" for shape, cue in _NAMED.items() if cue.search(folded.text)}
    for shape, instead in {**_ALWAYS, **named}.items():
        yield from ((folded.span(place.start, place.end), instead) for place in FINDERS[shape](folded.text))
    # Telephone, account and document numbers are among these, in every writing.
    yield from ((folded.span(*found.span()), "[number]") for found in _NUMBER.finditer(folded.text))


def _handles(chunks: Sequence[re.Match[str]], place: int) -> Iterator[tuple[Span, str]]:
    """A chunk with the sign in it, whole; where the sign stands alone, the words beside it too."""
    chunk = chunks[place]
    yield Span(chunk.start(), _end(chunk)), "[email]" if _MAILED.search(chunk[0]) else "[handle]"
    if not any(c.isalnum() for c in chunk[0]):
        beside = (*chunks[max(place - 1, 0) : place], *chunks[place + 1 : place + 2])
        yield from ((Span(each.start(), _end(each)), "[handle]") for each in beside)


def _end(chunk: re.Match[str]) -> int:
    """Where a chunk ends without the signs that only close a sentence."""
    return chunk.start() + len(chunk[0].rstrip(_AFTER) or chunk[0])


def _path_in(chunk: str) -> int | None:
    """Where the path of a link begins. Two links may stand in one chunk, and signs before one: the first path counts,
    be it after a scheme or after a dot."""
    begun = [found.end() for each in (_SCHEME, _DOTTED) if (found := each.search(chunk))]
    paths = [found.start() for end in begun if (found := _PATH.search(chunk, end))]
    return min(paths, default=None)


def _mixed(found: re.Match[str]) -> str:
    """A word with four digits among its letters is a code, a key, a plate."""
    return "[number]" if sum(c.isdigit() for c in found[0]) >= 4 else found[0]
