"""How ``config/pages.yaml`` is written: its keys, what may stand behind each, and the sentence for everything else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

import connectors
from bot import fields
from bot.fields import (
    Channel,
    Clock,
    Duration,
    Host,
    HttpsAddress,
    Identifier,
    Line,
    Mailbox,
    PageId,
    QuietHours,
    Slug,
    Zone,
)
from bot.mistakes import Shape, did_you_mean, or_list, printable
from bot.tokens import Token
from connectors.contract import Capabilities

LEAST_SECONDS_SANDBOX = 0.2
# How long one wait for a platform may take: a whole answer has three of them.
LEAST_TIMEOUT_S, MOST_TIMEOUT_S = 1.0, 60.0

# Said in blocks of their own, each with a signature.
_SAID_ELSEWHERE = {"attested": "attested", "plan": "attested", "legal_basis": "legal_basis"}
_OPTION = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SECRET_NAMES = re.compile(r"(^|_)(token|secret|password|key)$")


@dataclass(frozen=True, slots=True)
class Known:
    """What a page is checked against. ``capabilities`` answers for one of the ``platforms``; ``now`` is aware."""

    platforms: Collection[str]
    policies: Collection[str]
    now: datetime
    capabilities: Callable[[str], Capabilities] = connectors.capabilities
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    folder: Path = Path()
    timezone: ZoneInfo | None = None


def _platform(value: str, info: ValidationInfo) -> str:
    known = sorted(_known(info).platforms)
    if value in known:
        return value
    near = did_you_mean(value, known) if len(known) > 1 else None
    by_hand = "; what comes in as files is manual" if "manual" in known else ""
    hint = f' (did you mean "{near}"?)' if near else by_hand
    raise ValueError(f'is "{printable(value)}"; Beadle can speak to {or_list(known)}{hint}.')


def _policy(value: str, info: ValidationInfo) -> str:
    known = sorted(_known(info).policies)
    if value in known:
        return value
    near = did_you_mean(value, known)
    if near:
        hint = f'did you mean "{near}"?'
    else:
        hint = f"write {or_list(known)}." if known else "put its file into the folder policies beside this one."
    raise ValueError(f'is "{printable(value)}", but there is no such policy; {hint}')


def _token(value: str, info: ValidationInfo) -> str:
    Token.at(value, _known(info).folder)
    return value


def _not_future(value: date, info: ValidationInfo) -> date:
    known = _known(info)
    if value > known.now.astimezone(known.timezone or UTC).date():
        raise ValueError(f"is {value}, which is still to come; write the day of the signature.")
    return value


def _not_a_persons_call(value: object) -> object:
    if value in ("hate", "political", "illegal", "attack"):
        what = f'holds "{value}", which is a person\'s call, whatever is signed'
        raise ValueError(f"{what}; write profanity, pii, spam, sexual or threat.")
    return value


Signable = Annotated[Literal["profanity", "pii", "spam", "sexual", "threat"], BeforeValidator(_not_a_persons_call)]


def _no_longer_than_a_minute(value: str) -> str:
    seconds = fields.as_timedelta(value).total_seconds()
    if not LEAST_TIMEOUT_S <= seconds <= MOST_TIMEOUT_S:
        raise ValueError(
            f'is "{value}"; a platform is waited for between {LEAST_TIMEOUT_S:g}s and {MOST_TIMEOUT_S:g}s.'
        )
    return value


def _not_too_often(value: str, info: ValidationInfo) -> str:
    platform = info.data.get("platform")
    if platform is None:
        return value
    least = _known(info).capabilities(platform).least_poll.total_seconds()
    if fields.is_loopback(info.data.get("base_url")):
        least = LEAST_SECONDS_SANDBOX
    if fields.as_timedelta(value).total_seconds() < least:
        what = f'is "{value}", which is too often for {platform}, by its limits and terms'
        raise ValueError(f"{what}; write {fields.as_duration(least)} or more.")
    return value


def _options(value: dict[str, str]) -> dict[str, str]:
    for name, said in value.items():
        if name in _SAID_ELSEWHERE:
            raise ValueError(f'holds "{name}", which is signed for; write the block "{_SAID_ELSEWHERE[name]}" instead.')
        if not _OPTION.fullmatch(name):
            raise ValueError(f'holds "{printable(name)}"; write names in small letters, such as auth_url.')
        if _SECRET_NAMES.search(name):
            raise ValueError(
                f'holds "{name}", which is a secret; put it into the page\'s token, a JSON object of parts.'
            )
        if not said.strip() or len(said) > 500 or not said.isprintable():
            raise ValueError(f'holds something else than one line of text behind "{name}"; write one, in quotes.')
    return value


def _public(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """A browser that may open this machine's own addresses would put what it finds there into a public record."""
    sandbox = fields.is_loopback(info.data.get("base_url"))
    for host in value:
        if not sandbox and not fields.is_public_name(host):
            raise ValueError(f'holds "{host}", which is no public name; write one such as www.facebook.com.')
    return value


