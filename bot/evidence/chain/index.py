"""Where in the log what stands: kept in memory, made from the log alone, and read again from disk before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the log: its number, where it begins and how long it is (bytes), and its SHA-256."""

    number: int
    offset: int
    length: int
    sha256: str


class Index:
    """Finds lines by package, case and key. The first line of a case, or of a key, is the one that counts."""

    def __init__(self) -> None:
        self._packages: dict[str, Place] = {}
        self._cases: dict[str, Place] = {}
        self._keys: dict[tuple[str, str], Place] = {}
        self._signs: Place | None = None
        self._restricted: set[str] = set()
        self._not_copied: set[str] = set()

    def add(self, place: Place, facts: Mapping[str, Any]) -> None:
        """Take in one line."""
        kind = str(facts.get("type"))
        if "id" in facts:
            self._packages.setdefault(str(facts["id"]), place)
        if kind in ("package", "package-recovered"):
            self._cases.setdefault(str(facts.get("case_id")), place)
        if "key" in facts:
            self._keys.setdefault((kind, str(facts["key"])), place)
        if kind == "key":
            self._signs = place
        if kind == "restricted":
            self._restricted |= {str(facts.get("package")), str(facts.get("case_id"))}
            self._not_copied.update(map(str, facts.get("media", ())))

    def package(self, package_id: str) -> Place | None:
        """The line that sealed a package or supplement."""
        return self._packages.get(package_id)

    def case(self, case_id: str) -> Place | None:
        """The line that sealed the package of a case."""
        return self._cases.get(case_id)

    def keyed(self, kind: str, key: str) -> Place | None:
        """The line of this type that carries this key."""
        return self._keys.get((kind, key))

    def signs(self) -> Place | None:
        """The line that named the key that signs the log now."""
        return self._signs

    def restricted(self, name: str) -> bool:
        """Whether a line of type ``restricted`` names this package, or this case."""
        return name in self._restricted

    def not_copied(self, digest: str) -> bool:
        """Whether the medium of this SHA-256 hangs on a case that was restricted."""
        return digest in self._not_copied
