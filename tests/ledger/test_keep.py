"""Keeping what a poll brought: once, whole, with its orders and the cursor."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.ledger import cases, keep, watch
from bot.ledger.keep import Judged, Kept
from bot.ledger.tables import Case, CaseStatus, CommentRow, Revision, Sighting
from bot.moderation.verdict import Finding, Measure, Outcome, PolicyRef, Span, Verdict
from connectors.contract import Author, Batch, Comment, CommentRef, Gap, Post, Visibility

NOW = datetime.fromisoformat("2026-11-21T12:00:00+00:00")
PAGE = "main"
CLEAR = Verdict(Outcome.CLEAR, Measure.NONE, (), PolicyRef("clinton-city", "1", "d" * 64), "en")
FOUND = replace(
    CLEAR,
    outcome=Outcome.ACT,
    measure=Measure.HIDE,
    findings=(Finding("r1", "3.4.3.A", "profanity", "words", (Span(0, 4),), 1.0, "listed word", Measure.HIDE, True),),
)


def comment(number: int, text: str = "hello", **more: object) -> Comment:
    """A comment of account a1, posted a minute after the one before."""
    made = Comment(
        ref=CommentRef("facebook", "1012", f"5501_{number}"),
        post_id="1012_5501",
        author=Author("a1", "Ann Roe"),
        text=text,
        posted_at=NOW - timedelta(hours=1) + timedelta(minutes=number),
        raw={"id": f"5501_{number}"},
    )
    return replace(made, **more)  # type: ignore[arg-type]


POST = Post("facebook", "1012", "1012_5501", "Snow route map", NOW - timedelta(days=1))


def batch(*comments: Comment, cursor: str = "c1", **more: object) -> Batch:
    """A batch that ends nothing."""
    return replace(Batch(comments, (POST,), cursor, last=False), **more)  # type: ignore[arg-type]


def keep_batch(
    engine: sa.Engine, found: Batch, verdict: Verdict = CLEAR, orders: list[str] | None = None, at: datetime = NOW
) -> Kept:
    """Judge what is new as ``verdict`` and keep it, as the pipeline does."""
    with Session(engine) as session, session.begin():
        judged = [Judged(each, verdict, "") for each in keep.unknown(session, found.comments)]
        placed = orders if orders is not None else []
        return keep.keep(session, PAGE, found, judged, lambda _session, case: placed.append(case), at)


def test_a_batch_that_comes_twice_is_kept_once(engine: sa.Engine) -> None:
    """Polls overlap; a comment that is known with the same words adds nothing."""
    first = keep_batch(engine, batch(comment(1), comment(2)))
    second = keep_batch(engine, batch(comment(1), comment(2)))
    assert (first.new_comments, first.new_revisions) == (2, 2)
    assert (second.new_comments, second.new_revisions) == (0, 0)


def test_a_comment_that_a_batch_brings_twice_is_kept_once(engine: sa.Engine) -> None:
    """Lists move while they are paged, so one page may repeat what the one before had."""
    kept = keep_batch(engine, batch(comment(1), comment(2), comment(1)))
    assert (kept.new_comments, kept.new_revisions) == (2, 2)


def test_an_edit_is_a_new_revision_of_the_same_comment(engine: sa.Engine) -> None:
    """Both versions stay; the comment says the newer one."""
    keep_batch(engine, batch(comment(1, "nice")))
    kept = keep_batch(engine, batch(comment(1, "not nice")), FOUND)
    with Session(engine) as session:
        texts = session.exec(select(Revision.text).order_by(col(Revision.id))).all()
        row = session.exec(select(CommentRow)).one()
    assert (kept.new_comments, kept.new_revisions, len(kept.cases)) == (0, 1, 1)
    assert list(texts) == ["nice", "not nice"]
    assert row.says == comment(1, "not nice").revision


def test_cursor_comments_and_orders_are_one_transaction(engine: sa.Engine) -> None:
    """When placing an order fails, neither the comment nor the cursor is kept."""

    def fail(_session: Session, _case: str) -> None:
        raise RuntimeError("the order could not be placed")

    with Session(engine) as session, pytest.raises(RuntimeError), session.begin():
        keep.keep(session, PAGE, batch(comment(1)), [Judged(comment(1), FOUND, "")], fail, NOW)
    with Session(engine) as session:
        assert watch.cursor(session, PAGE) is None
        assert session.exec(select(CommentRow)).all() == []


def test_only_what_is_not_clear_and_visible_opens_a_case(engine: sa.Engine) -> None:
    """A clear comment has no case; one that is hidden already is kept and left alone."""
    orders: list[str] = []
    keep_batch(engine, batch(comment(1)), CLEAR, orders)
    keep_batch(engine, batch(comment(2, visibility=Visibility.HIDDEN_BY_CITY)), FOUND, orders)
    keep_batch(engine, batch(comment(3)), FOUND, orders)
    assert orders == [keep.case_id(comment(3).ref, comment(3).revision)]


def test_what_a_complete_sweep_did_not_bring_is_missing_and_comes_back(engine: sa.Engine) -> None:
    """Nobody told us why it is gone, so it is not called deleted; when it shows again, that is kept too (FOI-17)."""
    keep_batch(engine, batch(comment(1), comment(2)))
    later = NOW + timedelta(minutes=5)
    sweep = batch(
        comment(1),
        last=True,
        complete_since=NOW - timedelta(hours=2),
        complete_posts=frozenset({"1012_5501"}),
        seen=frozenset({"5501_1"}),
    )
    keep_batch(engine, sweep, at=later)
    with Session(engine) as session:
        missing = session.exec(select(CommentRow).where(CommentRow.comment_id == "5501_2")).one()
        assert missing.visibility == Visibility.MISSING_UNKNOWN
    keep_batch(engine, batch(comment(2)), at=later + timedelta(minutes=5))
    with Session(engine) as session:
        row = session.exec(select(CommentRow).where(CommentRow.comment_id == "5501_2")).one()
        history = session.exec(
            select(Sighting.visibility).where(Sighting.comment == row.id).order_by(col(Sighting.id))
        ).all()
    assert row.visibility == Visibility.VISIBLE
    assert list(history) == ["visible", "missing_unknown", "visible"]


def test_an_incomplete_sweep_calls_nothing_missing(engine: sa.Engine) -> None:
    """A batch without a completeness statement proves no absence."""
    keep_batch(engine, batch(comment(1), comment(2)))
    keep_batch(engine, batch(comment(1), last=True, seen=frozenset({"5501_1"})), at=NOW + timedelta(minutes=5))
    with Session(engine) as session:
        assert {row.visibility for row in session.exec(select(CommentRow)).all()} == {"visible"}


def test_words_that_come_back_after_an_edit_reopen_their_superseded_case(engine: sa.Engine) -> None:
    """Abuse, edited away before the act and then back again, does not slip through as known."""
    orders: list[str] = []
    keep_batch(engine, batch(comment(1, "abuse")), FOUND, orders)
    keep_batch(engine, batch(comment(1, "nothing to see")), CLEAR, orders)
    with Session(engine) as session, session.begin():
        cases.move(session, orders[0], CaseStatus.SUPERSEDED, "edited", NOW)
    keep_batch(engine, batch(comment(1, "abuse")), FOUND, orders)
    with Session(engine) as session:
        assert session.get_one(Case, orders[0]).status == CaseStatus.OPENED
    assert orders == [orders[0], orders[0]]


def test_copies_count_what_is_kept_and_what_stands_earlier_in_the_batch(engine: sa.Engine) -> None:
    """Repetition is one account's, inside the window, by fingerprint."""
    with Session(engine) as session, session.begin():
        judged = [Judged(comment(1), CLEAR, "f" * 16)]
        keep.keep(session, PAGE, batch(comment(1)), judged, lambda *_: None, NOW)
    others = comment(4, author=Author("a2", "Bo"))
    with Session(engine) as session:
        found = keep.copies(
            session,
            PAGE,
            [(comment(2), "f" * 16), (comment(3), "f" * 16), (others, "f" * 16), (comment(5), "")],
            timedelta(hours=24),
        )
    assert found == {str(comment(2).ref): 1, str(comment(3).ref): 2, str(others.ref): 0}


