"""What stands on the page of a package, as plain values. The words that people read are in ``templates/``."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.evidence.packing.package import Package
from bot.evidence.proof.marked import marked, shown
from bot.evidence.proof.peek import Peek
from bot.evidence.proof.report import Report, Stamp

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_PICTURE = 24 << 20
_LONG = 1_500
_ENTRIES = 200
_EXCERPT = 6_000
_PICTURES = {
    "data/capture/comment.png": "the comment on the public page",
    "data/capture/viewport.png": "the public page around the comment",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One package or supplement to be shown. ``files`` maps a member to the address of its unpacked file, relative to
    the page; what isn't in it was left packed. ``sha256`` is that of the ZIP."""

    package: Package
    sha256: str
    size: int
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> Peek:
        """Its record, to be looked into with care."""
        return Peek(self.package.record)


def view_of(
    first: Seen, later: Sequence[Seen], report: Report, *, restricted: bool, made_at: datetime, exports: Sequence[Peek]
) -> dict[str, Any]:
    """Everything that the page of ``first`` says; ``later`` are its supplements, ``report`` the check of all of it."""
    record = first.record
    return {
        "id": first.package.package_id,
        "case_id": shown(record["case_id"].text, 300),
        "is_case": bool(record["comment"]),
        "made_at": _moment(made_at),
        "restricted": restricted,
        "check": _check(report, first),
        "site": {name: shown(record["site"][name].text, 200) for name in ("city", "page_name", "platform", "page_id")},
        "account": _account(record["comment"]["account_displayed_as"]),
        "comment": _comment(record),
        "parent": _words(record["parent_comment"]),
        "post": _words(record["post"]),
        "policy": _policy(record),
        "times": _times(record),
        "capture": _capture(record["capture"]),
        "pictures": [] if restricted else list(_pictures(first)),
        "card": None if restricted else first.files.get("data/card/evidence.pdf"),
        "later": [_later(each, restricted) for each in later],
        "own_facts": [] if record["comment"] else _later(first, restricted)["facts"],
        "kind": shown(record["kind"].text, 60),
        "media": list(_media(record, first, restricted)),
        "api": list(_api(first)),
        "custody": list(_custody(first.package.members.get("custody.jsonl", b""))),
        "exports": [{"at": _moment(each["time"].moment), "by": shown(each["by"].text, 60)} for each in exports],
        "gaps": [shown(each.text, 600) for each in record["gaps"].each(_ENTRIES)],
        "software": [(name, shown(value, 120)) for name, value in record["software"].rows(30)],
        "clock": [(name, shown(value, 300)) for name, value in record["clock"].rows(20)],
        "host": [(name, shown(value, 120)) for name, value in record["host"].rows(20)],
        "digests": list(_digests(first)),
    }


def _check(report: Report, first: Seen) -> dict[str, Any]:
    stamps = [stamp for stamp in report.stamps if stamp.state == "valid" and stamp.checkpoint >= (report.line or 0)]
    earliest: Stamp | None = min(stamps, key=lambda stamp: stamp.checkpoint, default=None)
    return {
        "verdict": report.verdict,
        "line": report.line,
        "lines": report.lines,
        "signed": None if report.signed is None else report.signed.key_id,
        "stamped_at": None if earliest is None else _moment(earliest.time),
        "flaws": [{"kind": flaw.kind.replace("_", " "), "said": shown(flaw.sentence, 600)} for flaw in report.flaws],
        "notes": [shown(note, 600) for note in report.notes],
        "sha256": first.sha256,
        "size": first.size,
    }


def _account(author: Peek) -> dict[str, str]:
    names = {"display_name": 200, "handle": 120, "platform_id": 200, "unavailable_reason": 300, "profile_url": 300}
    return {name: shown(author[name].text, most) for name, most in names.items()}


