"""A person reports what no rule found: a comment, under a clause of the policy, or a post of the city's own.

A reported comment gets a case like any other: its evidence is sealed first, and people decide. Nothing acts by itself
on what a person said, whoever they are (FA-06): what a person finds can't be printed beforehand, as a rule can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import structlog
from sqlmodel import Session

from bot.authority import Verb
from bot.desk import Desk
from bot.errors import NotAllowed
from bot.ledger import cases, reports
from bot.ledger.tables import Case, CommentReport, CommentRow, Revision
from bot.ledger.verdicts import from_json
from bot.moderation.pack import PolicyPack
from bot.moderation.verdict import Finding, Measure, Outcome, Verdict
from bot.notify.quoted import one_line
from bot.orders import Workflow
from bot.review import Review
from bot.voice import Voice
from connectors.contract import Visibility

log = structlog.get_logger(__name__)

REPORTED = "A person reported it: {words}"
NO_PAGE = 'there is no page "{page}" in pages.yaml; there are: {pages}.'
NO_REASON = "a report needs a reason in words: what in the comment breaks the clause."
NO_PLACE = "a report needs the link or the platform's id of what is meant; copy the link of the comment itself."
NOT_KNOWN = (
    'no comment of page "{page}" has that link or id. Copy the link of the comment itself; if it is new, it is read at '
    "the next poll (`beadle run --once`), and can be reported then."
)
SEVERAL = 'that link is that of {count} comments of page "{page}"; give the platform\'s id of the one that is meant.'
NOT_YET = (
    'page "{page}" had no policy in force on {day}, when the comment was posted; nothing can be alleged under one.'
)
NO_CLAUSE = 'the policy of page "{page}" has no clause "{clause}" that a comment can break; it has: {clauses}.'
NOT_SEEN = (
    "the comment is {visibility} already, so there is nothing to decide; `beadle search` finds what is known of it."
)
HAS_CASE = "the comment has a case already: {case}, which is {status}. `beadle show {case}` tells all; decide there."

PERSON = "person"
"""The rule and the detector of a report, as findings name them."""
REPORT = "reported"
"""Its category. No city can sign for it, so nothing acts on it alone."""
_LONGEST_REASON = 500
_LONGEST_PLACE = 500
_ID = re.compile(r"[A-Za-z0-9_:=.-]{3,200}")
_NAMES_A_COMMENT = ("reply_comment_id", "comment_id", "lc", "commentUrn", "comment")


@dataclass(frozen=True, slots=True)
class Reporting:
    """Takes people's reports. ``review`` knows who may, and which policy is in force."""

    review: Review

    def report(self, page_slug: str, where: str, clause: str, voice: Voice, reason: str) -> str:
        """Open a case for a comment that no rule found; its id. ``where``: its link, or the platform's id of it.

        The same report again gives the same case. Raises ``NotAllowed`` with what to do instead, such as the case that
        the comment has already.
        """
        desk, place = self._desk(page_slug, voice), _place(where)
        words = one_line(reason, limit=_LONGEST_REASON)
        if not words:
            raise NotAllowed(NO_REASON)
        route = self.review.route
        with Session(route.writing) as session, session.begin():
            before = reports.by_press(session, voice.press)
            if before is not None:
                return before.case_id
            comment = _the_one(reports.comments_at(session, page_slug, place, _ids(place)), page_slug)
            revision = reports.standing(session, comment)
            found = reports.case_of(session, revision)
            if found is not None:
                return _known(found, reports.of_case(session, found.case_id), voice, clause)
            verdict = self._verdict(desk, comment, revision, clause, words)
            now, withheld = route.clock(), desk.withheld
            case_id = reports.open_case(session, comment, revision, verdict, voice, words, now, withheld)
            order: Workflow = "preserve" if withheld is None else "tell"
            route.orders.place(session, order, case_id, cases.next_order(session, case_id))
        log.info("a comment was reported by a person", case=case_id, clause=clause, by=voice.person.id)
        return case_id

    def own_post(self, page_slug: str, where: str, voice: Voice, what: str) -> int:
        """Record what somebody says of a post of the city's own; the number of the report. The caller tells people of
        it, without the name: who said so stands in the report and nowhere else."""
        self._desk(page_slug, voice)
        place, words = _place(where), one_line(what, limit=_LONGEST_REASON)
        if not words:
            raise NotAllowed(NO_REASON)
        route = self.review.route
        with Session(route.writing) as session, session.begin():
            row = reports.own_post(session, page_slug, place, _ids(place), words, voice, route.clock())
            return row.id or 0

    def _desk(self, page: str, voice: Voice) -> Desk:
        desk = self.review.route.desks.get(page)
        if desk is None:
            known = ", ".join(sorted(self.review.route.desks)) or "none"
            raise NotAllowed(NO_PAGE.format(page=one_line(page, limit=60), pages=known))
        refused = self.review.why_not(voice, Verb.REPORT, desk)
        if refused is not None:
            raise NotAllowed(refused)
        return desk

    def _verdict(self, desk: Desk, comment: CommentRow, revision: Revision, clause: str, words: str) -> Verdict:
        """What the person says, as a finding of the policy in force when the comment was posted. It asks for a person,
        and never for an act."""
        if comment.visibility != Visibility.VISIBLE:
            raise NotAllowed(NOT_SEEN.format(visibility=comment.visibility.replace("_", " ")))
        pack = self._pack(desk, comment.posted_at, clause)
        finding = Finding(
            PERSON, clause, REPORT, PERSON, (), 1.0, REPORTED.format(words=words), Measure.REVIEW, enumerable=False
        )
        judged = from_json(revision.verdict)
        return Verdict(Outcome.REVIEW, Measure.REVIEW, (finding,), pack.ref, judged.lang, judged.labels)

    def _pack(self, desk: Desk, posted_at: datetime, clause: str) -> PolicyPack:
        pack = self.review.pack_of(desk, posted_at)
        if pack is None:
            raise NotAllowed(NOT_YET.format(page=desk.page.slug, day=f"{posted_at:%Y-%m-%d}"))
        citable = [each.id for each in pack.clauses if each.judged_by != "records"]
        if clause not in citable:
            listed = ", ".join(citable)
            raise NotAllowed(NO_CLAUSE.format(page=desk.page.slug, clause=one_line(clause, limit=60), clauses=listed))
        return pack


