"""Policy packs that can't be defended are refused, each in one sentence that says what would be right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import PolicyError
from bot.moderation.policy import PolicyPack, PolicyShelf, Stock, read_pack, stock_beside
from bot.moderation.verdict import Measure
from bot.moderation.wordlists import read_list

WORDS = "dratted\nblasted*\n"

PACK = """\
slug: hamlet
title: Hamlet's Policy
version: "1"
adopted_on: 2024-01-08
effective_at: "2024-01-08T12:00:00Z"
published: at the clerk's
forum_purpose: To inform.
wordlists:
  bad.en@1: {digest}
clauses:
  - id: "1.A"
    summary: Profanity.
  - id: "1.B"
    summary: Politics.
    judged_by: people
    why: Protected speech.
  - id: "1.C"
    summary: Discrimination.
    judged_by: people
    why: Takes judgement.
rules:
  - id: words
    clause: "1.A"
    category: profanity
    applies_to: public
    detector: word_list
    parameters:
      lists: [bad.en@1]
    measure: hide
    strikes: 1
    reason: A listed word.
    violates: [that dratted dog]
    allowed: [that lovely dog]
"""

Writer = Callable[..., Path]


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    """One small word list, and nothing else."""
    folder = tmp_path / "wordlists"
    folder.mkdir()
    (folder / "bad.en@1.txt").write_text(WORDS, encoding="utf-8")
    return stock_beside(tmp_path / "policies")


@pytest.fixture
def pack_text(stock: Stock) -> str:
    """A pack that loads."""
    return PACK.format(digest=stock.wordlists.by_name["bad.en@1"].digest)


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes a pack file and says where."""
    folder = tmp_path / "policies"
    folder.mkdir()

    def _write(text: str, name: str = "hamlet.yaml") -> Path:
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    return _write


MISTAKES = [
    ("forum_purpose: To", "purpose: To", 7, '"purpose" is not a key of a policy; did you mean "forum_purpose"?'),
    ('clause: "1.A"\n    category', "category", 22, 'rule "words" cites no clause; cite one of 1.A ... 1.C.'),
    (
        'clause: "1.A"\n    category',
        'clause: "1.Z"\n    category',
        23,
        'rule "words" cites clause "1.Z", which the policy does not have; cite one of 1.A ... 1.C.',
    ),
    (
        'clause: "1.A"\n    category',
        'clause: "1.B"\n    category',
        23,
        'rule "words" would judge clause "1.B", which is for people, not for rules; take the rule out.',
    ),
    (
        "category: profanity",
        "category: inappropriate",
        24,
        'category "inappropriate" of rule "words" enumerates nothing; use one of profanity, hate,'
        " sexual, threat, spam, political, illegal, pii or attack.",
    ),
    (
        "category: profanity",
        "category: off_topic",
        24,
        'rule "words" would tell by word_list what is off topic, which only the post can show; leave it to people.',
    ),
    (
        "category: profanity",
        "category: rudeness",
        24,
        'category "rudeness" of rule "words" is unknown; use one of profanity, hate, sexual, threat,'
        " spam, political, illegal, pii or attack.",
    ),
    (
        "category: profanity",
        "category: hate",
        29,
        'rule "words" asks to hide for "hate", which takes a person\'s judgement; use alert or review.',
    ),
    (
        "category: profanity",
        "category: political",
        29,
        'rule "words" asks to hide for "political", which takes a person\'s judgement; use alert or review.',
    ),
    (
        "category: profanity",
        "category: attack",
        29,
        'rule "words" asks to hide for "attack", which takes a person\'s judgement; use alert or review.',
    ),
    (
        "measure: hide",
        "measure: remove",
        29,
        '"measure" of a rule is "remove"; write alert, review or hide (did you mean "review"?).',
    ),
    (
        "detector: word_list",
        "detector: wordlist",
        26,
        'rule "words" names the detector "wordlist", which is unknown; did you mean "word_list"?',
    ),
    (
        "lists: [bad.en@1]",
        "lists: []",
        27,
        'rule "words" enumerates nothing: give "lists" of its parameters at least one entry.',
    ),
    (
        "lists: [bad.en@1]",
        "list: [bad.en@1]",
        28,
        'rule "words": "list" is not a key of the parameters; did you mean "lists"?',
    ),
    (
        "lists: [bad.en@1]",
        "lists: [worse.en@1]",
        27,
        'rule "words" uses the word list "worse.en@1", which is not there; there is bad.en@1.',
    ),
    (
        "that dratted dog",
        "that naughty dog",
        32,
        'rule "words" does not find its example "that naughty dog" under "violates"; extend the rule or take it out.',
    ),
    (
        "that lovely dog",
        "that blasted dog",
        33,
        'rule "words" finds its example "that blasted dog" under "allowed"; narrow the rule or take it out.',
    ),
    (
        "allowed: [that lovely dog]",
        "allowed: []",
        33,
        'rule "words" has no example under "allowed"; examples are its tests, write one.',
    ),
    ('- id: "1.C"', '- id: "1.A"', 17, 'clause "1.A" stands twice; keep one.'),
    ("    why: Protected speech.\n", "", 13, 'clause "1.B" is for people to judge; say why under "why".'),
    (
        'effective_at: "2024-01-08T12:00:00Z"',
        'effective_at: "2024-01-07T12:00:00Z"',
        5,
        "the policy takes effect on 2024-01-07, before it was adopted on 2024-01-08; no city can do that,"
        " correct one of the two.",
    ),
    (
        "adopted_on: 2024-01-08",
        "adopted_on: soon",
        4,
        '"adopted_on" of a policy is "soon"; write a date, for example adopted_on: 2024-01-08.',
    ),
    (
        'effective_at: "2024-01-08T12:00:00Z"',
        'effective_at: "2024-01-08T12:00:00"',
        5,
        '"effective_at" of a policy is "2024-01-08T12:00:00"; write a time with its zone in quotes, for'
        ' example effective_at: "2024-01-08T00:00:00-05:00".',
    ),
    (
        "slug: hamlet",
        "slug: elsinore",
        1,
        'the file of policy "elsinore" must be called elsinore.yaml or elsinore@<version>.yaml.',
    ),
    ("title: Hamlet's Policy\n", "title: A\ntitle: B\n", 3, '"title" stands twice; keep one.'),
]