def _cannot_hide(value: SignatureShape, info: ValidationInfo) -> SignatureShape:
    platform = info.data.get("platform")
    if platform is not None and _known(info).capabilities(platform).hide != "none":
        raise ValueError(f'is not for {platform}, which can hide, and a hide can be undone; write "auto_hide" instead.')
    return value


def _known(info: ValidationInfo) -> Known:
    if not isinstance(info.context, Known):
        raise TypeError("pages.yaml is read with a Known as context")
    return info.context


class CityShape(Shape):
    """The block ``city:``."""

    noun: ClassVar[str] = "the city"

    name: Line = Field(description="the city's name as residents know it", examples=["Clinton City"])
    timezone: Zone = Field(description="a zone of the IANA database", examples=["America/New_York"])
    policy_url: HttpsAddress | None = Field(
        default=None,
        description="where residents can read the policy",
        examples=["https://www.example.gov/social-media-policy"],
    )
    digest_hour: Clock = Field(
        default="07:30", description="the local time of the daily digest, in quotes", examples=['"07:30"']
    )
    quiet_hours: QuietHours | None = Field(
        default=None,
        description="when only what is urgent is told at once, in quotes",
        examples=['"22:00-06:30"'],
    )
    alerts_an_hour: int = Field(
        default=20, ge=1, le=500, description="the most single alerts in a channel in an hour", examples=["20"]
    )
    contact: Line | None = Field(
        default=None,
        description="how residents reach the office that answers for the pages",
        examples=["City Clerk, 2267 North 1500 West, clerk@example.gov"],
    )
    appeals_to: Mailbox | None = Field(
        default=None, description="the mailbox for appeals", examples=["appeals@example.gov"]
    )
    appeals_url: HttpsAddress | None = Field(
        default=None,
        description="where the city's form for appeals is found",
        examples=["https://www.example.gov/appeal"],
    )
    appeal_days: int = Field(
        default=10, ge=1, le=365, description="a number of days in which residents may appeal", examples=["10"]
    )
    answer_days: int = Field(
        default=10, ge=1, le=90, description="a number of days in which an appeal is answered", examples=["10"]
    )


class SignatureShape(Shape):
    """A block ``auto_hide:`` or ``auto_remove:``: who answers for what Beadle does alone."""

    noun: ClassVar[str] = "a signature"

    categories: Annotated[tuple[Signable, ...], AfterValidator(fields.distinct)] = Field(
        description="a list of profanity, pii, spam, sexual and threat", examples=["[profanity, spam]"]
    )
    signed_by: Line = Field(description="the name and office of who answers for it", examples=["A. Name, city counsel"])
    signed_on: Annotated[date, AfterValidator(_not_future)] = Field(
        strict=True, description="the day of the signature", examples=["2026-11-02"]
    )
    first_day_percent: int = Field(
        default=5,
        ge=1,
        le=100,
        description="a whole number from 1 to 100: on how many of a hundred comments a rule may act in its first day",
        examples=["5"],
    )


class AttestedShape(Shape):
    """A block ``attested:``: who answers for it that the city may use the platform as Beadle does, on which plan."""

    noun: ClassVar[str] = "an attestation"

    plan: Line = Field(description="the plan that the city pays for, as the platform names it", examples=["basic"])
    signed_by: Line = Field(description="the name and office of who answers for it", examples=["A. Name, city counsel"])
    signed_on: Annotated[date, AfterValidator(_not_future)] = Field(
        strict=True, description="the day of the signature", examples=["2026-11-02"]
    )


