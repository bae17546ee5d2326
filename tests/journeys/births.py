"""Asks the nursery (``nursery.py``) for processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import bot

ROOT = Path(bot.__file__).parents[1]
Deadly = Mapping[str, str | None]
"""Where the process dies: see ``nursery._make_deadly``."""


class Nursery:
    """Bears processes from a warm interpreter (``nursery.py``)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
        )

    def bear(self, words: tuple[str, ...], environment: Mapping[str, str], log: Path, dies: Deadly | None) -> int:
        """Start a command; its process id."""
        asked = {"words": words, "environment": dict(environment), "log": str(log), "dies": dict(dies or {})}
        return int(self._ask(asked) or 0)

    def status(self, pid: int) -> int | None:
        """The exit status (negative for a signal), ``None`` while it lives. To be asked until it is there."""
        return self._ask(pid)

    def close(self) -> None:
        """Hang up."""
        self._process.communicate(timeout=10)

    def _ask(self, what: object) -> int | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        found: int | None = json.loads(self._process.stdout.readline())
        return found
