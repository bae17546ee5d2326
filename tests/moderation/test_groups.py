"""Every group of the shared list, in every frame: hate against it is found, lawful speech about it is let pass.

A group that is protected less than another would make the rule one of viewpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.moderation.detectors.sayings import PHRASES, ListedPhrases, PhraseParameters
from bot.moderation.passage import Passage
from bot.moderation.policy import stock_beside
from bot.moderation.verdict import Item
from bot.moderation.wordlists import WordLists

CONFIG = Path(__file__).parent.parent.parent / "config"
RULE = "dehumanising@2"

HATE = {
    "en": (
        "{} are vermin",
        "The {} are all criminals",
        "I hate {}",
        "kill all {}",
        "{} should be shot",
        "those filthy {}",
        "{} do not deserve to live",
    ),
    "es": ("{} son ratas", "los {} son unos criminales", "odio a los {}", "hay que matar a los {}", "{} de mierda"),
    "pt": ("{} são ratos", "os {} são bandidos", "odeio os {}", "tem que matar os {}", "{} de merda"),
}
LAWFUL = {
    "en": (
        "{} are our neighbors",
        "Stop saying that {} are vermin",
        '"{} are vermin" is hate speech',
        "I would never say kill all {}",
        "{} deserve the same rights as everybody",
        "the council ignores {} again",
    ),
    "es": (
        "{} son nuestros vecinos",
        "quien diga que {} son ratas miente",
        "no odio a los {}",
        "los {} no son ratas",
        "nunca hay que matar a los {}",
    ),
    "pt": (
        "{} são nossos vizinhos",
        "quem diz que {} são ratos mente",
        "não odeio os {}",
        "os {} não são ratos",
        "{} têm os mesmos direitos",
    ),
}
NAMES = {
    "en": ("people-by-name", "nations"),
    "es": ("clases", "gentilicios"),
    "pt": ("tipos-by-name", "tipos", "gentilicos"),
}


@pytest.fixture(scope="module")
def parameters() -> PhraseParameters:
    library = stock_beside(CONFIG / "policies").library
    return PhraseParameters.model_validate(library.parameters(library.rule(RULE)))


@pytest.fixture(scope="module")
def rule(parameters: PhraseParameters) -> ListedPhrases:
    built = PHRASES.build(parameters, WordLists({}))
    assert isinstance(built, ListedPhrases)
    return built


def _groups(parameters: PhraseParameters, lang: str) -> Iterator[str]:
    for name in NAMES[lang]:
        yield from (group for group in parameters.sets.get(name, ()) if "<" not in group and "(" not in group)
    if lang == "en":
        yield from (f"{kind} people" for kind in (*parameters.sets["kind"], *parameters.sets["nation"]))


def _is_found(rule: ListedPhrases, text: str) -> bool:
    return any(True for _ in rule.find(Passage(Item(text))))


@pytest.mark.parametrize("lang", ["en", "es", "pt"])
def test_hate_is_found_whoever_it_is_against(lang: str, rule: ListedPhrases, parameters: PhraseParameters) -> None:
    """Majority and minority, of every country, religion and kind: in each frame all groups are found or the test names
    those that are not."""
    groups = list(_groups(parameters, lang))
    missed = [frame.format(g) for frame in HATE[lang] for g in groups if not _is_found(rule, frame.format(g))]
    assert len(groups) > 200
    assert missed == []


@pytest.mark.parametrize("lang", ["en", "es", "pt"])
def test_lawful_speech_passes_whoever_it_is_about(lang: str, rule: ListedPhrases, parameters: PhraseParameters) -> None:
    """Praise, denial, quotation and report: nothing is found, of any group."""
    groups = list(_groups(parameters, lang))
    wrongly = [frame.format(g) for frame in LAWFUL[lang] for g in groups if _is_found(rule, frame.format(g))]
    assert wrongly == []


@pytest.mark.parametrize(
    "pair",
    [
        ("Jews", "Christians"),
        ("gays", "straights"),
        ("Arabs", "Swedes"),
        ("old people", "young people"),
        ("immigrants", "native born people"),
        ("women", "men"),
        ("deaf people", "able bodied people"),
        ("Muslims", "atheists"),
    ],
)
def test_both_of_a_pair_are_on_the_list(pair: tuple[str, str], rule: ListedPhrases) -> None:
    """Who is named in one sentence can be exchanged for who is named in the other."""
    assert [_is_found(rule, f"{group} are vermin") for group in pair] == [True, True]
    assert [_is_found(rule, f"{group} are welcome here") for group in pair] == [False, False]


def test_parties_offices_and_trades_are_no_groups(rule: ListedPhrases) -> None:
    """Anger at officials is protected, in the same words."""
    officials = (
        "Democrats",
        "Republicans",
        "politicians",
        "cops",
        "landlords",
        "the council",
        "developers",
        "teachers",
    )
    assert [who for who in officials if _is_found(rule, f"{who} are vermin")] == []
