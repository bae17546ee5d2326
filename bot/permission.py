"""May this be hidden without a person? Pure: the page's mode and signature, and the findings, decide."""

from __future__ import annotations

from dataclasses import dataclass

from bot.moderation.verdict import Finding, Measure, Outcome, Verdict
from bot.pages import Mode, Page, Signature

OBSERVES = "the page is in observe: Beadle watches and tells, and hides nothing."
ASSISTS = "the page is in assist: a person approves each hide."
NOTHING_ACTS = "no rule that matched asks for a hide: a person decides."
UNSIGNED = "nobody has signed auto_hide for this page: a person approves each hide."
NOT_SIGNED_FOR = 'rule "{rule}" is of the category "{category}", which {signed_by} has not signed: a person decides.'
NOT_PRINTABLE = 'rule "{rule}" can\'t be printed in full and has not earned a hide: a person decides.'
TOO_MUCH = 'rule "{rule}" asks to {measure}, which Beadle never does alone: a person decides.'
MAY = "signed by {signed_by} on {signed_on} for: {categories}."


@dataclass(frozen=True, slots=True)
class Permission:
    """The answer, and the sentence that the record keeps with it."""

    allowed: bool
    because: str


def may_hide(page: Page, verdict: Verdict, earned: frozenset[str] = frozenset()) -> Permission:
    """Whether a comment with this verdict may be hidden on this page before a person has looked (FA-02, FA-12).

    ``earned``: the ids of the score rules that have earned it on people's decisions, as of now.
    """
    return _permitted(page, verdict, page.auto_hide, earned)


def may_remove(page: Page, verdict: Verdict) -> Permission:
    """The same for a removal, on a platform that can't hide. The configuration refuses ``auto_remove`` on any other."""
    # No score removes: what it may earn is a hide, which a person can undo.
    return _permitted(page, verdict, page.auto_remove, frozenset())


def _permitted(page: Page, verdict: Verdict, signature: Signature | None, earned: frozenset[str]) -> Permission:
    if page.mode is Mode.OBSERVE:
        return Permission(False, OBSERVES)
    if page.mode is Mode.ASSIST:
        return Permission(False, ASSISTS)
    acting = [finding for finding in verdict.findings if finding.measure in (Measure.HIDE, Measure.REMOVE)]
    if verdict.outcome is not Outcome.ACT or not acting:
        return Permission(False, NOTHING_ACTS)
    if signature is None:
        return Permission(False, UNSIGNED)
    refused = next((why for finding in acting if (why := _why_not(signature, finding, earned))), None)
    return Permission(False, refused) if refused else Permission(True, _signed(signature, acting))


def _why_not(signature: Signature, finding: Finding, earned: frozenset[str]) -> str | None:
    if finding.measure is not Measure.HIDE:
        return TOO_MUCH.format(rule=finding.rule_id, measure=finding.measure.value)
    if not finding.enumerable and finding.rule_id not in earned:
        return NOT_PRINTABLE.format(rule=finding.rule_id)
    if finding.category not in signature.categories:
        return NOT_SIGNED_FOR.format(rule=finding.rule_id, category=finding.category, signed_by=signature.signed_by)
    return None


def _signed(signature: Signature, acting: list[Finding]) -> str:
    categories = ", ".join(sorted({finding.category for finding in acting}))
    return MAY.format(signed_by=signature.signed_by, signed_on=signature.signed_on, categories=categories)
