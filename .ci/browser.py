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

DEBIANS_BROWSER = ("chromium-headless-shell", "chromium-sandbox")
# Playwright brings a Node of its own, which needs this one library; a minimal system lacks it.
NODES_LIBRARY = "libatomic1"
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

CARD_ONLY = "No picture of the public page can be taken: evidence will be the card only."
APPARMOR = (
    "This kernel forbids browsers their sandbox (AppArmor), and Beadle never starts one without: evidence will be the "
    "card only until root runs: cp docs/running/beadle-browser.apparmor /etc/apparmor.d/beadle-browser && "
    "apparmor_parser -r /etc/apparmor.d/beadle-browser"
)


def provide(steps: Steps, venv: Path) -> None:
    """Find a browser and fonts, or install what is missing, or say what to do."""
    if (missing := _missing_packages(venv)) and is_root() and has_apt():
        steps.say(f"for pictures of the public page, from apt-get: {' '.join(missing)}")
        _try_apt(steps, missing)
    if not find(venv) and _driver_starts(venv):
        _download(steps, venv)
    _report(steps, venv)


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


def _missing_packages(venv: Path) -> list[str]:
    """What apt could bring, by name."""
    browser = [] if find(venv) or not _debian() else list(DEBIANS_BROWSER)
    library = [] if _driver_starts(venv) else [NODES_LIBRARY]
    return [*browser, *library, *_missing_certutil(), *_missing_fonts()]


def _missing_certutil() -> list[str]:
    # Chromium reads no system store of certificates: where a city added one of its own, certutil tells the browser.
    wanted = is_root() or any(Path("/usr/local/share/ca-certificates").glob("**/*.crt"))
    return ["libnss3-tools"] if wanted and has_apt() and not shutil.which("certutil") else []


def _debian() -> bool:
    # Ubuntu's chromium is a snap, which can't run as a service account: Playwright's own is used there.
    release = Path("/etc/os-release")
    return has_apt() and release.exists() and "ID=debian" in release.read_text().splitlines()


def _driver_starts(venv: Path) -> bool:
    node = next(venv.glob("lib/python*/site-packages/playwright/driver/node"), None)
    return node is not None and _version(str(node)) is not None


def _missing_fonts() -> list[str]:
    if sys.platform != "linux":
        return []
    checker = [] if shutil.which("fc-list") else ["fontconfig"]  # `beadle doctor` asks it which scripts can be printed
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]
    fonts = [name for name, file in FONTS.items() if not any(next(f.rglob(file), None) for f in folders)]
    return [*checker, *fonts]


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


def _report(steps: Steps, venv: Path) -> None:
    browser = find(venv)
    version = _version(browser) if browser else None
    if browser and version:
        steps.say(f"browser: {browser}, {version}")
    if browser and not version:
        steps.say(f"{browser} does not start, probably for lack of libraries: .venv/bin/playwright install-deps")
    if not browser:
        steps.say("no browser was found; once there is Chromium or Google Chrome: make browser")
    if not version or not _driver_starts(venv):
        steps.say(CARD_ONLY)
    if browser and _sandbox_forbidden(browser):
        steps.say(APPARMOR)
    if missing := _missing_packages(venv):
        how = apt_command(missing) if has_apt() else f"install {', '.join(missing)}"
        steps.say(f"To have pictures, with every script readable, as root: {how}")


def _version(program: str) -> str | None:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _sandbox_forbidden(browser: str) -> bool:
    # Distributions' own browsers bring their profile or a set-uid helper; Playwright's download has neither.
    downloaded = "headless_shell-" in browser
    return downloaded and RESTRICTED.exists() and RESTRICTED.read_text().strip() == "1"