@pytest.mark.parametrize("text", ["null \x00 byte", "lone \ud83d surrogate", "escape \U0010ffff itself", "👩‍👩‍👧 ok"])
def test_text_comes_back_as_it_was_whatever_its_characters(engine: sa.Engine, text: str) -> None:
    """Evidence is not repaired: what a database can't store is escaped and comes back exactly."""
    keep_batch(engine, batch(comment(1, text, author=Author("a1", text))), FOUND)
    with Session(engine) as session:
        assert session.exec(select(Revision.text)).one() == text
        assert session.exec(select(CommentRow.author_name)).one() == text


def test_a_gap_is_written_down(engine: sa.Engine) -> None:
    """What was not seen is never silent."""
    keep_batch(engine, batch(gaps=(Gap("the platform repeated its cursor", post_id="1012_5501"),)))
    with Session(engine) as session:
        noted = watch.gaps(session, NOW - timedelta(minutes=1), NOW + timedelta(minutes=1))
    assert [gap.reason for gap in noted] == ["the platform repeated its cursor"]


def test_the_case_id_depends_on_comment_and_words_alone() -> None:
    """The same comment with the same words is the same case on every machine, for ever."""
    assert keep.case_id(comment(1).ref, "0123456789abcdef") == keep.case_id(comment(1).ref, "0123456789abcdef")
    assert keep.case_id(comment(1).ref, "0123456789abcdef") != keep.case_id(comment(2).ref, "0123456789abcdef")
    assert keep.case_id(CommentRef("facebook", "1", "2"), "a").startswith("fa-")
