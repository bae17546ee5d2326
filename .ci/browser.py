"""Sees to it that there is a browser for pictures of the public page, and fonts for the scripts that people write in.

Without a browser Beadle works and its evidence is the card alone, so nothing here ever stops set-up.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from steps import Failed, Steps, apt_command, apt_install, has_apt, is_root

DEBIAN = ("chromium-headless-shell", "chromium-sandbox")
FONTS = {
    "fonts-noto-core": "NotoSans-Regular.*",
    "fonts-noto-cjk": "NotoSansCJK-Regular.*",
    "fonts-noto-color-emoji": "NotoColorEmoji.*",
}
INSTALLED = (
    "/usr/bin/chromium-headless-shell",
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/lib/chromium/chromium",
    "google-chrome",
)
# As root the browser runs as another account, which can't look into /root.
ROOTS_BROWSERS = Path("/opt/beadle/browsers")
RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")

CARD_ONLY = "No browser: evidence will be the card only, without a picture of the public page."
LATER = "Once there is one: make browser"
LIBRARIES = "As root: .venv/bin/playwright install-deps chromium-headless-shell"
APPARMOR = (
    "This kernel forbids browsers their sandbox (AppArmor), and Beadle never starts one without: evidence will be the "
    "card only until root runs: cp docs/running/beadle-browser.apparmor /etc/apparmor.d/beadle-browser && "
    "apparmor_parser -r /etc/apparmor.d/beadle-browser"
)


def provide(steps: Steps, venv: Path) -> None:
    """Find a browser and fonts, or install what is missing, or say what to do."""
    if not find(venv):
        _install(steps, venv)
    _report(steps, find(venv))
    _provide_fonts(steps)


def find(venv: Path) -> str | None:
    """The browser that Beadle would use: the one configured, Playwright's own, Debian's, Chrome."""
    places = [os.environ.get("BEADLE_BROWSER", ""), *_playwrights(venv), *INSTALLED]
    return next((found for place in places if place and (found := shutil.which(place))), None)


def _playwrights(venv: Path) -> list[str]:
    registry = next(venv.glob("lib/python*/site-packages/playwright/driver/package/browsers.json"), None)
    if registry is None:
        return []
    revisions = {browser["name"]: browser["revision"] for browser in json.loads(registry.read_text())["browsers"]}
    folder = f"chromium_headless_shell-{revisions['chromium-headless-shell']}"
    return [str(file) for root in _playwright_roots() for file in root.glob(f"{folder}/*/*headless*shell")]


def _playwright_roots() -> list[Path]:
    configured = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    cache = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return [*([Path(configured)] if configured else []), Path.home() / cache / "ms-playwright", ROOTS_BROWSERS]


def _install(steps: Steps, venv: Path) -> None:
    if is_root() and has_apt() and _debian_has_it():
        packages = [*DEBIAN, *_missing_fonts()]
        steps.say(f"browser and fonts from Debian, about 250 MB: {' '.join(packages)}")
        _try_apt(steps, packages)
    if not find(venv):
        _download(steps, venv)


def _debian_has_it() -> bool:
    # Ubuntu's chromium is a snap, which can't run as a service account: Playwright's own is used there.
    return "ID=debian" in Path("/etc/os-release").read_text().splitlines()


def _try_apt(steps: Steps, packages: list[str]) -> None:
    try:
        apt_install(steps, packages)
    except Failed as failure:
        steps.say(f"apt-get could not install them. {failure.why or failure.output}")


def _download(steps: Steps, venv: Path) -> None:
    steps.say("browser from Playwright, about 110 MB")
    root = {"PLAYWRIGHT_BROWSERS_PATH": str(ROOTS_BROWSERS)} if is_root() and sys.platform == "linux" else {}
    extra = {**root, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "10000", **_chosen_by_user()}
    with_libraries = ("--with-deps",) if is_root() and has_apt() else ()
    command = (str(venv / "bin" / "playwright"), "install", *with_libraries, "--only-shell", "chromium")
    try:
        steps.run(*command, limit_s=300, extra=extra)
    except Failed as failure:
        steps.say(f"Playwright could not download it. {failure.why or failure.output}")


def _chosen_by_user() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("PLAYWRIGHT_")}


def _report(steps: Steps, browser: str | None) -> None:
    if browser is None:
        how = f" As root: {apt_command([*DEBIAN, *_missing_fonts()])}" if has_apt() and _debian_has_it() else ""
        steps.say(f"{CARD_ONLY}{how}")
        steps.say(LATER)
    elif (version := _version(browser)) is None:
        steps.say(f"{browser} does not start; it may lack libraries. {CARD_ONLY}")
        steps.say(LIBRARIES)
    else:
        steps.say(f"browser: {browser}, {version}")
        if _sandbox_forbidden(browser):
            steps.say(APPARMOR)


def _version(browser: str) -> str | None:
    try:
        done = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _sandbox_forbidden(browser: str) -> bool:
    # Distributions' own browsers bring their profile or a set-uid helper; Playwright's download has neither.
    downloaded = "headless_shell-" in browser
    return downloaded and RESTRICTED.exists() and RESTRICTED.read_text().strip() == "1"


def _provide_fonts(steps: Steps) -> None:
    missing = _missing_fonts()
    if missing and is_root() and has_apt():
        steps.say(f"fonts: {' '.join(missing)}")
        _try_apt(steps, missing)
    if still_missing := _missing_fonts():
        how = f"As root: {apt_command(still_missing)}" if has_apt() else "Install the Noto fonts."
        steps.say(f"Fonts are missing, so pictures will show boxes for some scripts. {how}")


def _missing_fonts() -> list[str]:
    folders = [Path("/usr/share/fonts"), Path.home() / ".local/share/fonts", Path("/usr/local/share/fonts")]
    if sys.platform != "linux":
        return []
    return [name for name, file in FONTS.items() if not any(next(f.rglob(file), None) for f in folders)]
