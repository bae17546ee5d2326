"""An inbox: comments reach it as a file that somebody writes anew. There is no network."""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

NO_NETWORK = "Imported files come over no network."
NO_PAGES = "A file has no pages."
ONE_WAY = "A file is read once: what is not in the next one is not gone from the platform."
# What must be asked of HTTP only.
OVER_HTTP = (
    "test_a_reading_has_the_comment_its_post_and_the_answers",
    "test_each_error_is_named_for_what_happens_next",
    "test_half_an_answer_is_no_answer",
    "test_an_answer_of_another_shape_is_kept_for_the_maintainers",
    "test_a_passing_trouble_is_passed_over",
    "test_a_connection_that_breaks_is_no_answer",
    "test_while_the_platform_asks_to_wait_nothing_is_sent",
    "test_an_error_survives_a_durable_engine_without_the_answer",
    "test_the_token_stands_nowhere_that_is_kept",
    "test_no_address_carries_the_token",
    "test_a_dead_token_is_a_problem_and_not_an_exception",
    "test_a_platform_that_is_down_is_a_problem_and_not_an_exception",
    "test_every_call_is_counted",
    "test_every_request_has_a_time_limit",
    "test_a_sweep_that_breaks_leaves_the_cursor_alone",
)


@dataclass
class Wire(BaseWire):
    """Somebody keeps one file, ``board.json``, up to date."""

    platform: ClassVar[str] = "manual"
    base_url: ClassVar[str] = "https://nowhere.example"
    page_id: ClassVar[str] = "town-board"
    token: ClassVar[str] = "none"
    secrets: ClassVar[tuple[str, ...]] = ()
    connect: ClassVar[Mapping[str, Any]] = {}
    unable: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(OVER_HTTP, NO_NETWORK),
        "test_an_empty_page_with_more_behind_it_is_followed": NO_PAGES,
        "test_a_repeated_page_mark_ends_the_sweep_with_a_gap": NO_PAGES,
        "test_a_comment_that_is_gone_is_a_reading_without_comment": ONE_WAY,
        "test_a_vanished_comment_shows_by_its_absence": ONE_WAY,
    }

    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = Path(tempfile.mkdtemp(prefix="inbox-"))
        weakref.finalize(self, shutil.rmtree, self.inbox, ignore_errors=True)
        type(self).connect = {"options": {"inbox": str(self.inbox)}}

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        return f"post-{number}"

    def say(
        self,
        post_id: str,
        number: int,
        text: str = "plow my street!!",
        *,
        at: datetime = AN_HOUR_AGO,
        author: Resident | None = ANN,
        by_city: bool = False,
        parent: CommentRef | None = None,
    ) -> CommentRef:
        row = {
            "comment_id": str(number),
            "text": text,
            "posted_at": at.isoformat(),
            "post": post_id,
            "platform": "Nextdoor",
            "by_city": "yes" if by_city else "no",
        }
        if author:
            row |= {"author_id": author[0], "author": author[1]}
        if parent:
            row["reply_to"] = parent.comment_id.partition(":")[2]
        self.rows.append(row)
        self._write()
        return CommentRef("manual", self.page_id, f"nextdoor:{number}")

    def edit(self, ref: CommentRef, text: str) -> None:
        self._row(ref)["text"] = text
        self._write()

    def vanish(self, ref: CommentRef) -> None:
        self.rows.remove(self._row(ref))
        self._write()

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        raise NotImplementedError

    def is_hidden(self, ref: CommentRef) -> bool:
        return False

    def damage(self, ref: CommentRef, how: Damage) -> None:
        # A row without an id is named by its words: only one without words can't be named.
        changes: dict[Damage, tuple[str, object]] = {
            "no id": ("text", ""),
            "bad id": ("comment_id", "../me"),
            "no time": ("posted_at", None),
            "bad time": ("posted_at", "yesterday"),
        }
        name, value = changes[how]
        self._row(ref)[name] = value
        self._write()

    def serve(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError("an imported file asks nobody")

    def _row(self, ref: CommentRef) -> dict[str, Any]:
        return next(row for row in self.rows if f"nextdoor:{row['comment_id']}" == ref.comment_id)

    def _write(self) -> None:
        (self.inbox / "board.json").write_text(json.dumps({"comments": self.rows}))