class LegalBasisShape(Shape):
    """A block ``legal_basis:``: the law by which the city keeps what the platform's terms alone would not let it."""

    noun: ClassVar[str] = "a legal basis"

    citation: Line = Field(description="the law, by its citation", examples=["Conn. Gen. Stat. 11-8"])
    signed_by: Line = Field(description="the name and office of who answers for it", examples=["A. Name, city counsel"])
    signed_on: Annotated[date, AfterValidator(_not_future)] = Field(
        strict=True, description="the day of the signature", examples=["2026-11-02"]
    )


class UnconfirmedShape(Shape):
    """A block ``unconfirmed:``: what becomes of what a rule hid and no person has confirmed (FA-19)."""

    noun: ClassVar[str] = "a deadline"

    hours: int = Field(default=24, ge=1, le=168, description="a number of hours, 1 to 168", examples=["24"])
    then: Literal["restore", "escalate"] = Field(
        default="escalate", description="restore or escalate", examples=["restore"]
    )


class PageShape(Shape):
    """One entry of ``pages:``."""

    noun: ClassVar[str] = "a page"

    slug: Slug = Field(description="a short name for commands", examples=["main-page"])
    name: Line | None = Field(default=None, description="the page's name as people know it", examples=["City Hall"])
    platform: Annotated[str, AfterValidator(_platform)] = Field(
        description="the platform that the page is on", examples=["facebook"]
    )
    page_id: PageId = Field(description="the platform's own id of the page, in quotes", examples=['"1234567890"'])
    policy: Annotated[Slug, AfterValidator(_policy)] = Field(
        description="the slug of a policy in the folder policies", examples=["clinton-city"]
    )
    mode: Literal["observe", "assist", "enforce"] = "observe"
    base_url: HttpsAddress | None = Field(
        default=None,
        description="the address of the city's own server, or another than the platform's own",
        examples=["https://blog.example.gov"],
    )
    timeout: Annotated[Duration, AfterValidator(_no_longer_than_a_minute)] = Field(
        default="10s", description="a number and s, at most 60s", examples=["20s"]
    )
    poll_every: Annotated[Duration, AfterValidator(_not_too_often)] | None = Field(
        default=None, description="a number and s, m or h", examples=["30s"]
    )
    token: Annotated[str, AfterValidator(_token)] = Field(
        description="where the page's token lies, env:NAME or file:PATH (or none, where the platform needs none)",
        examples=["env:MAIN_PAGE_TOKEN"],
        json_schema_extra={"secret": True},
    )
    slack_channel: Channel | None = Field(
        default=None,
        description="the id of a Slack channel or its name, in quotes (a bare # begins a remark)",
        examples=['"#social-media"'],
    )
    auto_hide: SignatureShape | None = Field(default=None, description="categories, signed_by and signed_on")
    auto_remove: Annotated[SignatureShape, AfterValidator(_cannot_hide)] | None = Field(
        default=None, description="categories, signed_by and signed_on"
    )
    public_hosts: Annotated[tuple[Host, ...], AfterValidator(fields.distinct), AfterValidator(_public)] | None = Field(
        default=None,
        description="a list of the hosts that the picture of a comment may load from",
        examples=["[www.facebook.com]"],
    )
    flags: Annotated[tuple[Literal["incident", "caretaker"], ...], AfterValidator(fields.distinct)] | None = Field(
        default=None, description="a list of incident and caretaker", examples=["[caretaker]"]
    )
    unconfirmed: UnconfirmedShape | None = Field(default=None, description="hours and then")
    department: Line | None = Field(
        default=None, description="the department that the page belongs to", examples=["Public Works"]
    )
    staff: Annotated[tuple[Identifier, ...], AfterValidator(fields.distinct)] | None = Field(
        default=None,
        description="a list of the platform's ids of accounts that are the city's own or its staff's, never acted on",
        examples=['["1234567890"]'],
    )
    attested: AttestedShape | None = Field(default=None, description="plan, signed_by and signed_on")
    legal_basis: LegalBasisShape | None = Field(default=None, description="citation, signed_by and signed_on")
    options: Annotated[dict[str, str], AfterValidator(_options)] = Field(
        default={}, description="names with a line of text each, in quotes", examples=['{version: "202609"}']
    )
