"""Who the browser runs as. Chromium's sandbox needs a user that isn't root; a daemon is often started as root.

As root, the capture process drops to an account without any right. Where that account can't read our own programs (a
clone in somebody's home), the process keeps one capability, to read files, and the browser inside it none.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import playwright

import bot
from bot.evidence.picture.roots import trust_local_roots
from bot.evidence.picture.scratch import scratch

DEFAULT_ACCOUNT = "beadle-capture"
_FALLBACK = "nobody"
_READ_SEARCH = 2  # CAP_DAC_READ_SEARCH, linux/capability.h
_MAY_READ = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
_MAY_NOTHING = ("--inh-caps=-all", "--ambient-caps=-all")


class Unfit(Exception):
    """This machine, as it is, can't run a browser in a sandbox. The sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Quarters:
    """Where and as whom the capture process runs. ``command`` precedes the interpreter; ``scratch`` is to be removed
    afterwards, and ours while ``lock`` is open; ``browser`` is what to start as the browser."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    scratch: Path
    lock: IO[bytes]
    browser: Path
    account: str


def quarters(browser: Path, account: str | None = None) -> Quarters:
    """Prepare the scratch folder and the command. Raises ``Unfit``."""
    if os.geteuid() != 0:
        folder, lock = scratch(Path(tempfile.gettempdir()))
        own = pwd.getpwuid(os.geteuid()).pw_name
        return Quarters((), _environment(_home(folder, None)), folder, lock, browser, own)
    return _as_another(browser, _account(account))


def _as_another(browser: Path, who: pwd.struct_passwd) -> Quarters:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise Unfit("The browser can't run as root, and setpriv (package util-linux) is missing; install it.")
    if closed := closed_folder([browser]):
        raise Unfit(f"The account {who.pw_name} can't reach the browser in {closed}; install the system's Chromium.")
    closed = closed_folder(_our_files())
    if closed and not _holds(_READ_SEARCH):
        raise Unfit(f"The account {who.pw_name} can't read {closed}; move Beadle to a folder that others may enter.")
    folder, lock = scratch(_folder_for_another())
    folder.chmod(0o711)
    drop = (setpriv, f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups")
    return Quarters(
        command=(*drop, *(_MAY_READ if closed else _MAY_NOTHING), "--"),
        environment=_environment(_home(folder, who)),
        scratch=folder,
        lock=lock,
        browser=_stripped(folder, setpriv, browser) if closed else browser,
        account=who.pw_name,
    )


def closed_folder(paths: Iterable[Path]) -> Path | None:
    """The first folder on the way to any of these that others than its owner may not enter."""
    for path in paths:
        for folder in reversed(path.resolve().parents):
            if not folder.stat().st_mode & 0o001:
                return folder
    return None


def _our_files() -> list[Path]:
    inside = [Path(sys.prefix), Path(sys.base_prefix), *map(Path, bot.__path__), *map(Path, playwright.__path__)]
    return [folder / "any" for folder in inside]


def _account(wanted: str | None) -> pwd.struct_passwd:
    for name in (wanted,) if wanted else (DEFAULT_ACCOUNT, _FALLBACK):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid == 0:
            raise Unfit(f"The account {name} is root; name one without rights as the capture account.")
        return found
    raise Unfit(f"There is no account {wanted or _FALLBACK} for the browser to run as; make it, or name another.")


def _holds(capability: int) -> bool:
    lines = Path("/proc/self/status").read_text().splitlines()
    bits = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    return bool(bits >> capability & 1)


def _home(folder: Path, who: pwd.struct_passwd | None) -> Path:
    home = folder / "home"
    home.mkdir(0o700)
    owner = (os.geteuid(), os.getegid()) if who is None else (who.pw_uid, who.pw_gid)
    trust_local_roots(home, owner)
    os.chown(home, *owner)
    return home


def _folder_for_another() -> Path:
    usual = Path(tempfile.gettempdir())
    return Path("/tmp") if closed_folder([usual / "x"]) else usual  # noqa: S108


def _stripped(folder: Path, setpriv: str, browser: Path) -> Path:
    """A starter for the browser that takes the one capability away. Root's own file: the account can't change it."""
    starter = folder / "browser"
    starter.write_text(f'#!/bin/sh\nexec {setpriv} {" ".join(_MAY_NOTHING)} -- {browser} "$@"\n')
    starter.chmod(0o755)
    return starter


def _environment(home: Path) -> dict[str, str]:
    """All that the process is told. Nothing of ours is passed on: our own environment holds secrets."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(Path(next(iter(bot.__path__))).parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NODE_OPTIONS": "--max-old-space-size=96",
    }
