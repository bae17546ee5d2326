"""Which pages the city has, and what it allows Beadle to do on each: ``config/pages.yaml``.

A mistake in one page refuses that page and no other. A mistake in the city's own block, or in the file itself, stops
everything: without a name and a clock nothing true can be said to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot import fields, yamlfile
from bot.errors import ConfigError
from bot.pages_shape import (
    AttestedShape,
    CityShape,
    Known,
    LegalBasisShape,
    PageShape,
    SignatureShape,
    UnconfirmedShape,
)
from bot.tokens import Token
from bot.yamlfile import YamlFile
from connectors.contract import Capabilities

__all__ = [
    "Attested",
    "City",
    "Flag",
    "Known",
    "LegalBasis",
    "Mode",
    "Page",
    "Pages",
    "Signature",
    "Unconfirmed",
    "load_pages",
]

NEEDS_ADDRESS = 'a page on {platform} needs "base_url": each city has a server of its own there; write its address.'
NEEDS_ATTESTATION = 'a page on {platform} needs "attested" with plan, signed_by and signed_on: {sentence}'
SIGNED = "{signed_by}, {signed_on}"


class Flag(StrEnum):
    """What a page is in. Either way everything asks a person; ``CARETAKER`` is for elections, and freezes rules."""

    INCIDENT = "incident"
    CARETAKER = "caretaker"


class Mode(StrEnum):
    """How much Beadle may do on a page, from the least to the most."""

    OBSERVE = "observe"
    ASSIST = "assist"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class City:
    """The city itself. Hours are local; ``policy_url`` is where residents read the policy. ``quiet_hours``: from, to.
    ``alerts_an_hour``: the most single alerts in one channel. ``appeal_days``: in which residents may appeal;
    ``answer_days``: in which the city answers."""

    name: str
    timezone: ZoneInfo
    digest_hour: time
    policy_url: str | None = None
    quiet_hours: tuple[time, time] | None = None
    alerts_an_hour: int = 20
    contact: str | None = None
    appeals_to: str | None = None
    appeals_url: str | None = None
    appeal_days: int = 10
    answer_days: int = 10


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """What becomes of what a rule hid and no person has confirmed: ``after`` so long it is shown again, or told."""

    after: timedelta = timedelta(hours=24)
    then: Literal["restore", "escalate"] = "escalate"


@dataclass(frozen=True, slots=True)
class Signature:
    """A person of the city answers by name for what Beadle does alone in these categories. ``first_day``: the share of
    the comments on which a rule may act in its first day before its brake stops it."""

    categories: frozenset[str]
    signed_by: str
    signed_on: date
    first_day: float = 0.05


@dataclass(frozen=True, slots=True)
class Attested:
    """A person of the city answers by name for it that the city may use the platform on this ``plan``."""

    plan: str
    signed_by: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The law by which the city keeps words that the platform's terms alone would not let it keep."""

    citation: str
    signed_by: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the city on a platform. ``policy`` is the slug of its pack; ``public_hosts`` are ``host[:port]``;
    ``token_at`` is the file and line that name the token's place. ``options``: what only this platform needs.
    ``staff``: ids of accounts that are the city's own or its staff's."""

    slug: str
    name: str
    platform: str
    page_id: str
    policy: str
    token: Token
    mode: Mode = Mode.OBSERVE
    poll_every: timedelta = timedelta(minutes=1)
    timeout: timedelta = timedelta(seconds=10)
    base_url: str | None = None
    slack_channel: str | None = None
    auto_hide: Signature | None = None
    auto_remove: Signature | None = None
    public_hosts: tuple[str, ...] = ()
    token_at: str = ""
    attested: Attested | None = None
    legal_basis: LegalBasis | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    flags: frozenset[Flag] = frozenset()
    unconfirmed: Unconfirmed = Unconfirmed()
    department: str | None = None
    staff: frozenset[str] = frozenset()

    def is_own(self, author_id: str | None) -> bool:
        """Whether an account is the page itself, another account of the city, a bot of its own, or its staff's."""
        return author_id is not None and (author_id == self.page_id or author_id in self.staff)

    @property
    def for_connector(self) -> dict[str, str]:
        """The options as the connector takes them, with what was signed."""
        told = dict(self.options)
        if self.attested is not None:
            signed = SIGNED.format(signed_by=self.attested.signed_by, signed_on=self.attested.signed_on)
            told |= {"attested": signed, "plan": self.attested.plan}
        if self.legal_basis is not None:
            told["legal_basis"] = self.legal_basis.citation
        return told


