"""The list that a city brings: digests of files that must never be copied (EV-20).

One digest a line in hexadecimal, SHA-256 or MD5 (which the lists of the police still use); ``#`` begins a comment. Only
an exact copy is known by its digest: one changed pixel makes another file.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import ConfigError, at_line

_DIGEST = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64}")
_LONGEST_LINE = 1_000
_NOT_A_DIGEST = "must be a SHA-256 (64 hexadecimal digits) or an MD5 (32), or begin with #."
_UNREADABLE = "BEADLE_MEDIA_HASHES: {path} can't be read ({why}); name a file of digests, or unset it."


@dataclass(frozen=True, slots=True)
class NeverCopy:
    """Digests, as bytes. Empty where the city brought none."""

    sha256: frozenset[bytes] = field(default=frozenset(), repr=False)
    md5: frozenset[bytes] = field(default=frozenset(), repr=False)

    def __len__(self) -> int:
        return len(self.sha256) + len(self.md5)

    def names(self, data: bytes) -> bool:
        """Whether this very file is on the list."""
        if self.sha256 and hashlib.sha256(data).digest() in self.sha256:
            return True
        # MD5 finds what a list names; it protects nothing.
        return bool(self.md5) and hashlib.md5(data, usedforsecurity=False).digest() in self.md5


def load(path: Path | None) -> NeverCopy:
    """Read the list; ``None`` is the empty one. Raises ``ConfigError`` with file and line for the first mistake: a list
    that is read in part would protect nobody who is on the rest of it."""
    if path is None:
        return NeverCopy()
    found: dict[int, set[bytes]] = {16: set(), 32: set()}
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if digest := _digest(path, number, line):
                    found[len(digest)].add(digest)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(_UNREADABLE.format(path=path, why=type(error).__name__)) from error
    return NeverCopy(frozenset(found[32]), frozenset(found[16]))


def _digest(path: Path, number: int, line: str) -> bytes | None:
    written = line.partition("#")[0].strip()
    if not written:
        return None
    if not _DIGEST.fullmatch(written):
        raise ConfigError(at_line(path, number, _NOT_A_DIGEST))
    return bytes.fromhex(written)
