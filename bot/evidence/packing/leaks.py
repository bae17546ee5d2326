"""The last look before sealing: is a secret of ours in what we are about to keep for ever?"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

import numpy as np
from numpy.typing import NDArray

from bot.errors import EvidenceError

SHORTEST = 8
"""Secrets of fewer characters would be found everywhere by chance and are not looked for."""

_HEAD = 4
_CHUNK = 1 << 18

Spans = tuple[tuple[int, int], ...]


class Leaks:
    """Knows our secrets in every dress they travel in: as they are, URL-encoded, in JSON and in base64.

    One pass finds all of them, however many there are: two tables say which pairs of bytes any of them begins with, and
    only where both agree is it looked closer.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._first, self._second = np.zeros(65_536, bool), np.zeros(65_536, bool)
        self._by_head: dict[bytes, list[bytes]] = defaultdict(list)
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Know these too from now on: what was renewed."""
        for form in sorted({form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}):
            self._by_head[form[:_HEAD]].append(form)
            self._first[int.from_bytes(form[0:2], "little")] = True
            self._second[int.from_bytes(form[2:4], "little")] = True

    def find(self, data: bytes) -> Spans:
        """Where secrets stand, as ``(start, end)`` in bytes; in order, and overlapping ones as one."""
        spans: list[tuple[int, int]] = []
        for at in self._candidates(data):
            for form in self._by_head.get(data[at : at + _HEAD], ()):
                if data.startswith(form, at):
                    spans.append((at, at + len(form)))
        return _merged(sorted(spans))

    def mask(self, data: bytes) -> tuple[bytes, Spans]:
        """The same bytes with asterisks in place of secrets, so that lengths and offsets stay true, and where."""
        spans = self.find(data)
        if not spans:
            return data, ()
        masked = bytearray(data)
        for start, end in spans:
            masked[start:end] = b"*" * (end - start)
        return bytes(masked), spans

    def mask_text(self, text: str) -> tuple[str, Spans]:
        """The same for a text; the spans count bytes of its UTF-8 form."""
        masked, spans = self.mask(text.encode("utf-8", "surrogatepass"))
        return (masked.decode("utf-8", "surrogatepass") if spans else text), spans

    def refuse(self, members: Mapping[str, bytes]) -> None:
        """Raise ``EvidenceError`` that names the member, and never the secret, when one is found."""
        for name, data in members.items():
            if self.find(data):
                raise EvidenceError(
                    f"A secret would have been sealed in {name}; renew that secret and report this, as it should have"
                    " been masked on the way in.",
                    member=name,
                )

    def _candidates(self, data: bytes) -> list[int]:
        """Where four bytes stand that look like the beginning of a secret."""
        if not self._by_head:
            return []
        found: list[int] = []
        for start in range(0, len(data), _CHUNK):
            piece = data[start : start + _CHUNK + _HEAD]
            for shift in (0, 1):
                found += (start + shift + 2 * self._agreeing(piece, shift)).tolist()
        return found

    def _agreeing(self, piece: bytes, shift: int) -> NDArray[np.intp]:
        pairs = np.frombuffer(piece, "<u2", count=(len(piece) - shift) // 2, offset=shift)
        return np.flatnonzero(self._first[pairs[:-1]] & self._second[pairs[1:]])

    def __repr__(self) -> str:
        return f"Leaks({sum(map(len, self._by_head.values()))} forms)"


def _merged(spans: list[tuple[int, int]]) -> Spans:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _forms(secret: str) -> Iterable[bytes]:
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    for in_json in (_escaped(secret), _escaped(secret).replace("/", "\\/")):
        yield in_json.encode()
        yield _escaped(in_json).encode()  # JSON that travels as a string in JSON
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            yield _inside(encode, raw, shift)


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _inside(encode: object, raw: bytes, shift: int) -> bytes:
    """The base64 of a secret that begins ``shift`` bytes into a group: without the characters its neighbours share."""
    assert callable(encode)
    encoded = bytes(encode(b"\0" * shift + raw)).rstrip(b"=")
    first = -(-shift * 8 // 6)
    whole = (shift + len(raw)) * 8 // 6
    return encoded[first:whole]
