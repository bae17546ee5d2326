"""The buttons below an alert: what a person can still do about the case, and nothing else.

A press brings back ``value``: the case, and how it stood in the message, so that a press on an old message is noticed.
"""

from __future__ import annotations

from bot.notify import blocks
from bot.notify.blocks import Block, Element
from bot.notify.case_facts import Alert, Standing

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

LABELS = {
    "keep": "Keep",
    "hide": "Hide",
    "restore": "Restore",
    "remove": "Remove",
    "approve": "Approve",
    "by_hand": "Done by hand",
    "notify": "Notify the commenter",
    "escalate": "Escalate",
    "contest": "Contest the rule",
}
CONFIRM_HIDE = "Confirm the hide"
REMOVE_TITLE = "Remove for good?"
REMOVE_TEXT = (
    "A removal can't be undone, so another person must approve it before anything happens. Hide takes the comment out "
    "of sight and can be taken back."
)
APPROVE_TEXT = (
    "You would be the second person: the comment is then removed on the platform, and that can't be undone. The sealed "
    "evidence stays."
)
REMOVE, APPROVE, BACK = "Ask for removal", "Approve removal", "Go back"
STOP = "Stop all acts"
STOP_TITLE = "Stop all acts?"
STOP_TEXT = (
    "Nothing is hidden or removed by rule on any page until a person resumes it. Reading, judging and keeping evidence "
    "go on."
)
STOP_CONFIRM = "Stop"

_OFFERED = {
    Standing.HIDDEN: ("restore", "approve", "remove", "notify", "escalate", "contest"),
    Standing.WAITS: ("keep", "hide", "by_hand", "remove", "escalate", "contest"),
    Standing.NOT_HIDDEN: ("keep", "hide", "by_hand", "remove", "escalate", "contest"),
    Standing.KEPT: ("hide", "remove", "contest"),
    Standing.RESTORED: ("hide", "remove", "notify", "contest"),
    Standing.REMOVED: ("notify", "contest"),
    Standing.GONE: ("contest",),
    Standing.BY_HAND: ("contest",),
    Standing.CLOSED: (),
}
# The choice that takes least away stands out.
_LEAST = frozenset({"keep", "restore"})
_SHOWS = frozenset({"keep", "restore"})
_CONFIRMS = frozenset({"approve", "hide"})


def buttons(alert: Alert) -> list[Block]:
    """One row of buttons, or none: where nobody receives a press, or nothing can be done any more."""
    verbs = _offered(alert) if alert.answers else ()
    if not verbs:
        return []
    return [{"type": "actions", "block_id": f"case:{alert.case_id}", "elements": [_button(alert, v) for v in verbs]}]


def all_stop() -> Block:
    """The button that stops all acts."""
    button = {
        **_plain(STOP),
        "action_id": "pause_all",
        "value": "pause_all",
        "style": "danger",
        "confirm": _confirm(STOP_TITLE, STOP_TEXT, STOP_CONFIRM),
    }
    return {"type": "actions", "block_id": "pause_all", "elements": [button]}


def _offered(alert: Alert) -> tuple[str, ...]:
    return tuple(verb for verb in _possible(alert) if _may_be_offered(alert, verb))


def _possible(alert: Alert) -> tuple[str, ...]:
    verbs = _OFFERED[alert.standing]
    if alert.request is None:
        return verbs
    return ("approve", *(verb for verb in verbs if verb not in ("approve", "remove")))


def _may_be_offered(alert: Alert, verb: str) -> bool:
    sealed = alert.digest is not None
    asks = {
        "hide": alert.can_hide and sealed,
        "restore": alert.can_hide,
        "remove": alert.can_remove and sealed,
        # What a person has hidden or confirmed needs no confirming.
        "approve": sealed and (alert.request is not None or not any(each.verb in _CONFIRMS for each in alert.words)),
        # Where Beadle can do it, nobody needs to do it by hand.
        "by_hand": not alert.can_hide,
        "notify": alert.notice,
    }
    # What may show the abuse of a child is never left up or put up again by the press of a button.
    return asks.get(verb, True) and not (alert.restricted and verb in _SHOWS)


def _button(alert: Alert, verb: str) -> Element:
    label = CONFIRM_HIDE if verb == "approve" and alert.request is None else LABELS[verb]
    button: Element = {**_plain(label), "action_id": f"case_{verb}", "value": f"{alert.case_id}|{alert.stand}"}
    if verb in _LEAST:
        return {**button, "style": "primary"}
    if verb == "remove":
        return {**button, "style": "danger", "confirm": _confirm(REMOVE_TITLE, REMOVE_TEXT, REMOVE)}
    if verb == "approve" and alert.request is not None:
        return {**button, "style": "danger", "confirm": _confirm(REMOVE_TITLE, APPROVE_TEXT, APPROVE)}
    return button


def _plain(label: str) -> Element:
    return {"type": "button", "text": blocks.plain(label)}


def _confirm(title: str, words: str, yes: str) -> Element:
    return {
        "title": blocks.plain(title),
        "text": blocks.plain(words),
        "confirm": blocks.plain(yes),
        "deny": blocks.plain(BACK),
        "style": "danger",
    }
