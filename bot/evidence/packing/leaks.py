"""The last look before sealing: is a secret of ours in what we are about to keep for ever?"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

from bot.errors import EvidenceError

SHORTEST = 8
"""Secrets of fewer characters would be found everywhere by chance and are not looked for."""


class Leaks:
    """Knows our secrets in every dress they travel in: as they are, URL-encoded, in JSON and in base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = tuple(sorted({form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}))

    def refuse(self, members: Mapping[str, bytes]) -> None:
        """Raise ``EvidenceError`` that names the member, and never the secret, when one is found."""
        for name, data in members.items():
            if any(form in data for form in self._forms):
                raise EvidenceError(
                    f"A secret would have been sealed in {name}; renew that secret and report this, as it should have"
                    " been masked on the way in.",
                    member=name,
                )

    def __repr__(self) -> str:
        return f"Leaks({len(self._forms)} forms)"


def _forms(secret: str) -> Iterable[bytes]:
    raw = secret.encode()
    yield raw
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(secret)[1:-1].replace("/", "\\/").encode()
    for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            yield _inside(encode, raw, shift)


def _inside(encode: object, raw: bytes, shift: int) -> bytes:
    """The base64 of a secret that begins ``shift`` bytes into a group: without the characters its neighbours share."""
    assert callable(encode)
    encoded = bytes(encode(b"\0" * shift + raw)).rstrip(b"=")
    first = -(-shift * 8 // 6)
    whole = (shift + len(raw)) * 8 // 6
    return encoded[first:whole]
