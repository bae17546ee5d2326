"""One verdict for a person at a terminal: the comment with the matched words marked, and for each finding the why."""

from __future__ import annotations

import unicodedata

from rich.console import Group
from rich.text import Text

from bot.moderation.pack import PolicyPack
from bot.moderation.verdict import Finding, Outcome, Verdict

_HEADLINES = {
    Outcome.CLEAR: ("No rule finds anything. It stays up.", "bold green"),
    Outcome.REVIEW: ("A person decides.", "bold yellow"),
    Outcome.ACT: ("May be hidden at once, on a page whose city signed for it.", "bold red"),
}
_MARKED = "bold reverse"
_LONGEST = 2_000


def explain(text: str, verdict: Verdict, pack: PolicyPack) -> Group:
    """A renderable of the verdict on ``text``. Nothing in ``text`` reaches the terminal as anything but letters."""
    headline, style = _HEADLINES[verdict.outcome]
    parts = [Text(headline, style=style), Text(), marked(text, verdict), Text()]
    parts += [line for finding in verdict.findings for line in _finding(finding, text, pack)]
    parts.append(
        Text(f"{pack.title}, version {pack.version} ({pack.digest[:12]}); read as: {verdict.lang}", style="dim")
    )
    return Group(*parts)


def marked(text: str, verdict: Verdict) -> Text:
    """The text with the matched characters marked, control characters shown as ``[U+001B]``."""
    inside = {
        index for f in verdict.findings for span in f.spans for index in range(span.start, min(span.end, _LONGEST))
    }
    shown = Text("  ")
    for index, character in enumerate(text[:_LONGEST]):
        shown.append(visible(character), style=_MARKED if index in inside else "")
    if len(text) > _LONGEST:
        shown.append(f" … and {len(text) - _LONGEST:,} more characters", style="dim")
    return shown


def visible(character: str) -> str:
    """A character as it may be printed: controls, bidirectional marks and lone surrogates by their number."""
    if character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return character
    return f"[U+{ord(character):04X}]"


def _finding(finding: Finding, text: str, pack: PolicyPack) -> list[Text]:
    head = Text(f"Clause {finding.clause}: ", style="bold")
    head.append(pack.clause(finding.clause).summary)
    urgent = ", urgent" if finding.urgent else ""
    lines = [head, Text(f"  {finding.reason} [{finding.rule_id}, {finding.measure.value}{urgent}]")]
    if finding.spans:
        words = ", ".join(f'"{_quoted(text[span.start : span.end])}"' for span in finding.spans[:8])
        more = f" and {len(finding.spans) - 8} more" if len(finding.spans) > 8 else ""
        lines.append(Text(f"  Matched: {words}{more}"))
    return [*lines, Text()]


def _quoted(words: str) -> str:
    return "".join(visible(c) if c != "\n" else " " for c in words[:80])
