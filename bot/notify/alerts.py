"""The alert of one case: its facts, and the message that officers read in Slack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from bot.notify import blocks
from bot.notify.blocks import Block, Element, Message
from bot.notify.buttons import buttons
from bot.notify.case_facts import Alert, Recent, Standing, Word
from bot.notify.quoted import Piece, excerpt, one_line, quote, secrets_in, visible, without

__all__ = ["TITLES", "Alert", "Message", "Standing", "escaped", "render", "render_call", "render_short"]

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
ON_CALL = "On call"
URGENT_NOW = "Case {case_id} has become urgent: somebody in charge looks at it now."
MORE_CLAUSES = "and {count} more clauses, in the case\n"
SCORE = "Score"
ONE_SCORE = "{category} {score:.2f} of 1"
SCORE_MEANS = "A score is a guess by a model: it says where to look, and proves nothing."
RECENT = "The same account elsewhere on the city's pages"
RECENT_WHERE = "{page}, {age}"
DECIDED = {
    "keep": "Kept up",
    "hide": "Hidden",
    "restore": "Shown again",
    "remove": "Removal asked for",
    "approve": "Approved",
    "by_hand": "Done by hand on the platform",
    "escalate": "Escalated",
    "contest": "Rule contested",
}
BY = "{what} by {name} ({roles}), {when}."
CODE = " [{code}]"
WHY = " Reason: {reason}"
PENDING = "Removal asked for by {name} ({roles}): another person approves it, or nothing happens."
SHOW = "beadle show {case_id}"
DECIDE = 'beadle {verb} {case_id} --as YOU --reason "…"'
FALLBACK = "{title} on {page} ({platform}). Case {case_id}. {show}"

_NEEDS_A_HIDE = frozenset({"hide", "restore"})
# Slack refuses a message over about 13,000 characters of blocks (msg_blocks_too_long), a figure that it doesn't
# document: https://github.com/slackapi/bolt-js/issues/2509
_LARGEST = 9_000
_MOST_REASONS = 5
_RECENT_LIMIT = 160


@dataclass(frozen=True, slots=True)
class _Room:
    """How much is shown: characters and marks of the quotation, other comments, decisions, clauses and reasons."""

    quote: int
    marks: int
    recent: int
    words: int
    clauses: int


_ROOMS = (
    _Room(1200, 40, 3, 3, 5),
    _Room(600, 40, 3, 3, 5),
    _Room(300, 20, 2, 2, 4),
    _Room(150, 8, 1, 2, 3),
    _Room(150, 4, 0, 1, 2),
)


def render(alert: Alert, file_id: str | None = None) -> Message:
    """The message of a case, with the uploaded picture ``file_id`` if the case may show one. Pure."""
    message = _render(alert, file_id, _ROOMS[0])
    for room in _ROOMS[1:]:
        if _size(message) <= _LARGEST:
            break
        message = _render(alert, file_id, room)
    return message


def render_short(alert: Alert) -> Message:
    """The message without the stranger's words, for when Slack refuses the full one. Pure."""
    body = (
        _quotation(alert, _ROOMS[-1])
        if alert.restricted
        else blocks.paragraph(blocks.text(TOO_LONG.format(case_id=alert.case_id)))
    )
    return Message(
        (_header(alert), *_call(alert), _clauses(alert, _ROOMS[-1]), body, *_commands(alert)), _fallback(alert)
    )


def render_call(alert: Alert) -> Message:
    """The line below the message of a case that has become urgent, which calls who is on call. Pure."""
    line = URGENT_NOW.format(case_id=alert.case_id)
    return Message((*_call(alert), blocks.paragraph(blocks.text(line, bold=True))), escaped(line))


