"""Two people promote a rule, one demotes it, one resets its brake; what each may not, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot.asking import Requests
from bot.bearing import Bearings
from bot.errors import NotAllowed
from bot.ledger import trust
from bot.ledger.tables import Ask, CaseStatus
from bot.ledger.trust import NOBODY, What
from bot.moderation.pack import PolicyPack
from bot.notify.slack import SlackUnavailable
from bot.pages import Flag, Mode
from bot.people import Person, Role
from bot.proclaiming import Proclaiming
from bot.promoting import KIND, Promoting
from bot.trust import Trust
from tests.office import NOW, SIGNATURE, SLUG, Office, open_office, person, shelf, voice
from tests.words import RULE, decide, pack_of_one

PRINTED = "obscene-words"
AVA, BEN = person("ava", Role.SUPERVISOR), person("ben", Role.CHIEF_OF_STAFF)


class Scene:
    """An office under a policy with one rule by scores beside the shipped ones, and those who promote."""

    def __init__(self, office: Office) -> None:
        self.office = office
        shipped = shelf().in_force("clinton-city", NOW)
        self.pack: PolicyPack = replace(shipped, rules=(*shipped.rules, pack_of_one().rules[0]))
        self.trust = Trust(
            (self.pack,), office.route.reading, office.clock, pages=[office.page], writing=office.route.writing
        )

    @property
    def promoting(self) -> Promoting:
        review = replace(self.office.review, pack_of=lambda *_: self.pack)
        return Promoting(review, Bearings(self.trust, self.office.clock))

    @property
    def requests(self) -> Requests:
        promoting = self.promoting
        return Requests(promoting.review, {KIND: promoting.approved})

    def ask(self, rule: str = RULE, who: Person = AVA) -> int:
        return self.promoting.ask(rule, SLUG, voice(who), "It was right all year.")

    def promote(self, rule: str = RULE) -> str:
        return self.requests.approve(self.ask(rule), voice(BEN), "Agreed.")

    def note(self, rule: str, what: What) -> None:
        with Session(self.office.route.writing) as session, session.begin():
            trust.note(session, SLUG, rule, what, "x 1", f"{rule} {what}", NOBODY, self.office.clock())

    def earned(self) -> frozenset[str]:
        self.trust.count()
        return self.trust.earned(SLUG, self.pack.digest)

    def told(self) -> list[str]:
        with Session(self.office.route.reading) as session:
            return trust.changes(session, NOW - timedelta(days=1), self.office.clock() + timedelta(days=1))


@pytest.fixture
def scene(sqlite_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A page in enforce; people agreed with the score rule a hundred times."""
    with open_office(sqlite_url, tmp_path) as office:
        made = Scene(office)
        decide(office, made.pack, 100)
        yield made


def test_two_people_promote_a_rule_that_has_earned_it(scene: Scene) -> None:
    """Asked for by one, approved by another; then the rule acts, and both names are in the record."""
    number = scene.ask()
    assert scene.earned() == frozenset()
    scene.requests.approve(number, voice(BEN), "Agreed.")

    assert scene.earned() == {RULE}
    assert scene.told() == [
        f'Rule "{RULE}" may act by itself on main: asked for by ava, approved by ben, on 100 of 100 decisions.'
    ]


def test_one_person_alone_promotes_nothing(scene: Scene) -> None:
    """Not by approving their own request, and not from the same account."""
    number = scene.ask()
    with pytest.raises(NotAllowed, match="another person"):
        scene.requests.approve(number, voice(AVA), "")
    with pytest.raises(NotAllowed, match="account"):
        scene.requests.approve(number, voice(BEN, account="ava"), "")
    assert scene.earned() == frozenset()


@pytest.mark.parametrize("role", [Role.SMA, Role.RECORDS_CUSTODIAN, Role.CITY_CLERK])
def test_who_only_decides_cases_promotes_no_rule(scene: Scene, role: Role) -> None:
    """A power of those in charge, and of counsel."""
    with pytest.raises(NotAllowed, match="no role that may"):
        scene.ask(who=person("noor", role))


