"""Finds comments by their words: plain, newest first, on the pages that somebody looks after."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.ledger.cases import NOT_QUOTED
from bot.ledger.tables import Case, CommentRow, Revision
from bot.ledger.verdicts import from_json
from bot.moderation.verdict import Span

_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class Found:
    """One comment that holds the words. ``case_id`` is that of its case, ``None`` where no rule found anything.
    ``may_be_quoted``: not what is private, sexual or restricted. ``private`` marks what is masked."""

    page: str
    case_id: str | None
    status: str | None
    posted_at: datetime
    author: str | None
    text: str
    permalink: str | None
    may_be_quoted: bool
    private: tuple[Span, ...] = ()


def find(
    session: Session,
    words: str,
    pages: Collection[str] | None,
    *,
    limit: int,
    offset: int = 0,
    closed: Callable[[str], bool] = lambda case_id: False,
) -> list[Found]:
    """Comments that hold these words, whatever their case (of ASCII letters on SQLite). ``pages`` ``None``: all.

    ``closed`` says of a case that it is restricted: then it is not quoted.
    """
    query = (
        select(Revision, CommentRow, Case)
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .outerjoin(Case, col(Case.revision) == col(Revision.id))
        .where(col(Revision.text).ilike(_pattern(words), escape=_ESCAPE))
        .order_by(col(CommentRow.posted_at).desc(), col(Revision.id).desc())
        .offset(offset)
        .limit(limit)
    )
    if pages is not None:
        query = query.where(col(CommentRow.page).in_(sorted(pages)))
    return [_found(revision, comment, case, closed) for revision, comment, case in session.exec(query).all()]


def _pattern(words: str) -> str:
    """The words as they stand, with any blanks between them; nothing in them is a wildcard."""
    escaped = (_escaped(word) for word in words.split())
    return f"%{'%'.join(escaped)}%"


def _escaped(word: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        word = word.replace(special, _ESCAPE + special)
    return word


def _found(revision: Revision, comment: CommentRow, case: Case | None, closed: Callable[[str], bool]) -> Found:
    findings = from_json(revision.verdict).findings
    shut = case is not None and closed(case.case_id)
    return Found(
        page=comment.page,
        case_id=case.case_id if case else None,
        status=case.status if case else None,
        posted_at=comment.posted_at,
        author=comment.author_name,
        text=revision.text,
        permalink=comment.permalink,
        may_be_quoted=not shut and not {each.category for each in findings} & NOT_QUOTED,
        private=tuple(span for each in findings if each.category == "pii" for span in each.spans),
    )
