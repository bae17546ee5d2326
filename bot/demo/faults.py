"""What can go wrong on a wire, switched on while the town runs: the next calls that match get a fault."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """``LOST_ANSWER`` carries the act out and closes the connection; ``RESET`` does neither act nor answer."""

    ANSWER = "answer"
    SLOW = "slow"
    HANG = "hang"
    RESET = "reset"
    LOST_ANSWER = "lost_answer"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. ``seconds`` is for ``SLOW`` and ``HANG``, the last three fields for ``ANSWER``."""

    kind: FaultKind
    seconds: float = 0.0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def slow(seconds: float) -> Fault:
    """The right answer, ``seconds`` late."""
    return Fault(FaultKind.SLOW, seconds)


def hang(seconds: float = 3600.0) -> Fault:
    """Nothing is done and nothing comes for ``seconds``; then the connection is closed."""
    return Fault(FaultKind.HANG, seconds)


def reset() -> Fault:
    """The connection is reset (TCP RST) before anything is done."""
    return Fault(FaultKind.RESET)


def lost_answer() -> Fault:
    """The request is carried out in full, and then the connection is reset without an answer."""
    return Fault(FaultKind.LOST_ANSWER)


def truncated() -> Fault:
    """The request is carried out; the first half of the answer comes, with a matching Content-Length."""
    return Fault(FaultKind.TRUNCATED)


def bad_gateway() -> Fault:
    """A proxy's HTML page with status 502."""
    body = b"<!DOCTYPE html><html><head><title>502</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return Fault(FaultKind.ANSWER, status=502, headers={"content-type": "text/html; charset=utf-8"}, body=body)


def json_answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Fault:
    """Any JSON answer in place of the right one."""
    kept = {"content-type": "application/json; charset=UTF-8", **(headers or {})}
    return Fault(FaultKind.ANSWER, status=status, headers=kept, body=json.dumps(body).encode())


@dataclass(frozen=True, slots=True)
class _Planned:
    fault: Fault
    path: re.Pattern[str]
    method: str | None
    left: int | None


class Faults:
    """A schedule of faults. Thread-safe; the fault planned first is used up first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []

    def next(self, fault: Fault, *, calls: int = 1, path: str = "", method: str | None = None) -> None:
        """Give ``fault`` to the next ``calls`` requests whose path (with query) contains the pattern ``path``."""
        self._plan(_Planned(fault, re.compile(path), method, calls))

    def always(self, fault: Fault, *, path: str = "", method: str | None = None) -> None:
        """Give ``fault`` to every matching request until ``clear``."""
        self._plan(_Planned(fault, re.compile(path), method, None))

    def clear(self) -> None:
        """All is well again."""
        with self._lock:
            self._planned.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if any, counted as used."""
        with self._lock:
            for index, planned in enumerate(self._planned):
                if planned.method in (None, method) and planned.path.search(path):
                    self._use(index, planned)
                    return planned.fault
        return None

    def _plan(self, planned: _Planned) -> None:
        with self._lock:
            self._planned.append(planned)

    def _use(self, index: int, planned: _Planned) -> None:
        if planned.left is None:
            return
        if planned.left <= 1:
            del self._planned[index]
        else:
            self._planned[index] = replace(planned, left=planned.left - 1)
