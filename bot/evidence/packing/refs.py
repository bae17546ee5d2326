"""What points to a sealed package: the references that callers keep, and the lines of the log that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import EvidenceError
from bot.evidence.packing.supplements import KINDS, SUPPLEMENT_SCHEMA

PROFILE = "urn:uuid:5d7f3a1e-6c0b-4b7e-9a52-0b6d5f0c2e11"
"""The bag's profile, which is ``docs/bagit-profile.json``."""

_ABOUT = "Public comment on a page of the city, with the policy it was judged by"
_LATER = "What happened after an evidence package was sealed"


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """A sealed package of a case. ``path`` is relative to the archive; ``sha256`` is of the ZIP."""

    case_id: str
    package_id: str
    path: str
    sha256: str
    manifest_sha256: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class SupplementRef:
    """A sealed supplement to the package ``parent_id``."""

    case_id: str
    parent_id: str
    package_id: str
    path: str
    sha256: str
    manifest_sha256: str
    kind: str
    key: str
    sealed_at: datetime


def ref_of(line: Mapping[str, Any]) -> EvidenceRef:
    """The package that a line of type ``package`` or ``package-recovered`` sealed."""
    if line["type"] not in ("package", "package-recovered"):
        raise EvidenceError(f"{line['id']} is not the package of a case.")
    return EvidenceRef(
        case_id=line["case_id"],
        package_id=line["id"],
        path=line["path"],
        sha256=line["sha256"],
        manifest_sha256=line["manifest_sha256"],
        sealed_at=datetime.fromisoformat(line["time"]),
    )


def supplement_ref_of(line: Mapping[str, Any]) -> SupplementRef:
    """The supplement that a line of type ``supplement`` sealed."""
    return SupplementRef(
        case_id=line["case_id"],
        parent_id=line["parent"],
        package_id=line["id"],
        path=line["path"],
        sha256=line["sha256"],
        manifest_sha256=line["manifest_sha256"],
        kind=line["kind"],
        key=line["key"],
        sealed_at=datetime.fromisoformat(line["time"]),
    )


def supplement_key(case_id: str, kind: str, key: str) -> str:
    """What makes a second supplement the same supplement."""
    return f"{case_id}/{kind}/{key}"


def supplement_line(case_id: str, parent_id: str, kind: str, key: str) -> dict[str, Any]:
    """What a line says of a supplement, besides its digests."""
    return {"case_id": case_id, "parent": parent_id, "kind": kind, "key": supplement_key(case_id, kind, key)}


def recovered_line(record: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The type and facts of the line for a package that was whole on the disk but, after a crash, had no line."""
    if str(record.get("schema")).startswith(SUPPLEMENT_SCHEMA.partition("/")[0]):
        line = supplement_line(record["case_id"], record["parent"]["package_id"], record["kind"], record["key"])
        return "supplement", {**line, "recovered": True}
    return "package-recovered", {"case_id": record["case_id"]}


def package_info(record: Mapping[str, Any]) -> dict[str, str]:
    """What ``bag-info.txt`` says of a package, besides date and size (Dublin Core: EV-16)."""
    site = record.get("site", {})
    core = {f"DC-{term.capitalize()}": value for term, value in record.get("dublin_core", {}).items()}
    return {
        "Source-Organization": site.get("city") or site.get("page_name") or "see the parent package",
        "External-Identifier": record["package_id"],
        "Internal-Sender-Identifier": record["case_id"],
        "External-Description": _ABOUT if site else f"{_LATER}: {KINDS.get(record.get('kind', ''), 'see record.json')}",
        "BagIt-Profile-Identifier": PROFILE,
        "Bag-Software-Agent": "beadle",
        **core,
        **({"DC-Relation": record["parent"]["package_id"]} if "parent" in record else {}),
    }
