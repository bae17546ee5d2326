"""record.json: who, what, when, under which clause, and how we know. Every field is explained in docs/record.md.

What isn't known is ``null``, with the reason beside it (a field ending in ``_why``) or among the gaps; never a guess.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from bot.evidence.canonical import sha256, sha256_of_text, utc
from bot.evidence.capture import Capture
from bot.evidence.dossier import Dossier, Medium
from bot.evidence.packing import circumstances
from bot.evidence.packing.answers import Answer, Answers, Mask, fit
from bot.evidence.packing.circumstances import PublicKey
from bot.evidence.packing.leaks import Leaks
from bot.moderation.verdict import Finding
from connectors.contract import Attachment, Author, Comment, Post, Visibility

SCHEMA = "beadle-evidence/2"

NO_COUNT = "The platform did not deliver this figure."
NO_PROFILE = "The platform did not deliver the address of the account's own page."
NO_RETENTION = "Not decided at capture: this package is kept until a retention series is assigned to it."
NOTHING_FETCHED = "The comment carries {count} attachments; none of them was fetched."


def record_of(
    dossier: Dossier,
    capture: Capture | None,
    package_id: str,
    *,
    answers: Answers | None = None,
    masks: Sequence[Mask] = (),
    gaps: Sequence[str] = (),
    key: PublicKey | None = None,
) -> dict[str, Any]:
    """The content of ``data/record.json`` (EV-04), ready for canonical JSON.

    ``answers`` are the dossier's exchanges as they are kept; ``masks`` and ``gaps`` what was masked, and what is
    missing, besides what they say themselves; ``key`` signs the checkpoints of the log that the package will be in.
    """
    kept = answers if answers is not None else fit(dossier.exchanges, Leaks(()))
    return {
        "schema": SCHEMA,
        "package_id": package_id,
        "case_id": dossier.case_id,
        "site": _site(dossier),
        "comment": _comment(dossier),
        "parent_comment": None if dossier.parent is None else parent_of(dossier.parent),
        "post": None if dossier.post is None else post_of(dossier.post),
        "media": media_of(dossier.media),
        "times": _times(dossier),
        "policy": _policy(dossier),
        "verdict": _verdict(dossier),
        "mode": dossier.mode,
        "custodian_role": dossier.custodian_role,
        "retention": {"preset": None, "series": None, "trigger": None, "why": NO_RETENTION},
        "holds_at_capture": [],
        "effect_of_hide": dossier.effect,
        "previous_packages_of_account": list(dossier.previous),
        "gaps": [*dossier.gaps, *_media_gaps(dossier), *kept.gaps, *gaps],
        "image_kind": _image_kind(capture),
        "api": [exchange_of(number, answer) for number, answer in enumerate(kept.kept, start=1)],
        "secrets_masked": [mask_of(mask) for mask in (*kept.masks, *masks)],
        "capture": capture_facts(capture),
        "provenance": circumstances.provenance(kept.exchanges, capture),
        "software": circumstances.software(dossier.software),
        "host": circumstances.host(dossier.host),
        "clock": circumstances.clock(dossier.clock),
        "signing": circumstances.signing(key),
        "dublin_core": circumstances.dublin_core(dossier, package_id),
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


def capture_facts(capture: Capture | None) -> dict[str, Any]:
    """What is known of the picture, without its bytes."""
    if capture is None:
        capture = Capture("failed", "No picture was asked for.")
        return {**capture_facts(capture), "status": "not_asked"}
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
        "recorded_exchanges": len(capture.exchanges),
        "facts": dict(capture.facts),
    }


def exchange_of(number: int, answer: Answer) -> dict[str, Any]:
    """What is known of one request to the platform and its answer, without their content."""
    exchange = answer.exchange
    return {
        "number": number,
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "started_at": utc(exchange.started_at),
        "elapsed_ms": round(exchange.elapsed_ms, 1),
        "body_sha256": sha256(exchange.body),
        "body_bytes": len(exchange.body),
        "received_sha256": answer.received_sha256,
        "received_bytes": answer.received_bytes,
        "secrets_masked": exchange.masked,
    }


def mask_of(mask: Mask) -> dict[str, Any]:
    """Where a secret of the city was masked."""
    return {"member": mask.member, "part": mask.part, "spans": [list(span) for span in mask.spans]}


def media_of(media: Sequence[Medium]) -> list[dict[str, Any]]:
    """What is known of the attachments as fetched, without their bytes."""
    return [_medium(number, medium) for number, medium in enumerate(media, start=1)]


def name_of_medium(number: int, medium: Medium) -> str | None:
    """The file of the package that holds an attachment: by number and digest, never by the platform's name for it."""
    if medium.data is None or medium.restricted:
        return None
    return f"data/media/{number:02}-{sha256(medium.data)[:12]}.{medium.extension}"


