"""Runs every check, the quick ones first, and ends with one line for each. Arguments go to pytest."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

TOOLS = Path(sys.executable).parent
CHECKS = (
    ("style", "ruff check ."),
    ("format", "ruff format --check ."),
    ("types", "mypy"),
    ("architecture", "lint-imports --no-cache"),
    ("behaviour", "pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder"),
)


def main(arguments: list[str]) -> int:
    """0 when all passed; every check runs, so that one visit shows everything."""
    results = [_check(name, command.split(), arguments) for name, command in CHECKS]
    print()
    for (name, command), (passed, seconds) in zip(CHECKS, results, strict=True):
        print(f"test {seconds:6.1f} s  {'passed' if passed else 'FAILED'}  {name} ({command})")
    return 0 if all(passed for passed, _ in results) else 1


def _check(name: str, command: list[str], arguments: list[str]) -> tuple[bool, float]:
    print(f"\ntest  {name}: {' '.join(command)}", flush=True)
    started = time.monotonic()
    extra = arguments if command[0] == "pytest" else []
    done = subprocess.run([TOOLS / command[0], *command[1:], *extra])
    return done.returncode == 0, time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
