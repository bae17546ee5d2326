"""Can this machine take pictures of pages, and print every script? Sentences for ``beadle doctor``."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.evidence.card.typecase import FONT_FOLDERS, pins, unlike_the_pins
from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.chromium import find_browser, version_of
from bot.evidence.picture.roots import LOCAL
from bot.evidence.picture.seat import INSTALL

PACKAGES = "fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
FONTS = f"as root: apt-get install {PACKAGES}"
FONTS_ANEW = f"as root: apt-get install --reinstall {PACKAGES}"
CARD_ONLY = "Until then evidence is sealed with the card alone."
NO_CERTUTIL = (
    "{added} were added to this machine, and the browser can't be told of them, so pages of a network that inspects"
    " encrypted traffic give no picture; as root: apt-get install libnss3-tools."
)
_APPARMOR = (
    "AppArmor keeps programs from making user namespaces here: allow it for this browser by a profile in"
    " /etc/apparmor.d that says `userns,`."
)
_NAMESPACES = "Install chromium-sandbox (as root), or allow user namespaces."
# A letter of each script that no font for another script has.
_NEEDED = {
    "1f621": "emoji", "6eda": "Chinese", "9f8d": "Traditional Chinese", "3042": "Japanese", "d55c": "Korean",
    "062a": "Arabic", "067e": "Persian", "06d2": "Urdu", "05d0": "Hebrew", "0939": "Hindi", "0995": "Bengali",
    "0a15": "Punjabi", "0a95": "Gujarati", "0b15": "Odia", "0b95": "Tamil", "0c15": "Telugu", "0c95": "Kannada",
    "0d15": "Malayalam", "0d9a": "Sinhala", "0e01": "Thai", "0e81": "Lao", "1780": "Khmer", "1000": "Burmese",
    "0f40": "Tibetan", "10d0": "Georgian", "0561": "Armenian", "1200": "Ethiopic", "13a0": "Cherokee",
    "0416": "Cyrillic", "03c9": "Greek", "1ec7": "Vietnamese", "1403": "Canadian syllabics", "2803": "Braille",
    "1d4f1": "styled letters", "2620": "symbols",
}  # fmt: skip
_MOST_NAMED = 6
_USERNS = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: browser, sandbox, fonts, card fonts. ``sentence``: what is there, or what to do about it."""

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
        return (there, Finding("sandbox", True, "on, as seen in the running browser"), *city_roots())
    if unfit.status == "no_sandbox":
        return (Finding("sandbox", False, f"{unfit.reason} {_advice()} {CARD_ONLY}"),)
    return (Finding("browser", False, f"{found} can't be used: {unfit.reason} {CARD_ONLY}"),)


def city_roots(folder: Path = LOCAL) -> tuple[Finding, ...]:
    """Whether the browser can be told of the certificates that were added to this machine, if any were."""
    added = len(list(folder.glob("**/*.crt")))
    if not added:
        return ()
    if shutil.which("certutil") is None:
        return (Finding("certificates", False, NO_CERTUTIL.format(added=added)),)
    return (Finding("certificates", True, f"the browser trusts the {added} that were added to this machine"),)


def font_health(folders: Iterable[Path] = FONT_FOLDERS) -> tuple[Finding, ...]:
    """Whether pictures would show every script or empty boxes, and whether cards are set in the pinned fonts. Reads
    every font; takes a second."""
    return _picture_fonts(), _card_fonts(folders)


def _picture_fonts() -> Finding:
    try:
        lacking = [name for code, name in _NEEDED.items() if not _has(code)]
    except (OSError, subprocess.SubprocessError):
        return Finding("fonts", False, f"fc-list is missing, so the fonts can't be checked; {FONTS} fontconfig.")
    if lacking:
        boxes = f"no font for {', '.join(lacking)}: pictures would show empty boxes, cards code points; {FONTS}."
        return Finding("fonts", False, boxes)
    return Finding("fonts", True, f"{len(_NEEDED)} scripts and kinds of signs can be shown in pictures")


def _card_fonts(folders: Iterable[Path]) -> Finding:
    missing, other = unlike_the_pins(folders)
    if missing:
        return Finding("card fonts", False, f"missing: {_named(missing)}; {FONTS}. What they have is not on cards.")
    if other:
        sentence = f"not the pinned ones: {_named(other)}; {FONTS_ANEW}. Elsewhere the same card may look otherwise."
        return Finding("card fonts", False, sentence)
    return Finding("card fonts", True, f"{sum(map(len, pins().values()))} files, each as pinned")


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


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
