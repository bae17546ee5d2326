"""This machine and what runs on it, for the record: host, account, checkout, libraries, configuration, clock."""

from __future__ import annotations

import ctypes
import getpass
import hashlib
import os
import platform
import re
import socket
import time
from importlib import metadata
from pathlib import Path

from bot import __version__
from bot.evidence.card.printer import fonts_digest
from bot.evidence.dossier import Clock, Host, Software

_ROOT = Path(__file__).resolve().parents[1]
_LOCK = "requirements.lock"
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_CONFIGURED = ("pages.yaml", "policies", "wordlists")
_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000
_NO_KERNEL = "This system does not tell how its clock is kept."


def this_host() -> Host:
    """The machine that we run on, and as whom."""
    return Host(
        name=socket.gethostname(),
        os=platform.platform(),
        timezone=time.tzname[0],
        arch=platform.machine(),
        operator=_account(),
    )


def this_software(browser: str | None, config: Path | None = None) -> Software:
    """What makes the packages. ``browser`` names the browser and its version; ``config`` is the folder in force."""
    lock = _ROOT / _LOCK
    return Software(
        version=__version__,
        commit=commit_of(_ROOT),
        python=platform.python_version(),
        typst=metadata.version("typst"),
        browser=browser,
        fonts=fonts_digest(),
        libraries_sha256=_sha256(lock) if lock.is_file() else _installed(),
        libraries_source=_LOCK if lock.is_file() else "installed distributions",
        config_sha256=None if config is None else config_digest(config),
    )


def this_clock(skew_s: float | None) -> Clock:
    """How this machine's clock is kept, by adjtimex(2). ``skew_s``: ours less the platform's, in seconds."""
    state = _timex()
    if state is None:
        return Clock("system clock", skew_s, why_not=_NO_KERNEL)
    unit = 1e-6 if state.status & _STA_NANO else 1e-3
    return Clock(
        source="system clock",
        skew_s=skew_s,
        synchronised=not state.status & _STA_UNSYNC,
        offset_ms=round(state.offset * unit, 3),
        estimated_error_ms=round(state.esterror / 1000, 3),
        maximum_error_ms=round(state.maxerror / 1000, 3),
    )


def commit_of(root: Path) -> str | None:
    """The commit that is checked out at ``root``, read from its ``.git``; ``None`` where there is none to read."""
    try:
        git = _git_folder(root / ".git")
        head = (git / "HEAD").read_text("ascii").strip()
        found = _resolved(git, head.removeprefix("ref: ")) if head.startswith("ref: ") else head
    except (OSError, ValueError):
        return None
    return found if found and _COMMIT.fullmatch(found) else None


def config_digest(config: Path) -> str:
    """SHA-256 over names and digests of the pages, policies and word lists in a folder. No secret goes into it: those
    files name where the secrets lie."""
    found = hashlib.sha256()
    for name in _CONFIGURED:
        place = config / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                found.update(f"{_sha256(path)}  {path.relative_to(config).as_posix()}\n".encode())
    return found.hexdigest()


def _git_folder(path: Path) -> Path:
    # In a worktree `.git` is a file that names the folder.
    if path.is_file():
        return path.parent / path.read_text("utf-8").strip().removeprefix("gitdir: ")
    return path


def _resolved(git: Path, ref: str) -> str | None:
    shared = git / "commondir"
    common = git / shared.read_text("utf-8").strip() if shared.is_file() else git
    for folder in (git, common):
        if (folder / ref).is_file():
            return (folder / ref).read_text("ascii").strip()
    packed = (common / "packed-refs").read_text("ascii").splitlines()
    return next((line.split(" ", 1)[0] for line in packed if line.endswith(f" {ref}")), None)


def _installed() -> str:
    names = sorted({f"{each.name}=={each.version}" for each in metadata.distributions()})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as containers have
        return f"uid {os.getuid()}"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux (adjtimex(2)), up to what is read here; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 512),
    )


def _timex() -> _Timex | None:
    """The kernel's state of the clock; ``None`` where it can't be asked. ``modes`` 0 changes nothing."""
    try:
        ask = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError, TypeError):
        return None
    state = _Timex()
    return None if ask(ctypes.byref(state)) < 0 else state
