"""The tree over the log: its roots are those of RFC 6962, and its proofs convince only of what is so."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evidence.chain.merkle import EMPTY, Tree, leaf_hash, node_hash, read_tree, verify_consistency, verify_inclusion

# The eight leaves that the test suites of Certificate Transparency use, and the roots over the first 1..8 of them.
CT_LEAVES = tuple(
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
)
CT_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

Lines = st.lists(st.binary(max_size=12), min_size=1, max_size=70)


def test_the_roots_are_those_of_certificate_transparency() -> None:
    """The vectors that every implementation of RFC 6962 is tested with."""
    tree = Tree()
    assert tree.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    for leaf, root in zip(CT_LEAVES, CT_ROOTS, strict=True):
        tree.append(leaf)
        assert tree.root().hex() == root


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            [
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_the_proofs_of_inclusion_are_those_of_certificate_transparency(index: int, size: int, proof: list[str]) -> None:
    """The known proofs, hash by hash, and each convinces."""
    tree = _tree(CT_LEAVES)

    found = tree.inclusion(index, size)

    assert [each.hex() for each in found] == proof
    assert verify_inclusion(CT_LEAVES[index], index, size, found, bytes.fromhex(CT_ROOTS[size - 1]))


@pytest.mark.parametrize(
    ("old", "new", "proof"),
    [
        (1, 1, []),
        (
            1,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            [
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ],
)
def test_the_proofs_of_consistency_are_those_of_certificate_transparency(old: int, new: int, proof: list[str]) -> None:
    """The known proofs, hash by hash, and each convinces."""
    found = _tree(CT_LEAVES).consistency(old, new)

    assert [each.hex() for each in found] == proof
    assert verify_consistency(old, new, found, bytes.fromhex(CT_ROOTS[old - 1]), bytes.fromhex(CT_ROOTS[new - 1]))


@given(Lines, st.data())
@settings(max_examples=150, deadline=None)
def test_every_root_and_proof_is_that_of_the_definition(lines: list[bytes], data: st.DataObject) -> None:
    """Against the recursive definition of the RFC, written down here as it stands there."""
    size = data.draw(st.integers(1, len(lines)))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    tree = _tree(lines)

    assert tree.root(size) == _mth(lines[:size])
    assert list(tree.inclusion(index, size)) == _path(index, lines[:size])
    assert list(tree.consistency(old, size)) == _subproof(old, lines[:size], True)
    assert verify_inclusion(lines[index], index, size, tree.inclusion(index, size), tree.root(size))
    assert verify_consistency(old, size, tree.consistency(old, size), tree.root(old), tree.root(size))


@given(Lines, st.data())
@settings(max_examples=150, deadline=None)
def test_a_proof_convinces_of_nothing_else(lines: list[bytes], data: st.DataObject) -> None:
    """Another line, another place, another size, a hash more or less, or one turned bit: refused."""
    tree = _tree(lines)
    size, index = len(lines), data.draw(st.integers(0, len(lines) - 1))
    proof, root = tree.inclusion(index), tree.root()

    assert not verify_inclusion(lines[index] + b"!", index, size, proof, root)
    assert not verify_inclusion(lines[index], size, size, proof, root)
    assert not verify_inclusion(lines[index], -1, size, proof, root)
    assert not verify_inclusion(lines[index], index, size, (*proof, EMPTY), root)
    assert not verify_inclusion(lines[index], index, size, proof, EMPTY)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        assert not verify_inclusion(lines[index], index, size, (*proof[:at], bent, *proof[at + 1 :]), root)
        assert not verify_inclusion(lines[index], index, size, proof[:-1], root)


@given(Lines, Lines, st.data())
@settings(max_examples=150, deadline=None)
def test_a_rewritten_log_is_not_consistent_with_what_it_was(
    lines: list[bytes], more: list[bytes], data: st.DataObject
) -> None:
    """One line of the old log changed: no proof that the new tree can give leads to the old root."""
    at = data.draw(st.integers(0, len(lines) - 1))
    rewritten = [*lines[:at], lines[at] + b"!", *lines[at + 1 :], *more]
    old, new = _tree(lines), _tree(rewritten)

    proof = new.consistency(len(lines))

    assert not verify_consistency(len(lines), len(rewritten), proof, old.root(), new.root())


def test_what_is_no_proof_is_refused_without_work() -> None:
    """Sizes out of order, hashes of another length, and proofs longer than any tree: an answer, not an error."""
    root = _tree(CT_LEAVES).root()

    assert not verify_inclusion(b"", 0, 8, [b"short"], root)
    assert not verify_inclusion(b"", 0, 8, [EMPTY] * 100_000, root)
    assert not verify_consistency(0, 8, [], EMPTY, root)
    assert not verify_consistency(9, 8, [], root, root)
    assert not verify_consistency(3, 8, [], root, root)
    assert not verify_consistency(8, 8, [EMPTY], root, root)
    assert not verify_consistency(4, 8, [EMPTY] * 100_000, root, root)


@pytest.mark.parametrize(("index", "size"), [(8, 8), (-1, 8), (0, 9), (0, 0)])
def test_a_proof_of_what_is_not_there_is_a_mistake_of_the_caller(index: int, size: int) -> None:
    """Asking for line 8 of 8 (they count from 0), or for a size that isn't reached, raises."""
    with pytest.raises(ValueError, match="line"):
        _tree(CT_LEAVES).inclusion(index, size)
    with pytest.raises(ValueError, match="lines"):
        _tree(CT_LEAVES).consistency(0, size)


