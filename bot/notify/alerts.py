"""The alert of one case: its facts, and the message that officers read in Slack."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from bot.moderation.verdict import Span
from bot.notify import blocks
from bot.notify.blocks import Block, Element
from bot.notify.quoted import Piece, one_line, quote, secrets_in, visible, without

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

TITLES = {
    "hidden": "Hidden",
    "waits": "Left up, waits for a person",
    "not_hidden": "Not hidden",
    "gone": "Gone before we could act",
    "kept": "Kept up by a person",
    "restored": "Shown again by a person",
    "removed": "Removed by a person",
    "closed": "Closed",
    "by_hand": "Done by hand on the platform",
}
URGENT = "URGENT · "
CLAUSE = "Clause {clause}"
POLICY = "Policy {policy}, version {version}"
REASON = "Because"
ACCOUNT = "Account displayed as "
NO_NAME = "(the platform gave no name)"
ACCOUNT_ID = " ({platform} id {author_id})"
NO_ACCOUNT_ID = " (the platform gave no id)"
POSTED = ", posted {posted_at:%Y-%m-%d %H:%M} UTC"
UNDER = "\nUnder the post: "
NO_WORDS = "(no words: only a picture or other media)"
STATE = "What was done"
EFFECT = "What that does"
EVIDENCE = "Evidence"
STRIKES = "Strikes"
SEALED = "sealed and verified, SHA-256 {digest}…"
NOT_SEALED = "NOT sealed yet: nothing is hidden until it is"
PICTURES = {
    "proof": "with a picture that shows the comment on the page",
    "kept": "a picture was taken, but the comment is not in it, so it is not called proof",
    "none": "no picture; a rendering of the platform's record stands in its place",
}
ALT = {
    "proof": "Picture of the public page with the comment of case {case_id}",
    "kept": "Picture of the public page; the comment of case {case_id} is not in it",
    "none": "Rendering of the platform's record of case {case_id}. Not a screenshot.",
}
STRIKE_COUNTS = "{confirmed} confirmed, {provisional} provisional"
PRIVATE = "Private data is masked and no picture is shown here; both are in case {case_id}."
NO_PICTURE = "No picture is shown here because of what the case is about; it is in case {case_id}."
WITHHELD = "Neither words nor picture are shown here because of what the case is about; they are in case {case_id}."
RESTRICTED = (
    "A file that hangs on this comment is on the list of what must never be copied, or a person marked it: it may show "
    "sexual abuse of a child. Do not open, copy, forward or print it (18 U.S.C. 2252A). A person reports it now, and "
    "nobody else will: the NCMEC CyberTipline, report.cybertip.org or 1-800-843-5678 (18 U.S.C. 2258A), and the police "
    "as counsel directs. The package holds its digest and no copy, unless it was sealed before anybody knew. Words, "
    "account and address: case {case_id}."
)
BY_TERMS = (
    "Neither words nor account are shown or kept: the terms of {platform} allow ids, times and digests only. Open the "
    "comment there."
)
NO_PACKAGE = "none: the platform's terms don't let it be kept"
TOO_LONG = "Slack did not take the full message. The whole of it is in case {case_id}."
ON_PLATFORM = "Open it on {platform}"
COMMANDS = {
    "hidden": ("show", "approve", "restore"),
    "waits": ("show", "keep", "hide"),
    "not_hidden": ("show", "keep", "hide"),
    "kept": ("show", "hide"),
    "restored": ("show", "hide"),
}
SHOW = "beadle show {case_id}"
DECIDE = 'beadle {verb} {case_id} --as YOU --reason "…"'
FALLBACK = "{title} on {page} ({platform}). Case {case_id}. {show}"

_NEEDS_A_HIDE = frozenset({"hide", "restore"})
_WITHOUT_WORDS = frozenset({"abuse"})
_WITHOUT_PICTURE = frozenset({"pii", "sexual"}) | _WITHOUT_WORDS
# Slack refuses a message over about 13,000 characters of blocks (msg_blocks_too_long), a figure that it doesn't
# document: https://github.com/slackapi/bolt-js/issues/2509
_LARGEST = 9_000
_MOST_REASONS = 5
_QUOTE_LIMITS = (1200, 600, 300, 150)


class Standing(StrEnum):
    """Where the case stands, as the alert says it."""

    HIDDEN = "hidden"
    WAITS = "waits"
    NOT_HIDDEN = "not_hidden"
    GONE = "gone"
    KEPT = "kept"
    RESTORED = "restored"
    REMOVED = "removed"
    CLOSED = "closed"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The facts of one case. Spans count characters of ``text``; ``posted_at`` is aware.

    ``restricted``: a file on the comment may not be copied (EV-20), so neither words nor pictures nor a link are shown.
    ``private`` marks what is masked; a case of category ``pii`` without it is masked at all its ``spans``.
    ``because`` says why the case stands as it does. ``digest`` is the SHA-256 of the sealed package, ``None`` as long
    as it isn't sealed. ``withheld``: the platform's terms let no words be kept or passed on. ``picture`` says what the
    sealed picture is worth, ``picture_reason`` why it isn't proof.
    """

    case_id: str
    city: str
    page: str
    platform: str
    clauses: tuple[tuple[str, str], ...]
    policy: str
    policy_version: str
    reasons: tuple[str, ...]
    categories: frozenset[str]
    text: str
    posted_at: datetime
    standing: Standing
    because: str = ""
    effect: str = ""
    urgent: bool = False
    restricted: bool = False
    spans: tuple[Span, ...] = ()
    private: tuple[Span, ...] = ()
    author: str | None = None
    author_id: str | None = None
    post_text: str = ""
    permalink: str | None = None
    digest: str | None = None
    picture: Literal["proof", "kept", "none"] = "none"
    picture_reason: str = ""
    strikes: int = 0
    strikes_provisional: int = 0
    withheld: bool = False
    can_hide: bool = True

    @property
    def shows_picture(self) -> bool:
        """Whether a picture may be posted: never for private data, sexual content or suspected abuse."""
        return not self.restricted and not self.withheld and not self.categories & _WITHOUT_PICTURE

    @property
    def shows_words(self) -> bool:
        """Whether the words may be posted: not for suspected abuse."""
        return not self.restricted and not self.categories & _WITHOUT_WORDS

    @property
    def masked(self) -> tuple[Span, ...]:
        """The spans that are shown as dots."""
        return self.private or (self.spans if "pii" in self.categories else ())


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to Slack: ``blocks`` to look at and ``text`` for the notification."""

    blocks: tuple[Block, ...]
    text: str


def render(alert: Alert, file_id: str | None = None) -> Message:
    """The message of a case, with the uploaded picture ``file_id`` if the case may show one. Pure."""
    message = _render(alert, file_id, _QUOTE_LIMITS[0])
    for limit in _QUOTE_LIMITS[1:]:
        if _size(message) <= _LARGEST:
            break
        message = _render(alert, file_id, limit)
    return message


def render_short(alert: Alert) -> Message:
    """The message without the stranger's words, for when Slack refuses the full one. Pure."""
    body = (
        _words(alert, 0) if alert.restricted else blocks.paragraph(blocks.text(TOO_LONG.format(case_id=alert.case_id)))
    )
    return Message((_header(alert), _clauses(alert), body, *_commands(alert)), _fallback(alert))


