"""A look after the act: does a visitor who isn't logged in still see the comment?

The platform's own word is read back with each act, and sealed with it. This is the other side of it: a minute later the
public page is looked at again, and what was seen is sealed as a supplement. It holds nothing up: a look that fails or
comes late is a look less, and no more. A comment that a visitor still sees after a confirmed hide is told to people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

import structlog
from sqlmodel import Session

from bot.errors import EvidenceError
from bot.evidence.canonical import sha256_of_text, utc
from bot.evidence.capture import Capture
from bot.evidence.picture.walls import GONE
from bot.ledger import cases
from bot.ledger.cases import File
from bot.ledger.tables import Act
from bot.orders import after_act, look_key, look_of
from bot.pipeline import Route
from connectors.contract import Action

log = structlog.get_logger(__name__)

TRIES = 2
STILL_SEEN = (
    "The platform says {done}, but a visitor who is not logged in still saw it on the page at"
    " {looked_at:%Y-%m-%d %H:%M} UTC; look at the page, and ask the platform."
)
_MARK = "a visitor who is not logged in still saw it"
_SAID = {Action.HIDE: "hidden", Action.REMOVE: "removed"}
_NOT_THERE = (404, 410)
_IMPOSSIBLE = ("refused", "no_browser", "no_sandbox")
_PREFIX = 0.3

Visible = Literal["yes", "no", "unknown"]


class Seen(TypedDict):
    """``status``: looked; again (it failed, and is tried once more); not_looked (it can't be, or needn't be)."""

    status: Literal["looked", "again", "not_looked"]
    visible: Visible
    looked_at: str


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks at the public page after an act that the platform confirmed."""

    route: Route

    def look(self, order: str) -> Seen:
        """Look once and seal what was seen. May run twice; the second time it finds the seal. Raises nothing that the
        page, the browser or the archive does."""
        tried, act_key = look_of(order)
        with Session(self.route.reading) as session:
            act = session.get_one(Act, act_key)
            file = cases.open_file(session, act.case_id)
        if not self._worth(file, act):
            return _seen("not_looked")
        capture = self._capture(file)
        if capture.status in _IMPOSSIBLE:
            return _seen("not_looked")
        if capture.status == "failed" and capture.http_status not in _NOT_THERE and tried < TRIES:
            return _seen("again")
        return self._seal(file, act, tried, capture)

    def record(self, session: Session, order: str, seen: Seen) -> None:
        """Order the second try; tell people, once, of a comment that is still seen."""
        tried, act_key = look_of(order)
        if seen["status"] == "again":
            after_act(self.route.orders, session, act_key, self.route.look_after_s, tried + 1)
            return
        act = session.get_one(Act, act_key)
        done = _SAID.get(Action(act.action))
        if seen["status"] != "looked" or seen["visible"] != "yes" or done is None:
            return
        case = cases.open_file(session, act.case_id).case
        if _MARK in case.because:
            return
        said = STILL_SEEN.format(done=done, looked_at=datetime.fromisoformat(seen["looked_at"]))
        log.warning("a visitor still sees what the platform says is hidden", case=case.case_id)
        case.because = f"{case.because} {said}".strip()
        session.add(case)
        self.route.orders.place(session, "tell", case.case_id, cases.next_order(session, case.case_id))

    def _worth(self, file: File, act: Act) -> bool:
        """Not where something was done since, and never where the page could show what may not be copied."""
        if file.evidence is None or not file.acts or file.acts[-1].act_key != act.act_key:
            return False
        desk = self.route.desks.get(file.case.page)
        if desk is not None and not desk.connector.capabilities.pictures:
            return False
        return not self.route.archive.restricted(file.case.case_id)

    def _capture(self, file: File) -> Capture:
        comment, words = file.comment, file.revision.text
        return self.route.capturer.capture(comment.permalink, words, comment.comment_id, comment.platform)

    def _seal(self, file: File, act: Act, tried: int, capture: Capture) -> Seen:
        assert file.evidence is not None
        looked_at = self.route.clock()
        visible, because = outcome(capture, seen_before=file.evidence.picture == "proof")
        facts = {
            "after": act.action,
            "done_at": utc(act.done_at),
            "looked_at": utc(looked_at),
            "visible_to_public": visible,
            "because": because,
            "words_found": _words(capture),
            "words_sha256": sha256_of_text(file.revision.text),
            "try": tried,
        }
        try:
            self.route.archive.supplement(
                file.evidence.package_id, look_key(tried, act.act_key), "look", facts, capture=capture
            )
        except EvidenceError as error:
            log.warning("a look could not be sealed", case=act.case_id, because=error.sentence)
            return _seen("again" if tried < TRIES else "not_looked")
        return _seen("looked", visible, looked_at.isoformat())


def outcome(capture: Capture, *, seen_before: bool) -> tuple[Visible, str]:
    """Whether a visitor still sees the comment, and how we know. ``seen_before``: the sealed picture shows it.

    Words that aren't found mean something only where they were found before, on the same page by the same way.
    """
    if capture.comment_text_visible:
        return "yes", "The words of the comment stand on the public page."
    if capture.http_status in _NOT_THERE:
        return "no", f"The address of the comment answers {capture.http_status}."
    if capture.status != "captured":
        # A page that showed the comment and now says that there is none doesn't show it.
        return "no" if seen_before and capture.reason == GONE else "unknown", capture.reason
    if not seen_before:
        return "unknown", "The words are not on the page, but they were not found there before the act either."
    if capture.match_ratio >= _PREFIX:
        return "unknown", capture.reason
    return "no", "The words stood on the public page before the act, and are not there now."


def _words(capture: Capture) -> str:
    if capture.comment_text_visible:
        return "all of them"
    return f"the first {capture.match_ratio:.0%} of them" if capture.match_ratio else "none of them"


def _seen(status: Literal["looked", "again", "not_looked"], visible: Visible = "unknown", looked_at: str = "") -> Seen:
    return Seen(status=status, visible=visible, looked_at=looked_at)
