"""Where somebody is missing: who may decide on which page today, and whether a second person is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from bot import staffing
from bot.moderation.pack import PolicyPack, TwoPeople
from bot.pages import Page
from bot.people import Acknowledgement, Capability, People, Person, Role, Training
from bot.tokens import Token
from tests.office import person, shelf

TODAY = date(2026, 11, 21)
TOWN = Page("town", "Town of Millbrook", "facebook", "1", "clinton-city", Token("none", ""))
LIBRARY = replace(TOWN, slug="library")
PACK = shelf().version("clinton-city", "2024-01")
ON_CALL = replace(person("noor"), on_call=True)


def of(*people: Person, pages: tuple[Page, ...] = (TOWN,), pack: PolicyPack | None = PACK) -> list[str]:
    """What is missing in an office of these people."""
    return staffing.findings(People(people), pages, lambda _: pack, TODAY)


def test_two_people_who_may_decide_and_one_on_call_are_enough() -> None:
    """Nothing is missing, and nothing is said."""
    assert of(ON_CALL, person("gene")) == []


def test_a_page_on_which_nobody_may_decide_says_what_the_nearest_one_lacks() -> None:
    """The newcomer of `beadle init`: the sentence is what they write into people.yaml."""
    newcomer = replace(person("dana", Role.COORDINATOR), trained=(), acknowledged=(), on_call=True)
    (said,) = of(newcomer)

    assert said == (
        'nobody may decide on the page "town": dana has no training in "first-amendment" on record; once they had it, '
        "write it in people.yaml with its date: training: [{topic: first-amendment, on: 2026-11-21}]."
    )


def test_a_page_without_anybody_asks_for_a_person_of_the_right_office() -> None:
    """A clerk reads and counsel advises; neither moderates."""
    found = of(ON_CALL, replace(ON_CALL, id="gene"), pages=(TOWN, LIBRARY))
    clerk = of(replace(person("finn", Role.CITY_CLERK), on_call=True))

    assert found == []
    assert clerk == [
        'nobody may decide on the page "town": give somebody in people.yaml this page and one of the roles '
        "chief_of_staff, coordinator, sma, supervisor."
    ]


def test_one_person_alone_is_no_second_person() -> None:
    """A removal takes two; so do two of whom only one is of this page."""
    elsewhere = replace(person("gene"), pages=frozenset({"library"}))
    sentence = 'page "town" has nobody who may approve a removal that another one asks for'

    assert [each.startswith(sentence) for each in of(ON_CALL)] == [True]
    assert [each.startswith(sentence) for each in of(ON_CALL, elsewhere)] == [True]


def test_the_policys_own_offices_say_who_the_second_is() -> None:
    """Hartford: a supervisor asks and the Chief of Staff directs; two supervisors are not enough."""
    named = TwoPeople(frozenset({Role.SUPERVISOR}), frozenset({Role.CHIEF_OF_STAFF}))
    hartford = replace(PACK, authority=replace(PACK.authority, remove=named))
    one, two = replace(person("sue", Role.SUPERVISOR), on_call=True), person("sam", Role.SUPERVISOR)

    assert len(of(one, two, pack=hartford)) == 1
    assert of(one, person("gene", Role.CHIEF_OF_STAFF), pack=hartford) == []


def test_overdue_training_is_told_once_for_each_topic_however_many_pages() -> None:
    """Who left moderation alone is not reminded of it."""
    old = _trained(replace(ON_CALL, id="ida"), TODAY - timedelta(days=800))
    reader = replace(_trained(person("rob"), TODAY - timedelta(days=800)), capabilities=frozenset({Capability.PUBLISH}))
    found = of(ON_CALL, person("gene"), old, reader, pages=(TOWN, LIBRARY))

    assert [each.split(",")[0] for each in found] == [
        'ida was trained in "first-amendment" on 2024-09-12',
        'ida was trained in "records" on 2024-09-12',
    ]


def test_nobody_on_call_and_no_policy_in_force_are_told() -> None:
    """What is urgent comes at night; and under no policy nothing can be alleged."""
    assert of(person("noor"), person("gene")) == [staffing.NOBODY_ON_CALL]
    assert of(ON_CALL, person("gene"), pack=None) == [
        'nobody may decide on the page "town": no policy is in force there yet; until one is, nothing can be alleged.'
    ]


def test_each_person_stands_somewhere_on_each_of_their_own_pages() -> None:
    """Yes, or the one sentence why not."""
    half = replace(person("kim"), acknowledged=(Acknowledgement("clinton-city", "2015-01", TODAY),))
    town, library = staffing.standings(half, (TOWN, LIBRARY), lambda page: PACK if page is TOWN else None, TODAY)
    own = staffing.standings(replace(half, pages=frozenset({"library"})), (TOWN, LIBRARY), lambda _: PACK, TODAY)

    assert (town.page, town.may, library.may) == ("town", False, True)
    assert "has not acknowledged version 2024-01 of clinton-city" in town.why_not
    assert [each.page for each in own] == ["library"]


def _trained(who: Person, on: date) -> Person:
    return replace(who, trained=tuple(Training(each.topic, on) for each in who.trained))
