"""A child process that answers one line of JSON for each line of JSON, within a time, or is killed."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_PIECE = 1 << 16
_LONGEST = 1 << 27  # pictures and what was fetched for them, in base64, come to less than half of that


class Died(Exception):
    """The child is gone. The text is the last line that it complained with, if any."""


class Hung(Exception):
    """The child did not answer in time."""


class Pipe:
    """Speaks with one child. It leads a process group of its own, so that ``kill`` takes its children along."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], complaints: Path) -> None:
        self._complaints = complaints
        with complaints.open("wb") as errors:
            self._child = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(environment),
                cwd="/",
                start_new_session=True,
            )
        self._unread = bytearray()

    def ask(self, question: Mapping[str, object], seconds: float) -> dict[str, Any]:
        """Send one line and wait for the answer. Raises ``Died`` or ``Hung``."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(question).encode() + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise Died(self._last_complaint()) from error
        answer = json.loads(self._line(time.monotonic() + seconds))
        if not isinstance(answer, dict):
            raise Died("The capture process answered nonsense.")
        return answer

    def end(self, seconds: float = 3.0) -> None:
        """Ask the child to finish by closing its input; kill it when it doesn't."""
        assert self._child.stdin is not None
        with suppress(OSError):
            self._child.stdin.close()
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    def kill(self) -> None:
        """End the child and its process group at once. (The browser ends by itself when its pipe breaks.)"""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._close()

    def _line(self, until: float) -> bytes:
        assert self._child.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(self._child.stdout, selectors.EVENT_READ)
            end = self._unread.find(b"\n")
            while end < 0:
                if len(self._unread) > _LONGEST:
                    raise Died("The capture process answered without end.")
                if not ready.select(max(until - time.monotonic(), 0)):
                    raise Hung
                piece = os.read(self._child.stdout.fileno(), _PIECE)
                if not piece:
                    raise Died(self._last_complaint())
                end = piece.find(b"\n")
                end += len(self._unread) if end >= 0 else 0
                self._unread += piece
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return line

    def _last_complaint(self) -> str:
        try:
            lines = self._complaints.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1][:200] if lines else ""

    def _close(self) -> None:
        for end in (self._child.stdin, self._child.stdout):
            if end is not None:
                with suppress(OSError):
                    end.close()
