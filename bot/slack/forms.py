"""The windows that ask for more before something is recorded. Pure: facts in, a view out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.authority import Verb
from bot.moderation.pack import Clause, ReasonCode
from bot.notify import blocks
from bot.notify.quoted import one_line, visible
from bot.slack.presses import Pressed
from bot.slack.wire import View

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

WHY = "Why?"
WHY_HINT = "One sentence; it is kept with the record."
CODE = "Which reason of the policy?"
CHOOSE = "Choose one"
CANCEL = "Cancel"
CLOSE = "Close"
ABOUT = "Case {case} on {page}, clause {clauses}. It is {status} now."
WAIT = "This is being recorded. The answer appears here."
PAUSE_ALL = "Stop all acts"
PAUSE_SAYS = (
    "On every page nothing is hidden or removed any more, from the next cycle on, until somebody resumes. Comments are "
    "still read, judged and kept, and people may still restore."
)
REPORT_COMMENT = "Report a comment"
REPORT_SAYS = "For a comment that no rule found. Its evidence is sealed, then people decide; nothing happens by itself."
REPORT_POST = "Report our own post"
POST_SAYS = "For a post of the city's own that breaks the policy. Those in charge are told, without your name."
WHICH_PAGE = "Which page?"
WHICH_CLAUSE = "Which clause does it break?"
WHERE = "Its link, or its id on the platform"
WHAT = "What is wrong with it?"
TOO_SHORT = "Please write a sentence."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verb asks for. ``words``: whether a reason must, may or need not be written."""

    title: str
    send: str
    says: str
    words: Literal["must", "may", "none"]


ASKED: Mapping[Verb, Asked] = {
    Verb.KEEP: Asked(
        "Keep the comment", "Keep", "It stays up, and no rule acts on these words again. A strike is void.", "may"
    ),
    Verb.HIDE: Asked("Hide the comment", "Hide", "It is hidden. Restore takes it back at any time.", "may"),
    Verb.RESTORE: Asked("Restore the comment", "Restore", "It is shown again, and its strike is void.", "may"),
    Verb.REMOVE: Asked(
        "Remove the comment",
        "Ask for removal",
        "A removal can't be undone. It happens only after another person has approved it.",
        "must",
    ),
    Verb.APPROVE: Asked("Approve", "Approve", "What is proposed is done, or what a rule did is confirmed.", "none"),
    Verb.ESCALATE: Asked("Escalate", "Escalate", "Those in charge are told. The case stands as it stood.", "may"),
    Verb.CONTEST: Asked(
        "Contest the rule", "Contest", "You say that the rule is wrong here. The case stands as it stood.", "must"
    ),
    Verb.BY_HAND: Asked("Done by hand", "Record it", "You did on the platform what Beadle can't do there.", "none"),
}
"""The verbs of a case. One without words and without reason codes is done by the press alone."""

APPROVE_REMOVAL = Asked(
    "Approve the removal",
    "Remove it",
    "You are the second person. The comment is removed; this can't be undone.",
    "may",
)

DECIDE, PAUSE, REPORT, OWN_POST, SHOWN = "decide", "pause", "report_comment", "report_post", "shown"
_LONGEST_REASON, _LONGEST_PLACE = 1000, 500


def decision(press: Pressed, verb: Verb, asked: Asked, about: str, codes: Sequence[ReasonCode]) -> View:
    """The window of one verb on one case."""
    fields = [_words(about), _words(asked.says)]
    if codes:
        fields.append(_select("code", CODE, [(code.id, code.says) for code in codes]))
    fields.append(_input("reason", WHY, optional=asked.words != "must", hint=WHY_HINT))
    kept = {
        "case": press.about,
        "verb": verb.value,
        "stand": press.stand,
        "saw": press.saw,
        "channel": press.channel,
        "stamp": press.stamp,
    }
    return _modal(DECIDE, asked.title, fields, send=asked.send, kept=kept)


