"""Says what set-up is doing, runs one command after the other, and turns a failure into one sentence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# What a tool prints when it fails -> what a person can do about it.
REMEDIES = {
    r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|UnknownIssuer|invalid peer certificate|"
    r"self.signed certificate|unable to get (local )?issuer|Certificate verification failed|"
    r"SSLError|X509": (
        "The certificate of the server could not be verified. If your network inspects traffic, add its CA to the "
        "system store (Debian, as root: put it in /usr/local/share/ca-certificates/NAME.crt; update-ca-certificates)."
    ),
    r"DO NOT MATCH THE HASHES|[Hh]ash mismatch": (
        "A package is not the one that was locked. Do not use it: check the mirror that you install from."
    ),
    r"No space left on device": "The disk is full: set-up needs about 2 GB.",
    r"Temporary failure|Name or service not known|Could not resolve|dns error|ENOTFOUND|EAI_AGAIN|Connection refused|"
    r"Network is unreachable|timed out|No route to host|tunnel": (
        "The network could not be reached: check the connection, the proxy (HTTPS_PROXY), the mirror (PIP_INDEX_URL)."
    ),
}


class Stopped(Exception):
    """Set-up can't go on. The message is the sentence for the person."""


class Failed(Exception):
    """A command failed. ``why`` says what to do where that is known; ``output`` is the end of what it printed."""

    def __init__(self, command: Sequence[str], output: str) -> None:
        super().__init__(" ".join([os.path.basename(command[0]), *command[1:3]]))
        telling = [line[:200] for line in output.strip().splitlines() if "Retrying" not in line]
        self.output = "\n".join(telling[-6:])
        self.why = next((sentence for pattern, sentence in REMEDIES.items() if re.search(pattern, output)), "")


@dataclass
class Steps:
    """The environment that every command gets, and the clock that every line shows."""

    environment: dict[str, str]
    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """One plain line with the seconds since the start."""
        print(f"setup {time.monotonic() - self.started:5.1f} s  {text}", flush=True)

    def run(self, *command: str, limit_s: float | None = None, extra: Mapping[str, str] | None = None) -> str:
        """Run a command quietly and return what it printed; raises `Failed` when it fails or exceeds its time."""
        try:
            done = subprocess.run(
                command,
                env={**self.environment, **(extra or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired as slow:
            raise Failed(command, f"It timed out after {slow.timeout:.0f} s.") from slow
        except OSError as error:
            raise Failed(command, str(error)) from error
        if done.returncode:
            raise Failed(command, done.stdout)
        return done.stdout


def is_root() -> bool:
    """Root may install system packages; nobody else is asked for a password."""
    return os.geteuid() == 0


def has_apt() -> bool:
    """Debian, Ubuntu and their kin."""
    return sys.platform == "linux" and shutil.which("apt-get") is not None


def apt_install(steps: Steps, packages: Sequence[str]) -> None:
    """Install Debian packages as root, never asking; raises `Failed`."""
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    patience = ("-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=20")
    steps.run("apt-get", "-q", *patience, "update", limit_s=300, extra=quiet)
    install = ("apt-get", "-q", "-y", *patience, "install", "--no-install-recommends")
    steps.run(*install, *packages, limit_s=1800, extra=quiet)


def apt_command(packages: Sequence[str]) -> str:
    """The one line that a person who may become root runs instead."""
    return "apt-get update && apt-get install -y --no-install-recommends " + " ".join(packages)
