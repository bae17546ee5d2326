"""A checkpoint: "the log has so many lines, and this is the root over them", signed.

The form is the C2SP signed note and tlog-checkpoint (https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint)::

    beadle/0123456789abcdef
    8
    <base64 of the 32 bytes of the root>
                                                          an empty line; all above it is signed, its newlines too
    — beadle/0123456789abcdef <base64 of 4 bytes key id and 64 bytes Ed25519 signature>

so that others' witnesses can add their lines below, and ``openssl`` can check ours. Nothing personal stands in it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.errors import EvidenceError
from bot.evidence.chain.merkle import HASH_BYTES

LARGEST_NOTE = 64 * 1024
MOST_SIGNATURES = 100
MOST_LINES = (1 << 63) - 1
_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_SIGNATURE_BYTES = 64
_DASH = "\u2014"
_NAME = re.compile(r"[\x21-\x2a\x2c-\x7e]{1,200}")  # printable ASCII without blank and plus
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointError(EvidenceError):
    """A checkpoint that isn't one, or that no key we know has signed."""


class Signer(Protocol):
    """Whatever holds the private key (see ``bot.evidence.chain.keys``)."""

    @property
    def public(self) -> Ed25519PublicKey: ...

    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: whose log (``origin``), how many lines, and the root (32 bytes) over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The signed text, each line with its newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below the text: who, which key (4 bytes), and what it gave. Others' kinds of signature are kept too."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True)
class Note:
    """A checkpoint and its signatures. ``data`` are the exact bytes, which is what a time stamp is over."""

    data: bytes
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    @cached_property
    def sha256(self) -> str:
        """The digest of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether this key signed it. One false signature in its name is a forgery, whatever stands beside it."""
        name = self.checkpoint.origin
        ours = [each for each in self.signatures if each.name == name and each.key_id == key_id(name, key)]
        return bool(ours) and all(_is_true(key, each.value, self.checkpoint.text) for each in ours)

    def require(self, keys: Iterable[Ed25519PublicKey]) -> Ed25519PublicKey:
        """The first of these keys that signed it. Raises ``CheckpointError`` when none did."""
        for key in keys:
            if self.signed_by(key):
                return key
        raise CheckpointError(
            f"The checkpoint of {self.checkpoint.size} lines isn't signed by a key that is known; run `beadle verify`.",
            size=self.checkpoint.size,
        )


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """The four bytes that a signed note names a key by: of SHA-256 over name, newline, 0x01 and the raw key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]


def origin_of(first: Ed25519PublicKey) -> str:
    """The name of a log for all its life: by the SHA-256 of the raw first key. A later key changes nothing in it."""
    return f"beadle/{hashlib.sha256(first.public_bytes_raw()).hexdigest()[:16]}"


def signed(checkpoint: Checkpoint, key: Signer) -> Note:
    """A checkpoint with its signature."""
    value = key_id(checkpoint.origin, key.public) + key.sign(checkpoint.text.encode())
    line = f"{_DASH} {checkpoint.origin} {base64.b64encode(value).decode()}\n"
    return read_note(f"{checkpoint.text}\n{line}".encode())


def read_note(data: bytes) -> Note:
    """Read a note strictly. Raises ``CheckpointError`` for anything that is not exactly of this form."""
    try:
        return _read(data)
    except (ValueError, binascii.Error) as error:
        raise CheckpointError(f"This is not a checkpoint: {error}.") from error


def _read(data: bytes) -> Note:
    if len(data) > LARGEST_NOTE:
        raise ValueError("it is too long")
    text = data.decode("utf-8")
    body, parted, below = text.partition("\n\n")
    if not parted or not below.endswith("\n"):
        raise ValueError("it has no signature, or its end is missing")
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise ValueError("it has too many signatures")
    return Note(data, _checkpoint(body.split("\n")), tuple(_signature(line) for line in lines))


def _checkpoint(lines: list[str]) -> Checkpoint:
    if len(lines) != 3:
        raise ValueError("it must say an origin, a size and a root, and nothing else")
    origin, size, root = lines
    if not _NAME.fullmatch(origin):
        raise ValueError("its origin is no name")
    if not _SIZE.fullmatch(size) or int(size) > MOST_LINES:
        raise ValueError("its size is no number of lines")
    found = _base64(root)
    if len(found) != HASH_BYTES:
        raise ValueError("its root is no SHA-256")
    return Checkpoint(origin, int(size), found)


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not _NAME.fullmatch(parts[1]):
        raise ValueError("a line of signature is malformed")
    value = _base64(parts[2])
    if len(value) <= _KEY_ID_BYTES:
        raise ValueError("a signature is too short")
    return Signature(parts[1], value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _base64(text: str) -> bytes:
    """Only the one way to write these bytes is taken: two notes that differ must not say the same."""
    found = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError("its base64 is not as it should be written")
    return found


def _is_true(key: Ed25519PublicKey, value: bytes, text: str) -> bool:
    if len(value) != _SIGNATURE_BYTES:
        return False
    try:
        key.verify(value, text.encode())
    except InvalidSignature:
        return False
    return True
