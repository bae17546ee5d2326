"""What strikes come to: which are one event, which count, until when, and what that adds up to. Pure.

Only what a person confirmed counts, once an event, inside the window of the policy that it was judged by (FA-22). Where
two policies, or two versions of one, speak of the same account, the milder holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ledger.tables import StrikeStatus
from bot.moderation.pack import PolicyPack, Strikes
from bot.moderation.verdict import Verdict

COUNTS = "counts until {until:%Y-%m-%d}"
VOID = "void: a person's word, or time, took it back"
PROVISIONAL = "provisional: no person has confirmed it"
APPEALED = "under appeal: not final"
OUT_OF_WINDOW = "outside the window since {until:%Y-%m-%d}"
WEIGHS_NOTHING = "counts nothing: the rule gives no strike"
UNKNOWN_POLICY = "counts nothing: the policy that it was judged by is not in config/policies any more"
OWN_ACCOUNT = "counts nothing: an account of the city"

REPORTED = "person"
"""The ``rule_id`` of a finding that a person reported under a clause; it weighs one strike."""


@dataclass(frozen=True, slots=True)
class Struck:
    """One strike with what decides whether it counts. ``mark``: what copies of one text share. ``terms`` and ``weight``
    are those of the policy version that the comment was judged by; ``None``: that version is not there any more."""

    case_id: str
    page: str
    clause: str
    status: str
    comment: int
    mark: str
    said_at: datetime
    package_id: str | None
    policy: str
    weight: int
    terms: Strikes | None
    contested: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Strikes that are one event: copies of one text, or edits of one comment, close together."""

    strikes: tuple[Struck, ...]

    @property
    def first(self) -> Struck:
        return self.strikes[0]

    @property
    def confirmed(self) -> tuple[Struck, ...]:
        return tuple(each for each in self.strikes if each.status == StrikeStatus.CONFIRMED)

    @property
    def heaviest(self) -> Struck:
        """The confirmed strike that weighs most; of a tie, and without a confirmed one, the first."""
        return max(self.confirmed or self.strikes, key=lambda each: each.weight)

    @property
    def contested(self) -> bool:
        """Whether an appeal against any of its cases is open."""
        return any(each.contested for each in self.strikes)

    @property
    def expires_at(self) -> datetime | None:
        """From when on it counts no more; ``None`` where its policy is not known."""
        terms = self.heaviest.terms
        return None if terms is None else self.first.said_at + timedelta(days=terms.window_days)

    def counts(self, now: datetime) -> bool:
        """Whether it counts now, as final."""
        return self.stands(now) and not self.contested

    def stands(self, now: datetime) -> bool:
        """Whether it would count now, were no appeal open."""
        until = self.expires_at
        if not self.confirmed or self.heaviest.weight == 0 or any(each.own for each in self.strikes):
            return False
        return until is not None and now < until

    def says(self, now: datetime) -> str:
        """How it stands, in words."""
        if all(each.status == StrikeStatus.VOID for each in self.strikes):
            return VOID
        if any(each.own for each in self.strikes):
            return OWN_ACCOUNT
        if not self.confirmed:
            return PROVISIONAL
        until = self.expires_at
        if until is None:
            return UNKNOWN_POLICY
        if self.heaviest.weight == 0:
            return WEIGHS_NOTHING
        if now >= until:
            return OUT_OF_WINDOW.format(until=until)
        return APPEALED if self.contested else COUNTS.format(until=until)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one account stands on one platform at ``now``. ``exempt``: the city's own; recorded, never counted."""

    platform: str
    author_id: str
    events: tuple[Event, ...]
    now: datetime
    exempt: bool = False

    @property
    def counted(self) -> tuple[Event, ...]:
        """The events that count now."""
        return () if self.exempt else tuple(each for each in self.events if each.counts(self.now))

    @property
    def total(self) -> int:
        """Strikes that count now."""
        return sum(each.heaviest.weight for each in self.counted)

    @property
    def with_appeals(self) -> int:
        """The same, were the open appeals denied."""
        standing = () if self.exempt else tuple(each for each in self.events if each.stands(self.now))
        return sum(each.heaviest.weight for each in standing)

    @property
    def provisional(self) -> int:
        """Events that no person has confirmed."""
        return sum(1 for each in self.events if each.says(self.now) == PROVISIONAL)

    @property
    def by_clause(self) -> Mapping[str, int]:
        """Strikes that count now, by the clause that was cited."""
        found: Counter[str] = Counter()
        for event in self.counted:
            found[event.heaviest.clause] += event.heaviest.weight
        return dict(sorted(found.items()))

    @property
    def threshold(self) -> int:
        return max((each.threshold for each in self._terms), default=Strikes(3, 365, 60).threshold)

    @property
    def warnings(self) -> int:
        return max((each.warnings for each in self._terms), default=3)

    @property
    def block_days(self) -> int:
        return min((each.block_days for each in self._terms), default=0)

    @property
    def window_days(self) -> int:
        """In which a warning counts too: the shortest of the windows."""
        return min((each.window_days for each in self._terms), default=0)

    @property
    def reached(self) -> bool:
        """Whether people are to be asked."""
        return bool(self.counted) and self.total >= self.threshold

    @property
    def expires_at(self) -> datetime | None:
        """When the next strike stops counting; ``None`` without one."""
        return min((each.expires_at for each in self.counted if each.expires_at is not None), default=None)

    @property
    def _terms(self) -> tuple[Strikes, ...]:
        standing = (each for each in self.events if each.stands(self.now))
        return tuple(strike.terms for each in standing for strike in each.confirmed if strike.terms is not None)


def weight(verdict: Verdict, pack: PolicyPack) -> int:
    """What a confirmed violation weighs: the heaviest of the rules that found it."""
    weights = {rule.id: rule.strikes for rule in pack.rules} | {REPORTED: 1}
    return max((weights.get(finding.rule_id, 0) for finding in verdict.findings), default=0)


def events(strikes: Iterable[Struck]) -> tuple[Event, ...]:
    """Gather strikes into events, oldest first. What is void is no part of another event, and anchors none."""
    gathered: list[list[Struck]] = []
    for strike in sorted(strikes, key=lambda each: (each.said_at, each.case_id)):
        home = next((each for each in gathered if _belongs(strike, each)), None)
        if home is None:
            gathered.append([strike])
        else:
            home.append(strike)
    return tuple(Event(tuple(each)) for each in gathered)


def _belongs(strike: Struck, event: list[Struck]) -> bool:
    first = event[0]
    if StrikeStatus.VOID in (strike.status, first.status):
        return False
    minutes = max(each.terms.merge_minutes if each.terms is not None else 0 for each in (strike, first))
    same_text = strike.comment == first.comment or (bool(strike.mark) and strike.mark == first.mark)
    return same_text and strike.said_at - first.said_at <= timedelta(minutes=minutes)
