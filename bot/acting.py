"""The act by rule: whether it may be, and how it is asked of the platform. Evidence was proven before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from sqlmodel import Session

import connectors
from bot.desk import Desk
from bot.evidence.canonical import utc
from bot.ledger import cases, leaves, switches, trust
from bot.ledger.cases import File
from bot.ledger.tables import CaseStatus
from bot.outcomes import Acted, acted
from bot.permission import Permission, acting_rules, may_hide, may_remove
from connectors.contract import (
    Blocked,
    Comment,
    CommentRef,
    ConnectorError,
    Gone,
    RateLimited,
    Receipt,
    Unavailable,
    Unsupported,
)

log = structlog.get_logger(__name__)

OTHERWISE = "The case stands otherwise by now."
NO_EVIDENCE = "There is no sealed evidence."
DECIDED = "A person has decided this case."
NO_CLAUSE = "No clause of the policy is cited."
AWAY = 'The page "{page}" can\'t be used as pages.yaml has it now; `beadle doctor` says why.'
OWN = "The page wrote this comment itself: a person decides."
OF_THE_CITY = "The account is the city's own or its staff's: a person decides."
UNFIT = "The page is not fit to be acted on: {why}"
PAUSED = "Acts are paused ({scope}) since {since:%Y-%m-%d %H:%M} UTC."
GONE = "The comment was gone before it could be hidden."
EDITED = "The comment was edited after it was judged; the new words are judged anew."
CANT = "{platform} can't hide: {effect} By hand: {by_hand}"
BLOCKED = "The platform stopped our writing, so acts on this page are paused until `beadle resume`: {why}"
REFUSED = "The platform refused: {why}"
OTHERS_TOO = (
    "A hide here takes the replies under the comment out of sight too, whoever wrote them, and no clause is cited for "
    "those: a person decides."
)
NOTICE_DRAFTED = "A notice to the account is drafted with this act; a person sends it."
DONE = "Done under the page's signed list."
FIRST_RETRY_S = 15.0
LONGEST_RETRY_S = 900.0


def backoff(failures: int) -> float:
    """Seconds until the next try, after so many failures: 15, 30, 60 … 900."""
    return min(FIRST_RETRY_S * 2.0 ** min(failures, 10), LONGEST_RETRY_S)


def refusal(session: Session, file: File, desk: Desk, unfit: Callable[[str], str | None]) -> Acted | None:
    """Why this case may not be acted on by rule at this moment; ``None`` if it may.

    Asked in the same step as the act, so that a switch thrown during an outage is obeyed when it ends.
    """
    if file.case.status not in (CaseStatus.SEALED, CaseStatus.PAUSED):
        return acted("asks", OTHERWISE)
    if file.evidence is None:
        return acted("asks", NO_EVIDENCE)
    if cases.decided_by_person(session, file.case.case_id):
        return acted("asks", DECIDED)
    if not file.verdict.clauses:
        return acted("asks", NO_CLAUSE)
    permission = may_act(desk, file, trust.stopped(session, file.case.page))
    if not permission.allowed:
        return acted("asks", permission.because)
    why = unfit(file.case.page)
    if why is not None:
        return acted("asks", UNFIT.format(why=why))
    switch = switches.thrown(session, file.case.page)
    if switch is not None:
        return acted("paused", PAUSED.format(scope=switch.scope, since=switch.thrown_at))
    return None


def take_leave(session: Session, file: File, desk: Desk, now: datetime) -> Acted | None:
    """Take the rules' leave to act on this case, after ``refusal`` found nothing; or why one of them just stopped.

    In a transaction that may write: of a burst, only as many get through as the brake allows (``bot.brake``).
    """
    signature = desk.page.auto_hide if desk.hider is not None else desk.page.auto_remove
    assert signature is not None, "refusal asked for the signature"
    tripped = leaves.take(session, file, acting_rules(file.verdict), signature.first_day, now)
    if tripped is None:
        return None
    if tripped.just_now:
        log.warning("a rule does not act any more", page=file.case.page, rule=tripped.rule, because=tripped.because)
    return acted("asks", tripped.because)


def may_act(desk: Desk, file: File, stopped: Mapping[str, str]) -> Permission:
    """Whether the page's signature allows what this platform can do: a hide, or else a removal. ``stopped``: the rules
    that may not act on this page now, whatever was signed."""
    if file.comment.by_page:
        return Permission(False, OWN)
    if desk.page.is_own(file.comment.author_id):
        return Permission(False, OF_THE_CITY)
    if desk.hider is None and desk.auto_remover is None:
        return Permission(False, cannot_hide(desk))
    if desk.hider is None:
        return may_remove(desk.page, file.verdict, stopped)
    return may_hide(desk.page, file.verdict, desk.earned(file.verdict.policy.digest), stopped)


def cannot_hide(desk: Desk) -> str:
    """The platform's own truth, and what a person does instead."""
    can = desk.connector.capabilities
    return CANT.format(platform=desk.page.platform, effect=can.effect, by_hand=can.by_hand)