@pytest.mark.parametrize(("right", "wrong", "line", "sentence"), MISTAKES, ids=[m[3][:60] for m in MISTAKES])
def test_a_mistake_is_refused_with_its_sentence(
    write: Writer, pack_text: str, stock: Stock, right: str, wrong: str, line: int, sentence: str
) -> None:
    """The sentence names file and line and says what would be right."""
    assert right in pack_text
    path = write(pack_text.replace(right, wrong, 1))
    with pytest.raises(PolicyError) as refused:
        read_pack(path, stock)
    assert refused.value.sentence == f"{path}:{line}: {sentence}"


def test_two_rules_of_one_name_are_refused(write: Writer, pack_text: str, stock: Stock) -> None:
    """A verdict names a rule by its id, so that an id must be one rule."""
    rules = pack_text.partition("rules:\n")[2]
    path = write(pack_text + rules)
    with pytest.raises(PolicyError) as refused:
        read_pack(path, stock)
    assert refused.value.sentence == f'{path}:34: rule "words" stands on line 22 already; give this one another id.'


def test_a_changed_word_list_is_refused(write: Writer, pack_text: str, tmp_path: Path, stock: Stock) -> None:
    """What was blocked under a version can be proven only if its lists can't change under it."""
    (tmp_path / "wordlists" / "bad.en@1.txt").write_text(WORDS + "newword\n", encoding="utf-8")
    changed = stock_beside(tmp_path / "policies")
    path = write(pack_text)
    with pytest.raises(PolicyError) as refused:
        read_pack(path, changed)
    assert refused.value.sentence == (
        f'{path}:9: word list "bad.en@1" is not the one that this version names: its SHA-256 is'
        f" {changed.wordlists.by_name['bad.en@1'].digest}; put the list back, or publish the change as a new"
        f" list in a new"
        " version of the policy."
    )


def test_words_of_criticism_are_refused_in_a_list(write: Writer, tmp_path: Path, stock: Stock) -> None:
    """Blocking "pig" on a police page was viewpoint discrimination (FA-02)."""
    (tmp_path / "wordlists" / "bad.en@1.txt").write_text(WORDS + "pigs\n", encoding="utf-8")
    seeded = stock_beside(tmp_path / "policies")
    path = write(PACK.format(digest=seeded.wordlists.by_name["bad.en@1"].digest))
    with pytest.raises(PolicyError) as refused:
        read_pack(path, seeded)
    assert refused.value.sentence == (
        f'{path}:9: word list "bad.en@1" holds "pigs", which is criticism and protected; take it out.'
    )


