"""A verdict as it is stored, and back. The stored form is what a court would be shown: no class names, no pickles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.ledger.tables import Case, Revision
from bot.moderation.verdict import Finding, Measure, Outcome, PolicyRef, Span, Verdict

WITHHELD = "What matched is not kept: the platform's terms allow ids, times and digests only."


def without_words(verdict: Verdict) -> Verdict:
    """The same verdict with nothing of the comment in it: rules and clauses stay, places and reasons go."""
    return replace(verdict, findings=tuple(replace(each, spans=(), reason=WITHHELD) for each in verdict.findings))


def of_case(case: Case | None, revision: Revision) -> Verdict:
    """Why there is a case: what a person reported, or else what the rules found in the revision."""
    return from_json(case.verdict if case is not None and case.verdict is not None else revision.verdict)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain JSON values."""
    return {
        "outcome": verdict.outcome.value,
        "measure": verdict.measure.value,
        "policy": {
            "slug": verdict.policy.slug,
            "version": verdict.policy.version,
            "digest": verdict.policy.digest,
        },
        "lang": verdict.lang,
        "labels": dict(verdict.labels),
        "findings": [_finding_json(finding) for finding in verdict.findings],
    }


def from_json(stored: Mapping[str, Any]) -> Verdict:
    """The verdict that ``as_json`` stored."""
    return Verdict(
        outcome=Outcome(stored["outcome"]),
        measure=Measure(stored["measure"]),
        policy=PolicyRef(**stored["policy"]),
        lang=stored["lang"],
        labels=dict(stored["labels"]),
        findings=tuple(_finding(each) for each in stored["findings"]),
    )


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule_id,
        "clause": finding.clause,
        "category": finding.category,
        "detector": finding.detector,
        "spans": [[span.start, span.end] for span in finding.spans],
        "score": finding.score,
        "reason": finding.reason,
        "measure": finding.measure.value,
        "enumerable": finding.enumerable,
        "urgent": finding.urgent,
    }


def _finding(stored: Mapping[str, Any]) -> Finding:
    return Finding(
        rule_id=stored["rule"],
        clause=stored["clause"],
        category=stored["category"],
        detector=stored["detector"],
        spans=tuple(Span(start, end) for start, end in stored["spans"]),
        score=stored["score"],
        reason=stored["reason"],
        measure=Measure(stored["measure"]),
        enumerable=stored["enumerable"],
        urgent=stored["urgent"],
    )
