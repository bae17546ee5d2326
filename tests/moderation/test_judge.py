"""The judge: the pack's own examples, private data, spam, flags, and hostile input."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.moderation.judge import Judge, fingerprint
from bot.moderation.pack import CATEGORIES, PolicyPack, Rule
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Finding, Item, Measure, Outcome, Span, decide

SHELF = PolicyShelf.load(Path(__file__).parents[2] / "config" / "policies")
SHIPPED = SHELF.version("clinton-city", "2024-01")
JUDGE = Judge(SHIPPED, SHELF.wordlists)
# What scores find is found with the model: every load of the policy asks it, and benchmarks/challenge.py measures it.
VIOLATES = [(rule, item) for rule in SHIPPED.rules if not rule.reads_scores for item in rule.violates]
ALLOWED = [(rule, item) for rule in SHIPPED.rules for item in rule.allowed]


def _name(value: object) -> str:
    return value.id if isinstance(value, Rule) else value.text[:40] if isinstance(value, Item) else str(value)


@pytest.mark.parametrize(("rule", "item"), VIOLATES, ids=_name)
def test_a_rule_finds_what_it_says_it_finds(judge: Judge, rule: Rule, item: Item) -> None:
    """Every ``violates`` example of the shipped policy is found by its rule, with clause and reason."""
    finding = next(f for f in judge.judge(item).findings if f.rule_id == rule.id)
    assert (finding.clause, finding.reason, finding.measure) == (rule.clause, rule.reason, rule.measure)


@pytest.mark.parametrize(("rule", "item"), ALLOWED, ids=_name)
def test_a_rule_leaves_what_it_says_it_leaves(judge: Judge, rule: Rule, item: Item) -> None:
    """No ``allowed`` example is found by its rule, and none is hidden by any other."""
    verdict = judge.judge(item)
    assert rule.id not in {finding.rule_id for finding in verdict.findings}
    assert verdict.outcome is not Outcome.ACT


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SSN 219-09-9999", ["219-09-9999"]),
        ("219 09 9999 is his", ["219 09 9999"]),
        ("social security number: 219099999", ["219099999"]),
        ("２１９-０９-９９９９", ["２１９-０９-９９９９"]),
        ("000-12-3456", []),
        ("666-12-3456", []),
        ("900-12-3456", []),
        ("219-00-9999", []),
        ("219-09-0000", []),
        ("219-09-99991", []),
        ("1-219-09-9999", []),
        ("number 219099999", []),
        ("parcel 219-09-9999", []),
        ("4111 1111 1111 1111", ["4111 1111 1111 1111"]),
        ("4111-1111-1111-1111.", ["4111-1111-1111-1111"]),
        ("378282246310005", ["378282246310005"]),
        ("4111 1111 1111 1112", []),
        ("9111 1111 1111 1118", []),
        ("https://facebook.com/photo?fbid=4111111111111111", []),
        ("0000 0000 0000 0000", []),
        ("GB82 WEST 1234 5698 7654 32", ["GB82 WEST 1234 5698 7654 32"]),
        ("GB82 WEST 1234 5698 7654 33", []),
        ("routing 021000021 and account 55512345", ["021000021", "55512345"]),
        ("routing 021000021", []),
        ("routing 021000022 account 55512345", []),
    ],
)
def test_a_number_is_found_only_if_its_issuer_could_have_issued_it(judge: Judge, text: str, found: list[str]) -> None:
    """Areas, check digits and issuers are tried, so that parcels, cases and tracking numbers stay up."""
    findings = [f for f in judge.judge(Item(text)).findings if f.rule_id == "identity-numbers"]
    assert [text[s.start : s.end] for f in findings for s in f.spans] == found


def test_words_may_be_repeated_without_end_but_links_may_not(judge: Judge) -> None:
    """Repetition counts only with a link or an offer: a slogan is speech, a raid is spam."""
    assert judge.judge(Item("Fix Elm Street now, we have waited long enough", copies=50)).outcome is Outcome.CLEAR
    link = Item("Great sneakers here www.sneak-deal.com today", copies=3)
    assert judge.judge(link).outcome is Outcome.ACT
    assert judge.judge(replace(link, copies=2)).outcome is Outcome.CLEAR


def test_a_rule_for_residents_does_not_bind_the_city_and_the_reverse(pack: PolicyPack, shelf: PolicyShelf) -> None:
    """A staff rule must never touch a resident's comment (Lexipol 702.5 d)."""
    rule = replace(pack.rule("obscene-words"), applies_to="staff")
    staff_only = Judge(replace(pack, rules=(rule,)), shelf.wordlists)
    assert staff_only.judge(Item("fuck", by_page=False)).outcome is Outcome.CLEAR
    assert staff_only.judge(Item("fuck", by_page=True)).outcome is Outcome.ACT