@dataclass(frozen=True, slots=True)
class Pages:
    """What the file says. ``refused`` holds one error for each mistake; ``listed`` is every slug, refused or not."""

    city: City
    pages: tuple[Page, ...]
    refused: tuple[ConfigError, ...] = ()
    listed: frozenset[str] = frozenset()

    def find(self, slug: str) -> Page:
        """The page of this slug. Raises ``ConfigError`` that says which there are."""
        for page in self.pages:
            if page.slug == slug:
                return page
        for error in self.refused:
            if error.facts.get("page") == slug:
                raise error
        known = ", ".join(page.slug for page in self.pages) or "none"
        raise ConfigError(f'there is no page "{slug}"; the pages are: {known}.', page=slug)


def load_pages(path: Path, known: Known, *, read_tokens: bool = True) -> Pages:
    """Read ``pages.yaml``. Raises ``ConfigError`` when the file or its ``city`` can't be used.

    ``read_tokens=False`` is for commands that speak to no platform: the tokens need not be there.
    """
    file = yamlfile.read(path)
    city = _city(file)
    here = replace(known, folder=path.absolute().parent, timezone=city.timezone)
    pages: list[Page] = []
    refused: list[ConfigError] = []
    for position in range(_count(file)):
        try:
            pages.append(_page(file, position, city, here, pages, read_tokens))
        except _Refused as refusal:
            refused.extend(refusal.errors)
    return Pages(city, tuple(pages), tuple(refused), _listed(file))


class _Refused(Exception):
    def __init__(self, *errors: ConfigError) -> None:
        super().__init__()
        self.errors = errors


def _city(file: YamlFile) -> City:
    unknown = [str(key) for key in file.data if key not in ("city", "pages")]
    if unknown:
        raise file.error(f'"{unknown[0]}" is not a key of the file; the keys are city and pages.', unknown[0])
    if "city" not in file.data:
        raise file.error('the file needs "city:" with the name and the timezone of the city.')
    shape = file.fit(CityShape, "city")
    if isinstance(shape, tuple):
        raise shape[0]
    return City(
        name=shape.name,
        timezone=ZoneInfo(shape.timezone),
        digest_hour=fields.as_time(shape.digest_hour),
        policy_url=shape.policy_url,
        quiet_hours=fields.as_hours(shape.quiet_hours) if shape.quiet_hours else None,
        alerts_an_hour=shape.alerts_an_hour,
        contact=shape.contact,
        appeals_to=shape.appeals_to,
        appeals_url=shape.appeals_url,
        appeal_days=shape.appeal_days,
        answer_days=shape.answer_days,
    )


def _count(file: YamlFile) -> int:
    found = file.get("pages")
    if not isinstance(found, list) or not found:
        raise file.error('"pages" must be a list of at least one page, each begun by "- slug: ...".', "pages")
    return len(found)


def _listed(file: YamlFile) -> frozenset[str]:
    slugs = (file.get("pages", position, "slug") for position in range(_count(file)))
    return frozenset(slug for slug in slugs if isinstance(slug, str))


def _page(file: YamlFile, position: int, city: City, known: Known, above: list[Page], read_token: bool) -> Page:
    shape = file.fit(PageShape, "pages", position, context=known)
    if isinstance(shape, tuple):
        slug = file.get("pages", position, "slug")
        raise _Refused(*(ConfigError(error.sentence, page=slug) for error in shape))
    can = known.capabilities(shape.platform)
    _refuse_incomplete(file, position, shape, can)
    place = f"{file.path}:{file.line('pages', position, 'token')}"
    page = replace(_as_page(shape, city, known.folder, can), token_at=place)
    _refuse_twin(file, position, page, above)
    if read_token:
        _refuse_without_token(file, position, page, known)
    return page


