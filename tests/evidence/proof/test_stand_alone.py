"""The program that is handed out: its arithmetic against the RFCs and against the library that Beadle itself uses."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evidence.chain.merkle import Tree
from tests.evidence.proof.scene import STAND_ALONE, Scene

# RFC 8032, 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """The program, as a module."""
    spec = importlib.util.spec_from_file_location("stand_alone_verify", STAND_ALONE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("secret", "public", "message", "signature"), VECTORS)
def test_it_knows_the_signatures_of_the_rfc(
    program: ModuleType, secret: str, public: str, message: str, signature: str
) -> None:
    """Each vector of RFC 8032 is true, and false once a bit of message, key or signature is another."""
    key, said, value = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).sign(said) == value

    assert program.is_signed(key, said, value)
    assert not program.is_signed(key, said + b"!", value)
    assert not program.is_signed(key, said, value[:-1] + bytes([value[-1] ^ 1]))
    assert not program.is_signed(key[:-1] + bytes([key[-1] ^ 1]), said, value)


@settings(max_examples=40, deadline=None)
@given(message=st.binary(max_size=200), place=st.integers(0, 63), bit=st.integers(0, 7))
def test_it_agrees_with_the_library(program: ModuleType, message: bytes, place: int, bit: int) -> None:
    """Of a true signature and of one with a bit flipped it says what the library says."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(message).digest())
    key, value = private.public_key().public_bytes_raw(), private.sign(message)
    changed = value[:place] + bytes([value[place] ^ 1 << bit]) + value[place + 1 :]

    assert program.is_signed(key, message, value)
    assert program.is_signed(key, message, changed) == _library(key, message, changed)


def test_a_signature_plus_the_order_of_the_curve_is_refused(program: ModuleType) -> None:
    """The same signature in a second spelling (RFC 8032, 5.1.7: S must be below L)."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    value = private.sign(b"once")
    order = 2**252 + 27742317777372353535851937790883648493
    again = value[:32] + (int.from_bytes(value[32:], "little") + order).to_bytes(32, "little")

    assert not program.is_signed(private.public_key().public_bytes_raw(), b"once", again)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 64, 100])
def test_its_tree_is_that_of_rfc_6962(program: ModuleType, size: int) -> None:
    """Roots and proofs agree with the tree that Beadle keeps, and a proof of another line or place fails."""
    tree, lines = Tree(), [b"line %d" % number for number in range(size)]
    for line in lines:
        tree.append(line)
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines]

    assert program.root_of(leaves) == tree.root()
    for index, line in enumerate(lines):
        hashes = list(tree.inclusion(index))
        assert program.is_included(line, index, size, hashes, tree.root())
        assert not program.is_included(line + b"!", index, size, hashes, tree.root())
        assert not program.is_included(line, index, size, [*hashes, bytes(32)], tree.root())
        assert size == 1 or not program.is_included(line, index ^ 1, size, hashes, tree.root())


def test_it_needs_the_standard_library_alone_and_python_3_8() -> None:
    """It is read by people, so it is short; and nothing of ours is imported."""
    source = STAND_ALONE.read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert names <= set(sys.stdlib_module_names)
    assert len(source.splitlines()) <= 300


@pytest.mark.parametrize("words", [["nowhere"], ["--nonsense"], [__file__]])
def test_what_cannot_be_checked_is_wrong_usage(words: list[str]) -> None:
    """64, as with `beadle verify`: a typing mistake is no finding."""
    done = subprocess.run(["python3", "-I", str(STAND_ALONE), *words], capture_output=True, text=True)

    assert done.returncode == 64
    assert done.stderr.startswith("verify.py: ")


def test_without_openssl_it_says_that_the_stamps_were_not_checked(untouched: Scene) -> None:
    """Nothing is claimed that was not done, and nothing is wrong by that alone."""
    command = [sys.executable, "-I", str(STAND_ALONE), str(untouched.export)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/nowhere"})

    assert done.returncode == 0
    assert "time stamp: not checked" in done.stdout


def _library(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
