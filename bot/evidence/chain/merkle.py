"""The tree over the lines of the log: whoever holds one line and a short proof can check it without the other lines.

RFC 6962 (and RFC 9162) section 2.1, with SHA-256: a leaf is SHA-256(0x00 || line without its newline), a node is
SHA-256(0x01 || left || right). Lines and sizes count as the log does: the first line has index 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bot.evidence.chain.log import read_lines

HASH_BYTES = 32
EMPTY = hashlib.sha256(b"").digest()
# A log of 2^63 lines would need a proof this long; whatever is longer isn't one.
LONGEST_PROOF = 2 * 63


def leaf_hash(line: bytes) -> bytes:
    """The hash of one line, given without its newline."""
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Grows by one line in a step or two; gives roots and proofs for its size now and for every earlier one.

    Keeps the hash of every complete pair, pair of pairs, and so on: 64 bytes a line.
    """

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        """How many lines it has taken in."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, line: bytes) -> None:
        """Take in the next line, given without its newline."""
        carried = hashlib.sha256(b"\x00" + line).digest()
        for level in self._levels:
            level += carried
            if len(level) % (2 * HASH_BYTES):
                return
            carried = hashlib.sha256(b"\x01" + level[-2 * HASH_BYTES :]).digest()
        self._levels.append(bytearray(carried))

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` lines (default: all). Raises ``ValueError`` for more than there are."""
        size = self._checked(size)
        return self._over(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """The proof that line ``index`` is in the tree of ``size`` lines (RFC 6962, 2.1.1)."""
        size = self._checked(size)
        if not 0 <= index < size:
            raise ValueError(f"a tree of {size} lines has no line {index}")
        found: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                found.append(self._over(middle, end))
                end = middle
            else:
                found.append(self._over(start, middle))
                start = middle
        return tuple(reversed(found))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """The proof that the tree of ``size`` lines begins with the first ``old`` of them (RFC 6962, 2.1.2)."""
        size = self._checked(size)
        if not 0 < old <= size:
            raise ValueError(f"there is no proof from {old} lines to {size}")
        found: list[bytes] = []
        start, end = 0, size
        while end != old:
            middle = start + _split(end - start)
            if old <= middle:
                found.append(self._over(middle, end))
                end = middle
            else:
                found.append(self._over(start, middle))
                start = middle
        # The old tree's own root needs no telling where it is a whole subtree that begins the log.
        return tuple(reversed(found if start == 0 else [*found, self._over(start, end)]))

    def _over(self, start: int, end: int) -> bytes:
        """The hash over the lines from ``start`` to before ``end``: one of the subtrees that RFC 6962 speaks of."""
        size = end - start
        height = size.bit_length() - 1
        if size == 1 << height:
            at = (start >> height) * HASH_BYTES
            return bytes(self._levels[height][at : at + HASH_BYTES])
        middle = start + (1 << height)
        return node_hash(self._over(start, middle), self._over(middle, end))

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} lines, not {size}")
        return size


def read_tree(log: Path, size: int | None = None) -> Tree:
    """The tree over the first ``size`` whole lines of a log file (default: all of them). A torn end isn't a line."""
    tree = Tree()
    if size == 0:
        return tree
    for line in read_lines(log):
        if not line.data.endswith(b"\n"):
            break
        tree.append(line.data[:-1])
        if tree.size == size:
            break
    return tree


def verify_inclusion(line: bytes, index: int, size: int, hashes: Sequence[bytes], root: bytes) -> bool:
    """Whether ``line`` is line ``index`` of the ``size`` lines under ``root`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(hashes):
        return False
    at, last, found = index, size - 1, leaf_hash(line)
    for other in hashes:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(other, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, size: int, hashes: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether the ``size`` lines under ``root`` begin with the ``old`` lines under ``old_root`` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= size or not _are_hashes(hashes):
        return False
    if old == size:
        return not hashes and old_root == root
    path = list(hashes)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = _past_whole_subtrees(old - 1, size - 1)
    before = after = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(other, before), node_hash(other, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, other)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _past_whole_subtrees(at: int, last: int) -> tuple[int, int]:
    while at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _split(size: int) -> int:
    """The largest power of two below ``size``: where RFC 6962 cuts."""
    return 1 << ((size - 1).bit_length() - 1)


def _are_hashes(hashes: Sequence[bytes]) -> bool:
    return len(hashes) <= LONGEST_PROOF and all(len(each) == HASH_BYTES for each in hashes)
