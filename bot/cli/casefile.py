"""One case as a person reads it in a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from bot.app import Beadle
from bot.cli.speech import harmless, one_line
from bot.errors import EvidenceError
from bot.evidence.packing.package import Package
from bot.ledger.cases import File
from bot.moderation.verdict import Span

_LONGEST_QUOTE = 2000
_PICTURES = {
    "proof": "with a picture that shows the comment on the page",
    "kept": "with a picture, but the comment is not in it: no proof",
    "none": "without a picture; the card renders the platform's record",
}
RESTRICTED = "RESTRICTED: its pictures and media are neither shown nor copied, because of what they may show."
NOT_KEPT = "(neither words nor evidence are kept: the platform's terms allow ids, times and digests only)"
_FILES = {
    "data/capture/comment.png": "comment.png",
    "data/capture/viewport.png": "page.png",
    "data/card/evidence.pdf": "card.pdf",
}


def describe(beadle: Beadle, file: File, pictures: Path | None) -> Text:
    """The case as text with the matched words marked. With ``pictures``, files are written there and named."""
    desk = beadle.route.desks.get(file.case.page)
    name = desk.page.name if desk else file.case.page
    out = Text()
    _line(out, "Case", f"{file.case.case_id}   {file.case.status}{'   URGENT' if file.case.urgent else ''}", "bold")
    _line(out, "Because", file.case.because or "-")
    _line(out, "Page", f"{name} ({file.comment.platform})")
    if file.post is not None:
        _line(out, "Under", one_line(file.post_text, 100) or "-")
    _line(out, "Account", f"displayed as {one_line(file.comment.author_name or '(no name)', 60)}{_id(file)}")
    _line(out, "Posted", f"{file.comment.posted_at:%Y-%m-%d %H:%M:%S} UTC")
    _line(out, "Visible", file.comment.visibility.replace("_", " "))
    _line(out, "Link", harmless(file.comment.permalink or "-", 200))
    out.append("\n")
    withheld = desk is not None and desk.withheld is not None and not file.revision.text
    out.append(Text(f"  {NOT_KEPT}", "italic") if withheld else _quote(file))
    out.append("\n\n")
    _rules(beadle, file, out)
    if not withheld:
        _proof(beadle, file, out, pictures)
    _history(file, out)
    return out


def _line(out: Text, label: str, value: str, style: str = "") -> None:
    out.append(f"{label:<10}", "dim")
    out.append(f"{harmless(value)}\n", style)


def _id(file: File) -> str:
    if file.comment.author_id:
        return f" (id {file.comment.author_id})"
    return f" ({file.comment.author_unavailable or 'no id delivered'})"


def _quote(file: File) -> Text:
    """The comment, matched words marked, cut to what a terminal can bear."""
    text = file.revision.text
    quote, at = Text("  "), 0
    for span in _merged([span for finding in file.verdict.findings for span in finding.spans]):
        if span.end > _LONGEST_QUOTE:
            break
        quote.append(harmless(text[at : span.start]))
        quote.append(harmless(text[span.start : span.end]), "bold reverse")
        at = span.end
    quote.append(harmless(text[at:], max(_LONGEST_QUOTE - at, 0)))
    return quote if text else Text("  (no words)", "italic")


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return merged


def _rules(beadle: Beadle, file: File, out: Text) -> None:
    policy = file.verdict.policy
    _line(out, "Policy", f"{policy.slug}, version {policy.version} (SHA-256 {policy.digest[:16]}…)")
    summaries = {}
    for pack in beadle.configuration.shelf.packs:
        if (pack.slug, pack.version) == (policy.slug, policy.version):
            summaries = {clause.id: clause.summary for clause in pack.clauses}
    for finding in file.verdict.findings:
        _line(out, "Clause", f"{finding.clause}  {summaries.get(finding.clause, '')}")
        _line(out, "", f"rule {finding.rule_id}: {finding.reason}")


def _proof(beadle: Beadle, file: File, out: Text, pictures: Path | None) -> None:
    evidence = file.evidence
    if evidence is None:
        _line(out, "Evidence", "not sealed yet; nothing is done without it")
        return
    try:
        beadle.archive.prove_package(evidence.package_id, evidence.sha256)
        package = beadle.archive.read(evidence.package_id)
    except EvidenceError as error:
        _line(out, "Evidence", f"NOT PROVEN: {error.sentence}", "bold red")
        return
    closed = beadle.archive.restricted(evidence.package_id)
    _line(out, "Evidence", f"sealed {evidence.sealed_at:%Y-%m-%d %H:%M:%S} UTC, verified just now")
    _line(out, "", str(beadle.archive.root / evidence.path))
    _line(out, "", f"SHA-256 {evidence.sha256}")
    reason = f" ({evidence.picture_reason})" if evidence.picture_reason else ""
    _line(out, "", f"{_PICTURES[evidence.picture]}{reason}")
    if closed:
        _line(out, "", RESTRICTED, "bold red")
    elif pictures is not None:
        for path in _unpack(package, pictures):
            _line(out, "", str(path))


def _unpack(package: Package, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for member, name in _FILES.items():
        if member in package.members:
            path = folder / name
            path.write_bytes(package.members[member])
            paths.append(path)
    return paths


def _history(file: File, out: Text) -> None:
    lines = [
        (act.done_at, f"{act.action} by {act.by}, clause {act.clause}{_already(act.already_done)}") for act in file.acts
    ]
    lines += [
        (each.at, f"{each.verb} by {each.person} ({each.roles}; account {each.account}){_because(each.reason)}")
        for each in file.decisions
    ]
    if file.report is not None:
        said = f"reported by {file.report.person} ({file.report.roles}; account {file.report.account})"
        lines.append((file.report.at, f"{said} under clause {file.report.clause}: {one_line(file.report.reason, 200)}"))
    for at, what in sorted(lines):
        _line(out, "History", f"{at:%Y-%m-%d %H:%M:%S} UTC  {what}")
    if file.strike is not None:
        _line(out, "Strike", f"{file.strike.status}, clause {file.strike.clause}")


def _already(already_done: bool) -> str:
    return " (it stood so already)" if already_done else ""


def _because(reason: str) -> str:
    """The reason as the end of a line, where one was given."""
    return f": {one_line(reason, 200)}" if reason.strip() else ""
