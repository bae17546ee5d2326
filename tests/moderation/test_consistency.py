"""For what was taken down, the most similar comments left up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.moderation.consistency import Report, Treated, compare
from bot.moderation.likeness import Likeness
from bot.moderation.verdict import Finding, Measure, Outcome, PolicyRef, Span, Verdict

REF = PolicyRef("clinton-city", "2024-01", "")
CLEAR = Verdict(Outcome.CLEAR, Measure.NONE, (), REF, "en")
COMMON = [f"The council meets on {day} at the hall about the {what}." for day in ("Monday", "Friday") for what in "abc"]


def _found(rule: str = "lures") -> Verdict:
    finding = Finding(rule, "3.4.3.D", "spam", "solicitation", (Span(0, 3),), 1.0, "", Measure.HIDE, True)
    return Verdict(Outcome.ACT, Measure.HIDE, (finding,), REF, "en")


def _down(text: str, rule: str = "lures", status: str = "hidden") -> Treated:
    return Treated(f"d{text}", "main", text, _found(rule), status, f"case {text}", "noor")


def _up(text: str, status: str | None = None) -> Treated:
    verdict = CLEAR if status is None else _found()
    return Treated(f"u{text}", "main", text, verdict, status, status and f"case {text}", "omar" if status else "")


def _compare(*treated: Treated, most: int = 3, least: float = 0.3) -> Report:
    everything = [*treated, *(_up(text) for text in COMMON)]
    return compare(lambda: everything, most, least)


def test_the_likest_stand_beside_what_was_taken_down_likest_first() -> None:
    """A copy before a near copy; what has nothing to do with it not at all."""
    report = _compare(
        _down("Cheap roof repair, call Rossi"),
        _up("Cheap roof repair, call Bianchi"),
        _up("Cheap roof repair, call Rossi"),
        _up("My cat is lost"),
    )
    (comparison,) = report.comparisons
    assert [left.treated.text for left in comparison.left_up] == [
        "Cheap roof repair, call Rossi",
        "Cheap roof repair, call Bianchi",
    ]
    assert comparison.left_up[0].likeness == pytest.approx(1.0)


def test_no_more_than_asked_for_are_shown() -> None:
    """Three of ten; the report of a long year stays readable."""
    report = _compare(_down("Cheap roof repair"), *(_up(f"Cheap roof repair {n}") for n in range(10)), most=3)
    assert len(report.comparisons[0].left_up) == 3


def test_what_waits_for_a_person_is_neither_left_up_nor_taken_down() -> None:
    """Nobody has decided it yet, so it proves nothing."""
    report = _compare(_down("Cheap roof repair"), _up("Cheap roof repair", "waiting"))
    assert report.comparisons == ()
    assert report.rules["lures"].left_up == 0


def test_each_rule_has_its_record() -> None:
    """Ten matched, seven taken down: the three exceptions are there, with who kept them (FA-10)."""
    down = [_down(f"offer {n}") for n in range(7)]
    up = [_up(f"offer {n}", "kept") for n in range(2)] + [_up("offer 9", "restored")]
    record = _compare(*down, *up).rules["lures"]
    assert (record.taken_down, record.left_up, record.share) == (7, 3, 0.7)
    assert record.kept_by == {"omar": 3}
    assert record.by_page == {("main", True): 7, ("main", False): 3}


def test_a_removal_counts_as_taken_down() -> None:
    """Hidden or removed: both were acted on."""
    assert _compare(_down("Cheap roof repair", status="removed")).acted == 1


def test_words_that_everybody_uses_make_nothing_alike() -> None:
    """Two comments that share only the common words are far apart."""
    near = Likeness(["The council meets on Monday about roofs"], COMMON)
    assert near.to("The council meets on Monday about taxes")[0] < near.to("roofs!")[0]


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_between_nothing_and_all(one: str, other: str) -> None:
    """Whatever is compared, hostile text too."""
    likeness = Likeness([one], COMMON).to(other).get(0, 0.0)
    assert 0.0 <= likeness <= 1.0 + 1e-9
