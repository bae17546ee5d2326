"""Who may do what: every verb, the offices that have it, and what they must have learned before.

Pure: the person, the verb, the page and the policy version decide, at a given day. The doors (command line, Slack,
mail) ask here and nowhere else, so that they can't differ (Clinton City 3.2, Glastonbury 1.d, Hartford II and xi).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.moderation.pack import PolicyPack
from bot.pages import Page
from bot.people import DECIDERS, Capability, Person, Role


class Verb(StrEnum):
    """All that a person may do."""

    KEEP = "keep"
    HIDE = "hide"
    RESTORE = "restore"
    REMOVE = "remove"
    APPROVE = "approve"
    ESCALATE = "escalate"
    CONTEST = "contest"
    BY_HAND = "by_hand"
    RESTRICT = "restrict"
    BLOCK = "block"
    UNBLOCK = "unblock"
    WARN = "warn"
    DECLINE = "decline"
    OPINE = "opine"
    PROMOTE = "promote"
    DEMOTE = "demote"
    UNDO = "undo"
    PAUSE = "pause"
    RESUME = "resume"
    NOTIFY = "notify"
    REPORT = "report"
    ENTER_APPEAL = "enter_appeal"
    DECIDE_APPEAL = "decide_appeal"


NO_ROLE = "{person} has no role that may {verb} here; in people.yaml give them one of: {roles}."
NOT_THEIRS = '{person} does not look after the page "{page}"; see their pages in people.yaml.'
NO_CAPABILITY = '{person} is not cleared to moderate; in people.yaml add "moderate" to their capability.'
UNTRAINED = (
    '{person} has no training in "{topic}" on record; once they had it, write it in people.yaml with its date: '
    "training: [{{topic: {topic}, on: {today}}}]."
)
OVERDUE = '{person} was trained in "{topic}" on {on}, over {days} days ago; enter the new date once they had it again.'
NOT_ACKNOWLEDGED = (
    "{person} has not acknowledged version {version} of {policy}; once they have read it and said so, write it in "
    'people.yaml with its date: acknowledged: [{{policy: {policy}, version: "{version}", on: {today}}}].'
)
NOT_SECOND = "only {roles} may approve this as the second person; {person} is none of them."
SPOKEN = {
    "by_hand": "record what was done by hand",
    "opine": "give counsel's opinion",
    "promote": "let a rule act alone",
    "demote": "stop a rule from acting alone",
    "undo": "take back what a rule did",
    "pause": "pause acts",
    "resume": "let acts go on",
    "notify": "send a notice",
    "report": "report a comment or a post",
    "enter_appeal": "enter an appeal",
    "decide_appeal": "decide an appeal",
}

_LEADERS = frozenset({Role.SUPERVISOR, Role.COORDINATOR, Role.CHIEF_OF_STAFF})
_RECEIVERS = DECIDERS | {Role.CITY_CLERK, Role.RECORDS_CUSTODIAN, Role.COUNSEL}


@dataclass(frozen=True, slots=True)
class Right:
    """Who has a verb. ``learned``: only with training and acknowledgement on record, cleared to moderate. An emergency
    stop and taking in what a resident writes never wait for paperwork."""

    roles: frozenset[Role]
    learned: bool = True


RIGHTS: Mapping[Verb, Right] = {
    Verb.KEEP: Right(DECIDERS),
    Verb.HIDE: Right(DECIDERS),
    Verb.RESTORE: Right(DECIDERS),
    Verb.REMOVE: Right(DECIDERS),
    Verb.APPROVE: Right(DECIDERS),
    Verb.ESCALATE: Right(DECIDERS),
    Verb.CONTEST: Right(DECIDERS | {Role.COUNSEL}),
    Verb.BY_HAND: Right(DECIDERS),
    Verb.RESTRICT: Right(DECIDERS),
    Verb.BLOCK: Right(_LEADERS),
    Verb.UNBLOCK: Right(_LEADERS),
    Verb.WARN: Right(DECIDERS),
    Verb.DECLINE: Right(_LEADERS),
    Verb.OPINE: Right(frozenset({Role.COUNSEL}), learned=False),
    Verb.PROMOTE: Right(_LEADERS | {Role.COUNSEL}),
    Verb.DEMOTE: Right(DECIDERS | {Role.COUNSEL}, learned=False),
    Verb.UNDO: Right(_LEADERS),
    Verb.PAUSE: Right(_RECEIVERS, learned=False),
    Verb.RESUME: Right(DECIDERS),
    Verb.NOTIFY: Right(DECIDERS),
    Verb.REPORT: Right(_RECEIVERS, learned=False),
    Verb.ENTER_APPEAL: Right(_RECEIVERS, learned=False),
    Verb.DECIDE_APPEAL: Right(_LEADERS | {Role.COUNSEL}),
}
"""What each verb asks for, where the policy names no narrower circle."""


def why_not(person: Person, verb: Verb, page: Page | None, pack: PolicyPack | None, today: date) -> str | None:
    """Why this person may not do this on this page now, in a sentence that says what to do; ``None`` if they may.

    ``page`` ``None``: it concerns no single page. ``pack``: the policy in force there, where what was learned counts.
    """
    right = RIGHTS[verb]
    roles = right.roles
    asked = pack.authority.of(verb.value) if pack is not None else None
    if asked is not None and asked.asks:
        roles = asked.asks
    if not person.roles & roles:
        return NO_ROLE.format(person=person.id, verb=_spoken(verb), roles=_listed(roles))
    if page is not None and not person.has(page.slug):
        return NOT_THEIRS.format(person=person.id, page=page.slug)
    if not right.learned:
        return None
    return _not_learned(person, pack, today)


def why_not_second(person: Person, verb: Verb, page: Page | None, pack: PolicyPack | None, today: date) -> str | None:
    """Why this person may not be the second of two who do this; ``None`` if they may. That they are another one is
    asked elsewhere. Where the policy names no office for the second, those count that the verb has anyway."""
    circle = pack.authority.of(verb.value) if pack is not None else None
    roles = circle.seconds if circle is not None and circle.seconds else RIGHTS[verb].roles
    if not person.roles & roles:
        return NOT_SECOND.format(person=person.id, roles=_listed(roles))
    if page is not None and not person.has(page.slug):
        return NOT_THEIRS.format(person=person.id, page=page.slug)
    return _not_learned(person, pack, today)


def _not_learned(person: Person, pack: PolicyPack | None, today: date) -> str | None:
    """Counsel and clerks sign as officers of the city; whoever moderates is cleared, trained, and knows the policy.
    What is dated later than today has not happened yet."""
    if person.roles & DECIDERS and Capability.MODERATE not in person.capabilities:
        return NO_CAPABILITY.format(person=person.id)
    if pack is None:
        return None
    for topic in pack.authority.training:
        newest = max((each.on for each in person.trained if each.topic == topic and each.on <= today), default=None)
        if newest is None:
            return UNTRAINED.format(person=person.id, topic=topic, today=today)
        if today - newest > timedelta(days=pack.authority.retrain_days):
            return OVERDUE.format(person=person.id, topic=topic, on=newest, days=pack.authority.retrain_days)
    known = {(each.policy, each.version) for each in person.acknowledged if each.on <= today}
    if (pack.slug, pack.version) not in known:
        return NOT_ACKNOWLEDGED.format(person=person.id, version=pack.version, policy=pack.slug, today=today)
    return None


def _spoken(verb: Verb) -> str:
    return SPOKEN.get(verb.value, verb.value)


def _listed(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(role.value for role in roles))
