"""``openssl ts`` as a second reader of time stamps, where the library refuses the encoding of one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

_SECONDS = 10
_TIME = re.compile(r"^Time stamp: ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? (\d{4}) GMT$", re.M)
_AUTHORITY = re.compile(r"^TSA: DirName:(?:.{0,400}/)?CN ?= ?([^/\n]{1,200})$", re.M)
_REASON = re.compile(r":reason\([0-9]+\):|:(?=[^:]{1,200}:[^:]{1,200}:[0-9]+:)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class NoOpenSsl(Exception):
    """There is no ``openssl`` on this machine."""


class Refused(Exception):
    """It says that the stamp does not hold; the text is its reason in short."""


@dataclass(frozen=True, slots=True)
class Read:
    """What it read: the authority's time (aware, UTC) and what the authority calls itself, perhaps nothing."""

    at: datetime
    authority: str


def verify_stamp(note: bytes, reply: bytes, roots: Sequence[x509.Certificate], query: bytes | None) -> Read:
    """Have a stamp over ``note`` checked. Raises ``Refused`` or ``NoOpenSsl``; ends within half a minute."""
    program = shutil.which("openssl")
    if program is None:
        raise NoOpenSsl
    with TemporaryDirectory(prefix="beadle-stamp-") as folder:
        at = Path(folder)
        (at / "note").write_bytes(note)
        (at / "tsr").write_bytes(reply)
        (at / "roots.pem").write_bytes(b"".join(root.public_bytes(Encoding.PEM) for root in roots))
        said = _run(program, "-reply", "-in", str(at / "tsr"), "-text")
        read = _read(said)
        # Certificates end, stamps don't: what counts is that they were good when the stamp was made.
        common = ("-in", str(at / "tsr"), "-CAfile", str(at / "roots.pem"), "-attime", str(int(read.at.timestamp())))
        _run(program, "-verify", "-data", str(at / "note"), *common)
        if query is not None:
            (at / "tsq").write_bytes(query)
            _run(program, "-verify", "-queryfile", str(at / "tsq"), *common)
    return read


def _run(program: str, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  (our own arguments; the material stands in files)
            [program, "ts", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(type(error).__name__) from error
    if done.returncode:
        raise Refused(_reason(done.stderr.decode("ascii", "replace")))
    return done.stdout.decode("utf-8", "replace")


def _reason(said: str) -> str:
    """The last part of OpenSSL's last error line that is meant for people."""
    for line in reversed(said[:20_000].splitlines()):
        parts = line.split(":")
        if len(parts) >= 6 and parts[1] == "error":
            return (parts[5] or parts[-1])[:200]
    return "openssl does not read it"


def _read(text: str) -> Read:
    found = _TIME.search(text)
    if found is None or found[1] not in _MONTHS:
        raise Refused("it says no time")
    day, hour, minute, second, year = map(int, found.group(2, 3, 4, 5, 7))
    fraction = int((found[6] or "0").ljust(6, "0")[:6])
    try:
        at = datetime(year, _MONTHS.index(found[1]) + 1, day, hour, minute, second, fraction, UTC)
    except ValueError as error:
        raise Refused("it says no time") from error
    authority = _AUTHORITY.search(text)
    return Read(at, authority[1] if authority else "")
