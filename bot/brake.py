"""When a rule acts more than it should, it stops acting and asks people. Pure: counts decide, the ledger keeps them.

On its first day a rule has no record of its own, so a fixed share holds (as in MediaWiki's AbuseFilter: 5 %, more than
two). Afterwards the last hour, and the last day, are held against the rule's own share of the comments in the four
weeks before: not its acts an hour, for a post that many people answer brings more of everything; and by accounts, for
one that writes ten times is a surge of a person and none of the rule. The figures are in ``docs/trust.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp, lgamma, log, log1p

FIRST_DAY = timedelta(seconds=86_400)
FIRST_DAY_SHARE = 0.05
"""Of the checked comments; a city may sign for another on its page."""

FEWEST_ON_FIRST_DAY = 2
RECENT = (timedelta(hours=1), timedelta(days=1))
REPEATED_WITHIN = timedelta(hours=1)
LOOKED_BACK = timedelta(days=28)
FEWEST_RECENT = 8
UNLIKELY = 1e-4

TOO_MANY = (
    "it would have acted on {acts:,} of {checked:,} checked comments in its first day here, which is more than "
    "{share:.0%} and more than {fewest}"
)
SURGED = (
    "it would have acted on {acts:,} accounts in {checked:,} checked comments within {hours} h, where {before:,} in "
    "{checked_before:,} was its rate in the weeks before"
)


@dataclass(frozen=True, slots=True)
class Tempo:
    """How often a rule acted in a stretch of ``hours``, the act that is asked for among them, and how many comments
    were checked meanwhile. ``before`` and ``checked_before``: in the weeks before it."""

    acts: int
    checked: int
    before: int = 0
    checked_before: int = 0
    hours: int = 24


def first_day(tempo: Tempo, share: float = FIRST_DAY_SHARE) -> str | None:
    """Why a rule on its first day stops before this act; ``None`` while it need not."""
    if tempo.acts <= FEWEST_ON_FIRST_DAY or tempo.acts <= share * tempo.checked:
        return None
    return TOO_MANY.format(acts=tempo.acts, checked=tempo.checked, share=share, fewest=FEWEST_ON_FIRST_DAY)


def later(tempo: Tempo, share: float = FIRST_DAY_SHARE) -> str | None:
    """The same after the first day, for one stretch; ``acts`` are accounts. Where nothing was checked in the weeks
    before, there is no rate to go by, and the share of a first day holds."""
    if tempo.acts < FEWEST_RECENT:
        return None
    if tempo.checked_before == 0:
        return first_day(tempo, share)
    if chance(tempo) >= UNLIKELY:
        return None
    return SURGED.format(
        acts=tempo.acts,
        checked=tempo.checked,
        before=tempo.before,
        checked_before=tempo.checked_before,
        hours=tempo.hours,
    )


def chance(tempo: Tempo) -> float:
    """The chance of so many acts or more in the stretch, if the rule acts on the same share of the comments as ever.

    Exact, for two Poisson rates (Przyborowski and Wilenski, 1940): given all acts, the newest are binomial.
    """
    total, share = tempo.acts + tempo.before, tempo.checked / max(tempo.checked + tempo.checked_before, 1)
    return at_least(tempo.acts, total, share)


def at_least(successes: int, trials: int, share: float) -> float:
    """The upper tail of the binomial distribution: so many successes or more."""
    if successes <= 0 or share >= 1.0:
        return 1.0
    if share <= 0.0:
        return 0.0
    whole = lgamma(trials + 1)
    return min(
        sum(
            exp(whole - lgamma(k + 1) - lgamma(trials - k + 1) + k * log(share) + (trials - k) * log1p(-share))
            for k in range(successes, trials + 1)
        ),
        1.0,
    )
