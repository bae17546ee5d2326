"""The values of a policy pack: a city's policy as the judge applies it. Frozen; made by ``policy`` from a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Literal

from bot.errors import PolicyError
from bot.moderation.verdict import CATEGORIES as CATEGORIES
from bot.moderation.verdict import Item, Measure, PolicyRef
from bot.people import Role

Binds = Literal["public", "staff", "both"]
JudgedBy = Literal["rules", "people", "records"]

FLAGS = ("tip", "self_harm", "safety", "unreadable", "language")
"""Why something is put before a person although no rule is said to be broken."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the policy, in our own words. ``judged_by``: rules (and people after them), people alone, or
    records (it governs how we work, not what visitors say). ``why`` says why no rule judges it."""

    id: str
    summary: str
    judged_by: JudgedBy
    why: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """What a rule leaves alone because the policy says so. ``says``: the policy's own words, for people to read.

    ``unless``: phrases that clear the match they overlap; ``unless_anywhere``: phrases that clear the whole comment.
    """

    says: str
    unless: tuple[str, ...] = ()
    unless_anywhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``parameters`` are the detector's; ``violates`` and ``allowed`` are the rule's tests.

    ``uses`` names the entry of the rule library that category, detector, parameters and the first examples come from
    (empty: the rule is the pack's own). ``strikes`` is what a confirmed violation counts; ``floor`` the precision on
    people's decisions, lower 95 % bound, from which a score may hide; ``line`` is where the rule stands in its file.
    """

    id: str
    clause: str
    category: str
    applies_to: Binds
    detector: str
    parameters: Mapping[str, object]
    measure: Measure
    strikes: int
    urgent: bool
    reason: str
    violates: tuple[Item, ...]
    allowed: tuple[Item, ...]
    line: int
    uses: str = ""
    draws: tuple[str, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    floor: float | None = None

    @property
    def is_flag(self) -> bool:
        """A flag asks a person to look; it alleges nothing."""
        return self.category in FLAGS

    @property
    def reads_scores(self) -> bool:
        """Does a statistical model speak, whose criteria can't be printed?"""
        return self.detector == "scores"

    def binds(self, by_page: bool) -> bool:
        """Does the rule speak to the city's own pages (``by_page``), or to residents? A staff rule never to these."""
        return self.applies_to in {"both", "staff" if by_page else "public"}


@dataclass(frozen=True, slots=True)
class Strikes:
    """When confirmed violations are put before a person: ``threshold`` in ``window_days``; never acts by itself.

    Copies of one text within ``merge_minutes`` are one event (FA-22). ``warnings``: how many an account must have been
    given before a block may be asked for; ``block_days``: the longest that one lasts.
    """

    threshold: int
    window_days: int
    merge_minutes: int
    warnings: int = 3
    block_days: int = 365


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """Who asks for what can't be undone, and who, being another, approves it. Empty: whoever may by their office."""

    asks: frozenset[Role] = frozenset()
    seconds: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom the policy trusts: the ``training`` topics that whoever decides must have had in the last ``retrain_days``,
    and the offices for a removal, a block and a promotion of a rule (Hartford Policy 012 xi)."""

    training: tuple[str, ...] = ()
    retrain_days: int = 730
    remove: TwoPeople = TwoPeople()
    block: TwoPeople = TwoPeople()
    promote: TwoPeople = TwoPeople()

    def of(self, verb: str) -> TwoPeople | None:
        """The two offices for this verb, where it takes two people."""
        return {"remove": self.remove, "block": self.block, "promote": self.promote}.get(verb)


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """One of the reasons that the policy lets people choose from: a short ``id``, and what it ``says``."""

    id: str
    says: str


@dataclass(frozen=True, slots=True)
class ModelRef:
    """The weights that score rules read: ``<name>@<n>`` of ``config/models`` and the SHA-256 of the file."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class PolicyPack:
    """One version of one city's policy.

    ``published`` says where the city's own text is found; ``source`` is the pack's file, byte for byte, and ``digest``
    its SHA-256. ``wordlists`` and ``library`` name each list and each shared rule with the digest of its file, and
    ``model`` the weights with theirs, so that the pack's digest covers them all. ``reasons``: by verb, the codes that
    whoever decides must choose from; a verb without any asks for none.
    """

    slug: str
    title: str
    city: str | None
    version: str
    adopted_on: date
    effective_at: datetime
    published: str
    forum_purpose: str
    clauses: tuple[Clause, ...]
    rules: tuple[Rule, ...]
    strikes: Strikes
    wordlists: Mapping[str, str]
    source: bytes = field(repr=False)
    path: str = ""
    library: Mapping[str, str] = field(default_factory=dict)
    model: ModelRef | None = None
    authority: Authority = Authority()
    reasons: Mapping[str, tuple[ReasonCode, ...]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return _sha256(self.source)

    @property
    def ref(self) -> PolicyRef:
        return PolicyRef(self.slug, self.version, self.digest)

    def clause(self, clause_id: str) -> Clause:
        """The clause of that number. Raises ``PolicyError``."""
        for clause in self.clauses:
            if clause.id == clause_id:
                return clause
        raise PolicyError(
            f'Policy "{self.slug}" {self.version} has no clause "{clause_id}"; look at its file {self.path}.'
        )

    def rule(self, rule_id: str) -> Rule:
        """The rule of that name. Raises ``PolicyError``."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise PolicyError(f'Policy "{self.slug}" {self.version} has no rule "{rule_id}"; look at its file {self.path}.')


@cache
def _sha256(source: bytes) -> str:
    """Asked once for every verdict: a digest of 60 kB takes as long as judging ten comments."""
    return hashlib.sha256(source).hexdigest()
