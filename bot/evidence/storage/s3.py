"""The second copy in an S3-compatible store: write-once by condition, locked by Object Lock, checked by SHA-256.

Only here is ``boto3`` imported, and only when it is needed: it is the extra ``s3``.
"""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast
from urllib.parse import urlsplit

from bot.evidence.storage.fetch import fetched
from bot.evidence.storage.replica import Looked, ReplicaAway, ReplicaDiffers, ReplicaRefused, Stored

NO_BOTO = "BEADLE_REPLICA is set, and boto3 is not installed; install it: pip install 'beadle[s3]'."
AWAY = "The store of the second copy ({target}) does not answer ({why}); copying goes on by itself when it does."
REFUSED = "The store of the second copy ({target}) refuses: {why}. {advice}"
CERTIFICATE = (
    "The certificate of the second copy's store ({target}) is not trusted by this machine; add its authority to the"
    " system's trust store (update-ca-certificates), never switch the check off."
)
DIFFERS = (
    "Another object lies under {key} in the second copy ({target}): it is left as it is. Look at its versions in the"
    " store; somebody put it there, or the local file is not the one that was copied."
)
_ADVICE = {
    "AccessDenied": "Give the key the rights listed in docs/second-copy.md.",
    "InvalidAccessKeyId": "Correct BEADLE_REPLICA_KEY_ID.",
    "SignatureDoesNotMatch": "Correct BEADLE_REPLICA_KEY.",
    "NoSuchBucket": "Make the bucket, or correct BEADLE_REPLICA.",
    "RequestTimeTooSkewed": "Set this machine's clock by NTP (timedatectl).",
    "BadDigest": "The bytes changed on their way or on this disk; run `beadle verify --all`.",
    "XAmzContentChecksumMismatch": "The bytes changed on their way or on this disk; run `beadle verify --all`.",
}
_WHY = {
    "EndpointConnectionError": "no connection",
    "ConnectTimeoutError": "no connection in time",
    "ReadTimeoutError": "no answer in time",
    "ConnectionClosedError": "it hung up",
    "ResponseStreamingError": "it hung up",
    "ProxyConnectionError": "the proxy can't be reached",
}
_LOCKLESS = "Make a bucket with Object Lock switched on, or set BEADLE_REPLICA_LOCK=none."
_OTHERWISE = "See docs/second-copy.md."
_PASSING = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ConditionalRequestConflict", "OperationAborted"})
_SKEW_S = 60.0

