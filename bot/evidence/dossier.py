"""The dossier: everything that is known of one case at the moment it is sealed. Values only, no effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.moderation.verdict import Verdict
from connectors.contract import Comment, Exchange, Post, Visibility


@dataclass(frozen=True, slots=True)
class Site:
    """The page on which the comment stood. ``slug`` is ours, ``page_id`` the platform's; ``timezone`` is the city's,
    by its IANA name."""

    slug: str
    page_name: str
    platform: str
    page_id: str
    city: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class PolicyText:
    """The policy as it was in force: ``clauses`` maps a clause id to our one-line summary of it.

    ``source`` is the pack file, byte for byte; ``digest`` its SHA-256 in hexadecimal.
    """

    slug: str
    version: str
    digest: str
    effective_at: datetime | None
    clauses: Mapping[str, str]
    source: bytes = field(repr=False)
    title: str = ""


@dataclass(frozen=True, slots=True)
class Software:
    """What made the package. ``fonts`` is a digest of the fonts that the card was set in.

    ``commit`` is that of the checkout it runs from, ``None`` where it was installed otherwise. ``libraries_sha256`` is
    of ``libraries_source``: the lock file, or the list of what is installed. ``config_sha256`` is of the pages,
    policies and word lists in force.
    """

    version: str
    commit: str | None
    python: str
    typst: str
    browser: str | None
    fonts: str
    libraries_sha256: str | None = None
    libraries_source: str = ""
    config_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """The machine on which the package was sealed. ``operator`` is the account of the operating system."""

    name: str
    os: str
    timezone: str
    arch: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Whose time ``captured_at`` is, and how far the platform's ``Date`` header was off (seconds, ours less theirs).

    From the kernel (adjtimex(2)): whether a time service keeps this clock (``synchronised``), what it is still being
    corrected by, and the kernel's own estimate and bound of its error, in milliseconds. ``None``: the kernel wasn't
    asked, or didn't say (``why_not``).
    """

    source: str
    skew_s: float | None = None
    synchronised: bool | None = None
    offset_ms: float | None = None
    estimated_error_ms: float | None = None
    maximum_error_ms: float | None = None
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Medium:
    """One attachment of the comment, as fetched at capture (EV-04, EV-20).

    ``data`` is ``None`` where nothing was kept: it could not be fetched (``error`` says why), or it may not be copied
    (``restricted``: then ``sha256`` and ``size`` are all that is kept of it). ``extension`` is ours, from the first
    bytes (``sniffed``), never from the address; ``bin`` for what isn't on our list.
    """

    url: str
    final_url: str | None
    status: int | None
    declared_type: str | None
    sniffed: str | None
    extension: str
    size: int | None
    sha256: str | None
    fetched_at: datetime
    error: str | None = None
    restricted: bool = False
    data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Dossier:
    """One revision of one comment, judged, with all that proves it. Times are aware, in UTC.

    ``case_id`` is the idempotency key: the same case is sealed once. ``previous`` are the ids of earlier packages of
    the same account. ``gaps`` are sentences: what could not be had, and why. ``effect`` is the platform's plain truth
    of a hide (``Capabilities.effect``). ``parent`` is the comment that this one answers, where it is known.
    ``stands`` is how the comment stood when it was read again, ``None`` where it could not be read.
    """

    case_id: str
    site: Site
    comment: Comment
    post: Post | None
    first_seen_at: datetime
    captured_at: datetime
    exchanges: tuple[Exchange, ...] = field(repr=False)
    policy: PolicyText
    verdict: Verdict
    mode: str
    custodian_role: str
    effect: str
    software: Software
    host: Host
    clock: Clock
    previous: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    media: tuple[Medium, ...] = ()
    parent: Comment | None = None
    stands: Visibility | None = None
