"""What a policy would have said: comments that were judged once, judged again by another pack, and compared. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from bot.moderation.judge import Judge
from bot.moderation.verdict import Item, Outcome, Verdict

REPEATS_WITHIN = timedelta(hours=24)
_AT_ONCE = 2_048
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """A comment that was judged: its text and circumstances, the verdict of then, and how its case ended."""

    item: Item
    author: str | None
    fingerprint: str
    posted_at: datetime
    before: Verdict
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One comment on which the new pack says something else."""

    judged: Judged
    after: Verdict

    @property
    def turn(self) -> tuple[Outcome, Outcome]:
        return self.judged.before.outcome, self.after.outcome


@dataclass(slots=True)
class Report:
    """``turns`` counts (outcome of then, outcome of now); ``examples`` holds a few changes of each turn.

    ``rules_before`` and ``rules_after`` count the comments in which each rule matched. A comment whose outcome is the
    same under another clause is in ``moved``.
    """

    comments: int = 0
    turns: Counter[tuple[Outcome, Outcome]] = field(default_factory=Counter)
    rules_before: Counter[str] = field(default_factory=Counter)
    rules_after: Counter[str] = field(default_factory=Counter)
    moved: int = 0
    contradicted: int = 0
    examples: dict[tuple[Outcome, Outcome], list[Change]] = field(default_factory=lambda: defaultdict(list))

    @property
    def changed(self) -> int:
        """How many comments would have got another outcome."""
        return sum(count for (before, after), count in self.turns.items() if before is not after)


def backtest(judge: Judge, comments: Iterable[Judged], each: int = _EXAMPLES) -> Iterator[Report]:
    """Judge comments, in the order of posting, by another pack. Gives the report so far after each batch, so that a
    display can follow; the last one is the whole. ``each`` is how many examples of each turn are kept."""
    report, copies, rest = Report(), _Copies(), iter(comments)
    while batch := list(islice(rest, _AT_ONCE)):
        items = [copies.counted(judged) for judged in batch]
        for judged, after in zip(batch, judge.judge_all(items), strict=True):
            _note(report, Change(judged, after), each)
        yield report


def _note(report: Report, change: Change, each: int) -> None:
    before, after = change.judged.before, change.after
    report.comments += 1
    report.turns[change.turn] += 1
    report.rules_before.update({finding.rule_id for finding in before.findings})
    report.rules_after.update({finding.rule_id for finding in after.findings})
    if before.outcome is after.outcome:
        report.moved += set(before.clauses) != set(after.clauses)
    else:
        report.contradicted += _contradicts_people(change)
        if len(report.examples[change.turn]) < each:
            report.examples[change.turn].append(change)


_KEPT = frozenset({"kept", "restored"})
_TAKEN_DOWN = frozenset({"hidden", "removed", "by_hand"})


def _contradicts_people(change: Change) -> bool:
    """Whether the new pack is further from what people decided: it would act on what they kept, or clear what they
    took down."""
    _, after = change.turn
    status = change.judged.status
    return (after is Outcome.ACT and status in _KEPT) or (after is Outcome.CLEAR and status in _TAKEN_DOWN)


class _Copies:
    """Counts earlier comments with the same fingerprint by the same account inside the window, as the poll did."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    def counted(self, judged: Judged) -> Item:
        if judged.author is None or not judged.fingerprint:
            return judged.item
        times = self._seen[judged.author, judged.fingerprint]
        while times and times[0] < judged.posted_at - REPEATS_WITHIN:
            times.popleft()
        copies = len(times)
        times.append(judged.posted_at)
        item = judged.item
        return Item(item.text, item.lang, item.post, copies, item.has_media, item.by_page)
