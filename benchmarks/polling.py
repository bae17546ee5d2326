"""One simulated week on every platform: what Beadle's schedule asks of it, beside a naive poller that is as quick.

.venv/bin/python benchmarks/polling.py                                   print the table
.venv/bin/python benchmarks/polling.py --write docs/benchmarks-polling.md   and put it between that page's marks
.venv/bin/python benchmarks/polling.py --only facebook youtube --days 1     a look

A city posts three times a day; residents comment for hours and come back to old posts; some comments are edited, some
vanish. Beadle's connectors are polled for real against the platforms' wires (`tests/connectors/wires`), at the pace of
`bot.rounds`, on a clock that is moved. The naive poller lists the posts and then the comments of every post of the
last thirty days, a hundred at a time, at the interval that gives the same mean delay; its calls are counted from the
same page, at the same moments. Dollars are those of the platform's price list (`docs/platforms`).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import respx
from rich.console import Console
from rich.progress import Progress

import connectors
from bot.rounds import slowed
from connectors.contract import CommentRef, ConnectorError
from tests.connectors.wire import NOW, BaseWire, wire_of

SEED = 20261121
POST_HOURS = (9, 13, 17)
COMMENTS_A_POST = 20
OLD_POSTS = timedelta(days=30)
FIRST_VISIT = timedelta(hours=48)
ROWS = 100
# What one delivered post costs the naive poller too (apis: X, pay per use).
NAIVE_USD_PER_ITEM = {"x": 0.005}
BEGIN, END = "<!-- figures: written by benchmarks/polling.py -->", "<!-- end of figures -->"
HEAD = (
    "| platform | Beadle: calls a day | naive: calls a day | ratio | Beadle: $ a day | naive: $ a day "
    "| new comment seen after (median, p95) | edits seen | gone seen | missed |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


@dataclass
class Clock:
    """Time that is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class Event:
    """Something happens on the page."""

    at: datetime
    kind: str
    number: int
    post: int = 0


