"""How many comments a second are judged and kept, and how fast the database alone takes the same rows."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot import worker
from bot.app import open_beadle
from bot.demo.home import furnish
from bot.demo.script import Script
from bot.demo.town import Town
from bot.ledger import database, watch
from bot.moderation.verdict import Item
from bot.pipeline import Route
from bot.settings import Settings
from connectors.contract import Author, Batch, Comment, CommentRef, Post

BATCH = 1000
"""As many comments as a connector hands over at most."""
VIOLATORS_IN_A_HUNDRED = 3
Tick = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Keeping:
    """``judged_per_s``: the judge alone; ``kept_per_s``: judged and committed; ``raw_per_s``: the same rows by
    ``executemany``, as many in a transaction, with the same PRAGMAs."""

    comments: int
    cases: int
    judged_per_s: float
    kept_per_s: float
    raw_per_s: float

    @property
    def ratio(self) -> float:
        """What of the database's own pace is left after judging and looking up."""
        return self.kept_per_s / self.raw_per_s


def measure(clear: Sequence[str], violating: Sequence[str], count: int, folder: Path, tick: Tick) -> Keeping:
    """Send ``count`` synthetic comments through ``Route.keep``; texts are taken in turn from the two lists."""
    with Town(Script.empty(), folder / "town") as town:
        home = furnish(town, folder)
        url = database.normalise(f"sqlite:///{folder}/beadle.db")
        worker.migrate(url)
        empty = folder / "empty.db"
        shutil.copy(folder / "beadle.db", empty)
        settings = Settings(config=home.config, database_url=url, archive=home.archive)
        with open_beadle(settings, acts=False) as beadle:
            (slug,) = beadle.route.desks
            texts = _texts(clear, violating, count)
            batches = list(_batches(texts, town.page_id))
            judged_s = _judge(beadle.route, slug, texts)
            kept_s, cases = _keep(beadle.route, slug, batches, tick)
    raw_s = _raw(folder / "beadle.db", empty)
    return Keeping(count, cases, count / judged_s, count / kept_s, count / raw_s)


def _texts(clear: Sequence[str], violating: Sequence[str], count: int) -> list[str]:
    """The numbers at the end make each one a text of its own, as on a real page."""
    good, bad = itertools.cycle(clear), itertools.cycle(violating)
    return [f"{next(bad) if at % 100 < VIOLATORS_IN_A_HUNDRED else next(good)} ({at})" for at in range(count)]


def _batches(texts: Sequence[str], page_id: str) -> Iterator[Batch]:
    now = datetime.now(UTC)
    for at in range(0, len(texts), BATCH):
        post = Post("facebook", page_id, f"{page_id}_{at}", "The budget hearing is tonight.", now)
        comments = tuple(_comment(text, number, post, now) for number, text in enumerate(texts[at : at + BATCH], at))
        yield Batch(comments, (post,), cursor=f'{{"watermark": {at}}}', last=False)


def _comment(text: str, number: int, post: Post, now: datetime) -> Comment:
    return Comment(
        ref=CommentRef("facebook", post.page_id, f"{post.post_id}_{number}"),
        post_id=post.post_id,
        author=Author(str(10**14 + number // 3), f"Resident {number // 3}"),
        text=text,
        posted_at=now - timedelta(seconds=number % 3600),
        permalink=f"https://www.facebook.com/{post.post_id}?comment_id={number}",
        raw={"id": f"{post.post_id}_{number}", "message": text, "created_time": now.isoformat()},
    )


def _judge(route: Route, slug: str, texts: Sequence[str]) -> float:
    judge = route.desks[slug].judge_at(datetime.now(UTC))
    assert judge is not None, "the demo's policy is in force"
    began = time.perf_counter()
    judge.judge_all([Item(text) for text in texts])
    return time.perf_counter() - began


def _keep(route: Route, slug: str, batches: Sequence[Batch], tick: Tick) -> tuple[float, int]:
    desk, cases = route.desks[slug], 0
    with Session(route.writing) as session, session.begin():
        watch.enrol(session, slug, desk.page.platform, desk.page.page_id, route.clock())
    began = time.perf_counter()
    for done, batch in enumerate(batches, start=1):
        cases += len(route.keep(desk, batch).cases)
        tick(done, len(batches))
    return time.perf_counter() - began, cases


def _raw(full: Path, empty: Path) -> float:
    """Seconds in which plain SQLite takes the rows of ``full`` into ``empty``."""
    with closing(sqlite3.connect(full)) as source:
        names = [name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows: dict[str, list[Any]] = {name: source.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}  # noqa: S608
    with closing(sqlite3.connect(empty, isolation_level=None)) as target:
        target.execute("PRAGMA journal_mode=WAL")
        target.execute("PRAGMA synchronous=FULL")
        began = time.perf_counter()
        for name in names:
            for at in range(0, len(rows[name]), BATCH):
                _insert(target, name, rows[name][at : at + BATCH])
        return time.perf_counter() - began


def _insert(target: sqlite3.Connection, table: str, rows: Sequence[Any]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    target.execute("BEGIN IMMEDIATE")
    target.executemany(f'INSERT OR IGNORE INTO "{table}" VALUES ({marks})', rows)  # noqa: S608
    target.execute("COMMIT")
