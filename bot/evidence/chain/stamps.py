"""Time stamps of RFC 3161: an authority outside the city signs that a checkpoint was there at a time.

The stamp is over the exact bytes of the note. Question and whole answer are kept as they went over the wire, so that
``openssl ts -verify -in N.tsr -data N.note -CAfile tsa-roots.pem`` needs nothing of ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerificationError, VerifierBuilder
from rfc3161_client import TimeStampResponse as Response
from rfc3161_client import decode_timestamp_response as decode_response
from rfc3161_client._rust import parse_timestamp_request as decode_request

from bot.errors import EvidenceError
from bot.evidence.chain import openssl
from connectors.contract import ConnectorError
from connectors.transport import Transport

LARGEST_REPLY = 1 << 20
LARGEST_ROOTS = 1 << 20
MOST_ROOTS = 200

NO_ROOTS = (
    "No certificate is named that time stamps must lead to; name a file of the authorities' root certificates in"
    " BEADLE_TIMESTAMP_ROOTS."
)
BAD_ROOTS = "{path} holds no certificates in PEM; put the authorities' root certificates there."
ANSWERED = "{host} answered with HTTP {status}; the time stamp is asked for again."
UNREADABLE = "What {host} sent is no time stamp that can be read"

UNTRUSTED = "its signature is false, or its certificates lead to none of the roots that are named"

_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_GRANTED, _GRANTED_WITH_MODS = 0, 1
_STATUS = ("granted", "granted with changes", "rejected", "waiting", "revocation is near", "revoked")


class StampError(EvidenceError):
    """No time stamp was had, or it is none that counts. Sealing goes on; the stamp is asked for again."""


class NotChecked(EvidenceError):
    """This machine can't check this time stamp: the library doesn't read it and there is no ``openssl``."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp that holds. ``at`` is the authority's time (aware, UTC); ``checked_by`` names what checked it."""

    at: datetime
    authority: str
    checked_by: str


@dataclass(frozen=True, slots=True)
class Authority:
    """A time stamp authority: its place in the configuration (from 1) and its address."""

    place: int
    url: str

    @property
    def host(self) -> str:
        """What it is called among people."""
        return urlsplit(self.url).hostname or self.url

    def ask(self, query: bytes, seconds: float = 20.0) -> bytes:
        """Send a question and return the whole answer, unchecked. Raises ``StampError`` within ``seconds`` or so."""
        headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
        line = Transport("time stamps", self.url, timeout=seconds / 2, deadline=seconds, largest_answer=LARGEST_REPLY)
        with line:
            try:
                answer = line.send("POST", self.url, headers=headers, content=query)
            except ConnectorError as error:
                raise StampError(str(error), authority=self.host) from error
        if answer.status != 200:
            raise StampError(ANSWERED.format(host=self.host, status=answer.status), authority=self.host)
        return answer.body


def query_for(note: bytes) -> bytes:
    """The question for a stamp over these bytes: SHA-256, a nonce of its own, certificates wanted (DER)."""
    made: bytes = TimestampRequestBuilder(data=note, hash_algorithm=HashAlgorithm.SHA256).build().as_bytes()
    return made


def roots_in(pem: bytes, name: str) -> list[x509.Certificate]:
    """The certificates in a file. Raises ``StampError`` when it holds none, too many, or something else."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise StampError(BAD_ROOTS.format(path=name)) from error
    if not 0 < len(found) <= MOST_ROOTS:
        raise StampError(BAD_ROOTS.format(path=name))
    return found


def read_roots(path: Path) -> list[x509.Certificate]:
    """The certificates of a file. Raises ``StampError`` as ``roots_in`` does, and when it can't be read."""
    try:
        with path.open("rb") as file:
            return roots_in(file.read(LARGEST_ROOTS), str(path))
    except OSError as error:
        raise StampError(f"{path} can't be read ({error.strerror}); it must hold the authorities' roots.") from error


def kept_roots(path: Path) -> list[x509.Certificate]:
    """The archive's own copy: none where there is no copy yet."""
    return read_roots(path) if path.exists() else []


