"""May this be hidden without a person? Pure: the page's mode, flags and signature, and the findings, decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bot.moderation.verdict import EARNABLE, SIGNABLE, Finding, Measure, Outcome, Verdict
from bot.pages import Flag, Mode, Page, Signature

OBSERVES = "the page is in observe: Beadle watches and tells, and hides nothing."
ASSISTS = "the page is in assist: a person approves each hide."
INCIDENT = "the page is in an incident, as pages.yaml says: a person decides everything."
CARETAKER = "the page is in caretaker, as before an election: a person decides everything, and no rule changes."
NOTHING_ACTS = "no rule that matched asks for a hide: a person decides."
UNSIGNED = "nobody has signed auto_hide for this page: a person approves each hide."
NOT_SIGNED_FOR = 'rule "{rule}" is of the category "{category}", which {signed_by} has not signed: a person decides.'
NEVER_ALONE = 'rule "{rule}" is of the category "{category}", which is never hidden without a person.'
NOT_PRINTABLE = (
    "rule \"{rule}\" can't be printed in full, and has not both earned a hide on people's decisions and been promoted "
    "by two people: a person decides."
)
TOO_MUCH = 'rule "{rule}" asks to {measure}, which Beadle never does alone: a person decides.'
MAY = "signed by {signed_by} on {signed_on} for: {categories}"
RESTORES = "unless a person confirms it within {hours} hours, it is shown again."
ESCALATES = "unless a person confirms it within {hours} hours, people are told of it once more."

LENT = timedelta(hours=24)
"""The longest that a hide by a score alone stands without a person's word."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Permission:
    """The answer, and the sentence that the record keeps with it."""

    allowed: bool
    because: str


def may_hide(
    page: Page, verdict: Verdict, earned: frozenset[str] = frozenset(), stopped: Mapping[str, str] = _NOTHING
) -> Permission:
    """Whether a comment with this verdict may be hidden on this page before a person has looked (FA-02, FA-12).

    ``earned``: the ids of the score rules that have earned it on people's decisions here and that two people have
    promoted, as of now. ``stopped``: rules that were demoted or tripped their brake, with the sentence that says so.
    """
    answer = _permitted(page, verdict, page.auto_hide, earned, stopped)
    return Permission(True, f"{answer.because}; {_unless(page, verdict)}") if answer.allowed else answer


def may_remove(page: Page, verdict: Verdict, stopped: Mapping[str, str] = _NOTHING) -> Permission:
    """The same for a removal, on a platform that can't hide. The configuration refuses ``auto_remove`` on any other."""
    # No score removes: what it may earn is a hide, which a person can undo.
    answer = _permitted(page, verdict, page.auto_remove, frozenset(), stopped)
    return Permission(True, f"{answer.because}.") if answer.allowed else answer


def acting_rules(verdict: Verdict) -> tuple[str, ...]:
    """The ids of the rules that ask for an act, each once, in the order found."""
    return tuple(dict.fromkeys(finding.rule_id for finding in _acting(verdict)))


def is_lent(verdict: Verdict) -> bool:
    """Whether scores alone ask for the act."""
    return not any(finding.enumerable for finding in _acting(verdict))


def lent_for(page: Page) -> timedelta:
    """How long a hide by scores alone stands on this page without a person's word."""
    return min(LENT, page.unconfirmed.after)


def _acting(verdict: Verdict) -> list[Finding]:
    return [finding for finding in verdict.findings if finding.measure in (Measure.HIDE, Measure.REMOVE)]


def _permitted(
    page: Page, verdict: Verdict, signature: Signature | None, earned: frozenset[str], stopped: Mapping[str, str]
) -> Permission:
    held = _held(page)
    if held is not None:
        return Permission(False, held)
    acting = _acting(verdict)
    if verdict.outcome is not Outcome.ACT or not acting:
        return Permission(False, NOTHING_ACTS)
    if signature is None:
        return Permission(False, UNSIGNED)
    whys = (_why_not(signature, finding, earned, stopped) for finding in acting)
    refused = next((why for why in whys if why is not None), None)
    return Permission(False, refused) if refused else Permission(True, _signed(signature, acting))


def _held(page: Page) -> str | None:
    if page.mode is Mode.OBSERVE:
        return OBSERVES
    if page.mode is Mode.ASSIST:
        return ASSISTS
    if Flag.INCIDENT in page.flags:
        return INCIDENT
    return CARETAKER if Flag.CARETAKER in page.flags else None


def _why_not(signature: Signature, finding: Finding, earned: frozenset[str], stopped: Mapping[str, str]) -> str | None:
    rule, category = finding.rule_id, finding.category
    if finding.measure is not Measure.HIDE:
        return TOO_MUCH.format(rule=rule, measure=finding.measure.value)
    # Asked here too, though the configuration refuses such a signature: this is the last door before the act.
    if category not in (SIGNABLE if finding.enumerable else EARNABLE):
        return NEVER_ALONE.format(rule=rule, category=category)
    if rule in stopped:
        return stopped[rule]
    if not finding.enumerable and rule not in earned:
        return NOT_PRINTABLE.format(rule=rule)
    if category not in signature.categories:
        return NOT_SIGNED_FOR.format(rule=rule, category=category, signed_by=signature.signed_by)
    return None


def _signed(signature: Signature, acting: list[Finding]) -> str:
    categories = ", ".join(sorted({finding.category for finding in acting}))
    return MAY.format(signed_by=signature.signed_by, signed_on=signature.signed_on, categories=categories)


def _unless(page: Page, verdict: Verdict) -> str:
    lent = is_lent(verdict)
    after = lent_for(page) if lent else page.unconfirmed.after
    says = RESTORES if lent or page.unconfirmed.then == "restore" else ESCALATES
    return says.format(hours=round(after / timedelta(hours=1)))
