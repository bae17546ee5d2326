"""record.json: who, what, when, under which clause, and how we know. One flat reading of a dossier and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.evidence.canonical import sha256, sha256_of_text, utc
from bot.evidence.capture import Capture
from bot.evidence.dossier import Dossier
from bot.moderation.verdict import Finding
from connectors.contract import Attachment, Author, Exchange, Post

SCHEMA = "beadle-evidence/1"
SUPPLEMENT_SCHEMA = "beadle-supplement/1"


def record_of(dossier: Dossier, capture: Capture | None, package_id: str) -> dict[str, Any]:
    """The content of ``data/record.json`` (EV-04), ready for canonical JSON."""
    return {
        "schema": SCHEMA,
        "package_id": package_id,
        "case_id": dossier.case_id,
        "site": _site(dossier),
        "comment": _comment(dossier),
        "post": _post(dossier.post),
        "times": _times(dossier),
        "policy": _policy(dossier),
        "verdict": _verdict(dossier),
        "mode": dossier.mode,
        "custodian_role": dossier.custodian_role,
        "effect_of_hide": dossier.effect,
        "previous_packages_of_account": list(dossier.previous),
        "gaps": list(dossier.gaps),
        "api": [_exchange(number, exchange) for number, exchange in enumerate(dossier.exchanges, start=1)],
        "capture": capture_facts(capture),
        "software": _software(dossier),
        "host": {"name": dossier.host.name, "os": dossier.host.os, "timezone": dossier.host.timezone},
        "clock": {"source": dossier.clock.source, "skew_vs_http_date_s": dossier.clock.skew_s},
    }


def matches_of(dossier: Dossier) -> dict[str, Any]:
    """The content of ``data/policy.json``: the clauses cited, and the words that matched them."""
    return {
        **_policy(dossier),
        "clauses": [
            {"id": clause, "summary": dossier.policy.clauses.get(clause, "")} for clause in dossier.verdict.clauses
        ],
        "matches": [_finding(finding, dossier.comment.text) for finding in dossier.verdict.findings],
    }


def supplement_record(
    package_id: str,
    parent: Mapping[str, str],
    key: str,
    kind: str,
    facts: Mapping[str, object],
    exchanges: tuple[Exchange, ...],
    sealed_at: str,
) -> dict[str, Any]:
    """The record of what happened after the parent was sealed. ``parent``: its package_id, sha256 and case_id."""
    return {
        "schema": SUPPLEMENT_SCHEMA,
        "package_id": package_id,
        "case_id": parent["case_id"],
        "parent": {"package_id": parent["package_id"], "sha256": parent["sha256"]},
        "key": key,
        "kind": kind,
        "facts": dict(facts),
        "api": [_exchange(number, exchange) for number, exchange in enumerate(exchanges, start=1)],
        "sealed_at": sealed_at,
    }


def capture_facts(capture: Capture | None) -> dict[str, Any]:
    """What is known of the picture, without its bytes."""
    if capture is None:
        return {"status": "not_asked", "reason": "No picture was asked for.", "comment_text_visible": False}
    return {
        "status": capture.status,
        "reason": capture.reason,
        "url_asked": capture.url_asked,
        "url_final": capture.url_final,
        "http_status": capture.http_status,
        "bbox": None if capture.bbox is None else list(capture.bbox),
        "comment_text_visible": capture.comment_text_visible,
        "match_ratio": capture.match_ratio,
        "viewport_sha256": None if capture.viewport_png is None else sha256(capture.viewport_png),
        "comment_sha256": None if capture.comment_png is None else sha256(capture.comment_png),
        "facts": dict(capture.facts),
    }


def _site(dossier: Dossier) -> dict[str, Any]:
    site = dossier.site
    return {
        "city": site.city,
        "slug": site.slug,
        "page_name": site.page_name,
        "platform": site.platform,
        "page_id": site.page_id,
    }


def _comment(dossier: Dossier) -> dict[str, Any]:
    comment = dossier.comment
    return {
        "comment_id": comment.ref.comment_id,
        "post_id": comment.post_id,
        "parent_id": comment.parent_id,
        "permalink": comment.permalink,
        "account_displayed_as": _author(comment.author),
        "text": comment.text,
        "text_sha256": sha256_of_text(comment.text),
        "lang": dossier.verdict.lang,
        "revision": comment.revision,
        "attachments": [_attachment(each) for each in comment.attachments],
        "visibility_before": comment.visibility.value,
        "by_page": comment.by_page,
    }


def _author(author: Author) -> dict[str, Any]:
    return {
        "platform_id": author.author_id,
        "display_name": author.display_name,
        "handle": author.handle,
        "unavailable_reason": author.unavailable_reason,
    }


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {"kind": attachment.kind, "url": attachment.url, "title": attachment.title}


def _post(post: Post | None) -> dict[str, Any] | None:
    if post is None:
        return None
    return {
        "post_id": post.post_id,
        "text": post.text,
        "posted_at": utc(post.posted_at),
        "permalink": post.permalink,
        "by_page": post.by_page,
        "revision": post.revision,
        "comment_count": post.comment_count,
    }


def _times(dossier: Dossier) -> dict[str, Any]:
    comment = dossier.comment
    return {
        "posted_at": utc(comment.posted_at),
        "edited_at": None if comment.edited_at is None else utc(comment.edited_at),
        "first_seen_at": utc(dossier.first_seen_at),
        "captured_at": utc(dossier.captured_at),
        "capture_latency_s": round((dossier.captured_at - dossier.first_seen_at).total_seconds(), 3),
    }


def _policy(dossier: Dossier) -> dict[str, Any]:
    policy = dossier.policy
    return {
        "slug": policy.slug,
        "title": policy.title,
        "version": policy.version,
        "sha256": policy.digest,
        "effective_at": None if policy.effective_at is None else utc(policy.effective_at),
    }


def _verdict(dossier: Dossier) -> dict[str, Any]:
    verdict = dossier.verdict
    return {
        "outcome": verdict.outcome.value,
        "measure": verdict.measure.value,
        "clauses": [{"id": clause, "summary": dossier.policy.clauses.get(clause, "")} for clause in verdict.clauses],
        "findings": [_finding(finding, dossier.comment.text) for finding in verdict.findings],
        "labels": dict(verdict.labels),
    }


def _finding(finding: Finding, text: str) -> dict[str, Any]:
    return {
        "rule": finding.rule_id,
        "clause": finding.clause,
        "category": finding.category,
        "detector": finding.detector,
        "score": finding.score,
        "reason": finding.reason,
        "measure": finding.measure.value,
        "enumerable": finding.enumerable,
        "urgent": finding.urgent,
        "spans": [[span.start, span.end] for span in finding.spans],
        "matched": [text[span.start : span.end] for span in finding.spans],
    }


def _exchange(number: int, exchange: Exchange) -> dict[str, Any]:
    return {
        "number": number,
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "started_at": utc(exchange.started_at),
        "elapsed_ms": round(exchange.elapsed_ms, 1),
        "body_sha256": sha256(exchange.body),
        "body_bytes": len(exchange.body),
        "secrets_masked": exchange.masked,
    }


def _software(dossier: Dossier) -> dict[str, Any]:
    software = dossier.software
    return {
        "name": "beadle",
        "version": software.version,
        "commit": software.commit,
        "python": software.python,
        "typst": software.typst,
        "browser": software.browser,
        "fonts": software.fonts,
    }
