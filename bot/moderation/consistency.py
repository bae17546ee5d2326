"""Is like treated alike? For what was acted on, the most similar comments that were left up; and per rule, how often
what matched was taken down and how often it was kept (FA-10). Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.moderation.likeness import Likeness
from bot.moderation.verdict import Verdict

TAKEN_DOWN = frozenset({"hidden", "removed", "by_hand"})
LEFT_UP = frozenset({"kept", "restored"})
_MOST_ACTED = 2_000


@dataclass(frozen=True, slots=True)
class Treated:
    """A comment and what became of it. ``status`` is that of its case, ``None`` without one; ``by`` who decided."""

    comment_id: str
    page: str
    text: str
    verdict: Verdict
    status: str | None = None
    case_id: str | None = None
    by: str = ""

    @property
    def was_taken_down(self) -> bool:
        return self.status in TAKEN_DOWN

    @property
    def was_left_up(self) -> bool:
        """Judged clear, or kept by a person. What still waits is neither."""
        return self.status is None or self.status in LEFT_UP


@dataclass(frozen=True, slots=True)
class LeftUp:
    """A comment that was left up, and how like it is to one that was not: 0..1."""

    treated: Treated
    likeness: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comment that was taken down, beside the most similar ones that were left up."""

    acted: Treated
    left_up: tuple[LeftUp, ...]


@dataclass(slots=True)
class Record:
    """What became of the comments in which a rule matched, and who kept those that were kept."""

    taken_down: int = 0
    left_up: int = 0
    by_page: Counter[tuple[str, bool]] = field(default_factory=Counter)
    kept_by: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """How many of the decided ones were taken down, 0..1."""
        return self.taken_down / max(self.taken_down + self.left_up, 1)


@dataclass(frozen=True, slots=True)
class Report:
    """``acted`` counts all that was taken down; ``comparisons`` holds the newest of them that have a like, likest
    first."""

    comments: int
    acted: int
    comparisons: tuple[Comparison, ...]
    rules: dict[str, Record]


def compare(comments: Callable[[], Iterable[Treated]], most: int, least: float) -> Report:
    """Put each comment that was taken down beside the ``most`` similar ones that were left up, at least so like.

    ``comments`` is called three times, so that none but those taken down need be held: to collect them, to learn which
    words are common, and to compare.
    """
    count, taken_down, acted, rules = _collect(comments())
    likeness = Likeness([each.text for each in acted], (each.text for each in comments()))
    near = _nearest(likeness, comments(), len(acted), most, least)
    comparisons = [Comparison(each, tuple(near[place])) for place, each in enumerate(acted) if near[place]]
    comparisons.sort(key=lambda each: -each.left_up[0].likeness)
    return Report(count, taken_down, tuple(comparisons), rules)


def _collect(comments: Iterable[Treated]) -> tuple[int, int, list[Treated], dict[str, Record]]:
    count, rules = 0, defaultdict[str, Record](Record)
    acted: list[Treated] = []
    for each in comments:
        count += 1
        if each.was_taken_down:
            acted.append(each)
        if each.status is not None and (each.was_taken_down or each.was_left_up):
            for rule in {finding.rule_id for finding in each.verdict.findings}:
                _count(rules[rule], each)
    return count, len(acted), acted[-_MOST_ACTED:], dict(rules)


def _count(record: Record, each: Treated) -> None:
    record.by_page[each.page, each.was_taken_down] += 1
    if each.was_taken_down:
        record.taken_down += 1
    else:
        record.left_up += 1
        record.kept_by[each.by] += 1


def _nearest(
    likeness: Likeness, comments: Iterable[Treated], acted: int, most: int, least: float
) -> list[list[LeftUp]]:
    found: list[list[LeftUp]] = [[] for _ in range(acted)]
    for each in comments:
        if each.was_left_up:
            for place, like in likeness.to(each.text).items():
                if like >= least:
                    near = sorted([*found[place], LeftUp(each, like)], key=lambda one: -one.likeness)
                    found[place] = near[:most]
    return found
