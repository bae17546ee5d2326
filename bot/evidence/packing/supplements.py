"""Supplements: what happened after a package was sealed. Each is a package of its own and cites the first one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.errors import EvidenceError
from bot.evidence.capture import Capture
from bot.evidence.packing.answers import Answers
from bot.evidence.packing.record import capture_facts, exchange_of, mask_of

SUPPLEMENT_SCHEMA = "beadle-supplement/2"

KINDS: Mapping[str, str] = {
    "decision": "a person's decision, and the platform's answer where something was asked of it",
    "action": "an act by rule, and the platform's answer",
    "look": "a look at the public page after an act",
    "notice": "a notice to the account",
    "appeal": "an appeal, or what became of one",
    "restore": "a person's decision to show the comment again, and the platform's answer",
    "hold": "a hold placed or released",
    "transfer": "the package handed over to somebody else",
    "restriction": "who may see the package was narrowed",
    "correction": "a mistake in the package, told and not mended: the package stays as it was sealed",
}
"""The kinds that there are. A kind that isn't here is refused: whoever reads supplements knows all of them."""

_FILE = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.[a-z0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Cited:
    """The package that a supplement belongs to: its digests, and its line in the log (counted from 0)."""

    package_id: str
    case_id: str
    sha256: str
    tagmanifest_sha256: str
    log_line: int
    log_line_sha256: str


@dataclass(frozen=True, slots=True)
class Later:
    """What happened, and what proves it. ``facts`` are JSON values; ``files`` maps a plain name to its bytes."""

    key: str
    kind: str
    facts: Mapping[str, object]
    capture: Capture | None = None
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise EvidenceError(f'"{self.kind}" is no kind of supplement; there are: {", ".join(KINDS)}.')
        strange = [name for name in self.files if not _FILE.fullmatch(name)]
        if strange:
            raise EvidenceError("A file of a supplement has a plain name of ours, as notice.pdf, and no other.")


def supplement_record(
    package_id: str, parent: Cited, later: Later, answers: Answers, sealed_at: str, gaps: Sequence[str] = ()
) -> dict[str, Any]:
    """The content of a supplement's ``data/record.json``."""
    return {
        "schema": SUPPLEMENT_SCHEMA,
        "package_id": package_id,
        "case_id": parent.case_id,
        "parent": {
            "package_id": parent.package_id,
            "sha256": parent.sha256,
            "tagmanifest_sha256": parent.tagmanifest_sha256,
            "log_line": parent.log_line,
            "log_line_sha256": parent.log_line_sha256,
        },
        "key": later.key,
        "kind": later.kind,
        "facts": dict(later.facts),
        "api": [exchange_of(number, answer) for number, answer in enumerate(answers.kept, start=1)],
        "secrets_masked": [mask_of(mask) for mask in answers.masks],
        "capture": None if later.capture is None else capture_facts(later.capture),
        "files": sorted(f"data/files/{name}" for name in later.files),
        "gaps": [*answers.gaps, *gaps],
        "sealed_at": sealed_at,
    }