def _as_page(shape: PageShape, city: City, folder: Path, can: Capabilities) -> Page:
    return Page(
        slug=shape.slug,
        name=shape.name or city.name,
        platform=shape.platform,
        page_id=shape.page_id,
        policy=shape.policy,
        token=Token.at(shape.token, folder),
        mode=Mode(shape.mode),
        timeout=fields.as_timedelta(shape.timeout),
        poll_every=fields.as_timedelta(shape.poll_every) if shape.poll_every else can.poll_every,
        base_url=shape.base_url,
        slack_channel=shape.slack_channel,
        auto_hide=_signature(shape.auto_hide),
        auto_remove=_signature(shape.auto_remove),
        public_hosts=shape.public_hosts or _public_hosts(shape, can),
        attested=_attested(shape.attested),
        legal_basis=_legal_basis(shape.legal_basis),
        options=shape.options,
        flags=frozenset(Flag(each) for each in shape.flags or ()),
        unconfirmed=_unconfirmed(shape.unconfirmed),
        department=shape.department,
        staff=frozenset(shape.staff or ()),
    )


def _public_hosts(shape: PageShape, can: Capabilities) -> tuple[str, ...]:
    """What a logged-out visitor's browser needs to show a post; where each city has its own server, that one."""
    if not can.pictures:
        return ()
    own = urlsplit(shape.base_url).netloc.lower() if can.needs_base_url and shape.base_url else ""
    named = own and (fields.is_loopback(shape.base_url) or fields.is_public_name(own))
    return (*can.public_hosts, *([own] if named and own not in can.public_hosts else []))


def _unconfirmed(shape: UnconfirmedShape | None) -> Unconfirmed:
    return Unconfirmed(timedelta(hours=shape.hours), shape.then) if shape else Unconfirmed()


def _attested(shape: AttestedShape | None) -> Attested | None:
    return Attested(shape.plan, shape.signed_by, shape.signed_on) if shape else None


def _legal_basis(shape: LegalBasisShape | None) -> LegalBasis | None:
    return LegalBasis(shape.citation, shape.signed_by, shape.signed_on) if shape else None


def _signature(shape: SignatureShape | None) -> Signature | None:
    return _signed(shape) if shape else None


def _signed(shape: SignatureShape) -> Signature:
    return Signature(frozenset(shape.categories), shape.signed_by, shape.signed_on, shape.first_day_percent / 100)


def _refuse_incomplete(file: YamlFile, position: int, shape: PageShape, can: Capabilities) -> None:
    """What only some platforms need. Every one that is missing is told at once."""
    missing = [file.error(what, "pages", position, page=shape.slug) for what in _missing(shape, can)]
    if missing:
        raise _Refused(*missing)


def _missing(shape: PageShape, can: Capabilities) -> Iterator[str]:
    if can.needs_base_url and shape.base_url is None:
        yield NEEDS_ADDRESS.format(platform=shape.platform)
    if can.attestation is not None and shape.attested is None:
        yield NEEDS_ATTESTATION.format(platform=shape.platform, sentence=can.attestation)


def _refuse_twin(file: YamlFile, position: int, page: Page, above: list[Page]) -> None:
    for other in above:
        if other.slug == page.slug:
            what = f'a page "{page.slug}" stands above already; give this one another slug.'
            raise _Refused(file.error(what, "pages", position, "slug"))
        if (other.platform, other.page_id) == (page.platform, page.page_id):
            what = f'this is the same {page.platform} page as "{other.slug}"; take one of them out.'
            raise _Refused(file.error(what, "pages", position, "page_id", page=page.slug))


def _refuse_without_token(file: YamlFile, position: int, page: Page, known: Known) -> None:
    try:
        page.token.get_secret_value(known.environ)
    except ConfigError as error:
        raise _Refused(file.error(error.sentence, "pages", position, "token", page=page.slug)) from error
