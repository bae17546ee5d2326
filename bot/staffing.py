"""Is there somebody for everything? Who may decide on which page today, and where somebody is missing.

Pure: people, pages and the policies in force decide, at a given day. `beadle people`, `beadle doctor` and the digest
ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from bot.authority import OVERDUE, Verb, why_not, why_not_second
from bot.moderation.pack import PolicyPack
from bot.pages import Page
from bot.people import DECIDERS, Capability, People, Person

NOBODY_DECIDES = 'nobody may decide on the page "{page}": {because}'
NO_DECIDER = "give somebody in people.yaml this page and one of the roles {roles}."
NO_SECOND = (
    'page "{page}" has nobody who may approve a removal that another one asks for; it takes two people who may decide, '
    "in the offices that its policy names."
)
NOBODY_ON_CALL = "nobody is on call for what is urgent; in people.yaml write on_call: true for somebody."
NO_POLICY = "no policy is in force there yet; until one is, nothing can be alleged."

PackOf = Callable[[Page], PolicyPack | None]
"""The policy in force on a page today; ``None`` before the first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one person may do on one page. ``why_not`` is empty for whoever may decide."""

    page: str
    why_not: str

    @property
    def may(self) -> bool:
        return not self.why_not


def standings(person: Person, pages: Iterable[Page], pack_of: PackOf, today: date) -> list[Standing]:
    """Whether this person may decide, on each page that they look after."""
    return [
        Standing(page.slug, why_not(person, Verb.KEEP, page, pack_of(page), today) or "")
        for page in pages
        if person.has(page.slug)
    ]


def overdue(people: People, pages: Iterable[Page], pack_of: PackOf, today: date) -> list[str]:
    """Whose training was too long ago, each topic once."""
    return list(dict.fromkeys(_overdue(people, pages, pack_of, today)))


def findings(people: People, pages: Iterable[Page], pack_of: PackOf, today: date) -> list[str]:
    """Where somebody is missing, a sentence each: pages on which nobody may decide or no second person is found,
    training that is overdue, and nobody on call."""
    listed = list(pages)
    found = [each for page in listed for each in _missing(people, page, pack_of(page), today)]
    found += overdue(people, listed, pack_of, today)
    if not people.on_call():
        found.append(NOBODY_ON_CALL)
    return found


def _missing(people: People, page: Page, pack: PolicyPack | None, today: date) -> Iterator[str]:
    if pack is None:
        yield NOBODY_DECIDES.format(page=page.slug, because=NO_POLICY)
        return
    refusals = {each.id: why_not(each, Verb.KEEP, page, pack, today) for each in people.people}
    if all(refusals.values()):
        near = [refusals[each.id] for each in people.people if each.roles & DECIDERS and each.has(page.slug)]
        because = next((each for each in near if each), None) or NO_DECIDER.format(roles=", ".join(sorted(DECIDERS)))
        yield NOBODY_DECIDES.format(page=page.slug, because=because)
    elif not _two(people, page, pack, today):
        yield NO_SECOND.format(page=page.slug)


def _two(people: People, page: Page, pack: PolicyPack, today: date) -> bool:
    """Whether one may ask for a removal and another approve it."""
    ask = {each.id for each in people.people if why_not(each, Verb.REMOVE, page, pack, today) is None}
    approve = {each.id for each in people.people if why_not_second(each, Verb.REMOVE, page, pack, today) is None}
    return any(one != other for one in ask for other in approve)


def _overdue(people: People, pages: Iterable[Page], pack_of: PackOf, today: date) -> Iterator[str]:
    for page in pages:
        pack = pack_of(page)
        for person in people.people:
            if pack is not None and person.has(page.slug) and Capability.MODERATE in person.capabilities:
                yield from _too_old(person, pack, today)


def _too_old(person: Person, pack: PolicyPack, today: date) -> Iterator[str]:
    days = pack.authority.retrain_days
    for topic in pack.authority.training:
        newest = max((each.on for each in person.trained if each.topic == topic and each.on <= today), default=None)
        if newest is not None and (today - newest).days > days:
            yield OVERDUE.format(person=person.id, topic=topic, on=newest, days=days)
