"""The signed checkpoint: openssl accepts it, and nothing that is not exactly one is read as one."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from bot.evidence.chain.checkpoint import (
    LARGEST_NOTE,
    Checkpoint,
    CheckpointError,
    key_id,
    origin_of,
    read_note,
    signed,
)
from bot.evidence.chain.keys import EvidenceKey, public_pem

KEY = EvidenceKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = EvidenceKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
ORIGIN = origin_of(KEY.public)
ROOT = hashlib.sha256(b"root").digest()
CHECKPOINT = Checkpoint(ORIGIN, 8, ROOT)
NOTE = signed(CHECKPOINT, KEY)


def test_a_checkpoint_reads_as_it_was_written() -> None:
    """Origin, size, root, an empty line, and one line of signature that names log and key."""
    raw = KEY.public.public_bytes_raw()
    lines = NOTE.data.decode().split("\n")

    assert lines[0] == "beadle/" + hashlib.sha256(raw).hexdigest()[:16]
    assert lines[1:4] == ["8", base64.b64encode(ROOT).decode(), ""]
    assert lines[4].startswith(f"\u2014 {lines[0]} ")
    value = base64.b64decode(lines[4].rpartition(" ")[2])
    assert value[:4] == hashlib.sha256(lines[0].encode() + b"\n\x01" + raw).digest()[:4]
    assert len(value) == 68
    assert read_note(NOTE.data).checkpoint == CHECKPOINT
    assert NOTE.signed_by(KEY.public)
    assert NOTE.require([OTHER.public, KEY.public]) == KEY.public


def test_openssl_accepts_the_signature_and_refuses_another(tmp_path: Path) -> None:
    """A court's expert needs nothing of ours: the commands of the documentation."""
    (tmp_path / "key.pem").write_text(public_pem(KEY.public))
    (tmp_path / "n.note").write_bytes(NOTE.data)
    cut = (
        "sed '/^$/,$d' n.note > body; tail -n 1 n.note | awk '{print $3}' | base64 -d | tail -c 64 > sig;"
        " openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in body -sigfile sig"
    )

    true = subprocess.run(["bash", "-c", cut], cwd=tmp_path, capture_output=True, text=True)
    (tmp_path / "n.note").write_bytes(NOTE.data.replace(b"\n8\n", b"\n9\n"))
    false = subprocess.run(["bash", "-c", cut], cwd=tmp_path, capture_output=True, text=True)

    assert (true.returncode, true.stdout.strip()) == (0, "Signature Verified Successfully")
    assert false.returncode != 0


def test_another_key_has_not_signed_it() -> None:
    """A key that is not among those known proves nothing, and the sentence says so."""
    assert not NOTE.signed_by(OTHER.public)
    with pytest.raises(CheckpointError, match="isn't signed by a key that is known"):
        NOTE.require([OTHER.public])


def test_every_changed_byte_is_found() -> None:
    """One bit in any byte: it is no checkpoint any more, or nobody's."""
    for at in range(len(NOTE.data)):
        bent = bytearray(NOTE.data)
        bent[at] ^= 1
        try:
            found = read_note(bytes(bent))
        except CheckpointError:
            continue
        assert not found.signed_by(KEY.public), at


def test_a_false_signature_beside_a_true_one_is_a_forgery() -> None:
    """Both in the name of the same key: one of the two was put there by somebody else."""
    line = NOTE.data.decode().splitlines(keepends=True)[-1]
    forged = base64.b64encode(key_id(ORIGIN, KEY.public) + bytes(64)).decode()

    note = read_note(NOTE.data + line.replace(line.split(" ")[2], forged + "\n").encode())

    assert not note.signed_by(KEY.public)


def test_a_witness_may_add_its_line() -> None:
    """Another log keeper's signature of another kind is kept and changes nothing in ours."""
    witness = f"\u2014 witness.example.org {base64.b64encode(b'wxyz' + bytes(72)).decode()}\n"

    note = read_note(NOTE.data + witness.encode())

    assert note.signed_by(KEY.public)
    assert [each.name for each in note.signatures] == [ORIGIN, "witness.example.org"]
    assert note.sha256 != NOTE.sha256


def _with(old: str, new: str) -> bytes:
    return NOTE.data.decode().replace(old, new, 1).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        NOTE.data[:-1],
        NOTE.data + b"\n",
        NOTE.data.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + NOTE.data,
        NOTE.data + b"\xff\n",
        _with("\n8\n", "\n08\n"),
        _with("\n8\n", "\n+8\n"),
        _with("\n8\n", "\n-8\n"),
        _with("\n8\n", "\n\u0668\n"),
        _with("\n8\n", "\n99999999999999999999\n"),
        _with("\n8\n", f"\n{1 << 63}\n"),
        _with("\n8\n", "\n8\nextension\n"),
        _with(ORIGIN, "beadle/with blank"),
        _with(ORIGIN, "beadle/plus+"),
        _with(ORIGIN, "beadle/\x1b[31m"),
        _with(ORIGIN, "x" * 201),
        _with(ORIGIN, ""),
        _with("\u2014", "-"),
        _with("\u2014 ", "\u2014  "),
        _with(base64.b64encode(ROOT).decode(), base64.b64encode(ROOT[:31]).decode()),
        _with(base64.b64encode(ROOT).decode(), base64.b64encode(ROOT).decode().rstrip("=")),
        _with(base64.b64encode(ROOT).decode(), base64.b64encode(ROOT).decode()[:-2] + "x="),
        f"{CHECKPOINT.text}\n\u2014 {ORIGIN} AAAAAA==\n".encode(),
        f"{CHECKPOINT.text}\n".encode() + b"".join(NOTE.data.splitlines(keepends=True)[-1:]) * 101,
        NOTE.data + b"x" * LARGEST_NOTE,
    ],
)
def test_what_is_not_exactly_a_checkpoint_is_refused(data: bytes) -> None:
    """Leading zeros, other line ends, loose base64, control characters: two notes that differ never say the same."""
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        read_note(data)


@given(st.binary(max_size=300))
@example(NOTE.data)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Hostile bytes raise nothing but the one error; what is read is what was given."""
    try:
        note = read_note(data)
    except CheckpointError:
        return
    assert data.startswith(note.checkpoint.text.encode())