def post_of(post: Post) -> dict[str, Any]:
    """The post that the comment answers."""
    return {
        "post_id": post.post_id,
        "text": post.text,
        "posted_at": utc(post.posted_at),
        "permalink": post.permalink,
        "by_page": post.by_page,
        "revision": post.revision,
        "comment_count": post.comment_count,
    }


def parent_of(parent: Comment) -> dict[str, Any]:
    """The comment that this one answers: what it is about, not what was judged."""
    return {
        "comment_id": parent.ref.comment_id,
        "account_displayed_as": _author(parent.author),
        "text": parent.text,
        "posted_at": utc(parent.posted_at),
        "permalink": parent.permalink,
        "revision": parent.revision,
    }


def _site(dossier: Dossier) -> dict[str, Any]:
    site = dossier.site
    return {
        "city": site.city,
        "slug": site.slug,
        "page_name": site.page_name,
        "platform": site.platform,
        "page_id": site.page_id,
        "timezone": site.timezone,
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
        "text_nfc_sha256": sha256_of_text(unicodedata.normalize("NFC", comment.text)),
        "lang": dossier.verdict.lang,
        "revision": comment.revision,
        "attachments": [_attachment(each) for each in comment.attachments],
        "visibility_before": comment.visibility.value,
        "visibility_at_capture": None if dossier.stands is None else dossier.stands.value,
        "visibility_at_capture_why": _why_not_seen(dossier.stands),
        "by_page": comment.by_page,
        "reply_count": comment.reply_count,
        "reply_count_why": NO_COUNT if comment.reply_count is None else None,
        "reaction_count": comment.reaction_count,
        "reaction_count_why": NO_COUNT if comment.reaction_count is None else None,
    }


def _why_not_seen(stands: Visibility | None) -> str | None:
    return "The comment could not be read again at capture." if stands is None else None


def _author(author: Author) -> dict[str, Any]:
    return {
        "platform_id": author.author_id,
        "display_name": author.display_name,
        "handle": author.handle,
        "profile_url": author.profile_url,
        "profile_url_why": NO_PROFILE if author.profile_url is None else None,
        "unavailable_reason": author.unavailable_reason,
    }


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "kind": attachment.kind,
        "url": attachment.url,
        "title": attachment.title,
        "preview": attachment.preview,
    }


def _medium(number: int, medium: Medium) -> dict[str, Any]:
    return {
        "number": number,
        "file": name_of_medium(number, medium),
        "url": medium.url,
        "final_url": medium.final_url,
        "status": medium.status,
        "declared_type": medium.declared_type,
        "sniffed": medium.sniffed,
        "size": medium.size,
        "sha256": medium.sha256,
        "fetched_at": utc(medium.fetched_at),
        "error": medium.error,
        "restricted": medium.restricted,
    }


def _media_gaps(dossier: Dossier) -> list[str]:
    carried = len(dossier.comment.attachments)
    return [NOTHING_FETCHED.format(count=carried)] if carried and not dossier.media else []


def _times(dossier: Dossier) -> dict[str, Any]:
    comment = dossier.comment
    return {
        "posted_at": utc(comment.posted_at),
        "edited_at": None if comment.edited_at is None else utc(comment.edited_at),
        "first_seen_at": utc(dossier.first_seen_at),
        "captured_at": utc(dossier.captured_at),
        "capture_latency_s": round((dossier.captured_at - dossier.first_seen_at).total_seconds(), 3),
        "local": circumstances.local_times(dossier),
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
        "detectors": _detectors(dossier),
        "labels": dict(verdict.labels),
    }


def _detectors(dossier: Dossier) -> list[dict[str, str]]:
    """A detector is code of this version, working on the rules of that policy."""
    names = dict.fromkeys(finding.detector for finding in dossier.verdict.findings)
    version, rules = dossier.software.version, dossier.policy.digest
    return [{"name": name, "version": version, "rules_sha256": rules} for name in names]


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


def _image_kind(capture: Capture | None) -> list[str]:
    """A rendering is never called a picture of the page (EV-03), and a picture without the words is no proof."""
    seen = capture is not None and capture.comment_text_visible
    return ["platform_page_capture", "api_rendering"] if seen else ["api_rendering"]
