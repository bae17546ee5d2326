"""A witness who stands at the platform's door: whenever something is about to be changed, is the evidence there?"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session

from bot.errors import EvidenceError
from bot.ledger import cases


class Prover(Protocol):
    """Proves a package against the disk (``bot.evidence.store.Archive``)."""

    def prove_package(self, package_id: str, sha256: str) -> None: ...


@dataclass
class Witness:
    """``seen`` counts the writes that reached the platform; ``unproven`` lists those without sealed evidence."""

    reading: sa.Engine
    archive: Prover
    seen: int = 0
    unproven: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, verb: str, comment_id: str) -> None:
        """Look, before the write has any effect."""
        proven = self._is_proven(comment_id)
        with self._lock:
            self.seen += 1
            if not proven:
                self.unproven.append(f"{verb} {comment_id}")

    def _is_proven(self, comment_id: str) -> bool:
        with Session(self.reading) as session:
            sealed = cases.evidence_of_comment(session, comment_id)
        for evidence in sealed:
            try:
                self.archive.prove_package(evidence.package_id, evidence.sha256)
            except EvidenceError:
                continue
            return True
        return False
