"""From a press under a case to a decision: who, may they, is the message still true, and what has to be said first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger import cases, switches
from bot.ledger.cases import File
from bot.ledger.presses import ASKED, REFUSED, TAKEN
from bot.moderation.pack import ReasonCode
from bot.people import Person
from bot.slack import forms
from bot.slack.forms import ABOUT, APPROVE_REMOVAL, Asked
from bot.slack.hall import Doing, Hall
from bot.slack.members import Member
from bot.slack.presses import Heard, Pressed, kept_with, submitted

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

STALE = (
    "Case {case} has changed since this message was written: it is {status} now. The message is being brought up to "
    "date; look at it again, then decide."
)
ELSEWHERE = "This button does not belong to case {case} here; use the case's own message."
NO_BUTTON = "This button is not one of Beadle's, or it is from an older version; use /beadle instead."
RECORDED = "Recorded for case {case}: {verb}. {sentence} Its message is brought up to date when it is done."
NEEDS_SECOND = (
    "Recorded for case {case}: you ask for its removal. It can't be undone, so another person now presses Approve."
)
AGAIN = "This was recorded before, for case {case}; nothing was done twice."
NEEDED = "Please say why; without a reason this is not recorded."
PAUSED = "All acts are stopped, on every page, until somebody resumes: /beadle resume."
PAUSED_ALREADY = "All acts are stopped already; /beadle resume lets them go on."


@dataclass(frozen=True, slots=True)
class Deciding:
    """Considers presses, and decides. Raises nothing that a member should not read."""

    hall: Hall

    def consider(self, press: Pressed, member: Member) -> Heard | None:
        """What a press comes to before anything is written: a refusal, or a window to open; ``None``: decide now.

        Reads only, so that a window opens in time even while the database takes no writing.
        """
        if member.person is None:
            return Heard(REFUSED, member.refused)
        verb = _verb(press.action)
        if verb is None and self._brought(press) is None:
            return Heard(REFUSED, NO_BUTTON)
        try:
            with Session(self.hall.route.reading) as session:
                file = self.hall.file(session, member.person, press.about)
        except NotAllowed as error:
            return Heard(REFUSED, error.sentence)
        refused = _untrue(press, file) or (verb and self._refused(press, member, member.person, verb, file))
        return refused or (self._form(press, verb, file) if verb else None)

    def decide(self, press: Pressed, member: Member, verb: Verb, reason: str = "", code: str = "") -> Heard:
        """Record a decision. Raises ``NotAllowed`` with why not."""
        assert member.person is not None
        voice = press.voice(member, member.person)
        try:
            answer = self.hall.review.decide(press.about, verb, voice, reason, code)
        except NotAllowed as error:
            return Heard(REFUSED, error.sentence, stale=self._is_stale(press))
        if answer.again:
            return Heard(TAKEN, AGAIN.format(case=press.about))
        if answer.needs_second:
            return Heard(TAKEN, NEEDS_SECOND.format(case=press.about))
        said = RECORDED.format(case=press.about, verb=_spoken(verb), sentence=answer.sentence)
        return Heard(TAKEN, said)

    def button(self, press: Pressed, member: Member) -> Heard:
        """Decide by the press alone."""
        verb, doing = _verb(press.action), self._brought(press)
        if verb is not None:
            return self.decide(press, member, verb)
        assert doing is not None, "considered before"
        assert member.person is not None, "considered before"
        return Heard(TAKEN, doing.do(press.voice(member, member.person), (press.about,)))

    def filled_in(self, body: Mapping[str, Any], member: Member) -> Heard:
        """Decide by what was filled into a window."""
        if member.person is None:
            return Heard(REFUSED, member.refused)
        press, said = form_press(body), forms.values(body["view"])
        verb = _verb(press.action)
        if verb is None:
            return Heard(REFUSED, NO_BUTTON)
        return self.decide(press, member, verb, said.get("reason", ""), said.get("code", ""))

    def pause_all(self, press: Pressed, member: Member, reason: str) -> Heard:
        """The emergency switch."""
        if member.person is None:
            return Heard(REFUSED, member.refused)
        new = self.hall.review.pause(switches.ALL, press.voice(member, member.person), reason)
        return Heard(TAKEN, PAUSED if new else PAUSED_ALREADY)

    def bring_up_to_date(self, case_id: str) -> None:
        """Order the case's message anew: somebody pressed what it no longer says."""
        route = self.hall.route
        with Session(route.writing) as session, session.begin():
            if cases.exists(session, case_id):
                route.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    def _brought(self, press: Pressed) -> Doing | None:
        """The verb of another part that a button stands for."""
        return self.hall.doings.get(press.action.removeprefix("case_")) if press.action.startswith("case_") else None

    def _refused(self, press: Pressed, member: Member, person: Person, verb: Verb, file: File) -> Heard | None:
        if verb is Verb.APPROVE and removal_waits(file):
            return None  # the second of two is another circle; Review asks who that is
        desk = self.hall.route.desks.get(file.case.page)
        refused = self.hall.review.why_not(press.voice(member, person), verb, desk)
        return None if refused is None else Heard(REFUSED, refused)

    def _form(self, press: Pressed, verb: Verb, file: File) -> Heard | None:
        asked = APPROVE_REMOVAL if verb is Verb.APPROVE and removal_waits(file) else forms.ASKED[verb]
        codes = self._codes(file, verb)
        if asked.words == "none" and not codes:
            return None
        return Heard(ASKED, asked.title, form=forms.decision(press, verb, asked, self._about(file), codes))

    def _codes(self, file: File, verb: Verb) -> tuple[ReasonCode, ...]:
        pack = self.hall.pack(file.case.page)
        return () if pack is None else tuple(pack.reasons.get(verb.value, ()))

    def _about(self, file: File) -> str:
        desk = self.hall.route.desks.get(file.case.page)
        name = desk.page.name if desk else file.case.page
        clauses = ", ".join(file.verdict.clauses) or "none"
        return ABOUT.format(case=file.case.case_id, page=name, clauses=clauses, status=file.case.status)

    def _is_stale(self, press: Pressed) -> bool:
        if not press.stand:
            return False
        with Session(self.hall.route.reading) as session:
            return cases.exists(session, press.about) and cases.open_file(session, press.about).stand != press.stand


