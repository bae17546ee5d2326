"""What ``beadle init`` asks, in which words, and what it takes for an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import connectors
from bot import fields
from bot.mistakes import did_you_mean, or_list, printable
from bot.people import Role
from bot.tokens import Token

_MOST_CITIES = "facebook"


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that a first configuration needs. ``policy_url``, ``slack_channel`` and ``base_url`` may be empty."""

    city: str
    timezone: str
    policy: str
    policy_url: str
    platform: str
    page: str
    page_id: str
    token: str
    slack_channel: str
    name: str
    email: str
    role: str
    account: str
    person: str
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the answers may be. ``policies`` are those in the folder (none: any slug); ``account`` is who is asking."""

    platforms: Collection[str]
    policies: Collection[str]
    account: str


Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``check`` gives back the answer, or a ``ValueError`` that says what it ``is``. ``applies``: whether
    it has to be asked at all after the answers so far; else its answer is empty."""

    key: str
    words: str
    check: Callable[[str, Bounds], str]
    default: Callable[[Given, Bounds], str | None] = lambda _given, _bounds: None
    applies: Callable[[Given], bool] = lambda _given: True

    @property
    def option(self) -> str:
        """The option of the command line that answers it."""
        return f"--{self.key.replace('_', '-')}"


def _plain(check: Callable[[str], str]) -> Callable[[str, Bounds], str]:
    return lambda answer, _: check(answer)


def _perhaps(check: Callable[[str], str]) -> Callable[[str, Bounds], str]:
    return lambda answer, _: check(answer) if answer else ""


def _platform(answer: str, bounds: Bounds) -> str:
    chosen = _one_of(answer, sorted(bounds.platforms))
    if connectors.capabilities(chosen).attestation is not None:
        why = (
            "which somebody has to sign for; begin with another page, and add this one as docs/platforms/README.md says"
        )
        raise ValueError(f'is "{chosen}", {why}.')
    return chosen


def _has_own_servers(given: Given) -> bool:
    return connectors.capabilities(given["platform"]).needs_base_url


def _first_platform(_: Given, bounds: Bounds) -> str | None:
    return _MOST_CITIES if _MOST_CITIES in bounds.platforms else _only(bounds.platforms)


def _policy(answer: str, bounds: Bounds) -> str:
    return _one_of(answer, sorted(bounds.policies)) if bounds.policies else fields.slug(answer)


def _role(answer: str, _: Bounds) -> str:
    return _one_of(answer, [role.value for role in Role])


def _token(answer: str, _: Bounds) -> str:
    Token.at(answer, Path())
    return answer


def _one_of(answer: str, known: list[str]) -> str:
    if answer not in known:
        near = did_you_mean(answer, known) if len(known) > 1 else None
        hint = f' (did you mean "{near}"?)' if near else ""
        raise ValueError(f'is "{printable(answer)}"; write {or_list(known)}{hint}.')
    return answer


def _only(known: Collection[str]) -> str | None:
    return next(iter(known)) if len(known) == 1 else None


def _sluggish(text: str) -> str | None:
    """A slug drawn from a name, if one can be."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    drawn = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:64].strip("-")
    return drawn or None


def _variable_for(page: str) -> str:
    name = f"{page.upper().replace('-', '_')}_TOKEN"
    return f"env:{name if name[0].isalpha() else f'PAGE_{name}'}"


QUESTIONS: tuple[Question, ...] = (
    Question("city", "The city's name, as residents know it", _plain(fields.line)),
    Question("timezone", "Its time zone", _plain(fields.zone), lambda *_: "America/New_York"),
    Question(
        "policy", "The slug of its policy, a file in the folder policies", _policy, lambda _, b: _only(b.policies)
    ),
    Question(
        "policy_url",
        "The address where residents can read the policy (empty: not published yet, and nothing will be hidden)",
        _perhaps(fields.address),
        lambda *_: "",
    ),
    Question("platform", "The page's platform", _platform, _first_platform),
    Question(
        "base_url", "The address of the city's own server there", _plain(fields.address), applies=_has_own_servers
    ),
    Question("page", "A short name for the page, for commands", _plain(fields.slug), lambda g, _: _sluggish(g["city"])),
    Question("page_id", "The platform's own id of the page", _plain(fields.identifier)),
    Question(
        "token",
        "Where the page's token lies (env:NAME or file:PATH, never the token itself)",
        _token,
        lambda g, _: _variable_for(g["page"]),
    ),
    Question("slack_channel", "The Slack channel for alerts (empty: none)", _perhaps(fields.channel), lambda *_: ""),
    Question("name", "Your full name", _plain(fields.line)),
    Question("email", "Your e-mail address", _plain(fields.mailbox)),
    Question("role", f"Your role ({', '.join(Role)})", _role, lambda *_: Role.SMA.value),
    Question("account", "Your account on this machine", _plain(fields.identifier), lambda _, b: b.account),
    Question("person", "A short name for you, for commands", _plain(fields.slug), lambda g, _: _sluggish(g["name"])),
)