def _place(where: str) -> str:
    place = where.strip()
    if not place or len(place) > _LONGEST_PLACE:
        raise NotAllowed(NO_PLACE)
    return place


def _ids(place: str) -> tuple[str, ...]:
    """What in an address may be the platform's id of a comment: what is named so first, then the end of the path.

    Not the address as a whole: the same comment has another one in an app, on a phone, and with whatever tracks it.
    """
    try:
        address = urlsplit(place)
        asked = parse_qs(address.query)
    except ValueError:
        return ()
    named = [value for name in _NAMES_A_COMMENT for value in asked.get(name, [])]
    ends = [part for part in (address.fragment, *reversed(address.path.split("/"))) if part][:2]
    return tuple(each for each in dict.fromkeys((*named, *ends)) if _ID.fullmatch(each)) if address.netloc else ()


def _the_one(found: list[CommentRow], page: str) -> CommentRow:
    if not found:
        raise NotAllowed(NOT_KNOWN.format(page=page))
    if len(found) > 1:
        raise NotAllowed(SEVERAL.format(count=len(found), page=page))
    return found[0]


def _known(case: Case, report: CommentReport | None, voice: Voice, clause: str) -> str:
    """The same person's same report again is no news; anything else is told which case there is."""
    if report is not None and (report.person, report.clause) == (voice.person.id, clause):
        return case.case_id
    raise NotAllowed(HAS_CASE.format(case=case.case_id, status=case.status))