def escaped(text: str) -> str:
    """Text for a place where Slack reads ``&``, ``<`` and ``>``.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _render(alert: Alert, file_id: str | None, room: _Room) -> Message:
    account = [] if alert.withheld or alert.restricted else [_account(alert)]
    parts = [_header(alert), *_call(alert), _clauses(alert, room), *account, _quotation(alert, room)]
    if file_id and alert.shows_picture:
        parts.append(blocks.picture(file_id, ALT[alert.picture].format(case_id=alert.case_id)))
    parts += [_facts(alert), *_recent(alert, room.recent), *_decisions(alert, room.words)]
    return Message((*parts, *_commands(alert)), _fallback(alert))


def _header(alert: Alert) -> Block:
    return blocks.header(one_line(f"{_title(alert)} · {alert.page}"))


def _title(alert: Alert) -> str:
    urgent = URGENT if alert.urgent else ""
    clauses = ", ".join(clause for clause, _ in alert.clauses)
    return f"{urgent}{TITLES[alert.standing]}: {clauses}" if clauses else f"{urgent}{TITLES[alert.standing]}"


def _call(alert: Alert) -> list[Block]:
    """Whoever is on call is called by name, for an urgent case alone."""
    called = [one for one in map(blocks.mention, alert.call) if one is not None] if alert.urgent else []
    if not called:
        return []
    names = [piece for one in called for piece in (one, blocks.text(" "))]
    return [blocks.paragraph(blocks.text(f"{ON_CALL}: ", bold=True), *names[:-1])]


def _clauses(alert: Alert, room: _Room) -> Block:
    lines: list[Element] = []
    for clause, summary in alert.clauses[: room.clauses]:
        lines += [blocks.text(CLAUSE.format(clause=one_line(clause)), bold=True)]
        lines += [blocks.text(f"  {one_line(summary)}\n")]
    if len(alert.clauses) > room.clauses:
        lines += [blocks.text(MORE_CLAUSES.format(count=len(alert.clauses) - room.clauses), italic=True)]
    policy = POLICY.format(policy=one_line(alert.policy), version=one_line(alert.policy_version))
    lines += [blocks.text(policy + "\n")]
    for reason in reasons(alert)[: room.clauses]:
        lines += [blocks.text(f"{REASON}: ", bold=True), blocks.text(reason + "\n")]
    if alert.scores:
        lines += [blocks.text(f"{SCORE}: ", bold=True), blocks.text(_scores(alert) + "\n")]
    return blocks.paragraph(*_trimmed(lines))


def _scores(alert: Alert) -> str:
    each = (ONE_SCORE.format(category=one_line(category, limit=40), score=score) for category, score in alert.scores)
    return f"{', '.join(each)}. {SCORE_MEANS}"


def reasons(alert: Alert) -> list[str]:
    """Why the rules spoke, with nothing private in it."""
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


def _quotation(alert: Alert, room: _Room) -> Block:
    if alert.restricted:
        return blocks.paragraph(blocks.text(RESTRICTED.format(case_id=alert.case_id), bold=True))
    if alert.withheld:
        return blocks.paragraph(blocks.text(BY_TERMS.format(platform=alert.platform), italic=True))
    if not alert.shows_words:
        return blocks.paragraph(blocks.text(WITHHELD.format(case_id=alert.case_id), italic=True))
    pieces = quote(alert.text, alert.spans, alert.masked, limit=room.quote, most_marks=room.marks)
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
    title, why = TITLES[alert.standing].lower(), because(alert)
    if why.lower().startswith(title):
        return why
    return f"{title}. {why}" if why else title


def because(alert: Alert) -> str:
    """Why the case stands as it does, with nothing private in it."""
    return one_line(without(alert.because, secrets_in(alert.text, alert.masked)), limit=400)


def _evidence(alert: Alert) -> str:
    if alert.digest is None:
        return NO_PACKAGE if alert.withheld else NOT_SEALED
    reason = f" ({one_line(alert.picture_reason)})" if alert.picture_reason else ""
    return f"{SEALED.format(digest=visible(alert.digest[:16]))}; {PICTURES[alert.picture]}{reason}"


def _strikes(alert: Alert) -> str:
    if not alert.strikes and not alert.strikes_provisional:
        return ""
    return STRIKE_COUNTS.format(confirmed=alert.strikes, provisional=alert.strikes_provisional)


def _recent(alert: Alert, most: int) -> list[Block]:
    """What the account said elsewhere, each on one line: one comment is not the whole of it."""
    secrets = secrets_in(alert.text, alert.masked)
    if not alert.recent[:most] or not alert.shows_words or alert.withheld:
        return []
    rows = [_one_recent(each, secrets) for each in alert.recent[:most]]
    return [blocks.paragraph(blocks.text(RECENT, bold=True)), blocks.items(rows)]


def _one_recent(each: Recent, secrets: Sequence[str]) -> list[Element]:
    where = RECENT_WHERE.format(page=one_line(each.page, limit=60), age=one_line(each.age, limit=40))
    stands = f" ({one_line(each.stands, limit=40)})" if each.stands else ""
    said = without(excerpt(each.text, limit=_RECENT_LIMIT), secrets)
    return [blocks.text(f"{where}{stands}: ", italic=True), blocks.text(said)]


def _decisions(alert: Alert, most: int) -> list[Block]:
    """Who decided, when by the city's clock, and why; and what waits for a second person."""
    lines: list[Element] = []
    for word in alert.words[len(alert.words) - most :] if len(alert.words) > most else alert.words:
        lines += [blocks.text(_decided(word, alert.timezone), bold=True), *_why(alert, word)]
    if alert.request is not None:
        asked = PENDING.format(name=one_line(alert.request.name), roles=one_line(alert.request.roles))
        lines += [blocks.text(asked, bold=True), *_why(alert, alert.request)]
    return [blocks.paragraph(*_trimmed(lines))] if lines else []


