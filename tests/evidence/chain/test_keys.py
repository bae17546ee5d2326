"""The keys: private where they lie, made once, and followed only by a key that they signed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from keyring.backend import KeyringBackend
from keyring.backends import fail

from bot.errors import ConfigError, EvidenceError
from bot.evidence.chain.checkpoint import key_id, origin_of
from bot.evidence.chain.keys import (
    EvidenceKey,
    KeyHistory,
    evidence_key,
    make_evidence_key,
    public_from_pem,
    public_pem,
    wacz_key,
)
from bot.evidence.chain.log import Log
from bot.evidence.chain.places import FilePlace, Place, place_of

NOW = datetime(2026, 11, 20, 11, 2, 14, tzinfo=UTC)
FIRST, SECOND, THIRD = (EvidenceKey(Ed25519PrivateKey.from_private_bytes(bytes([n] * 32))) for n in (1, 2, 3))


@pytest.fixture
def place(tmp_path: Path) -> FilePlace:
    """A file in a folder that isn't there yet."""
    return FilePlace(tmp_path / "keys" / "evidence.pem")


def test_a_new_key_is_a_private_file_in_a_private_folder(place: FilePlace) -> None:
    """Nothing lies there at first; then a key that only its owner reads, in a folder that only its owner enters."""
    assert evidence_key(place) is None

    made = make_evidence_key(place)

    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
    assert list(place.path.parent.iterdir()) == [place.path]
    found = evidence_key(place)
    assert found is not None
    assert found.public == made.public


def test_a_key_that_is_there_is_never_replaced_by_a_new_one(place: FilePlace) -> None:
    """Making a key twice gives the first."""
    assert make_evidence_key(place).public == make_evidence_key(place).public


def test_of_many_who_make_it_at_once_all_get_the_same_key(place: FilePlace) -> None:
    """Daemon and command line may start together: one key wins, and both use it."""
    made: list[EvidenceKey] = []
    threads = [threading.Thread(target=lambda: made.append(make_evidence_key(place))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 8
    assert len({key.public.public_bytes_raw() for key in made}) == 1
    assert list(place.path.parent.iterdir()) == [place.path]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_a_key_that_lies_open_is_refused_with_what_to_do(place: FilePlace, mode: int) -> None:
    """Whoever may read it may sign in the city's name; one sentence says the command that mends it."""
    make_evidence_key(place)
    place.path.chmod(mode)

    with pytest.raises(ConfigError, match=r"chmod 600 .*evidence\.pem"):
        evidence_key(place)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"x" * 100_000,
        public_pem(FIRST.public).encode(),
    ],
)
def test_what_is_no_key_is_refused_and_not_repeated(place: FilePlace, content: bytes) -> None:
    """The sentence names the file and never what stands in it."""
    place.keep(content)

    with pytest.raises(ConfigError, match=r"evidence\.pem") as caught:
        evidence_key(place)

    assert caught.value.__cause__ is None
    assert "AAAA" not in str(caught.value)
    assert "not a key" not in str(caught.value)


def test_a_key_of_another_kind_is_refused(place: FilePlace) -> None:
    """The key for captured pages, put in the place of the evidence key, signs no checkpoint."""
    wacz_key(str(place))
    place.path.with_name("evidence.wacz.pem").rename(place.path)

    with pytest.raises(ConfigError, match="Ed25519"):
        evidence_key(place)


def test_a_folder_a_pipe_and_a_dead_link_are_no_key(tmp_path: Path) -> None:
    """None of them makes the daemon wait or fall."""
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to(tmp_path / "nothing")

    for name in ("folder", "pipe"):
        with pytest.raises(ConfigError, match=name):
            evidence_key(FilePlace(tmp_path / name))
    assert evidence_key(FilePlace(tmp_path / "link")) is None


def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path: Path) -> None:
    """A file stands where the folder should: named, with what to do."""
    (tmp_path / "keys").write_text("a file")

    with pytest.raises(ConfigError, match="BEADLE_EVIDENCE_KEY"):
        make_evidence_key(FilePlace(tmp_path / "keys" / "evidence.pem"))


def test_the_private_key_shows_nowhere(place: FilePlace) -> None:
    """Neither ``repr`` nor ``str`` of anything that carries it holds a piece of it."""
    key, pages = make_evidence_key(place), wacz_key(str(place))
    files = list(place.path.parent.iterdir())
    secrets = [line for file in files for line in file.read_text().splitlines() if not line.startswith("-")]

    shown = f"{key!r} {key!s} {pages!r} {pages!s} {place!r} {key.public!r} {vars(KeyHistory())!r}"

    assert len(files) == 2
    assert not [secret for secret in secrets if secret in shown]


def test_pages_are_signed_by_a_key_of_their_own(place: FilePlace) -> None:
    """P-384, beside the evidence key, made once; r and s side by side; the same text gives the same signature."""
    signature, public = wacz_key(str(place)).sign_wacz(b"sha256:00")

    found = load_der_public_key(public)
    assert isinstance(found, ec.EllipticCurvePublicKey)
    r, s = int.from_bytes(signature[:48], "big"), int.from_bytes(signature[48:], "big")
    found.verify(encode_dss_signature(r, s), b"sha256:00", ec.ECDSA(hashes.SHA256()))
    assert len(signature) == 96
    assert wacz_key(str(place)).sign_wacz(b"sha256:00") == (signature, public)
    assert stat.S_IMODE(place.path.with_name("evidence.wacz.pem").stat().st_mode) == 0o600


