"""The judges of all policies: one for each version, and for each set of score rules that may hide there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.desk import nothing_earned
from bot.errors import PolicyError
from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyShelf

_KEPT_A_VERSION = 4


class Bench:
    """Makes a judge when it is first needed, and anew when scores earn or lose. Pages that differ in what was promoted
    have judges of their own."""

    def __init__(self, shelf: PolicyShelf, earned: Callable[[str], frozenset[str]] = nothing_earned) -> None:
        self._shelf, self._earned = shelf, earned
        self._judges: dict[str, dict[frozenset[str], Judge]] = {}

    def judge_at(
        self, policy: str, at: datetime, earned: Callable[[str], frozenset[str]] | None = None
    ) -> Judge | None:
        """The judge of the version in force at a time; ``None`` for the time before the first version. ``earned``: by
        the digest of a version, as a page has it."""
        try:
            pack = self._shelf.in_force(policy, at)
        except PolicyError:
            return None
        may_hide = (earned or self._earned)(pack.digest)
        judges = self._judges.setdefault(pack.digest, {})
        if may_hide not in judges:
            if len(judges) >= _KEPT_A_VERSION:
                judges.clear()
            judges[may_hide] = self._shelf.judge(pack, may_hide)
        return judges[may_hide]