def _decided(word: Word, timezone: tzinfo) -> str:
    what = DECIDED.get(word.verb, one_line(word.verb))
    when = f"{word.at.astimezone(timezone):%Y-%m-%d %H:%M %Z}"
    return BY.format(what=what, name=one_line(word.name), roles=one_line(word.roles), when=when)


def _why(alert: Alert, word: Word) -> list[Element]:
    """The reason that a person wrote may repeat what may not be shown, so it goes where the words go."""
    code = CODE.format(code=one_line(word.code, limit=60)) if word.code else ""
    reason = one_line(without(word.reason, secrets_in(alert.text, alert.masked))) if alert.shows_words else ""
    said = WHY.format(reason=reason) if reason else ""
    return [blocks.text(f"{said}{code}\n")]


def _commands(alert: Alert) -> list[Block]:
    lines = [SHOW.format(case_id=alert.case_id)]
    # Where buttons are, one line is left for when they are dead.
    for verb in () if alert.answers else _verbs(alert):
        lines.append(DECIDE.format(verb=verb, case_id=alert.case_id))
    shown = [*buttons(alert), blocks.commands(lines)]
    address = alert.permalink if not alert.restricted else None
    link = blocks.link(address, ON_PLATFORM.format(platform=alert.platform)) if address else None
    return [*shown, blocks.paragraph(link)] if link else shown


def _verbs(alert: Alert) -> list[str]:
    verbs = list(COMMANDS.get(alert.standing, ("show",))[1:])
    if alert.request is not None and "approve" not in verbs:
        verbs.insert(0, "approve")
    return [verb for verb in verbs if alert.can_hide or verb not in _NEEDS_A_HIDE]


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
    """The elements without the line end of the last one; Slack takes no element that is empty then."""
    if not elements:
        return [blocks.text("")]
    *others, last = elements
    ending = last["text"].rstrip("\n")
    return [*others, {**last, "text": ending}] if ending else _trimmed(others)


def _size(message: Message) -> int:
    return len(json.dumps(message.blocks, ensure_ascii=False))
