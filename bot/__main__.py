"""``python -m bot`` and the ``beadle`` command."""

from __future__ import annotations

from bot.cli import app
from bot.cli.speech import told_plainly


def main() -> None:
    """Run the command line; an error of ours is one sentence and exit status 1, never a traceback."""
    with told_plainly():
        app(prog_name="beadle")


if __name__ == "__main__":
    main()
