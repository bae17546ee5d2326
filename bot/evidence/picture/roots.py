"""The city's own certificates: a network that inspects encrypted traffic signs pages with a root of its own.

Chromium on Linux doesn't read the system's store of certificates. It reads a database in the home of its account.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

# Where Debian has an administrator put them: update-ca-certificates(8).
LOCAL = Path("/usr/local/share/ca-certificates")
_DATABASE = ".pki/nssdb"
_MOST = 20
_SECONDS = 10.0


def trust_local_roots(home: Path, owner: tuple[int, int], roots: Path | None = None) -> int:
    """Have a browser with this home trust the certificates that were added to this machine; how many there are.

    Without ``certutil`` (package libnss3-tools), or without such certificates, nothing is done: then the browser
    trusts what it trusts, and a page that it doesn't is a failed capture whose reason says what to install.
    """
    certutil = shutil.which("certutil")
    found = sorted((roots or LOCAL).glob("**/*.crt"))[:_MOST]
    if certutil is None or not found:
        return 0
    database = home / _DATABASE
    database.mkdir(parents=True)
    at = ("-d", f"sql:{database}")
    trusted = 0
    if _runs(certutil, "-N", *at, "--empty-password"):
        trusted = sum(
            _runs(certutil, "-A", *at, "-n", f"root {n}", "-t", "C,,", "-i", str(p)) for n, p in enumerate(found)
        )
    for path in (home / ".pki", database, *database.iterdir()):
        os.chown(path, *owner)
    return trusted


def _runs(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
