"""Learn the model's weights: ``python -m bot.moderation.train --data DIR [--out FILE]``.

DIR holds ``comments-*.jsonl.gz``; our own rows lie in ``training/``. Needs the ``train`` extra. The same rows give the
same file, byte for byte. ``--report`` learns from a part and prints the figures of the model card for the rest.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from bot.moderation.learning.build import build
from bot.moderation.learning.measures import held_out, report
from bot.moderation.learning.rows import SHARE_ALIKE, UNCLEAR, Rows, read_rows
from bot.moderation.scores.classes import Classes
from bot.moderation.scores.model import Model
from bot.moderation.scores.scorer import Scorer
from bot.moderation.scores.weights import write

_ROOT = Path(__file__).parents[2]
_OUT = _ROOT / "config" / "models" / "plain@1.npz"


def main(arguments: list[str] | None = None) -> None:
    """The command. Ends with status 2 for a wrong argument."""
    given = _parser().parse_args(arguments)
    without = (SHARE_ALIKE if given.without_share_alike else frozenset()) | (
        UNCLEAR if given.without_unclear else frozenset()
    )
    rows = read_rows(given.data, given.own, without=without)
    classes = Classes.parse((given.own / "classes.txt").read_text("utf-8"))
    console = Console(stderr=True)
    if given.report:
        held = held_out(rows)
        scorer = Scorer(_learn(rows.where(~held), classes, console))
        for line in report(scorer, rows.where(held), given.own / "frames.json"):
            print(line)
        return
    model = _learn(rows, classes, console)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    save(model, given.out)
    size = given.out.stat().st_size / 1e6
    digest = hashlib.sha256(given.out.read_bytes()).hexdigest()
    console.print(f"{len(rows)} rows; {given.out}: {size:.2f} MB, SHA-256 {digest}")


def _learn(rows: Rows, classes: Classes, console: Console) -> Model:
    with Progress(TimeElapsedColumn(), TextColumn("{task.description}"), console=console) as progress:
        task = progress.add_task("rows")
        return build(rows, classes, lambda what: progress.update(task, description=what))


def save(model: Model, path: Path) -> None:
    """Write the weights file."""
    write(path, model.arrays())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.moderation.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder with comments-*.jsonl.gz")
    parser.add_argument("--own", type=Path, default=_ROOT / "training", help="our own rows and classes.txt")
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--report", action="store_true", help="learn from a part, print the figures of the rest")
    parser.add_argument("--without-share-alike", action="store_true", help="leave out share-alike sources")
    parser.add_argument("--without-unclear", action="store_true", help="leave out sources of unclear licence")
    return parser


if __name__ == "__main__":
    main()
