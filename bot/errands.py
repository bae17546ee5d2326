"""The verbs of other parts, as they are typed in Slack: requests, notices, accounts, rules and appeals.

Each is done by the same part that does it for the command line, with the same questions asked. A block is not asked
for here: whoever asks must have read all that the account wrote, the lawful too, and a message has no room for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.app import Beadle
from bot.asking import number_of
from bot.errors import NotAllowed
from bot.ledger import blocks, proposals
from bot.notify.quoted import one_line
from bot.offenders.sheet import find_account
from bot.residents.appeals import sentence_of
from bot.slack.hall import Doing
from bot.voice import Voice

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

USAGE = "write it like this: /beadle {usage}"
NO_REQUESTS = "Nothing waits for a second person on your pages."
REQUEST = "{name}  {what} of {subject}{page}, asked for by {person}: {reason}"
APPROVE = "Somebody else writes: /beadle approve {name} why"
NO_APPEALS = "No appeal waits for an answer."
NO_REQUEST = '"{written}" is no request; /beadle requests lists those that wait, such as R-12.'
STRIKES = "{account}: {total} of {threshold} strikes{clauses}{expires}."
EXEMPT = "{account} is the city's own: recorded, never counted."
PROPOSED = "A proposal waits for an answer until {day}."
BLOCKED = "Blocked on {page} ({status})."
ASKED = "Request R-{number}: {rule} is to act alone on {page}. Another person writes: /beadle approve R-{number} why"
PREVIEW = "Would be restored: {count}. To do it, write the same again with the reason: /beadle {usage}"
UNDONE = "Being restored: {count}. Each message is brought up to date."
NO_TIME = 'since when? "{written}" is no time; write 24h, 3d or 2026-11-21.'
ONE_OF_TWO = "say one of two: uphold or deny."
EVERYWHERE = "all"


def errands(beadle: Beadle) -> Mapping[str, Doing]:
    """By verb, what is typed, what it does, and how it is done."""
    return {
        "requests": Doing("requests", "what waits for a second person", _requests(beadle), changes=False),
        "withdraw": _doing("withdraw R-12 why", "take a request back", 2, _withdraw(beadle)),
        "notify": _doing("notify ID", "send the commenter the notice, where the platform allows", 1, _notify(beadle)),
        "offender": _doing("offender ACCOUNT", "strikes of an account", 1, _offender(beadle), changes=False),
        "decline": _doing("decline ACCOUNT PAGE why", "answer a proposal with no action", 3, _decline(beadle)),
        "unblock": _doing("unblock ACCOUNT PAGE why", "let an account back", 3, _unblock(beadle)),
        "promote": _doing("promote RULE PAGE why", "ask that a rule may act alone", 3, _promote(beadle)),
        "demote": _doing("demote RULE PAGE why", "let a rule ask people again", 3, _demote(beadle)),
        "undo_rule": _doing(
            "undo-rule RULE PAGE|all 24h [why]", "restore all that a rule hid; without why, a count", 3, _undo(beadle)
        ),
        "appeals": Doing("appeals", "the appeals that wait for an answer", _appeals(beadle), changes=False),
        "appeal": _doing("appeal NUMBER uphold|deny why", "answer an appeal", 3, _appeal(beadle)),
    }


def approve_request(beadle: Beadle) -> Callable[[str, Voice, str], str | None]:
    """Be the second person of a request; ``None`` for what is no request's number."""

    def approve(written: str, voice: Voice, reason: str) -> str | None:
        number = number_of(written)
        return None if number is None else beadle.requests.approve(number, voice, reason)

    return approve


Do = Callable[[Voice, Sequence[str]], str]


def _doing(usage: str, says: str, least: int, do: Do, *, changes: bool = True) -> Doing:
    """A verb that takes so many words at least."""

    def checked(voice: Voice, words: Sequence[str]) -> str:
        if len(words) < least:
            raise NotAllowed(USAGE.format(usage=usage))
        return do(voice, words)

    return Doing(usage, says, checked, changes)


# ── requests and notices ─────────────────────────────────────────────────────────────────────────────────────────────


