"""The rule library, the digests that pin it, exceptions, and what a vague rule is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import PolicyError
from bot.moderation.pinning import pin
from bot.moderation.policy import PolicyPack, PolicyShelf, read_pack, render, stock_beside
from bot.moderation.verdict import Item, Outcome

PACK = """\
slug: hamlet
title: Hamlet's Policy
version: "1"
adopted_on: 2024-01-08
effective_at: "2024-01-08T12:00:00Z"
published: at the clerk's
forum_purpose: To inform.
library:    # who reads these: counsel
  # the shop rule
  selling@1: {digest}   # read on 2024-01-05
clauses:
  - id: "1.D"
    summary: Selling, thanks to sponsors excepted.
rules:
  - id: selling
    clause: "1.D"
    uses: selling@1
    applies_to: public
    measure: review
"""

ENTRY = """\
category: spam
detector: phrases
parameters:
  phrases: ["(visit|support) (my|our|the) <shop>"]
  sets:
    shop: [bakery, hardware store]
reason: Points to a business.
violates:
  - visit our bakery
allowed:
  - the bakery burnt down
"""

EXCEPTION = """\
    exceptions:
      - says: other than expressions of appreciation for sponsorship
        unless_anywhere: ["thank* ..4 sponsor*"]
    allowed: ["thanks to Ann for sponsoring, support our bakery"]
"""


class City:
    """A folder of configuration with one entry in its library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("policies", "rules", "wordlists"):
            (folder / name).mkdir()
        self.entry = folder / "rules" / "selling@1.yaml"
        self.entry.write_text(ENTRY, "utf-8")
        self.digest = stock_beside(folder / "policies").library.rule("selling@1").digest

    def write(self, text: str, **digest: str) -> Path:
        """Write the pack, with the right digest unless another is given."""
        path = self.folder / "policies" / "hamlet.yaml"
        path.write_text(text.format(digest=digest.get("digest", self.digest)), "utf-8")
        return path

    def read(self, text: str) -> PolicyPack:
        """Write the pack and read it."""
        return read_pack(self.write(text), stock_beside(self.folder / "policies"))

    def refusal(self, text: str) -> str:
        """The sentence that the pack is refused with, without the folder."""
        with pytest.raises(PolicyError) as refused:
            self.read(text)
        return refused.value.sentence.replace(f"{self.folder}/", "")

    def entry_refusal(self, right: str, wrong: str) -> str:
        """The same for a change in the library's entry."""
        assert right in ENTRY
        self.entry.write_text(ENTRY.replace(right, wrong), "utf-8")
        self.digest = _digest_or_none(self.folder)
        return self.refusal(PACK)


def _digest_or_none(folder: Path) -> str:
    try:
        return stock_beside(folder / "policies").library.rule("selling@1").digest
    except PolicyError:
        return "none"


