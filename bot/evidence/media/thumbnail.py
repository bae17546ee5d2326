"""A small picture for an alert, made anew from its pixels in a process that may do nothing else.

Decoding is where pictures attack. The daemon holds tokens and the archive, so it decodes none: a child without
rights does (``thumbnail_process.py``), and what comes back holds pixels alone: no location, no comment, no profile.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import structlog

SECONDS = 5.0
LARGEST_SIDE = 1280
LARGEST = 1_000_000
_LARGEST_INPUT = 25_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_PROCESS = Path(__file__).with_name("thumbnail_process.py")
# Nothing of ours is passed on: our own environment holds secrets.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"}

log = structlog.get_logger(__name__)


def thumbnail(picture: bytes, *, seconds: float = SECONDS) -> bytes | None:
    """A PNG of at most 1280 pixels a side and 1 MB. ``None``: there is none, because the picture is broken, a bomb, of
    another kind (PNG, JPEG, GIF and WebP are read) or took too long."""
    if not picture or len(picture) > _LARGEST_INPUT:
        return None
    try:
        # By its path, not as a module: it needs nothing of ours, and loads nothing of ours.
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(_PROCESS), str(LARGEST_SIDE), str(LARGEST)],
            input=picture,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            env=_ENVIRONMENT,
            cwd="/",
            check=False,
            start_new_session=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("no thumbnail could be made", because=type(error).__name__)
        return None
    made = done.stdout
    if done.returncode != 0 or not made.startswith(_PNG) or len(made) > LARGEST:
        log.warning("no thumbnail could be made", status=done.returncode)
        return None
    return made
