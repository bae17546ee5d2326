"""Shows the browser the whole hostile corpus at the limits of the daemon, and says what became of each page.

.venv/bin/python benchmarks/hostile.py             print the table; exit status 1 when a page got anywhere or came late
.venv/bin/python benchmarks/hostile.py NAME ...    these pages only
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil
from rich.console import Console
from rich.table import Table

from bot.evidence.picture.browser import BrowserCapturer
from tests.evidence.picture.hostile import TEXT, HostileSite

LATEST_S = 8.5


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one page. ``hits``: how often it got where nobody may; ``after``: the next ordinary page was
    pictured, and proven."""

    name: str
    status: str
    proof: bool
    seconds: float
    hits: int
    after: bool
    reason: str

    @property
    def good(self) -> bool:
        """Whether it came to nothing, in time."""
        return self.hits == 0 and self.seconds < LATEST_S and self.after


def main() -> int:
    """Run the corpus and print the table."""
    site = HostileSite()
    capturer = BrowserCapturer([site.host])
    unfit = capturer.start()
    if unfit is not None:
        print(unfit.reason)
        return 1
    try:
        results = [_shown(site, capturer, name) for name in sys.argv[1:] or site.names]
    finally:
        capturer.close()
        site.shutdown()
    left = [process.name() for process in psutil.Process().children(recursive=True)]
    _print(results, left)
    return 0 if all(result.good for result in results) and not left else 1


def _shown(site: HostileSite, capturer: BrowserCapturer, name: str) -> Result:
    before, began = site.hits, time.monotonic()
    found = capturer.capture(site.url(name), TEXT, "c1")
    seconds = time.monotonic() - began
    after = capturer.capture(site.url("ordinary"), TEXT, "c1").comment_text_visible
    return Result(name, found.status, found.comment_text_visible, seconds, site.hits - before, after, found.reason)


def _print(results: list[Result], left: list[str]) -> None:
    table = Table("page", "became", "proof", "seconds", "hits", "next look", "because")
    for each in results:
        row = (each.name, each.status, "yes" if each.proof else "", f"{each.seconds:.2f}", str(each.hits))
        table.add_row(*row, "works" if each.after else "FAILS", each.reason[:70], style="" if each.good else "red")
    console = Console(width=160)
    console.print(table)
    slowest = max(result.seconds for result in results)
    hits = sum(result.hits for result in results)
    load = os.getloadavg()[0]
    console.print(
        f"{len(results)} pages, {hits} canary hits, slowest {slowest:.2f} s,"
        f" {len(left)} processes left, load {load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
