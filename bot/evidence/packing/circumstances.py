"""The parts of a record that say how it came about: by which software, on which machine, by whose clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.evidence.canonical import utc
from bot.evidence.capture import Capture
from bot.evidence.dossier import Clock, Dossier, Host, Software
from connectors.contract import Author, Exchange

LARGEST_OFFSET_S = 2.0
"""Above this, a clock is warned of (EV-19)."""

RIGHTS = "Public record of the city. Third parties may hold copyright in the words and pictures."
SIGNS = (
    "The key signs checkpoints of the log, not this file: the log's line for this package, made right after it was"
    " sealed, is under the next one. A time stamp of that checkpoint is beside it; at capture there is none yet."
)
NO_KEY = "No signing key was in use when this package was made."
NO_PUBLIC_IP = "Not asked: another party would have to be told of each capture to learn it."
NO_API_TLS = "Checked against the certificates of this system, and not kept."
NO_PAGE_TLS = "The browser reported none for this look."
NOT_KEPT = "No time service kept the clock of this machine."
NO_COMMIT = "Not run from a checkout with its history."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The key in use: its id (8 hexadecimal digits) and its public half as PEM (EV-10)."""

    key_id: str
    pem: str

    @property
    def member(self) -> str:
        """Where it lies in the package."""
        return f"data/keys/{self.key_id}.pub.pem"


def software(made_by: Software) -> dict[str, Any]:
    """What made the package."""
    return {
        "name": "beadle",
        "version": made_by.version,
        "commit": made_by.commit,
        "commit_why": NO_COMMIT if made_by.commit is None else None,
        "python": made_by.python,
        "typst": made_by.typst,
        "browser": made_by.browser,
        "fonts": made_by.fonts,
        "libraries_sha256": made_by.libraries_sha256,
        "libraries_source": made_by.libraries_source or None,
        "config_sha256": made_by.config_sha256,
    }


def host(machine: Host) -> dict[str, Any]:
    """Where it was made, under which account."""
    return {
        "name": machine.name,
        "os": machine.os,
        "arch": machine.arch,
        "timezone": machine.timezone,
        "operator_account": machine.operator,
    }


def clock(ours: Clock) -> dict[str, Any]:
    """Whose time it is, and how far it may be off."""
    return {
        "source": ours.source,
        "synchronised": ours.synchronised,
        "offset_ms": ours.offset_ms,
        "estimated_error_ms": ours.estimated_error_ms,
        "maximum_error_ms": ours.maximum_error_ms,
        "kernel_why": ours.why_not,
        "skew_vs_http_date_s": ours.skew_s,
        "warning": _warning(ours),
    }


def local_times(dossier: Dossier) -> dict[str, Any]:
    """The same moments as the city's own clocks showed them (EV-19)."""
    zone = ZoneInfo(dossier.site.timezone)
    return {
        "timezone": dossier.site.timezone,
        "posted_at": _local(dossier.comment.posted_at, zone),
        "captured_at": _local(dossier.captured_at, zone),
    }


def provenance(exchanges: Sequence[Exchange], capture: Capture | None) -> dict[str, Any]:
    """How the platform was asked and the page was looked at (EV-05)."""
    tls = None if capture is None else capture.facts.get("certificate")
    return {
        "api_user_agent": _user_agent([exchange.request_headers for exchange in exchanges]),
        "api_tls": None,
        "api_tls_why": NO_API_TLS,
        "page_user_agent": _user_agent([each.request_headers for each in capture.exchanges] if capture else []),
        "page_tls": tls,
        "page_tls_why": None if tls else NO_PAGE_TLS,
        "public_ip": None,
        "public_ip_why": NO_PUBLIC_IP,
    }


def signing(key: PublicKey | None) -> dict[str, Any]:
    """Which key will sign, and what (EV-09, EV-10)."""
    if key is None:
        return {"key_id": None, "public_key": None, "signs": None, "why": NO_KEY}
    return {"key_id": key.key_id, "public_key": key.member, "signs": SIGNS, "why": None}


def dublin_core(dossier: Dossier, package_id: str) -> dict[str, str]:
    """The package in the terms of a catalogue (EV-16)."""
    site, comment = dossier.site, dossier.comment
    return {
        "title": f"Public comment {comment.ref.comment_id} on {site.page_name} ({site.platform})",
        "creator": displayed_as(comment.author),
        "date": utc(comment.posted_at),
        "type": "Text",
        "format": "application/zip (BagIt 1.0)",
        "identifier": package_id,
        "source": comment.permalink or str(comment.ref),
        "publisher": site.city or site.page_name,
        "rights": RIGHTS,
    }


def displayed_as(author: Author) -> str:
    """The account, never the person: nobody knows who was at the keyboard (EV-18)."""
    if author.display_name is None and author.author_id is None:
        return "account not named by the platform"
    name = author.display_name or author.handle or "(no name)"
    return f"account displayed as {name} (platform id {author.author_id or 'not delivered'})"


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="seconds")


def _user_agent(requests: Sequence[Sequence[tuple[str, str]]]) -> str | None:
    """As whom we asked, by the headers of the first request that says so."""
    named = (value for headers in requests for name, value in headers if name.lower() == "user-agent")
    return next(named, None)


def _warning(ours: Clock) -> str | None:
    offsets = {"its time service": (ours.offset_ms or 0.0) / 1000, "the platform's answer": ours.skew_s or 0.0}
    far = [f"{seconds:+.1f} s against {what}" for what, seconds in offsets.items() if abs(seconds) > LARGEST_OFFSET_S]
    if far:
        return f"The clock of this machine was off by {' and '.join(far)}."
    return NOT_KEPT if ours.synchronised is False else None
