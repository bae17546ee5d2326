"""What people say of a rule: two promote it, one demotes it, and one resets its brake after having looked.

A reset gives back what two people or the city's signature had given, so it takes one person with the right to promote.
A brake that trips again within four weeks of a reset was no accident: then it takes two, by a promotion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.authority import Verb
from bot.bearing import NOT_EARNED, Bearings
from bot.desk import Desk
from bot.errors import NotAllowed, PolicyError
from bot.ledger import asks, trust
from bot.ledger.tables import Ask
from bot.ledger.trust import DEMOTED, PROMOTED, RESET, By, What
from bot.moderation.pack import PolicyPack, Rule
from bot.pages import Flag
from bot.review import Review
from bot.trust import could_act
from bot.voice import Voice

KIND = "promote"
NO_PAGE = 'there is no page "{page}" in pages.yaml; the pages are: {known}.'
NO_POLICY = 'no version of the policy of page "{page}" is in force; `beadle policy list` shows what there is.'
NO_RULE = 'the policy in force on "{page}" has no rule "{rule}"; `beadle rules --page {page}` lists them.'
FROZEN = (
    'page "{page}" is in caretaker, as pages.yaml says: no rule is promoted, and no brake reset, until that is over.'
)
ASKS_ALWAYS = 'rule "{rule}" asks a person, always: its policy asks for no hide, or its category never allows one.'
UNSIGNED = (
    'the category "{category}" of rule "{rule}" is not signed under auto_hide of page "{page}"; that comes first.'
)
ACTS_ALREADY = 'rule "{rule}" may act by itself on "{page}" already; `beadle rules --page {page}` shows it.'
ASKED = (
    'Recorded as request R-{number}: rule "{rule}" may act by itself on {page} once another person approves it '
    "(`beadle approve R-{number}`)."
)
ASKS_ALREADY = 'rule "{rule}" asks people on "{page}" already; there is nothing to demote.'
NOT_TRIPPED = 'the brake of rule "{rule}" has not tripped on "{page}"; there is nothing to reset.'
TWICE = (
    'the brake of rule "{rule}" tripped again within {days} days of a reset, so it takes two people: '
    "`beadle promote {rule} --page {page}`."
)
AGAIN_WITHIN = timedelta(days=28)
SHOWN = "{agreed:,} of {decided:,} decisions"


@dataclass(frozen=True, slots=True)
class Promoting:
    """Records what people say of rules. Raises ``NotAllowed`` with what to do instead; then nothing was recorded."""

    review: Review
    bearings: Bearings

    def ask(self, rule_id: str, page: str, voice: Voice, reason: str) -> int:
        """Ask that a rule may act by itself on a page; another person approves it. The number of the request."""
        desk, pack, rule = self._at(rule_id, page, voice, Verb.PROMOTE)
        route = self.review.route
        with Session(route.writing) as session, session.begin():
            tally = self._check(session, desk, pack, rule)
            terms = {"policy": pack.slug, "version": pack.version, "digest": pack.digest, "tally": tally}
            row = asks.put(session, KIND, rule_id, page, terms, voice, reason, route.clock())
            return row.id or 0

    def approved(self, session: Session, ask: Ask) -> str:
        """Another person approved (``bot.asking``): the rule is promoted, if all that was asked for still holds."""
        page, now = ask.page or "", self.review.route.clock()
        desk, pack, rule = self._found(ask.subject, page)
        shown = self._check(session, desk, pack, rule)
        by = By(ask.person, ask.account, ask.roles, ask.second, ask.reason)
        because = PROMOTED.format(rule=rule.id, page=page, person=ask.person, second=ask.second, shown=shown)
        tripped = trust.standings(session, page).get(rule.id, trust.Standing()).tripped
        trust.note(session, page, rule.id, What.PROMOTED, _version(pack), because, by, now)
        if tripped is not None:
            said = RESET.format(rule=rule.id, page=page, person=f"{ask.person} and {ask.second}")
            trust.note(session, page, rule.id, What.RESET, _version(pack), said, by, now)
        return because

    def demote(self, rule_id: str, page: str, voice: Voice, reason: str) -> str:
        """Let a rule ask people on a page, at once."""
        _, pack, rule = self._at(rule_id, page, voice, Verb.DEMOTE)
        now = self.review.route.clock()
        with Session(self.review.route.writing) as session, session.begin():
            trust.hold(session, page)
            standing = trust.standings(session, page).get(rule_id, trust.Standing())
            low = standing.rank is not None and not standing.promoted
            if low or not could_act(rule) or (rule.reads_scores and not standing.promoted):
                raise NotAllowed(ASKS_ALREADY.format(rule=rule_id, page=page))
            because = DEMOTED.format(rule=rule_id, page=page, person=voice.person.id)
            by = By.voice(voice, reason)
            trust.note(session, page, rule_id, What.DEMOTED, _version(pack), because, by, now)
        return because

    def reset(self, rule_id: str, page: str, voice: Voice, reason: str) -> str:
        """Let a rule whose brake tripped act again, after a person has looked at what it did."""
        desk, pack, _ = self._at(rule_id, page, voice, Verb.PROMOTE)
        _refuse_frozen(desk)
        now = self.review.route.clock()
        with Session(self.review.route.writing) as session, session.begin():
            trust.hold(session, page)
            tripped = trust.standings(session, page).get(rule_id, trust.Standing()).tripped
            if tripped is None:
                raise NotAllowed(NOT_TRIPPED.format(rule=rule_id, page=page))
            _refuse_twice(session, page, rule_id, tripped.at)
            because = RESET.format(rule=rule_id, page=page, person=voice.person.id)
            trust.note(session, page, rule_id, What.RESET, _version(pack), because, By.voice(voice, reason), now)
        return because

    def _at(self, rule_id: str, page: str, voice: Voice, verb: Verb) -> tuple[Desk, PolicyPack, Rule]:
        found = self._found(rule_id, page)
        refused = self.review.why_not(voice, verb, found[0])
        if refused is not None:
            raise NotAllowed(refused)
        return found

    def _found(self, rule_id: str, page: str) -> tuple[Desk, PolicyPack, Rule]:
        desk = self.review.route.desks.get(page)
        if desk is None:
            known = ", ".join(sorted(self.review.route.desks)) or "none"
            raise NotAllowed(NO_PAGE.format(page=page, known=known))
        pack = self.review.pack_of(desk, self.review.route.clock())
        if pack is None:
            raise NotAllowed(NO_POLICY.format(page=page))
        try:
            return desk, pack, pack.rule(rule_id)
        except PolicyError as error:
            raise NotAllowed(NO_RULE.format(page=page, rule=rule_id)) from error

    def _check(self, session: Session, desk: Desk, pack: PolicyPack, rule: Rule) -> str:
        """Raises ``NotAllowed`` unless this rule may be promoted here now; what people's decisions show, in words."""
        _refuse_frozen(desk)
        page = desk.page
        if not could_act(rule):
            raise NotAllowed(ASKS_ALWAYS.format(rule=rule.id))
        if page.auto_hide is None or rule.category not in page.auto_hide.categories:
            raise NotAllowed(UNSIGNED.format(rule=rule.id, category=rule.category, page=page.slug))
        trust.hold(session, page.slug)
        bearing = self.bearings.of(session, desk.page, pack, rule)
        if bearing.standing.stopped is None and (bearing.standing.promoted or not rule.reads_scores):
            raise NotAllowed(ACTS_ALREADY.format(rule=rule.id, page=page.slug))
        if rule.reads_scores and not bearing.has_earned:
            raise NotAllowed(NOT_EARNED.format(rule=rule.id, page=page.slug, lacking=bearing.lacking))
        return SHOWN.format(agreed=bearing.tally.agreed, decided=bearing.tally.decided)


def _version(pack: PolicyPack) -> str:
    return f"{pack.slug} {pack.version}"


def _refuse_frozen(desk: Desk) -> None:
    if Flag.CARETAKER in desk.page.flags:
        raise NotAllowed(FROZEN.format(page=desk.page.slug))


def _refuse_twice(session: Session, page: str, rule: str, tripped_at: datetime) -> None:
    before = trust.last_reset(session, page, rule)
    if before is not None and tripped_at - before <= AGAIN_WITHIN:
        raise NotAllowed(TWICE.format(rule=rule, page=page, days=AGAIN_WITHIN.days))
