"""The two shortcuts: a comment that no rule found, and a post of the city's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import NotAllowed
from bot.ledger.presses import REFUSED, TAKEN
from bot.slack import forms
from bot.slack.hall import Hall
from bot.slack.members import Member
from bot.slack.presses import Heard, submitted
from bot.slack.wire import View

REPORTED = "Reported: case {case}. Its evidence is being sealed, then people decide; you find it under its case."
POST_REPORTED = "Reported, number {number}. Those in charge of the page are told, without your name."
NOT_HERE = "Reports are not taken here; use the command line."
NO_PAGES = "No page is yours in people.yaml, so there is none to report on."
NO_POLICY = "There is no policy in force on that page, so there is no clause to name."
_TITLES = {forms.REPORT: forms.REPORT_COMMENT, forms.OWN_POST: forms.REPORT_POST}


def window(hall: Hall, member: Member, callback: str) -> View:
    """The first window of a shortcut; one that says why not for whoever may not."""
    title = _TITLES[callback]
    if member.person is None:
        return forms.notice(title, member.refused)
    names = {slug: hall.route.desks[slug].page.name for slug in sorted(hall.pages_of(member.person))}
    if not names:
        return forms.notice(title, NO_PAGES)
    if callback == forms.REPORT and len(names) == 1:
        return clauses(hall, next(iter(names)))
    return forms.pick_page(callback, list(names.items()))


def clauses(hall: Hall, page: str) -> View:
    """The window of a report on a comment of this page, with the clauses that bind the public."""
    pack, desk = hall.pack(page), hall.route.desks.get(page)
    if pack is None or desk is None:
        return forms.notice(forms.REPORT_COMMENT, NO_POLICY)
    judged = [clause for clause in pack.clauses if clause.judged_by != "records"]
    return forms.report(page, desk.page.name, judged)


def comment(hall: Hall, body: Mapping[str, Any], member: Member) -> Heard:
    """Report a comment, as the window says. Raises ``NotAllowed``."""
    said, page = forms.values(body["view"]), forms.kept(body["view"]).get("page", "")
    if member.person is None:
        return Heard(REFUSED, member.refused)
    if hall.report is None:
        raise NotAllowed(NOT_HERE)
    press = submitted(body, forms.REPORT, page)
    voice = press.voice(member, member.person)
    case_id = hall.report(hall.page(member.person, page), said["where"], said["clause"], voice, said["reason"])
    return Heard(TAKEN, REPORTED.format(case=case_id))


def own_post(hall: Hall, body: Mapping[str, Any], member: Member) -> Heard:
    """Report a post of the city's own, as the window says. Raises ``NotAllowed``."""
    said = forms.values(body["view"])
    if member.person is None:
        return Heard(REFUSED, member.refused)
    if hall.own_post is None:
        raise NotAllowed(NOT_HERE)
    press = submitted(body, forms.OWN_POST, said.get("page", ""))
    voice = press.voice(member, member.person)
    number = hall.own_post(hall.page(member.person, said["page"]), said["where"], voice, said["reason"])
    return Heard(TAKEN, POST_REPORTED.format(number=number))


def missing(body: Mapping[str, Any]) -> dict[str, str]:
    """By field, what still has to be filled in; Slack lets blanks pass."""
    if body["view"].get("callback_id") not in _TITLES:
        return {}
    said = forms.values(body["view"])
    return {name: forms.TOO_SHORT for name in ("where", "reason") if name in said and not said[name]}