def _untrue(press: Pressed, file: File) -> Heard | None:
    """A message in another channel than the case's own, or one that is no longer how the case stands."""
    if press.channel and file.alert is not None and file.alert.channel != press.channel:
        return Heard(REFUSED, ELSEWHERE.format(case=press.about))
    if press.stand != file.stand:
        return Heard(REFUSED, STALE.format(case=press.about, status=file.case.status), stale=True)
    return None


def form_press(body: Mapping[str, Any]) -> Pressed:
    """The press of a window on a case, with what its opener saw."""
    told = forms.kept(body["view"])
    press = kept_with(submitted(body, f"case_{told.get('verb', '')}", told.get("case", "")), told)
    return replace(press, action=press.action[:60])


def missing(body: Mapping[str, Any]) -> dict[str, str]:
    """By field, what still has to be filled in; Slack lets a reason of blanks pass."""
    if body["view"].get("callback_id") != forms.DECIDE:
        return {}
    told, said = forms.kept(body["view"]), forms.values(body["view"])
    verb = _verb(f"case_{told.get('verb', '')}")
    needed = verb is not None and _needs_words(forms.ASKED[verb])
    return {"reason": NEEDED} if needed and not said.get("reason") else {}


def removal_waits(file: File) -> bool:
    """Whether a removal waits for its second person."""
    return bool(file.settling) and file.settling[-1].verb == Verb.REMOVE


def _needs_words(asked: Asked) -> bool:
    return asked.words == "must"


def _verb(action: str) -> Verb | None:
    name = action.removeprefix("case_")
    return Verb(name) if action.startswith("case_") and name in {each.value for each in forms.ASKED} else None


def _spoken(verb: Verb) -> str:
    return verb.value.replace("_", " ")
