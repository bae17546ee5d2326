"""What people report that no rule found: the comment or post that is meant, and what was said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from bot.ledger import keep
from bot.ledger.tables import (
    Case,
    CaseStatus,
    CommentReport,
    CommentRow,
    OwnPostReport,
    PostRow,
    Revision,
)
from bot.ledger.verdicts import as_json
from bot.moderation.verdict import Verdict
from bot.voice import Voice
from connectors.contract import CommentRef

_MOST = 50


def comments_at(session: Session, page: str, place: str, ids: Sequence[str]) -> list[CommentRow]:
    """The comments of a page at this very address or with this very id; else those that ``ids``, read from the address,
    can mean: an id, or the last part of one."""
    of_page = select(CommentRow).where(CommentRow.page == page).limit(_MOST)
    exact = of_page.where(or_(col(CommentRow.comment_id) == place, col(CommentRow.permalink) == place))
    found = list(session.exec(exact).all())
    for each in ids:
        if found:
            break
        endings = [col(CommentRow.comment_id).endswith(f"{mark}{each}", autoescape=True) for mark in "_/:"]
        found = list(session.exec(of_page.where(or_(col(CommentRow.comment_id) == each, *endings))).all())
    return found


def standing(session: Session, comment: CommentRow) -> Revision:
    """What a comment says now. The comment is nobody else's until the caller's transaction ends."""
    session.exec(select(CommentRow.id).where(CommentRow.id == comment.id).with_for_update()).first()
    query = select(Revision).where(Revision.comment == comment.id, Revision.digest == comment.says)
    return session.exec(query).one()


def case_of(session: Session, revision: Revision) -> Case | None:
    """The case of what a comment says, if it has one."""
    return session.exec(select(Case).where(Case.revision == revision.id)).first()


def of_case(session: Session, case_id: str) -> CommentReport | None:
    """The report that opened a case."""
    return session.get(CommentReport, case_id)


def by_press(session: Session, press: str) -> CommentReport | None:
    """The report that this press made."""
    return session.exec(select(CommentReport).where(CommentReport.press == press)).first() if press else None


def open_case(
    session: Session,
    comment: CommentRow,
    revision: Revision,
    verdict: Verdict,
    voice: Voice,
    reason: str,
    now: datetime,
    withheld: str | None,
) -> str:
    """Open the case of what a person reported; its verdict is theirs. ``withheld``: no words may be kept, so it waits
    for people at once, with this sentence."""
    key = keep.case_id(CommentRef(comment.platform, comment.page_id, comment.comment_id), revision.digest)
    session.add(
        Case(
            case_id=key,
            page=comment.page,
            revision=revision.id or 0,
            status=CaseStatus.OPENED if withheld is None else CaseStatus.WAITING,
            because=withheld or "",
            outcome=verdict.outcome,
            verdict=as_json(verdict),
            opened_at=now,
        )
    )
    session.flush()
    session.add(CommentReport(case_id=key, clause=verdict.clause, reason=reason, at=now, **_who(voice)))
    session.flush()
    return key


def own_post(
    session: Session, page: str, place: str, ids: Sequence[str], what: str, voice: Voice, now: datetime
) -> OwnPostReport:
    """Record a report on a post of the city's own. The same press again is the same report."""
    pressed = select(OwnPostReport).where(OwnPostReport.press == voice.press)
    before = session.exec(pressed).first() if voice.press else None
    if before is not None:
        return before
    post = _post(session, page, (place, *ids))
    row = OwnPostReport(page=page, place=place, post=post, what=what, at=now, **_who(voice))
    session.add(row)
    session.flush()
    return row


def own_posts(session: Session, page: str | None = None) -> list[OwnPostReport]:
    """What was reported of the city's own posts, newest first."""
    query = select(OwnPostReport).order_by(col(OwnPostReport.at).desc(), col(OwnPostReport.id).desc())
    return list(session.exec(query.where(OwnPostReport.page == page) if page else query).all())


def _post(session: Session, page: str, places: Sequence[str]) -> int | None:
    query = select(PostRow.id).where(
        PostRow.page == page,
        or_(col(PostRow.post_id).in_(places), col(PostRow.permalink).in_(places)),
    )
    return session.exec(query).first()


def _who(voice: Voice) -> dict[str, Any]:
    return {
        "person": voice.person.id,
        "account": voice.account,
        "roles": voice.roles,
        "door": voice.door,
        "saw": voice.saw,
        "press": voice.press or None,
    }
