"""A store of second copies over a real socket (moto's S3), and an archive with something in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from bot.evidence.storage.copying import Copying
from bot.evidence.storage.incidents import Incidents
from bot.evidence.storage.s3 import Access, S3Replica
from bot.evidence.store import Archive

NOW = datetime(2026, 11, 20, 11, 2, 14, tzinfo=UTC)

Seal = Callable[..., list[str]]


class Bucket:
    """A bucket with versions and Object Lock, and what a person with all rights could do to it."""

    def __init__(self, endpoint: str, lock: bool = True) -> None:
        self.endpoint = endpoint
        self.name = f"evidence-{uuid4().hex[:12]}"
        self.client = _owner(endpoint)
        self.client.create_bucket(Bucket=self.name, ObjectLockEnabledForBucket=lock)

    def access(self, **more: Any) -> Access:
        """How Beadle reaches it."""
        fields = {"key_id": "beadle", "key": "secret", "connect_s": 1.0, "read_s": 5.0, **more}
        return Access(f"s3://{self.name}/archive", **{"endpoint": self.endpoint, **fields})

    def replica(self, **more: Any) -> S3Replica:
        """A fresh connection; ``more`` are fields of ``Access``."""
        return S3Replica(self.access(**more), lambda: datetime.now(UTC))

    def listed(self) -> list[str]:
        """Every key below the prefix."""
        found = self.client.list_objects_v2(Bucket=self.name, Prefix="archive/").get("Contents", [])
        return [str(each["Key"]).removeprefix("archive/") for each in found]

    def head(self, key: str) -> dict[str, Any]:
        """What the store says of an object."""
        found: dict[str, Any] = self.client.head_object(Bucket=self.name, Key=f"archive/{key}", ChecksumMode="ENABLED")
        return found

    def overwrite(self, key: str, data: bytes) -> None:
        """Put other bytes under the key, as another version."""
        self.client.put_object(Bucket=self.name, Key=f"archive/{key}", Body=data, ChecksumAlgorithm="SHA256")

    def delete(self, key: str) -> None:
        """Delete it: the versions stay, and the key is gone."""
        self.client.delete_object(Bucket=self.name, Key=f"archive/{key}")


@cache
def _owner(endpoint: str) -> Any:
    """Somebody with all rights; making a client takes a second."""
    return boto3.client(
        "s3", "us-east-1", endpoint_url=endpoint, aws_access_key_id="owner", aws_secret_access_key="owner"
    )


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A server that speaks S3 on loopback."""
    # moto signs nothing itself, but boto3 must not go and look for an instance's role.
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Bucket:
    """An empty bucket with Object Lock."""
    return Bucket(endpoint)


class Keeper:
    """An archive, its second copy, and what was said of them."""

    def __init__(self, archive: Archive, replica: Any, said: list[str]) -> None:
        self.archive, self.replica, self.said = archive, replica, said
        self.incidents = Incidents(archive, replica, self._tell, lambda: NOW)
        self.copying = Copying(archive, replica, self.incidents, lambda: NOW, self._tell)

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """The lines of the log of one type."""
        return [line.facts for line in self.archive.lines() if line.facts["type"] == kind]

    def path(self, package_id: str) -> Path:
        """Where a package lies."""
        return self.archive.root / self.key(package_id)

    def key(self, package_id: str) -> str:
        """Where its copy lies."""
        return next(str(facts["path"]) for facts in self.lines("package") if facts["id"] == package_id)

    def damage(self, package_id: str) -> None:
        """Turn one byte of the package over, as a failing disk would."""
        path = self.path(package_id)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.chmod(0o640)
        path.write_bytes(data)

    def _tell(self, sentence: str, key: str) -> None:
        self.said.append(sentence)


@pytest.fixture
def keep(make_archive: Any, bucket: Bucket) -> Callable[..., Keeper]:
    """The archive kept in ``bucket``, anew on each call as after a restart."""
    said: list[str] = []

    def make(replica: Any = None, **access: Any) -> Keeper:
        return Keeper(make_archive(clock=lambda: NOW), replica or bucket.replica(**access), said)

    return make


@pytest.fixture
def seal(make_archive: Any, make_dossier: Any) -> Seal:
    """Seal so many cases; returns the ids of their packages."""
    archive = make_archive(clock=lambda: NOW)

    def make(count: int, name: str = "case") -> list[str]:
        return [archive.seal(make_dossier(f"{name}-{number}"), None).package_id for number in range(count)]

    return make
