"""Who may do what: every verb with every office, and what whoever has the office must have learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.authority import Verb, why_not, why_not_second
from bot.errors import NotAllowed
from bot.ledger import switches
from bot.ledger.tables import CaseStatus
from bot.moderation.pack import Authority, PolicyPack, TwoPeople
from bot.pages import Page
from bot.people import Acknowledgement, Capability, Person, Role, Training
from bot.restricting import Restricting
from bot.tokens import Token
from tests.deciding import open_plain_office, put
from tests.office import COARSE, SLUG, Office, person, shelf, voice

TODAY = date(2026, 11, 21)
PAGE = Page(SLUG, "Town of Millbrook", "facebook", "1", "clinton-city", Token("none", ""))

# Written out by hand: sma, supervisor, coordinator, chief_of_staff, records_custodian, city_clerk, counsel.
OFFICES = (
    Role.SMA,
    Role.SUPERVISOR,
    Role.COORDINATOR,
    Role.CHIEF_OF_STAFF,
    Role.RECORDS_CUSTODIAN,
    Role.CITY_CLERK,
    Role.COUNSEL,
)
MAY = {
    "keep": "yes yes yes yes no  no  no",
    "hide": "yes yes yes yes no  no  no",
    "restore": "yes yes yes yes no  no  no",
    "remove": "yes yes yes yes no  no  no",
    "approve": "yes yes yes yes no  no  no",
    "escalate": "yes yes yes yes no  no  no",
    "contest": "yes yes yes yes no  no  yes",
    "by_hand": "yes yes yes yes no  no  no",
    "restrict": "yes yes yes yes no  no  no",
    "block": "no  yes yes yes no  no  no",
    "unblock": "no  yes yes yes no  no  no",
    "warn": "yes yes yes yes no  no  no",
    "decline": "no  yes yes yes no  no  no",
    "opine": "no  no  no  no  no  no  yes",
    "promote": "no  yes yes yes no  no  yes",
    "demote": "yes yes yes yes no  no  yes",
    "undo": "no  yes yes yes no  no  no",
    "pause": "yes yes yes yes yes yes yes",
    "resume": "yes yes yes yes no  no  no",
    "notify": "yes yes yes yes no  no  no",
    "report": "yes yes yes yes yes yes yes",
    "enter_appeal": "yes yes yes yes yes yes yes",
    "decide_appeal": "no  yes yes yes no  no  yes",
}
NEEDS_NO_PAPER = {"opine", "demote", "pause", "report", "enter_appeal"}
CASES = [(verb, role, said == "yes") for verb in MAY for role, said in zip(OFFICES, MAY[verb].split(), strict=True)]
ON_CASES = ("keep", "hide", "restore", "remove", "approve", "escalate", "contest", "by_hand")


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_plain_office(sqlite_url, tmp_path) as opened:
        yield opened


def pack(**authority: object) -> PolicyPack:
    """Clinton City's policy, with another authority."""
    found = shelf().in_force("clinton-city", shelf().packs[0].effective_at.replace(year=2026))
    return replace(found, authority=replace(found.authority, **authority))  # type: ignore[arg-type]


# ── every verb with every office ─────────────────────────────────────────────────────────────────────────────────────


def test_the_table_names_every_verb_and_every_office_there_is() -> None:
    """A verb that is added without a line here fails."""
    assert set(MAY) == {verb.value for verb in Verb}
    assert set(OFFICES) == set(Role)


@pytest.mark.parametrize(("verb", "role", "may"), CASES)
def test_each_office_has_the_verbs_that_the_table_gives_it(verb: str, role: Role, may: bool) -> None:
    """Trained, cleared, of this page: then the office alone decides."""
    refused = why_not(person("kim", role), Verb(verb), PAGE, pack(), TODAY)

    assert (refused is None) is may
    if refused is not None:
        assert refused.startswith("kim has no role that may ")
        assert "in people.yaml give them one of: " in refused


@pytest.mark.parametrize("role", OFFICES)
def test_the_door_of_decisions_asks_the_same_table(office: Office, role: Role) -> None:
    """Review takes exactly the verbs of the table, and a refusal records nothing."""
    for number, verb in enumerate(ON_CASES):
        case_id = office.preserved_case(f"{COARSE} number {number}")
        put(office, case_id, CaseStatus.HIDDEN if verb == "restore" else CaseStatus.WAITING)
        may = (verb, role, True) in CASES
        assert _taken(partial(_decide, office, case_id, verb, role)) is may
        assert bool(office.file(case_id).decisions) is may