def test_a_comment_is_judged_by_the_version_in_force_when_it_was_posted(
    write: Writer, pack_text: str, tmp_path: Path
) -> None:
    """Versions stand side by side; before the first one there is no policy to judge by."""
    write(pack_text)
    later = pack_text.replace('"1"\n', '"2"\n', 1).replace("2024-01-08T", "2025-06-01T")
    write(later, "hamlet@2.yaml")
    shelf = PolicyShelf.load(tmp_path / "policies")

    assert shelf.in_force("hamlet", datetime(2025, 5, 31, tzinfo=UTC)).version == "1"
    assert shelf.in_force("hamlet", datetime(2025, 6, 2, tzinfo=UTC)).version == "2"
    with pytest.raises(PolicyError, match="was not in force on 2023-01-01: its first version begins on 2024-01-08"):
        shelf.in_force("hamlet", datetime(2023, 1, 1, tzinfo=UTC))


def test_a_refused_version_stops_its_policy_and_no_other(write: Writer, pack_text: str, tmp_path: Path) -> None:
    """Falling back to an older version would judge by a policy that is not in force."""
    write(pack_text)
    write("slug: hamlet\n", "hamlet@2.yaml")
    write(pack_text.replace("slug: hamlet", "slug: other"), "other.yaml")
    shelf = PolicyShelf.load(tmp_path / "policies")

    assert shelf.slugs == {"other"}
    with pytest.raises(PolicyError, match=r"hamlet@2\.yaml"):
        shelf.in_force("hamlet", datetime(2026, 1, 1, tzinfo=UTC))


def test_two_files_with_one_version_are_refused(write: Writer, pack_text: str, tmp_path: Path) -> None:
    """Which of two texts was in force must never be a question."""
    write(pack_text)
    write(pack_text, "hamlet@1.yaml")
    shelf = PolicyShelf.load(tmp_path / "policies")
    folder = tmp_path / "policies"
    assert shelf.refused["hamlet"].sentence == (
        f"{folder / 'hamlet.yaml'} and {folder / 'hamlet@1.yaml'} have the same effective_at; each version of"
        ' "hamlet" needs its own.'
    )
    assert shelf.slugs == frozenset()


def test_an_unknown_policy_is_named_with_those_that_exist(shelf: PolicyShelf) -> None:
    """The sentence says which slugs can be written."""
    with pytest.raises(PolicyError, match=r'There is no policy "clintn"; name one of .*clinton-city'):
        shelf.in_force("clintn", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("*", '"*" names no word; write one, letters and digits only, with * only at its ends.'),
        ("a*b", '"a*b" names no word; write one, letters and digits only, with * only at its ends.'),
        ("dratted", '"dratted" stands on line 1 already; take one out.'),
    ],
)
def test_a_line_of_a_word_list_that_says_nothing_is_refused(tmp_path: Path, line: str, what: str) -> None:
    """A list is published as it stands, so that every line must mean one thing."""
    path = tmp_path / "bad.en@1.txt"
    path.write_text(f"dratted\n{line}\n", encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        read_list(path)
    assert refused.value.sentence == f"{path}:2: {what}"


def test_the_shipped_policy_has_every_clause_and_hides_only_what_a_city_may_sign(pack: PolicyPack) -> None:
    """All clauses are there; people-only ones have no rule; hiding is for lists, checksums, lures and copies alone."""
    ids = {clause.id for clause in pack.clauses}
    assert {f"3.4.3.{letter}" for letter in "ABCDEFGHIJKL"} | {"3.4.1", "3.4.4", "3.5.2", "3.5.4", "3.5.5"} <= ids
    assert {c.id for c in pack.clauses if c.judged_by == "people"} == {"3.4.3.E", "3.4.3.H", "3.4.3.I", "3.4.3.J"}
    hiding = [rule for rule in pack.rules if rule.measure is Measure.HIDE]
    assert {rule.category for rule in hiding if not rule.reads_scores} == {"profanity", "pii", "spam"}
    assert {rule.category for rule in hiding if rule.reads_scores} == {"sexual", "spam", "threat"}
    assert not {rule.clause for rule in pack.rules} & {"3.4.3.E", "3.4.3.H", "3.4.3.I", "3.4.3.J"}


def test_the_digest_covers_the_word_lists(pack: PolicyPack, shelf: PolicyShelf) -> None:
    """The file names each list with its digest, so that one digest proves every word."""
    for name, digest in pack.wordlists.items():
        assert shelf.wordlists.by_name[name].digest == digest
        assert digest.encode() in pack.source