def pause_all(channel: str) -> View:
    """The window before everything stops."""
    fields = [_words(PAUSE_SAYS), _input("reason", WHY, optional=True, hint=WHY_HINT)]
    return _modal(PAUSE, PAUSE_ALL, fields, send="Stop all acts", kept={"channel": channel})


def pick_page(callback: str, pages: Sequence[tuple[str, str]]) -> View:
    """The window of a report: first the page, as the clauses hang on it."""
    title, says = (REPORT_COMMENT, REPORT_SAYS) if callback == REPORT else (REPORT_POST, POST_SAYS)
    if callback == OWN_POST:
        fields = [
            _words(says),
            _select("page", WHICH_PAGE, pages),
            _input("where", WHERE, longest=_LONGEST_PLACE),
            _input("reason", WHAT, hint=WHY_HINT),
        ]
        return _modal(OWN_POST, title, fields, send="Report")
    return _modal(f"{REPORT}_page", title, [_words(says), _select("page", WHICH_PAGE, pages)], send="Next")


def report(page: str, name: str, clauses: Sequence[Clause]) -> View:
    """The window of a report on a comment of one page."""
    shown = [(clause.id, f"{clause.id} {clause.summary}") for clause in clauses]
    fields = [
        _words(f"{name}. {REPORT_SAYS}"),
        _input("where", WHERE, longest=_LONGEST_PLACE),
        _select("clause", WHICH_CLAUSE, shown),
        _input("reason", WHY, hint=WHY_HINT),
    ]
    return _modal(REPORT, REPORT_COMMENT, fields, send="Report", kept={"page": page})


def notice(title: str, sentence: str) -> View:
    """A window that only says something."""
    return _modal("notice", title, [_words(sentence)])


def shown(title: str, content: Sequence[Mapping[str, Any]]) -> View:
    """A window that shows a case."""
    return _modal(SHOWN, title, content)


def values(view: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, by the name of the field; blanks at the ends are not kept."""
    found: dict[str, str] = {}
    for name, inputs in (view.get("state") or {}).get("values", {}).items():
        for each in inputs.values():
            chosen = each.get("selected_option") or {}
            found[str(name)] = str(chosen.get("value") or each.get("value") or "").strip()
    return found


def kept(view: Mapping[str, Any]) -> dict[str, str]:
    """What the window was opened with."""
    try:
        found = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _modal(
    callback: str,
    title: str,
    content: Sequence[Mapping[str, Any]],
    *,
    send: str | None = None,
    kept: Mapping[str, str] | None = None,
) -> View:
    view: View = {
        "type": "modal",
        "callback_id": callback,
        "title": _plain(title, 24),
        "close": _plain(CANCEL if send else CLOSE, 24),
        "blocks": list(content),
        "private_metadata": json.dumps(dict(kept or {})),
    }
    return {**view, "submit": _plain(send, 24)} if send else view


def _words(words: str) -> dict[str, Any]:
    shown = visible(words)
    return blocks.paragraph(blocks.text(shown if len(shown) <= 2800 else shown[:2799] + "…"))


def _input(
    name: str, label: str, *, optional: bool = False, hint: str = "", longest: int = _LONGEST_REASON
) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": name, "multiline": name == "reason", "max_length": longest}
    made = {"type": "input", "block_id": name, "label": _plain(label, 2000), "element": element, "optional": optional}
    return {**made, "hint": _plain(hint, 2000)} if hint else made


def _select(name: str, label: str, choices: Sequence[tuple[str, str]]) -> dict[str, Any]:
    options = [{"text": _plain(says, 75), "value": value[:150]} for value, says in choices[:100]]
    element = {"type": "static_select", "action_id": name, "placeholder": _plain(CHOOSE, 150), "options": options}
    return {"type": "input", "block_id": name, "label": _plain(label, 2000), "element": element}


def _plain(words: str, limit: int) -> dict[str, Any]:
    """Plain words, at most so many as Slack counts them."""
    line = one_line(words, limit=limit)
    while len(line.encode("utf-16-le")) // 2 > limit:
        line = line[:-2].rstrip() + "…"
    return {"type": "plain_text", "text": line or "–", "emoji": False}