@pytest.mark.parametrize(
    ("page", "rule", "because"),
    [
        ({"flags": frozenset({Flag.CARETAKER})}, RULE, "is in caretaker"),
        ({"auto_hide": replace(SIGNATURE, categories=frozenset({"profanity"}))}, RULE, 'category "spam"'),
        ({"auto_hide": None}, RULE, 'category "spam"'),
        ({}, PRINTED, "may act by itself on"),
        ({}, "no-such-rule", 'has no rule "no-such-rule"'),
    ],
    ids=["caretaker", "unsigned category", "unsigned page", "acts already", "unknown"],
)
def test_what_can_not_be_promoted_is_refused_with_a_sentence(
    scene: Scene, page: dict[str, Any], rule: str, because: str
) -> None:
    """Nothing is asked for then."""
    scene.office.rearrange(**page)
    with pytest.raises(NotAllowed, match=because):
        scene.ask(rule)


def test_a_rule_of_a_category_that_is_never_hidden_alone_can_not_be_promoted(scene: Scene) -> None:
    """Whatever people decided."""
    never = next(rule for rule in scene.pack.rules if rule.category == "hate")
    with pytest.raises(NotAllowed, match="asks a person, always"):
        scene.ask(never.id)


def test_a_rule_that_has_not_earned_it_is_told_how_far_it_is(scene: Scene) -> None:
    """A hundred agreements and four disagreements are not enough for 95 %."""
    decide(scene.office, scene.pack, 4, agreed=False)
    with pytest.raises(NotAllowed, match=r"\d+ more agreements of people, without one disagreement, would do"):
        scene.ask()


def test_what_changed_between_asking_and_approving_is_asked_again(scene: Scene) -> None:
    """The rule fell, or an election began: the second person approves nothing, and the request stays open."""
    number = scene.ask()
    decide(scene.office, scene.pack, 10, agreed=False)
    with pytest.raises(NotAllowed, match="has not earned it"):
        scene.requests.approve(number, voice(BEN), "")
    with Session(scene.office.route.reading) as session:
        assert session.get_one(Ask, number).status == "open"
    assert scene.told() == []


def test_one_person_demotes_at_once_and_the_next_case_asks(scene: Scene) -> None:
    """A printed rule too: who is an SMA is enough, and the case says who it was."""
    scene.promoting.demote(PRINTED, SLUG, voice(), "Too blunt.")
    case_id = scene.office.settled_case()
    case = scene.office.case(case_id)
    assert (case.status, scene.office.writes()) == (CaseStatus.WAITING, [])
    assert case.because == f'rule "{PRINTED}" was demoted on 2026-11-21 by noor: a person decides.'


def test_a_demotion_while_the_act_is_on_its_way_is_obeyed(scene: Scene) -> None:
    """The order to act stands already; permission is asked in the step that acts."""
    case_id = scene.office.preserved_case()
    scene.promoting.demote(PRINTED, SLUG, voice(), "Too blunt.")
    scene.office.work()
    assert (scene.office.case(case_id).status, scene.office.writes()) == (CaseStatus.WAITING, [])


def test_a_demoted_printed_rule_acts_again_when_two_people_promote_it(scene: Scene) -> None:
    """The signature stands; what was missing is two people."""
    scene.promoting.demote(PRINTED, SLUG, voice(), "Too blunt.")
    scene.promote(PRINTED)
    scene.office.settled_case()
    assert scene.office.writes() == ["hide"]


def test_a_rule_that_asks_people_already_can_not_be_demoted(scene: Scene) -> None:
    """Twice, or a score that nobody promoted: there is nothing to take back."""
    scene.promoting.demote(PRINTED, SLUG, voice(), "")
    for rule in (PRINTED, RULE):
        with pytest.raises(NotAllowed, match="asks people on"):
            scene.promoting.demote(rule, SLUG, voice(), "")