@dataclass
class Town:
    """The page as it was played so far: posts with their comments, for the naive poller's count."""

    wire: BaseWire
    posts: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    comments: dict[int, int] = field(default_factory=dict)
    refs: dict[int, CommentRef] = field(default_factory=dict)
    said_at: dict[str, datetime] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)

    def play(self, event: Event) -> None:
        """Let it happen."""
        if event.kind == "post":
            self.posts[event.number] = (self.wire.publish(event.number, at=event.at), event.at)
            self.comments[event.number] = 0
        elif event.kind == "say":
            ref = self.wire.say(self.posts[event.post][0], event.number, f"word {event.number}", at=event.at)
            self.refs[event.number] = ref
            self.said_at[ref.comment_id] = event.at
            self.comments[event.post] += 1
        elif event.kind == "edit":
            self.wire.edit(self.refs[event.number], f"other words {event.number}")
            self._note(event, self.edited)
        else:
            self.wire.vanish(self.refs[event.number])
            self._note(event, self.gone)

    def _note(self, event: Event, changed: set[str]) -> None:
        """What changes before the first visit, or on comments older than it brings, is nobody's to notice."""
        comment_id = self.refs[event.number].comment_id
        if event.at >= NOW and self.said_at[comment_id] >= NOW - FIRST_VISIT:
            changed.add(comment_id)

    def naive_round(self, now: datetime) -> tuple[int, int]:
        """What one round of the naive poller asks, and how many comments it is given."""
        watched = [number for number, (_, at) in self.posts.items() if now - at <= OLD_POSTS]
        given = [self.comments[number] for number in watched]
        lists = max(1, -(-len(watched) // ROWS))
        return lists + sum(max(1, -(-count // ROWS)) for count in given), sum(given)


@dataclass(frozen=True, slots=True)
class Week:
    """What came out. Calls and dollars are for a day; delays in seconds."""

    platform: str
    calls: float
    naive_calls: float
    usd: float
    naive_usd: float
    delay_median: float
    delay_p95: float
    edits: tuple[int, int]
    gone: tuple[int, int]
    missed: int


def script(days: int, abilities: frozenset[str]) -> list[Event]:
    """A month of quiet history and the week, from a seed."""
    chance = random.Random(SEED)  # noqa: S311
    events: list[Event] = []
    begin, number = NOW - OLD_POSTS, 0
    for day in range(OLD_POSTS.days + days):
        for hour in POST_HOURS:
            number += 1
            at = begin + timedelta(days=day, hours=hour - NOW.hour)
            events.append(Event(at, "post", number))
            for _ in range(round(chance.expovariate(1 / COMMENTS_A_POST))):
                # Most within hours, some days later: people come back.
                delay = chance.expovariate(1 / 4) if chance.random() < 0.85 else chance.expovariate(1 / 80)
                said = at + timedelta(hours=min(delay, 24 * 25))
                events.append(Event(said, "say", 10_000 + len(events), number))
                if "edit" in abilities and chance.random() < 0.03:
                    events.append(Event(said + timedelta(hours=chance.expovariate(1 / 3)), "edit", events[-1].number))
                elif "vanish" in abilities and chance.random() < 0.02:
                    events.append(Event(said + timedelta(hours=chance.expovariate(1 / 5)), "vanish", events[-1].number))
    return sorted((each for each in events if each.at < NOW + timedelta(days=days)), key=lambda each: each.at)


@contextmanager
def on(platform: str, clock: Clock) -> Iterator[tuple[BaseWire, Any]]:
    """The platform's wire, and a connection to it."""
    wire = wire_of(platform)
    wire.clock = clock
    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=wire.answer)
        made = connectors.connect(platform, page_id=wire.page_id, token=wire.token, clock=clock, **wire.connect)
        yield wire, made
        made.close()


def live(platform: str, days: int) -> Week:
    """The week."""
    clock = Clock()
    with on(platform, clock) as (wire, connection):
        unable = "".join(wire.unable)
        abilities = frozenset(kind for kind, word in (("edit", "edit"), ("vanish", "vanished")) if word not in unable)
        events, town = script(days, abilities), Town(wire)
        while events and events[0].at < NOW:
            town.play(events.pop(0))
        week_began = NOW
        cursor, calls, seen, words, missing = None, 0, {}, {}, set[str]()
        naive: list[tuple[int, int]] = []
        end = NOW + timedelta(days=days)
        can = connection.connector.capabilities
        newest = NOW
        while clock.now < end:
            while events and events[0].at <= clock.now:
                town.play(events.pop(0))
            asked = len(wire.asked)
            try:
                for batch in connection.connector.poll(cursor):
                    for comment in batch.comments:
                        key = comment.ref.comment_id
                        if key not in seen:
                            seen[key] = clock.now
                            newest = max(newest, comment.posted_at)
                        words[key] = comment.text
                    if batch.last:
                        cursor = batch.cursor
                        if batch.complete_since and (batch.every_post or batch.complete_posts):
                            missing |= town.gone - batch.seen
            except ConnectorError as error:
                print(f"{platform}: {error}", file=sys.stderr)
            calls += len(wire.asked) - asked
            naive.append(town.naive_round(clock.now))
            wire.asked.clear()
            clock.now += slowed(can.poll_every, clock.now - newest)
        cost = connection.calls.count().cost_usd
    fresh = {key: at for key, at in town.said_at.items() if week_began <= at < end - timedelta(hours=1)}
    delays = [(seen[key] - at).total_seconds() for key, at in fresh.items() if key in seen]
    # A poller at a fixed interval sees a comment after half of it, on average.
    rounds = timedelta(days=days).total_seconds() / max(2 * mean(delays), 1.0)
    given = mean(count for _, count in naive)
    return Week(
        platform,
        calls / days,
        mean(asked for asked, _ in naive) * rounds / days,
        cost / days,
        # Billed once a UTC day, however often it is delivered.
        given * NAIVE_USD_PER_ITEM.get(platform, 0.0),
        quantiles(delays, n=100)[49],
        quantiles(delays, n=100)[94],
        (sum(words.get(key, "").startswith("other") for key in town.edited), len(town.edited)),
        (len(missing & town.gone), len(town.gone)),
        len([key for key in fresh if key not in seen and key not in town.gone]),
    )


def row(week: Week) -> str:
    """One line of the table."""
    dollars = (f"{week.usd:.2f}", f"{week.naive_usd:.2f}") if week.naive_usd else ("0", "0")
    return (
        f"| {week.platform} | {week.calls:,.0f} | {week.naive_calls:,.0f} | 1 : {week.naive_calls / week.calls:,.1f} "
        f"| {dollars[0]} | {dollars[1]} | {week.delay_median:.0f} s, {week.delay_p95:.0f} s "
        f"| {week.edits[0]} of {week.edits[1]} | {week.gone[0]} of {week.gone[1]} | {week.missed} |"
    )


def measured(platforms: list[str], days: int, each: Callable[[Week], None]) -> list[Week]:
    """Every platform, several at a time."""
    weeks = []
    with ProcessPoolExecutor() as pool, Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("weeks lived", total=len(platforms))
        for done in as_completed([pool.submit(live, name, days) for name in platforms]):
            weeks.append(done.result())
            each(weeks[-1])
            progress.advance(task)
    return sorted(weeks, key=lambda week: week.platform)


def main() -> None:
    """Measure, print, and write if asked to."""
    reached = [name for name in connectors.platforms() if name != "manual"]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", nargs="+", choices=reached, default=reached)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    weeks = measured(asked.only, asked.days, lambda week: print(row(week), flush=True))
    table = HEAD + "\n".join(map(row, weeks)) + "\n"
    print(f"\n{table}")
    if asked.write:
        before, _, rest = asked.write.read_text().partition(BEGIN)
        asked.write.write_text(f"{before}{BEGIN}\n\n{table}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
