"""What must be true before a page may be acted on: at start, every hour, and every minute while something is wrong.

A page that is not fit is still read, judged and preserved; only acts wait for a person (FA-05; house rule:
unsure, blind or broken, it does less).
"""

from __future__ import annotations

import ssl
import threading
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
import truststore

from bot.desk import Desk
from bot.pages import Mode
from connectors.contract import ConnectorError, Health

log = structlog.get_logger(__name__)

CLOCK_TOLERANCE_S = 60.0
_AGAIN_WHEN_FIT = timedelta(hours=1)
_AGAIN_WHEN_NOT = timedelta(minutes=1)
_AT_ONCE = 8

NO_POLICY_URL = (
    "pages.yaml names no policy_url, and without a policy that residents can read nothing is hidden by itself; put the "
    "policy's address under city."
)
POLICY_DOWN = "the policy at {url} can't be read ({why}), and nothing is hidden by itself until it can."
CLOCK_OFF = "this machine's clock differs from the platform's by {skew:g} seconds; set it by NTP (timedatectl)."


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer for one page. ``problems`` are sentences that say what to do; none means fit. ``notes`` have to be
    known, such as a token that runs out soon, and stop nothing."""

    page: str
    problems: tuple[str, ...]
    checked_at: datetime
    health: Health | None = None
    notes: tuple[str, ...] = ()


class Fitness:
    """Knows which pages may be acted on. ``tell`` gets a sentence when a page becomes unfit, and when it is fit."""

    def __init__(
        self,
        desks: Mapping[str, Desk],
        policy_url: str | None,
        clock: Callable[[], datetime],
        tell: Callable[[Desk, str, str], None] = lambda *_: None,
    ) -> None:
        self._desks, self._policy_url, self._clock, self._tell = desks, policy_url, clock, tell
        self._known: dict[str, Fit] = {}
        self._lock = threading.Lock()

    def why_not(self, page: str) -> str | None:
        """Why the page may not be acted on now, or ``None``. A page that was never checked may not."""
        found = self._known.get(page)
        if found is None:
            return "the page has not been checked since Beadle started."
        return " ".join(found.problems) or None

    def known(self, page: str) -> Fit | None:
        """What the last check of a page found; ``None`` where there was none since the start."""
        return self._known.get(page)

    def check_all(self) -> list[Fit]:
        """Check every page now, several at a time."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="preflight") as pool:
            return list(pool.map(self.check, self._desks.values()))

    def check_due(self, now: datetime) -> None:
        """Check again what is due: hourly, or every minute while it is unfit."""
        for slug, desk in self._desks.items():
            found = self._known.get(slug)
            pause = _AGAIN_WHEN_NOT if found is None or found.problems else _AGAIN_WHEN_FIT
            if found is None or now - found.checked_at >= pause:
                self.check(desk)

    def check(self, desk: Desk) -> Fit:
        """Check one page now."""
        found = check_page(desk, self._policy_url, self._clock())
        with self._lock:
            before = self._known.get(desk.page.slug)
            self._known[desk.page.slug] = found
        self._say(desk, before, found)
        return found

    def _say(self, desk: Desk, before: Fit | None, found: Fit) -> None:
        was_fit = before is None or not before.problems
        if found.problems and was_fit:
            log.warning("page is not fit to be acted on", page=desk.page.slug, because=list(found.problems))
            if desk.page.mode is not Mode.OBSERVE:
                self._tell(desk, f"On {desk.page.name} nothing is hidden: {' '.join(found.problems)}", "unfit")
        elif not found.problems and not was_fit:
            log.info("page is fit to be acted on again", page=desk.page.slug)
            if desk.page.mode is not Mode.OBSERVE:
                self._tell(desk, f"{desk.page.name} may be acted on again.", "fit")
        self._say_notes(desk, before.notes if before is not None else (), found.notes)

    def _say_notes(self, desk: Desk, known: tuple[str, ...], found: tuple[str, ...]) -> None:
        for note in found:
            if note not in known:
                log.warning("page needs attention", page=desk.page.slug, because=note)
                # Each sentence has a key of its own: two notes of one day are two.
                self._tell(desk, f"{desk.page.name}: {note}", f"note-{zlib.crc32(note.encode()):08x}")


def check_page(desk: Desk, policy_url: str | None, now: datetime) -> Fit:
    """Token, permissions, identity, clock, published policy."""
    problems: list[str] = []
    notes: tuple[str, ...] = ()
    health = None
    try:
        health = desk.connector.check()
        if health.ok:
            notes = health.problems
        else:
            problems += health.problems
        if health.clock_skew_s is not None and abs(health.clock_skew_s) > CLOCK_TOLERANCE_S:
            problems.append(CLOCK_OFF.format(skew=round(health.clock_skew_s)))
    except ConnectorError as error:
        problems.append(error.sentence)
    problem = policy_problem(policy_url)
    if problem:
        problems.append(problem)
    return Fit(desk.page.slug, tuple(problems), now, health, notes)


def policy_problem(url: str | None) -> str | None:
    """What is wrong with the published policy, or ``None``."""
    if url is None:
        return NO_POLICY_URL
    try:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with httpx.Client(verify=context, timeout=10, follow_redirects=True) as client:
            answer = client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return POLICY_DOWN.format(url=url, why=type(error).__name__)
    return None if answer.is_success else POLICY_DOWN.format(url=url, why=f"HTTP {answer.status_code}")