Lock = Literal["governance", "compliance", "none"]


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the bucket. ``address``: ``s3://bucket`` or ``s3://bucket/prefix``; ``endpoint``: ``None`` for
    Amazon's. Without ``key_id`` and ``key``, boto3 looks for them itself (an instance's role, for one)."""

    address: str
    endpoint: str | None = None
    key_id: str | None = None
    key: str | None = field(default=None, repr=False)
    lock: Lock = "governance"
    lock_days: int = 365
    connect_s: float = 5.0
    read_s: float = 30.0

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return urlsplit(self.address).netloc

    @property
    def prefix(self) -> str:
        """What every key begins with: empty, or with a slash at its end."""
        path = urlsplit(self.address).path.strip("/")
        return f"{path}/" if path else ""

    @property
    def computes_digests(self) -> bool:
        """Amazon's S3 compares each digest with the bytes, and says so. Others were seen to repeat what they were
        told, so from them each copy is read back whole."""
        return self.endpoint is None

    @property
    def target(self) -> str:
        """The address, and the host where it isn't Amazon's."""
        host = urlsplit(self.endpoint).netloc.rpartition("@")[2] if self.endpoint else ""
        return f"{self.address} on {host}" if host else self.address


class S3Replica:
    """A bucket. Connects when first used. ``clock`` dates the locks."""

    def __init__(self, access: Access, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._access = access
        self._clock = clock
        self._made: Any = None
        self._making = threading.Lock()

    @property
    def target(self) -> str:
        """Where the copies lie."""
        return self._access.target

    def put_new(self, key: str, path: Path, sha256: str) -> bool:
        """Copy a file unless it is there; the store compares the digest while it writes."""
        with self._errors(), path.open("rb") as body:
            try:
                self._put(key, body, sha256)
            except self._client().exceptions.ClientError as error:
                if _code(error) not in ("PreconditionFailed", "412"):
                    raise
                return self._same_or_refuse(key, sha256)
        return True

    def stat(self, key: str) -> Stored | None:
        """What the store says of an object."""
        with self._errors():
            try:
                head = self._client().head_object(**self._named(key), ChecksumMode="ENABLED")
            except self._client().exceptions.ClientError as error:
                if _code(error) in ("404", "NoSuchKey", "NotFound"):
                    return None
                raise
        return Stored(
            size=int(head["ContentLength"]),
            sha256=_hexadecimal(head.get("ChecksumSHA256")) if self._access.computes_digests else None,
            locked_until=head.get("ObjectLockRetainUntilDate"),
            held=head.get("ObjectLockLegalHoldStatus") == "ON",
        )

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Read an object; what breaks while reading is a ``ReplicaAway``, too."""
        return self._opened(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin so, a thousand a question."""
        own = len(self._access.prefix)
        with self._errors():
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._access.bucket, Prefix=self._access.prefix + prefix):
                yield from (str(each["Key"])[own:] for each in page.get("Contents", ()))

    def hold(self, key: str) -> None:
        """Put a legal hold on."""
        self._set_hold(key, "ON")

    def release(self, key: str) -> None:
        """Take the legal hold off."""
        self._set_hold(key, "OFF")

    def examine(self, now: datetime) -> tuple[Looked, ...]:
        """Reachable, versions kept, lock on, clocks agree."""
        try:
            with self._errors():
                answer = self._client().head_bucket(Bucket=self._access.bucket)
        except (ReplicaAway, ReplicaRefused) as error:
            return (Looked("wrong", error.sentence),)
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        return (
            Looked("ok", f"{self.target} answers"),
            *_clock(headers.get("date"), now),
            self._examined("versions are kept", self._keeps_versions, "switch versioning on for the bucket."),
            *((self._examined("Object Lock is on", self._locks, _LOCKLESS),) if self._access.lock != "none" else ()),
        )

    def _put(self, key: str, body: BinaryIO, sha256: str) -> None:
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        what = {**self._named(key), "ChecksumAlgorithm": "SHA256", "ChecksumSHA256": digest, **self._lock()}
        client = self._client()
        try:
            client.put_object(**what, Body=body, IfNoneMatch="*")
        except client.exceptions.ClientError as error:
            if _code(error) not in ("NotImplemented", "501"):
                raise
            # A store that knows no conditions: look first. Its versions keep what a race between the two would hide.
            if self.stat(key) is not None:
                self._same_or_refuse(key, sha256)
                return
            body.seek(0)
            client.put_object(**what, Body=body)

    def _lock(self) -> dict[str, Any]:
        if self._access.lock == "none":
            return {}
        until = self._clock() + timedelta(days=self._access.lock_days)
        return {"ObjectLockMode": self._access.lock.upper(), "ObjectLockRetainUntilDate": until}

    def _same_or_refuse(self, key: str, sha256: str) -> bool:
        there = self.stat(key)
        if there is None:
            raise ReplicaAway(AWAY.format(target=self.target, why=f"{key} came and went"))
        found = there.sha256 or fetched(self, key).sha256
        if found != sha256:
            raise ReplicaDiffers(DIFFERS.format(key=key, target=self.target), key=key, found=found)
        return False

    def _set_hold(self, key: str, status: str) -> None:
        with self._errors():
            self._client().put_object_legal_hold(**self._named(key), LegalHold={"Status": status})

    @contextmanager
    def _opened(self, key: str) -> Iterator[BinaryIO]:
        with self._errors():
            try:
                answer = self._client().get_object(**self._named(key))
            except self._client().exceptions.NoSuchKey as error:
                raise KeyError(key) from error
            with closing(answer["Body"]) as body:
                yield cast(BinaryIO, body)

    def _examined(self, what: str, true: Callable[[], bool], otherwise: str) -> Looked:
        try:
            with self._errors():
                good = true()
        except (ReplicaAway, ReplicaRefused) as error:
            return Looked("note", f"whether {what} can't be seen with this key: {error.sentence}")
        return Looked("ok", what) if good else Looked("wrong", f"not true of {self.target}: {what}; {otherwise}")

    def _keeps_versions(self) -> bool:
        answer = self._client().get_bucket_versioning(Bucket=self._access.bucket)
        return bool(answer.get("Status") == "Enabled")

    def _locks(self) -> bool:
        client = self._client()
        try:
            answer = client.get_object_lock_configuration(Bucket=self._access.bucket)
        except client.exceptions.ClientError as error:
            if _code(error) == "ObjectLockConfigurationNotFoundError":
                return False
            raise
        return bool(answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._access.bucket, "Key": self._access.prefix + key}

    def _client(self) -> Any:
        with self._making:
            if self._made is None:
                self._made = _connect(self._access)
            return self._made

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Every error of the SDK as one of ours: what passes, and what a person has to mend."""
        client = self._client()
        from botocore.exceptions import BotoCoreError, SSLError

        try:
            yield
        except client.exceptions.ClientError as error:
            raise _named_error(error, self.target) from error
        except SSLError as error:
            raise ReplicaRefused(CERTIFICATE.format(target=self.target)) from error
        except BotoCoreError as error:
            raise _of_the_sdk(error, self.target) from error


def system_bundle() -> str | bool:
    """The file of the authorities that this system trusts; ``True`` (boto3's own) where there is no such file."""
    named = os.environ.get("AWS_CA_BUNDLE")
    found = named or ssl.get_default_verify_paths().cafile
    return found if found and Path(found).is_file() else True


def _connect(access: Access) -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ReplicaRefused(NO_BOTO) from error
    config = Config(
        connect_timeout=access.connect_s,
        read_timeout=access.read_s,
        retries={"mode": "standard", "total_max_attempts": 2},
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",  # what comes back is hashed here, against the log
        s3={"addressing_style": "path" if access.endpoint else "auto"},
    )
    try:
        session = boto3.session.Session(aws_access_key_id=access.key_id, aws_secret_access_key=access.key)
        region = session.region_name or "us-east-1"
        return session.client("s3", region, endpoint_url=access.endpoint, verify=system_bundle(), config=config)
    except BotoCoreError as error:  # half a key, or a file of AWS settings that can't be read
        raise _of_the_sdk(error, access.target) from error


def _named_error(error: Any, target: str) -> ReplicaAway | ReplicaRefused:
    code = _code(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    facts = {"code": code, "status": status, "operation": error.operation_name}
    if status >= 500 or status == 429 or code in _PASSING:
        return ReplicaAway(AWAY.format(target=target, why=code), **facts)
    advice = _ADVICE.get(code) or _by_status(code, status, str(error))
    return ReplicaRefused(REFUSED.format(target=target, why=code, advice=advice), **facts)


def _by_status(code: str, status: int, words: str) -> str:
    """A HEAD has no body, so its error is a number alone."""
    if "objectlock" in words.lower().replace(" ", ""):
        return _LOCKLESS
    if status == 403:
        return _ADVICE["AccessDenied"]
    return _ADVICE["NoSuchBucket"] if code == "404" else _OTHERWISE


def _of_the_sdk(error: Exception, target: str) -> ReplicaAway | ReplicaRefused:
    kind = type(error).__name__
    if kind in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        advice = "Set BEADLE_REPLICA_KEY_ID and BEADLE_REPLICA_KEY."
        return ReplicaRefused(REFUSED.format(target=target, why="there is no key", advice=advice))
    if kind in ("ParamValidationError", "UnknownServiceError", "InvalidRegionError"):
        return ReplicaRefused(REFUSED.format(target=target, why=kind, advice=_OTHERWISE))
    return ReplicaAway(AWAY.format(target=target, why=_WHY.get(kind, kind)))


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _hexadecimal(digest: str | None) -> str | None:
    """A store's base64 SHA-256. That of an object in parts (``…-2``) is no digest of its bytes."""
    try:
        raw = base64.b64decode(digest or "", validate=True)
    except binascii.Error:
        return None
    return raw.hex() if len(raw) == 32 else None


def _clock(date: str | None, now: datetime) -> tuple[Looked, ...]:
    try:
        skew = (now - parsedate_to_datetime(date or "")).total_seconds()
    except (TypeError, ValueError):
        return ()
    if abs(skew) <= _SKEW_S:
        return ()
    return (Looked("wrong", f"this machine's clock differs from the store's by {skew:.0f} seconds; set it by NTP."),)