def _without_library(text: str) -> str:
    before, _, after = text.partition("library:")
    return before + after[after.index("clauses:") :]


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A city with one shared rule."""
    return City(tmp_path)


def test_a_rule_takes_its_content_from_the_library(city: City) -> None:
    """Category, detector, parameters, reason and examples are the entry's; clause and measure the pack's."""
    rule = city.read(PACK).rule("selling")
    assert (rule.category, rule.detector, rule.reason) == ("spam", "phrases", "Points to a business.")
    assert [item.text for item in (*rule.violates, *rule.allowed)] == ["visit our bakery", "the bakery burnt down"]


def test_the_policy_prints_the_entry_with_its_digest(city: City) -> None:
    """What is blocked stands in the library's file; the printed policy holds it all the same (FA-02)."""
    stock = stock_beside(city.folder / "policies")
    printed = render(city.read(PACK), stock.wordlists)
    assert f"selling@1 (sha256 {city.digest})" in printed
    assert "(visit|support) (my|our|the) <shop>" in printed


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            "uses: selling@1",
            "uses: seling@1",
            'policies/hamlet.yaml:17: rule "selling": there is no library rule "seling@1"; did you mean "selling@1"?',
        ),
        (
            "uses: selling@1",
            "uses: ../rules/selling@1",
            'policies/hamlet.yaml:17: rule "selling": there is no library rule "../rules/selling@1"; did you mean'
            ' "selling@1"?',
        ),
        (
            "uses: selling@1",
            "uses: selling@1\n    detector: phrases",
            'policies/hamlet.yaml:18: rule "selling" uses "selling@1", which says its detector; take one of the'
            " two out.",
        ),
        (
            "    uses: selling@1\n",
            "",
            'policies/hamlet.yaml:15: rule "selling" enumerates nothing: give it "uses" with an entry of'
            " config/rules, or"
            ' "detector" with "parameters".',
        ),
        (
            "    measure: review",
            "    measure: review\n    violates: [a bakery]",
            'policies/hamlet.yaml:20: rule "selling" does not find its example "a bakery" under "violates"; extend the'
            " rule or take it out.",
        ),
        (
            "    measure: review",
            "    measure: review\n    floor: 0.97",
            'policies/hamlet.yaml:20: rule "selling" has a floor, which is for scores that may hide; take the'
            " floor out.",
        ),
        (
            "    measure: review",
            "    measure: review\n    exceptions: [{{says: thanks}}]",
            'policies/hamlet.yaml:20: the exception "thanks" of rule "selling" enumerates nothing; give it'
            " phrases under"
            ' "unless" or "unless_anywhere".',
        ),
        (
            "    measure: review",
            "    measure: review\n    exceptions: [{{says: thanks, unless: [thank you all]}}]",
            'policies/hamlet.yaml:20: the exception "thanks" of rule "selling" clears none of its examples; write one'
            ' under "allowed" that it clears.',
        ),
        (
            "rules:",
            '  - id: "1.E"\n    summary: Inappropriate content.\nrules:',
            'policies/hamlet.yaml:14: clause "1.E" bars what is "inappropriate", which enumerates nothing, and no rule'
            ' says what that is; write a rule that names the words, or "judged_by: people" and why.',
        ),
        (
            "rules:",
            '  - id: "1.E"\n    summary: Gambling.\nrules:',
            'policies/hamlet.yaml:14: clause "1.E" is judged by rules, and no rule cites it; write a rule that'
            " names the"
            ' words, or "judged_by: people" and why.',
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_mistake_in_a_pack_is_refused_with_its_line(city: City, right: str, wrong: str, sentence: str) -> None:
    """What a rule takes from the library and what it says itself are told apart."""
    assert right in PACK
    assert city.refusal(PACK.replace(right, wrong, 1)) == sentence


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            "detector: phrases",
            "detector: phrase",
            'rules/selling@1.yaml:2: rule "selling" names the detector "phrase", which is unknown; did you mean'
            ' "phrases"?',
        ),
        (
            "reason: Points",
            "because: Points",
            'rules/selling@1.yaml:1: an entry of the rule library needs "reason": the sentence that people read.',
        ),
        (
            "  - visit our bakery",
            "  - visit our butcher",
            'rules/selling@1.yaml:9: rule "selling" does not find its example "visit our butcher" under'
            ' "violates"; extend'
            " the rule or take it out.",
        ),
        (
            '"(visit|support) (my|our|the) <shop>"',
            '"[really] you are (the|a)"',
            'rules/selling@1.yaml:4: the phrase "[really] you are (the|a)" of rule "selling" holds only words'
            " that every"
            " comment has; write words that name what the clause bars.",
        ),
        (
            '"(visit|support) (my|our|the) <shop>"',
            "that is offensive",
            'rules/selling@1.yaml:4: the phrase "that is offensive" of rule "selling" names no kind of content;'
            " write the"
            " very words that the clause bars.",
        ),
        (
            "category: spam",
            "category: objectionable",
            'rules/selling@1.yaml:1: category "objectionable" of rule "selling" enumerates nothing; use one of'
            " profanity,"
            " hate, sexual, threat, spam, political, illegal, pii or attack.",
        ),
        (
            "category: spam",
            "category: negativity",
            'rules/selling@1.yaml:1: rule "selling" would judge "negativity", which is a view and protected;'
            " take the rule"
            " out.",
        ),
        (
            "category: spam",
            "category: defamation",
            'rules/selling@1.yaml:1: rule "selling" would tell what is "defamation", which takes a complaint and proof;'
            ' take it out and give its clause "judged_by: people".',
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_mistake_in_an_entry_is_refused_at_its_own_line(city: City, right: str, wrong: str, sentence: str) -> None:
    """The sentence leads to the library's file, where the mistake is."""
    assert city.entry_refusal(right, wrong).startswith(sentence)


def test_a_changed_entry_is_refused(city: City) -> None:
    """What was blocked under a version can be proven only if its rules can't change under it."""
    path = city.write(PACK)
    city.entry.write_text(ENTRY.replace("hardware store", "toy store"), "utf-8")
    stock = stock_beside(city.folder / "policies")
    with pytest.raises(PolicyError) as refused:
        read_pack(path, stock)
    assert refused.value.sentence == (
        f'{path}:10: library rule "selling@1" is not the one that this version names: its SHA-256 is'
        f" {stock.library.rule('selling@1').digest}; put the file back, or publish the change as a new entry in a new"
        " version of the policy."
    )


def test_an_entry_that_is_not_pinned_is_refused_with_its_digest(city: City) -> None:
    """The digest of the pack must cover every word."""
    assert city.refusal(_without_library(PACK)) == (
        f'policies/hamlet.yaml:14: rule "selling" uses "selling@1", which the policy does not pin; add "selling@1:'
        f' {city.digest}" under library.'
    )


def test_an_exception_clears_what_the_policy_leaves_alone(city: City) -> None:
    """Thanks to a sponsor may name the shop; the same words without thanks are still found, and both are printed."""
    city.write(PACK + EXCEPTION)
    shelf = PolicyShelf.load(city.folder / "policies")
    judge = shelf.judge(shelf.version("hamlet", "1"))
    assert judge.judge(Item("Thank you Ann for sponsoring the fair, visit our bakery")).outcome is Outcome.CLEAR
    assert judge.judge(Item("Visit our bakery")).outcome is Outcome.REVIEW
    printed = " ".join(render(judge.pack, shelf.wordlists).split())
    assert "excepted: other than expressions of appreciation for sponsorship" in printed
    assert "not in a comment that says: thank* ..4 sponsor*" in printed


def test_an_exception_clears_only_what_it_overlaps(city: City) -> None:
    """Praise of one shop's fair does not excuse advertising another."""
    exception = EXCEPTION.replace("unless_anywhere", "unless").replace("thank* ..4 sponsor*", "support our bakery")
    city.write(PACK + exception)
    shelf = PolicyShelf.load(city.folder / "policies")
    text = "Support our bakery. Visit my hardware store"
    findings = shelf.judge(shelf.packs[0]).judge(Item(text)).findings
    assert [text[span.start : span.end] for each in findings for span in each.spans] == ["Visit my hardware store"]


def test_pin_writes_the_digests_and_touches_nothing_else(city: City) -> None:
    """A wrong digest is renewed, a lost one added, an unused one dropped; remarks and all other lines stay."""
    path = city.write(PACK.replace("  selling@1:", "  unused@3: 00\n  selling@1:"), digest="0000")
    pinned = pin(path, stock_beside(city.folder / "policies"))
    assert pinned == PACK.format(digest=city.digest)


def test_pin_adds_a_block_that_is_not_there(city: City) -> None:
    """An author begins without any digest, and the pack that comes out loads."""
    path = city.write(_without_library(PACK))
    stock = stock_beside(city.folder / "policies")
    path.write_text(pin(path, stock), "utf-8")
    assert f"library:\n  selling@1: {city.digest}\n\nclauses:" in path.read_text("utf-8")
    assert read_pack(path, stock).library == {"selling@1": city.digest}


PART = """\
part: Places, and who only asks about them.
parameters:
  sets:
    shop: [bakery, hardware store]
  unless_before: ["who says"]
"""

DRAWING = ENTRY.replace("parameters:\n", "draws: [places@1]\nparameters:\n").replace(
    "  sets:\n    shop: [bakery, hardware store]\n", '  unless_before: ["never"]\n'
)


def _drawing_city(city: City, part: str = PART, entry: str = DRAWING) -> str:
    """A city whose entry draws on a part; the text of its pack, which pins both."""
    (city.folder / "rules" / "places@1.yaml").write_text(part, "utf-8")
    city.entry.write_text(entry, "utf-8")
    library = stock_beside(city.folder / "policies").library
    city.digest = library.digest("selling@1")
    return PACK.replace("clauses:", f"  places@1: {library.digest('places@1')}\nclauses:")


def test_a_rule_has_what_its_part_says(city: City) -> None:
    """The part's set is used, its exceptions stand beside the rule's own, and both digests are printed."""
    pack = city.read(_drawing_city(city))
    shelf = PolicyShelf.load(city.folder / "policies")
    judge = shelf.judge(pack)
    texts = ("support our hardware store", "who says visit our bakery", "never visit our bakery")
    assert [judge.judge(Item(text)).outcome for text in texts] == [Outcome.REVIEW, Outcome.CLEAR, Outcome.CLEAR]
    printed = render(pack, shelf.wordlists)
    for name in ("selling@1", "places@1"):
        assert f"From the rule library: {name} (sha256 {pack.library[name]})" in " ".join(printed.split())


def test_a_part_that_is_not_pinned_is_refused_and_pin_writes_it(city: City) -> None:
    """A part can change what is blocked, so that its digest stands in the pack like the rule's."""
    pinned = _drawing_city(city)
    stock = stock_beside(city.folder / "policies")
    digest = stock.library.digest("places@1")
    assert f'rule "selling" uses "places@1", which the policy does not pin; add "places@1: {digest}"' in city.refusal(
        PACK
    )
    assert pin(city.write(PACK), stock) == pinned.format(digest=city.digest)


def test_a_changed_part_is_refused(city: City) -> None:
    """Another content under the same name is another rule."""
    text = _drawing_city(city)
    (city.folder / "rules" / "places@1.yaml").write_text(PART.replace("bakery", "mill"), "utf-8")
    assert 'library rule "places@1" is not the one that this version names' in city.refusal(text)


@pytest.mark.parametrize(
    ("part", "entry", "said"),
    [
        (
            PART,
            ENTRY.replace("parameters:", "draws: [places@1]\nparameters:"),
            '"sets.shop" stands in two of its parts',
        ),
        (PART, DRAWING.replace("places@1", "selling@1"), '"selling@1" is a rule and no part; name a part'),
        (PART, DRAWING.replace("places@1", "place@1"), 'there is no library rule "place@1"; did you mean "places@1"?'),
        (PART.replace("parameters:", "parametres:"), DRAWING, "parametres"),
    ],
)
def test_a_part_that_does_not_fit_is_refused(city: City, part: str, entry: str, said: str) -> None:
    """Each with a sentence that says what to write instead."""
    (city.folder / "rules" / "places@1.yaml").write_text(part, "utf-8")
    city.entry.write_text(entry, "utf-8")
    city.digest = "none"
    assert said in city.refusal(PACK)


def test_a_part_is_no_rule(city: City) -> None:
    """A pack can't use one: it has no category, and looks for nothing."""
    text = _drawing_city(city).replace("uses: selling@1", "uses: places@1")
    assert '"places@1" is a part of the library, not a rule; name it under "draws" of a rule.' in city.refusal(text)


def test_every_entry_of_the_library_is_used_by_a_policy(shelf: PolicyShelf) -> None:
    """An entry that no policy uses is never tested."""
    assert set(shelf.stock.library.names) == {name for pack in shelf.packs for name in pack.library}
