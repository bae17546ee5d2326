"""Makes .venv with exactly the locked packages, Beadle itself and, where possible, a browser. Standard library only.

The second run finds nothing to do and ends at once. Settings of pip, uv and Playwright in the environment are obeyed;
nothing is asked and nothing uses sudo: root installs what is missing, anybody else is told the one command.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import browser
from steps import Failed, Steps, Stopped, apt_command, apt_install, has_apt, is_root

REPOSITORY = Path(__file__).resolve().parent.parent
VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
BEADLE = VENV / "bin" / "beadle"
STAMP = VENV / "set-up-is-done"
LOCKS = (REPOSITORY / "requirements.lock", REPOSITORY / ".ci" / "tools.lock")
DECIDES = (*LOCKS, REPOSITORY / "pyproject.toml", *sorted(Path(__file__).parent.glob("*.py")))

CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def main(arguments: list[str]) -> int:
    """0 when everything is in place; 1, after one sentence, when it can't be."""
    steps = Steps(_environment())
    try:
        with _alone():
            if "--browser" in arguments or not _done():
                _set_up(steps)
    except Stopped as reason:
        steps.say(str(reason))
        return 1
    return 0


def _set_up(steps: Steps) -> None:
    STAMP.unlink(missing_ok=True)
    if not _usable(steps):
        _make_venv(steps)
    steps.environment.update(_network_settings(steps))
    _install_uv(steps)
    _install_packages(steps)
    _install_beadle(steps)
    browser.provide(steps, VENV)
    STAMP.write_text(_fingerprint())
    steps.say(f"ready: {BEADLE.relative_to(REPOSITORY)}")


def _make_venv(steps: Steps) -> None:
    _need_ensurepip(steps)
    steps.say(f"{VENV.name} with Python {sys.version.split()[0]}")
    _must(steps, sys.executable, "-m", "venv", "--clear", str(VENV))


def _need_ensurepip(steps: Steps) -> None:
    # Debian cuts ensurepip out of Python and ships it as python3-venv.
    if _has_ensurepip(steps):
        return
    if not (is_root() and has_apt()):
        raise Stopped(f"This Python can't make a venv (no ensurepip). As root, once: {apt_command(['python3-venv'])}")
    steps.say("python3-venv from apt-get")
    try:
        apt_install(steps, ["python3-venv"])
    except Failed as failure:
        raise Stopped(f"apt-get could not install python3-venv. {failure.why or failure.output}") from failure


def _has_ensurepip(steps: Steps) -> bool:
    try:
        steps.run(sys.executable, "-c", "import ensurepip, venv")
    except Failed:
        return False
    return True


def _install_uv(steps: Steps) -> None:
    if not UV.exists():
        steps.say("uv, which installs the rest")
    _must(steps, str(PYTHON), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCKS[1]))


def _install_packages(steps: Steps) -> None:
    count = len(re.findall(r"^[a-z0-9].*==", LOCKS[0].read_text(), re.MULTILINE))
    steps.say(f"{count} packages from {LOCKS[0].name}, each checked against its hash")
    try:
        steps.run(str(UV), "pip", "install", "-q", "--python", str(PYTHON), "--require-hashes", "-r", str(LOCKS[0]))
    except Failed as failure:
        # pip has settings that uv can't read (keyrings, client certificates); it has just brought uv, so it may.
        steps.say(f"uv could not; pip tries the same. {failure.why or failure.output}")
        _must(steps, str(PYTHON), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCKS[0]))


def _install_beadle(steps: Steps) -> None:
    # Built with the locked hatchling: isolation would fetch whichever is newest, unchecked.
    offline = ("--no-deps", "--no-build-isolation", "--offline")
    _must(steps, str(UV), "pip", "install", "-q", "--python", str(PYTHON), *offline, "-e", str(REPOSITORY))


def _must(steps: Steps, *command: str) -> None:
    try:
        steps.run(*command)
    except Failed as failure:
        raise Stopped(f"{failure} failed. {failure.why}\n{failure.output}") from failure


def _usable(steps: Steps) -> bool:
    """Made here, with this Python, and with a pip that starts."""
    ask = "import sys, pip; print(sys.prefix, sys.version_info[:3])"
    try:
        return steps.run(str(PYTHON), "-c", ask).strip() == f"{VENV} {sys.version_info[:3]}"
    except Failed:
        return False


def _done() -> bool:
    return BEADLE.exists() and STAMP.exists() and STAMP.read_text() == _fingerprint()


def _fingerprint() -> str:
    parts = [file.read_bytes() for file in DECIDES]
    # A venv knows its Python and its own place: moved or upgraded, it is made anew.
    return hashlib.sha256(b"\0".join([*parts, f"{sys.version_info[:3]} {REPOSITORY}".encode()])).hexdigest()


def _environment() -> dict[str, str]:
    """What the commands get: the user's own settings but for what would lead a venv astray."""
    astray = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    return {**quiet, **{name: value for name, value in os.environ.items() if name not in astray}, "PIP_USER": "0"}


def _network_settings(steps: Steps) -> dict[str, str]:
    """The system's certificates and pip's mirror for uv and Node too, wherever the user set nothing else."""
    told = steps.environment
    pip = dict(re.findall(r"^[^\s=]*\.([a-z-]+)='(.*)'$", steps.run(str(PYTHON), "-m", "pip", "config", "list"), re.M))
    settings = {"UV_SYSTEM_CERTS": "1"}
    if "index-url" in pip and "UV_INDEX_URL" not in told:
        settings["UV_DEFAULT_INDEX"] = pip["index-url"]
    if bundle := next((file for file in CERTIFICATES if Path(file).exists()), None):
        settings["NODE_EXTRA_CA_CERTS"] = bundle
        if "cert" not in pip and not {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"} & told.keys():
            settings["PIP_CERT"] = bundle
    return {name: value for name, value in settings.items() if name not in told}


@contextmanager
def _alone() -> Iterator[None]:
    """Two `make`s at once take turns; the second finds everything done."""
    folder = os.open(REPOSITORY, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