@pytest.mark.parametrize("role", OFFICES)
def test_the_doors_of_switches_and_restrictions_ask_the_same_table(office: Office, role: Role) -> None:
    """Pause, resume and restrict, each with every office."""
    case_id, who = office.preserved_case(COARSE), voice(person("kim", role))
    restricting = Restricting(office.route, office.review.why_not)
    decides = role in OFFICES[:4]

    assert _taken(lambda: office.review.pause(SLUG, who, "smoke"))
    assert _taken(lambda: office.review.resume(SLUG, who)) is decides
    with Session(office.route.reading) as session:
        assert (switches.thrown(session, SLUG) is None) is decides
    assert _taken(lambda: restricting.restrict(case_id, who, "seized")) is decides
    assert office.route.archive.restricted(case_id) is decides


# ── what was learned ─────────────────────────────────────────────────────────────────────────────────────────────────

LACKS: list[tuple[str, Callable[[Person], Person], str]] = [
    ("no clearance", lambda who: replace(who, capabilities=frozenset({Capability.PUBLISH})), 'add "moderate"'),
    ("no training", lambda who: replace(who, trained=()), 'no training in "first-amendment" on record'),
    ("one topic missing", lambda who: replace(who, trained=who.trained[:1]), "no training in"),
    ("training too old", lambda who: _trained(who, TODAY - timedelta(days=731)), "over 730 days ago"),
    ("training to come", lambda who: _trained(who, TODAY + timedelta(days=1)), "no training in"),
    ("not acknowledged", lambda who: replace(who, acknowledged=()), "has not acknowledged version 2024-01"),
    ("an older version", lambda who: _acknowledged(who, "2015-01", TODAY), "has not acknowledged version 2024-01"),
    ("a version to come", lambda who: _acknowledged(who, "2024-01", TODAY + timedelta(days=1)), "has not acknowl"),
    ("another page", lambda who: replace(who, pages=frozenset({"library"})), 'does not look after the page "main"'),
]


@pytest.mark.parametrize(("lack", "expected"), [each[1:] for each in LACKS], ids=[each[0] for each in LACKS])
@pytest.mark.parametrize("verb", list(Verb))
def test_whoever_lacks_something_may_not_and_reads_what_to_write(
    verb: Verb, lack: Callable[[Person], Person], expected: str
) -> None:
    """Only an emergency stop, taking in what a resident writes and counsel's word wait for no paper."""
    role = Role.COUNSEL if verb in (Verb.OPINE,) else Role.SUPERVISOR
    refused = why_not(lack(person("kim", role)), verb, PAGE, pack(), TODAY)

    if verb.value in NEEDS_NO_PAPER and "look after" not in expected:
        assert refused is None
    else:
        assert refused is not None
        assert expected in refused


@pytest.mark.parametrize(("lack", "expected"), [each[1:] for each in LACKS], ids=[each[0] for each in LACKS])
def test_the_second_of_two_people_must_have_learned_the_same(lack: Callable[[Person], Person], expected: str) -> None:
    """Two signatures of which one knows nothing are one."""
    second = lack(person("kim", Role.SUPERVISOR))
    refused = why_not_second(second, Verb.REMOVE, PAGE, pack(), TODAY)

    assert refused is not None
    assert expected in refused
    assert why_not_second(person("kim", Role.SUPERVISOR), Verb.REMOVE, PAGE, pack(), TODAY) is None


def test_training_holds_to_the_last_day_and_counsel_needs_no_clearance() -> None:
    """730 days are 730 days; counsel signs as an officer and moderates nothing."""
    last_day = _trained(person("kim"), TODAY - timedelta(days=730))
    counsel = replace(person("cleo", Role.COUNSEL), capabilities=frozenset())

    assert why_not(last_day, Verb.HIDE, PAGE, pack(), TODAY) is None
    assert why_not(counsel, Verb.DECIDE_APPEAL, PAGE, pack(), TODAY) is None


def test_what_was_learned_is_asked_at_the_door_too(office: Office) -> None:
    """The sentence names the topic and what to write; nothing is recorded."""
    case_id = office.preserved_case(COARSE)
    untrained = replace(person("kim"), trained=())

    with pytest.raises(NotAllowed, match=r"training: \[{topic: first-amendment, on: 2026-11-21}\]"):
        office.review.decide(case_id, Verb.KEEP, voice(untrained), "why")
    with pytest.raises(NotAllowed, match=r'policy: clinton-city, version: "2024-01", on: 2026-11-21'):
        office.review.decide(case_id, Verb.KEEP, voice(replace(person("kim"), acknowledged=())), "why")
    assert office.file(case_id).decisions == ()