def _comment(record: Peek) -> dict[str, Any]:
    comment = record["comment"]
    text = comment["text"].text
    spans = [pair for finding in record["verdict"]["findings"].each(_ENTRIES) for pair in _spans(finding)]
    return {
        "lines": marked(text, spans),
        "length": len(text),
        "is_long": len(text) > _LONG or text.count("\n") > 30,
        "matches": len(set(spans)),
        "lang": shown(comment["lang"].text, 20),
        "visibility": shown(comment["visibility_before"].text.replace("_", " "), 60),
        "ids": [
            (name, shown(comment[name].text, 400))
            for name in ("comment_id", "post_id", "parent_id", "permalink", "revision")
            if comment[name]
        ],
        "sha256": shown(comment["text_sha256"].text, 64),
        "attachments": [
            shown(f"{each['kind'].text} {each['title'].text}", 200) for each in comment["attachments"].each(20)
        ],
    }


def _spans(finding: Peek) -> Iterator[tuple[int, int]]:
    for span in finding["spans"].each(5_000):
        ends = [end.number for end in span.each(2)]
        if len(ends) == 2:
            yield ends[0], ends[1]


def _words(found: Peek) -> dict[str, Any] | None:
    if not found:
        return None
    text = found["text"].text
    return {
        "lines": marked(text[:4_000]),
        "cut": max(len(text) - 4_000, 0),
        "at": _moment(found["posted_at"].moment),
        "account": shown(found["account_displayed_as"]["display_name"].text, 200),
        "id": shown(found["post_id"].text or found["comment_id"].text, 200),
    }


def _policy(record: Peek) -> dict[str, Any]:
    policy, verdict = record["policy"], record["verdict"]
    return {
        "title": shown(policy["title"].text or policy["slug"].text, 300),
        "version": shown(policy["version"].text, 60),
        "effective_at": _moment(policy["effective_at"].moment)[:10],
        "sha256": shown(policy["sha256"].text, 64),
        "clauses": [
            {"id": shown(each["id"].text, 80), "summary": shown(each["summary"].text, 1_000)}
            for each in verdict["clauses"].each(_ENTRIES)
        ],
        "outcome": shown(verdict["outcome"].text, 40),
        "measure": shown(verdict["measure"].text, 40),
        "mode": shown(record["mode"].text, 40),
        "findings": [_finding(each) for each in verdict["findings"].each(_ENTRIES)],
    }


def _finding(finding: Peek) -> dict[str, Any]:
    matched = list(dict.fromkeys(each.text for each in finding["matched"].each(200)))
    return {
        "clause": shown(finding["clause"].text, 80),
        "rule": shown(finding["rule"].text, 80),
        "detector": shown(finding["detector"].text, 80),
        "reason": shown(finding["reason"].text, 400),
        "matched": [shown(words, 160) for words in matched[:12]],
        "more": max(len(matched) - 12, 0),
    }


def _times(record: Peek) -> list[dict[str, str]]:
    local = record["times"]["local"]
    return [
        {
            "what": name,
            "at": _moment(record["times"][name].moment),
            "local": _local(local[name].text, local["timezone"].text),
        }
        for name in ("posted_at", "edited_at", "first_seen_at", "captured_at")
        if record["times"][name].moment is not None
    ]


