"""The keys: Ed25519 for the checkpoints of the log, ECDSA P-384 for captured pages, and which key was whose follower.

The log itself says which key signs from when on. Its first line of type ``key`` names the first; each further one
carries a signature of the key before it, so that nobody can slip in a key of their own without the old one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from bot.errors import ConfigError, EvidenceError
from bot.evidence.chain.checkpoint import key_id, origin_of
from bot.evidence.chain.places import Place, place_of

KEY_LINE = "key"
NO_KEY_OF_OURS = "{place} does not hold {what} as unencrypted PEM (PKCS #8); put the right key back."
NOT_FOLLOWED = "Line {line} of the evidence log names a key that the key before it did not sign; run `beadle verify`."
NO_KEY_LINE = "Line {line} of the evidence log names no key that can be read; run `beadle verify`."

_P384_BYTES = 48


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """The private key that signs checkpoints. Shows nothing of itself but its public half."""

    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> Ed25519PublicKey:
        """The public half."""
        return self._private.public_key()

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032)."""
        return self._private.sign(data)


@dataclass(frozen=True, slots=True)
class WaczKey:
    """The private key that signs captured pages (WACZ), beside the evidence key."""

    _private: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign_wacz(self, text: bytes) -> tuple[bytes, bytes]:
        """The signature (r and s, 48 bytes each) over SHA-256 of ``text``, and the public key (SPKI, DER).

        The same text gives the same signature (RFC 6979), so that the same capture gives the same file.
        """
        given = self._private.sign(text, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(given)
        public = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return r.to_bytes(_P384_BYTES, "big") + s.to_bytes(_P384_BYTES, "big"), public


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that the log names: by which line (from 0), since when (RFC 3339), and what came before."""

    key_id: str
    public: Ed25519PublicKey
    line: int
    since: str
    previous: str | None

    @property
    def pem(self) -> str:
        """The public key as SPKI in PEM."""
        return public_pem(self.public)


class KeyHistory:
    """The keys of a log, in order, from its lines of type ``key``. One that the key before did not sign is refused."""

    def __init__(self) -> None:
        self.keys: list[KnownKey] = []

    @property
    def origin(self) -> str | None:
        """The name of the log, by its first key; ``None`` before there is one."""
        return origin_of(self.keys[0].public) if self.keys else None

    @property
    def current(self) -> KnownKey | None:
        """The key that signs now."""
        return self.keys[-1] if self.keys else None

    def at(self, size: int) -> KnownKey | None:
        """The key that a checkpoint of so many lines must be signed with: the last that is named in these lines."""
        return next((key for key in reversed(self.keys) if key.line < size), None)

    def take(self, facts: Mapping[str, Any], line: int) -> None:
        """Take in one line of the log; other types are passed over. Raises ``EvidenceError``."""
        if facts.get("type") != KEY_LINE:
            return
        try:
            public = public_from_pem(str(facts["public_pem"]))
            signature = base64.b64decode(facts["signature"] or "", validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise EvidenceError(NO_KEY_LINE.format(line=line + 1), line=line + 1) from error
        known = KnownKey(
            key_id=key_id(self.origin or origin_of(public), public).hex(),
            public=public,
            line=line,
            since=str(facts.get("time", "")),
            previous=self.current.key_id if self.current else None,
        )
        if facts.get("key_id") != known.key_id or facts.get("previous") != known.previous:
            raise EvidenceError(NO_KEY_LINE.format(line=line + 1), line=line + 1)
        if self.current and not _signed(self.current.public, signature, public):
            raise EvidenceError(NOT_FOLLOWED.format(line=line + 1), line=line + 1)
        self.keys.append(known)

    def line_for(self, public: Ed25519PublicKey, before: EvidenceKey | None) -> dict[str, object]:
        """The fields of the line that names ``public`` as the next key; ``before`` is the key that hands on."""
        signature = None if before is None else base64.b64encode(before.sign(public_der(public))).decode()
        return {
            "key_id": key_id(self.origin or origin_of(public), public).hex(),
            "public_pem": public_pem(public),
            "previous": self.current.key_id if self.current else None,
            "signature": signature,
        }


def evidence_key(place: Place) -> EvidenceKey | None:
    """The key that lies at ``place``; ``None`` when none does. Raises ``ConfigError`` for anything else there."""
    found = place.read()
    if found is None:
        return None
    private = _private(found, place, "an Ed25519 key")
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError(NO_KEY_OF_OURS.format(place=place, what="an Ed25519 key"))
    return EvidenceKey(private)


def make_evidence_key(place: Place) -> EvidenceKey:
    """Put a new key where none is; where somebody was quicker, theirs is returned. Raises ``ConfigError``."""
    place.keep(_pem(Ed25519PrivateKey.generate()))
    made = evidence_key(place)
    if made is None:
        raise ConfigError(f"{place} does not give back the key that was put there; name another place.")
    return made


def wacz_key(source: str) -> WaczKey:
    """The key for captured pages, beside the evidence key that ``source`` (a path or ``keyring:NAME``) names.

    Made when it isn't there. Raises ``ConfigError``.
    """
    place = place_of(source).sibling("wacz")
    if place.read() is None:
        place.keep(_pem(ec.generate_private_key(ec.SECP384R1())))
    private = _private(place.read() or b"", place, "an ECDSA P-384 key")
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp384r1":
        raise ConfigError(NO_KEY_OF_OURS.format(place=place, what="an ECDSA P-384 key"))
    return WaczKey(private)


def public_pem(public: Ed25519PublicKey) -> str:
    """A public key as SPKI in PEM, which ``openssl`` reads."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_der(public: Ed25519PublicKey) -> bytes:
    """A public key as SPKI in DER: what the key before it signs."""
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def public_from_pem(pem: str) -> Ed25519PublicKey:
    """Read a public key. Raises ``ValueError`` for what isn't an Ed25519 key."""
    try:
        found = load_pem_public_key(pem.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError("this is not an Ed25519 key") from error
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError("this is not an Ed25519 key")
    return found


def _private(pem: bytes, place: Place, what: str) -> object:
    try:
        return load_pem_private_key(pem, password=None)
    except Exception:
        # Whatever the reader says may repeat what it read.
        raise ConfigError(NO_KEY_OF_OURS.format(place=place, what=what)) from None


def _pem(private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _signed(by: Ed25519PublicKey, signature: bytes, public: Ed25519PublicKey) -> bool:
    try:
        by.verify(signature, public_der(public))
    except InvalidSignature:
        return False
    return True
