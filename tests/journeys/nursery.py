"""A warm interpreter that bears processes: each child is the real command, forked instead of imported anew.

Importing the product takes longer than most journeys. A child is a process of its own with the memory of a process
that has imported and opened nothing; it runs ``bot.__main__.main``, and SIGKILL takes it as any other.

Speaks lines of JSON: ``{"words", "environment", "log", "dies"}`` is answered with the child's process id, and a process
id with its exit status, or null while it lives.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_WARM = ("bot.cli", "bot.daemon", "bot.doctor", "bot.__main__", "connectors.facebook", "alembic.config", "dbos")
KILLED_ITSELF = 86
ANOTHER_ACCOUNT = "JOURNEY_ACCOUNT"


def serve() -> None:
    """Answer until the other end hangs up."""
    for name in _WARM:
        importlib.import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = _status(asked) if isinstance(asked, int) else _bear(asked)
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


def _status(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return None if found == 0 else os.waitstatus_to_exitcode(status)


def _bear(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        status = _live(asked)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def _live(asked: dict[str, Any]) -> int:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for here, there in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(here, there)
    os.environ.clear()
    os.environ.update(asked["environment"])
    _sit_at(os.environ.pop(ANOTHER_ACCOUNT, None))
    sys.argv = ["beadle", *asked["words"]]
    if asked["dies"]:
        _make_deadly(**asked["dies"])
    importlib.import_module("bot.__main__").main()
    return 0


def _sit_at(account: str | None) -> None:
    """Another account of the machine. Only root can become one, so the kernel's word is put in the child's mouth."""
    if account is not None:
        importlib.import_module("bot.cli.seat").this_account = lambda: account  # type: ignore[attr-defined]


def _make_deadly(where: str, when: str, about: str | None, once: str | None) -> None:
    """Let the process die ``before`` or ``after`` a function does its work: for the case ``about`` (or for any), and
    only as long as the file ``once`` is not there."""
    module, owner, name = where.rsplit(".", 2)
    place = getattr(importlib.import_module(module), owner)
    honest: Callable[..., Any] = getattr(place, name)

    def die(*passed: object) -> None:
        if about is not None and about not in passed:
            return
        if once is not None:
            if Path(once).exists():
                return
            Path(once).touch()
        os._exit(KILLED_ITSELF)

    def deadly(*passed: Any, **named: Any) -> Any:
        if when == "before":
            die(*passed)
        done = honest(*passed, **named)
        if when == "after":
            die(*passed)
        return done

    setattr(place, name, deadly)


if __name__ == "__main__":
    serve()
