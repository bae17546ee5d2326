"""The second copy: every package once, locked, checked, never overwritten; an outage or a kill loses nothing."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.evidence.canonical import sha256
from bot.evidence.capture import Capture
from bot.evidence.storage import copying as copying_module
from bot.evidence.storage.copying import trouble
from bot.evidence.storage.replica import ReplicaAway, ReplicaDiffers, ReplicaRefused
from bot.evidence.storage.s3 import S3Replica
from tests.evidence.storage.conftest import NOW, Bucket, Keeper, Seal

Keep = Callable[..., Keeper]


def test_each_package_lies_in_the_store_as_it_was_sealed_and_the_log_says_so_once(
    keep: Keep, bucket: Bucket, seal: Seal
) -> None:
    """Three packages, one line: which lines of the log are covered, how many packages, and where."""
    sealed = seal(3)
    keeper = keep()

    assert keeper.copying.tick(NOW) == 3

    for package_id in sealed:
        body = bucket.client.get_object(Bucket=bucket.name, Key=f"archive/{keeper.key(package_id)}")["Body"].read()
        assert body == keeper.path(package_id).read_bytes()
    (line,) = keeper.lines("replicated")
    assert {name: line[name] for name in ("first", "last", "count", "target")} == {
        "first": 0,
        "last": 2,
        "count": 3,
        "target": bucket.access().target,
    }
    standing = keeper.copying.standing()
    assert (standing.total, standing.copied, standing.waiting, standing.oldest) == (3, 3, 0, None)


def test_what_is_copied_is_not_copied_again_and_adds_no_line(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """The line about a copy is no reason for another copy: the log would grow for ever."""
    seal(2)
    keep().copying.tick(NOW)
    keys = bucket.listed()

    again = keep()

    assert [again.copying.tick(NOW) for _ in range(3)] == [0, 0, 0]
    assert len(again.lines("replicated")) == 1
    assert bucket.listed() == keys


def test_the_log_is_copied_in_pieces_that_join(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """Each piece begins where the one before ended, and none is overwritten."""
    keeper = keep()
    for name in ("a", "b"):
        seal(2, name)
        keeper.copying.tick(NOW)

    pieces = [key for key in bucket.listed() if key.startswith("log/entries-")]
    bodies = [bucket.client.get_object(Bucket=bucket.name, Key=f"archive/{key}")["Body"].read() for key in pieces]

    assert pieces == ["log/entries-000000000000-000000000001.jsonl", "log/entries-000000000002-000000000004.jsonl"]
    assert (keeper.archive.root / "log" / "entries.jsonl").read_bytes().startswith(b"".join(bodies))


def test_checkpoints_stamps_and_keys_are_copied_too_each_once(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """What else proves the log lies beside it; a file of roots that is replaced becomes another object."""
    seal(1)
    keeper = keep()
    log = keeper.archive.root / "log"
    for name in ("checkpoints/000000000001.note", "checkpoints/000000000001.1.tsr", "keys/0a1b2c3d.pub.pem"):
        (log / name).parent.mkdir(exist_ok=True)
        (log / name).write_bytes(name.encode())
    (log / "tsa-roots.pem").write_bytes(b"first")
    keeper.copying.tick(NOW)
    (log / "tsa-roots.new").write_bytes(b"second")
    (log / "tsa-roots.new").rename(log / "tsa-roots.pem")
    keeper.copying.tick(NOW)
    keep().copying.tick(NOW)

    others = [key for key in bucket.listed() if key.startswith("log/") and "entries-" not in key]
    assert others == sorted(
        [
            "log/checkpoints/000000000001.1.tsr",
            "log/checkpoints/000000000001.note",
            "log/keys/0a1b2c3d.pub.pem",
            f"log/tsa-roots-{sha256(b'first')[:12]}.pem",
            f"log/tsa-roots-{sha256(b'second')[:12]}.pem",
        ]
    )


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_each_copy_is_locked_for_as_long_as_the_settings_say(keep: Keep, bucket: Bucket, seal: Seal, mode: str) -> None:
    """Mode and days reach the store with the object itself, so there is no moment without a lock."""
    (package_id,) = seal(1)
    keeper = keep(lock=mode, lock_days=400)
    keeper.copying.tick(NOW)

    head = bucket.head(keeper.key(package_id))

    assert head["ObjectLockMode"] == mode.upper()
    assert timedelta(days=399) < head["ObjectLockRetainUntilDate"] - head["LastModified"] < timedelta(days=401)


def test_a_locked_version_can_not_be_deleted(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """Not even by whoever owns the bucket, in compliance mode: the store refuses."""
    (package_id,) = seal(1)
    keeper = keep(lock="compliance")
    keeper.copying.tick(NOW)
    key = keeper.key(package_id)
    version = bucket.head(key)["VersionId"]

    with pytest.raises(bucket.client.exceptions.ClientError, match="AccessDenied"):
        bucket.client.delete_object(Bucket=bucket.name, Key=f"archive/{key}", VersionId=version)


def test_without_a_lock_an_ordinary_bucket_does(make_archive: Any, endpoint: str, seal: Seal) -> None:
    """``none`` is for stores that know no Object Lock."""
    plain = Bucket(endpoint, lock=False)
    (package_id,) = seal(1)
    keeper = Keeper(make_archive(), plain.replica(lock="none"), [])

    assert keeper.copying.tick(NOW) == 1
    assert "ObjectLockMode" not in plain.head(keeper.key(package_id))


def test_a_legal_hold_is_put_on_and_taken_off(keep: Keep, seal: Seal) -> None:
    """A hold keeps one package whatever its lock says, until it is released."""
    (package_id,) = seal(1)
    keeper = keep()
    keeper.copying.tick(NOW)
    key = keeper.key(package_id)

    assert keeper.replica.stat(key).held is False
    keeper.replica.hold(key)
    assert keeper.replica.stat(key).held is True
    keeper.replica.release(key)
    assert keeper.replica.stat(key).held is False


def test_an_object_is_never_overwritten(bucket: Bucket, tmp_path: Path) -> None:
    """The same bytes again are nothing; other bytes are refused by the store, and the first stay."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"first")
    second.write_bytes(b"second")
    replica = bucket.replica()

    assert replica.put_new("a/b", first, sha256(b"first")) is True
    assert replica.put_new("a/b", first, sha256(b"first")) is False
    with pytest.raises(ReplicaDiffers, match="a/b"):
        replica.put_new("a/b", second, sha256(b"second"))

    with replica.open("a/b") as body:
        assert body.read() == b"first"


