"""What stands on the card, as plain values. The words that people read are in ``templates/card.typ``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import connectors
from bot.evidence.canonical import canonical, sha256
from bot.evidence.card.drawing import Drawing
from bot.evidence.card.printable import Paragraph, direction, excerpt, paragraphs, printable

_POST_CHARACTERS = 420
_MOST_CLAUSES = 12
_MOST_FINDINGS = 8
_MOST_GAPS = 12
_MOST_MEDIA = 12


def sheet_of(record: Mapping[str, Any], drawing: Drawing) -> dict[str, Any]:
    """The card of a record: strings fit to print, nothing else. ``drawing``: the picture of the page, if there is one.

    Fields that came later than the first records are asked for with ``get``: a card can be set of an old record.
    """
    comment, site, times = record["comment"], record["site"], record["times"]
    return {
        "package_id": record["package_id"],
        "case_id": printable(record["case_id"]),
        "city": printable(site["city"]),
        "page_name": printable(site["page_name"]),
        "platform": printable(connectors.spoken(site["platform"])),
        "page_id": printable(site["page_id"]),
        "account": _account(comment["account_displayed_as"]),
        "comment": _comment(record),
        "post": _post(record["post"]),
        "times": {name: _moment(times[name]) for name in ("posted_at", "edited_at", "first_seen_at", "captured_at")},
        "ids": {name: printable(comment[name] or "") for name in ("comment_id", "parent_id", "permalink")},
        "visibility": comment["visibility_before"].replace("_", " "),
        **_grounds(record["verdict"]),
        "policy": _policy(record["policy"]),
        "custodian_role": printable(record["custodian_role"].replace("_", " ")),
        "previous": len(record["previous_packages_of_account"]),
        "gaps": [printable(gap, 400) for gap in record["gaps"][:_MOST_GAPS]],
        "more_gaps": max(len(record["gaps"]) - _MOST_GAPS, 0),
        "media": [_medium(each) for each in record.get("media", ())[:_MOST_MEDIA]],
        "more_media": max(len(record.get("media", ())) - _MOST_MEDIA, 0),
        "hashes": _hashes(record),
        "capture": _capture(record, drawing),
        "software": _software(record["software"]),
    }


def _grounds(verdict: Mapping[str, Any]) -> dict[str, Any]:
    clauses, findings = verdict["clauses"], verdict["findings"]
    return {
        "clauses": [
            {"id": printable(clause["id"]), "summary": printable(clause["summary"], 600)}
            for clause in clauses[:_MOST_CLAUSES]
        ],
        "more_clauses": max(len(clauses) - _MOST_CLAUSES, 0),
        "findings": [_finding(finding) for finding in findings[:_MOST_FINDINGS]],
        "more_findings": max(len(findings) - _MOST_FINDINGS, 0),
    }


def _account(author: Mapping[str, Any]) -> dict[str, str]:
    name = author["display_name"] or ""
    return {
        "name": printable(name, 120),
        "dir": direction(name),
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
        "lang": _language(text, record["comment"].get("lang")),
        "paragraphs": _paragraphs(first),
        "full": _paragraphs(shown) if is_cut else [],
        "starts_late": start > 0,
        "characters": f"{len(text):,}",
        "left_out": f"{left_out:,}" if left_out else "",
        "attachments": [_attachment(each) for each in record["comment"]["attachments"][:6]],
    }


def _language(text: str, told: object) -> str:
    """The same Chinese sign is drawn otherwise in Japanese and Korean; the letters beside it tell which it is."""
    if re.search("[\u3041-\u30ff]", text):
        return "ja"
    if re.search("[\uac00-\ud7a3]", text):
        return "ko"
    return told if isinstance(told, str) and re.fullmatch("[a-z]{2}", told) else "en"


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


def _medium(medium: Mapping[str, Any]) -> dict[str, str]:
    size = medium.get("size")
    kept = "kept" if medium.get("file") else "not copied"
    why = "restricted: only its digest is kept" if medium.get("restricted") else medium.get("error") or ""
    kind = medium.get("sniffed") or "type unknown"
    parts = (kind, "" if size is None else f"{size:,} bytes", kept, why)
    return {"facts": printable(", ".join(part for part in parts if part), 200), "sha256": medium.get("sha256") or ""}


def _hashes(record: Mapping[str, Any]) -> list[list[str]]:
    bodies = [[f"Answer {each['number']} of the platform", each["body_sha256"]] for each in record["api"][:3]]
    fonts = re.fullmatch(r"(\d{1,4}) files, sha256 ([0-9a-f]{64})", record["software"]["fonts"])
    return [
        ["This record (attached)", sha256(canonical(record))],
        ["Text of the comment", record["comment"]["text_sha256"]],
        ["Policy as in force", record["policy"]["sha256"]],
        *bodies,
        *([[f"Fonts of this card ({fonts[1]})", fonts[2]]] if fonts else []),
    ]


def _capture(record: Mapping[str, Any], drawing: Drawing) -> dict[str, Any]:
    capture = record["capture"]
    facts = capture.get("facts", {})
    return {
        "status": capture["status"].replace("_", " "),
        "reason": printable(capture["reason"], 400),
        "has_picture": bool(drawing.svg),
        "shape": drawing.height / drawing.width if drawing.width else 0,
        "not_shown": drawing.why,
        "visible": capture["comment_text_visible"],
        "url": printable(capture.get("url_final") or capture.get("url_asked") or ""),
        "http_status": str(capture.get("http_status") or ""),
        "sha256": capture.get("viewport_sha256") or "",
        "taken_at": _moment(str(facts.get("taken_at") or "")),
        "certificate": _certificate(facts.get("certificate")),
        "server": _server(str(capture.get("url_final") or ""), facts.get("connections") or ()),
        "blocked": _fact(facts.get("blocked_requests")),
        **{name: _fact(facts.get(name)) for name in ("browser", "viewport", "sandbox")},
    }


def _fact(fact: object) -> str:
    return printable(str(fact), 200) if fact else ""


def _server(url: str, connections: Iterable[Mapping[str, Any]]) -> str:
    """The addresses to which the browser was connected for the page itself."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return ""
    spoken_to = dict.fromkeys(str(each["address"]) for each in connections if host and each.get("host") == host)
    return printable(", ".join(spoken_to), 200)


def _certificate(tls: object) -> str:
    """The certificate of the page's server on one line, from whatever of it was recorded."""
    if not isinstance(tls, Mapping):
        return ""
    parts = {
        "": tls.get("subject"),
        "issued by ": tls.get("issuer"),
        "valid from ": str(tls.get("valid_from") or "")[:10],
        "to ": str(tls.get("valid_to") or "")[:10],
        "SHA-256 ": tls.get("sha256"),
    }
    return printable(", ".join(f"{word}{said}" for word, said in parts.items() if said), 400)


def _software(software: Mapping[str, Any]) -> str:
    commit = f" ({software['commit'][:12]})" if software["commit"] else ""
    return printable(f"Beadle {software['version']}{commit}, typst {software['typst']}, Python {software['python']}")


def _moment(instant: str | None) -> str:
    """``2026-11-20T11:02:14.000000Z`` as ``2026-11-20 11:02:14 UTC``; nothing for nothing."""
    return f"{instant[:10]} {instant[11:19]} UTC" if instant else ""
