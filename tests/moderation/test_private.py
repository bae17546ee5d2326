"""Private data: what a resident can be hurt with is found, what an office publishes is not."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.moderation.detectors.detector import Detector
from bot.moderation.detectors.registry import DETECTORS
from bot.moderation.dictated import dictated
from bot.moderation.passage import Passage
from bot.moderation.policy import PolicyShelf
from bot.moderation.text import fold
from bot.moderation.verdict import Item, Measure
from bot.moderation.wordlists import WordLists

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "config" / "rules"
DATA = [line.split(" | ", 1) for line in (HERE / "private_data.txt").read_text(encoding="utf-8").splitlines()]
PRIVATE = (
    *("identity-numbers@2", "private-keys@1", "private-documents@1", "private-accounts@1", "private-phone@2"),
    *("private-contact-phone@1", "private-email@2", "private-contact-email@1", "private-home@1", "private-address@2"),
    *("private-own-home@1", "birth-dates@2", "plates@2", "passwords@2", "private-health@1", "private-child@1"),
)
FLAGS = ("self-harm@2", "possible-tip@2", "safety-of-systems@2")
HIDING = ("identity-numbers@2", "private-keys@1", "private-home@1")


@cache
def written(name: str) -> dict[str, Any]:
    """A library rule as it stands in its file."""
    return dict(YAML(typ="safe").load((RULES / f"{name}.yaml").read_text(encoding="utf-8")))


@cache
def detector(name: str) -> Detector:
    """The detector of a library rule."""
    kind = DETECTORS[written(name)["detector"]]
    return kind.build(kind.parameters.model_validate(written(name)["parameters"]), WordLists({}))


def found(text: str, rules: tuple[str, ...] = PRIVATE) -> dict[str, list[str]]:
    """The words that each of the rules matched in a text."""
    passage = Passage(Item(text))
    spans = {name: [text[s.start : s.end] for m in detector(name).find(passage) for s in m.spans] for name in rules}
    return {name: words for name, words in spans.items() if words}


def examples(section: str) -> list[tuple[str, str]]:
    """Each rule with each of its examples."""
    return [(name, text) for name in (*PRIVATE, *FLAGS) for text in written(name)[section]]


@pytest.mark.parametrize("text", [text for kind, text in DATA if kind == "yes"])
def test_private_data_is_found(text: str) -> None:
    """Numbers, mailboxes, homes, dates, plates, accounts and passwords of a person, in three languages."""
    assert found(text)


@pytest.mark.parametrize("text", [text for kind, text in DATA if kind == "no"])
def test_what_an_office_or_a_resident_says_in_public_is_not(text: str) -> None:
    """Offices' numbers, meeting places, potholes, permits, prices, dates, routes and statutes are nobody's secret."""
    assert found(text) == {}


@pytest.mark.parametrize(("name", "text"), examples("violates"))
def test_each_rule_finds_its_examples(name: str, text: str) -> None:
    """The examples under "violates" are the rule's tests."""
    assert found(text, (name,))


@pytest.mark.parametrize(("name", "text"), examples("allowed"))
def test_no_rule_finds_what_it_allows(name: str, text: str) -> None:
    """The examples under "allowed" are the rule's tests too."""
    assert found(text, (name,)) == {}


@pytest.mark.parametrize("text", [text for kind, text in DATA if kind == "no"])
def test_no_flag_is_raised_by_ordinary_comments(text: str) -> None:
    """Nobody is asked to look after a pothole."""
    assert found(text, FLAGS) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("her cell: 203-555-0144!", "203-555-0144"),
        ("her cell is ２０３-５５５-０１４４ ok", "２０３-５５５-０１４４"),
        ("her cell is two zero three, five five five, oh one four four", None),
        ("her cell is 2O3-555-Ol44 ok", "2O3-555-Ol44"),
    ],
)
def test_the_span_is_the_very_words_that_were_written(text: str, words: str | None) -> None:
    """However the number is spelt, the reader sees what stands in the comment."""
    expected = words or "two zero three, five five five, oh one four four"
    assert found(text, ("private-phone@2",)) == {"private-phone@2": [expected]}


