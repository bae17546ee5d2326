"""What stands on the card, as plain values. The words that people read are in ``templates/card.typ``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.evidence.canonical import canonical, sha256
from bot.evidence.card.printable import Paragraph, excerpt, paragraphs, printable

_POST_CHARACTERS = 420


def sheet_of(record: Mapping[str, Any], *, has_picture: bool) -> dict[str, Any]:
    """The card of a record: strings fit to print, nothing else."""
    comment, site, times = record["comment"], record["site"], record["times"]
    return {
        "package_id": record["package_id"],
        "case_id": printable(record["case_id"]),
        "city": printable(site["city"]),
        "page_name": printable(site["page_name"]),
        "platform": printable(site["platform"].capitalize()),
        "page_id": printable(site["page_id"]),
        "account": _account(comment["account_displayed_as"]),
        "comment": _comment(record),
        "post": _post(record["post"]),
        "times": {name: _moment(times[name]) for name in ("posted_at", "edited_at", "first_seen_at", "captured_at")},
        "ids": {name: printable(comment[name] or "") for name in ("comment_id", "parent_id", "permalink")},
        "visibility": comment["visibility_before"].replace("_", " "),
        "clauses": [
            {"id": printable(clause["id"]), "summary": printable(clause["summary"], 600)}
            for clause in record["verdict"]["clauses"]
        ],
        "findings": [_finding(finding) for finding in record["verdict"]["findings"][:8]],
        "more_findings": max(len(record["verdict"]["findings"]) - 8, 0),
        "policy": _policy(record["policy"]),
        "custodian_role": printable(record["custodian_role"].replace("_", " ")),
        "previous": len(record["previous_packages_of_account"]),
        "gaps": [printable(gap, 400) for gap in record["gaps"]],
        "hashes": _hashes(record),
        "capture": _capture(record["capture"], has_picture),
        "software": _software(record["software"]),
    }


def _account(author: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": printable(author["display_name"] or "", 120),
        "id": printable(author["platform_id"] or ""),
        "handle": printable(author["handle"] or "", 120),
        "unavailable": printable(author["unavailable_reason"] or ""),
    }


def _comment(record: Mapping[str, Any]) -> dict[str, Any]:
    text = record["comment"]["text"]
    spans = [span for finding in record["verdict"]["findings"] for span in finding["spans"]]
    start, end = excerpt(text, spans)
    first, _ = paragraphs(text[start:end], [(a - start, b - start) for a, b in spans])
    is_cut = (start, end) != (0, len(text))
    shown, left_out = paragraphs(text, spans) if is_cut else (first, 0)
    return {
        "paragraphs": _paragraphs(first),
        "full": _paragraphs(shown) if is_cut else [],
        "starts_late": start > 0,
        "characters": f"{len(text):,}",
        "left_out": f"{left_out:,}" if left_out else "",
        "attachments": [_attachment(each) for each in record["comment"]["attachments"][:6]],
    }


def _paragraphs(shown: Sequence[Paragraph]) -> list[dict[str, Any]]:
    return [
        {"dir": each.direction, "runs": [{"text": run.text, "hit": run.hit} for run in each.runs]} for each in shown
    ]


def _attachment(attachment: Mapping[str, Any]) -> str:
    return ": ".join(printable(part, 160) for part in (attachment["kind"], attachment["title"] or "") if part)


def _post(post: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if post is None:
        return None
    shown, _ = paragraphs(post["text"][:_POST_CHARACTERS])
    return {
        "paragraphs": [{"dir": each.direction, "text": "".join(run.text for run in each.runs)} for each in shown[:8]],
        "cut": len(post["text"]) > _POST_CHARACTERS or len(shown) > 8,
        "id": printable(post["post_id"]),
        "posted_at": _moment(post["posted_at"]),
        "by_page": post["by_page"],
    }


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    matched = list(dict.fromkeys(finding["matched"]))
    return {
        "clause": printable(finding["clause"]),
        "rule": printable(finding["rule"]),
        "reason": printable(finding["reason"], 240),
        "matched": [printable(words, 80) for words in matched[:6]],
        "more": max(len(matched) - 6, 0),
    }


def _policy(policy: Mapping[str, Any]) -> dict[str, str]:
    return {
        "title": printable(policy["title"] or policy["slug"]),
        "version": printable(policy["version"]),
        "effective_at": _moment(policy["effective_at"])[:10],
    }


def _hashes(record: Mapping[str, Any]) -> list[list[str]]:
    bodies = [[f"Answer {each['number']} of the platform", each["body_sha256"]] for each in record["api"][:3]]
    return [
        ["This record (attached)", sha256(canonical(record))],
        ["Text of the comment", record["comment"]["text_sha256"]],
        ["Policy as in force", record["policy"]["sha256"]],
        *bodies,
    ]


def _capture(capture: Mapping[str, Any], has_picture: bool) -> dict[str, Any]:
    facts = capture.get("facts", {})
    return {
        "status": capture["status"].replace("_", " "),
        "reason": printable(capture["reason"], 400),
        "has_picture": has_picture,
        "visible": capture["comment_text_visible"],
        "url": printable(capture.get("url_final") or capture.get("url_asked") or ""),
        "http_status": str(capture.get("http_status") or ""),
        "sha256": capture.get("viewport_sha256") or "",
        "browser": printable(str(facts.get("browser", ""))),
        "taken_at": _moment(str(facts.get("taken_at", ""))),
        "viewport": printable(str(facts.get("viewport", ""))),
    }


def _software(software: Mapping[str, Any]) -> str:
    commit = f" ({software['commit'][:12]})" if software["commit"] else ""
    return printable(f"Beadle {software['version']}{commit}, typst {software['typst']}, Python {software['python']}")


def _moment(instant: str | None) -> str:
    """``2026-11-20T11:02:14.000000Z`` as ``2026-11-20 11:02:14 UTC``; nothing for nothing."""
    return f"{instant[:10]} {instant[11:19]} UTC" if instant else ""