def check(note: bytes, reply: bytes, roots: Sequence[x509.Certificate], query: bytes | None = None) -> Stamp:
    """Check an answer: granted, over these very bytes, to this question, signed by one whom a root vouches for.

    ``query`` may be left out for an old stamp whose question is lost. Raises ``StampError`` for a stamp that does not
    hold, ``NotChecked`` where it can't be told.
    """
    if not roots:
        raise StampError(NO_ROOTS)
    if len(reply) > LARGEST_REPLY:
        raise StampError("A time stamp of this length is none.")
    try:
        return _by_library(note, reply, roots, query)
    except ValueError as error:
        return _by_openssl(note, reply, roots, query, error)


def _by_library(note: bytes, reply: bytes, roots: Sequence[x509.Certificate], query: bytes | None) -> Stamp:
    """Raises ``ValueError`` for what the library does not read, which isn't to say that it doesn't hold."""
    response = decode_response(reply)
    _require_granted(response)
    if query is not None:
        _require_answer(response, query)
    imprint = response.tst_info.message_imprint
    if imprint.hash_algorithm != _SHA256 or imprint.message != hashlib.sha256(note).digest():
        raise StampError("The time stamp is over something else than this checkpoint.")
    try:
        VerifierBuilder(roots=list(roots)).build().verify(_as_granted(response), imprint.message)
    except VerificationError as error:
        raise StampError(f"The time stamp does not hold: {_why(error)}.") from error
    return Stamp(response.tst_info.gen_time.astimezone(UTC), _signer(response), "rfc3161-client")


def _require_granted(response: Response) -> None:
    if response.status not in (_GRANTED, _GRANTED_WITH_MODS):
        said = _STATUS[response.status] if 0 <= response.status < len(_STATUS) else f"status {response.status}"
        raise StampError(f"The authority gave no time stamp: {said}.", status=response.status)


def _require_answer(response: Response, query: bytes) -> None:
    try:
        asked = decode_request(query)
    except ValueError as error:
        raise StampError("The question that was kept with this time stamp can't be read.") from error
    if response.tst_info.nonce != asked.nonce:
        raise StampError("The time stamp answers another question than ours (its nonce differs).")


def _as_granted(response: Response) -> Response:
    """The same token under the status ``granted``: the library takes no other, and RFC 3161 2.4.2 gives a token with
    ``grantedWithMods`` too. What may have been modified (imprint, nonce) is checked here."""
    if response.status == _GRANTED:
        return response
    return decode_response(_sequence(_sequence(b"\x02\x01\x00") + response.time_stamp_token()))


def _why(error: VerificationError) -> str:
    said = str(error)
    return UNTRUSTED if "verifying certificates" in said else said.rstrip(".")


def _sequence(content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return b"\x30" + bytes([size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return b"\x30" + bytes([0x80 | len(length)]) + length + content


def _signer(response: Response) -> str:
    """What the certificate calls the authority; its words are a stranger's."""
    signers = response.signed_data.signer_infos
    for info in signers:
        for data in response.signed_data.certificates:
            certificate = x509.load_der_x509_certificate(data)
            if certificate.serial_number == info.serial_number and certificate.issuer == info.issuer:
                return _name(certificate.subject)
    return ""


def _name(subject: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if found := subject.get_attributes_for_oid(kind):
            return str(found[0].value)
    return subject.rfc4514_string()


def _by_openssl(
    note: bytes, reply: bytes, roots: Sequence[x509.Certificate], query: bytes | None, refused: ValueError
) -> Stamp:
    """Some authorities send certificates in an order that strict readers refuse; OpenSSL reads them."""
    try:
        found = openssl.verify_stamp(note, reply, roots, query)
    except openssl.NoOpenSsl as error:
        raise NotChecked(f"{UNREADABLE.format(host='the authority')} without openssl ({refused}).") from error
    except openssl.Refused as error:
        raise StampError(f"The time stamp does not hold: {error}.") from error
    return Stamp(found.at, found.authority, "openssl")