def test_a_reset_is_one_persons_and_a_second_trip_takes_two(scene: Scene) -> None:
    """Within four weeks of a reset it was no accident; a promotion by two people resets it too."""
    scene.note(PRINTED, What.TRIPPED)
    scene.promoting.reset(PRINTED, SLUG, voice(AVA), "A raid; all were right.")
    scene.office.clock.pass_(timedelta(days=27).total_seconds())
    scene.note(PRINTED, What.TRIPPED)
    with pytest.raises(NotAllowed, match="it takes two people"):
        scene.promoting.reset(PRINTED, SLUG, voice(AVA), "Again.")
    scene.promote(PRINTED)
    with Session(scene.office.route.reading) as session:
        assert trust.stopped(session, SLUG) == {}
        assert trust.last_reset(session, SLUG, PRINTED) == scene.office.clock()


def test_four_weeks_later_a_reset_is_one_persons_again(scene: Scene) -> None:
    """Another trip, another look."""
    scene.note(PRINTED, What.TRIPPED)
    scene.promoting.reset(PRINTED, SLUG, voice(AVA), "A raid.")
    scene.office.clock.pass_(timedelta(days=29).total_seconds())
    scene.note(PRINTED, What.TRIPPED)
    assert "has reset its brake" in scene.promoting.reset(PRINTED, SLUG, voice(AVA), "A raid.")


@pytest.mark.parametrize(
    ("who", "page", "because"),
    [(person("noor"), {}, "no role that may"), (AVA, {"flags": frozenset({Flag.CARETAKER})}, "caretaker")],
    ids=["an SMA", "caretaker"],
)
def test_who_may_not_promote_resets_no_brake(scene: Scene, who: Person, page: dict[str, Any], because: str) -> None:
    """A reset gives power back, so it is the same right; and nothing is given back before an election."""
    scene.office.rearrange(**page)
    scene.note(PRINTED, What.TRIPPED)
    with pytest.raises(NotAllowed, match=because):
        scene.promoting.reset(PRINTED, SLUG, voice(who), "")


def test_a_brake_that_has_not_tripped_is_not_reset(scene: Scene) -> None:
    """There is nothing to look at."""
    with pytest.raises(NotAllowed, match="has not tripped"):
        scene.promoting.reset(PRINTED, SLUG, voice(AVA), "")


@pytest.mark.parametrize("flag", list(Flag))
def test_on_a_flagged_page_even_a_promoted_rule_asks(scene: Scene, flag: Flag) -> None:
    """In an incident and before an election a person decides everything."""
    scene.office.rearrange(flags=frozenset({flag}))
    case_id = scene.office.settled_case()
    assert scene.office.case(case_id).status == CaseStatus.WAITING
    assert scene.office.writes() == []


def test_the_bearing_of_a_rule_says_what_a_case_would_be_told(scene: Scene) -> None:
    """Signed and printed: yes. A score: earned, and waiting for two people; in assist nobody acts."""
    bearings = Bearings(scene.trust, scene.office.clock)
    with Session(scene.office.route.reading) as session:
        found = {each.rule.id: each for each in bearings.on(session, scene.office.page)}
        assisted = {each.rule.id: each for each in bearings.on(session, replace(scene.office.page, mode=Mode.ASSIST))}

    assert found[PRINTED].may.allowed
    assert (found[RULE].tally.agreed, found[RULE].may.allowed) == (100, False)
    assert "`beadle promote reads-like-spam --page main`" in found[RULE].may.because
    assert not assisted[PRINTED].may.allowed


class Line:
    """A channel that takes a sentence, unless it is down."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.down = False

    def say(self, channel: str | None, text: str, key: str) -> object:
        if self.down:
            raise SlackUnavailable("Slack is down.")
        self.said.append((key, text))
        return None


def test_what_changed_is_told_once_and_later_where_slack_is_down(scene: Scene) -> None:
    """Nothing is lost while Slack is away, and nothing is said twice."""
    line = Line()
    telling = Proclaiming(scene.office.route, line)
    scene.note(PRINTED, What.TRIPPED)
    line.down = True
    assert telling.see_to() == 0
    line.down = False
    assert [telling.see_to(), telling.see_to()] == [1, 0]
    assert line.said == [("rule:1", f"{PRINTED} tripped")]
