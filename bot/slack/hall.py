"""What stands behind the door in Slack: the few things that an answer needs, and where other parts add their verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from bot.errors import NotAllowed
from bot.ledger import cases
from bot.ledger.cases import File
from bot.mistakes import printable
from bot.moderation.pack import PolicyPack
from bot.people import People, Person
from bot.pipeline import Route
from bot.review import Review
from bot.voice import Voice

NOT_THEIRS = 'case {case} is on the page "{page}", which is not among yours in people.yaml.'
NO_PAGE = 'there is no page "{page}"; yours are: {pages}.'

Report = Callable[[str, str, str, Voice, str], str]
"""Page, where (link or id), clause, voice, reason; gives the id of the case (``bot.reporting``)."""
OwnPost = Callable[[str, str, Voice, str], int]
"""Page, where, voice, what is wrong; gives the number of the report (``bot.reporting``)."""


@dataclass(frozen=True, slots=True)
class Doing:
    """A verb that another part brings: ``do`` takes the voice and the words after the verb and gives a sentence, or
    raises ``NotAllowed`` with one. ``changes``: whether it is written down as a press."""

    usage: str
    says: str
    do: Callable[[Voice, Sequence[str]], str]
    changes: bool = True


@dataclass(frozen=True, slots=True)
class Hall:
    """``restricted``: whether a case's media may be shown to nobody. ``approve_request``: the second person of
    a request, as it is written (``R-12``); ``None`` for anything else. ``doings``: by verb, what other parts bring."""

    people: People
    review: Review
    restricted: Callable[[str], bool]
    report: Report | None = None
    own_post: OwnPost | None = None
    approve_request: Callable[[str, Voice, str], str | None] = lambda written, voice, reason: None
    doings: Mapping[str, Doing] = field(default_factory=dict)

    @property
    def route(self) -> Route:
        return self.review.route

    def pages_of(self, person: Person) -> frozenset[str]:
        """The pages there are that this person looks after."""
        return frozenset(slug for slug in self.route.desks if person.has(slug))

    def page(self, person: Person, slug: str) -> str:
        """A page of this person's by its slug. Raises ``NotAllowed`` with theirs."""
        theirs = self.pages_of(person)
        if slug not in theirs:
            raise NotAllowed(NO_PAGE.format(page=printable(slug), pages=", ".join(sorted(theirs)) or "none"))
        return slug

    def file(self, session: Session, person: Person, case_id: str) -> File:
        """A case that this person may look at. Raises ``NotAllowed``."""
        file = cases.open_file(session, case_id)
        if not person.has(file.case.page):
            raise NotAllowed(NOT_THEIRS.format(case=case_id, page=file.case.page))
        return file

    def pack(self, page: str) -> PolicyPack | None:
        """The policy in force on a page now."""
        desk = self.route.desks.get(page)
        return None if desk is None else self.review.pack_of(desk, self.route.clock())
