"""The proof of one line: that it stands in the log which a checkpoint covers, without showing any other line.

    {"schema":"beadle-proof/1","id","line","index","size","hashes","checkpoint","public_pem"}

``line`` is the exact line, ``hashes`` the path up the tree (RFC 6962, 2.1.1), ``checkpoint`` the whole note as text.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import dataclass
from typing import Any

from bot.evidence.canonical import canonical
from bot.evidence.chain.checkpoint import Note
from bot.evidence.chain.merkle import LONGEST_PROOF, Tree, verify_inclusion

SCHEMA = "beadle-proof/1"
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as read. ``facts`` are the fields of its line."""

    id: str
    line: bytes
    index: int
    size: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    public_pem: str
    facts: dict[str, Any]

    def holds(self, note: Note) -> bool:
        """Whether this line stands under the root of this checkpoint, and the proof cites that checkpoint."""
        found = note.checkpoint
        return (
            self.checkpoint == note.data
            and self.size == found.size
            and verify_inclusion(self.line, self.index, self.size, self.hashes, found.root)
            and self.facts.get("seq") == self.index
        )


def make_proof(name: str, line: bytes, index: int, tree: Tree, note: Note, public_pem: str) -> bytes:
    """The file of the proof that ``line`` (without its newline) is line ``index`` under this checkpoint."""
    size = note.checkpoint.size
    return canonical(
        {
            "schema": SCHEMA,
            "id": name,
            "line": line.decode(),
            "index": index,
            "size": size,
            "hashes": [each.hex() for each in tree.inclusion(index, size)],
            "checkpoint": note.data.decode(),
            "public_pem": public_pem,
        }
    )


def read_proof(data: bytes) -> Proof:
    """Read a proof strictly. Raises ``ValueError`` for anything that isn't one."""
    try:
        found = json.loads(data)
        return _proof(found)
    except (KeyError, TypeError, RecursionError, AttributeError, binascii.Error) as error:
        raise ValueError("this is not a proof") from error


def _proof(found: dict[str, Any]) -> Proof:
    if found["schema"] != SCHEMA or len(found["hashes"]) > LONGEST_PROOF:
        raise ValueError("this is not a proof")
    line = found["line"].encode()
    facts = json.loads(line)
    if not isinstance(facts, dict) or type(found["index"]) is not int or type(found["size"]) is not int:
        raise ValueError("this is not a proof")
    return Proof(
        id=str(found["id"]),
        line=line,
        index=found["index"],
        size=found["size"],
        hashes=tuple(bytes.fromhex(each) for each in found["hashes"]),
        checkpoint=found["checkpoint"].encode(),
        public_pem=str(found["public_pem"]),
        facts=facts,
    )