# ── the offices that a policy names ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", ["remove", "block", "promote"])
def test_a_policy_narrows_who_asks_and_who_is_the_second(verb: str) -> None:
    """As Hartford Policy 012 xi: a designee executes, the Chief of Staff directs."""
    named = pack(**{verb: TwoPeople(frozenset({Role.SUPERVISOR}), frozenset({Role.CHIEF_OF_STAFF}))})
    asks = {role for role in OFFICES if why_not(person("kim", role), Verb(verb), PAGE, named, TODAY) is None}
    seconds = {role for role in OFFICES if why_not_second(person("kim", role), Verb(verb), PAGE, named, TODAY) is None}

    assert (asks, seconds) == ({Role.SUPERVISOR}, {Role.CHIEF_OF_STAFF})


def test_where_a_policy_names_nobody_the_second_has_the_verb_by_office() -> None:
    """A clerk or a custodian is nobody's second for a removal."""
    silent = pack(remove=TwoPeople())
    found = {role for role in OFFICES if why_not_second(person("kim", role), Verb.REMOVE, PAGE, silent, TODAY) is None}

    assert found == set(OFFICES[:4])
    assert why_not_second(person("kim", Role.CITY_CLERK), Verb.REMOVE, None, None, TODAY) is not None


SHIPPED = {
    "clinton-city": (("first-amendment", "records"), set(), set()),
    "glastonbury-6": (
        ("first-amendment", "records"),
        {"sma", "coordinator", "supervisor"},
        {"coordinator", "supervisor"},
    ),
    "city-702": (
        ("legal", "privacy", "civil-rights", "dissemination-and-retention"),
        {"sma", "coordinator", "supervisor"},
        {"supervisor", "chief_of_staff"},
    ),
    "hartford-city-012": (("first-amendment", "records"), {"supervisor", "coordinator"}, {"chief_of_staff"}),
    "hartford-police-3-01a": (
        ("first-amendment", "records"),
        {"sma", "coordinator", "supervisor"},
        {"supervisor", "chief_of_staff"},
    ),
}


@pytest.mark.parametrize("slug", SHIPPED)
def test_each_shipped_policy_names_its_offices_and_topics(slug: str) -> None:
    """Read from the policies' own text, and not to be changed by accident."""
    (found,) = [each.authority for each in shelf().packs if each.slug == slug]

    assert (found.training, set(found.remove.asks), set(found.remove.seconds)) == SHIPPED[slug]
    assert found.retrain_days == Authority().retrain_days
    assert Role.SMA not in found.block.asks


# ── whose page, and whose switch ─────────────────────────────────────────────────────────────────────────────────────


def test_who_looks_after_one_page_stops_all_in_an_emergency_and_lets_none_go_on(office: Office) -> None:
    """Stopping never waits; going on everywhere takes somebody who may do so on every page."""
    library = voice(person("lib", Role.SMA, pages=frozenset({"library"})))

    assert office.review.pause(switches.ALL, library, "smoke")
    with pytest.raises(NotAllowed, match='does not look after the page "main"'):
        office.review.resume(switches.ALL, library)
    with pytest.raises(NotAllowed, match='does not look after the page "main"'):
        office.review.pause(SLUG, library, "smoke")
    assert office.review.resume(switches.ALL, voice()) == 0


def test_the_untrained_stop_and_do_not_let_go_on(office: Office) -> None:
    """Nobody looks for a certificate while something burns."""
    untrained = voice(replace(person("kim"), trained=()))

    assert office.review.pause(switches.ALL, untrained, "smoke")
    with pytest.raises(NotAllowed, match="no training"):
        office.review.resume(switches.ALL, untrained)


def test_a_verb_that_decides_no_case_is_refused_as_one(office: Office) -> None:
    """A wrong call is a sentence, not a crash."""
    case_id = office.preserved_case(COARSE)

    with pytest.raises(NotAllowed, match='"block" is nothing that is decided on a case'):
        office.review.decide(case_id, Verb.BLOCK, voice(), "why")


def _decide(office: Office, case_id: str, verb: str, role: Role) -> None:
    office.review.decide(case_id, Verb(verb), voice(person("kim", role)), "why")


def _taken(call: Callable[[], object]) -> bool:
    try:
        call()
    except NotAllowed as refused:
        if "has no role that may" in refused.sentence:
            return False
        raise
    return True


def _trained(who: Person, on: date) -> Person:
    return replace(who, trained=tuple(Training(each.topic, on) for each in who.trained))


def _acknowledged(who: Person, version: str, on: date) -> Person:
    return replace(who, acknowledged=(Acknowledgement("clinton-city", version, on),))