def test_openssl_reads_the_keys(place: FilePlace) -> None:
    """Plain PKCS #8 and SPKI: a city can bring its own key, and keep the public one anywhere."""
    key = make_evidence_key(place)

    told = subprocess.run(
        ["openssl", "pkey", "-in", str(place), "-pubout"], capture_output=True, text=True, check=True
    ).stdout

    assert told == public_pem(key.public)


class Ring(KeyringBackend):
    """A keyring in memory."""

    # So low that no other test is ever given it unasked.
    priority = -1

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    """The real library over a keyring in memory."""
    before = keyring.get_keyring()
    made = Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    """The real library on a machine without a keyring."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


def test_a_key_may_lie_in_the_keyring(ring: Ring) -> None:
    """Made, read and replaced there under its name; the key for pages lies beside it."""
    place = place_of("keyring:city-evidence")
    assert evidence_key(place) is None

    made = make_evidence_key(place)
    wacz_key("keyring:city-evidence")

    found = evidence_key(place)
    assert found is not None
    assert found.public == made.public
    assert set(ring.entries) == {("beadle", "city-evidence"), ("beadle", "city-evidence.wacz")}
    place.drop()
    place.drop()
    assert evidence_key(place) is None


@pytest.mark.usefixtures("no_ring")
def test_a_keyring_that_does_not_open_is_a_sentence() -> None:
    """A server without a desktop has no keyring: said, with the way out."""
    with pytest.raises(ConfigError, match="unlock it for this account, or use a file"):
        evidence_key(place_of("keyring:city-evidence"))


def test_a_keyring_that_is_not_installed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is named."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(ConfigError, match=r"install beadle\[keyring\], or use a file"):
        evidence_key(place_of("keyring:city-evidence"))


def test_the_log_names_its_first_key_and_those_that_follow(tmp_path: Path) -> None:
    """Each signed by the one before; the name of the log stays that of the first."""
    history, lines = _handed_on(tmp_path, (FIRST, None), (SECOND, FIRST), (THIRD, SECOND))

    assert [known.public for known in history.keys] == [FIRST.public, SECOND.public, THIRD.public]
    assert history.origin == origin_of(FIRST.public)
    assert [line["previous"] for line in lines] == [None, lines[0]["key_id"], lines[1]["key_id"]]
    assert lines[2]["key_id"] == key_id(origin_of(FIRST.public), THIRD.public).hex()
    assert history.keys[1].since == "2026-11-20T11:02:14.000000Z"
    assert public_from_pem(str(lines[1]["public_pem"])) == SECOND.public


def test_a_checkpoint_is_signed_with_the_last_key_that_its_lines_name(tmp_path: Path) -> None:
    """Not with one that came later, and before the first key with none."""
    history, _ = _handed_on(tmp_path, (FIRST, None), (SECOND, FIRST))

    signers = [known.public if (known := history.at(size)) else None for size in range(4)]

    assert signers == [None, FIRST.public, SECOND.public, SECOND.public]


def test_a_key_that_the_one_before_did_not_sign_is_refused(tmp_path: Path) -> None:
    """Somebody who writes to the log without the key can't make a key of their own the city's."""
    with pytest.raises(EvidenceError, match=r"Line 2 .* did not sign"):
        _handed_on(tmp_path, (FIRST, None), (THIRD, SECOND))


@pytest.mark.parametrize(
    "bend",
    [
        lambda line: line.pop("public_pem"),
        lambda line: line.update(public_pem="-----BEGIN PUBLIC KEY-----"),
        lambda line: line.update(public_pem=7),
        lambda line: line.update(key_id="00000000"),
        lambda line: line.update(previous=None),
        lambda line: line.update(previous="00000000"),
        lambda line: line.update(signature=None),
        lambda line: line.update(signature="!"),
        lambda line: line.update(signature=["x"]),
        lambda line: line.update(signature="AAAA"),
        lambda line: line.update(public_pem=public_pem(THIRD.public)),
    ],
)
def test_a_bent_line_names_no_key(bend: Callable[[dict[str, Any]], Any]) -> None:
    """Whatever is missing or changed in it is refused, by the number of the line."""
    history = KeyHistory()
    history.take({**history.line_for(FIRST.public, None), "type": "key"}, 0)
    line = {**history.line_for(SECOND.public, FIRST), "type": "key"}
    bend(line)

    with pytest.raises(EvidenceError, match="Line 5 "):
        history.take(line, 4)
    assert len(history.keys) == 1


def _handed_on(folder: Path, *steps: tuple[EvidenceKey, EvidenceKey | None]) -> tuple[KeyHistory, list[dict[str, Any]]]:
    """A log in which one key after the other is named, read again from its file."""
    log, writer = Log(folder), KeyHistory()
    for key, before in steps:
        line = log.append("key", writer.line_for(key.public, before), NOW)
        writer.take(line.facts, line.number)
    lines = [json.loads(line) for line in (folder / "entries.jsonl").read_bytes().splitlines()]
    reader = KeyHistory()
    for number, facts in enumerate(lines):
        reader.take(facts, number)
    return reader, lines


def test_places_are_named_as_they_are_configured(tmp_path: Path) -> None:
    """A path is a file, ``keyring:`` is the keyring; each has a sibling beside it."""
    places: list[Place] = [place_of(f"{tmp_path}/evidence.pem"), place_of("keyring:city")]

    assert [str(place) for place in places] == [f"{tmp_path}/evidence.pem", "keyring:city"]
    assert [str(place.sibling("wacz")) for place in places] == [f"{tmp_path}/evidence.wacz.pem", "keyring:city.wacz"]
