"""Can this machine take pictures of pages, and print every script? Sentences for ``beadle doctor``."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.chromium import find_browser, version_of
from bot.evidence.picture.seat import INSTALL

FONTS = "as root: apt-get install fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
CARD_ONLY = "Until then evidence is sealed with the card alone."
_APPARMOR = (
    "AppArmor keeps programs from making user namespaces here: allow it for this browser by a profile in"
    " /etc/apparmor.d that says `userns,`."
)
_NAMESPACES = "Install chromium-sandbox (as root), or allow user namespaces."
_NEEDED = {"1f621": "emoji", "6eda": "Chinese", "062a": "Arabic", "0939": "Hindi"}
_USERNS = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: browser, sandbox or fonts. ``sentence``: what is there, or what to do about it."""

    what: str
    ok: bool
    sentence: str


def browser_health(browser: Path | None = None, account: str | None = None) -> tuple[Finding, ...]:
    """Start the browser once and look at its sandbox. Takes a second or three."""
    found = find_browser(browser)
    if found is None:
        missing = INSTALL if browser is None else f"There is no browser at {browser}; correct BEADLE_BROWSER."
        return (Finding("browser", False, f"{missing} {CARD_ONLY}"),)
    capturer = BrowserCapturer((), browser=found, account=account)
    try:
        unfit = capturer.start()
    finally:
        capturer.close()
    if unfit is None:
        there = Finding("browser", True, f"{version_of(found)} at {found}")
        return (there, Finding("sandbox", True, "on, as seen in the running browser"))
    if unfit.status == "no_sandbox":
        return (Finding("sandbox", False, f"{unfit.reason} {_advice()} {CARD_ONLY}"),)
    return (Finding("browser", False, f"{found} can't be used: {unfit.reason} {CARD_ONLY}"),)


def font_health() -> tuple[Finding, ...]:
    """Whether emoji, Chinese, Arabic and Hindi would be printed, or empty boxes."""
    try:
        lacking = [name for code, name in _NEEDED.items() if not _has(code)]
    except (OSError, subprocess.SubprocessError):
        return (Finding("fonts", False, f"fc-list is missing, so the fonts can't be checked; {FONTS} fontconfig."),)
    if lacking:
        boxes = f"no font for {', '.join(lacking)}: pictures and cards would show empty boxes; {FONTS}."
        return (Finding("fonts", False, boxes),)
    return (Finding("fonts", True, "emoji, Chinese, Arabic and Hindi can be printed"),)


def _has(code: str) -> bool:
    command = ["fc-list", f":charset={code}", "family"]
    answer = subprocess.run(command, capture_output=True, timeout=20, check=True)  # noqa: S603
    return bool(answer.stdout.strip())


def _advice() -> str:
    try:
        restricted = Path(_USERNS).read_text().strip() == "1"
    except OSError:
        restricted = False
    return _APPARMOR if restricted else _NAMESPACES