def test_the_digest_of_the_log_goes_with_the_bytes(bucket: Bucket, tmp_path: Path) -> None:
    """Not that of the file, which may have changed since it was looked at: the store itself compares and refuses."""
    file = tmp_path / "file"
    file.write_bytes(b"other bytes")
    store = Answering(400, "<Error><Code>BadDigest</Code></Error>")
    with store, pytest.raises(ReplicaRefused):
        bucket.replica(endpoint=store.address).put_new("a", file, sha256(b"sealed bytes"))

    (headers,) = store.asked
    assert base64.b64decode(headers["x-amz-checksum-sha256"]).hex() == sha256(b"sealed bytes")
    assert headers["If-None-Match"] == "*"
    assert headers["x-amz-object-lock-mode"] == "GOVERNANCE"


def test_a_store_that_takes_other_bytes_than_it_says_is_found_out(
    keep: Keep, bucket: Bucket, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This store repeats whatever digest it is told, as some do: the copy is read back, and the lie is an incident."""
    (package_id,) = seal(1)
    keeper = keep()
    monkeypatch.setattr(copying_module, "local_flaw", lambda root, package: None)
    keeper.damage(package_id)

    keeper.copying.tick(NOW)

    assert [(each.flaw.where, each.flaw.what) for each in keeper.incidents.open()] == [("copy", "altered")]


def test_of_amazon_the_digest_that_it_computed_is_taken(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There no byte is downloaded to check a copy; an object in parts has no digest of its bytes."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
    file = tmp_path / "file"
    file.write_bytes(b"x")
    replica = bucket.replica(endpoint=None)
    replica.put_new("a", file, sha256(b"x"))

    found, elsewhere = replica.stat("a"), bucket.replica().stat("a")

    assert found is not None
    assert elsewhere is not None
    assert (found.sha256, found.size) == (sha256(b"x"), 1)
    assert elsewhere.sha256 is None


def test_a_kill_between_the_copy_and_its_line_repeats_harmlessly(
    keep: Keep, bucket: Bucket, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process finds the objects by their digests, puts nothing twice, and says the line."""
    seal(2)
    dying = keep()
    monkeypatch.setattr(dying.copying, "_say", _killed)
    with pytest.raises(_Killed):
        dying.copying.tick(NOW)
    versions = _versions(bucket)
    seal(1, "later")

    after = keep()

    assert after.copying.tick(NOW) == 3
    assert [line["count"] for line in after.lines("replicated")] == [3]
    assert {key: count for key, count in _versions(bucket).items() if key in versions} == versions


def test_a_store_that_is_away_is_said_once_and_again_when_it_is_back(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """Two sentences for an outage, however long; a restart in the middle says nothing new; then all is copied."""
    seal(2)
    nobody = _unused_port()
    away = keep(endpoint=f"http://127.0.0.1:{nobody}")
    for minute in range(3):
        assert away.copying.tick(NOW + timedelta(hours=minute)) == 0
    restarted = keep(endpoint=f"http://127.0.0.1:{nobody}")
    restarted.copying.tick(NOW + timedelta(hours=4))

    assert len(restarted.said) == 1
    assert "2 packages wait" in restarted.said[0]
    assert "no connection" in restarted.said[0]
    found = trouble(restarted.archive.root)
    assert found is not None
    assert (found.since, found.tried_at) == (NOW.isoformat(), (NOW + timedelta(hours=4)).isoformat())

    back = keep()
    assert back.copying.tick(NOW + timedelta(hours=5)) == 2
    assert len(back.said) == 2
    assert trouble(back.archive.root) is None


def test_a_store_that_is_away_is_asked_less_and_less_often(keep: Keep, seal: Seal) -> None:
    """After a failure it waits 15 seconds, then 30, then 60: the store isn't hammered when it comes back."""
    seal(1)
    store = _Away()
    keeper = keep(replica=store)

    for second in range(120):
        keeper.copying.tick(NOW + timedelta(seconds=second))

    assert store.asked == 4  # at 0, 15, 45 and 105 seconds


@pytest.mark.parametrize(
    ("access", "advice"),
    [({"lock": "governance"}, "Object Lock"), ({"lock": "none", "key_id": None, "key": None}, "REPLICA_KEY_ID")],
)
def test_what_a_person_must_mend_is_said_with_what_to_do(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: dict[str, Any], advice: str
) -> None:
    """A bucket without Object Lock and a missing key each have their own sentence."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    file = tmp_path / "file"
    file.write_bytes(b"x")

    with pytest.raises(ReplicaRefused, match=advice):
        Bucket(endpoint, lock=False).replica(**access).put_new("a", file, sha256(b"x"))


@pytest.mark.parametrize(
    ("status", "code", "error", "advice"),
    [
        (403, "SignatureDoesNotMatch", ReplicaRefused, "BEADLE_REPLICA_KEY"),
        (403, "InvalidAccessKeyId", ReplicaRefused, "BEADLE_REPLICA_KEY_ID"),
        (403, "AccessDenied", ReplicaRefused, "docs/second-copy.md"),
        (403, "RequestTimeTooSkewed", ReplicaRefused, "NTP"),
        (404, "NoSuchBucket", ReplicaRefused, "Make the bucket"),
        (400, "BadDigest", ReplicaRefused, "verify --all"),
        (503, "SlowDown", ReplicaAway, "by itself"),
        (500, "InternalError", ReplicaAway, "by itself"),
    ],
)
def test_every_answer_of_the_store_is_what_passes_or_what_a_person_mends(
    bucket: Bucket, tmp_path: Path, status: int, code: str, error: type[Exception], advice: str
) -> None:
    """Answered over a socket by a server of ours: moto checks neither keys nor rights."""
    file = tmp_path / "file"
    file.write_bytes(b"x")
    store = Answering(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>")
    with store, pytest.raises(error, match=advice):
        bucket.replica(endpoint=store.address).put_new("a", file, sha256(b"x"))


def test_a_store_that_never_answers_is_given_up_after_its_time(bucket: Bucket, tmp_path: Path) -> None:
    """It takes the connection and says nothing: that is an outage, not a wait for ever."""
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        replica = bucket.replica(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}", read_s=0.2)
        with pytest.raises(ReplicaAway, match="no answer in time"):
            replica.put_new("a", file, sha256(b"x"))


def test_a_certificate_that_is_not_trusted_is_called_that(bucket: Bucket, tmp_path: Path, untrusted: str) -> None:
    """Whoever stands between us and the store is refused, and the sentence never advises to switch the check off."""
    with pytest.raises(ReplicaRefused, match="trust store") as refused:
        bucket.replica(endpoint=untrusted).stat("a")

    assert "never switch the check off" in str(refused.value)


def test_a_store_without_conditions_is_looked_at_before_it_is_written(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some S3-compatible stores don't know If-None-Match: there the key is asked for first."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"first")
    second.write_bytes(b"second")
    replica = bucket.replica()
    _without_conditions(replica, monkeypatch)

    assert replica.put_new("a", first, sha256(b"first")) is True
    with pytest.raises(ReplicaDiffers):
        replica.put_new("a", second, sha256(b"second"))


def test_a_package_that_was_damaged_here_is_never_copied_and_is_an_incident(
    keep: Keep, bucket: Bucket, seal: Seal
) -> None:
    """The others go on; the damaged one is left out, and the line says so."""
    _good, bad, _also_good = seal(3)
    keeper = keep()
    keeper.damage(bad)

    assert keeper.copying.tick(NOW) == 2

    assert keeper.lines("replicated")[0]["left_out"] == [bad]
    assert keeper.key(bad) not in bucket.listed()
    assert [incident.flaw.package.package_id for incident in keeper.incidents.open()] == [bad]
    assert keeper.copying.standing().left_out == (bad,)


def test_what_was_left_out_is_copied_when_it_is_whole_again(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """After somebody brought the file back from a backup, the night's retry copies it."""
    (package_id,) = seal(1)
    keeper = keep()
    whole = keeper.path(package_id).read_bytes()
    keeper.damage(package_id)
    keeper.copying.tick(NOW)
    keeper.path(package_id).write_bytes(whole)

    assert keep().copying.retry_left_out() == 1

    standing = keep().copying.standing()
    assert (standing.copied, standing.left_out, standing.waiting) == (1, (), 0)
    assert keeper.key(package_id) in bucket.listed()


def test_bytes_that_somebody_else_put_under_the_key_are_found(keep: Keep, bucket: Bucket, seal: Seal) -> None:
    """They are left as they are, an incident of the copy is raised, and acts are not stopped by it."""
    (package_id,) = seal(1)
    keeper = keep()
    bucket.overwrite(keeper.key(package_id), b"not the package")

    keeper.copying.tick(NOW)

    (incident,) = keeper.incidents.open()
    assert (incident.flaw.where, incident.flaw.what, incident.stops_acts) == ("copy", "altered", False)
    assert keeper.incidents.why_not() is None
    assert bucket.head(keeper.key(package_id))["ContentLength"] == len(b"not the package")


@pytest.mark.parametrize(("member", "copied"), [("data/capture/viewport.png", 0), (None, 1)])
def test_what_may_show_abuse_of_a_child_is_never_copied(
    keep: Keep, make_dossier: Any, member: str | None, copied: int
) -> None:
    """A restricted package stays here if a picture or medium is in it: a locked copy could not be taken back. One that
    holds only digests and words is copied like any other."""
    keeper = keep()
    picture = Capture("captured", viewport_png=b"page") if member else None
    package_id = keeper.archive.seal(make_dossier("case-0"), picture).package_id
    assert (member in keeper.archive.read(package_id).members) is bool(member)
    keeper.archive.note("restricted", {"package": package_id, "case_id": "case-0", "media": []}, key="x")

    assert keeper.copying.tick(NOW) == copied

    assert keeper.copying.standing().left_out == (() if copied else (package_id,))
    assert keeper.incidents.open() == ()
    assert keeper.copying.retry_left_out() == 0


def test_a_batch_is_bounded(keep: Keep, seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long queue is done in steps, so that a stop or another duty never waits for all of it."""
    monkeypatch.setattr(copying_module, "AT_ONCE", 2)
    seal(5)
    keeper = keep()

    assert [keeper.copying.tick(NOW) for _ in range(4)] == [2, 2, 1, 0]
    assert [(line["first"], line["last"]) for line in keeper.lines("replicated")] == [(0, 1), (2, 3), (4, 6)]


def test_another_bucket_begins_from_nothing(keep: Keep, endpoint: str, seal: Seal) -> None:
    """What was copied elsewhere is not there: the whole archive goes to the new one."""
    seal(2)
    keep().copying.tick(NOW)
    elsewhere = keep(replica=Bucket(endpoint).replica())

    assert elsewhere.copying.standing().copied == 0
    assert elsewhere.copying.tick(NOW) == 2


def test_the_doctor_sees_versions_lock_and_clock(bucket: Bucket, endpoint: str) -> None:
    """Everything right; a bucket without either; a clock that is an hour off; a bucket that isn't there."""
    now = datetime.now(UTC)

    assert [each.state for each in bucket.replica().examine(now)] == ["ok", "ok", "ok"]
    plain = Bucket(endpoint, lock=False).replica().examine(now)
    assert [each.state for each in plain] == ["ok", "wrong", "wrong"]
    skewed = bucket.replica().examine(now + timedelta(hours=1))
    assert [each.state for each in skewed] == ["ok", "wrong", "ok", "ok"]
    assert 3_500 < int(skewed[1].sentence.split(" by ")[1].split()[0]) <= 3_600
    bucket.name = "no-such-bucket"
    (missing,) = bucket.replica().examine(now)
    assert missing.state == "wrong"
    assert "BEADLE_REPLICA" in missing.sentence


def test_the_secret_key_is_in_no_repr(bucket: Bucket) -> None:
    """Not in that of the access, which an error could print."""
    assert "hush" not in repr(bucket.access(key="hush"))


class _Killed(BaseException):
    """Stands for SIGKILL at an exact place."""


def _killed(*_arguments: Any) -> None:
    raise _Killed


class _Away:
    """A store that is never there."""

    target = "s3://nowhere"

    def __init__(self) -> None:
        self.asked = 0

    def put_new(self, key: str, path: Path, sha256: str) -> bool:
        self.asked += 1
        raise ReplicaAway("The store does not answer.")


def _versions(bucket: Bucket) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in bucket.client.list_object_versions(Bucket=bucket.name)["Versions"]:
        found[each["Key"]] = found.get(each["Key"], 0) + 1
    return found


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _without_conditions(replica: S3Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    client = replica._client()
    put = client.put_object

    def refusing(**what: Any) -> Any:
        if "IfNoneMatch" in what:
            body = {"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}}
            raise client.exceptions.ClientError(body, "PutObject")
        return put(**what)

    monkeypatch.setattr(client, "put_object", refusing)


class Answering:
    """A server on loopback that answers every PUT in the same way. ``asked``: the headers of each."""

    def __init__(self, status: int, body: str) -> None:
        self.asked: list[Any] = []
        asked = self.asked

        class Answer(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                asked.append(self.headers)
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """A TLS server whose certificate nobody signed but itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    server = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
    threading.Thread(target=_shake_hands, args=(server,), daemon=True).start()
    yield f"https://localhost:{server.getsockname()[1]}"
    server.close()


def _shake_hands(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            if server.fileno() < 0:
                return


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=3_650))
        .not_valid_after(NOW + timedelta(days=3_650))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem)
    return folder / "both.pem"
