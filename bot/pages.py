"""Which pages the city has, and what it allows Beadle to do on each: ``config/pages.yaml``.

A mistake in one page refuses that page and no other. A mistake in the city's own block, or in the file itself, stops
everything: without a name and a clock nothing true can be said to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from bot import fields, yamlfile
from bot.errors import ConfigError
from bot.pages_shape import CityShape, Known, PageShape, SignatureShape
from bot.tokens import Token
from bot.yamlfile import YamlFile

# What a logged-out visitor's browser needs of each platform to show a post.
PUBLIC_HOSTS: Mapping[str, tuple[str, ...]] = {"facebook": ("www.facebook.com", "static.xx.fbcdn.net")}

__all__ = ["City", "Known", "Mode", "Page", "Pages", "Signature", "load_pages"]


class Mode(StrEnum):
    """How much Beadle may do on a page, from the least to the most."""

    OBSERVE = "observe"
    ASSIST = "assist"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class City:
    """The city itself. ``digest_hour`` is local time; ``policy_url`` is where residents read the policy."""

    name: str
    timezone: ZoneInfo
    digest_hour: time
    policy_url: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """A person of the city answers by name for what Beadle does alone in these categories."""

    categories: frozenset[str]
    signed_by: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the city on a platform. ``policy`` is the slug of its pack; ``public_hosts`` are ``host[:port]``;
    ``token_at`` is the file and line that name the token's place."""

    slug: str
    name: str
    platform: str
    page_id: str
    policy: str
    token: Token
    mode: Mode = Mode.OBSERVE
    poll_every: timedelta = timedelta(minutes=1)
    base_url: str | None = None
    slack_channel: str | None = None
    auto_hide: Signature | None = None
    auto_remove: Signature | None = None
    public_hosts: tuple[str, ...] = ()
    token_at: str = ""


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
    return City(shape.name, ZoneInfo(shape.timezone), fields.as_time(shape.digest_hour), shape.policy_url)


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
    place = f"{file.path}:{file.line('pages', position, 'token')}"
    page = replace(_as_page(shape, city, known.folder), token_at=place)
    _refuse_twin(file, position, page, above)
    if read_token:
        _refuse_without_token(file, position, page, known)
    return page


def _as_page(shape: PageShape, city: City, folder: Path) -> Page:
    return Page(
        slug=shape.slug,
        name=shape.name or city.name,
        platform=shape.platform,
        page_id=shape.page_id,
        policy=shape.policy,
        token=Token.at(shape.token, folder),
        mode=Mode(shape.mode),
        poll_every=fields.as_timedelta(shape.poll_every),
        base_url=shape.base_url,
        slack_channel=shape.slack_channel,
        auto_hide=_signature(shape.auto_hide),
        auto_remove=_signature(shape.auto_remove),
        public_hosts=shape.public_hosts or PUBLIC_HOSTS.get(shape.platform, ()),
    )


def _signature(shape: SignatureShape | None) -> Signature | None:
    return Signature(frozenset(shape.categories), shape.signed_by, shape.signed_on) if shape else None


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
