"""Which browser, and is its sandbox really on? The sandbox is never switched off: no sandbox, no picture."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

# Not the scripts of the same names in /usr/bin: they add switches of their own.
_PATHS = ("/usr/lib/chromium/chromium-headless-shell", "/usr/lib/chromium/chromium", "/usr/bin/chromium-headless-shell")
_NAMES = ("google-chrome", "google-chrome-stable")
_ROOTS_DOWNLOADS = "/opt/beadle/browsers"  # where set-up puts it as root: another account must be able to run it
_DOWNLOADED = "chromium_headless_shell-*/*/*headless*shell"
_FLAGS = (
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-pings",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-site-isolation-trials",  # a fresh context per picture holds nothing worth isolating; the sandbox stays
)


def flags(proxy: str) -> list[str]:
    """Chromium's switches. All goes through the proxy, this machine's own addresses too; no name is looked up here."""
    return [
        *_FLAGS,
        f"--proxy-server={proxy}",
        "--proxy-bypass-list=<-loopback>",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]


def find_browser(configured: Path | None = None) -> Path | None:
    """The first Chromium that is there: the configured one, Playwright's own, Debian's, Google's. ``None``: none is.

    A configured one that isn't there is not replaced by another: that would hide a mistake.
    """
    if configured is not None:
        return configured if _runs(configured) else None
    return next((path for path in _candidates() if _runs(path)), None)


def version_of(browser: Path) -> str:
    """What the browser says it is, e.g. ``Chromium 156.0.8078.79``; its path when it says nothing."""
    try:
        answer = subprocess.run([browser, "--version"], capture_output=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return str(browser)
    return answer.stdout.decode(errors="replace").strip() or str(browser)


def unsandboxed(ancestor: int) -> str | None:
    """Why the renderers below a process can't be called sandboxed; ``None`` when each of them is.

    A sandboxed one has a seccomp filter (``Seccomp: 2``) and lives in a PID namespace of its own (a nested ``NSpid``).
    """
    renderers = [pid for pid in _processes() if _is_renderer(pid) and ancestor in _ancestors(pid)]
    if not renderers:
        return "No renderer process of the browser was found to look at."
    for pid in renderers:
        status = _status(pid)
        if status.get("Seccomp") != "2":
            return "The browser runs its pages without a seccomp filter."
        if len(status.get("NSpid", "").split()) < 2:
            return "The browser runs its pages outside a namespace of their own."
    return None


def _candidates() -> Iterator[Path]:
    own = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or os.path.expanduser("~/.cache/ms-playwright")
    for folder in (own, _ROOTS_DOWNLOADS):
        yield from sorted(Path(folder).glob(_DOWNLOADED), reverse=True)
    yield from map(Path, _PATHS)
    yield from (Path(found) for name in _NAMES if (found := shutil.which(name)))


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _processes() -> Iterable[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _is_renderer(pid: int) -> bool:
    try:
        return b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").split()
    except OSError:  # it went away while we looked
        return False


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        pid = int(_status(pid).get("PPid", "0"))
        yield pid


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
