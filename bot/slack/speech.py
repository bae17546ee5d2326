"""How Beadle speaks in Slack: plain words, in which nothing that somebody else wrote can call, link or style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bot.ledger.cases import Listed
from bot.ledger.search import Found
from bot.notify import blocks
from bot.notify.alerts import escaped
from bot.notify.quoted import excerpt, one_line, visible
from bot.slack.wire import Reply

NOT_SHOWN = "(not shown in a list; /beadle case {case} has it)"
NOT_SHOWN_HERE = "(not shown in a list)"
NO_WORDS = "(no words)"
MORE = "More"
FEWER = "Back"
URGENT = "URGENT "
_LONGEST = 2800
_LINE = 300
PAGE_OF = 8
"""How many cases or comments one answer lists: well within what Slack takes."""


def say(words: str) -> Reply:
    """A sentence, or several lines of them."""
    shown = _cut(visible(words))
    return Reply(escaped(one_line(words, limit=_LONGEST)), (blocks.paragraph(blocks.text(shown)),))


def listing(title: str, entries: Iterable[dict[str, Any]], turns: Sequence[dict[str, Any]] = ()) -> Reply:
    """A list under a title, with buttons to turn its pages."""
    found = [blocks.paragraph(blocks.text(one_line(title, limit=_LINE), bold=True)), *entries]
    if turns:
        found.append({"type": "actions", "block_id": "listing", "elements": list(turns)})
    return Reply(escaped(one_line(title, limit=_LINE)), tuple(found))


def case_entry(case: Listed, now: datetime) -> dict[str, Any]:
    """A case of a list: what it is, and below it the words where they may be shown."""
    head = f"{case.status} · {', '.join(case.clauses)} · {case.page} · {age(case.opened_at, now)}"
    words = excerpt(case.text, limit=160) if case.may_be_quoted else NOT_SHOWN.format(case=case.case_id)
    return blocks.paragraph(
        blocks.text((URGENT if case.urgent else "") + case.case_id, bold=True),
        blocks.text("  " + one_line(head, limit=_LINE) + "\n"),
        blocks.text(words or NO_WORDS, italic=not case.may_be_quoted),
    )


def comment_entry(found: Found, now: datetime) -> dict[str, Any]:
    """A comment that was searched for."""
    named = found.case_id or "no case"
    head = f"{found.status or 'nothing found in it'} · {found.page} · {age(found.posted_at, now)} · account displayed"
    author = one_line(found.author or "(no name)", limit=60)
    words = excerpt(found.text, found.private, limit=160) if found.may_be_quoted else NOT_SHOWN_HERE
    link = blocks.link(found.permalink, "open it") if found.permalink and found.may_be_quoted else None
    return blocks.paragraph(
        blocks.text(named, bold=True),
        blocks.text("  " + one_line(f"{head} as {author}", limit=_LINE) + "\n"),
        blocks.text(words or NO_WORDS, italic=not found.may_be_quoted),
        *([blocks.text("  "), link] if link else []),
    )


def button(words: str, action: str, value: str, style: str = "") -> dict[str, Any]:
    """A button of ours."""
    label = {"type": "plain_text", "text": words[:75], "emoji": False}
    made = {"type": "button", "action_id": action, "text": label, "value": value[:2000]}
    return {**made, "style": style} if style else made


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest whole unit."""
    minutes = max(int((now - since).total_seconds() // 60), 0)
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes >= size:
            return f"{minutes // size} {unit} ago"
    return f"{minutes} min ago"


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