def _requests(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        found = [each for each in beadle.requests.waiting() if each.page is None or voice.person.has(each.page)]
        lines = [
            REQUEST.format(
                name=each.name,
                what=each.what,
                subject=one_line(each.subject, limit=60),
                page=f" on {each.page}" if each.page else "",
                person=each.person,
                reason=one_line(each.reason, limit=120),
            )
            for each in found[:20]
        ]
        return "\n".join((*lines, APPROVE.format(name=found[0].name))) if found else NO_REQUESTS

    return do


def _withdraw(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        number = number_of(words[0])
        if number is None:
            raise NotAllowed(NO_REQUEST.format(written=one_line(words[0], limit=40)))
        return beadle.requests.withdraw(number, voice, " ".join(words[1:]))

    return do


def _notify(beadle: Beadle) -> Do:
    return lambda voice, words: beadle.counter.notices.send(words[0], voice).sentence


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _offender(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        with Session(beadle.route.reading) as session:
            account = find_account(session, words[0])
            standing = beadle.offenders.standing(session, account.platform, account.author_id)
            proposal = next(
                (
                    each
                    for each in proposals.open_ones(session)
                    if (each.platform, each.author_id) == (account.platform, account.author_id)
                ),
                None,
            )
            away = [each for each in blocks.standing(session) if each.author_id == account.author_id]
        named = one_line(f"{account.platform}:{account.author_id}", limit=100)
        if standing.exempt:
            return EXEMPT.format(account=named)
        clauses = ", ".join(f"{clause} {count}" for clause, count in standing.by_clause.items())
        expires = f"; the next expires {standing.expires_at:%Y-%m-%d}" if standing.expires_at else ""
        lines = [
            STRIKES.format(
                account=named,
                total=standing.total,
                threshold=standing.threshold,
                clauses=f" ({clauses})" if clauses else "",
                expires=expires,
            )
        ]
        lines += [PROPOSED.format(day=f"{proposal.expires_at:%Y-%m-%d}")] if proposal else []
        lines += [BLOCKED.format(page=each.page, status=each.status) for each in away if voice.person.has(each.page)]
        return "\n".join(lines)

    return do


def _decline(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        with Session(beadle.route.reading) as session:
            account = find_account(session, words[0])
        return beadle.ladder.decline(account, words[1], " ".join(words[2:]), voice)

    return do


def _unblock(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        with Session(beadle.route.reading) as session:
            account = find_account(session, words[0])
        return beadle.ladder.unblock(account, words[1], " ".join(words[2:]), voice)

    return do


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _promote(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        rule, page = words[0], words[1]
        number = beadle.promoting.ask(rule, page, voice, " ".join(words[2:]))
        return ASKED.format(number=number, rule=rule, page=page)

    return do


def _demote(beadle: Beadle) -> Do:
    return lambda voice, words: beadle.promoting.demote(words[0], words[1], voice, " ".join(words[2:]))


def _undo(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        rule, page = words[0], None if words[1] == EVERYWHERE else words[1]
        since = _since(words[2], beadle.route.clock())
        if len(words) == 3:
            _refuse_others_pages(voice, page)
            count = len(beadle.undoing.preview(rule, page, since))
            return PREVIEW.format(count=count, usage=f"undo-rule {' '.join(words)} why")
        return UNDONE.format(count=beadle.undoing.undo(rule, page, since, voice, " ".join(words[3:])))

    return do


def _refuse_others_pages(voice: Voice, page: str | None) -> None:
    if page is None and voice.person.pages is not None:
        raise NotAllowed("you don't look after every page; name one of yours instead of all.")
    if page is not None and not voice.person.has(page):
        raise NotAllowed(f'you do not look after the page "{one_line(page, limit=60)}"; see people.yaml.')


def _since(written: str, now: datetime) -> datetime:
    """``24h`` and ``3d`` before now, or a day in the zone of now."""
    unit = {"h": 1, "d": 24}.get(written[-1:].lower())
    number = written[:-1]
    if unit is not None and number.isascii() and number.isdecimal() and len(number) < 5:
        return now - timedelta(hours=int(number) * unit)
    try:
        found = datetime.fromisoformat(written)
    except ValueError as error:
        raise NotAllowed(NO_TIME.format(written=one_line(written, limit=40))) from error
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)


# ── appeals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _appeals(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        now = beadle.route.clock()
        return "\n".join(sentence_of(each, now) for each in beadle.counter.appeals.waiting()[:20]) or NO_APPEALS

    return do


def _appeal(beadle: Beadle) -> Do:
    def do(voice: Voice, words: Sequence[str]) -> str:
        if words[1] not in ("uphold", "deny"):
            raise NotAllowed(ONE_OF_TWO)
        reason = " ".join(words[2:])
        uphold = words[1] == "uphold"
        return beadle.counter.deciding.decide(words[0], uphold=uphold, voice=voice, reason=reason).sentence

    return do