def test_dictated_mail_is_read_and_shown_as_written() -> None:
    """``at`` and ``dot`` are the signs, and the words are what is shown."""
    text = "Write to KAREN dot Doyle [at] gmail (dot) com today"
    assert found(text, ("private-contact-email@1",)) == {
        "private-contact-email@1": ["KAREN dot Doyle [at] gmail (dot) com"]
    }


@pytest.mark.parametrize(
    "text", ["one two three go", "I was at the dot com conference", "meet me at starbucks.com", ""]
)
def test_ordinary_words_dictate_nothing(text: str) -> None:
    """A few number words, or "at" and "dot" in a sentence, are no telephone number and no address."""
    assert dictated(fold(text)) is None


@pytest.mark.parametrize("kind", ["yes", "no"])
def test_only_validated_numbers_keys_and_homes_are_for_hiding(kind: str) -> None:
    """No harmless comment touches a rule that may hide; the doubtful rules are for review."""
    texts = [text for each, text in DATA if each == kind]
    hidden = [text for text in texts if found(text, HIDING)]
    assert hidden == [] if kind == "no" else len(hidden) > 20


OWN = (
    "I live at 88 Summit Road, please send a crew",
    "my number is 8605550126",
    "my email is tina_v@comcast.net",
    "Vivo en la calle Serrano 14, 3º B",
    "llámame al 612 34 56 78 y hablamos",
    "Moro na Rua Aurora, 145, apto 32",
    "meu zap é 31 99876-5432",
)


@pytest.mark.parametrize("text", OWN)
def test_ones_own_number_mailbox_or_home_is_for_a_person_and_counts_against_nobody(text: str) -> None:
    """Scams harvest them: somebody looks, nothing is hidden by itself, and the resident gets no strike."""
    shelf = PolicyShelf.load(RULES.parent / "policies", only="clinton-city", examples=False)
    judge = shelf.judge(shelf.in_force("clinton-city", datetime(2025, 6, 1, tzinfo=UTC)))
    verdict = judge.judge(Item(text))
    strikes = {rule.id: rule.strikes for rule in judge.pack.rules}
    assert verdict.measure is Measure.REVIEW
    private = [finding.rule_id for finding in verdict.findings if finding.category == "pii"]
    assert private
    assert {strikes[rule] for rule in private} == {0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Hendersons are at 9 Quarry Road, ask them", "9 Quarry Road"),
        ("vivo en la calle Serrano 14, 3º B, y no hay luz", "calle Serrano 14, 3º B"),
        ("a placa do carro dela é RTA4C19, prata", "RTA4C19"),
        ("Witness is Tanisha of 1414 Bexley, second floor", "1414 Bexley"),
    ],
)
def test_homes_and_plates_are_shown_to_the_letter(text: str, words: str) -> None:
    """The span is the address or plate, with its door, and nothing around it."""
    assert [found for each in found(text).values() for found in each] == [words]


@pytest.mark.parametrize(
    "text", ["Witness is Tanisha of 14 trucks", "the census of 2012 Novak", "she lives in 3 rooms", "tag 4th of July"]
)
def test_a_number_before_a_small_word_is_no_street(text: str) -> None:
    """Without a word for street, only a name written large makes an address."""
    assert found(text) == {}


@pytest.mark.parametrize(
    "number",
    ["4111 1111 1111 1112", "000-12-3456", "529.982.247-26", "12345678A", "DE89 3704 0044 0532 0130 01"],
)
def test_a_wrong_check_digit_is_no_identity_number(number: str) -> None:
    """A number that its issuer would refuse is somebody's case or parcel number."""
    assert found(f"look at {number} please", ("identity-numbers@2",)) == {}


@pytest.mark.parametrize(
    "piece", ["1 ", "a.b@c.d ", "203-555-0188 ", "12 a b c ", "one ", "calle a ", "dob 1/1/11 ", "live at 1 a "]
)
def test_a_long_text_of_traps_takes_bounded_time(piece: str) -> None:
    """A hundred thousand characters of anything are read in seconds by all rules together."""
    text = piece * (100_000 // len(piece))
    begun = time.process_time()
    found(text)
    assert time.process_time() - begun < 10
