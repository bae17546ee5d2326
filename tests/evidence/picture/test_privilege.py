"""Who the browser runs as, wherever Beadle was cloned to and whoever started it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bot
import connectors
from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.privilege import Unfit, closed_folder, quarters
from bot.evidence.picture.scratch import scratch

TEXT = "This is complete bullshit, Dana."
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
LOOK = """
import re, sys
from pathlib import Path
import bot
from bot.evidence.picture.browser import BrowserCapturer
capturer = BrowserCapturer([sys.argv[1]], browser=Path(sys.argv[2]))
found = capturer.capture(sys.argv[3], sys.argv[4])
print(next(iter(bot.__path__)))
print(found.status, found.comment_text_visible, found.reason)
running = capturer._all[0]._running
status = Path(f"/proc/{running.pipe._child.pid}/status").read_text()
print(int(re.search(r"CapEff:\\s+(\\w+)", status)[1], 16))
capturer.close()
"""


@ROOT
def test_a_clone_in_a_folder_of_roots_own_takes_pictures(browser: Path, site: Any, tmp_path: Path) -> None:
    """``git clone`` into ``mktemp -d`` (0700): the process may read files, and only that; the browser may nothing."""
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    for room in (bot, connectors):
        folder = Path(next(iter(room.__path__)))
        shutil.copytree(folder, closed / folder.name, ignore=shutil.ignore_patterns("__pycache__"))

    answer = subprocess.run(
        [sys.executable, "-c", LOOK, site.host, str(browser), site.show_comment("/post", text=TEXT), TEXT],
        env={**os.environ, "PYTHONPATH": str(closed)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()

    assert answer == [str(closed / "bot"), "captured True ", str(1 << 2)]


@ROOT
def test_an_account_that_cannot_be_used_is_a_reason(browser: Path, site: Any) -> None:
    """No such account, or root itself: no picture, and the sentence says what to do."""
    for account, because in (("no-such-account", "There is no account no-such-account"), ("root", "is root")):
        found = BrowserCapturer([site.host], browser=browser, account=account).capture(f"http://{site.host}/p", TEXT)

        assert found.status == "no_sandbox"
        assert because in found.reason


@ROOT
def test_a_browser_that_the_account_cannot_reach_is_a_reason(tmp_path: Path) -> None:
    """A browser downloaded into root's own cache is of no use to another account."""
    tmp_path.chmod(0o700)
    browser = tmp_path / "chrome"
    browser.touch(0o755)

    with pytest.raises(Unfit, match="can't reach the browser"):
        quarters(browser)


def test_what_a_killed_daemon_left_is_swept_away(tmp_path: Path) -> None:
    """A folder without an owner goes at the next start; one whose daemon lives stays, and so does a brand-new one."""
    kept, lock = scratch(tmp_path)
    left, dead = scratch(tmp_path)
    (left / "home").mkdir()
    (left / "home" / "profile").touch()
    fresh = tmp_path / "beadle-capture-fresh"
    fresh.mkdir()
    dead.close()
    for folder in (kept, left):
        os.utime(folder, (0, 0))

    another, own = scratch(tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted((kept, fresh, another))
    lock.close()
    own.close()


def test_a_closed_folder_is_found_on_the_way(tmp_path: Path) -> None:
    """A folder that others may not enter is named; where there is none, nothing is."""
    closed = tmp_path / "closed"
    closed.mkdir(0o700)

    assert closed_folder([closed / "file"]) in (closed, *closed.parents)
    assert closed_folder([Path("/usr/bin/env")]) is None