def _local(text: str, zone: str) -> str:
    """What the city's own clocks showed, where that isn't UTC anyway."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return f"{found:%Y-%m-%d %H:%M:%S} {shown(zone, 60)}" if found.utcoffset() else ""


def _capture(capture: Peek) -> dict[str, Any]:
    return {
        "status": shown(capture["status"].text.replace("_", " "), 60),
        "reason": shown(capture["reason"].text, 400),
        "visible": capture["comment_text_visible"].yes,
        "url": shown(capture["url_final"].text or capture["url_asked"].text, 400),
        "http_status": shown(capture["http_status"].text, 10),
        "ratio": shown(capture["match_ratio"].text, 6),
    }


def _pictures(seen: Seen) -> Iterator[dict[str, str]]:
    """The pictures inside the page itself: a page of this machine may then load nothing from anywhere."""
    for name in (*_PICTURES, *sorted(each for each in seen.package.members if each.startswith("data/files/"))):
        data = seen.package.members.get(name, b"")
        if data.startswith(_PNG) and len(data) <= _LARGEST_PICTURE:
            address = f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
            yield {"name": name, "what": _PICTURES.get(name, name), "src": address, "file": seen.files.get(name, "")}


def _later(seen: Seen, restricted: bool) -> dict[str, Any]:
    record = seen.record
    return {
        "id": seen.package.package_id,
        "kind": shown(record["kind"].text, 60),
        "at": _moment(record["sealed_at"].moment),
        "facts": [(name, shown(value, 1_000)) for name, value in record["facts"].rows(60)],
        "pictures": [] if restricted else list(_pictures(seen)),
        "api": list(_api(seen)),
        "sha256": seen.sha256,
    }


def _media(record: Peek, seen: Seen, restricted: bool) -> Iterator[dict[str, Any]]:
    for each in record["media"].each(_ENTRIES):
        closed = restricted or each["restricted"].yes
        name = each["file"].text
        yield {
            "number": each["number"].number,
            "type": shown(each["sniffed"].text or "not known", 60),
            "size": each["size"].number,
            "sha256": shown(each["sha256"].text, 64),
            "error": shown(each["error"].text, 400),
            "restricted": closed,
            "name": name if name in seen.package.members else "",
            "file": "" if closed else seen.files.get(name, ""),
        }


def _api(seen: Seen) -> Iterator[dict[str, Any]]:
    for each in seen.record["api"].each(50):
        stem = f"data/api/{each['number'].number:03}-"
        body = seen.package.members.get(f"{stem}response.body", b"")
        yield {
            "number": each["number"].number,
            "method": shown(each["method"].text, 20),
            "url": shown(each["url"].text, 600),
            "status": shown(each["status"].text, 10),
            "at": _moment(each["started_at"].moment),
            "bytes": len(body),
            "sha256": shown(each["body_sha256"].text, 64),
            "masked": each["secrets_masked"].number,
            "head": _excerpt(seen.package.members.get(f"{stem}response.http", b"")),
            "body": _excerpt(body),
            "files": [
                (name.removeprefix("data/api/"), address)
                for name, address in sorted(seen.files.items())
                if name.startswith(stem)
            ],
        }


def _excerpt(data: bytes) -> dict[str, Any]:
    text = data[: _EXCERPT * 4].decode("utf-8", "replace")
    return {"lines": marked(text[:_EXCERPT]), "cut": len(data) > len(text[:_EXCERPT].encode("utf-8", "replace"))}


def _custody(lines: bytes) -> Iterator[dict[str, str]]:
    for line in lines.splitlines()[:_ENTRIES]:
        try:
            event = Peek(json.loads(line))
        except (ValueError, RecursionError):
            continue
        yield {
            "at": _moment(event["at"].moment),
            "type": shown(event["type"].text, 80),
            "outcome": shown(event["outcome"].text, 80),
            "detail": shown(event["detail"].text, 300),
            "agent": shown(event["agent"]["software"].text, 80),
            "objects": shown(", ".join(each.text for each in event["objects"].each(6)), 200),
        }


def _digests(seen: Seen) -> Iterator[dict[str, Any]]:
    manifests = seen.package.members.get("manifest-sha256.txt", b"").decode("ascii", "replace").splitlines()
    said = {name: digest for digest, _, name in (line.partition("  ") for line in manifests)}
    for name in sorted(name for name in seen.package.members if name.startswith("data/"))[:_ENTRIES]:
        yield {
            "name": shown(name, 200),
            "size": len(seen.package.members[name]),
            "sha256": shown(said.get(name, "not in the manifest"), 64),
            "file": seen.files.get(name, ""),
        }


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
