"""What a policy says of people: whom it trusts, what they must have learned, and the reasons that they choose from."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import PolicyError
from bot.moderation.pack import Authority, PolicyPack, ReasonCode, TwoPeople
from bot.moderation.policy import read_pack, render, stock_beside
from bot.moderation.wordlists import WordLists
from bot.people import Role
from tests.office import shelf

PACK = """\
slug: hamlet
title: Hamlet's Policy
version: "1"
adopted_on: 2024-01-08
effective_at: "2024-01-08T12:00:00Z"
published: at the clerk's
forum_purpose: To inform.
authority:
  training: [first-amendment, records]
  retrain_days: 365
  remove:
    asks: [supervisor]
    seconds: [chief_of_staff]
reasons:
  hide:
    - {id: law, says: A law bars it.}
    - {id: form, says: Its form is unfit.}
clauses:
  - id: "1.B"
    summary: Politics.
    judged_by: people
    why: Protected speech.
rules: []
"""


def read(folder: Path, text: str) -> PolicyPack:
    """A pack from a text."""
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "wordlists").mkdir(exist_ok=True)
    path = folder / "policies" / "hamlet.yaml"
    path.write_text(text, "utf-8")
    return read_pack(path, stock_beside(folder / "policies"))


def test_offices_topics_and_reasons_are_read_as_they_are_written(tmp_path: Path) -> None:
    """What the file doesn't name is left to the offices that a verb has anyway."""
    pack = read(tmp_path, PACK)

    assert pack.authority == Authority(
        ("first-amendment", "records"),
        365,
        TwoPeople(frozenset({Role.SUPERVISOR}), frozenset({Role.CHIEF_OF_STAFF})),
    )
    assert pack.reasons == {"hide": (ReasonCode("law", "A law bars it."), ReasonCode("form", "Its form is unfit."))}


MISTAKES = [
    ("seconds: [chief_of_staff]", "seconds: [chief]", "13", '"seconds" of two people holds "chief"'),
    ("retrain_days: 365", "retrain_days: 7", "10", '"retrain_days" of an authority'),
    ("training: [first-amendment, records]", "training: [First Amendment]", "9", '"training" of an authority'),
    ("  hide:\n    - {id: law", "  hid:\n    - {id: law", "15", '"hid" is not a key of the reasons'),
    ("{id: form,", "{id: law,", "17", 'reason "law" of hide stands twice; keep one'),
    ("says: A law bars it.}", 'says: ""}', "16", '"says" of a reason'),
]


@pytest.mark.parametrize(("old", "new", "line", "sentence"), MISTAKES)
def test_a_mistake_in_offices_or_reasons_is_one_sentence_with_its_line(
    tmp_path: Path, old: str, new: str, line: str, sentence: str
) -> None:
    """Who may do what must be certain."""
    assert old in PACK
    with pytest.raises(PolicyError) as raised:
        read(tmp_path, PACK.replace(old, new, 1))

    assert f"hamlet.yaml:{line}: " in raised.value.sentence
    assert sentence in raised.value.sentence


def test_print_says_who_decides_and_by_which_reasons(tmp_path: Path) -> None:
    """A resident who asks gets a complete answer: offices, topics, and every reason with its code."""
    pack = read(tmp_path, PACK)
    said = " ".join(render(pack, WordLists.load(tmp_path / "wordlists")).split())

    assert "training in the last 365 days: first-amendment, records; and who acknowledged version 1" in said
    assert "A removal takes two people: asked for by supervisor; approved by chief_of_staff." in said
    assert "A block takes two people: asked for by whoever may by their office; approved by" in said
    assert "Whoever decides to hide chooses one of these reasons: law: A law bars it. form: Its form is unfit." in said


def test_every_shipped_policy_prints_its_offices_and_all_of_its_reasons() -> None:
    """Nothing that people choose from is left out."""
    for pack in shelf().packs:
        said = render(pack, shelf().wordlists)
        assert ", ".join(pack.authority.training) in " ".join(said.split())
        for codes in pack.reasons.values():
            for code in codes:
                assert f"    {code.id}: " in said


def test_the_policy_that_lists_no_forms_of_content_wants_reasons() -> None:
    """Hartford's III.xi says "inappropriate" and defines nothing: whoever decides says which ground it is."""
    hartford = shelf().version("hartford-city-012", "2018-02")

    assert set(hartford.reasons) == {"hide", "restore", "remove"}
    assert "law" in {code.id for code in hartford.reasons["hide"]}
    assert shelf().version("clinton-city", "2024-01").reasons == {}