def test_unread_languages_and_lone_pictures_go_to_a_person(judge: Judge) -> None:
    """What the judge can't read, it says so."""
    assert [f.category for f in judge.judge(Item("这条路什么时候能修好")).findings] == ["language"]
    assert [f.category for f in judge.judge(Item("😀", has_media=True)).findings] == ["unreadable"]
    assert judge.judge(Item("😀😀😀")).outcome is Outcome.CLEAR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00" * 50,
        "\ud800\udfff lone",
        "\u202efuck\u202c",
        "<script>alert(1)</script> @everyone <!channel> =1+1 {{7*7}} #let x = 1 \\input{/etc/passwd}",
        "a" * 60_000,
        "😀" * 20_000,
        ("z" + "\u0301" * 30) * 2_000,
        "kill you " * 7_000,
        "http://a.co " * 5_000,
        "12-" * 20_000,
        "f*" * 30_000,
        "fu" + "u" * 60_000 + "ck",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_any_string_can_be_judged(judge: Judge, text: str) -> None:
    """Null bytes, lone surrogates, markup, walls of text: a verdict, with every span inside the text."""
    for finding in judge.judge(Item(text)).findings:
        assert all(0 <= span.start < span.end <= len(text) for span in finding.spans)


@given(
    st.text(alphabet=st.sampled_from("fuck shit*.$@1!-_kil you https://a.co 4111-()'\n\u200b\u0301é😀"), max_size=120)
)
@settings(max_examples=300, deadline=None)
def test_the_same_text_gets_the_same_verdict_with_spans_inside_it(text: str) -> None:
    """Judging is a pure function of the text."""
    verdict = JUDGE.judge(Item(text))
    assert verdict == JUDGE.judge(Item(text))
    for finding in verdict.findings:
        assert all(0 <= span.start < span.end <= len(text) for span in finding.spans)


def test_a_fingerprint_survives_small_changes_and_tells_texts_apart() -> None:
    """Case, signs, digits, emoji, drawn-out letters and the path of a link do not make another text."""
    first = fingerprint("Buy the best sneakers at www.sneak-deal.com/a1 now!")
    assert len(first) == 16
    assert fingerprint("BUY the bessst sneakers!!! at www.sneak-deal.com/zz9 now 😀 77") == first
    assert fingerprint("Buy the best sneakers at www.other-deal.com/a1 now!") != first
    assert fingerprint("Great job!!") == ""
    assert fingerprint("") == ""


def _finding(measure: Measure, category: str, *, enumerable: bool = True, score: float = 1.0) -> Finding:
    return Finding("r", "3.4.3.A", category, "d", (Span(0, 1),), score, "why", measure, enumerable)


@pytest.mark.parametrize(
    ("findings", "outcome", "measure"),
    [
        ([], Outcome.CLEAR, Measure.NONE),
        ([_finding(Measure.HIDE, "profanity")], Outcome.ACT, Measure.HIDE),
        ([_finding(Measure.HIDE, "profanity", enumerable=False)], Outcome.REVIEW, Measure.REVIEW),
        ([_finding(Measure.HIDE, "hate")], Outcome.REVIEW, Measure.REVIEW),
        ([_finding(Measure.ALERT, "tip")], Outcome.REVIEW, Measure.ALERT),
        ([_finding(Measure.REVIEW, "threat"), _finding(Measure.HIDE, "pii")], Outcome.ACT, Measure.HIDE),
    ],
)
def test_only_an_enumerable_finding_in_a_signable_category_acts(
    pack: PolicyPack, findings: list[Finding], outcome: Outcome, measure: Measure
) -> None:
    """A score that can't be printed, or a category that takes judgement, goes to a person (FA-04, FA-06)."""
    verdict = decide(findings, pack, "en")
    assert (verdict.outcome, verdict.measure) == (outcome, measure)


def test_labels_hold_the_highest_score_of_each_category(pack: PolicyPack) -> None:
    """Two findings of one category are one label."""
    findings = [_finding(Measure.REVIEW, "pii", score=0.4), _finding(Measure.REVIEW, "pii", score=0.8)]
    labels = decide(findings, pack, "en", scores={"pii": 0.6, "hate": 0.3}).labels
    assert tuple(labels) == CATEGORIES
    assert {category: score for category, score in labels.items() if score} == {"pii": 0.8, "hate": 0.3}
