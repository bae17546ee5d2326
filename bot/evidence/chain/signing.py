"""Which private key signs now: made at the first need, named in the log before its first use, handed on by itself.

A new key is prepared beside the old one, named in the log with the old one's signature, and only then put in its
place. Whatever a crash leaves between the last two steps is finished at the next use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.errors import ConfigError
from bot.evidence.chain.keys import KEY_LINE, EvidenceKey, KeyHistory, KnownKey, evidence_key, make_evidence_key
from bot.evidence.chain.log import Pen
from bot.evidence.chain.places import KeyringPlace, place_of

NO_ENTRY = (
    "The keyring has no entry {name} under the service beadle; `beadle evidence key make` puts a new key there, once."
)
LOST = (
    "{place} holds no key, and the evidence log names {key_id} as its key; put it back from a copy. Without it this"
    " archive gets no more checkpoints: begin a new one (BEADLE_ARCHIVE), and the old one stays provable as it is."
)
ANOTHER = "{place} holds another key than the evidence log names ({key_id}); put the right one back."
MADE_ALREADY = "{place} holds a key already; `beadle evidence key rotate` replaces it."

_NEXT = "next"


@dataclass(frozen=True, slots=True)
class Signing:
    """The place of the private key (a path or ``keyring:NAME``). Every method may raise ``ConfigError``."""

    source: str

    def key(self, history: KeyHistory, pen: Pen, now: datetime) -> EvidenceKey:
        """The key that the log names last. Where it names none yet, one is made and named. Under the lock of the log.

        What ``pen`` adds is not in ``history`` until the log is read again.
        """
        place, current = place_of(self.source), history.current
        found = evidence_key(place)
        if current is None:
            first = found or self._made()
            pen.append(KEY_LINE, history.line_for(first.public, None), now)
            return first
        if found is not None and found.public == current.public:
            return found
        return self._taken_over(current, found)

    def rotate(self, history: KeyHistory, pen: Pen, now: datetime) -> EvidenceKey:
        """Hand on to a new key. Under the lock of the log, which must name a key already."""
        old = self.key(history, pen, now)
        beside = place_of(self.source).sibling(_NEXT)
        beside.drop()  # what an attempt left that was never named in the log
        new = make_evidence_key(beside)
        pen.append(KEY_LINE, history.line_for(new.public, old), now)
        return self._put_in_place(new)

    def examine(self, history: KeyHistory) -> None:
        """Raises ``ConfigError`` when the key that the log names can't be had. Makes and moves nothing."""
        place, current = place_of(self.source), history.current
        found = evidence_key(place)
        if current is None or (found is not None and found.public == current.public):
            return
        waiting = evidence_key(place.sibling(_NEXT))
        if waiting is None or waiting.public != current.public:
            raise ConfigError((LOST if found is None else ANOTHER).format(place=place, key_id=current.key_id))

    def make(self) -> EvidenceKey:
        """Put a first key where none is. Raises ``ConfigError`` where one is."""
        place = place_of(self.source)
        if place.read() is not None:
            raise ConfigError(MADE_ALREADY.format(place=place))
        return make_evidence_key(place)

    def _made(self) -> EvidenceKey:
        place = place_of(self.source)
        if isinstance(place, KeyringPlace):
            # A keyring that looks empty may only be the wrong one, or not unlocked yet.
            raise ConfigError(NO_ENTRY.format(name=place.name))
        return make_evidence_key(place)

    def _taken_over(self, current: KnownKey, found: EvidenceKey | None) -> EvidenceKey:
        place = place_of(self.source)
        waiting = evidence_key(place.sibling(_NEXT))
        if waiting is not None and waiting.public == current.public:
            return self._put_in_place(waiting)
        sentence = LOST if found is None else ANOTHER
        raise ConfigError(sentence.format(place=place, key_id=current.key_id))

    def _put_in_place(self, key: EvidenceKey) -> EvidenceKey:
        place = place_of(self.source)
        beside = place.sibling(_NEXT)
        place.replace(beside.read() or b"")
        beside.drop()
        return key