def is_moot(session: Session, file: File, outcome: Acted) -> bool:
    """Whether what held an act back has passed since: the switch was lifted, or the judged words stand again."""
    if outcome["status"] == "paused":
        return switches.thrown(session, file.case.page) is None
    return outcome["status"] == "changed" and file.comment.says == file.revision.digest


def act_by_rule(
    desk: Desk, file: File, judge_anew: Callable[[Comment], None], now: datetime
) -> tuple[Acted, Receipt | None]:
    """Read the comment again, and hide it if the judged words still stand there. The receipt is read back."""
    try:
        stands = desk.connector.read(file.ref).comment
        if stands is None:
            return acted("gone", GONE), None
        if stands.revision != file.revision.digest:
            judge_anew(stands)
            return acted("changed", EDITED), None
        ask = _hand(desk)
        if ask is None:
            return acted("asks", cannot_hide(desk)), None
        if desk.connector.capabilities.takes_replies and stands.reply_count != 0:
            return acted("asks", OTHERS_TOO), None
        receipt = ask(file.ref)
    except Gone:
        return acted("gone", GONE), None
    except Blocked as error:
        return acted("blocked", BLOCKED.format(why=error.sentence)), None
    except RateLimited as error:
        return acted("later", error.sentence, retry_s=max((error.until - now).total_seconds(), 1.0)), None
    except Unavailable as error:
        return acted("later", error.sentence, retry_s=backoff(file.case.failures)), None
    except Unsupported as error:
        return acted("asks", error.sentence), None
    except ConnectorError as error:
        log.warning("the platform refused an act", case=file.case.case_id, because=error.sentence)
        return acted("asks", REFUSED.format(why=error.sentence)), None
    return _done(receipt), receipt


def receipt_facts(file: File, receipt: Receipt, by: str) -> dict[str, object]:
    """What a supplement says of an act that the platform confirmed (EV-04); its own answers are sealed beside it."""
    return {
        "action": receipt.action.value,
        "by": by,
        "requested_at": utc(receipt.exchanges[0].started_at) if receipt.exchanges else None,
        "confirmed_at": utc(receipt.done_at),
        "already_done": receipt.already_done,
        "visibility_after": receipt.visibility.value,
        "clauses": list(file.verdict.clauses),
        "policy": f"{file.verdict.policy.slug} {file.verdict.policy.version}",
        **_notice(receipt.ref.platform),
    }


def _notice(platform: str) -> dict[str, object]:
    """What becomes of the notice to the account: people send it after the act, and that is a supplement of its own."""
    can = connectors.capabilities(platform)
    if can.notice == "none":
        return {"notice_state": "not possible", "notice_state_why": can.notice_why}
    return {"notice_state": "drafted", "notice_state_why": NOTICE_DRAFTED}


def _hand(desk: Desk) -> Callable[[CommentRef], Receipt] | None:
    """What can be undone is preferred; a page without a hide acts only where the city signed ``auto_remove``."""
    if desk.hider is not None:
        return desk.hider.hide
    return desk.auto_remover.remove if desk.auto_remover is not None else None


def _done(receipt: Receipt) -> Acted:
    return acted(
        "done",
        DONE,
        action=receipt.action.value,
        already_done=receipt.already_done,
        visibility=receipt.visibility.value,
    )