def test_the_tree_of_a_file_leaves_out_what_a_crash_tore(tmp_path: Path) -> None:
    """Only whole lines are lines, and no file is an empty tree."""
    (tmp_path / "log").write_bytes(b"one\ntwo\nthr")

    assert read_tree(tmp_path / "log").root() == node_hash(leaf_hash(b"one"), leaf_hash(b"two"))
    assert read_tree(tmp_path / "log", 1).root() == leaf_hash(b"one")
    assert read_tree(tmp_path / "log", 0).root() == read_tree(tmp_path / "none").root() == EMPTY


def test_a_hundred_thousand_lines_are_no_work(tmp_path: Path) -> None:
    """Taken in within a second of processor time, read from the file within another, a root at once."""
    lines = [b'{"id":"ev-%d","prev":"%s"}' % (number, b"0" * 64) for number in range(100_000)]
    (tmp_path / "log").write_bytes(b"".join(line + b"\n" for line in lines))

    begun = time.process_time()
    tree = _tree(lines)
    taken_in = time.process_time() - begun
    read = read_tree(tmp_path / "log")
    reread = time.process_time() - begun - taken_in

    assert taken_in < 1.0
    assert reread < 1.0
    assert read.root() == tree.root()
    assert len(tree.inclusion(77_777)) == 17


def _tree(lines: tuple[bytes, ...] | list[bytes]) -> Tree:
    tree = Tree()
    for line in lines:
        tree.append(line)
    return tree


def _mth(lines: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written."""
    if not lines:
        return hashlib.sha256(b"").digest()
    if len(lines) == 1:
        return hashlib.sha256(b"\x00" + lines[0]).digest()
    k = _largest_power_below(len(lines))
    return hashlib.sha256(b"\x01" + _mth(lines[:k]) + _mth(lines[k:])).digest()


def _path(m: int, lines: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1."""
    if len(lines) == 1:
        return []
    k = _largest_power_below(len(lines))
    if m < k:
        return [*_path(m, lines[:k]), _mth(lines[k:])]
    return [*_path(m - k, lines[k:]), _mth(lines[:k])]


def _subproof(m: int, lines: list[bytes], b: bool) -> list[bytes]:
    """RFC 6962, 2.1.2."""
    if m == len(lines):
        return [] if b else [_mth(lines)]
    k = _largest_power_below(len(lines))
    if m <= k:
        return [*_subproof(m, lines[:k], b), _mth(lines[k:])]
    return [*_subproof(m - k, lines[k:], False), _mth(lines[:k])]


def _largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k
