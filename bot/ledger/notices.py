"""Notices to accounts: what is owed for each act, and what became of it. None of their words stands here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select, update

import connectors
from bot.ledger.tables import Act, Case, CommentRow, Notice, NoticeStatus, Revision
from bot.voice import Voice

OVERTAKEN = "A later act stands; its own notice says so."
OWN_COMMENT = "The comment is the page's own; nobody is to be told."
UNKNOWN_PLATFORM = "Beadle knows no private message on this platform."

KINDS = {"hide": "hidden", "remove": "removed", "unhide": "restored"}
"""By what was done on the platform: what the account is told."""

WAITING = (NoticeStatus.DRAFTED, NoticeStatus.IN_DOUBT)
"""What waits for a person."""


def owe(session: Session, act: Act) -> None:
    """Draft the notice of an act in the commit of the act. One that was not sent before is overtaken by this one."""
    kind = KINDS.get(act.action)
    if kind is None or act.outcome != "done" or session.get(Notice, act.act_key) is not None:
        return
    _overtake(session, act.case_id)
    because = _why_none(_comment(session, act.case_id))
    session.add(
        Notice(
            act_key=act.act_key,
            case_id=act.case_id,
            kind=kind,
            status=NoticeStatus.NOT_POSSIBLE if because else NoticeStatus.DRAFTED,
            because=because,
            drafted_at=act.done_at,
        )
    )
    session.flush()


def find(session: Session, act_key: str) -> Notice:
    """The notice of an act, as it stands now."""
    return session.exec(select(Notice).where(Notice.act_key == act_key).execution_options(populate_existing=True)).one()


def of_case(session: Session, case_id: str) -> Sequence[Notice]:
    """Every notice of a case, oldest first."""
    query = select(Notice).where(Notice.case_id == case_id).order_by(col(Notice.drafted_at), col(Notice.act_key))
    return session.exec(query).all()


def newest(session: Session, case_id: str) -> Notice | None:
    """The notice of what was done last on a case."""
    found = of_case(session, case_id)
    standing = [each for each in found if each.status != NoticeStatus.OVERTAKEN]
    return standing[-1] if standing else None


def listed(session: Session, *, everything: bool, page: str | None = None, limit: int = 50) -> list[tuple[Notice, str]]:
    """Notices with the page of each: those that wait for a person, or all, oldest first."""
    query = select(Notice, Case.page).join(Case, col(Case.case_id) == col(Notice.case_id))
    if not everything:
        query = query.where(col(Notice.status).in_(WAITING))
    if page is not None:
        query = query.where(Case.page == page)
    rows = session.exec(query.order_by(col(Notice.drafted_at)).limit(limit)).all()
    return [(notice, slug) for notice, slug in rows]


def order(session: Session, act_key: str, voice: Voice, now: datetime) -> int | None:
    """A person sends it: the number of the order, ``None`` when somebody else did in the meantime. One statement."""
    sending = (
        update(Notice)
        .where(col(Notice.act_key) == act_key, col(Notice.status) == NoticeStatus.DRAFTED)
        .values(
            status=NoticeStatus.ORDERED,
            person=voice.person.id,
            account=voice.account,
            roles=voice.roles,
            door=voice.door,
            saw=voice.saw,
            ordered_at=now,
            failures=0,
            orders=Notice.orders + 1,
        )
        .returning(col(Notice.orders))
    )
    found = session.exec(sending).first()
    return None if found is None else int(found[0])


def again(session: Session, act_key: str, because: str) -> Notice:
    """It could not be sent just now: another order is counted, and nothing is known to have left."""
    row = find(session, act_key)
    row.orders, row.failures, row.because, row.tried_at = row.orders + 1, row.failures + 1, because, None
    session.add(row)
    return row


def try_now(session: Session, act_key: str, now: datetime) -> None:
    """Written before the platform is asked: who finds it again after a crash knows that it may have arrived."""
    row = find(session, act_key)
    row.tried_at = now
    session.add(row)


def settle(session: Session, act_key: str, status: NoticeStatus, because: str, now: datetime, **facts: str) -> None:
    """What became of it. ``facts``: lang, sha256 and message, where it was sent."""
    row = find(session, act_key)
    row.status, row.because = status, because
    row.sent_at = now if status == NoticeStatus.SENT else None
    if status == NoticeStatus.DRAFTED:
        row.tried_at = None  # the platform refused it: nothing has arrived
    for name, value in facts.items():
        setattr(row, name, value)
    session.add(row)


def counted(session: Session) -> dict[str, int]:
    """How many notices stand where."""
    found: dict[str, int] = {}
    for status in session.exec(select(Notice.status)).all():
        found[str(status)] = found.get(str(status), 0) + 1
    return found


def _overtake(session: Session, case_id: str) -> None:
    earlier = update(Notice).where(col(Notice.case_id) == case_id, col(Notice.status) == NoticeStatus.DRAFTED)
    session.exec(earlier.values(status=NoticeStatus.OVERTAKEN, because=OVERTAKEN))


def _comment(session: Session, case_id: str) -> CommentRow:
    query = (
        select(CommentRow)
        .join(Revision, col(Revision.comment) == col(CommentRow.id))
        .join(Case, col(Case.revision) == col(Revision.id))
        .where(Case.case_id == case_id)
    )
    return session.exec(query).one()


def _why_none(comment: CommentRow) -> str:
    if comment.by_page:
        return OWN_COMMENT
    if comment.platform not in connectors.platforms():
        return UNKNOWN_PLATFORM
    can = connectors.capabilities(comment.platform)
    return can.notice_why if can.notice == "none" else ""