def escaped(text: str) -> str:
    """Text for a place where Slack reads ``&``, ``<`` and ``>``.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _render(alert: Alert, file_id: str | None, limit: int) -> Message:
    account = [] if alert.withheld else [_account(alert)]
    parts = [_header(alert), _clauses(alert), *account, _words(alert, limit)]
    if file_id and alert.shows_picture:
        parts.append(blocks.picture(file_id, ALT[alert.picture].format(case_id=alert.case_id)))
    return Message((*parts, _facts(alert), *_commands(alert)), _fallback(alert))


def _header(alert: Alert) -> Block:
    return blocks.header(one_line(f"{_title(alert)} · {alert.page}"))


def _title(alert: Alert) -> str:
    urgent = URGENT if alert.urgent else ""
    clauses = ", ".join(clause for clause, _ in alert.clauses)
    return f"{urgent}{TITLES[alert.standing]}: {clauses}" if clauses else f"{urgent}{TITLES[alert.standing]}"


def _clauses(alert: Alert) -> Block:
    lines: list[Element] = []
    for clause, summary in alert.clauses:
        lines += [blocks.text(CLAUSE.format(clause=one_line(clause)), bold=True)]
        lines += [blocks.text(f"  {one_line(summary)}\n")]
    policy = POLICY.format(policy=one_line(alert.policy), version=one_line(alert.policy_version))
    lines += [blocks.text(policy + "\n")]
    for reason in _reasons(alert):
        lines += [blocks.text(f"{REASON}: ", bold=True), blocks.text(reason + "\n")]
    return blocks.paragraph(*_trimmed(lines))


def _reasons(alert: Alert) -> list[str]:
    secrets = secrets_in(alert.text, alert.masked)
    return [line for reason in alert.reasons[:_MOST_REASONS] if (line := one_line(without(reason, secrets)))]


def _account(alert: Alert) -> Block:
    facts = {"platform": alert.platform, "author_id": one_line(alert.author_id or "")}
    line = [
        blocks.text(ACCOUNT),
        blocks.text(one_line(alert.author or "") or NO_NAME, bold=True),
        blocks.text((ACCOUNT_ID if alert.author_id else NO_ACCOUNT_ID).format(**facts)),
        blocks.text(POSTED.format(posted_at=alert.posted_at.astimezone(UTC))),
    ]
    if alert.post_text.strip():
        line += [blocks.text(UNDER), blocks.text(one_line(alert.post_text), italic=True)]
    return blocks.paragraph(*line)


def _words(alert: Alert, limit: int) -> Block:
    if alert.restricted:
        return blocks.paragraph(blocks.text(RESTRICTED.format(case_id=alert.case_id), bold=True))
    if alert.withheld:
        return blocks.paragraph(blocks.text(BY_TERMS.format(platform=alert.platform), italic=True))
    if not alert.shows_words:
        return blocks.paragraph(blocks.text(WITHHELD.format(case_id=alert.case_id), italic=True))
    pieces = quote(alert.text, alert.spans, alert.masked, limit=limit)
    elements = [_element(piece) for piece in pieces if piece.text]
    return blocks.quotation(elements or [blocks.text(NO_WORDS, italic=True)])


def _element(piece: Piece) -> Element:
    matched = piece.kind in {"matched", "private"}
    return blocks.text(piece.text, bold=matched, code=matched, italic=piece.kind == "note")


def _facts(alert: Alert) -> Block:
    rows = [(STATE, _state(alert)), (EFFECT, one_line(alert.effect, limit=400)), (EVIDENCE, _evidence(alert))]
    rows.append((STRIKES, _strikes(alert)))
    if "pii" in alert.categories and alert.shows_words:
        rows.append(("", PRIVATE.format(case_id=alert.case_id)))
    elif not alert.shows_picture and alert.shows_words:
        rows.append(("", NO_PICTURE.format(case_id=alert.case_id)))
    elements: list[Element] = []
    for label, value in rows:
        if value:
            elements += [blocks.text(f"{label}: ", bold=True)] if label else []
            elements += [blocks.text(value + "\n", italic=not label)]
    return blocks.paragraph(*_trimmed(elements))


def _state(alert: Alert) -> str:
    title = TITLES[alert.standing].lower()
    because = one_line(without(alert.because, secrets_in(alert.text, alert.masked)), limit=400)
    if because.lower().startswith(title):
        return because
    return f"{title}. {because}" if because else title


def _evidence(alert: Alert) -> str:
    if alert.digest is None:
        return NO_PACKAGE if alert.withheld else NOT_SEALED
    reason = f" ({one_line(alert.picture_reason)})" if alert.picture_reason else ""
    return f"{SEALED.format(digest=visible(alert.digest[:16]))}; {PICTURES[alert.picture]}{reason}"


def _strikes(alert: Alert) -> str:
    if not alert.strikes and not alert.strikes_provisional:
        return ""
    return STRIKE_COUNTS.format(confirmed=alert.strikes, provisional=alert.strikes_provisional)


def _commands(alert: Alert) -> list[Block]:
    lines = [SHOW.format(case_id=alert.case_id)]
    for verb in COMMANDS.get(alert.standing, ("show",))[1:]:
        if verb in _NEEDS_A_HIDE and not alert.can_hide:
            continue
        lines.append(DECIDE.format(verb=verb, case_id=alert.case_id))
    shown = [blocks.commands(lines)]
    address = alert.permalink if not alert.restricted else None
    link = blocks.link(address, ON_PLATFORM.format(platform=alert.platform)) if address else None
    return [*shown, blocks.paragraph(link)] if link else shown


def _fallback(alert: Alert) -> str:
    """For the notification alone: our own words, none of the stranger's."""
    line = FALLBACK.format(
        title=_title(alert),
        page=alert.page,
        platform=alert.platform,
        case_id=alert.case_id,
        show=SHOW.format(case_id=alert.case_id),
    )
    return escaped(one_line(line, limit=400))


def _trimmed(elements: list[Element]) -> list[Element]:
    """The elements without the line end of the last one."""
    if not elements:
        return [blocks.text("")]
    last = elements[-1]
    return [*elements[:-1], {**last, "text": last["text"].rstrip("\n")}]


def _size(message: Message) -> int:
    return len(json.dumps(message.blocks, ensure_ascii=False))
