"""A person marks what hangs on a case as what must not be shown or copied any more (EV-20).

The package stays as it was sealed: it is proof, and may be asked for under seal. From then on nothing of it is shown,
opened, posted, handed out or copied, and the digests of its media are on the archive's own list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlmodel import Session

from bot.authority import Verb
from bot.desk import Desk
from bot.errors import NotAllowed
from bot.evidence.canonical import utc
from bot.ledger import cases
from bot.ledger.cases import File
from bot.pipeline import Route
from bot.voice import Voice

log = structlog.get_logger(__name__)

PAGE_AWAY = 'page "{page}" is not in pages.yaml any more; put it back to restrict its cases.'
NOT_SEALED = "case {case} has no sealed evidence yet; mark it once it has, in a minute or so."
BY_PERSON = "person"


@dataclass(frozen=True, slots=True)
class Restriction:
    """What was marked. ``new``: ``False`` when a person had marked it before. ``media``: digests that are never copied
    again."""

    case_id: str
    new: bool
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restricting:
    """Restricts cases. May run twice: what is there is found, what a crash left out is added. ``why_not``: that of
    ``bot.review``."""

    route: Route
    why_not: Callable[[Voice, Verb, Desk | None], str | None]

    def check(self, case_id: str, voice: Voice) -> File:
        """The case, if this person may restrict it. Raises ``NotAllowed``."""
        with Session(self.route.reading) as session:
            file = cases.open_file(session, case_id)
        desk = self.route.desks.get(file.case.page)
        if desk is None:
            raise NotAllowed(PAGE_AWAY.format(page=file.case.page))
        refused = self.why_not(voice, Verb.RESTRICT, desk)
        if refused is not None:
            raise NotAllowed(refused)
        if file.evidence is None:
            raise NotAllowed(NOT_SEALED.format(case=case_id))
        return file

    def restrict(self, case_id: str, voice: Voice, reason: str) -> Restriction:
        """Restrict a case and tell people. Raises ``NotAllowed`` or ``EvidenceError``."""
        file = self.check(case_id, voice)
        assert file.evidence is not None
        package, archive = file.evidence.package_id, self.route.archive
        media = _digests(archive.read(package).record)
        key = f"{package}/{BY_PERSON}"
        new = not archive.noted("restricted", key)
        # The line first: should the disk fill up between the two, the package is closed all the same.
        archive.note("restricted", {"package": package, "case_id": case_id, "media": media, "by": BY_PERSON}, key=key)
        self._seal(package, voice, reason, media)
        self._tell(case_id)
        log.info("a case was restricted by a person", case=case_id, package=package, by=voice.person.id)
        return Restriction(case_id, new, tuple(media))

    def _seal(self, package: str, voice: Voice, reason: str, media: list[str]) -> None:
        facts = {
            "by": voice.person.id,
            "roles": voice.roles,
            "account": voice.account,
            "door": voice.door,
            "message_seen": voice.saw or None,
            "reason": reason,
            "at": utc(self.route.clock()),
            "media_never_copied_again": media,
        }
        self.route.archive.supplement(package, BY_PERSON, "restriction", facts)

    def _tell(self, case_id: str) -> None:
        """First in every list; and the alert is brought up to date, which takes words and pictures out of it."""
        with Session(self.route.writing) as session, session.begin():
            cases.mark_urgent(session, case_id)
            self.route.orders.place(session, "tell", case_id, cases.next_order(session, case_id))


def _digests(record: dict[str, object]) -> list[str]:
    media = record.get("media")
    return [each["sha256"] for each in media if each["sha256"]] if isinstance(media, list) else []
